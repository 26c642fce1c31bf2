//! `GET /info`: the model that is served.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use xenoglot_engine::Encoder;

use crate::app::App;
use crate::dialects::texts::MAX_TEXTS;
use crate::limits::MAX_TEXT_CHARS;

/// The model that is served.
#[derive(Serialize, ToSchema)]
pub(in crate::dialects) struct Info {
    model_id: String,
    /// A hash of everything that decides the vectors.
    model_sha: String,
    model_dtype: &'static str,
    model_type: ModelType,
    max_concurrent_requests: usize,
    /// Tokens of a text that the model reads.
    max_input_length: usize,
    max_batch_tokens: usize,
    max_batch_requests: Option<usize>,
    max_client_batch_size: usize,
    auto_truncate: bool,
    tokenization_workers: usize,
    version: &'static str,
    sha: Option<&'static str>,
    docker_label: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
struct ModelType {
    embedding: EmbeddingModel,
}

#[derive(Serialize, ToSchema)]
struct EmbeddingModel {
    pooling: String,
}

/// The model that is served
#[utoipa::path(get, path = "/info", tag = "text-embeddings-inference", responses((status = 200, body = Info)))]
pub(in crate::dialects) async fn info(State(app): State<App>) -> Json<Info> {
    let batcher = app.batcher();
    let model = batcher.token_model();
    let places = app.search_limits();
    Json(Info {
        model_id: batcher.spec().name.clone(),
        model_sha: batcher.spec().fingerprint.clone(),
        // Whatever it computes with, its vectors are.
        model_dtype: "float32",
        model_type: ModelType {
            embedding: EmbeddingModel {
                pooling: model.map_or_else(String::new, |model| model.pooling()),
            },
        },
        max_concurrent_requests: places.running + places.waiting,
        max_input_length: model
            .and_then(|model| model.max_tokens())
            .unwrap_or(MAX_TEXT_CHARS),
        max_batch_tokens: batcher.max_batch_tokens(),
        max_batch_requests: None,
        max_client_batch_size: MAX_TEXTS,
        auto_truncate: true,
        tokenization_workers: std::thread::available_parallelism().map_or(1, usize::from),
        version: env!("CARGO_PKG_VERSION"),
        sha: None,
        docker_label: None,
    })
}
