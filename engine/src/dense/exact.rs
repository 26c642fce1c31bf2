//! Comparison with every vector that may be found: the truth that graphs are measured against, and the faster way where
//! few may be.

use rayon::prelude::*;

use super::codes::{Codes, Probe};
use super::distance::prefetch;
use super::full::Full;
use super::walk::Scored;

/// Below this many vectors, one core is done before others have woken.
const MIN_PER_CORE: usize = 8_192;
/// Rows that are asked for before the first of them is compared.
const AHEAD: usize = 8;

/// `vectors`, with the scores of their codes.
pub(super) fn by_codes(codes: &Codes, probe: &Probe, vectors: &[u32]) -> Vec<Scored> {
    let score = |chunk: &[u32]| -> Vec<Scored> {
        let ahead = chunk.iter().skip(AHEAD).map(Some);
        chunk
            .iter()
            .zip(ahead.chain(std::iter::repeat(None)))
            .map(|(ord, ahead)| {
                if let Some(ahead) = ahead {
                    prefetch(codes.row(*ahead));
                }
                Scored::new(codes.score(probe, *ord), *ord)
            })
            .collect()
    };
    if vectors.len() < 2 * MIN_PER_CORE {
        return score(vectors);
    }
    vectors
        .par_chunks(MIN_PER_CORE)
        .flat_map_iter(score)
        .collect()
}

/// `vectors`, with the scores of what is kept of them in full.
pub(super) fn in_full(codes: &Codes, full: &Full, query: &[f32], vectors: &[u32]) -> Vec<Scored> {
    vectors
        .par_iter()
        .with_min_len(MIN_PER_CORE)
        .map_init(Vec::new, |row, ord| {
            Scored::new(full.score(codes, query, *ord, row), *ord)
        })
        .collect()
}
