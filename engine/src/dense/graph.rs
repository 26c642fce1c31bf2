//! A navigable small-world graph in flat arrays: written once, mapped into memory, searched in place.
//!
//! The file is a sequence of little-endian `u32`: the magic number, the number of nodes, the entry node, the number
//! of layers; then each layer from the lowest: how many nodes and edges it has, the nodes in rising order, where each
//! node's neighbours begin (one more than there are nodes), and the neighbours.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::Write;
use std::path::Path;

use memmap2::Mmap;

use crate::document::DocOrd;
use crate::error::{Error, Result};
use crate::mapped;
use crate::ranking::Candidate;

use super::distance::dot;
use super::vectors::Vectors;

/// "XHG1" in a little-endian file.
const MAGIC: u32 = u32::from_le_bytes(*b"XHG1");

/// A node as a builder hands it over.
pub(super) struct Node {
    pub(super) ord: u32,
    /// The highest layer it is in.
    pub(super) layer: u8,
    /// Its neighbours, layer by layer from the lowest.
    pub(super) neighbours: Vec<Vec<u32>>,
}

/// The graph.
pub(super) struct Graph {
    words: Words,
    entry: u32,
    n_nodes: usize,
    layers: Vec<Layer>,
}

/// Where a layer's parts begin in the file, counted in words.
#[derive(Debug, Clone, Copy)]
struct Layer {
    n_nodes: usize,
    nodes: usize,
    offsets: usize,
    neighbours: usize,
}

enum Words {
    Built(Vec<u32>),
    Mapped(Mmap),
}

impl Words {
    fn get(&self) -> &[u32] {
        match self {
            Self::Built(words) => words,
            Self::Mapped(bytes) => bytemuck::try_cast_slice(bytes).unwrap_or_default(),
        }
    }
}

impl Graph {
    /// Flattens `nodes`.
    pub(super) fn from_nodes(mut nodes: Vec<Node>) -> Self {
        nodes.sort_unstable_by_key(|node| node.ord);
        let top = nodes.iter().map(|node| node.layer).max();
        let entry = nodes
            .iter()
            .find(|node| Some(node.layer) == top)
            .map_or(0, |node| node.ord);
        let n_layers = top.map_or(0, |top| u32::from(top) + 1);
        let mut words = vec![MAGIC, nodes.len() as u32, entry, n_layers];
        for layer in 0..n_layers as usize {
            flatten_layer(&nodes, layer, &mut words);
        }
        let layers = parse_layers(&words).unwrap_or_default();
        Self {
            n_nodes: nodes.len(),
            entry,
            layers,
            words: Words::Built(words),
        }
    }

    /// Writes the graph to `path`.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let write = || -> std::io::Result<()> {
            let mut file = std::io::BufWriter::new(std::fs::File::create_new(path)?);
            for word in self.words.get() {
                file.write_all(&word.to_le_bytes())?;
            }
            file.flush()
        };
        write().map_err(|source| Error::Write {
            path: path.to_owned(),
            source,
        })
    }

    /// Maps the graph at `path`, over `n_vectors` vectors.
    pub(super) fn open(path: &Path, n_vectors: usize) -> Result<Self> {
        let damaged = |found: String, expected: &str| Error::Damaged {
            path: path.to_owned(),
            found,
            expected: expected.to_owned(),
        };
        let words = Words::Mapped(mapped::map(path)?);
        let &[magic, n_nodes, entry, ..] = words.get() else {
            return Err(damaged("a file too short".into(), "a graph"));
        };
        if magic != MAGIC {
            return Err(damaged(format!("magic number {magic:#x}"), "a graph"));
        }
        if n_nodes as usize != n_vectors || (n_nodes > 0 && entry >= n_nodes) {
            return Err(damaged(format!("{n_nodes} nodes"), &format!("{n_vectors}")));
        }
        let layers = parse_layers(words.get())
            .ok_or_else(|| damaged("a cut layer".into(), "whole layers"))?;
        Ok(Self {
            n_nodes: n_vectors,
            entry,
            layers,
            words,
        })
    }

    /// The nearest nodes to `query`, in no order: `ef` of them, where the graph leads to as many.
    pub(super) fn search(&self, vectors: &Vectors, query: &[f32], ef: usize) -> Vec<Candidate> {
        let Some(upper) = self.layers.len().checked_sub(1) else {
            return Vec::new();
        };
        let score = |ord: u32| dot(query, vectors.row(ord));
        let mut best = Scored {
            score: score(self.entry),
            ord: self.entry,
        };
        for layer in (1..=upper).rev() {
            best = self.climb(layer, best, score);
        }
        self.beam(best, ef, score)
    }

    /// Steps to the best neighbour until none is better.
    fn climb(&self, layer: usize, mut best: Scored, score: impl Fn(u32) -> f32) -> Scored {
        loop {
            let before = best;
            for &ord in self.neighbours(layer, before.ord) {
                best = best.max(Scored {
                    score: score(ord),
                    ord,
                });
            }
            if best == before {
                return best;
            }
        }
    }

    /// Best-first search of the lowest layer, keeping the best `ef` nodes.
    fn beam(&self, start: Scored, ef: usize, score: impl Fn(u32) -> f32) -> Vec<Candidate> {
        let mut visited = Visited::new(self.n_nodes);
        visited.insert(start.ord);
        let mut frontier = BinaryHeap::from([start]);
        let mut kept = BinaryHeap::from([Reverse(start)]);
        while let Some(node) = frontier.pop() {
            let full = kept.len() >= ef;
            if full && kept.peek().is_some_and(|Reverse(worst)| node < *worst) {
                break;
            }
            for &ord in self.neighbours(0, node.ord) {
                if !visited.insert(ord) {
                    continue;
                }
                let neighbour = Scored {
                    score: score(ord),
                    ord,
                };
                if kept.len() >= ef {
                    if kept.peek().is_some_and(|Reverse(worst)| neighbour < *worst) {
                        continue;
                    }
                    kept.pop();
                }
                kept.push(Reverse(neighbour));
                frontier.push(neighbour);
            }
        }
        kept.into_iter()
            .map(|Reverse(node)| Candidate {
                doc: DocOrd(node.ord),
                score: node.score,
            })
            .collect()
    }

    fn neighbours(&self, layer: usize, ord: u32) -> &[u32] {
        let words = self.words.get();
        let Some(layer) = self.layers.get(layer) else {
            return &[];
        };
        let slot = if layer.n_nodes == self.n_nodes {
            ord as usize
        } else {
            let nodes = &words[layer.nodes..layer.nodes + layer.n_nodes];
            let Ok(slot) = nodes.binary_search(&ord) else {
                return &[];
            };
            slot
        };
        let begin = layer.neighbours + words[layer.offsets + slot] as usize;
        let end = layer.neighbours + words[layer.offsets + slot + 1] as usize;
        &words[begin..end]
    }
}

fn flatten_layer(nodes: &[Node], layer: usize, words: &mut Vec<u32>) {
    let members: Vec<&Node> = nodes
        .iter()
        .filter(|node| usize::from(node.layer) >= layer)
        .collect();
    let neighbours = |node: &&Node| node.neighbours.get(layer).cloned().unwrap_or_default();
    let n_edges: usize = members.iter().map(|node| neighbours(node).len()).sum();
    words.extend([members.len() as u32, n_edges as u32]);
    words.extend(members.iter().map(|node| node.ord));
    let mut offset = 0;
    words.push(offset);
    for node in &members {
        offset += neighbours(node).len() as u32;
        words.push(offset);
    }
    words.extend(members.iter().flat_map(neighbours));
}

/// The layers that `words` describe, or nothing where they do not fit into each other.
fn parse_layers(words: &[u32]) -> Option<Vec<Layer>> {
    let n_nodes_in_all = *words.get(1)?;
    let n_layers = *words.get(3)? as usize;
    let mut at = 4;
    let mut layers = Vec::with_capacity(n_layers.min(super::hnsw::MAX_LAYERS));
    for _ in 0..n_layers {
        let (n_nodes, n_edges) = (*words.get(at)? as usize, *words.get(at + 1)? as usize);
        let nodes = at + 2;
        let offsets = nodes + n_nodes;
        let neighbours = offsets + n_nodes + 1;
        at = neighbours + n_edges;
        let rises = words.get(offsets..neighbours)?.is_sorted();
        let ends = words
            .get(neighbours - 1)
            .is_some_and(|end| *end as usize == n_edges);
        let known = words
            .get(neighbours..at)?
            .iter()
            .all(|ord| *ord < n_nodes_in_all);
        if !(rises && ends && known) {
            return None;
        }
        layers.push(Layer {
            n_nodes,
            nodes,
            offsets,
            neighbours,
        });
    }
    (at == words.len()).then_some(layers)
}

/// A node and its score, ordered by score; ties by ordinal, the lower one being the better.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Scored {
    score: f32,
    ord: u32,
}

impl Eq for Scored {}

impl Ord for Scored {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.score
            .total_cmp(&other.score)
            .then(other.ord.cmp(&self.ord))
    }
}

impl PartialOrd for Scored {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// A set of ordinals, one bit each.
struct Visited(Vec<u64>);

impl Visited {
    fn new(n: usize) -> Self {
        Self(vec![0; n.div_ceil(64)])
    }

    /// Whether `ord` was not there before.
    fn insert(&mut self, ord: u32) -> bool {
        let (word, bit) = (ord as usize / 64, 1 << (ord % 64));
        let new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        new
    }
}
