//! `GET /health`: up, and with what.

use axum::Json;
use axum::extract::State;

use crate::app::App;
use crate::wire::Health;

pub(crate) async fn health(State(app): State<App>) -> Json<Health> {
    let manifest = app.searcher().manifest();
    Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        n_docs: manifest.n_docs,
        generation: manifest.generation,
        encoder: manifest.settings.encoder.name,
    })
}
