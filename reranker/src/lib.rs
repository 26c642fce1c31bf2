//! Rerankers: candidates are scored once more, slower and better.
//!
//! ```
//! use std::sync::Arc;
//! use xenoglot_engine::{Deadline, Document, HashEncoder, Query, Reranker};
//! use xenoglot_reranker::PassageReranker;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let reranker = PassageReranker::new(Arc::new(HashEncoder::new(256)));
//! let doc = |text: &str| Document { id: "x".into(), lang: "en".parse().unwrap(), title: String::new(), text: text.into(), meta: Default::default() };
//! let docs = [doc("Tea is a drink. It is made of leaves."), doc("It rains. The moon lifts the sea. It snows.")];
//! let query = Query { text: "moon lifts sea".into(), lang: "en".parse()? };
//! let scores = reranker.rerank(&query, &docs, &Deadline::default())?.scores;
//! assert!(scores[1] > scores[0]);
//! # Ok(())
//! # }
//! ```

mod error;

pub mod module;
pub mod registry;
mod stack;

mod bank;
mod compose;
mod resident;

mod composer;

mod languages;
pub mod nearest;

mod cross_encoder;
mod stack_file;

mod passages;

#[cfg(test)]
mod tests;

pub use compose::ComposeOptions;
pub use composer::{Composer, DEFAULT_RESIDENT};
pub use cross_encoder::{CrossEncoder, CrossEncoderSettings, Passages, relevance};
pub use error::{Error, Result};
pub use languages::{LanguageChoice, LanguageModules};
pub use passages::PassageReranker;
pub use registry::Registry;
pub use stack::{AdapterStack, LanguageLayer, ModuleId};

/// The name of [`PassageReranker`] where a stack is asked for.
pub const PASSAGES: &str = "passages";

/// How many candidates are reranked where nobody says, as in Litschko et al. (2022).
pub const DEFAULT_RERANK_DEPTH: usize = 100;
