//! What can go wrong between modules and a backbone, as facts.

use std::path::PathBuf;

use xenoglot_engine::Kind;

/// The reranker's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong with modules, or below them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(
    missing_docs,
    reason = "the sentence of a variant says what its fields are"
)]
pub enum Error {
    #[error(transparent)]
    Engine(#[from] xenoglot_engine::Error),
    #[error("{path} is not a module: {found}")]
    NotAModule { path: PathBuf, found: String },
    #[error("{path}: {problem}")]
    Module { path: PathBuf, problem: String },
    #[error("module {module} was made for {made_for}, and the backbone {backbone} is {given}")]
    WrongBackbone {
        module: String,
        made_for: String,
        backbone: String,
        given: String,
    },
    #[error(
        "the head has {n_labels} labels, expected one, or two of which the second means relevant"
    )]
    Labels { n_labels: usize },
    #[error("stack {path}: {problem}")]
    StackFile { path: PathBuf, problem: String },
    #[error("layer {layer} is to be skipped, and the backbone has 0 to {}", n_layers - 1)]
    NoLayer { layer: usize, n_layers: usize },
    #[error("{backbone} has no head for classification, and no module of the stack brings one")]
    NoHead { backbone: String },
    #[error("there is no module {id:?}")]
    UnknownModule { id: String },

    #[error("{dir} is not a registry of modules: {found}; `xenoglot module add` makes one")]
    NotARegistry { dir: PathBuf, found: String },
    #[error(
        "{path} is of a registry of format {found}, and this program reads format {expected}; add the modules to a new one"
    )]
    RegistryFormat {
        path: PathBuf,
        found: u32,
        expected: u32,
    },
    #[error("another process is writing the registry {dir}")]
    RegistryLocked { dir: PathBuf },
    #[error("{path} is damaged: {found}, expected {expected}; add the module again")]
    Damaged {
        path: PathBuf,
        found: String,
        expected: String,
    },
    #[error(
        "{id:?} is no id for a module, expected lower-case ASCII letters, digits, `.`, `_` and `-`, not beginning with `.`"
    )]
    ModuleId { id: String },
    #[error("the registry has a module {id} already; replace it, or choose another id")]
    KnownModule { id: String },
    #[error(
        "the registry has a language module for `{language}` over {base} already, {id}; replace it, or keep it"
    )]
    KnownLanguage {
        language: String,
        base: String,
        id: String,
    },
    #[error("module {id} is for a language, expected the code of which")]
    NoLanguage { id: String },

    #[error("stacks of one request end in heads of different sizes, expected one number of labels")]
    Heads,
    #[error(
        "{query} and {document} cannot stand side by side, expected two masks, or two adapters that are neither parallel nor gated"
    )]
    Split { query: String, document: String },
}

impl From<Error> for xenoglot_engine::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Engine(error) => error,
            other => Self::Rerank {
                source: other.into(),
            },
        }
    }
}

impl Error {
    /// Whose fault it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Engine(error) => error.kind(),
            Self::NotAModule { .. }
            | Self::Module { .. }
            | Self::StackFile { .. }
            | Self::NoLayer { .. }
            | Self::NoHead { .. }
            | Self::Heads
            | Self::Labels { .. }
            | Self::Split { .. }
            | Self::ModuleId { .. }
            | Self::NoLanguage { .. } => Kind::Invalid,
            Self::UnknownModule { .. } | Self::NotARegistry { .. } => Kind::NotFound,
            Self::WrongBackbone { .. }
            | Self::RegistryFormat { .. }
            | Self::KnownModule { .. }
            | Self::KnownLanguage { .. } => Kind::Conflict,
            Self::RegistryLocked { .. } => Kind::Unavailable,
            Self::Damaged { .. } => Kind::Internal,
        }
    }
}
