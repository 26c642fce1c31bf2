//! The door of rerankers: candidates are scored once more, slower and better.

use std::time::Instant;

use serde::Serialize;

use crate::document::Document;
use crate::error::Result;
use crate::language::Lang;
use crate::query::Query;

/// Scores candidates once more, slower and better.
pub trait Reranker: Send + Sync {
    /// Scores the first of `docs`, which stand in the first stage's order: all of them, or as many as can be scored
    /// until `deadline`. The ranking sorts itself.
    ///
    /// # Errors
    /// When a model cannot run.
    fn rerank(
        &self,
        query: &Query,
        docs: &[Document],
        deadline: Option<Instant>,
    ) -> Result<Reranked>;
}

/// What a reranker made of candidates.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reranked {
    /// `scores[i]` belongs to document `i`; larger is better. Fewer than documents where time ran out.
    pub scores: Vec<f32>,
    /// What scored document `i`; empty where a reranker has no modules.
    pub scored_by: Vec<ScoredBy>,
}

/// The modules that scored a document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ScoredBy {
    /// Their names, from the backbone upwards.
    pub modules: Vec<String>,
    /// Languages without a module, and what stood in for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fallbacks: Vec<Fallback>,
}

/// A language without a module of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fallback {
    /// The language at hand.
    pub wanted: Lang,
    /// The one whose module was taken; none where no language is near enough.
    pub used: Option<Lang>,
}
