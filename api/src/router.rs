//! Which path leads to which handler, and what every request passes through.

use std::any::Any;

use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{from_fn_with_state, map_request};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use crate::access::{Gate, Needs, check};
use crate::app::App;
use crate::body::{BodyLimit, BodyRoom};
use crate::dialects;
use crate::handlers::{
    analyze, collections, documents, health, metrics, modules, multi_search, reload, search,
    snapshot, stacks, writes,
};
use crate::keys::Scope;
use crate::observe::{observe, sane_id};
use crate::openapi::{Document, OF_COLLECTION, completed};
use crate::page::page;
use crate::problem::Problem;
use crate::server::Reload;

/// Documents are held in memory until they are on disk.
const MAX_DOCUMENTS_BYTES: usize = 32 << 20;
/// Adapters take a few megabytes, masks of a table of many words more.
const MAX_MODULE_BYTES: usize = 128 << 20;
/// Of all bodies that are under way or worked on.
const MAX_BODIES_BYTES: usize = 256 << 20;

/// The API over `app`, open to everybody who reaches it.
pub fn router(app: App) -> Router {
    gated(app, Gate::open(), Reload::none())
}

/// The same behind `gate`.
pub(crate) fn gated(app: App, gate: Gate, reload: Reload) -> Router {
    let counted = app.metrics().clone();
    let metrics = OpenApiRouter::new().routes(routes!(metrics::metrics));
    let (router, document) = OpenApiRouter::with_openapi(Document::openapi())
        .nest("/v1", of_server())
        .nest("/v1", of_collection())
        .nest(OF_COLLECTION, of_collection())
        .routes(routes!(health::health))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .merge(asking(Needs::over_server(), metrics))
        .merge(asking(Needs::over_none(Scope::Search), dialects::routes()))
        .with_state(app)
        .split_for_parts();
    let router = router
        .merge(page())
        .merge(SwaggerUi::new("/docs").url("/openapi.json", completed(document)))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(Extension(BodyRoom::new(MAX_BODIES_BYTES)))
        .layer(Extension(reload));
    gate.before(router)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(from_fn_with_state(counted, observe))
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(map_request(sane_id))
}

/// Routes that ask something of a caller's key; those that ask nothing are there for all.
fn asking(needs: Needs, routes: OpenApiRouter<App>) -> OpenApiRouter<App> {
    routes.route_layer(from_fn_with_state(needs, check))
}

/// What is asked of the server.
fn of_server() -> OpenApiRouter<App> {
    let search = OpenApiRouter::new()
        .routes(routes!(multi_search::multi_search))
        .routes(routes!(collections::list))
        .routes(routes!(stacks::stacks))
        .routes(routes!(analyze::analyze))
        .routes(routes!(modules::list));
    let read = OpenApiRouter::new().routes(routes!(collections::get));
    let change = OpenApiRouter::new().routes(routes!(collections::create, collections::delete));
    let modules = OpenApiRouter::new()
        .routes(routes!(modules::add, modules::remove))
        .layer(Extension(BodyLimit(MAX_MODULE_BYTES)));
    let server = OpenApiRouter::new()
        .routes(routes!(reload::reload))
        .merge(modules);
    OpenApiRouter::new()
        .merge(asking(Needs::over_none(Scope::Search), search))
        .merge(asking(Needs::over_collection(Scope::Search), read))
        .merge(asking(Needs::over_collection(Scope::Admin), change))
        .merge(asking(Needs::over_server(), server))
}

/// What is asked of a collection: of the one that a path names, or of `default`.
fn of_collection() -> OpenApiRouter<App> {
    // Its body may name the collection.
    let search = OpenApiRouter::new().routes(routes!(search::search));
    let read = OpenApiRouter::new().routes(routes!(documents::document));
    let large = OpenApiRouter::new()
        .routes(routes!(writes::write))
        .layer(Extension(BodyLimit(MAX_DOCUMENTS_BYTES)));
    let write = OpenApiRouter::new()
        .merge(large)
        .routes(routes!(writes::delete_many))
        .routes(routes!(writes::delete));
    let admin = OpenApiRouter::new().routes(routes!(snapshot::snapshot));
    OpenApiRouter::new()
        .merge(asking(Needs::over_none(Scope::Search), search))
        .merge(asking(Needs::over_collection(Scope::Search), read))
        .merge(asking(Needs::over_collection(Scope::Write), write))
        .merge(asking(Needs::over_collection(Scope::Admin), admin))
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
