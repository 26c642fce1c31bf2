//! Documents and vectors → the files of a segment.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use crate::dense::{self, VectorWriter};
use crate::document::DocId;
use crate::error::{Error, Result};
use crate::ingest::Embedded;
use crate::lexical::LexicalWriter;
use crate::monitor::Monitor;
use crate::store::DocStoreWriter;

use super::inventory::{FileEntry, Inventory};
use super::passages::PassageWriter;
use super::settings::IndexSettings;

pub(super) const TERMS: &str = "terms";

/// Fills the directory of a segment.
pub(crate) struct SegmentWriter {
    dir: PathBuf,
    settings: IndexSettings,
    documents: DocStoreWriter,
    passages: Option<PassageWriter>,
    terms: LexicalWriter,
    vectors: VectorWriter,
    n_vectors: usize,
    times: WriteTimes,
}

/// How long the stages of writing took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct WriteTimes {
    /// Analysing and indexing terms.
    pub lexical: Duration,
    /// Storing documents and vectors.
    pub store: Duration,
    /// Building the graph.
    pub graph: Duration,
    /// Checksums and making it last.
    pub commit: Duration,
}

impl SegmentWriter {
    /// A segment in the empty directory `dir`.
    pub(crate) fn create(dir: &Path, settings: &IndexSettings) -> Result<Self> {
        let terms = dir.join(TERMS);
        std::fs::create_dir(&terms).map_err(|source| Error::Write {
            path: terms.clone(),
            source,
        })?;
        Ok(Self {
            dir: dir.to_owned(),
            documents: DocStoreWriter::create(dir)?,
            passages: match settings.passages {
                Some(_) => Some(PassageWriter::create(dir)?),
                None => None,
            },
            terms: LexicalWriter::create(&terms)?,
            vectors: VectorWriter::create(dir, settings.encoder.dim, settings.vectors)?,
            n_vectors: 0,
            times: WriteTimes::default(),
            settings: settings.clone(),
        })
    }

    pub(crate) fn n_docs(&self) -> usize {
        self.documents.len()
    }

    /// Whether a document `id` was added already.
    pub(crate) fn contains(&self, id: &DocId) -> bool {
        self.documents.contains(id)
    }

    /// Adds documents.
    ///
    /// # Errors
    /// When an id comes twice, the vectors do not fit the settings, or the disk fails. The segment is then unfit for
    /// [`finish`](SegmentWriter::finish): drop it.
    pub(crate) fn add(&mut self, docs: &[Embedded]) -> Result<()> {
        let start = Instant::now();
        let analyze = |entry: &Embedded| LexicalWriter::analyze(&entry.doc, &self.settings.lexical);
        let terms: Vec<_> = docs.par_iter().map(analyze).collect();
        let analyzed = Instant::now();
        let mut ords = Vec::with_capacity(docs.len());
        for Embedded {
            doc,
            spans,
            vectors,
        } in docs
        {
            let fits = match self.passages {
                Some(_) => spans.len() == vectors.len(),
                None => vectors.len() == 1,
            };
            if !fits {
                return Err(Error::Setting {
                    name: "the number of vectors",
                    got: vectors.len().to_string(),
                    expected: "one for each document, or for each of its passages where documents are split",
                });
            }
            let ord = self.documents.add(doc)?;
            if let Some(passages) = &mut self.passages {
                let added = passages.add(ord.0, spans);
                added.map_err(|source| failed(&self.dir, source))?;
            }
            self.vectors.add(vectors)?;
            self.n_vectors += vectors.len();
            ords.push(ord);
        }
        let stored = Instant::now();
        for (ord, terms) in ords.into_iter().zip(&terms) {
            self.terms.add(ord, terms)?;
        }
        self.times.lexical += (analyzed - start) + stored.elapsed();
        self.times.store += stored - analyzed;
        Ok(())
    }

    /// Makes every file last, after building the graph where `graph` watches over that; without it, vectors are compared one
    /// by one.
    pub(crate) fn finish(
        self,
        graph: Option<&Monitor>,
    ) -> Result<(Inventory, FileEntry, WriteTimes)> {
        let Self {
            dir,
            settings,
            documents,
            passages,
            terms,
            vectors,
            n_vectors,
            mut times,
        } = self;
        let n_docs = documents.len();
        let languages = documents.languages();
        times.store += timed(|| {
            documents.commit()?;
            let committed = passages.map_or(Ok(()), PassageWriter::commit);
            committed.map_err(|source| failed(&dir, source))?;
            vectors.commit()
        })?;
        times.lexical += timed(|| terms.commit())?;
        if let Some(monitor) = graph {
            times.graph +=
                timed(|| dense::build_graph(&dir, settings.encoder.dim, settings.hnsw, monitor))?;
            monitor.check()?;
        }
        let start = Instant::now();
        tidy_terms(&dir).map_err(|source| failed(&dir, source))?;
        let (inventory, entry) = Inventory::write(&dir, n_docs, n_vectors, languages)?;
        times.commit += start.elapsed();
        Ok((inventory, entry, times))
    }
}

/// tantivy leaves its locks behind, and makes some of its files its user's alone.
pub(super) fn tidy_terms(dir: &Path) -> io::Result<()> {
    let permissions = std::fs::metadata(dir.join("documents.zst"))?.permissions();
    for entry in std::fs::read_dir(dir.join(TERMS))? {
        let path = entry?.path();
        match path
            .extension()
            .is_some_and(|extension| extension == "lock")
        {
            true => std::fs::remove_file(path)?,
            false => std::fs::set_permissions(path, permissions.clone())?,
        }
    }
    Ok(())
}

pub(super) fn failed(dir: &Path, source: io::Error) -> Error {
    Error::Write {
        path: dir.to_owned(),
        source,
    }
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}
