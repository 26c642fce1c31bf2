//! What every command begins with: logging, the model, the index.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use tracing_subscriber::EnvFilter;
use xenoglot_engine::model::{self, ModelDir};
use xenoglot_engine::{Encoder, Searcher};
use xenoglot_reranker::PassageReranker;

use crate::default_model::default_model;

/// The directory that `xenoglot index` writes and others read where nobody says otherwise.
pub(crate) const DEFAULT_INDEX: &str = "xenoglot-index";

/// Logs go to standard error; `XENOGLOT_LOG=debug` says more.
pub(crate) fn logging() {
    let filter = EnvFilter::try_from_env("XENOGLOT_LOG").unwrap_or_else(|_| EnvFilter::new("warn,xenoglot_api=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
}

/// Which encoder to use; every command that embeds takes these.
#[derive(Debug, clap::Args)]
pub(crate) struct ModelArgs {
    /// Model directory [default: the multilingual encoder inside this program]
    #[arg(long, value_name = "DIR", env = "XENOGLOT_MODEL")]
    model: Option<PathBuf>,
}

impl ModelArgs {
    /// The model's files.
    pub(crate) fn dir(&self) -> Result<ModelDir> {
        match &self.model {
            Some(path) => Ok(ModelDir::open(path)?),
            None => Ok(default_model()),
        }
    }

    /// Loads the encoder.
    pub(crate) fn load(&self) -> Result<Arc<dyn Encoder>> {
        Ok(Arc::from(model::load(&self.dir()?)?))
    }
}

/// Opens the index in `dir`, ready for every stage.
pub(crate) fn open_index(dir: &Path, encoder: Arc<dyn Encoder>) -> Result<Searcher> {
    let reranker = PassageReranker::new(Arc::clone(&encoder));
    Ok(Searcher::open(dir, encoder)?.with_reranker(Box::new(reranker)))
}
