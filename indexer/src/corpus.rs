//! The corpora that can be read: one file per format.

mod files;
mod format;

mod sgml;
mod squad;
mod tsv;

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use xenoglot_engine::input::{Line, Lines, TextEncoding};
use xenoglot_engine::{self as engine, Document, Lang, input};

use crate::error::Result;

pub use format::CorpusFormat;

use files::STDIN;

/// Files of documents, in the order they were named.
#[derive(Debug)]
pub struct Corpus {
    paths: Vec<PathBuf>,
    /// Of each file: the language of documents that name none, as far as somebody knows.
    langs: Vec<Lang>,
    format: CorpusFormat,
    encoding: TextEncoding,
}

/// A document, and where it stands.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) doc: Document,
    pub(crate) path: Arc<Path>,
    pub(crate) line: u64,
}

impl Corpus {
    /// The files that `inputs` name: paths, patterns such as `docs/*.jsonl.zst`, or `-` for the standard input.
    ///
    /// A folder stands for the files in it and below, in the order of their names, but for hidden ones and document
    /// types (`.dtd`).
    ///
    /// # Errors
    /// When a pattern matches nothing, or a folder cannot be looked into.
    pub fn open(inputs: &[String]) -> Result<Self> {
        let mut paths = Vec::new();
        for input in inputs {
            paths.extend(files::named(input)?);
        }
        Ok(Self {
            langs: vec![Lang::UNKNOWN; paths.len()],
            paths,
            format: CorpusFormat::default(),
            encoding: TextEncoding::default(),
        })
    }

    /// The same files, in a format that their first lines are not asked for.
    pub fn with_format(self, format: CorpusFormat) -> Self {
        Self { format, ..self }
    }

    /// The same files, in another encoding than UTF-8.
    pub fn with_encoding(self, encoding: TextEncoding) -> Self {
        Self { encoding, ..self }
    }

    /// The same files, whose documents are in `lang` where they name no language.
    pub fn in_language(self, lang: Lang) -> Self {
        Self {
            langs: vec![lang; self.paths.len()],
            ..self
        }
    }

    /// These files and then those of `other`, read in the format and the encoding of these.
    pub fn followed_by(mut self, other: Self) -> Self {
        self.paths.extend(other.paths);
        self.langs.extend(other.langs);
        self
    }

    /// Every document of every file.
    ///
    /// A wrong one is an [`engine::Error::Malformed`], after which the sequence goes on; any other error ends its file.
    pub fn documents(self) -> impl Iterator<Item = engine::Result<Document>> + Send {
        let records = self.records(Arc::default());
        records.map(|record| record.map(|record| record.doc))
    }

    /// The files.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Bytes of all files as they lie on disk; nothing where one of them hides its size, as the standard input does.
    pub fn size_bytes(&self) -> Option<u64> {
        let sizes = self
            .paths
            .iter()
            .map(|path| std::fs::metadata(path).ok().filter(|file| file.is_file()));
        sizes.map(|file| file.map(|file| file.len())).sum()
    }

    /// The names of the files, for messages.
    pub(crate) fn names(&self) -> String {
        self.paths
            .iter()
            .map(|path| path.display().to_string())
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Every record of every file. `read_bytes` counts what was read of the files as they lie on disk.
    ///
    /// A wrong record is an [`engine::Error::Malformed`], after which the sequence goes on; any other error ends its
    /// file.
    pub(crate) fn records(
        self,
        read_bytes: Arc<AtomicU64>,
    ) -> impl Iterator<Item = engine::Result<Record>> + Send {
        let files = self.paths.into_iter().zip(self.langs);
        files.flat_map(move |(path, lang)| {
            let lines = open(&path, Arc::clone(&read_bytes));
            let records = match lines.and_then(|lines| self.format.read(lines, path, self.encoding))
            {
                Ok(records) => records,
                Err(error) => Box::new(std::iter::once(Err(error))),
            };
            records.map(move |record| {
                let mut record = record?;
                if record.doc.lang == Lang::UNKNOWN {
                    record.doc.lang = lang;
                }
                Ok(record)
            })
        })
    }
}

/// The records of one file.
type Records = Box<dyn Iterator<Item = engine::Result<Record>> + Send>;

impl CorpusFormat {
    fn read(self, lines: Lines, path: PathBuf, encoding: TextEncoding) -> engine::Result<Records> {
        let mut lines = lines.in_encoding(encoding);
        let path: Arc<Path> = path.into();
        let format = match self {
            Self::Auto => match lines.peek()? {
                Some(line) => Self::of_first_line(line),
                None => return Ok(Box::new(std::iter::empty())),
            },
            named => named,
        };
        Ok(match format {
            Self::Auto | Self::Jsonl => {
                by_line(lines, path, |line| input::read_document(line).map(Some))
            }
            Self::Tsv => {
                let mut columns = tsv::Columns::default();
                by_line(lines, path, move |line| columns.read(line))
            }
            Self::Sgml => Box::new(sgml::records(lines, path, encoding)),
            Self::Squad => Box::new(squad::records(lines, path, squad::Unit::Paragraph)?),
            Self::SquadSentences => Box::new(squad::records(lines, path, squad::Unit::Sentence)?),
        })
    }
}

/// The records of a file that has one a line, as `read` reads it; a line may hold none.
fn by_line(
    mut lines: Lines,
    path: Arc<Path>,
    mut read: impl FnMut(Line<'_>) -> engine::Result<Option<Document>> + Send + 'static,
) -> Records {
    let mut ended = false;
    Box::new(std::iter::from_fn(move || {
        while !ended {
            let (line, doc) = match lines.next_line() {
                Ok(None) => return None,
                Ok(Some(line)) => (line.number, read(line)),
                Err(error) => {
                    // Text that is not UTF-8 spoils its line alone; a file that cannot be read is at its end.
                    ended = !matches!(error, engine::Error::Malformed { .. });
                    return Some(Err(error));
                }
            };
            let path = Arc::clone(&path);
            if let Some(doc) = doc.transpose() {
                return Some(doc.map(|doc| Record { doc, path, line }));
            }
        }
        None
    }))
}

fn open(path: &Path, read_bytes: Arc<AtomicU64>) -> engine::Result<input::Lines> {
    let reader: Box<dyn Read + Send> = if path.as_os_str() == STDIN {
        Box::new(io::stdin())
    } else {
        let file = std::fs::File::open(path).map_err(|source| engine::Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Box::new(file)
    };
    input::read_lines(
        path,
        Counted {
            inner: reader,
            read_bytes,
        },
    )
}

/// A file that counts what is read of it.
struct Counted {
    inner: Box<dyn Read + Send>,
    read_bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.read_bytes.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}
