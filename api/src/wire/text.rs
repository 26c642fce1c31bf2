//! The JSON of what the engine makes of a text.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use xenoglot_engine::{Lang, Token};

/// `POST /v1/analyze`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnalyzeRequest {
    pub(crate) text: String,
    /// `auto` or a language code.
    #[serde(default = "super::search::auto")]
    pub(crate) lang: String,
}

/// What the engine makes of a text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnalyzeResponse {
    #[schema(value_type = String)]
    pub(crate) lang: Lang,
    /// From 0 to 1; 1 where the language was given.
    pub(crate) confidence: f64,
    /// In reading order.
    pub(crate) words: Vec<AnalyzedWord>,
    /// How many tokens the encoder sees, without those that it puts around every text.
    pub(crate) n_tokens: usize,
    /// Those tokens, where the encoder can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tokens: Option<Vec<ModelToken>>,
}

/// A word, as lexical search sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnalyzedWord {
    pub(crate) word: String,
    /// What the index holds for it.
    pub(crate) terms: Vec<String>,
    /// What it is found by in Latin letters.
    pub(crate) romanised: Vec<String>,
    /// Whether it says too little to be looked for beside other words.
    pub(crate) stop_word: bool,
}

/// A piece of a text, as a model sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelToken {
    id: u32,
    text: String,
    /// Whether it is no part of the text.
    special: bool,
    /// The first character of the text that it stands for.
    start: Option<usize>,
    /// The first one after those.
    stop: Option<usize>,
}

impl From<Token> for ModelToken {
    fn from(token: Token) -> Self {
        Self {
            id: token.id,
            text: token.text,
            special: token.span.is_none(),
            start: token.span.map(|(start, _)| start),
            stop: token.span.map(|(_, stop)| stop),
        }
    }
}
