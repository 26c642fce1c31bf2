//! The same cases for every way to search, and what no search may do.

use fixedbitset::FixedBitSet;
use ndarray::{Array2, array};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::encoder::Embeddings;

const APPROXIMATE: Recall = Recall::Approximate { ef: 64 };
const SMALL: HnswParams = HnswParams {
    m: 8,
    ef_construction: 64,
    builder: GraphBuilder::Native,
};

fn written(rows: Array2<f32>, precision: VectorPrecision) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = VectorWriter::create(dir.path(), rows.ncols(), precision).unwrap();
    writer.add(&Embeddings::normalized(rows)).unwrap();
    writer.commit().unwrap();
    dir
}

/// An index with a graph however few vectors there are.
fn with_graph(rows: Array2<f32>, params: HnswParams) -> (TempDir, DenseIndex) {
    let dim = rows.ncols();
    let dir = written(rows, VectorPrecision::F32);
    build_graph_from(dir.path(), dim, params, &Monitor::default(), 1).unwrap();
    let index = DenseIndex::open(dir.path(), dim).unwrap();
    (dir, index)
}

fn without_graph(rows: Array2<f32>, precision: VectorPrecision) -> (TempDir, DenseIndex) {
    let dim = rows.ncols();
    let dir = written(rows, precision);
    let index = DenseIndex::open(dir.path(), dim).unwrap();
    (dir, index)
}

/// Points in clusters, none of which comes twice.
fn scattered(n: usize, dim: usize) -> Array2<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    let centres = Array2::from_shape_simple_fn((20, dim), &mut random);
    let mut rows = Array2::from_shape_simple_fn((n, dim), &mut random);
    for (i, mut row) in rows.rows_mut().into_iter().enumerate() {
        row += &centres.row(i % 20);
    }
    rows
}

fn docs(found: &[Near]) -> Vec<u32> {
    found.iter().map(|near| near.doc).collect()
}

/// Queries that lie between the points, as slices.
fn queries(n: usize, dim: usize) -> Vec<Vec<f32>> {
    let rows = Embeddings::normalized(scattered(n, dim) + 0.03);
    (0..n).map(|i| rows.row(i).to_vec()).collect()
}

/// How much of the truth is found, of the best ten for each query.
fn recall_at_10(index: &DenseIndex, recall: Recall, reach: Reach<'_>) -> f64 {
    let (mut found, mut wanted) = (0, 0);
    for query in queries(30, index.dim()) {
        let truth = docs(&index.search(&query, 10, Recall::Exact, reach).unwrap());
        let answer = docs(&index.search(&query, 10, recall, reach).unwrap());
        assert_eq!(answer.len(), truth.len());
        wanted += truth.len();
        found += answer.iter().filter(|doc| truth.contains(doc)).count();
    }
    found as f64 / wanted as f64
}

/// A score that sorts.
fn ordered(score: f32) -> i64 {
    (f64::from(score) * 1e9) as i64
}

/// Every `step`-th of `n` documents.
fn every(step: usize, n: usize) -> FixedBitSet {
    let mut docs = FixedBitSet::with_capacity(n);
    docs.extend((0..n).step_by(step));
    docs
}

#[test]
fn the_nearest_come_first_and_a_zero_query_finds_nothing() {
    let rows = array![[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]];
    let (_dirs, indexes): (Vec<_>, Vec<_>) = [
        without_graph(rows.clone(), VectorPrecision::F32),
        without_graph(rows.clone(), VectorPrecision::F16),
        without_graph(rows.clone(), VectorPrecision::I8),
        with_graph(rows, SMALL),
    ]
    .into_iter()
    .unzip();
    for index in indexes {
        for recall in [Recall::Exact, APPROXIMATE] {
            let search = |query: &[f32], depth| {
                let found = index.search(query, depth, recall, Reach::default());
                found.unwrap()
            };
            let found = search(&[0.0, 1.0], 2);
            assert_eq!(docs(&found), [1, 2]);
            assert!((found[0].score - 1.0).abs() < 1e-3, "{found:?}");
            assert!((found[1].score - 0.5f32.sqrt()).abs() < 1e-2, "{found:?}");
            assert_eq!(search(&[0.0, 1.0], 9).len(), 4);
            assert!(search(&[0.0, 0.0], 2).is_empty());
            assert!(search(&[f32::NAN, 1.0], 2).is_empty());
            assert!(search(&[0.0, 1.0], 0).is_empty());
            assert!(index.search(&[1.0], 2, recall, Reach::default()).is_err());
        }
    }
}

#[test]
fn an_empty_index_opens_and_finds_nothing() {
    let (_dir, index) = without_graph(Array2::zeros((0, 2)), VectorPrecision::F32);
    for recall in [Recall::Exact, APPROXIMATE] {
        let found = index.search(&[1.0, 0.0], 5, recall, Reach::default());
        assert!(found.unwrap().is_empty());
    }
}

#[test]
fn every_dimension_is_searched_whole() {
    for dim in [1, 2, 63, 64, 65, 100, 384, 400] {
        let (_dir, index) = with_graph(scattered(60, dim), SMALL);
        // One number has one direction, or the other: many vectors are equal.
        let least = if dim == 1 { 0.0 } else { 0.99 };
        let reach = Reach::default();
        assert!(recall_at_10(&index, APPROXIMATE, reach) >= least, "{dim}");
    }
}

#[test]
fn the_graphs_find_what_exact_search_finds_under_any_filter() {
    let n = 4_000;
    for builder in [GraphBuilder::Native, GraphBuilder::HnswRs] {
        let params = HnswParams { builder, ..SMALL };
        let (_dir, index) = with_graph(scattered(n, 24), params);
        for (step, least) in [(1, 0.97), (2, 0.95), (20, 0.95), (200, 0.95)] {
            let allowed = every(step, n);
            for docs in [Some(&allowed), None] {
                let reach = Reach { docs, owners: None };
                let recall = recall_at_10(&index, APPROXIMATE, reach);
                assert!(recall >= least, "{builder:?}, one in {step}: {recall}");
            }
        }
    }
}

#[test]
fn what_a_walk_may_not_find_it_walks_over() {
    // Few enough candidates that the graph is walked although only half of the documents may be found.
    let n = 4_000;
    let (_dir, index) = with_graph(scattered(n, 24), SMALL);
    let allowed = every(2, n);
    let reach = Reach {
        docs: Some(&allowed),
        owners: None,
    };
    let query = queries(1, 24).remove(0);
    let narrow = Recall::Approximate { ef: 10 };
    let found = index.search(&query, 10, narrow, reach).unwrap();
    assert_eq!(found.len(), 10);
    assert!(found.iter().all(|near| near.doc % 2 == 0));
}

#[test]
fn documents_count_by_their_best_vector() {
    let n = 6_000;
    // The first document owns half of the vectors, and every other one three.
    let owners: Vec<u32> = (0..n)
        .map(|i| if i % 2 == 0 { 0 } else { 1 + (i / 6) as u32 })
        .collect();
    let n_docs = *owners.iter().max().unwrap() as usize + 1;
    let (_dir, index) = with_graph(scattered(n, 24), SMALL);
    for allowed in [None, Some(every(3, n_docs)), Some(every(100, n_docs))] {
        let reach = Reach {
            docs: allowed.as_ref(),
            owners: Some(&owners),
        };
        for recall in [Recall::Exact, Recall::Approximate { ef: 10 }] {
            for query in queries(5, 24) {
                let found = index.search(&query, 10, recall, reach).unwrap();
                assert_eq!(found.len(), 10, "{recall:?}");
                let mut seen = docs(&found);
                seen.dedup();
                assert_eq!(seen.len(), 10, "each document once: {seen:?}");
                for near in &found {
                    assert_eq!(owners[near.vector as usize], near.doc);
                    assert!(
                        allowed
                            .as_ref()
                            .is_none_or(|docs| docs.contains(near.doc as usize))
                    );
                }
            }
        }
        assert!(recall_at_10(&index, APPROXIMATE, reach) >= 0.95);
    }
}

#[test]
fn a_search_goes_on_until_documents_are_found_or_nothing_is_left() {
    // Two documents, and one of them has the nearest two thousand vectors.
    let mut rows = Array2::from_elem((2_001, 4), 1.0);
    rows.row_mut(2_000).assign(&array![-1.0, 1.0, 1.0, 1.0]);
    let mut owners = vec![0; 2_000];
    owners.push(1);
    let (_dir, index) = with_graph(rows, SMALL);
    let reach = Reach {
        docs: None,
        owners: Some(&owners),
    };
    for recall in [Recall::Exact, Recall::Approximate { ef: 1 }] {
        let found = index.search(&[0.5; 4], 5, recall, reach).unwrap();
        assert_eq!(docs(&found), [0, 1]);
        assert_eq!(found[0].vector, 0);
    }
}

#[test]
fn a_thousand_equal_vectors_and_zeros_are_no_trouble() {
    let mut rows = Array2::ones((3_000, 4));
    for i in (0..3_000).step_by(3) {
        rows.row_mut(i).fill(0.0);
    }
    for builder in [GraphBuilder::Native, GraphBuilder::HnswRs] {
        let (_dir, index) = with_graph(rows.clone(), HnswParams { builder, ..SMALL });
        let found = index.search(&[0.5; 4], 10, APPROXIMATE, Reach::default());
        let found = found.unwrap();
        assert_eq!(found.len(), 10);
        assert!(found.iter().all(|near| (near.score - 1.0).abs() < 1e-6));
    }
}

#[test]
fn one_thread_always_builds_the_same_graph() {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let graph = || {
        let (dir, _) = pool.install(|| with_graph(scattered(1_000, 16), SMALL));
        std::fs::read(dir.path().join(GRAPH)).unwrap()
    };
    assert_eq!(graph(), graph());
}

#[test]
fn a_build_is_watched_and_stopped() {
    let dir = written(scattered(50, 8), VectorPrecision::I8);
    let monitor = Monitor::default();
    build_graph_from(dir.path(), 8, SMALL, &monitor, 1).unwrap();
    assert_eq!(
        monitor
            .graph_nodes
            .load(std::sync::atomic::Ordering::Relaxed),
        50
    );
    monitor.interrupt();
    let stopped = build_graph_from(dir.path(), 8, SMALL, &monitor, 1);
    assert!(matches!(stopped, Err(Error::Interrupted)));
}

#[test]
fn few_vectors_need_no_graph() {
    let dir = written(scattered(50, 8), VectorPrecision::F32);
    build_graph(dir.path(), 8, SMALL, &Monitor::default()).unwrap();
    assert!(!dir.path().join(GRAPH).exists());
}

#[test]
fn merged_vectors_are_those_that_were_kept_in_their_order() {
    let rows = scattered(40, 20);
    for precision in [
        VectorPrecision::F32,
        VectorPrecision::F16,
        VectorPrecision::I8,
    ] {
        let (_a, a) = without_graph(rows.clone(), precision);
        let (_b, b) = without_graph(rows.clone() * -1.0, precision);
        let dir = tempfile::tempdir().unwrap();
        let mut writer = VectorWriter::create(dir.path(), 20, precision).unwrap();
        merge_vectors(&[(&a, Some(&every(4, 40))), (&b, None)], &mut writer).unwrap();
        writer.commit().unwrap();
        let merged = DenseIndex::open(dir.path(), 20).unwrap();
        assert_eq!(merged.n_vectors(), 50);
        for (ord, part, from) in [(0, &a, 0), (9, &a, 36), (10, &b, 0), (49, &b, 39)] {
            assert_eq!(merged.codes.row(ord), part.codes.row(from));
            let (mut got, mut expected) = (Vec::new(), Vec::new());
            merged.full.read(&merged.codes, ord, &mut got);
            part.full.read(&part.codes, from, &mut expected);
            assert_eq!(got, expected);
        }
    }
}

#[test]
fn a_file_cut_or_changed_is_refused_by_name() {
    let (dir, _) = with_graph(scattered(100, 8), SMALL);
    for file in [CODES, VECTORS_F32, GRAPH] {
        let path = dir.path().join(file);
        let whole = std::fs::read(&path).unwrap();
        let refused = |bytes: &[u8]| {
            // A mapped file must not change under its index: others are put in its place.
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, bytes).unwrap();
            match DenseIndex::open(dir.path(), 8) {
                Err(Error::Damaged { path: named, .. }) => assert_eq!(named, path),
                other => panic!("{file}: {:?}", other.err()),
            }
        };
        for len in [0, 3, 63, 64, whole.len() / 2, whole.len() - 1] {
            refused(&whole[..len]);
        }
        refused(&[&whole[..], &[0; 4]].concat());
        for at in [0, 4, 8] {
            let mut changed = whole.clone();
            changed[at] ^= 0x55;
            refused(&changed);
        }
        std::fs::write(&path, &whole).unwrap();
    }
    assert!(matches!(
        DenseIndex::open(dir.path(), 9),
        Err(Error::Damaged { .. })
    ));
    std::fs::remove_file(dir.path().join(VECTORS_F32)).unwrap();
    assert!(matches!(
        DenseIndex::open(dir.path(), 8),
        Err(Error::Read { .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever stands in the body of a graph, a search neither panics nor finds what it may not.
    #[test]
    fn a_graph_of_any_numbers_is_survived(
        places in proptest::collection::vec((0usize..10_000, prop_oneof![any::<u32>(), 0u32..4_000]), 1..200),
        step in 1usize..4,
    ) {
        let (dir, index) = with_graph(scattered(1_500, 8), SMALL);
        drop(index);
        let path = dir.path().join(GRAPH);
        let mut bytes = std::fs::read(&path).unwrap();
        let header = 32 * 4;
        for (at, word) in places {
            let at = header + at * 4 % (bytes.len() - header);
            bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        std::fs::write(&path, bytes).unwrap();
        let index = DenseIndex::open(dir.path(), 8).unwrap();
        let allowed = every(step, 1_500);
        for docs in [None, Some(&allowed)] {
            let reach = Reach { docs, owners: None };
            let recall = Recall::Approximate { ef: 2 };
            let found = index.search(&queries(1, 8)[0], 2, recall, reach).unwrap();
            prop_assert_eq!(found.len(), 2);
        }
    }

    /// Scores fall, ties rise by document, nothing comes twice, and only what may be found is.
    #[test]
    fn every_ranking_is_in_order(
        seed in proptest::collection::vec(-2i8..3, 3 * 30),
        allowed in proptest::collection::vec(any::<bool>(), 30),
        depth in 1usize..40,
    ) {
        // Small whole numbers: many vectors are equal, and some are zero.
        let rows = Array2::from_shape_vec((30, 3), seed.iter().map(|x| f32::from(*x)).collect()).unwrap();
        let (_dir, index) = with_graph(rows, SMALL);
        let mut docs = FixedBitSet::with_capacity(30);
        docs.extend((0..30).filter(|doc| allowed[*doc]));
        let reach = Reach { docs: Some(&docs), owners: None };
        for recall in [Recall::Exact, APPROXIMATE] {
            let found = index.search(&[0.6, -0.8, 0.1], depth, recall, reach).unwrap();
            prop_assert_eq!(found.len(), depth.min(docs.count_ones(..)));
            prop_assert!(found.iter().all(|near| docs.contains(near.doc as usize)));
            let key = |near: &Near| (std::cmp::Reverse(ordered(near.score)), near.doc);
            prop_assert!(found.is_sorted_by_key(key));
        }
    }
}
