//! What experiments are made with: encoders, tables of translations, rerankers, and the hashes of files.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xenoglot_engine::lexicon::{Glossary, LexiconFile, Lexicons};
use xenoglot_engine::model::{self, LoadOptions, ModelDir, TruncatedEncoder};
use xenoglot_engine::{Encoder, HashEncoder, Recall, Reranker, Searcher, Terminology};
use xenoglot_reranker::{CrossEncoder, PASSAGES, PassageReranker};

use crate::error::{Error, Result};
use crate::experiment::{EncoderModel, Experiment, SHIPPED, System};
use crate::results::{EncoderInfo, FileInfo, Provenance};

/// The numbers of vectors that nobody looks at.
const NO_DIMENSIONS: usize = 8;

/// What the command line knows and the harness does not.
pub struct Tools<'a> {
    /// The encoder inside the program.
    pub default_model: &'a dyn Fn() -> ModelDir,
    /// The tables of translations inside the program.
    pub shipped_lexicons: &'a dyn Fn() -> Lexicons,
    /// Where transformers run.
    pub load: LoadOptions,
    /// The program and the machine: all of it that is known before anything is run.
    pub provenance: Provenance,
}

/// What is loaded once and used by many cells.
pub(crate) struct Workshop<'a> {
    experiment: &'a Experiment,
    tools: &'a Tools<'a>,
    encoders: RefCell<BTreeMap<String, Arc<dyn Encoder>>>,
    files: RefCell<BTreeMap<PathBuf, FileInfo>>,
}

impl<'a> Workshop<'a> {
    pub(crate) fn new(experiment: &'a Experiment, tools: &'a Tools<'a>) -> Self {
        Self {
            experiment,
            tools,
            encoders: RefCell::default(),
            files: RefCell::default(),
        }
    }

    /// BLAKE3 of the program.
    pub(crate) fn program(&self) -> &str {
        &self.tools.provenance.program
    }

    /// How the encoder called `name` and rerankers are computed: what their files do not say, and their numbers depend on.
    pub(crate) fn computed(&self, name: &str) -> String {
        let load = &self.tools.load;
        let precision = self.experiment.encoders[name].precision;
        format!("{:?} {precision:?} {:?}", load.device, load.precision)
    }

    /// The encoder that the experiment calls `name`.
    pub(crate) fn encoder(&self, name: &str) -> Result<Arc<dyn Encoder>> {
        if let Some(encoder) = self.encoders.borrow().get(name) {
            return Ok(Arc::clone(encoder));
        }
        let encoder = self.load_encoder(name)?;
        let mut encoders = self.encoders.borrow_mut();
        encoders.insert(name.to_owned(), Arc::clone(&encoder));
        Ok(encoder)
    }

    fn load_encoder(&self, name: &str) -> Result<Arc<dyn Encoder>> {
        let choice = &self.experiment.encoders[name];
        let dir = match &choice.model {
            EncoderModel::None => return Ok(Arc::new(HashEncoder::new(NO_DIMENSIONS))),
            EncoderModel::Directory(path) => ModelDir::open(path)?,
            EncoderModel::Shipped => (self.tools.default_model)(),
        };
        let options = LoadOptions {
            precision: choice.precision,
            ..self.tools.load.clone()
        };
        let encoder = model::load(&dir, &options)?;
        Ok(match choice.dimensions {
            Some(dimensions) => Arc::new(TruncatedEncoder::new(encoder, dimensions)?),
            None => encoder,
        })
    }

    /// The index in `dir` as `system` searches it.
    pub(crate) fn searcher(&self, dir: &Path, system: &System) -> Result<Searcher> {
        let encoder = self.encoder(&system.encoder)?;
        let mut searcher = Searcher::open(dir, Arc::clone(&encoder))?;
        if system.exact {
            searcher = searcher.with_recall(Recall::Exact);
        }
        let glossary = system.glossary.as_deref().map(Glossary::open).transpose()?;
        searcher = searcher.with_terminology(Arc::new(Terminology {
            lexicons: self.lexicons(&system.lexicons)?,
            glossary: glossary.unwrap_or_default(),
        }));
        if let Some(name) = &system.rerank {
            let reranker = self.reranker(name, system, encoder)?;
            searcher = searcher.with_rerankers([(name.clone(), reranker)].into_iter().collect());
        }
        Ok(searcher)
    }

    fn reranker(
        &self,
        name: &str,
        system: &System,
        encoder: Arc<dyn Encoder>,
    ) -> Result<Arc<dyn Reranker>> {
        if name == PASSAGES {
            return Ok(Arc::new(PassageReranker::new(encoder)));
        }
        let stack = CrossEncoder::open_with(Path::new(name), &self.tools.load, system.language)?;
        Ok(Arc::new(stack))
    }

    fn lexicons(&self, names: &[String]) -> Result<Lexicons> {
        let files = names.iter().filter(|name| *name != SHIPPED);
        let files: Vec<LexiconFile> = files.map(|name| lexicon_file(name)).collect();
        let lexicons = Lexicons::open(&files)?;
        Ok(match names.iter().any(|name| name == SHIPPED) {
            true => lexicons.followed_by((self.tools.shipped_lexicons)()),
            false => lexicons,
        })
    }

    /// The files that `system` reads beside the index.
    pub(crate) fn files_of(&self, system: &System) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for name in system.lexicons.iter().filter(|name| *name != SHIPPED) {
            files.push(lexicon_file(name).path);
        }
        files.extend(system.glossary.clone());
        if let Some(name) = system.rerank.as_deref().filter(|name| *name != PASSAGES) {
            files.extend(CrossEncoder::sources(Path::new(name))?);
        }
        Ok(files)
    }

    /// What lies at `path`: a file, or all files below a directory.
    pub(crate) fn file(&self, path: &Path) -> Result<FileInfo> {
        if let Some(info) = self.files.borrow().get(path) {
            return Ok(info.clone());
        }
        let info = hashed(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        let mut files = self.files.borrow_mut();
        files.insert(path.to_owned(), info.clone());
        Ok(info)
    }

    /// Where results come from: what is known of the program and the machine, and everything that was read.
    pub(crate) fn provenance(&self) -> Provenance {
        let below_data = |path: &PathBuf| match path.strip_prefix(&self.experiment.data) {
            Ok(path) => path.display().to_string(),
            Err(_) => path.display().to_string(),
        };
        let files = self.files.borrow();
        let encoders = self.encoders.borrow();
        Provenance {
            files: files
                .iter()
                .map(|(path, info)| (below_data(path), info.clone()))
                .collect(),
            encoders: encoders
                .iter()
                .map(|(name, encoder)| {
                    let spec = encoder.spec();
                    let info = EncoderInfo {
                        model: spec.name.clone(),
                        fingerprint: spec.fingerprint.clone(),
                        dim: spec.dim,
                    };
                    (name.clone(), info)
                })
                .collect(),
            ..self.tools.provenance.clone()
        }
    }
}

fn lexicon_file(name: &str) -> LexiconFile {
    let Ok(file) = name.parse();
    file
}

fn hashed(path: &Path) -> std::io::Result<FileInfo> {
    if !path.is_dir() {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(std::fs::File::open(path)?)?;
        return Ok(FileInfo {
            size_bytes: path.metadata()?.len(),
            blake3: hasher.finalize().to_string(),
        });
    }
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    let mut size_bytes = 0;
    for entry in entries {
        let info = hashed(&entry)?;
        size_bytes += info.size_bytes;
        hasher.update(entry.file_name().unwrap_or_default().as_encoded_bytes());
        hasher.update(info.blake3.as_bytes());
    }
    Ok(FileInfo {
        size_bytes,
        blake3: hasher.finalize().to_string(),
    })
}
