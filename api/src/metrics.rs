//! What happened since the server started, counted, for Prometheus to ask for.
//!
//! Whoever does something counts it here, by a method each; `docs/operations.md` lists what comes out. What can be read
//! when it is asked for (collections, memory) is not counted: `facts` reads it.

pub(crate) mod facts;
mod labels;
mod text;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use xenoglot_engine::Answer;

use facts::Facts;
pub use labels::Written;
use labels::{OutcomeLabel, RequestLabels, RouteLabel, StageLabel, WorkLabel};
pub(crate) use text::Format;

/// Seconds: from a lookup to a request that nobody should wait for.
const LATENCIES: [f64; 15] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];
/// Seconds: stages are shorter than requests.
const STAGE_LATENCIES: [f64; 15] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    10.0,
];

/// Counters of one server; a clone counts into the same.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Counted>);

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Debug)]
struct Counted {
    registry: Registry,
    started: SystemTime,
    requests: Family<RequestLabels, Counter>,
    latencies: Histograms<RouteLabel>,
    in_flight: Gauge,
    connections: Gauge,
    searches: Counter,
    partial: Counter,
    stages: Histograms<StageLabel>,
    waited: Histograms<WorkLabel>,
    written: Family<OutcomeLabel, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Nothing has happened yet.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("xenoglot");
        let to = &mut registry;
        let latencies: fn() -> Histogram = || Histogram::new(LATENCIES);
        let stages: fn() -> Histogram = || Histogram::new(STAGE_LATENCIES);
        let counted = Counted {
            started: SystemTime::now(),
            requests: counted(
                to,
                "http_requests",
                "Requests that were answered",
                Family::default(),
            ),
            latencies: timed(
                to,
                "http_request_duration",
                "From a request to the head of its answer",
                Family::new_with_constructor(latencies),
            ),
            in_flight: counted(
                to,
                "http_requests_in_flight",
                "Requests that wait for an answer",
                Gauge::default(),
            ),
            connections: counted(
                to,
                "open_connections",
                "Connections that are open",
                Gauge::default(),
            ),
            searches: counted(
                to,
                "searches",
                "Searches that were answered",
                Counter::default(),
            ),
            partial: counted(
                to,
                "partial_searches",
                "Searches whose time was over before all was done",
                Counter::default(),
            ),
            stages: timed(
                to,
                "search_stage_duration",
                "What a stage of a search took",
                Family::new_with_constructor(stages),
            ),
            waited: timed(
                to,
                "waiting_duration",
                "What works waited for a place",
                Family::new_with_constructor(stages),
            ),
            written: counted(
                to,
                "documents_written",
                "Documents by what a write made of them",
                Family::default(),
            ),
            registry,
        };
        Self(Arc::new(counted))
    }

    /// A request came; dropped without an answer, its client went away.
    pub(crate) fn request(&self, method: &'static str, route: &str) -> InRequest {
        InRequest {
            metrics: self.clone(),
            _in_flight: Held::of(&self.0.in_flight),
            labels: RequestLabels {
                method,
                route: route.to_owned(),
                // As nginx says it.
                status: 499,
            },
        }
    }

    /// A connection is open as long as what comes back lives.
    pub fn connection(&self) -> Held {
        Held::of(&self.0.connections)
    }

    /// A work of this kind got its place after `time`.
    pub(crate) fn waited(&self, work: &'static str, time: Duration) {
        let waited = self.0.waited.get_or_create(&WorkLabel { work });
        waited.observe(time.as_secs_f64());
    }

    /// A search has its answer.
    pub(crate) fn searched(&self, answer: &Answer) {
        self.0.searches.inc();
        self.0.partial.inc_by(u64::from(answer.partial));
        for stage in &answer.stages {
            let label = StageLabel { stage: stage.name };
            self.0
                .stages
                .get_or_create(&label)
                .observe(stage.took.as_secs_f64());
        }
    }

    /// Documents were written.
    pub fn wrote(&self, outcome: Written, n: usize) {
        self.0
            .written
            .get_or_create(&OutcomeLabel { outcome })
            .inc_by(n as u64);
    }

    /// All of it, with `facts`, as Prometheus reads it.
    pub(crate) fn render(&self, facts: &Facts, format: Format) -> Result<String, std::fmt::Error> {
        text::write(&[&self.0.registry, &facts.registry(self.0.started)], format)
    }
}

fn counted<M: Clone + prometheus_client::registry::Metric>(
    to: &mut Registry,
    name: &str,
    help: &str,
    metric: M,
) -> M {
    to.register(name, help, metric.clone());
    metric
}

fn timed<M: Clone + prometheus_client::registry::Metric>(
    to: &mut Registry,
    name: &str,
    help: &str,
    metric: M,
) -> M {
    to.register_with_unit(name, help, Unit::Seconds, metric.clone());
    metric
}

/// One more, as long as it lives.
#[derive(Debug)]
pub struct Held(Gauge);

impl Held {
    fn of(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A request that is being answered.
pub(crate) struct InRequest {
    metrics: Metrics,
    _in_flight: Held,
    labels: RequestLabels,
}

impl InRequest {
    /// It has its answer.
    pub(crate) fn answered(mut self, status: u16, took: Duration) {
        self.labels.status = status;
        let route = RouteLabel {
            route: self.labels.route.clone(),
        };
        let latencies = &self.metrics.0.latencies;
        latencies.get_or_create(&route).observe(took.as_secs_f64());
    }
}

impl Drop for InRequest {
    fn drop(&mut self) {
        self.metrics.0.requests.get_or_create(&self.labels).inc();
    }
}

#[cfg(test)]
mod tests;
