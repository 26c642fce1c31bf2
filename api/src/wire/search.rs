//! The JSON of searches.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use xenoglot_engine::{Lang, LanguageMix};

use crate::problem::Problem;

/// `POST /v1/search`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchRequest {
    /// The collection; without one, that of the path, or `default`.
    pub(crate) collection: Option<String>,
    /// The words to look for; empty where `vector` is given alone.
    #[serde(default)]
    #[schema(example = "why does the sea rise twice a day")]
    pub(crate) query: String,
    /// The query as a vector of the server's encoder, of any length but zero; without words, the mode is `dense`.
    pub(crate) vector: Option<Vec<f32>>,
    /// `auto` or a language code.
    #[serde(default = "auto")]
    #[schema(example = "auto", pattern = "^(auto|[a-z]{2,3})$")]
    pub(crate) lang: String,
    /// `hybrid` where nobody says; `dense` for a vector without words.
    pub(crate) mode: Option<Mode>,
    /// How many hits there may be.
    #[serde(default = "ten")]
    #[schema(minimum = 1, maximum = 1000)]
    pub(crate) depth: usize,
    /// Which documents may be found; see docs/filters.md.
    #[schema(value_type = Option<Object>)]
    pub(crate) filter: Option<Value>,
    /// How words are weighed; what is not said is as the index was made.
    #[serde(default)]
    pub(crate) bm25: Bm25Settings,
    /// How the two rankings of the hybrid mode become one.
    pub(crate) fusion: Option<FusionSettings>,
    /// How the best documents by their words add to the words.
    pub(crate) feedback: Option<FeedbackSettings>,
    /// What reranks; `false`, or nothing, leaves the first stage's order.
    #[serde(default)]
    pub(crate) rerank: Rerank,
    /// How languages share the list.
    #[serde(default)]
    pub(crate) mix: Mix,
    /// Whether to say where each stage put each hit, and by which words.
    #[serde(default)]
    pub(crate) explain: bool,
    /// Whether to say which words of the snippets stand for the query's.
    #[serde(default)]
    pub(crate) highlight: bool,
    /// After so long, what there is is the answer.
    #[schema(minimum = 1, maximum = 60000)]
    pub(crate) timeout_ms: Option<u64>,
}

pub(super) fn auto() -> String {
    "auto".into()
}

fn ten() -> usize {
    10
}

/// Where candidates come from.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(rename_all = "lowercase")]
pub(crate) enum Mode {
    Hybrid,
    Dense,
    Lexical,
}

impl TryFrom<String> for Mode {
    type Error = String;

    fn try_from(mode: String) -> Result<Self, String> {
        match mode.as_str() {
            "hybrid" => Ok(Self::Hybrid),
            "dense" => Ok(Self::Dense),
            "lexical" => Ok(Self::Lexical),
            _ => Err(format!(
                "unknown mode {mode:?}, expected hybrid, dense or lexical"
            )),
        }
    }
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bm25Settings {
    pub(crate) k1: Option<f32>,
    pub(crate) b: Option<f32>,
    pub(crate) title_weight: Option<f32>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FusionSettings {
    #[schema(pattern = "^(rrf|min-max|theoretical-min-max|z-score|distribution)$")]
    pub(crate) method: Option<String>,
    pub(crate) k: Option<f32>,
    pub(crate) lexical_weight: Option<f32>,
    pub(crate) per_language: Option<bool>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedbackSettings {
    pub(crate) docs: Option<usize>,
    pub(crate) terms: Option<usize>,
    pub(crate) original_weight: Option<f32>,
}

/// `scores`, `interleaved` or `quota:N`.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "scores", pattern = "^(scores|interleaved|quota:[1-9][0-9]{0,3})$")]
pub(crate) struct Mix(pub(crate) LanguageMix);

/// `false`, or what reranks and how far down.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(untagged, expecting = "false, or an object with `stack` and `depth`")]
pub(crate) enum Rerank {
    Stack(RerankStack),
    Switch(bool),
    #[default]
    Unsaid,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RerankStack {
    /// The name of a stack; without one, the server's first.
    pub(crate) stack: Option<String>,
    pub(crate) depth: Option<usize>,
    /// How much the first stage's scores count, from 0 to 1.
    pub(crate) first_stage_weight: Option<f32>,
}

/// The answer to a search.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchResponse {
    pub(crate) query: QueryInfo,
    pub(crate) hits: Vec<Hit>,
    pub(crate) stages: Vec<StageInfo>,
    pub(crate) took_ms: f64,
    /// How many candidates were reranked, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reranked: Option<usize>,
    pub(crate) partial: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueryInfo {
    #[schema(value_type = String)]
    pub(crate) lang: Lang,
    pub(crate) confidence: f64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Hit {
    pub(crate) id: String,
    pub(crate) score: f32,
    #[schema(value_type = String)]
    pub(crate) lang: Lang,
    pub(crate) title: String,
    pub(crate) snippet: String,
    /// The words of the snippet that stand for the query's, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) highlights: Option<Vec<Highlight>>,
    /// From 1.
    pub(crate) rank: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) explain: Option<Vec<StageScore>>,
}

/// Characters of a snippet, as Unicode counts them: those from `start` on, before `end`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Highlight {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// What one stage made of a hit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StageScore {
    pub(crate) stage: &'static str,
    pub(crate) rank: usize,
    pub(crate) score: f32,
    /// Where words found it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) matches: Vec<Match>,
    /// Where modules scored it.
    #[serde(flatten)]
    pub(crate) scored_by: Option<ScoredBy>,
}

/// A word of the query, and the terms of the document that stand for it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Match {
    pub(crate) word: String,
    pub(crate) terms: Vec<String>,
    pub(crate) probability: f32,
    pub(crate) frequency: f32,
    pub(crate) score: f32,
}

/// The modules that scored a hit, from the backbone upwards.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScoredBy {
    pub(crate) modules: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) fallbacks: Vec<Fallback>,
}

/// A language without a module, and the one that stood in for it, if any.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Fallback {
    #[schema(value_type = String)]
    pub(crate) wanted: Lang,
    #[schema(value_type = Option<String>)]
    pub(crate) used: Option<Lang>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StageInfo {
    pub(crate) name: &'static str,
    pub(crate) took_ms: f64,
    pub(crate) candidates: usize,
}

/// `POST /v1/multi-search`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MultiSearchRequest {
    #[schema(max_items = 16)]
    pub(crate) searches: Vec<SearchRequest>,
}

/// What came of each search, in their order: an answer, or what is wrong with that search.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MultiSearchResponse {
    pub(crate) results: Vec<SearchResult>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SearchResult {
    Answer(SearchResponse),
    Problem(Problem),
}
