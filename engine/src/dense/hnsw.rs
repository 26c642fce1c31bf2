//! Building the graph (`hnsw_rs`), which is then frozen into our own flat form.
//!
//! `hnsw_rs` sees ordinals in place of vectors and asks for distances between them: so vectors lie in memory once,
//! one after another. Its search is not used (it follows pointers through scattered points), nor are its files
//! (unreadable ones end the process).

use std::sync::atomic::Ordering;

use anndists::dist::Distance;
use hnsw_rs::prelude::Hnsw;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::monitor::Monitor;

use super::distance::dot;
use super::graph::{Graph, Node};
use super::vectors::Vectors;

/// How the graph is built (Malkov & Yashunin 2018).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct HnswParams {
    /// Neighbours of a node per layer; the lowest layer has twice as many.
    pub m: usize,
    /// Candidates that are considered for a new node's neighbours.
    pub ef_construction: usize,
}

impl Default for HnswParams {
    /// M = 16 and ef_construction = 200, as most libraries have it.
    fn default() -> Self {
        Self {
            m: 16,
            ef_construction: 200,
        }
    }
}

impl HnswParams {
    /// Refuses what `hnsw_rs` would end the process for.
    pub(crate) fn check(self) -> Result<Self> {
        if !(2..=256).contains(&self.m) {
            return Err(Error::Setting {
                name: "M",
                got: self.m.to_string(),
                expected: "2 to 256",
            });
        }
        // The library reserves memory for as many candidates at every insertion.
        if !(1..=MAX_EF_CONSTRUCTION).contains(&self.ef_construction) {
            return Err(Error::Setting {
                name: "ef_construction",
                got: self.ef_construction.to_string(),
                expected: "1 to 10000",
            });
        }
        Ok(self)
    }
}

const MAX_EF_CONSTRUCTION: usize = 10_000;

/// Layers a graph may have; with M = 16, the sixteenth would want 10¹⁹ documents.
pub(super) const MAX_LAYERS: usize = 16;

/// The graph over `vectors`. Neighbours may differ from run to run where several cores insert at once.
pub(super) fn build(vectors: &Vectors, params: HnswParams, monitor: &Monitor) -> Result<Graph> {
    let n = vectors.len();
    let distance = BetweenOrdinals { vectors };
    let hnsw = Hnsw::<u32, _>::new(params.m, n, MAX_LAYERS, params.ef_construction, distance);
    let insert = |ord: u32| {
        hnsw.insert((&[ord], ord as usize));
        monitor.graph_nodes.fetch_add(1, Ordering::Relaxed);
        monitor.check()
    };
    // Alone: two first nodes at once would both take themselves for the entry, and one would stay unlinked.
    (0..n.min(1) as u32).try_for_each(insert)?;
    (1..n.max(1) as u32).into_par_iter().try_for_each(insert)?;
    if n == 0 {
        // The library's iterator panics on an empty graph.
        return Ok(Graph::from_nodes(Vec::new()));
    }
    let nodes = hnsw.get_point_indexation().into_iter().map(|point| Node {
        ord: point.get_origin_id() as u32,
        layer: point.get_point_id().0,
        neighbours: point
            .get_neighborhood_id()
            .into_iter()
            .map(|layer| {
                layer
                    .into_iter()
                    .map(|neighbour| neighbour.d_id as u32)
                    .collect()
            })
            .collect(),
    });
    Ok(Graph::from_nodes(nodes.collect()))
}

/// The distance between two documents of the index, each given by its ordinal.
struct BetweenOrdinals<'v> {
    vectors: &'v Vectors,
}

impl Distance<u32> for BetweenOrdinals<'_> {
    fn eval(&self, a: &[u32], b: &[u32]) -> f32 {
        // Rounding may put the inner product of equal vectors above 1, and the library panics below zero.
        (1.0 - dot(self.vectors.row(a[0]), self.vectors.row(b[0]))).max(0.0)
    }
}
