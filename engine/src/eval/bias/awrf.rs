//! AWRF: attention-weighted rank fairness (Sapiezynski et al., 2019), as at TREC Fair Ranking 2021–22.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use super::RankedLanguages;
use crate::language::Lang;

/// One less how far the attention that languages get is from what their relevant documents deserve; 1 is fair.
///
/// A rank gets the attention 1 / log2(rank), the first as much as the second; what is far is the Jensen-Shannon
/// divergence in bits. A topic without relevant documents is fair, an empty ranking of one with them is not.
pub(in crate::eval) fn awrf(
    languages: &RankedLanguages,
    rel: i32,
    cutoff: Option<NonZeroUsize>,
) -> f64 {
    let deserved = languages.n_judged(|grade| grade >= rel);
    let deserved = shares(deserved.into_iter().map(|(lang, n)| (lang, n as f64)));
    let head = languages.head(cutoff);
    let given = shares(head.map(|(rank, _, lang)| (lang, 1.0 / (rank.max(2) as f64).log2())));
    match (deserved.is_empty(), given.is_empty()) {
        (true, _) => 1.0,
        (false, true) => 0.0,
        (false, false) => 1.0 - divergence(&given, &deserved),
    }
}

type Shares = BTreeMap<Lang, f64>;

fn shares(parts: impl Iterator<Item = (Lang, f64)>) -> Shares {
    let mut shares = Shares::new();
    for (lang, part) in parts {
        *shares.entry(lang).or_default() += part;
    }
    let all: f64 = shares.values().sum();
    shares.values_mut().for_each(|share| *share /= all);
    shares
}

/// The Jensen-Shannon divergence of two distributions, from 0 to 1.
fn divergence(a: &Shares, b: &Shares) -> f64 {
    let of = |shares: &Shares, lang: &Lang| shares.get(lang).copied().unwrap_or(0.0);
    let from_middle = |from: &Shares| -> f64 {
        let parts = from.iter().map(|(lang, share)| {
            let middle = (of(a, lang) + of(b, lang)) / 2.0;
            share * (share / middle).log2()
        });
        parts.sum()
    };
    (from_middle(a) + from_middle(b)) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ranked: &[&str], relevant: &[&str], cutoff: usize, expected: f64) {
        let lang = |code: &&str| code.parse::<Lang>().unwrap();
        let languages = RankedLanguages {
            ranked: ranked.iter().map(|code| (None, lang(code))).collect(),
            judged: relevant.iter().map(|code| (1, lang(code))).collect(),
        };
        let found = awrf(&languages, 1, NonZeroUsize::new(cutoff));
        assert!(
            (found - expected).abs() < 1e-9,
            "{ranked:?} of {relevant:?}: {found}"
        );
    }

    /// Where neither is 0 nor 1: `1 - scipy.spatial.distance.jensenshannon(given, deserved, 2) ** 2`, SciPy 1.17.1.
    #[test]
    fn attention_is_compared_with_relevance() {
        check(&["sw", "so"], &["sw", "so"], 10, 1.0);
        check(&["sw", "sw"], &["so"], 10, 0.0);
        check(&["sw", "sw", "so"], &["sw", "so"], 2, 0.6887218755408672);
        check(&["sw"], &[], 10, 1.0);
        check(&[], &["sw"], 10, 0.0);
        check(&["sw", "sw", "so"], &["sw", "so"], 3, 0.946764070466729);
    }
}
