//! Corpora in files → an index that answers.
//!
//! ```
//! use std::sync::Arc;
//! use xenoglot_engine::{Encoder, FirstStage, HashEncoder, IndexSettings, Plan, Query, Searcher};
//! use xenoglot_indexer::{Corpus, Progress, ReadPlan, index};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let scratch = tempfile::tempdir()?;
//! let file = scratch.path().join("corpus.jsonl");
//! std::fs::write(&file, r#"{"id": "chai", "text": "Chai huchemshwa na maziwa.", "lang": "sw"}"#)?;
//!
//! let corpus = Corpus::open(&[file.display().to_string()])?;
//! let dir = scratch.path().join("index");
//! let encoder = HashEncoder::new(64);
//! let settings = IndexSettings::new(encoder.spec().clone());
//! let summary = index(corpus, &ReadPlan::default(), settings, &encoder, &dir, &Progress::default())?;
//! assert_eq!(summary.manifest.n_docs, 1);
//!
//! let searcher = Searcher::open(&dir, Arc::new(encoder))?;
//! let query = Query { text: "maziwa".into(), lang: "sw".parse()? };
//! let plan = Plan { first_stage: FirstStage::Lexical, ..Plan::default() };
//! assert_eq!(searcher.search(&query, &plan)?.ranking.len(), 1);
//! # Ok(())
//! # }
//! ```

mod corpus;
mod pipeline;

mod error;

pub use corpus::{Corpus, CorpusFormat};
pub use error::{Error, Result};
pub use pipeline::{Added, OnError, Progress, ReadPlan, Skipped, Summary, Timings, add, index};
