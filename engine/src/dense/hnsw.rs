//! Building the graph by `hnsw_rs`, which is then frozen into our own flat form.
//!
//! `hnsw_rs` sees ordinals in place of vectors and asks for distances between them: so vectors lie in memory once,
//! one after another. Its search is not used (it follows pointers through scattered points), nor are its files
//! (unreadable ones end the process).

use std::sync::atomic::Ordering;

use anndists::dist::Distance;
use hnsw_rs::prelude::Hnsw;
use rayon::prelude::*;

use crate::error::Result;
use crate::monitor::Monitor;

use super::codes::{Codes, Probe};
use super::graph::{Built, MAX_LAYERS, NOBODY};
use super::params::HnswParams;

/// The graph over `codes`, of which there is one at least. Neighbours may differ from run to run where several cores
/// insert at once.
pub(super) fn build(codes: &Codes, params: HnswParams, monitor: &Monitor) -> Result<Built> {
    let n = codes.len();
    let distance = BetweenOrdinals { codes };
    let hnsw = Hnsw::<u32, _>::new(params.m, n, MAX_LAYERS, params.ef_construction, distance);
    let insert = |ord: u32| {
        hnsw.insert((&[ord], ord as usize));
        monitor.graph_nodes.fetch_add(1, Ordering::Relaxed);
        monitor.check()
    };
    // Alone: two first nodes at once would both take themselves for the entry, and one would stay unlinked.
    (0..n.min(1) as u32).try_for_each(insert)?;
    (1..n.max(1) as u32).into_par_iter().try_for_each(insert)?;

    let mut nodes: Vec<(u32, u8, Vec<Vec<u32>>)> = hnsw
        .get_point_indexation()
        .into_iter()
        .map(|point| {
            let neighbours = point.get_neighborhood_id().into_iter();
            let ords = |layer: Vec<hnsw_rs::prelude::Neighbour>| {
                layer
                    .iter()
                    .map(|neighbour| neighbour.d_id as u32)
                    .collect()
            };
            let layers = neighbours.map(ords).collect();
            (point.get_origin_id() as u32, point.get_point_id().0, layers)
        })
        .collect();
    nodes.sort_unstable_by_key(|(ord, ..)| *ord);
    let top = nodes.iter().map(|(_, layer, _)| *layer).max().unwrap_or(0);
    let entry = nodes.iter().find(|(_, layer, _)| *layer == top);
    let places = |layer: usize, places: usize| {
        let within = nodes
            .iter()
            .filter(move |node| usize::from(node.1) >= layer);
        let filled = |node: &(u32, u8, Vec<Vec<u32>>)| {
            let mut list = node.2.get(layer).cloned().unwrap_or_default();
            list.resize(places, NOBODY);
            list
        };
        let ords = within.clone().map(|node| node.0).collect::<Vec<_>>();
        (ords, within.flat_map(filled).collect::<Vec<_>>())
    };
    Ok(Built {
        entry: entry.map_or(0, |(ord, ..)| *ord),
        base_places: 2 * params.m,
        places: params.m,
        base: places(0, 2 * params.m).1,
        upper: (1..=usize::from(top))
            .map(|layer| places(layer, params.m))
            .collect(),
    })
}

/// The distance between two vectors, each given by its ordinal.
struct BetweenOrdinals<'a> {
    codes: &'a Codes,
}

impl Distance<u32> for BetweenOrdinals<'_> {
    fn eval(&self, a: &[u32], b: &[u32]) -> f32 {
        let mut probe = Probe::default();
        probe.load(self.codes, a[0]);
        // Rounding may put the inner product of equal vectors above 1, and the library panics below zero.
        (1.0 - self.codes.score(&probe, b[0])).max(0.0)
    }
}
