//! Texts of like length run together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::error::Result;

use super::blocks::Lengths;

/// Texts of one run: where they stood among all, and how many tokens the longest has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Batch<'a> {
    pub(crate) texts: &'a [usize],
    pub(crate) n_tokens: usize,
}

/// What `run` makes of each of `batches`, in their order, side by side on up to `n_workers` workers.
///
/// Each worker is made once and runs batches until none is left; where the longest come first, none ends alone.
///
/// # Errors
/// The first one of a worker.
pub(crate) fn run_all<'a, W, T: Send>(
    batches: &[Batch<'a>],
    n_workers: usize,
    worker: impl Fn() -> Result<W> + Sync,
    run: impl Fn(&mut W, &Batch<'a>) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(batches.len()));
    let work = |_| -> Result<()> {
        let mut worker = worker()?;
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(batch) = batches.get(i) else {
                return Ok(());
            };
            let answer = run(&mut worker, batch)?;
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.push((i, answer));
        }
    };
    match n_workers.min(batches.len()) {
        0 => {}
        1 => work(0)?,
        n_workers => (0..n_workers).into_par_iter().try_for_each(work)?,
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(i, _)| *i);
    Ok(done.into_iter().map(|(_, answer)| answer).collect())
}

/// The positions of texts, longest first; equals keep their order.
pub(crate) fn longest_first(lengths: &[usize]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|text| std::cmp::Reverse(lengths[*text]));
    order
}

/// Cuts `order` into runs of at most `max_tokens` tokens, padding included. A text that alone has more is a batch of
/// its own; `order` is longest first, so that the first of a batch decides its width. Where lengths have to be equal, a
/// batch ends with the last text of its length.
pub(crate) fn batches<'a>(
    order: &'a [usize],
    lengths: &[usize],
    max_tokens: usize,
    within: Lengths,
) -> Vec<Batch<'a>> {
    let mut batches = Vec::new();
    let mut rest = order;
    while let Some(longest) = rest.first() {
        let n_tokens = lengths[*longest].max(1);
        let n_alike = match within {
            Lengths::Equal => rest.partition_point(|text| lengths[*text] == lengths[*longest]),
            Lengths::Padded => rest.len(),
        };
        let n_texts = (max_tokens / n_tokens).clamp(1, n_alike);
        let (texts, after) = rest.split_at(n_texts);
        batches.push(Batch { texts, n_tokens });
        rest = after;
    }
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn batches_hold_every_text_once_and_no_more_than_their_budget(
            lengths in prop::collection::vec(0_usize..300, 0..200),
            max_tokens in 1_usize..600,
            within in prop::sample::select(vec![Lengths::Equal, Lengths::Padded]),
        ) {
            let order = longest_first(&lengths);
            let batches = batches(&order, &lengths, max_tokens, within);
            let mut seen: Vec<usize> = batches.iter().flat_map(|batch| batch.texts).copied().collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>());
            for batch in &batches {
                prop_assert!(batch.texts.iter().all(|text| lengths[*text] <= batch.n_tokens));
                let width = lengths[batch.texts[0]];
                prop_assert!(within == Lengths::Padded || batch.texts.iter().all(|text| lengths[*text] == width));
                prop_assert!(batch.texts.len() == 1 || batch.texts.len() * batch.n_tokens <= max_tokens);
            }
        }
    }
}
