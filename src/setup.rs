//! What every command begins with: logging, the model, the index.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use xenoglot_engine::lexicon::{Glossary, LexiconFile, Lexicons};
use xenoglot_engine::model::{
    self, Device, LoadOptions, ModelDir, Precision, RuntimeSearch, TruncatedEncoder,
};
use xenoglot_engine::{Bm25, Encoder, Manifest, Reranker, Terminology};
use xenoglot_indexer::Progress;
use xenoglot_reranker::{CrossEncoder, PASSAGES, PassageReranker};

use crate::default_model::default_model;
use crate::shipped_lexicons::shipped_lexicons;
use crate::terminal::quoted;

/// The directory that `xenoglot index` writes and others read where nobody says otherwise.
pub(crate) const DEFAULT_INDEX: &str = "xenoglot-index";

/// Which encoder to use, and where it runs; every command that embeds takes these.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ModelArgs {
    /// Model directory, or an ONNX file in one [default: the multilingual encoder inside this program]
    #[arg(long, value_name = "DIR", env = "XENOGLOT_MODEL")]
    model: Option<PathBuf>,
    #[command(flatten)]
    run: DeviceArgs,
    /// Keep the first N numbers of every vector, for models trained to be cut (Matryoshka) [default: all, or what the
    /// index has]
    #[arg(long, value_name = "N", env = "XENOGLOT_DIMENSIONS")]
    dimensions: Option<NonZeroUsize>,
}

/// How words are weighed; every command that indexes or searches takes these.
#[derive(Debug, clap::Args)]
pub(crate) struct Bm25Args {
    /// BM25's k1: how much a word's coming again counts [default: 0.9, or what the index has]
    #[arg(long, value_name = "K1")]
    k1: Option<f32>,
    /// BM25's b: how much long documents are held back, from 0 to 1 [default: 0.4, or what the index has]
    #[arg(long, value_name = "B")]
    b: Option<f32>,
    /// How often a word in the title counts [default: 1, or what the index has]
    #[arg(long, value_name = "W")]
    title_weight: Option<f32>,
}

impl Bm25Args {
    /// What was typed, and `settings` where nothing was.
    pub(crate) fn over(&self, settings: Bm25) -> Bm25 {
        Bm25 {
            k1: self.k1.unwrap_or(settings.k1),
            b: self.b.unwrap_or(settings.b),
            title_weight: self.title_weight.unwrap_or(settings.title_weight),
        }
    }
}

/// What words mean in other languages; every command that searches takes these.
#[derive(Debug, clap::Args)]
pub(crate) struct TerminologyArgs {
    /// Tables of translations for lexical search, before those inside this program: files that `lexicon train` made,
    /// dictionaries (.tsv), Patapsco's tables (.json) or directories of them; en-de=FILE where the name does not say the
    /// languages; `none` leaves out those inside this program
    #[arg(
        long = "lexicon",
        value_name = "FILE,FILE,…",
        env = "XENOGLOT_LEXICON",
        value_delimiter = ','
    )]
    lexicons: Vec<String>,
    /// Terms that find all their forms in all languages: a TOML file
    #[arg(long, value_name = "FILE", env = "XENOGLOT_GLOSSARY")]
    glossary: Option<PathBuf>,
}

impl TerminologyArgs {
    /// The tables and the glossary.
    pub(crate) fn load(&self) -> Result<Terminology> {
        let (none, files): (Vec<_>, Vec<_>) =
            self.lexicons.iter().partition(|name| *name == "none");
        let files: Vec<LexiconFile> = files
            .into_iter()
            .map(|name| name.parse())
            .collect::<Result<_, _>>()?;
        let lexicons = Lexicons::open(&files)?;
        let lexicons = match none.is_empty() {
            true => lexicons.followed_by(shipped_lexicons()),
            false => lexicons,
        };
        let glossary = self.glossary.as_deref().map(Glossary::open).transpose()?;
        Ok(Terminology {
            lexicons,
            glossary: glossary.unwrap_or_default(),
        })
    }
}

/// Where and how a transformer runs.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DeviceArgs {
    /// Where a transformer runs: auto, cpu, cuda or cuda:N
    #[arg(long, value_name = "DEVICE", env = "XENOGLOT_DEVICE", default_value = "auto", value_parser = device)]
    pub(crate) device: Device,
    /// What numbers a transformer is computed with: fp32; fp16 or bf16 on a GPU; int8 on the CPU
    #[arg(long, value_name = "PRECISION", env = "XENOGLOT_PRECISION", default_value = "fp32", value_parser = precision)]
    pub(crate) precision: Precision,
}

impl ModelArgs {
    /// The model as an argument of another command, after a space; nothing for the default.
    pub(crate) fn as_typed(&self) -> String {
        self.model
            .as_ref()
            .map(|dir| format!(" --model {}", quoted(dir)))
            .unwrap_or_default()
    }

    /// Loads the encoder.
    pub(crate) fn load(&self) -> Result<Arc<dyn Encoder>> {
        // The model inside the program is a token table: it needs no runtime, and looking for one reads many folders.
        let (dir, runtime) = match &self.model {
            Some(path) => (ModelDir::open(path)?, runtime_search()),
            None => (default_model(), RuntimeSearch::default()),
        };
        let options = LoadOptions {
            device: self.run.device,
            precision: self.run.precision,
            dimensions: self.dimensions,
            runtime,
            ..LoadOptions::default()
        };
        Ok(model::load(&dir, &options)?)
    }

    /// Loads the encoder, with vectors as long as the index in `dir` has them.
    pub(crate) fn load_for(&self, dir: &Path) -> Result<Arc<dyn Encoder>> {
        let encoder = self.load()?;
        if self.dimensions.is_none() {
            let built = Manifest::read(dir)?.settings.encoder;
            let spec = encoder.spec();
            let is_cut = built.fingerprint == spec.fingerprint && built.dim < spec.dim;
            if let Some(dim) = NonZeroUsize::new(built.dim).filter(|_| is_cut) {
                return Ok(Arc::new(TruncatedEncoder::new(encoder, dim)?));
            }
        }
        Ok(encoder)
    }

    /// `passages` over `encoder`, and the rerankers of `stacks`.
    pub(crate) fn load_rerankers(
        &self,
        encoder: &Arc<dyn Encoder>,
        stacks: &[Stack],
    ) -> Result<BTreeMap<String, Arc<dyn Reranker>>> {
        let mut rerankers = passages(encoder);
        for stack in stacks {
            if let Some(path) = &stack.path {
                let reranker = CrossEncoder::open(path, &self.run.load_options())?;
                if rerankers
                    .insert(stack.name.clone(), Arc::new(reranker))
                    .is_some()
                {
                    bail!(
                        "two stacks are called `{}`; rename the file {}",
                        stack.name,
                        path.display()
                    );
                }
            }
        }
        Ok(rerankers)
    }
}

/// The reranker that needs no files.
pub(crate) fn passages(encoder: &Arc<dyn Encoder>) -> BTreeMap<String, Arc<dyn Reranker>> {
    let passages: Arc<dyn Reranker> = Arc::new(PassageReranker::new(Arc::clone(encoder)));
    BTreeMap::from([(PASSAGES.to_owned(), passages)])
}

impl DeviceArgs {
    /// How models are loaded that need ONNX Runtime.
    pub(crate) fn load_options(&self) -> LoadOptions {
        LoadOptions {
            device: self.device,
            precision: self.precision,
            runtime: runtime_search(),
            ..LoadOptions::default()
        }
    }
}

/// What reranks: `passages`, a stack file, or the directory of a cross-encoder.
#[derive(Debug, Clone)]
pub(crate) struct Stack {
    /// What requests call it.
    pub(crate) name: String,
    /// Where it is read from, unless it is part of every searcher.
    path: Option<PathBuf>,
}

impl Stack {
    /// Reads an argument.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == PASSAGES {
            return Ok(Self {
                name: PASSAGES.to_owned(),
                path: None,
            });
        }
        let path = PathBuf::from(text);
        let name = if path.is_dir() {
            let full = path.canonicalize().ok();
            full.as_deref()
                .and_then(Path::file_name)
                .map(ToOwned::to_owned)
        } else {
            path.file_stem()
                .filter(|_| path.exists())
                .map(ToOwned::to_owned)
        };
        match name.as_deref().and_then(OsStr::to_str) {
            Some(name) => Ok(Self {
                name: name.to_owned(),
                path: Some(path),
            }),
            None => Err(format!(
                "there is nothing at that path; expected `{PASSAGES}`, a stack file, or the directory of a cross-encoder"
            )),
        }
    }
}

fn device(text: &str) -> Result<Device, String> {
    match text.split_once(':') {
        None if text == "auto" => Ok(Device::Auto),
        None if text == "cpu" => Ok(Device::Cpu),
        None if text == "cuda" => Ok(Device::Cuda(0)),
        Some(("cuda", n)) if n.parse::<u32>().is_ok() => {
            Ok(Device::Cuda(n.parse().unwrap_or_default()))
        }
        _ => Err("expected auto, cpu, cuda or cuda:N".into()),
    }
}

fn precision(text: &str) -> Result<Precision, String> {
    let mut known = Precision::ALL.into_iter();
    known
        .find(|precision| precision.name() == text)
        .ok_or_else(|| "expected fp32, fp16, bf16 or int8".into())
}

/// Where ONNX Runtime is looked for, best place first: `XENOGLOT_ORT_DYLIB`, else `ORT_DYLIB_PATH`; beside the program;
/// `runtime/` here or above the program; the Python packages of an active or the first `python3`.
pub(crate) fn runtime_search() -> RuntimeSearch {
    let named = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    RuntimeSearch {
        explicit: named("XENOGLOT_ORT_DYLIB").or_else(|| named("ORT_DYLIB_PATH")),
        executable: std::env::current_exe().ok(),
        working_dir: std::env::current_dir().ok(),
        python_packages: python_packages(),
    }
}

/// The `site-packages` of the virtual environment that is active and of every `python3` on the PATH.
fn python_packages() -> Vec<PathBuf> {
    let mut prefixes: Vec<PathBuf> = std::env::var_os("VIRTUAL_ENV")
        .map(PathBuf::from)
        .into_iter()
        .collect();
    let path = std::env::var_os("PATH").unwrap_or_default();
    for bin in std::env::split_paths(&path).filter(|bin| bin.join("python3").exists()) {
        prefixes.extend(bin.parent().map(Path::to_owned));
    }
    let patterns = prefixes.iter().flat_map(|prefix| {
        [
            "lib/python3*/site-packages",
            "lib/python3*/dist-packages",
            "lib/python3/dist-packages",
        ]
        .map(|folder| prefix.join(folder).display().to_string())
    });
    let mut packages: Vec<PathBuf> = patterns
        .flat_map(|pattern| glob::glob(&pattern))
        .flatten()
        .flatten()
        .collect();
    packages.dedup();
    packages
}

/// Ctrl-C or SIGTERM end a build in good order; what was there before stays.
pub(crate) fn stop_on_signal(progress: &Progress) -> Result<()> {
    let monitor = Arc::clone(&progress.monitor);
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("cannot listen for Ctrl-C")?;
    std::thread::spawn(move || {
        for _ in signals.forever() {
            monitor.interrupt();
        }
    });
    Ok(())
}
