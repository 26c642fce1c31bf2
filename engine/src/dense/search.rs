//! One search: the graph or every vector, then exact scores, then the best of each document.

use std::collections::HashSet;

use super::codes::Probe;
use super::reach::Reach;
use super::walk::{Scored, Scratch, Walk};
use super::{DenseIndex, exact};

/// A document that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Near {
    pub(crate) doc: u32,
    /// Its vector that is nearest to the query.
    pub(crate) vector: u32,
    /// The cosine of the two.
    pub(crate) score: f32,
}

/// How much of the index a dense search looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recall {
    /// Every vector: the truth, at a cost that grows with the corpus.
    Exact,
    /// The graph, keeping the best `ef` vectors seen; more find more (Malkov & Yashunin 2018, ef).
    Approximate {
        /// Raised to the depth where it lies below it.
        ef: usize,
    },
}

impl Default for Recall {
    /// The graph with ef = 192: a recall@10 of .98 among 100,000 sentences in 30 languages.
    fn default() -> Self {
        Self::Approximate { ef: 192 }
    }
}

/// What a walk costs for each node that it keeps, counted in vectors that are compared one after another: a node has a
/// dozen neighbours or two that were not visited yet, and they are scattered (100,000 × 384: 65).
const WALK_COST: usize = 64;

/// A search under way.
pub(super) struct Search<'a> {
    pub(super) index: &'a DenseIndex,
    pub(super) query: &'a [f32],
    pub(super) depth: usize,
    pub(super) reach: Reach<'a>,
}

impl Search<'_> {
    /// The nearest documents, best first.
    pub(super) fn run(&self, recall: Recall) -> Vec<Near> {
        match recall {
            Recall::Exact => {
                let DenseIndex { codes, full, .. } = self.index;
                let vectors = self.reach.vectors(self.index.n_vectors());
                let all = exact::in_full(codes, full, self.query, &vectors);
                self.best(all.iter().map(|node| (node.ord(), node.score())))
            }
            Recall::Approximate { ef } => self.rescored(&self.candidates(ef)),
        }
    }

    /// Vectors of the nearest documents by their codes, best first, enough for all that were asked for where there are.
    fn candidates(&self, ef: usize) -> Vec<Scored> {
        let probe = Probe::new(self.query);
        let n_allowed = self.reach.n_vectors(self.index.n_vectors());
        let mut ef = ef.max(self.depth);
        while self.is_walk_cheaper(ef, n_allowed) {
            let found = self.walk(&probe, ef);
            if self.has_documents(&found, self.depth) {
                return found;
            }
            // The graph leads no farther, and nobody knows what lies beyond.
            if found.len() < ef {
                break;
            }
            // Documents with many vectors each: look deeper.
            ef *= 2;
        }
        self.scan(&probe)
    }

    /// A walk looks at `ef` nodes for every one that may be found, in inverse proportion to how many may.
    fn is_walk_cheaper(&self, ef: usize, n_allowed: usize) -> bool {
        let cost_of_walk = (WALK_COST * ef).saturating_mul(self.index.n_vectors());
        self.index.graph.is_some() && n_allowed.saturating_mul(n_allowed) > cost_of_walk
    }

    fn walk(&self, probe: &Probe, ef: usize) -> Vec<Scored> {
        let Some(graph) = &self.index.graph else {
            return Vec::new();
        };
        let walk = Walk {
            links: graph,
            codes: &self.index.codes,
            probe,
        };
        Scratch::with(|scratch| {
            let mut best = walk.score(graph.entry());
            for layer in (1..=graph.n_upper()).rev() {
                best = walk.climb(layer, best, scratch);
            }
            if self.reach.is_everything() {
                walk.beam(0, best, ef, scratch);
            } else {
                let admit = |vector| self.reach.document(vector).is_some();
                walk.beam_among(0, best, ef, admit, scratch);
            }
            scratch.kept.clone()
        })
    }

    /// The best vectors by their codes, of all that may be found.
    fn scan(&self, probe: &Probe) -> Vec<Scored> {
        let vectors = self.reach.vectors(self.index.n_vectors());
        let mut all = exact::by_codes(&self.index.codes, probe, &vectors);
        let mut n_best = n_rescored(self.depth);
        loop {
            if n_best < all.len() {
                all.select_nth_unstable_by(n_best, |a, b| b.cmp(a));
            }
            let best = &mut all[..n_best.min(vectors.len())];
            best.sort_unstable_by(|a, b| b.cmp(a));
            if n_best >= vectors.len() || self.has_documents(best, self.depth) {
                return best.to_vec();
            }
            n_best *= 2;
        }
    }

    fn has_documents(&self, vectors: &[Scored], n: usize) -> bool {
        self.head(vectors, n).1 >= n
    }

    /// How many of `vectors` belong to the first `n` documents among them, and how many documents that are.
    fn head(&self, vectors: &[Scored], n: usize) -> (usize, usize) {
        if self.reach.owners.is_none() {
            let n = n.min(vectors.len());
            return (n, n);
        }
        let mut docs = HashSet::new();
        for (at, node) in vectors.iter().enumerate() {
            if docs.len() >= n {
                return (at, docs.len());
            }
            docs.extend(self.reach.document(node.ord()));
        }
        (vectors.len(), docs.len())
    }

    /// The best of `candidates`, best first by their codes, compared in full.
    fn rescored(&self, candidates: &[Scored]) -> Vec<Near> {
        let (n, _) = self.head(candidates, n_rescored(self.depth));
        let DenseIndex { codes, full, .. } = self.index;
        let mut row = Vec::new();
        self.best(candidates[..n].iter().map(|node| {
            let score = full.score(codes, self.query, node.ord(), &mut row);
            (node.ord(), score)
        }))
    }

    /// The best documents among `vectors` and their scores, by the best vector of each; ties by document.
    fn best(&self, vectors: impl Iterator<Item = (u32, f32)>) -> Vec<Near> {
        let near = |(vector, score)| {
            let doc = self.reach.document(vector)?;
            Some(Near { doc, vector, score })
        };
        let mut found: Vec<Near> = vectors.filter_map(near).collect();
        found.sort_unstable_by(|a, b| {
            let by_score = b.score.total_cmp(&a.score);
            by_score
                .then(a.doc.cmp(&b.doc))
                .then(a.vector.cmp(&b.vector))
        });
        if self.reach.owners.is_some() {
            let mut seen = HashSet::new();
            found.retain(|near| seen.len() < self.depth && seen.insert(near.doc));
        }
        found.truncate(self.depth);
        found
    }
}

/// How many documents are compared in full, where `depth` are wanted: codes put some of the best behind others.
fn n_rescored(depth: usize) -> usize {
    2 * depth + 16
}
