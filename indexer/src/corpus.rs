//! The corpora that can be read: one file per format.

mod jsonl;

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use xenoglot_engine::{self as engine, Document, input};

use crate::error::{Error, Result};

/// The standard input, as an argument.
const STDIN: &str = "-";

/// Files of documents, in the order they were named.
#[derive(Debug)]
pub struct Corpus {
    paths: Vec<PathBuf>,
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
    /// # Errors
    /// When a pattern matches nothing, or a folder cannot be looked into.
    pub fn open(inputs: &[String]) -> Result<Self> {
        let mut paths = Vec::new();
        for input in inputs {
            paths.extend(expand(input)?);
        }
        Ok(Self { paths })
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
        self.paths.into_iter().flat_map(move |path| {
            let (records, failure) = match open(&path, Arc::clone(&read_bytes)) {
                Ok(lines) => (Some(jsonl::records(lines, path)), None),
                Err(error) => (None, Some(Err(error))),
            };
            records.into_iter().flatten().chain(failure)
        })
    }
}

fn expand(input: &str) -> Result<Vec<PathBuf>> {
    if input == STDIN || Path::new(input).exists() {
        return Ok(vec![PathBuf::from(input)]);
    }
    let pattern = || input.to_owned();
    let paths = glob::glob(input).map_err(|source| Error::Pattern {
        pattern: pattern(),
        source,
    })?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| engine::Error::Read {
            path: error.path().to_owned(),
            source: error.into(),
        })?;
        if path.is_file() {
            files.push(path);
        }
    }
    if files.is_empty() {
        Err(Error::NoMatch { pattern: pattern() })
    } else {
        Ok(files)
    }
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
