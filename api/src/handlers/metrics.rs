//! `GET /metrics`: what Prometheus asks for.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;

use crate::app::App;
use crate::metrics::Format;
use crate::metrics::facts::{CollectionFacts, Facts, WorkFacts};
use crate::problem::Problem;

/// What happened since the server started, for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "operations",
    responses((status = 200, body = String, content_type = "text/plain", description = "OpenMetrics for who accepts it, the older text format for others")))]
pub(crate) async fn metrics(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let accept = headers.get(header::ACCEPT);
    let accept = accept.and_then(|accept| accept.to_str().ok());
    let format = Format::accepted(accept.unwrap_or_default());
    let text = app.metrics().render(&facts(&app), format);
    let text = text.map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, format.content_type())], text))
}

fn facts(app: &App) -> Facts {
    let collections = app.collections().all().into_iter();
    let works = app.admissions().into_iter();
    Facts {
        collections: collections
            .map(|(name, searcher)| {
                let manifest = searcher.manifest();
                CollectionFacts {
                    name,
                    n_docs: manifest.n_docs,
                    size_bytes: manifest.size_bytes(),
                    n_segments: manifest.n_segments(),
                    generation: manifest.generation,
                }
            })
            .collect(),
        works: works
            .map(|(work, admission)| {
                let (running, waiting) = admission.occupancy();
                WorkFacts {
                    work,
                    running,
                    waiting,
                    n_rejected: admission.n_rejected(),
                }
            })
            .collect(),
        encoder: app.batcher().figures(),
    }
}
