//! Measures about judgments that are incomplete.

use super::ranking::{View, ratio};

/// What keeps the precision of no judged documents from being 0 / 0: trec_eval's constant.
const INFERRED_EPSILON: f64 = 1e-5;

/// The share of pairs of a relevant and a judged irrelevant document that stand in the right order: Buckley &
/// Voorhees (2004), with as many irrelevant ones as there are relevant.
pub(super) fn bpref(view: &View) -> f64 {
    let n_rel = view.n_rel();
    let pairs = n_rel.min(view.n_non_rel());
    let mut above = 0;
    let mut preferred = 0.0;
    for grade in view.ranked().iter().flatten() {
        if *grade >= view.rel() {
            preferred += 1.0 - ratio(above.min(n_rel) as f64, pairs);
        } else if *grade >= 0 {
            above += 1;
        }
    }
    ratio(preferred, n_rel)
}

/// Average precision, inferred from a sample of judgments: Yilmaz & Aslam (2006).
///
/// A grade below 0 says that a document was pooled and not judged; those are taken to be relevant as often as the
/// judged ones above.
pub(super) fn inferred_average_precision(view: &View) -> f64 {
    let (mut relevant, mut other, mut pooled) = (0.0, 0.0, 0.0);
    let mut sum = 0.0;
    for (above, grade) in view.ranked().iter().enumerate() {
        match *grade {
            None => {}
            Some(grade) if grade < 0 => pooled += 1.0,
            Some(grade) if grade < view.rel() => other += 1.0,
            Some(_) => {
                let rate =
                    (relevant + INFERRED_EPSILON) / (relevant + other + 2.0 * INFERRED_EPSILON);
                let expected = (relevant + other + pooled) * rate;
                let rank = (above + 1) as f64;
                sum += (1.0 + expected) / rank;
                relevant += 1.0;
            }
        }
    }
    ratio(sum, view.n_rel())
}

/// The share of documents in the qrels, of those within the cutoff.
pub(super) fn judged(view: &View) -> f64 {
    ratio(view.ranked().iter().flatten().count() as f64, view.n_ret())
}

/// The share of documents within the cutoff that were not judged, over the cutoff; a grade below 0 is no judgment.
pub(super) fn unjudged(view: &View) -> f64 {
    let all = view.cutoff().map_or(view.n_ret(), |cutoff| cutoff.get());
    ratio(n_unjudged(view) as f64, all)
}

fn n_unjudged(view: &View) -> usize {
    let grades = view.ranked().iter();
    grades
        .filter(|grade| !grade.is_some_and(|grade| grade >= 0))
        .count()
}

/// How much rank-biased precision would grow if all that is unjudged were relevant; 0 where nothing is, as in
/// trec_eval.
pub(super) fn rank_biased_residual(view: &View, persistence: f64) -> f64 {
    if n_unjudged(view) == 0 {
        return 0.0;
    }
    let mut weight = 1.0;
    let mut sum = 0.0;
    for grade in view.ranked() {
        if !grade.is_some_and(|grade| grade >= 0) {
            sum += weight;
        }
        weight *= persistence;
    }
    weight + (1.0 - persistence) * sum
}
