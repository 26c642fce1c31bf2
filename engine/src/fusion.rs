//! One ranking out of several.

use std::collections::HashMap;

use crate::document::DocOrd;
use crate::ranking::{Candidate, Ranking};

/// How rankings are fused.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Fusion {
    /// Reciprocal rank fusion: a document's score is the sum of 1 / (`k` + rank) over the rankings that hold it,
    /// ranks from 1 (Cormack, Clarke & Büttcher 2009).
    ReciprocalRank {
        /// Larger means that the first ranks stand out less.
        k: f32,
    },
}

impl Default for Fusion {
    /// Reciprocal rank fusion with the k = 60 of its authors.
    fn default() -> Self {
        Self::ReciprocalRank { k: 60.0 }
    }
}

impl Fusion {
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
        let ballots = self.ballots(rankings, judges);
        let agreement: Vec<f64> = (0..rankings.len())
            .map(|i| agreement(&ballots, i))
            .collect();
        let score = |ballot: Ballot| {
            let votes = ballot
                .votes
                .iter()
                .zip(&ballot.judged)
                .zip(&agreement)
                .enumerate();
            let counted = votes.map(|(i, ((&vote, &judged), agreement))| match judged {
                true => vote,
                false => vote.max(agreement * ballot.others(i)),
            });
            Candidate {
                doc: ballot.doc,
                score: counted.sum::<f64>() as f32,
            }
        };
        Ranking::new(ballots.into_iter().map(score).collect(), depth)
    }

    fn ballots(&self, rankings: &[Ranking], judges: impl Fn(usize, DocOrd) -> bool) -> Vec<Ballot> {
        let Self::ReciprocalRank { k } = *self;
        let mut votes: HashMap<DocOrd, Vec<f64>> = HashMap::new();
        for (i, ranking) in rankings.iter().enumerate() {
            for (doc, rank) in ranking.docs().zip(1u32..) {
                let votes = votes
                    .entry(doc)
                    .or_insert_with(|| vec![0.0; rankings.len()]);
                votes[i] = 1.0 / (f64::from(k) + f64::from(rank));
            }
        }
        let ballot = |(doc, votes): (DocOrd, Vec<f64>)| {
            let judged = (0..votes.len()).map(|i| judges(i, doc)).collect();
            Ballot { doc, votes, judged }
        };
        let mut ballots: Vec<Ballot> = votes.into_iter().map(ballot).collect();
        // A map has no order, and sums of floating-point numbers depend on theirs.
        ballots.sort_unstable_by_key(|ballot| ballot.doc);
        ballots
    }
}

/// What every ranking said of one document.
struct Ballot {
    doc: DocOrd,
    votes: Vec<f64>,
    judged: Vec<bool>,
}

impl Ballot {
    /// The mean vote of the rankings that judge the document, but for ranking `i`.
    fn others(&self, i: usize) -> f64 {
        let judging = |other: &usize| *other != i && self.judged[*other];
        let n = (0..self.votes.len()).filter(judging).count().max(1);
        (0..self.votes.len())
            .filter(judging)
            .map(|other| self.votes[other])
            .sum::<f64>()
            / n as f64
    }
}

/// How ranking `i` compares with the others on the documents that it judges and they found, from 0 to 1; 1 where there
/// is none.
fn agreement(ballots: &[Ballot], i: usize) -> f64 {
    let judged = ballots
        .iter()
        .filter(|ballot| ballot.judged[i] && ballot.others(i) > 0.0);
    let (own, others) = judged.fold((0.0, 0.0), |(own, others), ballot| {
        (own + ballot.votes[i], others + ballot.others(i))
    });
    if others > 0.0 {
        (own / others).min(1.0)
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ranking(docs: &[u32]) -> Ranking {
        let candidates = docs.iter().zip(0u16..).map(|(&doc, i)| Candidate {
            doc: DocOrd(doc),
            score: -f32::from(i),
        });
        Ranking::new(candidates.collect(), docs.len())
    }

    #[test]
    fn reciprocal_ranks_add_up() {
        let fused = Fusion::default().fuse(&[ranking(&[1, 2]), ranking(&[2, 3])], 10);
        let expected = [
            (2, 1.0 / 62.0 + 1.0 / 61.0),
            (1, 1.0 / 61.0),
            (3, 1.0 / 62.0),
        ];
        for (candidate, (doc, score)) in fused.candidates().iter().zip(expected) {
            assert_eq!(candidate.doc, DocOrd(doc));
            assert!((candidate.score - score).abs() < 1e-7);
        }
    }

    #[test]
    fn a_ranking_that_cannot_judge_a_document_counts_as_it_does_on_average() {
        // The first ranking judges even documents alone. Of 2 and 4 it found one; 5 it put first all the same.
        let rankings = [ranking(&[5, 2]), ranking(&[1, 2, 4, 5])];
        let fused = Fusion::default().fuse_where(&rankings, |i, doc| i == 1 || doc.0 % 2 == 0, 10);
        let agreement = (1.0 / 62.0) / (1.0 / 62.0 + 1.0 / 63.0);
        let expected = [
            (2, 2.0 / 62.0),
            (5, 1.0 / 61.0 + 1.0 / 64.0),
            (1, (1.0 + agreement) / 61.0),
            (4, 1.0 / 63.0),
        ];
        assert_eq!(fused.len(), expected.len());
        for (candidate, (doc, score)) in fused.candidates().iter().zip(expected) {
            assert_eq!(candidate.doc, DocOrd(doc));
            assert!((f64::from(candidate.score) - score).abs() < 1e-7);
        }
    }

    #[test]
    fn where_a_ranking_judges_nothing_the_other_decides_alone() {
        let rankings = [Ranking::default(), ranking(&[3, 1, 2])];
        let fused = Fusion::default().fuse_where(&rankings, |i, _| i == 1, 10);
        assert_eq!(fused.docs().map(|doc| doc.0).collect::<Vec<_>>(), [3, 1, 2]);
    }

    proptest! {
        #[test]
        fn fusing_in_another_order_gives_the_same_ranking(
            a in Just((0u32..12).collect::<Vec<_>>()).prop_shuffle(),
            b in Just((6u32..18).collect::<Vec<_>>()).prop_shuffle(),
            depth in 0usize..20,
        ) {
            let fusion = Fusion::default();
            let (a, b) = (ranking(&a), ranking(&b));
            prop_assert_eq!(fusion.fuse(&[a.clone(), b.clone()], depth), fusion.fuse(&[b, a], depth));
        }
    }
}
