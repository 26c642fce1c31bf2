//! What a document or a query meets on its way through Xenoglot.
//!
//! ```
//! use std::sync::Arc;
//! use xenoglot_engine::{
//!     Document, Encoder, FirstStage, Fusion, HashEncoder, IndexSettings, IndexWriter, Plan, Query, Searcher, embed,
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
//! writer.add(&embed(docs, &encoder, None)?)?;
//! let (manifest, _) = writer.commit()?;
//! assert_eq!(manifest.n_docs, 2);
//!
//! // Read: lexical and dense search, fused.
//! let searcher = Searcher::open(&dir, Arc::new(encoder))?;
//! let query = Query { text: "moon and sea".into(), lang: "en".parse()? };
//! let plan = Plan { first_stage: FirstStage::Hybrid(Fusion::default()), depth: 1, ..Plan::default() };
//! let answer = searcher.search(&query, &plan)?;
//! assert_eq!(answer.documents()?[0].doc.id.0, "en");
//! # Ok(())
//! # }
//! ```

mod deadline;
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

mod collection;
mod ingest;
mod segment;

pub mod sgml;
pub mod squad;
pub mod whole_file;

mod filter;
mod fusion;
mod rerank;
mod search;

pub mod passage;
pub mod snippet;

pub mod eval;

mod error;

pub use collection::{
    Collection, IndexWriter, LiveOptions, Manifest, Outcome, SegmentFacts, Write, export, facts,
    import, verify,
};
pub use deadline::Deadline;
#[doc(hidden)]
pub use dense::bench as dense_bench;
pub use dense::{GraphBuilder, HnswParams, Recall, VectorPrecision};
pub use document::{DocId, DocOrd, Document, Meta};
pub use encoder::{Embeddings, Encoder, EncoderSpec, HashEncoder, Marks, Role, Token, TokenModel};
pub use error::{Cause, Error, Kind, Result};
pub use filter::Filter;
pub use fusion::{Fusion, FusionMethod, Normalisation};
pub use ingest::{Embedded, embed};
pub use language::Lang;
pub use lexical::{Bm25, LexicalSettings, Match, Rm3, Terminology};
pub use monitor::Monitor;
pub use query::{FirstStage, Plan, Query, RerankPlan};
pub use ranking::{Candidate, Ranking};
pub use rerank::{Fallback, Reranked, Reranker, Rerankers, Scale, ScoredBy};
pub use search::{Answer, Found, LanguageMix, Searcher, Stage, StageScore};
pub use segment::{IndexSettings, WriteTimes};
