//! Nearest vectors: exact for few, a graph for many.
//!
//! Vectors have unit length, so that the inner product is the cosine; distances stay inside this room and come out
//! as scores, larger for better.

mod distance;
mod exact;
mod graph;
mod hnsw;
mod vectors;

use std::path::Path;

use ndarray::ArrayView1;

use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::ranking::Ranking;

use graph::Graph;
use vectors::Vectors;

pub use hnsw::HnswParams;
pub(crate) use vectors::VectorWriter;

const VECTORS: &str = "vectors.f32";
const GRAPH: &str = "vectors.hnsw";

/// Up to this many vectors, comparing with all of them is faster than walking the graph.
const EXACT_UP_TO: usize = 2_000;

/// How much of the index a dense search looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recall {
    /// Every vector: the truth, at a cost that grows with the corpus.
    Exact,
    /// The graph, keeping the best `ef` vectors seen; more find more (Malkov & Yashunin 2018, ef).
    Approximate {
        /// Raised to the depth where it lies below it.
        ef: usize,
    },
}

impl Default for Recall {
    /// The graph with ef = 128.
    fn default() -> Self {
        Self::Approximate { ef: 128 }
    }
}

/// The vectors of every document and the graph over them.
pub(crate) struct DenseIndex {
    vectors: Vectors,
    graph: Graph,
    recall: Recall,
}

impl DenseIndex {
    /// Opens the index in `dir`, of vectors of `dim` numbers.
    pub(crate) fn open(dir: &Path, dim: usize) -> Result<Self> {
        let vectors = Vectors::open(&dir.join(VECTORS), dim)?;
        let graph = Graph::open(&dir.join(GRAPH), vectors.len())?;
        Ok(Self {
            vectors,
            graph,
            recall: Recall::default(),
        })
    }

    /// The same index, looking at as much as `recall` says.
    pub(crate) fn with_recall(self, recall: Recall) -> Self {
        Self { recall, ..self }
    }

    /// The `depth` documents whose vectors are nearest to `query`, `[dim]`; the score is the cosine.
    pub(crate) fn search(&self, query: ArrayView1<'_, f32>, depth: usize) -> Result<Ranking> {
        let dim = self.vectors.dim();
        let query = query
            .as_slice()
            .filter(|query| query.len() == dim)
            .ok_or_else(|| Error::Setting {
                name: "the query vector",
                got: format!("of {} numbers", query.len()),
                expected: "as many as the vectors of the index",
            })?;
        // A zero query is a text in which the model sees nothing: it is near nothing.
        if depth == 0 || query.iter().all(|x| *x == 0.0) {
            return Ok(Ranking::default());
        }
        let candidates = match self.recall {
            Recall::Approximate { ef } if self.vectors.len() > EXACT_UP_TO => {
                self.graph.search(&self.vectors, query, ef.max(depth))
            }
            _ => exact::search(&self.vectors, query),
        };
        Ok(Ranking::new(candidates, depth))
    }
}

/// Builds the graph over the vectors in `dir` and writes it beside them.
pub(crate) fn build_graph(
    dir: &Path,
    dim: usize,
    params: HnswParams,
    monitor: &Monitor,
) -> Result<()> {
    let vectors = Vectors::open(&dir.join(VECTORS), dim)?;
    hnsw::build(&vectors, params, monitor)?.write(&dir.join(GRAPH))
}

/// A file of vectors to be filled, in `dir`.
pub(crate) fn create_vectors(dir: &Path, dim: usize) -> Result<VectorWriter> {
    VectorWriter::create(&dir.join(VECTORS), dim)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::document::DocOrd;
    use crate::encoder::Embeddings;

    fn index(rows: Array2<f32>, recall: Recall) -> (tempfile::TempDir, DenseIndex) {
        let dir = tempfile::tempdir().unwrap();
        let dim = rows.ncols();
        let mut writer = create_vectors(dir.path(), dim).unwrap();
        writer.add(&Embeddings::normalized(rows)).unwrap();
        writer.commit().unwrap();
        build_graph(dir.path(), dim, HnswParams::default(), &Monitor::default()).unwrap();
        let index = DenseIndex::open(dir.path(), dim)
            .unwrap()
            .with_recall(recall);
        (dir, index)
    }

    /// Points that repeat themselves never, on the unit sphere once they are normalised.
    fn scattered(n: usize, dim: usize) -> Array2<f32> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        Array2::from_shape_simple_fn((n, dim), || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        })
    }

    fn docs(ranking: &Ranking) -> Vec<DocOrd> {
        ranking.docs().collect()
    }

    #[test]
    fn the_nearest_come_first_and_a_zero_query_finds_nothing() {
        for recall in [Recall::Exact, Recall::default()] {
            let (_dir, index) = index(
                array![[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]],
                recall,
            );
            let found = index.search(array![0.0, 1.0].view(), 2).unwrap();
            assert_eq!(docs(&found), [DocOrd(1), DocOrd(2)]);
            assert!((found.candidates()[0].score - 1.0).abs() < 1e-6);
            assert!(index.search(array![0.0, 0.0].view(), 2).unwrap().is_empty());
        }
    }

    #[test]
    fn an_empty_index_opens_and_finds_nothing() {
        let (_dir, index) = index(Array2::zeros((0, 2)), Recall::default());
        assert!(index.search(array![1.0, 0.0].view(), 5).unwrap().is_empty());
    }

    #[test]
    fn the_graph_finds_what_exact_search_finds() {
        let rows = scattered(3_000, 24);
        let queries = Embeddings::normalized(scattered(40, 24) + 0.05);
        let (_dir, graph) = index(rows.clone(), Recall::Approximate { ef: 200 });
        let (_dir, exact) = index(rows, Recall::Exact);
        let mut found = 0;
        for i in 0..queries.len() {
            let truth = docs(&exact.search(queries.row(i), 10).unwrap());
            found += docs(&graph.search(queries.row(i), 10).unwrap())
                .iter()
                .filter(|doc| truth.contains(doc))
                .count();
        }
        assert!(found >= 390, "recall@10 is {} of 400", found);
    }

    #[test]
    fn a_thousand_equal_vectors_are_no_trouble() {
        let (_dir, index) = index(Array2::ones((2_500, 4)), Recall::default());
        assert_eq!(
            index
                .search(array![0.5, 0.5, 0.5, 0.5].view(), 10)
                .unwrap()
                .len(),
            10
        );
    }
}
