//! What can go wrong in an experiment.

use std::path::PathBuf;

use xenoglot_engine as engine;

/// The harness's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(
    missing_docs,
    reason = "the sentence of a variant says what its fields are"
)]
pub enum Error {
    #[error(transparent)]
    Engine(#[from] engine::Error),
    #[error(transparent)]
    Indexer(#[from] xenoglot_indexer::Error),
    #[error(transparent)]
    Reranker(#[from] xenoglot_reranker::Error),
    /// A file of settings that does not say what it should.
    #[error("{path}: {problem}", path = .path.display())]
    Settings { path: PathBuf, problem: String },
    #[error("cannot read {path}", path = .path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot write {path}", path = .path.display())]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{path}: expected results of `xenoglot eval run`: {problem}", path = .path.display())]
    Results { path: PathBuf, problem: String },
    #[error("{what}: {source}")]
    In { what: String, source: Box<Error> },
    #[error("{} figures are not those of {path}:\n{}", .drifted.len(), .drifted.join("\n"), path = .path.display())]
    Drift { path: PathBuf, drifted: Vec<String> },
}
