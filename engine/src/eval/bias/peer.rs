//! PEER: the probability of equal expected rank (Yang et al., 2024).

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::RankedLanguages;
use crate::eval::measure::Levels;
use crate::language::Lang;

/// The probability that documents of equal grade stand at equal ranks, whatever their language; 1 is fair.
///
/// Per grade, the p-value of a Kruskal-Wallis test over the ranks of its documents by language within the cutoff;
/// their sum is weighed by `weights`, or equally over the topic's relevant grades where those are empty. A grade of
/// fewer than two languages, or of which nothing was retrieved, is fair.
pub(in crate::eval) fn peer(
    languages: &RankedLanguages,
    weights: &Levels,
    cutoff: Option<NonZeroUsize>,
) -> f64 {
    let weights: Vec<(i32, f64)> = if weights.is_empty() {
        let grades = languages.judged.iter().map(|(grade, _)| *grade);
        let grades: BTreeSet<i32> = grades.filter(|grade| *grade > 0).collect();
        let weight = 1.0 / grades.len() as f64;
        grades.into_iter().map(|grade| (grade, weight)).collect()
    } else {
        weights.iter().collect()
    };
    if weights.is_empty() {
        return 1.0;
    }
    let parts = weights.iter().map(|(grade, weight)| {
        let ranks = ranks_by_language(languages, *grade, cutoff);
        weight * kruskal_wallis(&ranks)
    });
    parts.sum()
}

/// The ranks of documents of a grade by language; those beyond the cutoff share one rank.
fn ranks_by_language(
    languages: &RankedLanguages,
    grade: i32,
    cutoff: Option<NonZeroUsize>,
) -> Vec<Vec<f64>> {
    let mut ranks: BTreeMap<Lang, Vec<f64>> = BTreeMap::new();
    for (rank, found, lang) in languages.head(cutoff) {
        // An unjudged document is taken for irrelevant.
        if found.unwrap_or(0) == grade {
            ranks.entry(lang).or_default().push(rank as f64);
        }
    }
    let n_found: usize = ranks.values().map(Vec::len).sum();
    if n_found == 0 {
        return Vec::new();
    }
    if grade > 0 {
        let n_judged = languages.n_judged(|judged| judged == grade);
        let n_all: usize = n_judged.values().sum();
        // The rank of reference code (peer_measure): the mean of the ranks behind as many documents as the grade has.
        let tail = (2 * n_all + (n_all - n_found.min(n_all)) + 1) as f64 / 2.0;
        for (lang, n) in n_judged {
            let ranks = ranks.entry(lang).or_default();
            ranks.resize(n.max(ranks.len()), tail);
        }
    }
    ranks.into_values().collect()
}

/// The probability that `groups`, none of them empty, of ranks were drawn from one distribution; 1 for fewer than two.
fn kruskal_wallis(groups: &[Vec<f64>]) -> f64 {
    let all = || groups.iter().flatten();
    let n = all().count() as f64;
    let mean = all().sum::<f64>() / n;
    let between = groups.iter().map(|group| {
        let size = group.len() as f64;
        size * (group.iter().sum::<f64>() / size - mean).powi(2)
    });
    let total: f64 = all().map(|rank| (rank - mean).powi(2)).sum();
    let h = (n - 1.0) * between.sum::<f64>() / total;
    let freedom = groups.len().saturating_sub(1) as f64;
    // No freedom and no spread leave nothing to test.
    match ChiSquared::new(freedom) {
        Ok(chi_squared) if h.is_finite() => chi_squared.sf(h),
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lang(code: &str) -> Lang {
        code.parse().unwrap()
    }

    #[track_caller]
    fn check_groups(groups: &[&[f64]], expected: f64) {
        let groups: Vec<Vec<f64>> = groups.iter().map(|group| group.to_vec()).collect();
        let p = kruskal_wallis(&groups);
        assert!(
            (p - expected).abs() < 1e-9,
            "{groups:?}: {p}, expected {expected}"
        );
    }

    /// Expected values: `scipy.stats.kruskal(*groups).pvalue`, SciPy 1.17.1.
    #[test]
    fn the_test_is_scipys() {
        check_groups(&[&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]], 0.04953461343562649);
        check_groups(
            &[&[1.0, 4.0, 7.0], &[2.0, 5.0, 8.0], &[3.0, 6.0, 9.0]],
            0.670320046035639,
        );
        check_groups(
            &[
                &[1.0, 2.0, 10.0],
                &[3.0, 10.0, 10.0, 10.0],
                &[4.0, 5.0, 6.0],
                &[7.0, 10.0],
            ],
            0.33425163932115803,
        );
        check_groups(&[&[1.0], &[2.0]], 0.31731050786291415);
    }

    #[track_caller]
    fn check(ranked: &[(&str, i32)], missed: &[(&str, i32)], name: (&str, usize), expected: f64) {
        let document = |(code, grade): &(&str, i32)| (*grade, lang(code));
        let judged = ranked.iter().chain(missed).map(document).collect();
        let ranked = ranked.iter().map(document);
        let languages = RankedLanguages {
            ranked: ranked.map(|(grade, lang)| (Some(grade), lang)).collect(),
            judged,
        };
        let (weights, cutoff) = name;
        let weights: Vec<(i32, f64)> = weights
            .split_terminator(',')
            .map(|pair| pair.split_once(':').unwrap())
            .map(|(grade, weight)| (grade.parse().unwrap(), weight.parse().unwrap()))
            .collect();
        let weights = Levels::new(weights).unwrap();
        let p = peer(&languages, &weights, NonZeroUsize::new(cutoff));
        assert!(
            (p - expected).abs() < 1e-9,
            "{languages:?}: {p}, expected {expected}"
        );
    }

    #[test]
    fn equal_ranks_are_fair_and_one_language_on_top_is_not() {
        let apart = [
            ("sw", 1),
            ("sw", 1),
            ("sw", 1),
            ("so", 1),
            ("so", 1),
            ("so", 1),
        ];
        let mixed = [("sw", 1), ("so", 1), ("so", 1), ("sw", 1)];
        check(&apart, &[], ("", 10), 0.04953461343562649);
        check(&mixed, &[], ("", 10), 1.0);
        // Ranks 1, 2, 3 against the tail's: (2·6 + 3 + 1) / 2 = 8 for all three, H = 4.82;
        // `scipy.stats.chi2.sf(135 / 28, 1)`.
        check(&apart, &[], ("", 3), 0.028108040147151875);
        check(&apart[..3], &apart[3..], ("", 10), 0.028108040147151875);
    }

    #[test]
    fn grades_are_weighed() {
        let ranked = [
            ("sw", 3),
            ("sw", 3),
            ("sw", 3),
            ("so", 3),
            ("so", 3),
            ("so", 3),
            ("so", 1),
        ];
        let unfair = 0.04953461343562649;
        check(&ranked, &[], ("", 10), (unfair + 1.0) / 2.0);
        check(&ranked, &[], ("3:1", 10), unfair);
        check(&ranked, &[], ("1:0.25,3:0.75", 10), 0.75 * unfair + 0.25);
        check(&[("sw", 0)], &[("sw", 1), ("so", 1)], ("", 10), 1.0);
        check(&[("sw", 0)], &[], ("", 10), 1.0);
    }
}
