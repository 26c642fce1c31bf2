//! Nearest vectors: exact for few, a graph for many.
//!
//! Vectors have unit length, so that the inner product is the cosine, larger for better. Searches walk by codes of one
//! byte a number; what they find is compared in full.

mod params;
mod reach;
mod search;

mod codes;
mod full;
mod header;
mod writer;

mod build;
mod distance;
mod exact;
mod graph;
mod hnsw;
mod walk;

pub mod bench;

use std::path::Path;

use fixedbitset::FixedBitSet;

use crate::error::{Error, Result};
use crate::monitor::Monitor;

use codes::Codes;
use full::Full;
use graph::Graph;
use search::Search;

pub use params::{GraphBuilder, HnswParams, VectorPrecision};
pub(crate) use reach::Reach;
pub(crate) use search::Near;
pub use search::Recall;
pub(crate) use writer::VectorWriter;

const CODES: &str = "vectors.i8";
const VECTORS_F32: &str = "vectors.f32";
const VECTORS_F16: &str = "vectors.f16";
const GRAPH: &str = "vectors.hnsw";

/// Vectors of one segment: ordinals have 31 bits.
const MAX_VECTORS: u32 = u32::MAX >> 1;

/// From this many vectors on there is a graph; below, comparing with all of them is as fast, and exact.
const GRAPH_FROM: usize = 10_000;

/// The vectors of a segment and the graph over them.
pub(crate) struct DenseIndex {
    codes: Codes,
    full: Full,
    graph: Option<Graph>,
}

/// How large the files of a dense index are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DenseSize {
    pub(crate) codes_bytes: usize,
    /// 0 where no full vectors are kept.
    pub(crate) full_bytes: usize,
    /// 0 where there is no graph.
    pub(crate) graph_bytes: usize,
}

impl DenseIndex {
    /// Opens the index in `dir`, of vectors of `dim` numbers. Looks at headers and sizes alone.
    pub(crate) fn open(dir: &Path, dim: usize) -> Result<Self> {
        let codes = Codes::open(&dir.join(CODES), dim)?;
        let full = Full::open(dir, codes.header())?;
        let path = dir.join(GRAPH);
        let graph = path.exists().then(|| Graph::open(&path, codes.len()));
        Ok(Self {
            graph: graph.transpose()?,
            codes,
            full,
        })
    }

    /// How many vectors there are.
    pub(crate) fn n_vectors(&self) -> usize {
        self.codes.len()
    }

    /// Numbers per vector.
    pub(crate) fn dim(&self) -> usize {
        self.codes.header().dim
    }

    /// How large the files are.
    pub(crate) fn size(&self) -> DenseSize {
        DenseSize {
            codes_bytes: self.codes.size_bytes(),
            full_bytes: self.full.size_bytes(),
            graph_bytes: self.graph.as_ref().map_or(0, Graph::size_bytes),
        }
    }

    /// The `depth` documents within `reach` whose vectors are nearest to `query`, `[dim]`, best first, each by its best
    /// vector; ties by document. The score is the cosine, computed from the full vectors.
    pub(crate) fn search(
        &self,
        query: &[f32],
        depth: usize,
        recall: Recall,
        reach: Reach<'_>,
    ) -> Result<Vec<Near>> {
        if query.len() != self.dim() {
            return Err(Error::Setting {
                name: "the query vector",
                got: format!("of {} numbers", query.len()),
                expected: "as many as the vectors of the index",
            });
        }
        // A zero query is a text in which the model sees nothing: it is near nothing.
        let says_something = query.iter().any(|x| *x != 0.0) && query.iter().all(|x| x.is_finite());
        if depth == 0 || self.n_vectors() == 0 || !says_something {
            return Ok(Vec::new());
        }
        let search = Search {
            index: self,
            query,
            depth,
            reach,
        };
        Ok(search.run(recall))
    }
}

/// Builds the graph over the vectors in `dir` and writes it beside them, in the caller's thread pool. Writes none where
/// there are few vectors.
pub(crate) fn build_graph(
    dir: &Path,
    dim: usize,
    params: HnswParams,
    monitor: &Monitor,
) -> Result<()> {
    build_graph_from(dir, dim, params, monitor, GRAPH_FROM)
}

/// The same, from `least` vectors on.
fn build_graph_from(
    dir: &Path,
    dim: usize,
    params: HnswParams,
    monitor: &Monitor,
    least: usize,
) -> Result<()> {
    let params = params.check()?;
    let codes = Codes::open(&dir.join(CODES), dim)?;
    if codes.len() < least {
        return Ok(());
    }
    let built = match params.builder {
        GraphBuilder::Native => build::build(&codes, params, monitor)?,
        GraphBuilder::HnswRs => hnsw::build(&codes, params, monitor)?,
    };
    built.write(&dir.join(GRAPH))
}

/// Adds the vectors of `parts` to `writer`, one part after another, in their order; of a part those in its set, or all.
pub(crate) fn merge_vectors(
    parts: &[(&DenseIndex, Option<&FixedBitSet>)],
    writer: &mut VectorWriter,
) -> Result<()> {
    parts
        .iter()
        .try_for_each(|(index, keep)| writer.add_rows(index, *keep))
}

#[cfg(test)]
mod tests;
