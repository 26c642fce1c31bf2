//! `POST /rerank`: texts, best first.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::body::Body;
use crate::client::Client;
use crate::dialects::reranking::{Asked, Passage, Scores, rerank as score};
use crate::problem::Problem;

use super::{ErrorResponse, Failure, TruncationDirection};

/// A query and texts that may answer it.
#[derive(Deserialize, ToSchema)]
pub(in crate::dialects) struct RerankRequest {
    #[schema(min_length = 1, max_length = 4096, example = "why are there tides")]
    query: String,
    #[schema(min_items = 1)]
    texts: Vec<String>,
    /// What speaks for a text that is longer than the model reads is the reranker's to say.
    #[serde(default, rename = "truncate")]
    #[schema(rename = "truncate")]
    _truncate: Option<bool>,
    #[serde(default, rename = "truncation_direction")]
    #[schema(rename = "truncation_direction")]
    _truncation_direction: Option<TruncationDirection>,
    /// Scores as the model gives them, in place of scores from 0 to 1.
    raw_scores: Option<bool>,
    return_text: Option<bool>,
}

/// The texts, best first.
#[derive(Serialize, ToSchema)]
pub(in crate::dialects) struct RerankResponse(Vec<Rank>);

#[derive(Serialize, ToSchema)]
struct Rank {
    /// Which of the texts.
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    score: f32,
}

/// Texts, best first
#[utoipa::path(post, path = "/rerank", tag = "text-embeddings-inference", request_body = RerankRequest,
    responses((status = 200, body = RerankResponse), (status = "4XX", body = ErrorResponse), (status = "5XX", body = ErrorResponse)))]
pub(in crate::dialects) async fn rerank(
    State(app): State<App>,
    client: Client,
    body: Result<Body<RerankRequest>, Problem>,
) -> Result<Json<RerankResponse>, Failure> {
    let Body(request) = body?;
    if request.texts.is_empty() {
        return Err(Failure::empty("texts"));
    }
    let texts = request
        .return_text
        .unwrap_or(false)
        .then(|| request.texts.clone());
    let asked = Asked {
        query: request.query,
        field: "texts",
        passages: request.texts.into_iter().map(Passage::from).collect(),
        model: None,
        max_tokens: None,
        scores: match request.raw_scores.unwrap_or(false) {
            true => Scores::Raw,
            false => Scores::Relevance,
        },
    };
    let answer = score(&app, &client, asked).await?;
    let ranks = answer.ranks.into_iter().map(|(index, score)| Rank {
        index,
        text: texts.as_ref().map(|texts| texts[index].clone()),
        score,
    });
    Ok(Json(RerankResponse(ranks.collect())))
}
