//! `POST /embed`, `/embed_all` and `/similarity`: vectors, vectors of tokens, and how alike texts are.

use axum::Json;
use axum::extract::State;
use ndarray::Axis;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use xenoglot_engine::{Deadline, Encoder};

use crate::app::App;
use crate::body::Body;
use crate::client::Client;
use crate::dialects::texts::{
    Input, Inputs, MAX_TEXTS, Texts, check_count, check_dimensions, check_time,
};
use crate::problem::Problem;

use super::{ErrorResponse, Failure, TruncationDirection, role, too_long};

/// A vector for each token is much to answer with.
const MAX_TEXTS_OF_TOKENS: usize = 32;
/// Tokens of all texts of a request: as many vectors are 70 MB of JSON, where they have 384 numbers.
const MAX_STATES: usize = 16_384;

/// Texts to be embedded.
#[derive(Deserialize, ToSchema)]
pub(in crate::dialects) struct EmbedRequest {
    inputs: Inputs,
    /// Whether texts that are longer than the model reads are cut, which they are unless this is false.
    truncate: Option<bool>,
    truncation_direction: Option<TruncationDirection>,
    /// Which of the model's prompts stands before each text: `query` or `document`; none unless it is said.
    #[schema(pattern = "^(query|document|passage|corpus)$")]
    prompt_name: Option<String>,
    /// Vectors have unit length in any case.
    #[serde(default, rename = "normalize")]
    #[schema(rename = "normalize")]
    _normalize: Option<bool>,
    /// How many numbers of each vector are kept, from the first on.
    #[schema(minimum = 1)]
    dimensions: Option<usize>,
}

/// A vector for each text.
#[derive(Serialize, ToSchema)]
pub(in crate::dialects) struct EmbedResponse(Vec<Vec<f32>>);

/// Vectors of texts
#[utoipa::path(post, path = "/embed", tag = "text-embeddings-inference", request_body = EmbedRequest,
    responses((status = 200, body = EmbedResponse), (status = "4XX", body = ErrorResponse), (status = "5XX", body = ErrorResponse)))]
pub(in crate::dialects) async fn embed(
    State(app): State<App>,
    client: Client,
    body: Result<Body<EmbedRequest>, Problem>,
) -> Result<Json<EmbedResponse>, Failure> {
    let Body(request) = body?;
    if request.inputs.is_empty() {
        return Err(Failure::empty("inputs"));
    }
    let role = role("prompt_name", request.prompt_name.as_deref())?;
    let dimensions = request.dimensions;
    check_dimensions(dimensions, app.batcher())?;
    let texts = Texts {
        field: "inputs",
        inputs: request.inputs.into_vec(),
        role,
        too_long: too_long(request.truncate, request.truncation_direction),
    };
    texts.check()?;
    let prepare =
        move |encoder: &dyn Encoder, deadline: &Deadline| texts.prepare(encoder, deadline);
    let embedded = app.embed(&client, role, prepare).await?;
    let vectors = match dimensions {
        Some(dimensions) => embedded.vectors.truncated(dimensions),
        None => embedded.vectors,
    };
    let rows = vectors
        .view()
        .axis_iter(Axis(0))
        .map(|row| row.to_vec())
        .collect();
    Ok(Json(EmbedResponse(rows)))
}

/// Vectors of texts, where a client knows no path
#[utoipa::path(post, path = "/", tag = "text-embeddings-inference", request_body = EmbedRequest,
    responses((status = 200, body = EmbedResponse), (status = "4XX", body = ErrorResponse), (status = "5XX", body = ErrorResponse)))]
pub(in crate::dialects) async fn root(
    app: State<App>,
    client: Client,
    body: Result<Body<EmbedRequest>, Problem>,
) -> Result<Json<EmbedResponse>, Failure> {
    embed(app, client, body).await
}

/// Texts whose tokens are to be embedded.
#[derive(Deserialize, ToSchema)]
pub(in crate::dialects) struct EmbedAllRequest {
    inputs: Inputs,
    truncate: Option<bool>,
    truncation_direction: Option<TruncationDirection>,
    #[schema(pattern = "^(query|document|passage|corpus)$")]
    prompt_name: Option<String>,
}

/// A vector for each token of each text.
#[derive(Serialize, ToSchema)]
pub(in crate::dialects) struct EmbedAllResponse(Vec<Vec<Vec<f32>>>);

/// Vectors of the tokens of texts, before they become one
#[utoipa::path(post, path = "/embed_all", tag = "text-embeddings-inference", request_body = EmbedAllRequest,
    responses((status = 200, body = EmbedAllResponse), (status = "4XX", body = ErrorResponse), (status = "5XX", body = ErrorResponse)))]
pub(in crate::dialects) async fn embed_all(
    State(app): State<App>,
    client: Client,
    body: Result<Body<EmbedAllRequest>, Problem>,
) -> Result<Json<EmbedAllResponse>, Failure> {
    let Body(request) = body?;
    if request.inputs.is_empty() {
        return Err(Failure::empty("inputs"));
    }
    let role = role("prompt_name", request.prompt_name.as_deref())?;
    let texts = Texts {
        field: "inputs",
        inputs: request.inputs.into_vec(),
        role,
        too_long: too_long(request.truncate, request.truncation_direction),
    };
    check_count("inputs", texts.inputs.len(), MAX_TEXTS_OF_TOKENS)?;
    texts.check()?;
    let batcher = app.batcher().clone();
    let states = app.search(&client, None, move |deadline| {
        let Some(model) = batcher.token_model() else {
            return Ok(None);
        };
        let texts = texts.prepare(&batcher, &deadline)?;
        let n_tokens: usize = texts.iter().map(|text| text.n_tokens).sum();
        if n_tokens > MAX_STATES {
            let detail = format!("inputs have {n_tokens} tokens, expected at most {MAX_STATES}");
            return Err(Problem::too_large("inputs", detail));
        }
        let mut states = Vec::new();
        for text in texts {
            check_time(&deadline)?;
            let Some(rows) = model.states(&text.text, role)? else {
                return Ok(None);
            };
            states.push(rows.axis_iter(Axis(0)).map(|row| row.to_vec()).collect());
        }
        Ok(Some(states))
    });
    match states.await? {
        Some(states) => Ok(Json(EmbedAllResponse(states))),
        None => Err(Failure::backend(format!(
            "`{}` does not show the vectors of tokens; token tables do, and transformers that are read from weights and \
             not from an ONNX file",
            app.batcher().spec().name
        ))),
    }
}

/// A text and others.
#[derive(Deserialize, ToSchema)]
pub(in crate::dialects) struct SimilarityRequest {
    inputs: SimilarityInputs,
    parameters: Option<SimilarityParameters>,
}

#[derive(Deserialize, ToSchema)]
struct SimilarityInputs {
    /// What the others are compared with.
    source_sentence: String,
    #[schema(min_items = 1, max_items = 2047)]
    sentences: Vec<String>,
}

#[derive(Default, Deserialize, ToSchema)]
struct SimilarityParameters {
    truncate: Option<bool>,
    truncation_direction: Option<TruncationDirection>,
    #[schema(pattern = "^(query|document|passage|corpus)$")]
    prompt_name: Option<String>,
}

/// A cosine for each of the sentences.
#[derive(Serialize, ToSchema)]
pub(in crate::dialects) struct SimilarityResponse(Vec<f32>);

/// How near texts are to another
#[utoipa::path(post, path = "/similarity", tag = "text-embeddings-inference", request_body = SimilarityRequest,
    responses((status = 200, body = SimilarityResponse), (status = "4XX", body = ErrorResponse), (status = "5XX", body = ErrorResponse)))]
pub(in crate::dialects) async fn similarity(
    State(app): State<App>,
    client: Client,
    body: Result<Body<SimilarityRequest>, Problem>,
) -> Result<Json<SimilarityResponse>, Failure> {
    let Body(SimilarityRequest { inputs, parameters }) = body?;
    if inputs.sentences.is_empty() {
        return Err(Failure::empty("inputs.sentences"));
    }
    check_count("inputs.sentences", inputs.sentences.len(), MAX_TEXTS - 1)?;
    let parameters = parameters.unwrap_or_default();
    let role = role("parameters.prompt_name", parameters.prompt_name.as_deref())?;
    let all = std::iter::once(inputs.source_sentence).chain(inputs.sentences);
    let texts = Texts {
        field: "inputs",
        inputs: all.map(Input::Text).collect(),
        role,
        too_long: too_long(parameters.truncate, parameters.truncation_direction),
    };
    texts.check()?;
    let prepare =
        move |encoder: &dyn Encoder, deadline: &Deadline| texts.prepare(encoder, deadline);
    let embedded = app.embed(&client, role, prepare).await?;
    let cosines = embedded.vectors.view().dot(&embedded.vectors.row(0));
    Ok(Json(SimilarityResponse(
        cosines.iter().skip(1).copied().collect(),
    )))
}
