//! A navigable small-world graph in flat arrays: written once, mapped into memory, searched in place.
//!
//! The file is a sequence of little-endian `u32`: a header; the neighbours of every node in the lowest layer, as many
//! places for each; then for each layer above it its nodes in rising order, and their neighbours. A place without a
//! neighbour holds [`NOBODY`]. Opening looks at the header alone, so a neighbour is checked whenever it is used.

use std::io::Write;
use std::path::Path;

use memmap2::Mmap;

use crate::error::{Error, Result};
use crate::mapped;

use super::walk::Links;

/// "XHG2" in a little-endian file.
const MAGIC: u32 = u32::from_le_bytes(*b"XHG2");
const VERSION: u32 = 1;

/// Layers a graph may have; with M = 16, the sixteenth would want 10¹⁹ nodes.
pub(super) const MAX_LAYERS: usize = 16;

/// Words of a header: the magic number, the version, how many nodes there are, places in the lowest layer and in
/// others, the entry node, how many layers there are, nothing, and how many nodes each layer has. Two lines of the
/// cache, so that the neighbours behind it begin with one.
const HEADER: usize = 32;
const SIZES: usize = 8;

/// What stands in a place without a neighbour.
pub(super) const NOBODY: u32 = u32::MAX;

/// A graph as a builder hands it over.
pub(super) struct Built {
    pub(super) entry: u32,
    /// Places for neighbours in the lowest layer.
    pub(super) base_places: usize,
    /// The same in the layers above.
    pub(super) places: usize,
    /// Neighbours in the lowest layer, node after node.
    pub(super) base: Vec<u32>,
    /// Nodes in rising order and their neighbours, for each layer above it.
    pub(super) upper: Vec<(Vec<u32>, Vec<u32>)>,
}

impl Built {
    /// Writes the graph to `path`.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let mut header = [0; HEADER];
        let n_nodes = self.base.len() / self.base_places.max(1);
        header[..SIZES].copy_from_slice(&[
            MAGIC,
            VERSION,
            n_nodes as u32,
            self.base_places as u32,
            self.places as u32,
            self.entry,
            self.upper.len() as u32 + 1,
            0,
        ]);
        header[SIZES] = n_nodes as u32;
        for (size, (nodes, _)) in header[SIZES + 1..].iter_mut().zip(&self.upper) {
            *size = nodes.len() as u32;
        }
        let write = || -> std::io::Result<()> {
            let mut file = std::io::BufWriter::new(std::fs::File::create_new(path)?);
            let mut words = |words: &[u32]| file.write_all(bytemuck::cast_slice(words));
            words(&header)?;
            words(&self.base)?;
            for (nodes, neighbours) in &self.upper {
                words(nodes)?;
                words(neighbours)?;
            }
            file.flush()
        };
        write().map_err(|source| Error::Write {
            path: path.to_owned(),
            source,
        })
    }
}

/// The graph, mapped.
pub(super) struct Graph {
    bytes: Mmap,
    n_nodes: u32,
    base_places: usize,
    places: usize,
    entry: u32,
    upper: Vec<Layer>,
}

/// Where the parts of a layer begin in the file, counted in words.
#[derive(Debug, Clone, Copy)]
struct Layer {
    nodes: usize,
    neighbours: usize,
    end: usize,
}

impl Graph {
    /// Maps the graph at `path`, over `n_vectors` vectors.
    pub(super) fn open(path: &Path, n_vectors: usize) -> Result<Self> {
        let bytes = mapped::map(path)?;
        let damaged = |found: String, expected: &str| Error::Damaged {
            path: path.to_owned(),
            found,
            expected: expected.to_owned(),
        };
        let words: &[u32] = bytemuck::try_cast_slice(&bytes)
            .map_err(|_| damaged(format!("{} bytes", bytes.len()), "a multiple of 4"))?;
        let Some(header) = words.first_chunk::<HEADER>() else {
            return Err(damaged("a file too short".into(), "a graph"));
        };
        let [
            magic,
            version,
            n_nodes,
            base_places,
            places,
            entry,
            n_layers,
            ..,
        ] = *header;
        if magic != MAGIC {
            return Err(damaged(format!("magic number {magic:#x}"), "a graph"));
        }
        if version != VERSION {
            return Err(damaged(format!("version {version}"), &VERSION.to_string()));
        }
        if n_nodes as usize != n_vectors {
            return Err(damaged(format!("{n_nodes} nodes"), &n_vectors.to_string()));
        }
        if entry >= n_nodes {
            return Err(damaged(format!("entry {entry}"), "a node"));
        }
        let most = 1..=MAX_LAYERS as u32;
        if !most.contains(&n_layers) {
            return Err(damaged(format!("{n_layers} layers"), "1 to 16"));
        }
        let (base_places, places) = (base_places as usize, places as usize);
        let mut end = HEADER + n_vectors * base_places;
        let mut upper = Vec::new();
        for size in &header[SIZES + 1..SIZES + n_layers as usize] {
            let nodes = end;
            let neighbours = nodes + *size as usize;
            end = neighbours + *size as usize * places;
            upper.push(Layer {
                nodes,
                neighbours,
                end,
            });
        }
        if words.len() != end {
            return Err(damaged(
                format!("{} bytes", bytes.len()),
                &format!("{}", end * 4),
            ));
        }
        Ok(Self {
            n_nodes,
            base_places,
            places,
            entry,
            upper,
            bytes,
        })
    }

    /// Where every walk begins, in the highest layer.
    pub(super) fn entry(&self) -> u32 {
        self.entry
    }

    /// How many layers lie above the lowest.
    pub(super) fn n_upper(&self) -> usize {
        self.upper.len()
    }

    pub(super) fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The places of `ord` in `layer`; none where it is not in it.
    fn places(&self, layer: usize, ord: u32) -> &[u32] {
        let words: &[u32] = bytemuck::try_cast_slice(&self.bytes).unwrap_or_default();
        if layer == 0 {
            let start = HEADER + ord as usize * self.base_places;
            return &words[start..start + self.base_places];
        }
        let layer = self.upper[layer - 1];
        match words[layer.nodes..layer.neighbours].binary_search(&ord) {
            Ok(slot) => &words[layer.neighbours..layer.end][slot * self.places..][..self.places],
            Err(_) => &[],
        }
    }
}

impl Links for Graph {
    fn each(&self, layer: usize, ord: u32, visit: impl FnMut(u32)) {
        let places = self.places(layer, ord).iter().copied();
        // `NOBODY` is no node either, and nobody stands behind it; nor is what a damaged file may hold.
        places.take_while(|ord| *ord < self.n_nodes).for_each(visit);
    }
}
