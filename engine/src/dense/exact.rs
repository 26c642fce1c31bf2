//! Comparison with every vector: the truth that graphs are measured against.

use rayon::prelude::*;

use crate::document::DocOrd;
use crate::ranking::Candidate;

use super::distance::dot;
use super::vectors::Vectors;

/// Below this many vectors, one core is done before others have woken.
const MIN_PER_CORE: usize = 4_096;

/// Every document with its cosine to `query`, in the order of the index.
pub(super) fn search(vectors: &Vectors, query: &[f32]) -> Vec<Candidate> {
    (0..vectors.len() as u32)
        .into_par_iter()
        .with_min_len(MIN_PER_CORE)
        .map(|ord| Candidate {
            doc: DocOrd(ord),
            score: dot(query, vectors.row(ord)),
        })
        .collect()
}
