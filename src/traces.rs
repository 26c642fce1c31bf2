//! Traces: spans of requests, sent to a collector.

use anyhow::{Context, Result};
use tracing::Metadata;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use xenoglot_api::traces::Exporter;

use crate::logs::Also;

/// Spans of requests, and not what is logged beside them.
fn is_for_traces(metadata: &Metadata<'_>) -> bool {
    metadata.target() == xenoglot_api::traces::TARGET
}

/// Where traces go.
#[derive(Debug, clap::Args)]
pub(crate) struct TraceArgs {
    /// Send a trace of every request to this collector (OTLP over HTTP; /v1/traces is added) [default: none are made]
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    otlp_endpoint: Option<String>,
}

impl TraceArgs {
    /// The exporter, if one is asked for, and where spans reach it. Dropped, it sends what it still has.
    pub(crate) fn start(&self) -> Result<Option<(Exporter, Also)>> {
        let Some(endpoint) = &self.otlp_endpoint else {
            return Ok(None);
        };
        let exporter =
            Exporter::new(endpoint).with_context(|| format!("cannot send traces to {endpoint}"))?;
        let layer = tracing_opentelemetry::layer()
            .with_tracer(exporter.tracer())
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(is_for_traces));
        Ok(Some((exporter, layer.boxed())))
    }
}
