//! Which vector is which part of which document.
//!
//! The file is a sequence of little-endian `u32`, three for each vector: the document's ordinal, and where in its text the
//! passage begins and ends, in bytes. Vectors of one document stand together, documents in their order.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::error::{Error, Result};
use crate::passage::Span;

pub(super) const FILE: &str = "passages";

/// The passages of a segment whose documents are split.
pub(crate) struct Passages {
    owners: Vec<u32>,
    spans: Vec<Span>,
}

impl Passages {
    /// Reads the table in `dir`, of `n_vectors` passages.
    pub(super) fn open(dir: &Path, n_vectors: usize) -> Result<Self> {
        let path = dir.join(FILE);
        let bytes = std::fs::read(&path).map_err(|source| Error::Read {
            path: path.clone(),
            source,
        })?;
        let (words, rest) = bytes.as_chunks::<4>();
        let (entries, more) = words.as_chunks::<3>();
        if !rest.is_empty() || !more.is_empty() || entries.len() != n_vectors {
            return Err(Error::Damaged {
                path,
                found: format!("{} bytes", bytes.len()),
                expected: format!("{n_vectors} passages"),
            });
        }
        let read = entries.iter().map(|entry| entry.map(u32::from_le_bytes));
        let (owners, spans) = read
            .map(|[doc, start, end]| (doc, Span { start, end }))
            .unzip();
        Ok(Self { owners, spans })
    }

    /// The document of every vector.
    pub(crate) fn owners(&self) -> &[u32] {
        &self.owners
    }

    /// Which part of its document's text vector `at` is.
    pub(crate) fn span(&self, at: u32) -> Option<Span> {
        self.spans.get(at as usize).copied()
    }

    /// The spans of the vectors of `doc`.
    pub(super) fn of(&self, doc: u32) -> &[Span] {
        let start = self.owners.partition_point(|owner| *owner < doc);
        let end = self.owners.partition_point(|owner| *owner <= doc);
        &self.spans[start..end]
    }
}

/// Writes the table of a segment.
pub(super) struct PassageWriter(BufWriter<File>);

impl PassageWriter {
    pub(super) fn create(dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        let file = File::create_new(&path).map_err(|source| Error::Write { path, source })?;
        Ok(Self(BufWriter::new(file)))
    }

    /// Adds the passages of `doc`, one for each of its vectors.
    pub(super) fn add(&mut self, doc: u32, spans: &[Span]) -> std::io::Result<()> {
        for span in spans {
            for word in [doc, span.start, span.end] {
                self.0.write_all(&word.to_le_bytes())?;
            }
        }
        Ok(())
    }

    pub(super) fn commit(mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}
