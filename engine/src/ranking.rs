//! Candidates in order.

use std::cmp::Ordering;
use std::collections::HashSet;

use crate::document::DocOrd;

/// A document with a score; larger is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Which document.
    pub doc: DocOrd,
    /// How good it is, on the scale of the stage that made it.
    pub score: f32,
}

/// Candidates, best first, each document once; ties in the order of the index.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ranking(Vec<Candidate>);

impl Ranking {
    /// Sorts `candidates`, keeps the best score of a document that comes twice, and cuts at `depth`.
    ///
    /// A score that is not a number ranks last.
    pub fn new(mut candidates: Vec<Candidate>, depth: usize) -> Self {
        candidates.sort_by(best_first);
        let mut seen = HashSet::with_capacity(candidates.len().min(depth));
        candidates.retain(|candidate| seen.insert(candidate.doc));
        candidates.truncate(depth);
        Self(candidates)
    }

    /// `candidates` in this order, each document once; scores are lowered where they do not fall, so that sorting by score gives
    /// this order again.
    pub(crate) fn in_order(mut candidates: Vec<Candidate>) -> Self {
        let mut ceiling = f32::INFINITY;
        for candidate in &mut candidates {
            candidate.score = candidate.score.min(ceiling.next_down());
            ceiling = candidate.score;
        }
        Self(candidates)
    }

    /// The candidates, best first.
    pub fn candidates(&self) -> &[Candidate] {
        &self.0
    }

    /// The documents, best first.
    pub fn docs(&self) -> impl ExactSizeIterator<Item = DocOrd> + '_ {
        self.0.iter().map(|candidate| candidate.doc)
    }

    /// How many candidates there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The best `depth` candidates.
    pub fn cut(mut self, depth: usize) -> Self {
        self.0.truncate(depth);
        self
    }

    /// Orders the first `scores.len()` candidates by `scores`; below them the earlier order stands.
    ///
    /// `scores[i]` belongs to candidate `i`. With a weight above 0, both `scores` and the candidates' own are stretched to
    /// the range from 0 to 1, and the own ones count that much (Lin et al. 2021, §3.2, "interpolation"). Candidates below
    /// the head keep their place and are given scores that lie below the head's lowest, so that sorting by score gives this
    /// order again.
    pub fn rescore_head(mut self, scores: &[f32], own_weight: f32) -> Self {
        let head = scores.len().min(self.0.len());
        let interpolated = (own_weight > 0.0).then(|| {
            let own: Vec<f32> = self.0[..head]
                .iter()
                .map(|candidate| candidate.score)
                .collect();
            let pairs = stretched(&scores[..head]).into_iter().zip(stretched(&own));
            let sum = |(score, own): (f32, f32)| (1.0 - own_weight) * score + own_weight * own;
            pairs.map(sum).collect::<Vec<f32>>()
        });
        let scores = interpolated.as_deref().unwrap_or(scores);
        for (candidate, &score) in self.0.iter_mut().zip(scores) {
            candidate.score = score;
        }
        self.0[..head].sort_by(best_first);
        let mut ceiling = self.0[..head]
            .iter()
            .map(|candidate| candidate.score)
            .fold(f32::INFINITY, f32::min);
        for candidate in &mut self.0[head..] {
            candidate.score = candidate.score.min(ceiling.next_down());
            ceiling = candidate.score;
        }
        self
    }
}

/// `scores` from 0 for the least to 1 for the largest; all 0 where they are equal.
fn stretched(scores: &[f32]) -> Vec<f32> {
    let least = scores.iter().copied().fold(f32::INFINITY, f32::min);
    let range = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max) - least;
    let stretch = |score: &f32| {
        if range > 0.0 {
            (score - least) / range
        } else {
            0.0
        }
    };
    scores.iter().map(stretch).collect()
}

fn best_first(a: &Candidate, b: &Candidate) -> Ordering {
    let (left, right) = (not_a_number_last(a.score), not_a_number_last(b.score));
    right.total_cmp(&left).then(a.doc.cmp(&b.doc))
}

fn not_a_number_last(score: f32) -> f32 {
    if score.is_nan() {
        f32::NEG_INFINITY
    } else {
        score
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn candidates(pairs: &[(u32, f32)]) -> Vec<Candidate> {
        pairs
            .iter()
            .map(|&(doc, score)| Candidate {
                doc: DocOrd(doc),
                score,
            })
            .collect()
    }

    fn order(ranking: &Ranking) -> Vec<u32> {
        ranking.docs().map(|doc| doc.0).collect()
    }

    #[test]
    fn ties_stand_in_the_order_of_the_index() {
        let ranking = Ranking::new(candidates(&[(7, 1.0), (3, 1.0), (5, 2.0)]), 10);
        assert_eq!(order(&ranking), [5, 3, 7]);
    }

    #[test]
    fn a_document_that_comes_twice_keeps_its_best_score() {
        let ranking = Ranking::new(candidates(&[(1, 0.5), (2, 0.7), (1, 0.9)]), 10);
        assert_eq!(ranking.candidates(), candidates(&[(1, 0.9), (2, 0.7)]));
    }

    #[test]
    fn a_score_that_is_not_a_number_ranks_last() {
        let ranking = Ranking::new(candidates(&[(1, f32::NAN), (2, -3.0)]), 10);
        assert_eq!(order(&ranking), [2, 1]);
    }

    #[test]
    fn below_the_reranked_head_the_first_stage_order_stands() {
        let ranking = Ranking::new(candidates(&[(1, 9.0), (2, 8.0), (3, 7.0), (4, 6.0)]), 10);
        let reranked = ranking.rescore_head(&[0.1, 0.2], 0.0);
        assert_eq!(order(&reranked), [2, 1, 3, 4]);
        assert!(reranked.candidates().is_sorted_by(|a, b| a.score > b.score));
    }

    #[test]
    fn interpolation_weighs_both_scores_on_one_scale() {
        let ranking = Ranking::new(candidates(&[(1, 9.0), (2, 8.0), (3, 7.0), (4, 6.0)]), 10);
        // The reranker's -5, 5, 0 become 0, 1, 0.5; the first stage's 1, 0.5, 0.
        let mixed = ranking.clone().rescore_head(&[-5.0, 5.0, 0.0], 0.25);
        let expected = candidates(&[(2, 0.875), (3, 0.375), (1, 0.25)]);
        assert_eq!(mixed.candidates()[..3], expected);
        assert_eq!(order(&mixed), [2, 3, 1, 4]);
        assert_eq!(
            order(&ranking.rescore_head(&[-5.0, 5.0, 0.0], 1.0)),
            [1, 2, 3, 4]
        );
    }

    proptest! {
        #[test]
        fn no_ranking_repeats_a_document(pairs in prop::collection::vec((0u32..20, -5.0f32..5.0), 0..60), depth in 0usize..30) {
            let ranking = Ranking::new(candidates(&pairs), depth);
            let distinct: HashSet<_> = ranking.docs().collect();
            prop_assert_eq!(distinct.len(), ranking.len());
            prop_assert!(ranking.len() <= depth);
        }
    }
}
