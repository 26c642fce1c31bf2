//! From spans to a collector.

use std::io;
use std::time::Duration;

use axum::http::HeaderMap;
use opentelemetry::KeyValue;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::resource::EnvResourceDetector;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use xenoglot_engine::Answer;

use super::client::Client;

/// How long the last spans may take when the server stops: a collector that hangs must not keep it.
const LAST_SPANS: Duration = Duration::from_secs(2);

/// Sends spans to a collector, in batches. Dropped, it sends what it still has.
#[derive(Debug)]
pub struct Exporter {
    provider: SdkTracerProvider,
}

impl Exporter {
    /// Sends to the collector at `endpoint`, an address without the path.
    ///
    /// # Errors
    /// When the address is none, or is not HTTP.
    pub fn new(endpoint: &str) -> io::Result<Self> {
        // There is no TLS in this client: a collector stands beside the server, or behind a proxy that has it.
        if !endpoint.starts_with("http://") {
            let fault = "expected an address that begins with http://";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, fault));
        }
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::default())
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .build()
            .map_err(io::Error::other)?;
        // What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say counts before it.
        let program = Resource::builder_empty()
            .with_service_name("xenoglot")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_detector(Box::new(EnvResourceDetector::new()));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(program.build())
            .build();
        Ok(Self { provider })
    }

    /// What spans are made with.
    pub fn tracer(&self) -> SdkTracer {
        self.provider.tracer("xenoglot")
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown_with_timeout(LAST_SPANS) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// Puts `span` below the one that the client's headers name.
pub(super) fn follow(span: &Span, headers: &HeaderMap) {
    if !span.is_disabled() {
        let above = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        // Where nobody listens for traces there is nothing to follow.
        let _ = span.set_parent(above);
    }
}

/// Adds the stages to the span we are in.
pub(super) fn searched(answer: &Answer) {
    let span = Span::current();
    for stage in &answer.stages {
        let took_ms = stage.took.as_secs_f64() * 1e3;
        span.add_event(
            stage.name,
            vec![
                KeyValue::new("took_ms", took_ms),
                KeyValue::new("candidates", stage.ranking.len() as i64),
            ],
        );
    }
}
