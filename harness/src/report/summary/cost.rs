//! What a system costs: time of a query, and an index.

use std::collections::{BTreeMap, BTreeSet};

use super::{Collection, median};
use crate::results::{Cell, IndexInfo, Percentiles, Results, TOTAL};

/// Stages in the order in which they run; others follow.
const ORDER: [&str; 6] = ["encode", "lexical", "feedback", "dense", "fusion", "rerank"];

/// Medians over pairs, and sums over indexes.
pub(in super::super) struct Cost {
    pub(in super::super) latency_ms: Option<Percentiles>,
    /// The median time of every stage.
    pub(in super::super) stages_ms: BTreeMap<String, f64>,
    pub(in super::super) n_docs: usize,
    pub(in super::super) size_bytes: u64,
    pub(in super::super) build_seconds: f64,
    pub(in super::super) n_indexes: usize,
}

impl Cost {
    pub(super) fn new(results: &Results, cells: &[&Cell]) -> Self {
        let of_stage = |stage: &str| {
            let times = cells.iter().filter_map(|cell| cell.latency_ms.get(stage));
            let times: Vec<Percentiles> = times.copied().collect();
            let middle = |of: fn(&Percentiles) -> f64| median(times.iter().map(of).collect());
            Some(Percentiles {
                p50: middle(|time| time.p50)?,
                p95: middle(|time| time.p95)?,
                p99: middle(|time| time.p99)?,
                n: times.iter().map(|time| time.n).sum(),
            })
        };
        let stages: BTreeSet<&String> = cells.iter().flat_map(|c| c.latency_ms.keys()).collect();
        let stages = stages.into_iter().filter(|stage| *stage != TOTAL);
        // Collections may share an index, and each has a row of its own for it.
        let keys = cells
            .iter()
            .map(|cell| (cell.index.as_str(), cell.collection.as_str()));
        let keys: BTreeSet<(&str, &str)> = keys.collect();
        let is_used =
            |index: &&IndexInfo| keys.contains(&(index.key.as_str(), index.collection.as_str()));
        let indexes: Vec<&IndexInfo> = results.indexes.iter().filter(is_used).collect();
        Self {
            latency_ms: of_stage(TOTAL),
            stages_ms: stages
                .filter_map(|stage| Some((stage.clone(), of_stage(stage)?.p50)))
                .collect(),
            n_docs: indexes.iter().map(|index| index.n_docs).sum(),
            size_bytes: indexes.iter().map(|index| index.size_bytes).sum(),
            build_seconds: indexes.iter().map(|index| index.build_seconds).sum(),
            n_indexes: indexes.len(),
        }
    }
}

/// The stages of any system on a collection, in the order in which they run.
pub(in super::super) fn stages_of<'a>(collection: &'a Collection) -> Vec<&'a str> {
    let systems = collection.systems.iter();
    let found: BTreeSet<&str> = systems
        .flat_map(|system| system.cost.stages_ms.keys().map(String::as_str))
        .collect();
    let mut stages: Vec<&str> = found.into_iter().collect();
    let place = |stage: &str| ORDER.iter().position(|known| *known == stage);
    stages.sort_by_key(|stage| place(stage).unwrap_or(ORDER.len()));
    stages
}
