//! Which path leads to which handler, and what every request passes through.

use std::any::Any;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

use crate::app::App;
use crate::handlers::{documents, health, search, snapshot, writes};
use crate::problem::Problem;

/// No query needs more.
const MAX_BODY_BYTES: usize = 1 << 20;
/// Documents are held in memory until they are on disk.
const MAX_DOCUMENTS_BYTES: usize = 32 << 20;

/// The API over `app`.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/v1/search", post(search::search))
        .route(
            "/v1/documents",
            post(writes::write).layer(DefaultBodyLimit::max(MAX_DOCUMENTS_BYTES)),
        )
        .route("/v1/documents/delete", post(writes::delete_many))
        .route(
            "/v1/documents/{id}",
            get(documents::document).delete(writes::delete),
        )
        .route("/v1/snapshot", get(snapshot::snapshot))
        .route("/health", get(health::health))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .with_state(app)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
}

async fn no_such_path(uri: Uri) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        format!("there is nothing at {}", uri.path()),
    )
}

async fn no_such_method(method: Method, uri: Uri) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{} does not take {method}", uri.path()),
    )
}

fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref().copied());
    tracing::error!(
        panic = said.unwrap_or("without a message"),
        "a handler panicked"
    );
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "the server failed; its log says why",
    )
    .into_response()
}

/// The request's id stands beside everything that is logged of it; the body never does.
fn span<B>(request: &Request<B>) -> tracing::Span {
    let id = request
        .headers()
        .get("x-request-id")
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    tracing::info_span!("request", method = %request.method(), path = request.uri().path(), id)
}
