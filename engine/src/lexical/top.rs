//! The best documents, without scoring those that cannot be among them (MaxScore, Turtle & Flood 1995).

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use tantivy::{DocId, TERMINATED};

use crate::document::DocOrd;
use crate::ranking::{Candidate, Ranking};

use super::postings::ClausePostings;

/// Bounds and scores are sums of the same numbers in different orders.
const ROUNDING: f32 = 1.0 + 1e-5;

/// The best `depth` documents seen so far.
pub(super) struct Top {
    depth: usize,
    /// The worst of them first.
    heap: BinaryHeap<Entry>,
}

impl Top {
    /// Keeps `depth` > 0 documents.
    pub(super) fn new(depth: usize) -> Self {
        Self {
            depth,
            heap: BinaryHeap::new(),
        }
    }

    /// Considers every document that holds one of `clauses`.
    pub(super) fn collect(&mut self, mut clauses: Vec<ClausePostings<'_>>) {
        // Cheap clauses first: the documents that hold no other are passed over once the cheap ones together cannot
        // lift a document over the worst that is kept.
        clauses.sort_by(|a, b| a.weight.total_cmp(&b.weight));
        let bounds: Vec<f32> = clauses
            .iter()
            .scan(0.0, |sum, clause| {
                *sum += clause.weight;
                Some(*sum * ROUNDING)
            })
            .collect();
        let mut scores = vec![0.0; clauses.len()];
        let mut target = 0;
        loop {
            let threshold = self.threshold();
            let first = bounds.partition_point(|bound| *bound < threshold);
            let docs = clauses[first..]
                .iter_mut()
                .map(|clause| clause.seek(target));
            let doc = docs.min().unwrap_or(TERMINATED);
            if doc == TERMINATED {
                return;
            }
            target = doc + 1;
            scores.fill(0.0);
            let mut sum = 0.0;
            for at in (0..clauses.len()).rev() {
                if at < first && sum * ROUNDING + bounds[at] < threshold {
                    break;
                }
                if clauses[at].seek(doc) == doc {
                    scores[at] = clauses[at].score(doc);
                    sum += scores[at];
                }
            }
            let lacks =
                |(clause, score): (&ClausePostings<'_>, &f32)| clause.required && *score == 0.0;
            // In one order for every document, or equal documents would differ by rounding.
            let score: f32 = scores.iter().sum();
            if score > 0.0 && !clauses.iter().zip(&scores).any(lacks) {
                self.consider(doc, score);
            }
        }
    }

    /// Below this no document is kept.
    fn threshold(&self) -> f32 {
        match self.heap.peek() {
            Some(worst) if self.heap.len() == self.depth => worst.score,
            _ => 0.0,
        }
    }

    fn consider(&mut self, doc: DocId, score: f32) {
        let entry = Entry { score, doc };
        if self.heap.len() < self.depth {
            self.heap.push(entry);
        } else if let Some(mut worst) = self.heap.peek_mut()
            && entry < *worst
        {
            *worst = entry;
        }
    }

    /// What was kept, best first.
    pub(super) fn into_ranking(self) -> Ranking {
        let candidates = self.heap.into_iter().map(|entry| Candidate {
            doc: DocOrd(entry.doc),
            score: entry.score,
        });
        Ranking::new(candidates.collect(), self.depth)
    }
}

/// A scored document; the worse, the greater.
#[derive(PartialEq)]
struct Entry {
    score: f32,
    doc: DocId,
}

impl Eq for Entry {}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .score
            .total_cmp(&self.score)
            .then(self.doc.cmp(&other.doc))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
