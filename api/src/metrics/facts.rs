//! What is so at the moment when somebody asks: collections, places, the encoder, and what the system says of this process.

mod process;

use crate::batching::BatchFigures;
use std::time::SystemTime;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::labels::WorkLabel;

/// What is read when it is asked for.
pub(crate) struct Facts {
    pub(crate) collections: Vec<CollectionFacts>,
    pub(crate) works: Vec<WorkFacts>,
    pub(crate) encoder: BatchFigures,
}

/// One collection.
pub(crate) struct CollectionFacts {
    pub(crate) name: String,
    pub(crate) n_docs: usize,
    pub(crate) size_bytes: u64,
    pub(crate) n_segments: usize,
    pub(crate) generation: u64,
}

/// The places of works of one kind.
pub(crate) struct WorkFacts {
    pub(crate) work: &'static str,
    pub(crate) running: usize,
    pub(crate) waiting: usize,
    pub(crate) n_rejected: u64,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CollectionLabel {
    collection: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

impl Facts {
    /// Made anew for every answer, so that a collection that went is gone.
    pub(super) fn registry(&self, started: SystemTime) -> Registry {
        let mut registry = Registry::default();
        let own = registry.sub_registry_with_prefix("xenoglot");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        own.register("build", "The program", build);
        self.collections(own);
        self.works(own);
        register_batches(&self.encoder, own);
        process::register(&mut registry, started);
        registry
    }

    fn collections(&self, registry: &mut Registry) {
        let gauge = |value: fn(&CollectionFacts) -> u64| {
            let family: Family<CollectionLabel, Gauge> = Family::default();
            for facts in &self.collections {
                let label = CollectionLabel {
                    collection: facts.name.clone(),
                };
                family.get_or_create(&label).set(signed(value(facts)));
            }
            family
        };
        let docs = gauge(|facts| facts.n_docs as u64);
        registry.register("collection_documents", "Documents in a collection", docs);
        let size = gauge(|facts| facts.size_bytes);
        registry.register_with_unit("collection_size", "A collection on disk", Unit::Bytes, size);
        let segments = gauge(|facts| facts.n_segments as u64);
        registry.register("collection_segments", "Segments of a collection", segments);
        let generation = gauge(|facts| facts.generation);
        let help = "Generation of a collection: how often it changed";
        registry.register("collection_generation", help, generation);
    }

    fn works(&self, registry: &mut Registry) {
        let gauge = |value: fn(&WorkFacts) -> usize| {
            let family: Family<WorkLabel, Gauge> = Family::default();
            for facts in &self.works {
                let label = WorkLabel { work: facts.work };
                family
                    .get_or_create(&label)
                    .set(signed(value(facts) as u64));
            }
            family
        };
        let running = gauge(|facts| facts.running);
        registry.register("running_requests", "Requests that are worked on", running);
        let waiting = gauge(|facts| facts.waiting);
        registry.register(
            "waiting_requests",
            "Requests that wait for a place",
            waiting,
        );
        let rejected: Family<WorkLabel, Counter> = Family::default();
        for facts in &self.works {
            let label = WorkLabel { work: facts.work };
            rejected.get_or_create(&label).inc_by(facts.n_rejected);
        }
        let help = "Requests that were sent away with 429 because too many waited";
        registry.register("rejected_requests", help, rejected);
    }
}

fn register_batches(batches: &BatchFigures, registry: &mut Registry) {
    for (name, help, value) in [
        (
            "encoder_queued_texts",
            "Texts that wait for the encoder",
            batches.queued_texts,
        ),
        (
            "encoder_queued_tokens",
            "Tokens that wait for the encoder",
            batches.queued_tokens,
        ),
        (
            "encoder_batch_tokens",
            "Tokens that fit into one call of the encoder",
            batches.batch_tokens,
        ),
    ] {
        registry.register(name, help, ConstGauge::new(signed(value as u64)));
    }
    for (name, help, value) in [
        (
            "encoder_calls",
            "Calls of the encoder: batches",
            batches.batches,
        ),
        ("encoder_texts", "Texts in all batches", batches.texts),
        ("encoder_tokens", "Tokens in all batches", batches.tokens),
        (
            "encoder_refused_jobs",
            "Jobs that were sent away because too much waited",
            batches.refused,
        ),
        (
            "encoder_abandoned_jobs",
            "Jobs that were not encoded because their clients had gone",
            batches.abandoned,
        ),
        (
            "encoder_late_jobs",
            "Jobs that were not encoded because their time was over",
            batches.late,
        ),
        (
            "encoder_retried_calls",
            "Calls that failed and were made again for each job",
            batches.retried,
        ),
    ] {
        registry.register(name, help, ConstCounter::new(value));
    }
    let cache: Family<ResultLabel, Counter> = Family::default();
    for (result, n) in [("hit", batches.cache_hits), ("miss", batches.cache_misses)] {
        cache.get_or_create(&ResultLabel { result }).inc_by(n);
    }
    let help = "Vectors of queries that were looked for in the cache";
    registry.register("query_cache_lookups", help, cache);
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
