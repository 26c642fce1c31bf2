//! What can go wrong, as facts. `kind` decides exit codes and HTTP statuses in one place.

use std::io;
use std::path::PathBuf;

/// The engine's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any other library's error, kept as a cause.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What went wrong in the engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(
    missing_docs,
    reason = "the sentence of a variant says what its fields are"
)]
pub enum Error {
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: io::Error },
    #[error("{path}:{line}: field `{field}`: got {got:?}, expected {expected}")]
    Malformed {
        path: PathBuf,
        line: u64,
        field: &'static str,
        got: String,
        expected: &'static str,
    },

    #[error("{dir} is not an index: {found}; `xenoglot index` makes one")]
    NotAnIndex { dir: PathBuf, found: String },
    #[error(
        "{dir} is an index of format {found}, and this program reads format {expected}; reindex the corpus"
    )]
    IndexFormat {
        dir: PathBuf,
        found: u32,
        expected: u32,
    },
    #[error("{path} is damaged: {found}, expected {expected}; reindex the corpus")]
    Damaged {
        path: PathBuf,
        found: String,
        expected: String,
    },
    #[error(
        "index {dir} was built with encoder `{built}`, not `{given}`; reindex, or search with `{built}`"
    )]
    EncoderMismatch {
        dir: PathBuf,
        built: String,
        given: String,
    },
    #[error("{dir} holds other files and no index; name a new or an empty directory")]
    DirectoryInUse { dir: PathBuf },
    #[error("another process is writing the index {dir}")]
    Locked { dir: PathBuf },
    #[error("document id {id:?} comes twice")]
    DuplicateId { id: String },
    #[error("the index is full at {max} documents")]
    TooManyDocuments { max: u32 },

    #[error("{name} is {got}, expected {expected}")]
    Setting {
        name: &'static str,
        got: String,
        expected: &'static str,
    },
    #[error("filter {path}: got {got}, expected {expected}")]
    Filter {
        path: String,
        got: String,
        expected: &'static str,
    },
    #[error("unknown measure {given:?}; known are {known}")]
    UnknownMeasure { given: String, known: &'static str },
    #[error(
        "the run answers no topic that has judgments: it begins with topic `{run}`, the qrels with `{qrels}`"
    )]
    NoCommonTopic { run: String, qrels: String },
    #[error(
        "{measure} asks for the languages of documents, and the qrels do not name them; expected them in the second column or in a file of their own"
    )]
    NoLanguages { measure: String },
    #[error(
        "{code:?} is not a language code; expected BCP 47 or ISO 639-3, such as `sw`, `swa` or `zh-Hant`"
    )]
    UnknownLanguage { code: String },

    #[error("{path} is not a model directory: {found}")]
    NotAModel { path: PathBuf, found: String },
    #[error("{path}: {problem}")]
    Model { path: PathBuf, problem: String },
    #[error("{path}: unknown architecture {given:?}; known are {known}")]
    UnknownArchitecture {
        path: PathBuf,
        given: String,
        known: String,
    },
    #[error("modules do not fit the model {model}: {problem}")]
    Insertion { model: String, problem: String },
    #[error("{given} dimensions were asked for, and vectors of {model} have {max}")]
    TooManyDimensions {
        model: String,
        given: usize,
        max: usize,
    },
    #[error(
        "{model} gives numbers that are not finite, expected vectors; its weights may be damaged, or too large for the \
         precision"
    )]
    NotFinite { model: String },
    #[error("the tokenizer cannot read a text")]
    Tokenizer { source: Cause },
    #[error("{path}: cannot {doing}")]
    ModelLibrary {
        path: PathBuf,
        doing: &'static str,
        source: Cause,
    },
    #[error(
        "ONNX Runtime was not found; `make setup` fetches it, or set XENOGLOT_ORT_DYLIB to {expected}"
    )]
    RuntimeMissing { expected: &'static str },
    #[error("ONNX Runtime at {path} cannot be loaded; `make setup` fetches one that can")]
    RuntimeLoad { path: PathBuf, source: Cause },
    #[error("ONNX Runtime cannot {doing}")]
    Runtime { doing: &'static str, source: Cause },

    #[error(
        "{path} names no languages: call it such as `en-de.tsv` or `en-de.json`, or give it as `en-de=FILE`"
    )]
    LexiconLanguages { path: PathBuf },
    #[error(
        "{path} is a lexicon of format {found}, and this program reads format {expected}; train it anew"
    )]
    LexiconFormat {
        path: PathBuf,
        found: u32,
        expected: u32,
    },
    #[error(
        "{path} was trained with another analyzer of `{lang}`, which made {word:?} {then:?}, now {now:?}; train it anew"
    )]
    LexiconAnalyzer {
        path: PathBuf,
        lang: String,
        word: String,
        then: String,
        now: String,
    },

    #[error("there is no stack {given:?} to rerank with; known are {known}")]
    UnknownStack { given: String, known: String },
    #[error("reranking failed")]
    Rerank { source: Cause },
    #[error("the lexical index cannot {doing}")]
    Lexical { doing: &'static str, source: Cause },
    #[error("the threads that write cannot be started")]
    Threads { source: Cause },
    #[error("{path} is not a snapshot: {found}")]
    NotASnapshot { path: PathBuf, found: String },
    #[error("interrupted; nothing was changed")]
    Interrupted,
}

/// Whose fault an error is, and so what to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The input is wrong: fix it and try again.
    Invalid,
    /// What was named does not exist.
    NotFound,
    /// What was asked for contradicts what is there.
    Conflict,
    /// Something needed is missing or busy.
    Unavailable,
    /// There is no room on the disk.
    Full,
    /// The machine or this program failed.
    Internal,
}

impl Error {
    /// Whose fault it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Malformed { .. }
            | Self::Setting { .. }
            | Self::Filter { .. }
            | Self::UnknownMeasure { .. }
            | Self::NoCommonTopic { .. }
            | Self::NoLanguages { .. }
            | Self::UnknownLanguage { .. }
            | Self::NotAModel { .. }
            | Self::NotASnapshot { .. }
            | Self::Model { .. }
            | Self::UnknownArchitecture { .. }
            | Self::UnknownStack { .. }
            | Self::LexiconLanguages { .. }
            | Self::TooManyDimensions { .. }
            | Self::ModelLibrary { .. } => Kind::Invalid,
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => Kind::NotFound,
            Self::Write { source, .. }
                if matches!(
                    source.kind(),
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
                ) =>
            {
                Kind::Full
            }
            Self::NotAnIndex { .. } => Kind::NotFound,
            Self::IndexFormat { .. }
            | Self::EncoderMismatch { .. }
            | Self::Insertion { .. }
            | Self::DirectoryInUse { .. }
            | Self::DuplicateId { .. }
            | Self::LexiconFormat { .. }
            | Self::LexiconAnalyzer { .. }
            | Self::TooManyDocuments { .. } => Kind::Conflict,
            Self::Locked { .. } | Self::RuntimeMissing { .. } | Self::RuntimeLoad { .. } => {
                Kind::Unavailable
            }
            Self::Read { .. }
            | Self::Write { .. }
            | Self::Damaged { .. }
            | Self::Runtime { .. }
            | Self::NotFinite { .. }
            | Self::Tokenizer { .. }
            | Self::Rerank { .. }
            | Self::Lexical { .. }
            | Self::Threads { .. }
            | Self::Interrupted => Kind::Internal,
        }
    }
}
