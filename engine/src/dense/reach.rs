//! Which documents a search may find, and which vectors are theirs.

use fixedbitset::FixedBitSet;

/// What a search may find: all documents, each with one vector, unless said otherwise.
#[derive(Clone, Copy, Default)]
pub(crate) struct Reach<'a> {
    /// Documents that may be found; nothing where all may.
    pub(crate) docs: Option<&'a FixedBitSet>,
    /// Vector → document; nothing where vector `i` is document `i`.
    pub(crate) owners: Option<&'a [u32]>,
}

impl Reach<'_> {
    /// The document of `vector`; nothing where it is of none, or of one that may not be found.
    pub(super) fn document(&self, vector: u32) -> Option<u32> {
        let doc = match self.owners {
            Some(owners) => *owners.get(vector as usize)?,
            None => vector,
        };
        match self.docs {
            Some(docs) => docs.contains(doc as usize).then_some(doc),
            None => Some(doc),
        }
    }

    /// Whether every vector of an index may be found.
    pub(super) fn is_everything(&self) -> bool {
        self.docs.is_none() && self.owners.is_none()
    }

    /// About how many of `n` vectors may be found; exactly, where each is a document.
    pub(super) fn n_vectors(&self, n: usize) -> usize {
        let Some(docs) = self.docs else { return n };
        let allowed = docs.count_ones(..);
        match self.owners {
            // As if all documents had as many vectors: what is estimated is the cost of two ways to the same answer.
            Some(_) => (n * allowed).div_ceil(docs.len().max(1)).min(n),
            None => allowed.min(n),
        }
    }

    /// Those of the first `n` vectors that may be found, in order.
    pub(super) fn vectors(&self, n: usize) -> Vec<u32> {
        match (self.docs, self.owners) {
            (Some(docs), None) => docs
                .ones()
                .take_while(|doc| *doc < n)
                .map(|doc| doc as u32)
                .collect(),
            _ => (0..n as u32)
                .filter(|vector| self.document(*vector).is_some())
                .collect(),
        }
    }
}
