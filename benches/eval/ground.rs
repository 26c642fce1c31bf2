//! What evaluations run on: the data, an encoder, and indexes that live as long as a bench.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use xenoglot_engine::lexicon::{LexiconFile, Lexicons};
use xenoglot_engine::model::{self, LoadOptions, ModelDir};
use xenoglot_engine::{Encoder, IndexSettings, LexicalSettings};
use xenoglot_indexer::{Corpus, Progress, ReadPlan, index};

/// The data of the field, beside the checkout or at `XENOGLOT_SHARED`.
pub(crate) fn shared() -> Result<PathBuf> {
    let given = std::env::var_os("XENOGLOT_SHARED").map(PathBuf::from);
    let path = given.unwrap_or_else(|| root().join("../shared"));
    path.canonicalize()
        .with_context(|| format!("no data at {}; set XENOGLOT_SHARED", path.display()))
}

/// The project.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The encoder of `--model DIR`, or the one inside the program.
pub(crate) fn encoder(args: &[String]) -> Result<Arc<dyn Encoder>> {
    let given = args.iter().position(|arg| arg == "--model");
    let dir = match given.map(|at| args.get(at + 1).context("--model takes a directory")) {
        Some(path) => PathBuf::from(path?),
        None => root().join("models/xenoglot-static"),
    };
    Ok(model::load(
        &ModelDir::open(&dir)?,
        &LoadOptions::default(),
    )?)
}

/// The tables of translations inside the program.
pub(crate) fn lexicons() -> Result<Lexicons> {
    let tables = LexiconFile::from(root().join("models/lexicons"));
    Ok(Lexicons::open(&[tables])?)
}

/// A directory that goes when the bench does.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(bench: &str) -> Self {
        let name = format!("xenoglot-{bench}-{}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    /// Where `name` goes.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file called `name`.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        std::fs::create_dir_all(&self.0)?;
        let path = self.path(name);
        std::fs::write(&path, text)?;
        Ok(path)
    }

    /// An index of the corpus in `file`.
    pub(crate) fn index(
        &self,
        name: &str,
        file: &Path,
        plan: &ReadPlan,
        lexical: LexicalSettings,
        encoder: &dyn Encoder,
    ) -> Result<PathBuf> {
        let dir = self.path(name);
        let corpus = Corpus::open(&[file.display().to_string()])?;
        let settings = IndexSettings {
            lexical,
            ..IndexSettings::new(encoder.spec().clone())
        };
        index(corpus, plan, settings, encoder, &dir, &Progress::default())?;
        Ok(dir)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is the temporary directory's to clear.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
