//! What can go wrong while a corpus is read and indexed.

use crate::pipeline::Skipped;

/// The indexer's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(
    missing_docs,
    reason = "the sentence of a variant says what its fields are"
)]
pub enum Error {
    /// A wrong record ([`xenoglot_engine::Error::Malformed`]) among others.
    #[error(transparent)]
    Engine(#[from] xenoglot_engine::Error),
    #[error("{pattern:?} matches no file")]
    NoMatch { pattern: String },
    #[error("{pattern:?} is not a file pattern")]
    Pattern {
        pattern: String,
        source: glob::PatternError,
    },
    #[error("interrupted; {n_docs} documents were added and stay")]
    Interrupted { n_docs: u64 },
    #[error("there is no document to index in {inputs}; {} records were skipped", skipped.n)]
    EmptyCorpus { inputs: String, skipped: Skipped },
}
