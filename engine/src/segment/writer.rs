//! Documents and vectors → an index, all or nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use crate::dense::{self, HnswParams, VectorWriter};
use crate::document::{DocId, Document};
use crate::encoder::{Embeddings, EncoderSpec};
use crate::error::{Error, Result};
use crate::lexical::{LexicalSettings, LexicalWriter};
use crate::monitor::Monitor;
use crate::store::DocStoreWriter;

use super::manifest::{Contents, Manifest};
use super::site::Site;

pub(super) const TERMS: &str = "terms";

/// What is fixed when an index is made.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexSettings {
    /// Which encoder makes the vectors.
    pub encoder: EncoderSpec,
    /// How the graph is built.
    pub hnsw: HnswParams,
    /// How words are weighed, and what is stored of them.
    pub lexical: LexicalSettings,
}

impl IndexSettings {
    /// The usual settings for vectors of `encoder`.
    pub fn new(encoder: EncoderSpec) -> Self {
        Self {
            encoder,
            hnsw: HnswParams::default(),
            lexical: LexicalSettings::default(),
        }
    }
}

/// Builds an index in a hidden directory inside its own; [`IndexWriter::commit`] makes it appear in one step, in the
/// place of the index that was there. Dropped before that, it leaves nothing.
pub struct IndexWriter {
    settings: IndexSettings,
    documents: DocStoreWriter,
    terms: LexicalWriter,
    vectors: VectorWriter,
    times: WriteTimes,
    monitor: Arc<Monitor>,
    // Dropped last, after the writers have let go of their files.
    site: Site,
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

impl IndexWriter {
    /// Begins an index in `dir`, which is made if need be; an index that is there goes on answering.
    ///
    /// # Errors
    /// When `dir` holds other things than an index, another process writes it, or the settings are out of range.
    pub fn create(dir: &Path, settings: IndexSettings) -> Result<Self> {
        settings.hnsw.check()?;
        settings.lexical.bm25.check()?;
        let site = Site::claim(dir)?;
        let building = site.building();
        let terms = building.join(TERMS);
        std::fs::create_dir(&terms).map_err(|source| Error::Write {
            path: terms.clone(),
            source,
        })?;
        Ok(Self {
            documents: DocStoreWriter::create(building)?,
            terms: LexicalWriter::create(&terms)?,
            vectors: dense::create_vectors(building, settings.encoder.dim)?,
            times: WriteTimes::default(),
            monitor: Arc::default(),
            settings,
            site,
        })
    }

    /// The same writer, watched and stopped through `monitor`.
    pub fn with_monitor(self, monitor: Arc<Monitor>) -> Self {
        Self { monitor, ..self }
    }

    /// How many documents were added.
    pub fn n_docs(&self) -> usize {
        self.documents.len()
    }

    /// Whether a document `id` was added already.
    pub fn contains(&self, id: &DocId) -> bool {
        self.documents.contains(id)
    }

    /// Adds documents; row `i` of `embeddings` belongs to `docs[i]`.
    ///
    /// # Errors
    /// When an id comes twice, the vectors do not fit the settings, or the disk fails. The index is then unfit for
    /// [`commit`](IndexWriter::commit): drop it.
    pub fn add(&mut self, docs: Vec<Document>, embeddings: Embeddings) -> Result<()> {
        if docs.len() != embeddings.len() {
            return Err(Error::Setting {
                name: "the number of vectors",
                got: embeddings.len().to_string(),
                expected: "one per document",
            });
        }
        let start = Instant::now();
        let analyze = |doc| LexicalWriter::analyze(doc, &self.settings.lexical);
        let terms: Vec<_> = docs.par_iter().map(analyze).collect();
        let analyzed = Instant::now();
        let mut ords = Vec::with_capacity(docs.len());
        for doc in &docs {
            ords.push(self.documents.add(doc)?);
        }
        self.vectors.add(&embeddings)?;
        let stored = Instant::now();
        for (ord, terms) in ords.into_iter().zip(&terms) {
            self.terms.add(ord, terms)?;
        }
        self.times.lexical += (analyzed - start) + stored.elapsed();
        self.times.store += stored - analyzed;
        Ok(())
    }

    /// Builds the graph, makes every file last, and puts the index in its place. Returns what it is now, and how long
    /// each stage took.
    pub fn commit(self) -> Result<(Manifest, WriteTimes)> {
        let Self {
            settings,
            documents,
            terms,
            vectors,
            mut times,
            monitor,
            site,
        } = self;
        let building = site.building();
        let contents = Contents {
            n_docs: documents.len(),
            languages: documents.languages(),
            encoder: settings.encoder,
            hnsw: settings.hnsw,
            lexical: settings.lexical,
        };
        times.store += timed(|| documents.commit())?;
        times.store += timed(|| vectors.commit())?;
        times.lexical += timed(|| terms.commit())?;
        times.graph +=
            timed(|| dense::build_graph(building, contents.encoder.dim, settings.hnsw, &monitor))?;
        monitor.check()?;
        let start = Instant::now();
        let manifest = site.publish(contents)?;
        times.commit += start.elapsed();
        Ok((manifest, times))
    }
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}
