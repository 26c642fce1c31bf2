//! Building the graph (Malkov & Yashunin 2018, algorithms 1, 3 and 4) over the codes.
//!
//! Levels come from a hash of the ordinal, so that they are known before anything is linked: the entry node is linked
//! first and stays, and all places for neighbours are made at once. Threads read lists while others write them, place by
//! place: whatever they find is a node. One who changes a list holds its lock, and never two.
//!
//! Memory: 4 bytes a place, 2 × M places a vector and M for every layer above (M = 16: 137 bytes a vector); the codes
//! stay where they are mapped.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use crate::error::Result;
use crate::monitor::Monitor;

use super::codes::{Codes, Probe};
use super::graph::{Built, MAX_LAYERS, NOBODY};
use super::params::HnswParams;
use super::walk::{Links, Scored, Scratch, Walk};

/// Locks, each for all nodes whose ordinals leave the same remainder: two threads seldom meet at one of these.
const N_LOCKS: usize = 4_096;

/// The graph over `codes`, of which there is one at least; by one thread always the same.
pub(super) fn build(codes: &Codes, params: HnswParams, monitor: &Monitor) -> Result<Built> {
    let building = Building::new(codes, params);
    let insert = |ord: u32| {
        if ord != building.entry {
            building.insert(ord);
        }
        monitor.graph_nodes.fetch_add(1, Ordering::Relaxed);
        monitor.check()
    };
    (0..codes.len() as u32)
        .into_par_iter()
        .try_for_each(insert)?;
    Ok(building.finish())
}

struct Building<'a> {
    codes: &'a Codes,
    m: usize,
    ef: usize,
    entry: u32,
    levels: Vec<u8>,
    base: Vec<AtomicU32>,
    /// Layer by layer from the second, the nodes in it and their neighbours.
    upper: Vec<(Vec<u32>, Vec<AtomicU32>)>,
    locks: Vec<Mutex<()>>,
}

impl<'a> Building<'a> {
    fn new(codes: &'a Codes, params: HnswParams) -> Self {
        let n = codes.len() as u32;
        let levels: Vec<u8> = (0..n).map(|ord| level(ord, params.m)).collect();
        let top = levels.iter().copied().max().unwrap_or(0);
        let entry = levels.iter().position(|level| *level == top).unwrap_or(0);
        let nobody = |n: usize| (0..n).map(|_| AtomicU32::new(NOBODY)).collect();
        let upper = (1..=top).map(|layer| {
            let nodes: Vec<u32> = (0..n)
                .filter(|ord| levels[*ord as usize] >= layer)
                .collect();
            let places = nobody(nodes.len() * params.m);
            (nodes, places)
        });
        Self {
            codes,
            m: params.m,
            ef: params.ef_construction.max(params.m),
            entry: entry as u32,
            upper: upper.collect(),
            base: nobody(levels.len() * 2 * params.m),
            levels,
            locks: (0..N_LOCKS).map(|_| Mutex::default()).collect(),
        }
    }

    fn insert(&self, ord: u32) {
        let level = usize::from(self.levels[ord as usize]);
        let mut probe = Probe::default();
        probe.load(self.codes, ord);
        let walk = Walk {
            links: self,
            codes: self.codes,
            probe: &probe,
        };
        Scratch::with(|scratch| {
            let mut best = walk.score(self.entry);
            for layer in (level + 1..=self.upper.len()).rev() {
                best = walk.climb(layer, best, scratch);
            }
            for layer in (0..=level).rev() {
                walk.beam(layer, best, self.ef, scratch);
                best = scratch.kept.first().copied().unwrap_or(best);
                // Another thread may have found its way to this node by the layer above.
                scratch.kept.retain(|node| node.ord() != ord);
                // As many as there are places, where Malkov & Yashunin take M in every layer: with ef = 192 the
                // recall@10 among 100,000 sentences is .982 for .975, and a build takes a fifth longer.
                let places = self.places(layer, ord).len();
                let chosen = self.choose(&scratch.kept, places);
                for node in &chosen {
                    self.link(layer, ord, *node);
                }
                for node in &chosen {
                    self.link(layer, node.ord(), Scored::new(node.score(), ord));
                }
            }
        });
    }

    /// Those of `candidates`, best first, that become neighbours, at most `most`: each is nearer to the node than to
    /// any that was chosen before it, so that they lie around the node and not all on one side.
    fn choose(&self, candidates: &[Scored], most: usize) -> Vec<Scored> {
        let mut chosen: Vec<Scored> = Vec::with_capacity(most);
        let mut probes: Vec<Probe> = Vec::with_capacity(most);
        for node in candidates {
            if chosen.len() >= most {
                break;
            }
            let nearer = |probe: &Probe| self.codes.score(probe, node.ord()) > node.score();
            if probes.iter().any(nearer) {
                continue;
            }
            let mut probe = Probe::default();
            probe.load(self.codes, node.ord());
            probes.push(probe);
            chosen.push(*node);
        }
        chosen
    }

    /// Makes `to` a neighbour of `from`, if need be in the place of others.
    fn link(&self, layer: usize, from: u32, to: Scored) {
        let places = self.places(layer, from);
        let lock = &self.locks[from as usize % N_LOCKS];
        // A thread that panicked left every place with a node or with nobody: the list is whole.
        let _held = lock.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        for place in places {
            match place.load(Ordering::Relaxed) {
                NOBODY => return place.store(to.ord(), Ordering::Relaxed),
                ord if ord == to.ord() => return,
                _ => {}
            }
        }
        let mut probe = Probe::default();
        probe.load(self.codes, from);
        let scored = |place: &AtomicU32| {
            let ord = place.load(Ordering::Relaxed);
            Scored::new(self.codes.score(&probe, ord), ord)
        };
        let mut candidates: Vec<Scored> = places.iter().map(scored).collect();
        candidates.push(to);
        candidates.sort_unstable_by(|a, b| b.cmp(a));
        let chosen = self.choose(&candidates, places.len());
        let ords = chosen.iter().map(|node| node.ord());
        for (place, ord) in places.iter().zip(ords.chain(std::iter::repeat(NOBODY))) {
            place.store(ord, Ordering::Relaxed);
        }
    }

    fn places(&self, layer: usize, ord: u32) -> &[AtomicU32] {
        if layer == 0 {
            return &self.base[ord as usize * 2 * self.m..][..2 * self.m];
        }
        let (nodes, places) = &self.upper[layer - 1];
        match nodes.binary_search(&ord) {
            Ok(slot) => &places[slot * self.m..][..self.m],
            Err(_) => &[],
        }
    }

    fn finish(self) -> Built {
        let plain = |places: Vec<AtomicU32>| places.into_iter().map(AtomicU32::into_inner);
        Built {
            entry: self.entry,
            base_places: 2 * self.m,
            places: self.m,
            base: plain(self.base).collect(),
            upper: self
                .upper
                .into_iter()
                .map(|(nodes, places)| (nodes, plain(places).collect()))
                .collect(),
        }
    }
}

impl Links for Building<'_> {
    fn each(&self, layer: usize, ord: u32, visit: impl FnMut(u32)) {
        self.places(layer, ord)
            .iter()
            .map(|place| place.load(Ordering::Relaxed))
            .take_while(|ord| *ord != NOBODY)
            .for_each(visit);
    }
}

/// The highest layer of `ord`: each layer has one in `m` of the nodes of the one below.
fn level(ord: u32, m: usize) -> u8 {
    // Steele et al. (2014), "SplitMix": neighbouring ordinals give unlike numbers.
    let mut bits = (u64::from(ord) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    let uniform = ((bits >> 11) as f64 + 1.0) / (1u64 << 53) as f64;
    let level = -uniform.ln() / (m as f64).ln();
    (level as usize).min(MAX_LAYERS - 1) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_has_one_in_m_of_the_nodes_below() {
        let levels: Vec<u8> = (0..100_000).map(|ord| level(ord, 16)).collect();
        let above = |layer| levels.iter().filter(|level| **level >= layer).count();
        assert!((5_900..6_600).contains(&above(1)), "{}", above(1));
        assert!((300..480).contains(&above(2)), "{}", above(2));
    }
}
