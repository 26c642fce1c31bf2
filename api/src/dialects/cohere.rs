//! `POST /v1/rerank` and `/v2/rerank`: passages, best first, as clients of Cohere and of Jina ask for it.
//!
//! One answer holds what both read: `id` and `meta` for Cohere's, `model` and `usage` for Jina's.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::App;
use crate::body::Body;
use crate::client::Client;
use crate::problem::Problem;

use super::refused;
use super::reranking::{Asked, Passage, Scores, rerank};

/// A query and passages that may answer it.
#[derive(Deserialize, ToSchema)]
pub(super) struct RankRequest {
    /// One of our stacks; any other name means the default one.
    model: Option<String>,
    #[schema(min_length = 1, max_length = 4096, example = "why are there tides")]
    query: String,
    #[schema(min_items = 1)]
    documents: Vec<RankDocument>,
    /// How many of the best are answered with; all unless it is said.
    #[schema(minimum = 1)]
    top_n: Option<usize>,
    /// Whether the answer repeats the passages. `/v1/rerank` does unless this is false, `/v2/rerank` only if it is true.
    return_documents: Option<bool>,
    /// Which fields of a passage that is an object are read, one below the other; `text` unless it is said.
    #[schema(example = json!(["text"]))]
    rank_fields: Option<Vec<String>>,
    /// Where passages are cut, in tokens of the encoder.
    #[schema(minimum = 1)]
    max_tokens_per_doc: Option<usize>,
    /// What speaks for a long passage is the reranker's to say.
    #[schema(minimum = 1)]
    max_chunks_per_doc: Option<usize>,
}

/// A passage, or an object with one in its field `text`.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(untagged, expecting = "a text, or an object with the field `text`")]
enum RankDocument {
    Text(String),
    Fields(BTreeMap<String, Value>),
}

/// Passages, best first.
#[derive(Serialize, ToSchema)]
pub(super) struct RankResponse {
    id: String,
    /// The stack that ranked them.
    model: String,
    results: Vec<RankResult>,
    meta: RankMeta,
    usage: RankUsage,
}

#[derive(Serialize, ToSchema)]
struct RankResult {
    /// Which of the passages.
    index: usize,
    /// From 0 to 1, larger is better.
    relevance_score: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<BTreeMap<String, Value>>,
}

#[derive(Serialize, ToSchema)]
struct RankMeta {
    api_version: RankApiVersion,
    billed_units: RankBilledUnits,
}

#[derive(Serialize, ToSchema)]
struct RankApiVersion {
    version: &'static str,
}

#[derive(Serialize, ToSchema)]
struct RankBilledUnits {
    search_units: u32,
}

#[derive(Serialize, ToSchema)]
struct RankUsage {
    prompt_tokens: usize,
    total_tokens: usize,
}

/// What went wrong, as its clients read it.
#[derive(Serialize, ToSchema)]
pub(super) struct RankError {
    /// Where Cohere's look.
    message: String,
    /// Where Jina's look.
    detail: String,
    /// The field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
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
        let body = RankError {
            message: problem.detail().to_owned(),
            detail: problem.detail().to_owned(),
            field: problem.named_field().map(ToOwned::to_owned),
        };
        refused(&problem, problem.status(), &body)
    }
}

/// Which of the two it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

/// Passages, best first
#[utoipa::path(post, path = "/v1/rerank", tag = "cohere and jina", request_body = RankRequest,
    responses((status = 200, body = RankResponse), (status = "4XX", body = RankError), (status = "5XX", body = RankError)))]
pub(super) async fn rerank_v1(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    body: Result<Body<RankRequest>, Problem>,
) -> Result<Json<RankResponse>, Failure> {
    answer(&app, &client, &headers, body?.0, Version::V1).await
}

/// Passages, best first, without the passages
#[utoipa::path(post, path = "/v2/rerank", tag = "cohere and jina", request_body = RankRequest,
    responses((status = 200, body = RankResponse), (status = "4XX", body = RankError), (status = "5XX", body = RankError)))]
pub(super) async fn rerank_v2(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    body: Result<Body<RankRequest>, Problem>,
) -> Result<Json<RankResponse>, Failure> {
    answer(&app, &client, &headers, body?.0, Version::V2).await
}

async fn answer(
    app: &App,
    client: &Client,
    headers: &HeaderMap,
    request: RankRequest,
    version: Version,
) -> Result<Json<RankResponse>, Failure> {
    request.check()?;
    // Jina's clients, which know only the first path, expect the passages.
    let is_wanted = request.return_documents.unwrap_or(version == Version::V1);
    let fields = request.rank_fields.as_deref();
    let passages = request.documents.iter().enumerate();
    let asked = Asked {
        passages: passages
            .map(|(i, document)| document.passage(i, fields))
            .collect::<Result<_, _>>()?,
        query: request.query,
        field: "documents",
        model: request.model,
        max_tokens: request.max_tokens_per_doc,
        scores: Scores::Relevance,
    };
    let ranked = rerank(app, client, asked).await?;
    let top_n = request.top_n.unwrap_or(ranked.ranks.len());
    let results = ranked.ranks.into_iter().take(top_n);
    let results = results.map(|(index, relevance_score)| RankResult {
        index,
        relevance_score,
        document: is_wanted.then(|| request.documents[index].shown()),
    });
    let id = headers.get("x-request-id").and_then(|id| id.to_str().ok());
    Ok(Json(RankResponse {
        id: id.unwrap_or_default().to_owned(),
        model: ranked.model,
        results: results.collect(),
        meta: RankMeta {
            api_version: RankApiVersion {
                version: match version {
                    Version::V1 => "1",
                    Version::V2 => "2",
                },
            },
            billed_units: RankBilledUnits { search_units: 1 },
        },
        usage: RankUsage {
            prompt_tokens: ranked.n_tokens,
            total_tokens: ranked.n_tokens,
        },
    }))
}

impl RankRequest {
    fn check(&self) -> Result<(), Problem> {
        if self.documents.is_empty() {
            let detail = "there are no documents, expected at least one";
            return Err(Problem::field("documents", detail));
        }
        let numbers = [
            ("top_n", self.top_n),
            ("max_tokens_per_doc", self.max_tokens_per_doc),
            ("max_chunks_per_doc", self.max_chunks_per_doc),
        ];
        for (field, number) in numbers {
            if number == Some(0) {
                let detail = format!("{field} is 0, expected at least 1");
                return Err(Problem::field(field, detail));
            }
        }
        Ok(())
    }
}

impl RankDocument {
    /// What is shown to the reranker of document `i`.
    fn passage(&self, i: usize, fields: Option<&[String]>) -> Result<Passage, Problem> {
        let object = match self {
            Self::Text(text) => return Ok(text.clone().into()),
            Self::Fields(object) => object,
        };
        let read = |field: &str| object.get(field).and_then(Value::as_str);
        let text = match fields {
            None => read("text").map(ToOwned::to_owned),
            Some(fields) => {
                let said: Vec<&str> = fields.iter().filter_map(|field| read(field)).collect();
                (!said.is_empty()).then(|| said.join("\n"))
            }
        };
        let expected = fields.map_or_else(|| "text".to_owned(), |fields| fields.join(", "));
        let missing = || {
            let detail = format!("the document has no text in the field {expected}");
            Problem::field(format!("documents[{i}]"), detail)
        };
        Ok(text.ok_or_else(missing)?.into())
    }

    /// The document as an object with a `text`.
    fn shown(&self) -> BTreeMap<String, Value> {
        match self {
            Self::Text(text) => BTreeMap::from_iter([("text".to_owned(), text.clone().into())]),
            Self::Fields(object) => object.clone(),
        }
    }
}
