//! The formats that vectors are written in.

use anyhow::{Context, Result};
use xenoglot_engine::Embeddings;

use super::arrow::ArrowFile;
use super::jsonl::JsonLines;
use super::npy::Npy;
use super::texts::Dialect;
use crate::output::Output;

/// How vectors are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum Format {
    /// An array of numbers per line, as soon as it is known
    #[default]
    Jsonl,
    /// NumPy: little-endian float32, `[texts, dimensions]`
    Npy,
    /// Arrow IPC file (Feather 2): column `vector`, and `id` for JSON lines
    Arrow,
}

/// Vectors on their way into an output.
pub(super) enum VectorWriter {
    Jsonl(JsonLines<Output>),
    Npy(Npy<Output>),
    Arrow(Box<ArrowFile<Output>>),
}

impl Format {
    /// Begins to write vectors of `dim` numbers, of texts written down in `dialect`.
    pub(super) fn writer(self, out: Output, dialect: Dialect, dim: usize) -> Result<VectorWriter> {
        Ok(match self {
            Self::Jsonl => VectorWriter::Jsonl(JsonLines::new(out)),
            Self::Npy => {
                let spool = out
                    .spool()
                    .context("cannot make a file for rows to wait in")?;
                VectorWriter::Npy(Npy::new(out, dim, spool))
            }
            Self::Arrow => VectorWriter::Arrow(Box::new(ArrowFile::new(out, dialect, dim)?)),
        })
    }

    /// Whether a terminal can show it.
    pub(super) fn is_text(self) -> bool {
        self == Self::Jsonl
    }
}

impl VectorWriter {
    /// Adds the vectors of some texts; `ids` has one per text.
    pub(super) fn add(&mut self, ids: &[Option<String>], vectors: &Embeddings) -> Result<()> {
        match self {
            Self::Jsonl(writer) => Ok(writer.add(vectors)?),
            Self::Npy(writer) => writer
                .add(vectors)
                .context("cannot write the file that rows wait in"),
            Self::Arrow(writer) => writer.add(ids, vectors),
        }
    }

    /// Ends the format, and the output with it.
    pub(super) fn commit(self) -> Result<()> {
        let out = match self {
            Self::Jsonl(writer) => writer.commit(),
            Self::Npy(writer) => writer.commit()?,
            Self::Arrow(writer) => writer.commit()?,
        };
        Ok(out.commit()?)
    }
}
