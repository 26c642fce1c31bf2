//! Traces of requests, sent to a collector over OTLP.
//!
//! Spans for traces are not those of the log: nobody wants to read a route, a status and a kind before every line.

use axum::http::{HeaderMap, Method};
use tracing::Span;
use xenoglot_engine::Answer;

#[cfg(feature = "otlp")]
mod client;
#[cfg(feature = "otlp")]
mod exporter;

#[cfg(feature = "otlp")]
pub use exporter::Exporter;

/// What spans for traces are told apart by: a subscriber sends those of this target, and logs all others.
pub const TARGET: &str = "xenoglot_api::traces";

/// The span of a request, below the one that its client says (W3C `traceparent`).
pub(crate) fn span(method: &Method, route: &str, path: &str, headers: &HeaderMap) -> Span {
    let name = format_args!("{method} {route}");
    let span = tracing::info_span!(
        target: "xenoglot_api::traces",
        "request",
        otel.name = %name,
        otel.kind = "server",
        otel.status_code = tracing::field::Empty,
        http.request.method = %method,
        http.route = route,
        http.response.status_code = tracing::field::Empty,
        url.path = path,
    );
    #[cfg(feature = "otlp")]
    exporter::follow(&span, headers);
    #[cfg(not(feature = "otlp"))]
    let _ = headers;
    span
}

/// Says in `span` what its request was answered.
pub(crate) fn answered(span: &Span, status: u16) {
    span.record("http.response.status_code", status);
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// Says in the span of the request what the stages of its search took.
pub(crate) fn searched(answer: &Answer) {
    #[cfg(feature = "otlp")]
    exporter::searched(answer);
    #[cfg(not(feature = "otlp"))]
    let _ = answer;
}
