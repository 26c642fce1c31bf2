//! What both directions believe: how often two terms translate each other, and the tables that this makes.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use rayon::prelude::*;

use crate::lexicon::table::Table;

use super::TrainSettings;
use super::bitext::{Bitext, Side};
use super::model::{CHUNK, Model, ONE, Sentences, add};
use super::pairs::Pairs;

/// How often the terms of each pair translate each other: the sum over sentences of the probability that both directions
/// link them, as if the directions did not know of each other (Liang, Taskar & Klein 2006 multiply them so).
pub(super) fn counts(bitext: &Bitext, pairs: &Pairs, [there, back]: &[Model; 2]) -> Vec<f64> {
    let counts: Vec<AtomicU64> = (0..pairs.len()).map(|_| AtomicU64::new(0)).collect();
    bitext.chunks(CHUNK).for_each(|sentences| {
        let (mut p, mut q) = (Vec::new(), Vec::new());
        for sentences in sentences {
            let sentences = Sentences::new(pairs, sentences);
            there.posteriors(&sentences, &mut p);
            back.posteriors(&sentences, &mut q);
            for ((number, p), q) in sentences.numbers.iter().zip(&p).zip(&q) {
                add(&counts[*number as usize], f64::from(*p) * f64::from(*q));
            }
        }
    });
    let count = |count: AtomicU64| count.into_inner() as f64 / ONE;
    counts.into_iter().map(count).collect()
}

/// The tables there and back.
pub(super) fn tables(
    bitext: &Bitext,
    pairs: &Pairs,
    counts: &[f64],
    settings: &TrainSettings,
) -> (Table, Table) {
    let mut there: Vec<Vec<(u32, f64)>> = vec![Vec::new(); pairs.n_sources()];
    let mut back: Vec<Vec<(u32, f64)>> = vec![Vec::new(); pairs.n_targets()];
    for source in 0..pairs.n_sources() as u32 {
        for pair in pairs.of_source(source) {
            let target = pairs.target(pair);
            if counts[pair] > 0.0 && counts[pair] >= settings.min_count {
                there[source as usize].push((target, counts[pair]));
                back[target as usize].push((source, counts[pair]));
            }
        }
    }
    (
        table(there, (&bitext.source, &bitext.target), settings),
        table(back, (&bitext.target, &bitext.source), settings),
    )
}

/// The likeliest translations of each source term, whose counts are given with the numbers of its target terms.
fn table(
    counts: Vec<Vec<(u32, f64)>>,
    (source, target): (&Side, &Side),
    settings: &TrainSettings,
) -> Table {
    let mut probabilities: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
    for (number, mut targets) in counts.into_iter().enumerate() {
        let whole: f64 = targets.iter().map(|(_, count)| count).sum();
        targets.sort_by(|(a, x), (b, y)| {
            y.total_cmp(x)
                .then_with(|| target.term(*a).cmp(target.term(*b)))
        });
        targets.truncate(settings.top);
        let kept = targets
            .into_iter()
            .map(|(t, count)| (target.term(t).to_owned(), count / whole));
        let kept: BTreeMap<String, f64> = kept
            .filter(|(_, p)| *p >= settings.min_probability)
            .collect();
        if !kept.is_empty() {
            probabilities.insert(source.term(number as u32).to_owned(), kept);
        }
    }
    Table::from_weights(probabilities, |_| 1.0)
}
