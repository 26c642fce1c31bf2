//! `POST /v1/embeddings`: vectors of texts, as OpenAI's clients ask for them.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use xenoglot_engine::{Deadline, Encoder, Role};

use crate::app::App;
use crate::body::Body;
use crate::client::Client;
use crate::problem::Problem;

use super::refused;
use super::texts::{Inputs, Texts, TooLong, check_dimensions};

/// Texts to be embedded.
#[derive(Deserialize, ToSchema)]
pub(super) struct EmbeddingsRequest {
    input: Inputs,
    /// Whatever clients are configured with; there is one model.
    #[serde(default, rename = "model")]
    #[schema(rename = "model")]
    _model: Option<String>,
    encoding_format: Option<EncodingFormat>,
    /// How many numbers of each vector are kept, from the first on.
    #[schema(minimum = 1)]
    dimensions: Option<usize>,
    #[serde(default, rename = "user")]
    #[schema(rename = "user")]
    _user: Option<String>,
}

/// How vectors are written.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum EncodingFormat {
    /// As numbers.
    #[default]
    Float,
    /// As the bytes of 32-bit numbers, the lowest first.
    Base64,
}

/// The vectors.
#[derive(Serialize, ToSchema)]
pub(super) struct EmbeddingsResponse {
    object: &'static str,
    data: Vec<EmbeddingObject>,
    /// What made them.
    model: String,
    usage: EmbeddingsUsage,
}

#[derive(Serialize, ToSchema)]
struct EmbeddingObject {
    object: &'static str,
    /// Which of the texts.
    index: usize,
    embedding: Vector,
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum Vector {
    Float(Vec<f32>),
    Base64(String),
}

#[derive(Serialize, ToSchema)]
struct EmbeddingsUsage {
    prompt_tokens: usize,
    total_tokens: usize,
}

/// What went wrong, as its clients read it.
#[derive(Serialize, ToSchema)]
pub(super) struct OpenAiError {
    error: OpenAiErrorBody,
}

#[derive(Serialize, ToSchema)]
struct OpenAiErrorBody {
    message: String,
    #[serde(rename = "type")]
    kind: &'static str,
    /// The field that is wrong.
    param: Option<String>,
    code: Option<&'static str>,
}

/// A [`Problem`], about to be said in this dialect.
pub(super) struct Failure(Problem);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let (status, kind, code) = match problem.status() {
            // Its clients know a wrong value as a bad request.
            400 | 422 => (400, "invalid_request_error", None),
            413 => (413, "invalid_request_error", Some("too_large")),
            429 => (429, "rate_limit_error", Some("rate_limit_exceeded")),
            status if status < 500 => (status, "invalid_request_error", None),
            status => (status, "server_error", None),
        };
        let body = OpenAiError {
            error: OpenAiErrorBody {
                message: problem.detail().to_owned(),
                kind,
                param: problem.named_field().map(ToOwned::to_owned),
                code,
            },
        };
        refused(&problem, status, &body)
    }
}

/// Vectors of texts
#[utoipa::path(post, path = "/v1/embeddings", tag = "openai", request_body = EmbeddingsRequest,
    responses((status = 200, body = EmbeddingsResponse), (status = "4XX", body = OpenAiError), (status = "5XX", body = OpenAiError)))]
pub(super) async fn embeddings(
    State(app): State<App>,
    client: Client,
    body: Result<Body<EmbeddingsRequest>, Problem>,
) -> Result<Json<EmbeddingsResponse>, Failure> {
    let Body(request) = body?;
    if request.input.is_empty() {
        return Err(Problem::field("input", "input is empty, expected a text").into());
    }
    check_dimensions(request.dimensions, app.batcher())?;
    let texts = Texts {
        field: "input",
        inputs: request.input.into_vec(),
        role: Role::Plain,
        too_long: TooLong::CutEnd,
    };
    texts.check()?;
    let prepare =
        move |encoder: &dyn Encoder, deadline: &Deadline| texts.prepare(encoder, deadline);
    let embedded = app.embed(&client, Role::Plain, prepare).await?;
    let vectors = match request.dimensions {
        Some(dimensions) => embedded.vectors.truncated(dimensions),
        None => embedded.vectors,
    };
    let format = request.encoding_format.unwrap_or_default();
    let data = (0..vectors.len()).map(|index| EmbeddingObject {
        object: "embedding",
        index,
        embedding: format.written(vectors.row(index).iter().copied()),
    });
    Ok(Json(EmbeddingsResponse {
        object: "list",
        data: data.collect(),
        model: app.batcher().spec().name.clone(),
        usage: EmbeddingsUsage {
            prompt_tokens: embedded.n_tokens,
            total_tokens: embedded.n_tokens,
        },
    }))
}

impl EncodingFormat {
    fn written(self, vector: impl Iterator<Item = f32>) -> Vector {
        match self {
            Self::Float => Vector::Float(vector.collect()),
            Self::Base64 => {
                let bytes: Vec<u8> = vector.flat_map(f32::to_le_bytes).collect();
                Vector::Base64(STANDARD.encode(bytes))
            }
        }
    }
}
