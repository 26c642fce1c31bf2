//! What is asked, and what is to be done about it.

use std::time::Instant;

use crate::fusion::Fusion;
use crate::language::Lang;

/// A query whose language is already resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The words of the user.
    pub text: String,
    /// Their language, or [`Lang::UNKNOWN`].
    pub lang: Lang,
}

/// How a query is to be answered: the stages of [`Searcher::search`](crate::Searcher::search) and their depths.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Where candidates come from.
    pub first_stage: FirstStage,
    /// How many candidates the first stage passes on, and the most hits there can be.
    pub depth: usize,
    /// How many of them are reranked; `None` leaves the first stage's order.
    pub rerank_depth: Option<usize>,
    /// After this moment reranking does not begin, and the answer says that it is partial.
    pub deadline: Option<Instant>,
}

/// Where candidates come from.
#[derive(Debug, Clone, PartialEq)]
pub enum FirstStage {
    /// BM25.
    Lexical,
    /// Nearest vectors.
    Dense,
    /// Both, fused.
    Hybrid(Fusion),
}

impl Default for Plan {
    /// Ten hits of the hybrid first stage, not reranked.
    fn default() -> Self {
        Self {
            first_stage: FirstStage::Hybrid(Fusion::default()),
            depth: 10,
            rerank_depth: None,
            deadline: None,
        }
    }
}
