//! What a document or a query meets on its way through Xenoglot.
//!
//! ```
//! use std::sync::Arc;
//! use xenoglot_engine::{
//!     Document, FirstStage, Fusion, HashEncoder, IndexSettings, IndexWriter, Plan, Query, Role, Searcher, Encoder,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let scratch = tempfile::tempdir()?;
//! # let dir = scratch.path().join("index");
//! let encoder = HashEncoder::new(256); // any `Encoder`: this one needs no model
//! let docs = vec![
//!     Document { id: "en".into(), lang: "en".parse()?, title: "Tides".into(), text: "The moon lifts the sea.".into(), meta: Default::default() },
//!     Document { id: "de".into(), lang: "de".parse()?, title: "Tee".into(), text: "Tee wächst an Hängen.".into(), meta: Default::default() },
//! ];
//!
//! // Write: documents and their vectors go in together, and appear together or not at all.
//! let mut writer = IndexWriter::create(&dir, IndexSettings::new(encoder.spec().clone()))?;
//! let texts: Vec<String> = docs.iter().map(Document::full_text).collect();
//! let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
//! let embeddings = encoder.encode(&texts, Role::Passage)?;
//! writer.add(docs, embeddings)?;
//! let (manifest, _) = writer.commit()?;
//! assert_eq!(manifest.n_docs, 2);
//!
//! // Read: lexical and dense search, fused.
//! let searcher = Searcher::open(&dir, Arc::new(encoder))?;
//! let query = Query { text: "moon and sea".into(), lang: "en".parse()? };
//! let plan = Plan { first_stage: FirstStage::Hybrid(Fusion::default()), depth: 1, ..Plan::default() };
//! let best = searcher.search(&query, &plan)?.ranking;
//! assert_eq!(searcher.documents(best.docs())?[0].id.0, "en");
//! # Ok(())
//! # }
//! ```

mod document;
mod query;
mod ranking;

pub mod analyzer;
pub mod language;
pub mod lexicon;

pub mod checkpoint;
mod encoder;
pub mod model;

mod dense;
mod lexical;
mod store;

pub mod input;
mod mapped;
mod monitor;
mod segment;
pub mod sgml;
pub mod squad;
pub mod whole_file;

mod fusion;
mod rerank;
mod search;

pub mod passage;
pub mod snippet;

pub mod eval;

mod error;

pub use dense::{HnswParams, Recall};
pub use document::{DocId, DocOrd, Document, Meta};
pub use encoder::{Embeddings, Encoder, EncoderSpec, HashEncoder, Role};
pub use error::{Cause, Error, Kind, Result};
pub use fusion::{Fusion, FusionMethod, Normalisation};
pub use language::Lang;
pub use lexical::{Bm25, LexicalSettings, Match, Rm3};
pub use monitor::Monitor;
pub use query::{FirstStage, Plan, Query, RerankPlan};
pub use ranking::{Candidate, Ranking};
pub use rerank::{Fallback, Reranked, Reranker, ScoredBy};
pub use search::{Answer, Searcher, Stage, StageScore};
pub use segment::{IndexSettings, IndexWriter, Manifest, WriteTimes};
