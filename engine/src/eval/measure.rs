//! Measures of one ranking: a closed list, spelled as ir_measures spells them and defined as trec_eval defines them.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use crate::error::Error;

/// What may be asked for, for people who asked for something else.
const KNOWN_MEASURES: &str = "AP, AP@k, nDCG, nDCG@k, P@k, R@k, RR, RR@k, Rprec, Success@k, NumRet, NumRel, \
     NumRelRet; a grade from which documents are relevant goes before the cutoff, as in AP(rel=2)@100";

/// The grade from which a document is relevant where nobody says otherwise, as in trec_eval.
const DEFAULT_REL: i32 = 1;

/// A number that says how good a ranking is.
///
/// `rel` is the grade from which a document counts as relevant, at least 1; `cutoff` is how many documents are
/// looked at, all where it is `None`. Every measure is 0 for a topic without relevant documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the enum says what the two fields mean")]
pub enum Measure {
    /// Average precision: precision at the rank of each relevant document, summed, over all relevant documents.
    AveragePrecision {
        rel: i32,
        cutoff: Option<NonZeroUsize>,
    },
    /// Discounted cumulative gain over that of the ideal ranking of all judged documents.
    ///
    /// The gain is the grade, the discount log2(rank + 1): Järvelin & Kekäläinen (2002) with the discount from the
    /// second rank on, as in trec_eval. A grade below 0 gains nothing.
    Ndcg { cutoff: Option<NonZeroUsize> },
    /// Relevant documents within the cutoff, over the cutoff, even when fewer were retrieved.
    Precision { rel: i32, cutoff: NonZeroUsize },
    /// Relevant documents within the cutoff, over all relevant documents.
    Recall { rel: i32, cutoff: NonZeroUsize },
    /// One over the rank of the first relevant document.
    ReciprocalRank {
        rel: i32,
        cutoff: Option<NonZeroUsize>,
    },
    /// Precision at as many documents as are relevant.
    RPrecision { rel: i32 },
    /// 1 if a relevant document is within the cutoff.
    Success { rel: i32, cutoff: NonZeroUsize },
    /// How many documents were retrieved.
    NumRet,
    /// How many documents are relevant.
    NumRel { rel: i32 },
    /// How many of the relevant documents were retrieved.
    NumRelRet { rel: i32 },
}

/// A ranking as a measure sees it: grades in place of documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedRanking {
    ranked: Vec<i32>,
    ideal: Vec<i32>,
}

impl JudgedRanking {
    /// A ranking whose documents have the grades `ranked`, best rank first and 0 for an unjudged one, in a topic
    /// whose judged documents, retrieved or not, have the grades `judged` in any order.
    pub fn new(ranked: Vec<i32>, mut judged: Vec<i32>) -> Self {
        judged.sort_unstable_by(|a, b| b.cmp(a));
        Self {
            ranked,
            ideal: judged,
        }
    }

    /// The grades within the cutoff.
    fn head(&self, cutoff: Option<NonZeroUsize>) -> &[i32] {
        up_to(&self.ranked, cutoff)
    }

    fn n_relevant(&self, rel: i32) -> usize {
        n_from(&self.ideal, rel)
    }
}

impl Measure {
    /// The measure's value for one topic.
    pub fn value(&self, ranking: &JudgedRanking) -> f64 {
        // An empty sum is -0, which would be printed so.
        self.signed_value(ranking) + 0.0
    }

    fn signed_value(&self, ranking: &JudgedRanking) -> f64 {
        match *self {
            Self::AveragePrecision { rel, cutoff } => ratio(
                sum_of_precisions(ranking.head(cutoff), rel),
                ranking.n_relevant(rel),
            ),
            Self::Ndcg { cutoff } => {
                let ideal = dcg(up_to(&ranking.ideal, cutoff));
                if ideal > 0.0 {
                    dcg(ranking.head(cutoff)) / ideal
                } else {
                    0.0
                }
            }
            Self::Precision { rel, cutoff } => {
                ratio(n_from(ranking.head(Some(cutoff)), rel) as f64, cutoff.get())
            }
            Self::Recall { rel, cutoff } => ratio(
                n_from(ranking.head(Some(cutoff)), rel) as f64,
                ranking.n_relevant(rel),
            ),
            Self::ReciprocalRank { rel, cutoff } => {
                let first = ranking.head(cutoff).iter().position(|&grade| grade >= rel);
                first.map_or(0.0, |above| 1.0 / (above + 1) as f64)
            }
            Self::RPrecision { rel } => NonZeroUsize::new(ranking.n_relevant(rel))
                .map_or(0.0, |cutoff| Self::Precision { rel, cutoff }.value(ranking)),
            Self::Success { rel, cutoff } => n_from(ranking.head(Some(cutoff)), rel).min(1) as f64,
            Self::NumRet => ranking.ranked.len() as f64,
            Self::NumRel { rel } => ranking.n_relevant(rel) as f64,
            Self::NumRelRet { rel } => n_from(&ranking.ranked, rel) as f64,
        }
    }

    /// Whether topics add up instead of being averaged.
    pub(crate) fn is_count(&self) -> bool {
        matches!(
            self,
            Self::NumRet | Self::NumRel { .. } | Self::NumRelRet { .. }
        )
    }
}

fn up_to(grades: &[i32], cutoff: Option<NonZeroUsize>) -> &[i32] {
    let n = cutoff.map_or(grades.len(), |cutoff| cutoff.get().min(grades.len()));
    &grades[..n]
}

fn n_from(grades: &[i32], rel: i32) -> usize {
    grades.iter().filter(|grade| **grade >= rel).count()
}

fn sum_of_precisions(grades: &[i32], rel: i32) -> f64 {
    let relevant_ranks = (1u32..).zip(grades).filter(|(_, grade)| **grade >= rel);
    let precisions = (1u32..).zip(relevant_ranks);
    precisions
        .map(|(found, (rank, _))| f64::from(found) / f64::from(rank))
        .sum()
}

fn dcg(grades: &[i32]) -> f64 {
    let gains = grades.iter().map(|grade| f64::from((*grade).max(0)));
    (2u32..)
        .zip(gains)
        .map(|(rank_and_one, gain)| gain / f64::from(rank_and_one).log2())
        .sum()
}

fn ratio(of: f64, all: usize) -> f64 {
    if all == 0 { 0.0 } else { of / all as f64 }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, rel, cutoff) = match *self {
            Self::AveragePrecision { rel, cutoff } => ("AP", rel, cutoff),
            Self::Ndcg { cutoff } => ("nDCG", DEFAULT_REL, cutoff),
            Self::Precision { rel, cutoff } => ("P", rel, Some(cutoff)),
            Self::Recall { rel, cutoff } => ("R", rel, Some(cutoff)),
            Self::ReciprocalRank { rel, cutoff } => ("RR", rel, cutoff),
            Self::RPrecision { rel } => ("Rprec", rel, None),
            Self::Success { rel, cutoff } => ("Success", rel, Some(cutoff)),
            Self::NumRet => ("NumRet", DEFAULT_REL, None),
            Self::NumRel { rel } => ("NumRel", rel, None),
            Self::NumRelRet { rel } => ("NumRelRet", rel, None),
        };
        f.write_str(name)?;
        if rel != DEFAULT_REL {
            write!(f, "(rel={rel})")?;
        }
        cutoff.map_or(Ok(()), |cutoff| write!(f, "@{cutoff}"))
    }
}

impl FromStr for Measure {
    type Err = Error;

    /// Reads `nDCG@20`, `AP`, `P(rel=2)@10`; case is forgiven.
    fn from_str(given: &str) -> Result<Self, Error> {
        parse(given).ok_or_else(|| Error::UnknownMeasure {
            given: given.to_owned(),
            known: KNOWN_MEASURES,
        })
    }
}

fn parse(given: &str) -> Option<Measure> {
    let (head, cutoff) = match given.split_once('@') {
        Some((head, cutoff)) => (head, Some(cutoff.parse::<NonZeroUsize>().ok()?)),
        None => (given, None),
    };
    let (name, rel) = match head.split_once('(') {
        Some((name, rel)) => {
            let rel = rel.strip_prefix("rel=")?.strip_suffix(')')?;
            (name, Some(rel.parse::<i32>().ok().filter(|rel| *rel >= 1)?))
        }
        None => (head, None),
    };
    named(&name.to_ascii_lowercase(), rel, cutoff)
}

fn named(name: &str, given_rel: Option<i32>, cutoff: Option<NonZeroUsize>) -> Option<Measure> {
    let rel = given_rel.unwrap_or(DEFAULT_REL);
    Some(match (name, cutoff) {
        ("ap", cutoff) => Measure::AveragePrecision { rel, cutoff },
        ("ndcg", cutoff) if given_rel.is_none() => Measure::Ndcg { cutoff },
        ("p", Some(cutoff)) => Measure::Precision { rel, cutoff },
        ("r", Some(cutoff)) => Measure::Recall { rel, cutoff },
        ("rr", cutoff) => Measure::ReciprocalRank { rel, cutoff },
        ("rprec", None) => Measure::RPrecision { rel },
        ("success", Some(cutoff)) => Measure::Success { rel, cutoff },
        ("numret", None) if given_rel.is_none() => Measure::NumRet,
        ("numrel", None) => Measure::NumRel { rel },
        ("numrelret", None) => Measure::NumRelRet { rel },
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
