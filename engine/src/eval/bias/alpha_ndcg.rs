//! alpha-nDCG (Clarke et al., 2008) whose subtopics are languages.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use super::RankedLanguages;

/// Discounted cumulative gain over the ideal one's, where a relevant document gains 1, and 1 − `alpha` times as much
/// with every relevant document of its language above.
pub(in crate::eval) fn alpha_ndcg(
    languages: &RankedLanguages,
    rel: i32,
    alpha: f64,
    cutoff: Option<NonZeroUsize>,
) -> f64 {
    let mut next = BTreeMap::new();
    let found = languages
        .head(cutoff)
        .filter(|(_, grade, _)| grade.is_some_and(|g| g >= rel));
    let found = found.map(|(rank, _, lang)| {
        let gain = next.entry(lang).or_insert(1.0);
        let gained = *gain;
        *gain *= 1.0 - alpha;
        discounted(rank, gained)
    });
    let found: f64 = found.sum();
    let ideal = ideal(languages, rel, alpha, cutoff);
    if ideal > 0.0 { found / ideal } else { 0.0 }
}

/// The most that can be gained. A document is in one language, so its gain depends on that language alone, and the best
/// ranking takes the first of each language, then the second of each.
fn ideal(languages: &RankedLanguages, rel: i32, alpha: f64, cutoff: Option<NonZeroUsize>) -> f64 {
    let n_relevant = languages.n_judged(|grade| grade >= rel);
    let of_language =
        |n: usize| std::iter::successors(Some(1.0), |gain| Some(gain * (1.0 - alpha))).take(n);
    let mut gains: Vec<f64> = n_relevant.into_values().flat_map(of_language).collect();
    gains.sort_unstable_by(|a, b| b.total_cmp(a));
    let within = cutoff.map_or(usize::MAX, NonZeroUsize::get);
    let ranked = (1usize..).zip(gains).take(within);
    ranked.map(|(rank, gain)| discounted(rank, gain)).sum()
}

fn discounted(rank: usize, gain: f64) -> f64 {
    gain / ((rank + 1) as f64).log2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ranked: &[(&str, i32)], alpha: f64, cutoff: usize, expected: f64) {
        let judged: Vec<_> = ranked
            .iter()
            .map(|(code, grade)| (*grade, code.parse().unwrap()))
            .collect();
        let languages = RankedLanguages {
            ranked: judged
                .iter()
                .map(|(grade, lang)| (Some(*grade), *lang))
                .collect(),
            judged,
        };
        let found = alpha_ndcg(&languages, 1, alpha, NonZeroUsize::new(cutoff));
        assert!(
            (found - expected).abs() < 1e-12,
            "{ranked:?}: {found}, expected {expected}"
        );
    }

    #[test]
    fn the_first_of_each_language_gains_most() {
        let second = 1.0 / 3f64.log2();
        check(&[("sw", 1), ("so", 1)], 0.5, 10, 1.0);
        check(
            &[("sw", 1), ("sw", 1), ("so", 1)],
            0.5,
            2,
            (1.0 + 0.5 * second) / (1.0 + second),
        );
        check(
            &[("sw", 1), ("sw", 1), ("so", 1)],
            0.5,
            10,
            (1.0 + 0.5 * second + 0.5) / (1.0 + second + 0.25),
        );
        check(&[("sw", 1), ("sw", 1), ("so", 1)], 0.0, 10, 1.0);
        check(&[("sw", 0)], 0.5, 10, 0.0);
    }
}
