//! One ranking out of several.

mod ballot;
mod normalise;
mod written;

use std::collections::BTreeMap;

use crate::document::DocOrd;
use crate::error::{Error, Result};
use crate::language::Lang;
use crate::ranking::{Candidate, Ranking};

use ballot::{Ballot, Leg, ballots};

pub use normalise::Normalisation;
pub use written::FusionMethod;

/// What a calibrated score leaves undecided, the score across languages decides: the first documents of all languages are
/// equals, and without it the language that was indexed first would always lead. Small enough to decide nothing else.
const TIE_BREAK: f64 = 1e-6;

/// How rankings are fused.
///
/// In a file it is a name (`"rrf"`) or a table (`{ method = "z-score", lexical_weight = 0.3, per_language = true }`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fusion {
    /// What a place in a ranking is worth.
    pub method: FusionMethod,
    /// How much the first ranking counts, which is the lexical one, from 0 to 1; the others share the rest.
    pub lexical_weight: f32,
    /// Whether a place counts among documents of the same language alone: the first document of every language is then
    /// worth the same, and lists do not lean to the language of the query, which scores higher whatever it says.
    pub per_language: bool,
}

impl Default for Fusion {
    /// Sums of z-scores, both rankings alike, languages as they come.
    fn default() -> Self {
        Self {
            method: FusionMethod::default(),
            lexical_weight: 0.5,
            per_language: false,
        }
    }
}

impl Fusion {
    /// # Errors
    /// When a number is out of its range.
    pub fn check(&self) -> Result<()> {
        let refused = |name, got: f32, expected| {
            Err(Error::Setting {
                name,
                got: got.to_string(),
                expected,
            })
        };
        if let FusionMethod::ReciprocalRank { k } = self.method
            && !(0.0..=1e6).contains(&k)
        {
            return refused("k", k, "a number from 0 to 1000000");
        }
        if !(0.0..=1.0).contains(&self.lexical_weight) {
            return refused(
                "lexical_weight",
                self.lexical_weight,
                "a number from 0 to 1",
            );
        }
        Ok(())
    }

    /// The best `depth` documents of all `rankings`.
    pub fn fuse(&self, rankings: &[Ranking], depth: usize) -> Ranking {
        self.fuse_where(rankings, |_, _| true, depth)
    }

    /// The same, where `judges(i, doc)` says whether ranking `i` can judge `doc` at all.
    ///
    /// A ranking that cannot, as BM25 cannot judge a document in another language than the query's, would count
    /// against the document by its silence. It counts as it may be expected to: the mean of those that can, times how
    /// it compares with them on the documents that it does judge, once at the most. If it found the document after all
    /// (by a name, say) and put it higher, that counts.
    pub fn fuse_where(
        &self,
        rankings: &[Ranking],
        judges: impl Fn(usize, DocOrd) -> bool,
        depth: usize,
    ) -> Ranking {
        self.fuse_among(rankings, judges, |_| Lang::UNKNOWN, depth)
    }

    /// The same, where `lang(doc)` is the language that a document is calibrated in, if that is asked for.
    pub fn fuse_among(
        &self,
        rankings: &[Ranking],
        judges: impl Fn(usize, DocOrd) -> bool,
        lang: impl Fn(DocOrd) -> Lang,
        depth: usize,
    ) -> Ranking {
        let weights = self.weights(rankings.len());
        let scores = |lang: &dyn Fn(DocOrd) -> Lang| {
            let legs = rankings.iter().zip(&weights).enumerate();
            // What counts for nothing finds nothing either.
            let legs = legs.filter(|(_, (_, weight))| **weight > 0.0);
            let legs = legs.map(|(place, (ranking, weight))| Leg {
                place,
                weight: *weight,
                votes: self.votes(place, ranking, lang),
            });
            scores(&legs.collect::<Vec<_>>(), &judges)
        };
        let mut fused = scores(&lang);
        if self.per_language {
            let across = scores(&|_| Lang::UNKNOWN);
            for ((_, score), (_, across)) in fused.iter_mut().zip(across) {
                *score += TIE_BREAK * across;
            }
        }
        let candidate = |(doc, score): (DocOrd, f64)| Candidate {
            doc,
            score: score as f32,
        };
        Ranking::new(fused.into_iter().map(candidate).collect(), depth)
    }

    /// How much each of `n` rankings counts; 1 on average, so that equal weights leave scores what the method says.
    fn weights(&self, n: usize) -> Vec<f64> {
        let lexical = f64::from(self.lexical_weight);
        let weight = |place| match place {
            _ if n == 1 => 1.0,
            0 => n as f64 * lexical,
            _ => n as f64 * (1.0 - lexical) / (n - 1) as f64,
        };
        (0..n).map(weight).collect()
    }

    /// What each document of `ranking`, which stands at `place`, is worth; at least 0, which is what others are.
    fn votes(
        &self,
        place: usize,
        ranking: &Ranking,
        lang: &dyn Fn(DocOrd) -> Lang,
    ) -> Vec<(DocOrd, f64)> {
        let mut groups: BTreeMap<Lang, Vec<&Candidate>> = BTreeMap::new();
        for candidate in ranking.candidates() {
            let group = match self.per_language {
                true => lang(candidate.doc),
                false => Lang::UNKNOWN,
            };
            groups.entry(group).or_default().push(candidate);
        }
        let mut votes = Vec::with_capacity(ranking.len());
        for group in groups.values() {
            match self.method {
                FusionMethod::ReciprocalRank { k } => {
                    let ranked = group.iter().zip(1u32..);
                    votes.extend(ranked.map(|(candidate, rank)| {
                        (candidate.doc, 1.0 / (f64::from(k) + f64::from(rank)))
                    }));
                }
                FusionMethod::Sum(normalisation) => {
                    let scale = normalisation.scale(place, group, ranking.candidates());
                    let scaled = group
                        .iter()
                        .map(|candidate| (candidate.doc, scale.of(candidate.score)));
                    votes.extend(scaled);
                }
            }
        }
        votes
    }
}

/// The documents that any of `legs` holds, in the order of the index, and the sum of what each leg says of them.
fn scores(legs: &[Leg], judges: &impl Fn(usize, DocOrd) -> bool) -> Vec<(DocOrd, f64)> {
    let ballots = ballots(legs, judges);
    let agreement: Vec<f64> = (0..legs.len())
        .map(|i| ballot::agreement(&ballots, i))
        .collect();
    let score = |ballot: &Ballot| {
        let mut counted: Vec<f64> = (0..legs.len())
            .map(|i| legs[i].weight * ballot.counted(i, agreement[i]))
            .collect();
        // Sums depend on their order, and which ranking comes first is to change nothing.
        counted.sort_by(f64::total_cmp);
        (ballot.doc, counted.iter().sum())
    };
    ballots.iter().map(score).collect()
}

#[cfg(test)]
mod tests;
