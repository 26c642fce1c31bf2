//! Other servers' routes over the same engine, for the clients that people already have: text-embeddings-inference, OpenAI,
//! Cohere and Jina. What each route means, and what differs, is in `docs/compatibility.md`.
//!
//! Requests are read leniently: a field that is not known here is a setting that changes nothing. Errors come in the shape
//! that each dialect's clients read, with the status and the `Retry-After` of the [`Problem`] that they carry.

mod cohere;
mod openai;
mod reranking;
mod tei;
mod texts;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::body::BodyLimit;
use crate::problem::Problem;

/// As many texts as one request may bring, of a page each.
const MAX_BODY_BYTES: usize = 16 << 20;

/// The routes of all dialects.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(tei::embed::root))
        .routes(routes!(tei::embed::embed))
        .routes(routes!(tei::embed::embed_all))
        .routes(routes!(tei::embed::similarity))
        .routes(routes!(tei::rerank::rerank))
        .routes(routes!(tei::tokens::tokenize))
        .routes(routes!(tei::info::info))
        .routes(routes!(openai::embeddings))
        .routes(routes!(cohere::rerank_v1))
        .routes(routes!(cohere::rerank_v2))
        .layer(Extension(BodyLimit(MAX_BODY_BYTES)))
}

/// An answer of `status` that carries `body`, and the headers of `problem`.
fn refused(problem: &Problem, status: u16, body: &impl Serialize) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(body)).into_response();
    if let Some(seconds) = problem.retry_after_s() {
        let seconds = HeaderValue::from(seconds);
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}
