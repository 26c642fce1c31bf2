//! The JSON of requests and responses. Not the engine's types: either side may change without the other.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use xenoglot_engine::{Lang, LanguageMix, Meta};

/// `POST /v1/search`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchRequest {
    pub(crate) query: String,
    /// `auto` or a language code.
    #[serde(default = "auto")]
    pub(crate) lang: String,
    #[serde(default)]
    pub(crate) mode: Mode,
    #[serde(default = "ten")]
    pub(crate) depth: usize,
    /// Which documents may be found; see docs/filters.md.
    pub(crate) filter: Option<Value>,
    /// How words are weighed; what is not said is as the index was made.
    #[serde(default)]
    pub(crate) bm25: Bm25Settings,
    /// How the two rankings of the hybrid mode become one.
    pub(crate) fusion: Option<FusionSettings>,
    /// How the best documents by their words add to the words.
    pub(crate) feedback: Option<FeedbackSettings>,
    #[serde(default)]
    pub(crate) rerank: Rerank,
    /// How languages share the list.
    #[serde(default)]
    pub(crate) mix: Mix,
    #[serde(default)]
    pub(crate) explain: bool,
    pub(crate) timeout_ms: Option<u64>,
}

fn auto() -> String {
    "auto".into()
}

fn ten() -> usize {
    10
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Mode {
    #[default]
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

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bm25Settings {
    pub(crate) k1: Option<f32>,
    pub(crate) b: Option<f32>,
    pub(crate) title_weight: Option<f32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FusionSettings {
    pub(crate) method: Option<String>,
    pub(crate) k: Option<f32>,
    pub(crate) lexical_weight: Option<f32>,
    pub(crate) per_language: Option<bool>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedbackSettings {
    pub(crate) docs: Option<usize>,
    pub(crate) terms: Option<usize>,
    pub(crate) original_weight: Option<f32>,
}

/// `scores`, `interleaved` or `quota:N`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Mix(pub(crate) LanguageMix);

/// `false`, or what reranks and how far down.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged, expecting = "false, or an object with `stack` and `depth`")]
pub(crate) enum Rerank {
    Stack(RerankStack),
    Switch(bool),
    #[default]
    Unsaid,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RerankStack {
    /// The name of a stack; without one, the server's first.
    pub(crate) stack: Option<String>,
    pub(crate) depth: Option<usize>,
    /// How much the first stage's scores count, from 0 to 1.
    pub(crate) first_stage_weight: Option<f32>,
}

/// The answer to a search.
#[derive(Debug, Serialize)]
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

#[derive(Debug, Serialize)]
pub(crate) struct QueryInfo {
    pub(crate) lang: Lang,
    pub(crate) confidence: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Hit {
    pub(crate) id: String,
    pub(crate) score: f32,
    pub(crate) lang: Lang,
    pub(crate) title: String,
    pub(crate) snippet: String,
    /// From 1.
    pub(crate) rank: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) explain: Option<Vec<StageScore>>,
}

/// What one stage made of a hit.
#[derive(Debug, Serialize)]
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
#[derive(Debug, Serialize)]
pub(crate) struct Match {
    pub(crate) word: String,
    pub(crate) terms: Vec<String>,
    pub(crate) probability: f32,
    pub(crate) frequency: f32,
    pub(crate) score: f32,
}

/// The modules that scored a hit, from the backbone upwards.
#[derive(Debug, Serialize)]
pub(crate) struct ScoredBy {
    pub(crate) modules: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) fallbacks: Vec<Fallback>,
}

/// A language without a module, and the one that stood in for it, if any.
#[derive(Debug, Serialize)]
pub(crate) struct Fallback {
    pub(crate) wanted: Lang,
    pub(crate) used: Option<Lang>,
}

#[derive(Debug, Serialize)]
pub(crate) struct StageInfo {
    pub(crate) name: &'static str,
    pub(crate) took_ms: f64,
    pub(crate) candidates: usize,
}

/// `GET /v1/documents/{id}`.
#[derive(Debug, Serialize)]
pub(crate) struct DocumentResponse {
    pub(crate) id: String,
    pub(crate) lang: Lang,
    pub(crate) title: String,
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Meta::is_empty")]
    pub(crate) meta: Meta,
}

/// The answer to `POST /v1/documents`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct WriteResponse {
    /// Documents that were not there before.
    pub(crate) created: usize,
    /// Documents that took the place of others.
    pub(crate) updated: usize,
    /// Lines that were not understood; all others are written.
    pub(crate) failed: usize,
    /// One for each line, in their order.
    pub(crate) results: Vec<LineResult>,
}

/// What came of one document.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum LineResult {
    Written {
        line: usize,
        id: String,
        status: &'static str,
    },
    Failed {
        line: usize,
        status: &'static str,
        field: &'static str,
        error: String,
    },
}

/// `POST /v1/documents/delete`: by id, or by filter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteRequest {
    pub(crate) ids: Option<Vec<String>>,
    pub(crate) filter: Option<Value>,
}

/// What became of documents that were to be deleted.
#[derive(Debug, Serialize)]
pub(crate) struct DeleteResponse {
    pub(crate) deleted: usize,
    /// Ids that there was no document of.
    pub(crate) missing: usize,
}

/// The query string of requests that write.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteOptions {
    /// Whether searches must find it all before the answer comes.
    #[serde(default)]
    pub(crate) refresh: bool,
}

/// `GET /health`.
#[derive(Debug, Serialize)]
pub(crate) struct Health {
    pub(crate) status: &'static str,
    pub(crate) version: &'static str,
    pub(crate) n_docs: usize,
    pub(crate) generation: u64,
    pub(crate) encoder: String,
}
