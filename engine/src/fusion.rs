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
        let Self::ReciprocalRank { k } = *self;
        let mut scores: HashMap<DocOrd, f64> = HashMap::new();
        for ranking in rankings {
            for (doc, rank) in ranking.docs().zip(1u32..) {
                *scores.entry(doc).or_default() += 1.0 / (f64::from(k) + f64::from(rank));
            }
        }
        let candidates = scores.into_iter().map(|(doc, score)| Candidate {
            doc,
            score: score as f32,
        });
        Ranking::new(candidates.collect(), depth)
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
