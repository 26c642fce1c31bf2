//! The door of rerankers: candidates are scored once more, slower and better.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;

use crate::deadline::Deadline;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::language::Lang;
use crate::query::Query;

/// Scores candidates once more, slower and better.
pub trait Reranker: Send + Sync {
    /// Scores the first of `docs`, which stand in the first stage's order: all of them, or as many as can be scored
    /// until the `deadline`. The ranking sorts itself.
    ///
    /// # Errors
    /// When a model cannot run.
    fn rerank(&self, query: &Query, docs: &[Document], deadline: &Deadline) -> Result<Reranked>;

    /// What its scores are numbers of.
    fn scale(&self) -> Scale {
        Scale::Logit
    }
}

/// What the scores of a reranker are numbers of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// From 0 to 1.
    Probability,
    /// Without bounds; 0 is undecided.
    Logit,
    /// From -1 to 1.
    Cosine,
}

/// Rerankers by their names. Copies share them: what is exchanged here is exchanged for every searcher that has a copy, from its
/// next search on.
#[derive(Clone, Default)]
pub struct Rerankers(Arc<RwLock<BTreeMap<String, Arc<dyn Reranker>>>>);

impl Rerankers {
    /// Puts `all` in the place of those that were there.
    pub fn replace(&self, all: BTreeMap<String, Arc<dyn Reranker>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = all;
    }

    /// The reranker called `name`.
    ///
    /// # Errors
    /// [`Error::UnknownStack`] when there is none.
    pub fn get(&self, name: &str) -> Result<Arc<dyn Reranker>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.get(name).cloned().ok_or_else(|| Error::UnknownStack {
            given: name.to_owned(),
            known: all
                .keys()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", "),
        })
    }

    /// What they are called, in order.
    pub fn names(&self) -> Vec<String> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.keys().cloned().collect()
    }
}

impl FromIterator<(String, Arc<dyn Reranker>)> for Rerankers {
    fn from_iter<I: IntoIterator<Item = (String, Arc<dyn Reranker>)>>(all: I) -> Self {
        Self(Arc::new(RwLock::new(all.into_iter().collect())))
    }
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
