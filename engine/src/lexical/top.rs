//! The best documents, without scoring those that cannot be among them: MaxScore (Turtle & Flood 1995), window by window, by
//! what the blocks of postings there can add (Ding & Suel 2011).

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use fixedbitset::FixedBitSet;
use tantivy::{DocId, TERMINATED};

use crate::document::DocOrd;
use crate::ranking::{Candidate, Ranking};

use super::scorer::Scorer;
use super::window::{Mask, Window, rounded};

/// Bounds and scores are sums of the same numbers in different orders.
const ROUNDING: f32 = 1.0 + 1e-5;

/// The best `depth` documents seen so far.
pub(super) struct Top {
    depth: usize,
    /// The worst of them first.
    heap: BinaryHeap<Entry>,
    /// Kept from part to part, for its memory.
    window: Option<Window>,
}

/// A clause in one window.
struct Bounded {
    /// Which clause.
    at: usize,
    required: bool,
    /// No document gets more for it.
    bound: f32,
    /// Nor for it and those that stand before it.
    sum: f32,
}

/// Sums of the first, the first two, and so on, rounded up.
fn sums(numbers: impl Iterator<Item = f32>) -> Vec<f32> {
    let sums = numbers.scan(0.0, |sum, number| {
        *sum += number;
        Some(*sum * ROUNDING)
    });
    sums.collect()
}

impl Top {
    /// Keeps `depth` > 0 documents.
    pub(super) fn new(depth: usize) -> Self {
        Self {
            depth,
            heap: BinaryHeap::new(),
            window: None,
        }
    }

    /// Considers every document of a part that holds one of `clauses`; the part's documents are counted from `base`.
    pub(super) fn collect(
        &mut self,
        mut clauses: Vec<Scorer<'_>>,
        base: u32,
        allowed: Option<&FixedBitSet>,
    ) {
        clauses.sort_by(|a, b| a.bound().total_cmp(&b.bound()));
        let bounds = sums(clauses.iter().map(Scorer::bound));
        let mut order: Vec<Bounded> = Vec::with_capacity(clauses.len());
        let mut window = self.window.take().unwrap_or_default();
        let mut target = 0;
        loop {
            let threshold = self.threshold();
            let first = bounds.partition_point(|bound| *bound < threshold);
            let docs = clauses[first..]
                .iter_mut()
                .map(|clause| clause.next_hint(target));
            let doc = docs.min().unwrap_or(TERMINATED);
            if doc == TERMINATED {
                break;
            }
            window.turn_to(doc);
            target = window.end();
            if let Some(may) = window.allowed(allowed) {
                self.collect_window(&mut clauses, &mut order, &mut window, may, base);
            }
        }
        self.window = Some(window);
    }

    /// Considers the documents of a window that `may` be found.
    fn collect_window(
        &mut self,
        clauses: &mut [Scorer<'_>],
        order: &mut Vec<Bounded>,
        window: &mut Window,
        mut may: Mask,
        base: u32,
    ) {
        order.clear();
        for (at, clause) in clauses.iter_mut().enumerate() {
            order.push(Bounded {
                at,
                required: clause.required(),
                bound: clause.bound_within(window.start(), window.end()),
                sum: 0.0,
            });
        }
        // Documents that hold no clause but the first few are passed over where those together cannot lift a document over
        // the worst that is kept. A clause that must match decides which documents there are.
        order.sort_unstable_by(|a, b| {
            let by_bound = || a.bound.total_cmp(&b.bound);
            a.required.cmp(&b.required).then_with(by_bound)
        });
        let mut sum = 0.0;
        for bounded in order.iter_mut() {
            sum += bounded.bound;
            bounded.sum = sum * ROUNDING;
        }
        let threshold = self.threshold();
        let first = order.partition_point(|bounded| bounded.sum < threshold && !bounded.required);
        if first == order.len() || sum * ROUNDING < threshold {
            return;
        }
        let (rest, essential) = order.split_at(first);
        for bounded in essential {
            let clause = &mut clauses[bounded.at];
            if bounded.required {
                window.require(&mut may, |window| clause.score_all(window));
            } else {
                clause.score_all(window);
            }
        }
        window.drain(&may, |doc, found| {
            let mut score = found;
            for bounded in rest.iter().rev() {
                if score as f32 * ROUNDING + bounded.sum < self.threshold() {
                    return;
                }
                score += rounded(clauses[bounded.at].score(doc));
            }
            if score > 0.0 {
                self.consider(base + doc, score as f32);
            }
        });
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
