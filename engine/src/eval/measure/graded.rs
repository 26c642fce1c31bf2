//! Measures for which one document is more relevant than another.

use super::Dcg;
use super::options::Levels;
use super::ranking::{View, ratio};

/// The grade that satisfies a reader of the expected reciprocal rank almost for sure: TREC's, whatever grades a topic has.
const ERR_MAX_GRADE: i32 = 4;

/// Discounted cumulative gain over that of the ideal ranking of all judged documents.
///
/// The discount is log2(rank + 1): Järvelin & Kekäläinen (2002) with the discount from the second rank on, as in
/// trec_eval. An unjudged document and a grade below 0 gain nothing, unless `gains` says otherwise of the grade.
pub(super) fn ndcg(view: &View, dcg: Dcg, gains: &Levels) -> f64 {
    let gain = |grade: i32| {
        gains.get(grade).unwrap_or_else(|| match dcg {
            Dcg::Log2 => f64::from(grade.max(0)),
            Dcg::ExpLog2 => f64::from(grade.max(0)).exp2() - 1.0,
        })
    };
    let found = view.ranked().iter().map(|grade| grade.map_or(0.0, gain));
    let mut best: Vec<f64> = view.ideal().iter().map(|grade| gain(*grade)).collect();
    if !gains.is_empty() {
        best.sort_unstable_by(|a, b| b.total_cmp(a));
    }
    let within = view.cutoff().map_or(usize::MAX, |cutoff| cutoff.get());
    let ideal = discounted(best.into_iter().take(within));
    if ideal > 0.0 {
        discounted(found) / ideal
    } else {
        0.0
    }
}

/// The sum of `gains` by rank, discounted.
fn discounted(gains: impl Iterator<Item = f64>) -> f64 {
    let ranked = (2u32..).zip(gains).filter(|(_, gain)| *gain != 0.0);
    let parts = ranked.map(|(rank_and_one, gain)| gain / f64::from(rank_and_one).log2());
    parts.sum()
}

/// One over the rank at which a reader stops, expected: Chapelle et al. (2009).
///
/// The chance to be satisfied by a document is (2^grade − 1) / 2^4, as in TREC's gdeval.
pub(super) fn expected_reciprocal_rank(view: &View) -> f64 {
    let mut still_reading = 1.0;
    let mut expected = 0.0;
    for (rank, grade) in (1u32..).zip(view.ranked()) {
        let grade = grade.unwrap_or(0).clamp(0, ERR_MAX_GRADE);
        let satisfied = (f64::from(grade).exp2() - 1.0) / f64::from(ERR_MAX_GRADE).exp2();
        expected += still_reading * satisfied / f64::from(rank);
        still_reading *= 1.0 - satisfied;
    }
    expected
}

/// The gain of documents that a reader meets who goes on to the next with the chance `persistence`: Moffat & Zobel
/// (2008).
///
/// With a grade from which documents are relevant, the gain is 0 or 1; without, it is the grade over the topic's
/// highest, as in trec_eval 10.
pub(super) fn rank_biased_precision(view: &View, persistence: f64) -> f64 {
    let highest = f64::from(view.ideal().first().copied().unwrap_or(0).max(1));
    let gain = |grade: i32| match view.given_rel() {
        Some(rel) => f64::from(u8::from(grade >= rel)),
        None => f64::from(grade.max(0)) / highest,
    };
    let gains = view.ranked().iter().map(|grade| grade.map_or(0.0, gain));
    let reached = std::iter::successors(Some(1.0), |weight| Some(weight * persistence));
    let sum: f64 = gains.zip(reached).map(|(gain, weight)| gain * weight).sum();
    sum * (1.0 - persistence)
}

/// How alike the ranking and the ideal one are, by rank-biased overlap, over how alike the ideal is to itself: Clarke
/// et al. (2021).
///
/// Documents of one grade are ideally ranked as the ranking has them, with those that it lacks behind.
pub(super) fn compatibility(view: &View, persistence: f64) -> f64 {
    let n_ideal = view.n_rel();
    let depth = view.n_ret().max(n_ideal);
    let mut from_depth = vec![0usize; depth];
    for (at, grade) in view.ranked().iter().enumerate() {
        let Some(grade) = grade.filter(|grade| *grade >= view.rel()) else {
            continue;
        };
        let better = view.ideal().partition_point(|other| *other > grade);
        let before = view.ranked()[..at]
            .iter()
            .filter(|other| **other == Some(grade));
        from_depth[at.max(better + before.count())] += 1;
    }
    let alike = overlap(&from_depth, persistence);
    let in_itself: Vec<usize> = (0..depth).map(|at| usize::from(at < n_ideal)).collect();
    let best = overlap(&in_itself, persistence);
    if best > 0.0 { alike / best } else { 0.0 }
}

/// The rank-biased overlap of two rankings of which `shared[i]` documents stand in both from depth `i` + 1 on.
fn overlap(shared: &[usize], persistence: f64) -> f64 {
    let (mut sum, mut weights, mut weight, mut n) = (0.0, 0.0, 1.0, 0);
    for (at, more) in shared.iter().enumerate() {
        n += more;
        sum += weight * ratio(n as f64, at + 1);
        weights += weight;
        weight *= persistence;
    }
    if weights > 0.0 { sum / weights } else { 0.0 }
}
