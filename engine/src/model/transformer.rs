//! Transformer encoders: a tokenizer, batches of texts of like length, and a network.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

use ndarray::{Array2, ArrayViewMut2, Axis};
use rayon::prelude::*;

use crate::encoder::{Embeddings, Encoder, EncoderSpec, Role};
use crate::error::{Error, Result};

use super::blocks::Lengths;
use super::golden::TokenIds;
use super::network::{Network, Worker};
use super::pipeline::Pipeline;
use super::session::{Execution, Provider};
use super::tokenizer::Tokenizer;

/// Tokens of a batch on the CPU. A few hundred already keep its matrix products busy; from 128 to 1,024 the time differed by
/// less than from run to run.
const CPU_BATCH_TOKENS: usize = 256;
/// Tokens of a batch on a GPU, which needs many at once.
const GPU_BATCH_TOKENS: usize = 16_384;
/// Texts that are sorted by length together: among so many, each finds others of its length. The next ones are
/// tokenized while these run.
const WINDOW: usize = 1_024;

/// An encoder over any network.
pub(crate) struct TransformerEncoder {
    spec: EncoderSpec,
    tokenizer: Tokenizer,
    pipeline: Pipeline,
    network: Network,
    n_workers: usize,
    batch_tokens: usize,
}

/// Texts of one run: where they stood in the window, and how many tokens the longest has.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Batch<'a> {
    texts: &'a [usize],
    n_tokens: usize,
}

impl TransformerEncoder {
    /// An encoder of `network`, between the tokenizer and the settings of `pipeline`.
    ///
    /// # Errors
    /// When the tokenizer cannot be read or knows other tokens than the network.
    pub(crate) fn new(
        name: String,
        pipeline: Pipeline,
        network: Network,
        execution: &Execution,
        fingerprint: String,
    ) -> Result<Self> {
        let limits = network.limits;
        let mut tokenizer = Tokenizer::load(&pipeline.folder)?;
        tokenizer.check_knows(&pipeline.folder, &pipeline.special_tokens)?;
        if pipeline.lower_case {
            tokenizer = tokenizer.lower_cased(&pipeline.folder)?;
        }
        if let Some(vocab_size) = limits.vocab_size {
            tokenizer.check_ids(&pipeline.folder, vocab_size)?;
        }
        Ok(Self {
            spec: EncoderSpec {
                name,
                fingerprint,
                dim: limits.dim,
            },
            tokenizer: tokenizer.truncated(&pipeline.folder, limits.max_tokens, pipeline.cut)?,
            pipeline,
            network,
            n_workers: execution.n_sessions(),
            batch_tokens: match execution.provider() {
                Provider::Cpu => CPU_BATCH_TOKENS,
                Provider::Cuda(_) => GPU_BATCH_TOKENS,
            },
        })
    }

    fn tokenize(&self, texts: &[&str], role: Role) -> Result<Vec<Vec<u32>>> {
        let ids = texts.par_iter().map(|text| {
            let text = self.pipeline.prepare(text, role);
            self.tokenizer.ids_with_special(&text)
        });
        ids.collect()
    }

    /// Fills `rows`, one per text of `ids`, which begin as zeros.
    fn run_window(&self, ids: &[Vec<u32>], mut rows: ArrayViewMut2<'_, f32>) -> Result<()> {
        let lengths: Vec<usize> = ids.iter().map(Vec::len).collect();
        let order = longest_first(&lengths);
        let batches = batches(&order, &lengths, self.batch_tokens, self.network.lengths);

        // Each worker keeps its session until no batch is left; longest batches first, so that none ends alone.
        let next = AtomicUsize::new(0);
        let work = |_| -> Result<Vec<(&Batch<'_>, Array2<f32>)>> {
            let mut worker = self.network.worker()?;
            let mut done = Vec::new();
            while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                done.push((batch, self.run_batch(&mut worker, ids, batch)?));
            }
            Ok(done)
        };
        let done: Vec<_> = match self.n_workers.min(batches.len()) {
            1 => vec![work(0)?],
            n_workers => (0..n_workers)
                .into_par_iter()
                .map(work)
                .collect::<Result<_>>()?,
        };
        for (batch, vectors) in done.into_iter().flatten() {
            for (text, vector) in batch.texts.iter().zip(vectors.rows()) {
                // In a text without a single token the network sees nothing but padding.
                if !ids[*text].is_empty() {
                    rows.row_mut(*text).assign(&vector);
                }
            }
        }
        Ok(())
    }

    fn run_batch(
        &self,
        worker: &mut Worker<'_>,
        ids: &[Vec<u32>],
        batch: &Batch<'_>,
    ) -> Result<Array2<f32>> {
        let shape = (batch.texts.len(), batch.n_tokens);
        let mut input_ids = Array2::from_elem(shape, self.network.limits.pad_id);
        let mut mask = Array2::zeros(shape);
        for (row, text) in batch.texts.iter().enumerate() {
            for (column, id) in ids[*text].iter().enumerate() {
                input_ids[[row, column]] = i64::from(*id);
                mask[[row, column]] = 1;
            }
        }
        let vectors = worker.run(&input_ids, &mask)?;
        if vectors.iter().all(|x| x.is_finite()) {
            return Ok(vectors);
        }
        Err(Error::NotFinite {
            model: self.spec.name.clone(),
        })
    }
}

impl Encoder for TransformerEncoder {
    fn spec(&self) -> &EncoderSpec {
        &self.spec
    }

    fn encode(&self, texts: &[&str], role: Role) -> Result<Embeddings> {
        let mut rows = Array2::zeros((texts.len(), self.spec.dim));
        let windows = rows.axis_chunks_iter_mut(Axis(0), WINDOW);
        // A thread of rayon's must not wait for another that needs rayon's threads.
        if texts.len() <= WINDOW || rayon::current_thread_index().is_some() {
            for (texts, rows) in texts.chunks(WINDOW).zip(windows) {
                self.run_window(&self.tokenize(texts, role)?, rows)?;
            }
            return Ok(Embeddings::normalized(rows));
        }
        std::thread::scope(|scope| {
            let (sender, tokenized) = sync_channel(1);
            scope.spawn(move || {
                for texts in texts.chunks(WINDOW) {
                    // A closed channel means that a window failed, which says why itself.
                    if sender.send(self.tokenize(texts, role)).is_err() {
                        break;
                    }
                }
            });
            for (ids, rows) in tokenized.into_iter().zip(windows) {
                self.run_window(&ids?, rows)?;
            }
            Ok(())
        })?;
        Ok(Embeddings::normalized(rows))
    }
}

impl TokenIds for TransformerEncoder {
    fn token_ids(&self, text: &str) -> Result<Vec<u32>> {
        self.tokenizer.ids_with_special(text)
    }
}

/// The positions of texts, longest first; equals keep their order.
fn longest_first(lengths: &[usize]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|text| std::cmp::Reverse(lengths[*text]));
    order
}

/// Cuts `order` into runs of at most `max_tokens` tokens, padding included. A text that alone has more is a batch of
/// its own; `order` is longest first, so that the first of a batch decides its width. Where lengths have to be equal, a
/// batch ends with the last text of its length.
fn batches<'a>(
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
