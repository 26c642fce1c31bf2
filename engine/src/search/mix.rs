//! How documents of several languages share one list.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;

use crate::document::DocOrd;
use crate::error::{Error, Result};
use crate::language::Lang;
use crate::ranking::{Candidate, Ranking};

/// How documents of several languages share one list.
///
/// Scores of documents in different languages do not mean the same, and a list by scores may hold one language alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
pub enum LanguageMix {
    /// As their scores say.
    #[default]
    Scores,
    /// One of each language in turn; languages in the order of their best documents (round robin, Voorhees et al. 1995).
    Interleaved,
    /// As their scores say, but no more than this many of any language.
    Quota(usize),
}

impl FromStr for LanguageMix {
    type Err = Error;

    /// `scores`, `interleaved`, or `quota:N`.
    fn from_str(text: &str) -> Result<Self> {
        let quota = |text: &str| text.strip_prefix("quota:")?.parse().ok();
        match text {
            "scores" => Ok(Self::Scores),
            "interleaved" => Ok(Self::Interleaved),
            text => match quota(text) {
                Some(n) if n > 0 => Ok(Self::Quota(n)),
                _ => Err(Error::Setting {
                    name: "mix",
                    got: text.to_owned(),
                    expected: "scores, interleaved or quota:N",
                }),
            },
        }
    }
}

impl TryFrom<String> for LanguageMix {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl LanguageMix {
    /// `ranking` in the order that this asks for; `lang` knows the languages of its documents.
    pub(super) fn apply(self, ranking: Ranking, lang: impl Fn(DocOrd) -> Lang) -> Ranking {
        let candidates = ranking.candidates();
        // The language of each, how many of it came before, and when it first came.
        let mut seen: BTreeMap<Lang, (usize, usize)> = BTreeMap::new();
        let places = candidates.iter().enumerate().map(|(at, candidate)| {
            let (n_before, first) = seen.entry(lang(candidate.doc)).or_insert((0, at));
            *n_before += 1;
            (*n_before - 1, *first)
        });
        let places: Vec<(usize, usize)> = places.collect();
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        match self {
            Self::Scores => return ranking,
            Self::Interleaved => order.sort_by_key(|at| places[*at]),
            Self::Quota(most) => order.retain(|at| places[*at].0 < most),
        }
        let mixed: Vec<Candidate> = order.into_iter().map(|at| candidates[at]).collect();
        Ranking::in_order(mixed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Documents 0 to 5 by falling scores; 3 and 5 are in Swahili, 4 is in German, and the others are in English.
    #[track_caller]
    fn check(mix: &str, expected: &[u32]) {
        let candidates = (0..6u8).map(|doc| Candidate {
            doc: DocOrd(u32::from(doc)),
            score: 9.0 - f32::from(doc),
        });
        let ranking = Ranking::new(candidates.collect(), 10);
        let lang = |doc: DocOrd| match doc.0 {
            3 | 5 => "sw",
            4 => "de",
            _ => "en",
        };
        let mix: LanguageMix = mix.parse().unwrap();
        let mixed = mix.apply(ranking, |doc| lang(doc).parse().unwrap());
        let docs: Vec<u32> = mixed.docs().map(|doc| doc.0).collect();
        assert_eq!(docs, expected);
        // Sorted by score, it is the same list.
        assert!(mixed.candidates().is_sorted_by(|a, b| a.score > b.score));
    }

    #[test]
    fn languages_share_a_list_as_they_are_told_to() {
        check("scores", &[0, 1, 2, 3, 4, 5]);
        check("interleaved", &[0, 3, 4, 1, 5, 2]);
        check("quota:2", &[0, 1, 3, 4, 5]);
        check("quota:1", &[0, 3, 4]);
    }

    #[test]
    fn what_is_no_mix_is_refused() {
        for text in ["", "quota", "quota:0", "quota:-1", "fair"] {
            assert!(text.parse::<LanguageMix>().is_err(), "{text}");
        }
    }
}
