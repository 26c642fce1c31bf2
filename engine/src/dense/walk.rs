//! Best-first walks over a graph (Malkov & Yashunin 2018, algorithm 2), for those who search it and those who build it.

use std::cell::Cell;
use std::collections::BinaryHeap;

use super::codes::{Codes, Probe};

/// A graph whose nodes are ordinals of codes.
pub(super) trait Links {
    /// Calls `visit` with the neighbours of `ord` in `layer`, all of them nodes of the graph.
    fn each(&self, layer: usize, ord: u32, visit: impl FnMut(u32));
}

/// A node with its score in one word that sorts like the score; ties by ordinal, the lower one being larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scored(u64);

/// Set while a node's neighbours have not been looked at. Lowest, so that it sorts nothing.
const UNSEEN: u64 = 1;

impl Scored {
    pub(super) fn new(score: f32, ord: u32) -> Self {
        let bits = score.to_bits();
        // Floats sort like integers once negative ones are turned around.
        let sortable = bits ^ (((bits as i32) >> 31) as u32 | 0x8000_0000);
        Self(u64::from(sortable) << 32 | u64::from(!ord & super::MAX_VECTORS) << 1 | UNSEEN)
    }

    pub(super) fn ord(self) -> u32 {
        !(self.0 as u32 >> 1) & super::MAX_VECTORS
    }

    pub(super) fn score(self) -> f32 {
        let sortable = (self.0 >> 32) as u32;
        let mask = (((!sortable) as i32) >> 31) as u32 | 0x8000_0000;
        f32::from_bits(sortable ^ mask)
    }
}

/// What a walk needs, kept from one to the next.
#[derive(Default)]
pub(super) struct Scratch {
    visited: Visited,
    frontier: BinaryHeap<Scored>,
    /// The best nodes of the last walk, best first.
    pub(super) kept: Vec<Scored>,
    fresh: Vec<u32>,
    scores: Vec<f32>,
}

thread_local! {
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

impl Scratch {
    /// Lends this thread's own to `work`.
    pub(super) fn with<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        // Taken out, not borrowed: `work` may wait for other threads, and meanwhile be asked for another search.
        let mut scratch = SCRATCH.take().unwrap_or_default();
        let result = work(&mut scratch);
        SCRATCH.set(Some(scratch));
        result
    }
}

/// A walk: over what, towards what.
pub(super) struct Walk<'a, L> {
    pub(super) links: &'a L,
    pub(super) codes: &'a Codes,
    pub(super) probe: &'a Probe,
}

impl<L: Links> Walk<'_, L> {
    /// The score of `ord`.
    pub(super) fn score(&self, ord: u32) -> Scored {
        Scored::new(self.codes.score(self.probe, ord), ord)
    }

    /// Steps to the best neighbour in `layer` until none is better.
    pub(super) fn climb(&self, layer: usize, mut best: Scored, scratch: &mut Scratch) -> Scored {
        loop {
            let before = best;
            scratch.fresh.clear();
            self.links
                .each(layer, before.ord(), |ord| scratch.fresh.push(ord));
            self.codes
                .scores(self.probe, &scratch.fresh, &mut scratch.scores);
            for (ord, score) in scratch.fresh.iter().zip(&scratch.scores) {
                best = best.max(Scored::new(*score, *ord));
            }
            if best == before {
                return best;
            }
        }
    }

    /// Leaves the best `ef` nodes that can be reached from `start` in `layer` in `scratch.kept`.
    pub(super) fn beam(&self, layer: usize, start: Scored, ef: usize, scratch: &mut Scratch) {
        scratch.visited.begin(self.codes.len());
        scratch.visited.insert(start.ord());
        scratch.kept.clear();
        // An end of another walk is a beginning here.
        scratch.kept.push(Scored(start.0 | UNSEEN));
        // Of nodes that were kept none before this place is unseen.
        let mut at = 0;
        while let Some(node) = scratch.kept.get_mut(at) {
            if node.0 & UNSEEN == 0 {
                at += 1;
                continue;
            }
            node.0 &= !UNSEEN;
            let ord = node.ord();
            self.look_around(layer, ord, scratch);
            for (ord, score) in scratch.fresh.iter().zip(&scratch.scores) {
                let node = Scored::new(*score, *ord);
                if let Some(place) = keep(&mut scratch.kept, node, ef) {
                    at = at.min(place);
                }
            }
        }
    }

    /// The same, keeping only nodes that `admit` lets in; others are walked over.
    pub(super) fn beam_among(
        &self,
        layer: usize,
        start: Scored,
        ef: usize,
        admit: impl Fn(u32) -> bool,
        scratch: &mut Scratch,
    ) {
        scratch.visited.begin(self.codes.len());
        scratch.visited.insert(start.ord());
        scratch.kept.clear();
        if admit(start.ord()) {
            scratch.kept.push(start);
        }
        scratch.frontier.clear();
        scratch.frontier.push(start);
        while let Some(node) = scratch.frontier.pop() {
            if scratch.kept.len() >= ef && scratch.kept.last().is_some_and(|worst| node < *worst) {
                break;
            }
            self.look_around(layer, node.ord(), scratch);
            for (ord, score) in scratch.fresh.iter().zip(&scratch.scores) {
                let node = Scored::new(*score, *ord);
                if scratch.kept.len() >= ef
                    && scratch.kept.last().is_some_and(|worst| node < *worst)
                {
                    continue;
                }
                scratch.frontier.push(node);
                if admit(*ord) {
                    keep(&mut scratch.kept, node, ef);
                }
            }
        }
    }

    /// Scores the neighbours of `ord` that were not visited yet.
    fn look_around(&self, layer: usize, ord: u32, scratch: &mut Scratch) {
        let Scratch { visited, fresh, .. } = scratch;
        fresh.clear();
        self.links.each(layer, ord, |ord| {
            if visited.insert(ord) {
                fresh.push(ord);
            }
        });
        self.codes
            .scores(self.probe, &scratch.fresh, &mut scratch.scores);
    }
}

/// Puts `node` into `kept`, best first, unless `ef` are better; returns where.
fn keep(kept: &mut Vec<Scored>, node: Scored, ef: usize) -> Option<usize> {
    if kept.len() >= ef {
        if kept.last().is_some_and(|worst| node < *worst) {
            return None;
        }
        kept.pop();
    }
    let place = kept.partition_point(|other| *other > node);
    kept.insert(place, node);
    Some(place)
}

/// A set of ordinals, one bit each, that is emptied by what was put in.
#[derive(Default)]
struct Visited {
    words: Vec<u64>,
    members: Vec<u32>,
}

impl Visited {
    /// Empties the set and makes room for ordinals below `n`.
    fn begin(&mut self, n: usize) {
        for ord in self.members.drain(..) {
            self.words[ord as usize / 64] = 0;
        }
        if self.words.len() < n.div_ceil(64) {
            self.words.resize(n.div_ceil(64), 0);
        }
    }

    /// Whether `ord` was not there before.
    fn insert(&mut self, ord: u32) -> bool {
        let (word, bit) = (&mut self.words[ord as usize / 64], 1 << (ord % 64));
        let new = *word & bit == 0;
        if new {
            *word |= bit;
            self.members.push(ord);
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_sort_by_score_then_by_lower_ordinal() {
        let scores = [-1.0, -0.5, -0.0, 0.0, 1e-9, 0.5, 1.0];
        for pair in scores.windows(2) {
            assert!(
                Scored::new(pair[0], 1) <= Scored::new(pair[1], 1),
                "{pair:?}"
            );
        }
        assert!(Scored::new(0.5, 3) > Scored::new(0.5, 4));
        for (score, ord) in [(-0.25, 0), (0.75, super::super::MAX_VECTORS)] {
            let node = Scored::new(score, ord);
            assert_eq!((node.score(), node.ord()), (score, ord));
        }
    }

    #[test]
    fn what_is_kept_is_the_best_in_order() {
        let mut kept = Vec::new();
        for (ord, score) in [0.3, 0.9, 0.1, 0.5, 0.9].into_iter().enumerate() {
            keep(&mut kept, Scored::new(score, ord as u32), 3);
        }
        let ords: Vec<u32> = kept.iter().map(|node| node.ord()).collect();
        assert_eq!(ords, [1, 4, 3]);
    }

    #[test]
    fn a_set_that_begins_again_is_empty() {
        let mut visited = Visited::default();
        visited.begin(70);
        assert!(visited.insert(69));
        assert!(!visited.insert(69));
        visited.begin(200);
        assert!(visited.insert(69));
        assert!(visited.insert(199));
    }
}
