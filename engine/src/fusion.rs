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
    /// against the document by its silence. It counts as the mean of those that can, unless it found the document
    /// after all (by a name, say) and put it higher.
    pub fn fuse_where(
        &self,
        rankings: &[Ranking],
        judges: impl Fn(usize, DocOrd) -> bool,
        depth: usize,
    ) -> Ranking {
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
        let score = |(doc, votes): (DocOrd, Vec<f64>)| {
            let judging = |i: &usize| judges(*i, doc);
            let n = (0..votes.len()).filter(judging).count().max(1);
            let mean = (0..votes.len())
                .filter(judging)
                .map(|i| votes[i])
                .sum::<f64>()
                / n as f64;
            let counted = (0..votes.len()).map(|i| {
                if judging(&i) {
                    votes[i]
                } else {
                    votes[i].max(mean)
                }
            });
            Candidate {
                doc,
                score: counted.sum::<f64>() as f32,
            }
        };
        Ranking::new(votes.into_iter().map(score).collect(), depth)
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
    fn a_ranking_that_cannot_judge_a_document_counts_as_the_others() {
        // The first ranking judges even documents alone; 3 it found all the same, and 5 it put first.
        let rankings = [ranking(&[5, 2, 4, 3]), ranking(&[1, 2, 3, 5])];
        let fused = Fusion::default().fuse_where(&rankings, |i, doc| i == 1 || doc.0 % 2 == 0, 10);
        let expected = [
            (1, 2.0 / 61.0),
            (2, 2.0 / 62.0),
            (5, 1.0 / 61.0 + 1.0 / 64.0),
            (3, 2.0 / 63.0),
            (4, 1.0 / 63.0),
        ];
        for (candidate, (doc, score)) in fused.candidates().iter().zip(expected) {
            assert_eq!(candidate.doc, DocOrd(doc));
            assert!((candidate.score - score).abs() < 1e-7);
        }
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
