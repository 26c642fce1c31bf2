//! Measures for which a document is relevant or not.

use super::ranking::{View, ratio};

/// The levels of recall of the classical precision-recall table: 0, 0.1, …, 1.
const ELEVEN_POINTS: u32 = 10;

/// How much of a relevant document may be missing for a level of recall to be reached: trec_eval's until version 9.
const SLACK: f64 = 0.9;

/// Precision at the rank of each relevant document, summed, over all relevant documents.
pub(super) fn average_precision(view: &View) -> f64 {
    ratio(sum_of_precisions(view), view.n_rel())
}

/// The same over the relevant documents that were found: the variant of ModularCLIR's code.
pub(super) fn average_precision_of_found(view: &View) -> f64 {
    ratio(sum_of_precisions(view), view.n_rel_ret())
}

fn sum_of_precisions(view: &View) -> f64 {
    let precisions = view.relevant_ranks();
    precisions
        .map(|(rank, found)| found as f64 / rank as f64)
        .sum()
}

/// Interpolated precision at eleven levels of recall, their mean.
pub(super) fn eleven_point_average(view: &View) -> f64 {
    let levels = (0..=ELEVEN_POINTS).map(|tenths| f64::from(tenths) / 10.0);
    let precisions = levels.map(|level| interpolated_precision(nearest(level, view), view));
    precisions.sum::<f64>() / f64::from(ELEVEN_POINTS + 1)
}

/// Relevant documents within the cutoff, over the cutoff, even when fewer were retrieved.
pub(super) fn precision(view: &View) -> f64 {
    ratio(view.n_rel_ret() as f64, cutoff(view))
}

/// Relevant documents within the cutoff, over as many as there could be.
pub(super) fn relative_precision(view: &View) -> f64 {
    ratio(view.n_rel_ret() as f64, cutoff(view).min(view.n_rel()))
}

/// The cutoff, or the length of the ranking.
fn cutoff(view: &View) -> usize {
    view.cutoff().map_or(view.n_ret(), |cutoff| cutoff.get())
}

/// Relevant documents within the cutoff, over all relevant documents.
pub(super) fn recall(view: &View) -> f64 {
    ratio(view.n_rel_ret() as f64, view.n_rel())
}

/// Precision at `multiple` times as many documents as are relevant.
pub(super) fn r_precision(view: &View, multiple: f64) -> f64 {
    // A part of a document counts as one from a tenth on, as in trec_eval.
    let within = (multiple * view.n_rel() as f64 + SLACK) as usize;
    let found = view.relevant_ranks().filter(|(rank, _)| *rank <= within);
    ratio(found.count() as f64, within)
}

/// One over the rank of the first relevant document.
pub(super) fn reciprocal_rank(view: &View) -> f64 {
    let first = view.relevant_ranks().next();
    first.map_or(0.0, |(rank, _)| 1.0 / rank as f64)
}

/// 1 if a relevant document is within the cutoff.
pub(super) fn success(view: &View) -> f64 {
    view.n_rel_ret().min(1) as f64
}

/// The best precision at any rank where at least `wanted` relevant documents are found.
pub(super) fn interpolated_precision(wanted: usize, view: &View) -> f64 {
    let enough = view.relevant_ranks().filter(|(_, found)| *found >= wanted);
    enough
        .map(|(rank, found)| found as f64 / rank as f64)
        .fold(0.0, f64::max)
}

/// How many documents make up a `recall`: as in trec_eval until version 9, and so in ir_measures.
pub(super) fn enough(recall: f64, view: &View) -> usize {
    (recall * view.n_rel() as f64 + SLACK) as usize
}

/// How many documents make up a `recall`: as in trec_eval from version 10 on.
pub(super) fn nearest(recall: f64, view: &View) -> usize {
    (recall * view.n_rel() as f64).round() as usize
}

/// Precision of all that was retrieved.
pub(super) fn set_precision(view: &View) -> f64 {
    ratio(view.n_rel_ret() as f64, view.n_ret())
}

/// Relevant documents that were retrieved, over as many as there could be.
pub(super) fn set_relative_precision(view: &View) -> f64 {
    ratio(view.n_rel_ret() as f64, view.n_ret().min(view.n_rel()))
}

/// Recall of all that was retrieved.
pub(super) fn set_recall(view: &View) -> f64 {
    recall(view)
}

/// The harmonic mean of the two, in which recall weighs `beta` times as much.
pub(super) fn set_f(view: &View, beta: f64) -> f64 {
    let (precision, recall) = (set_precision(view), set_recall(view));
    if precision == 0.0 {
        return 0.0;
    }
    (beta + 1.0) * precision * recall / (beta * precision + recall)
}

/// Relevant documents that were retrieved, less the others.
pub(super) fn utility(view: &View) -> f64 {
    let found = view.n_rel_ret() as f64;
    found - (view.n_ret() as f64 - found)
}
