//! `GET /health`: up, and with what. `GET /health/live`: the process answers. `GET /health/ready`: requests may come.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::problem::Problem;
use crate::wire::Health;

/// Up, and with what
#[utoipa::path(get, path = "/health", tag = "operations", responses((status = 200, body = Health)))]
pub(crate) async fn health(State(app): State<App>) -> Json<Health> {
    Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        n_docs: app.n_docs(),
        collections: app.collections().all().len(),
        encoder: app.tools().encoder.spec().name.clone(),
    })
}

/// The process answers
#[utoipa::path(get, path = "/health/live", tag = "operations", responses((status = 200, body = String)))]
pub(crate) async fn live() -> &'static str {
    "live\n"
}

/// Requests may come: collections are open, and the server does not stop
#[utoipa::path(get, path = "/health/ready", tag = "operations", responses((status = 200, body = String)))]
pub(crate) async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    // Nobody listens before the collections are open, so what is left is the end.
    match app.is_stopping() {
        false => Ok("ready\n"),
        true => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the server stops",
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use xenoglot_engine::{Encoder, HashEncoder, IndexSettings, IndexWriter};

    use super::*;
    use crate::{Home, Options, Tools};

    #[test]
    fn a_server_that_stops_is_not_ready_and_lives() {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path().join("index");
        let encoder = HashEncoder::new(8);
        let settings = IndexSettings::new(encoder.spec().clone());
        let writer = IndexWriter::create(&dir, settings).unwrap();
        writer.commit().unwrap();
        let tools = Tools {
            encoder: Arc::new(encoder),
            rerankers: Default::default(),
            terminology: Default::default(),
            live: None,
        };
        let app = App::open(Home::Index(dir), tools, Options::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.unwrap();
        let is_ready = || runtime.block_on(ready(State(app.clone()))).is_ok();
        assert!(is_ready());
        app.stop();
        assert!(!is_ready());
        assert_eq!(runtime.block_on(live()), "live\n");
    }
}
