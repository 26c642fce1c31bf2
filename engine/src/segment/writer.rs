//! Documents and vectors → an index, all or nothing.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use crate::dense::{self, HnswParams, VectorWriter};
use crate::document::{DocId, Document};
use crate::encoder::{Embeddings, EncoderSpec};
use crate::error::{Error, Result};
use crate::language::Lang;
use crate::lexical::LexicalWriter;
use crate::monitor::Monitor;
use crate::store::DocStoreWriter;

use super::manifest::{self, Contents, Manifest};

const BUILDING: &str = ".building-";
const LOCK: &str = ".lock";
pub(super) const TERMS: &str = "terms";

/// What is fixed when an index is made.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexSettings {
    /// Which encoder makes the vectors.
    pub encoder: EncoderSpec,
    /// How the graph is built.
    pub hnsw: HnswParams,
}

impl IndexSettings {
    /// The usual settings for vectors of `encoder`.
    pub fn new(encoder: EncoderSpec) -> Self {
        Self {
            encoder,
            hnsw: HnswParams::default(),
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
    languages: BTreeMap<Lang, usize>,
    times: WriteTimes,
    monitor: Arc<Monitor>,
    // Dropped last, after the writers have let go of their files.
    site: Site,
}

/// Where a build happens; dropped, it cleans up.
struct Site {
    dir: PathBuf,
    building: tempfile::TempDir,
    made_dir: bool,
    _lock: File,
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
        let site = Site::claim(dir)?;
        let building = site.building.path();
        let terms = building.join(TERMS);
        std::fs::create_dir(&terms).map_err(|source| Error::Write {
            path: terms.clone(),
            source,
        })?;
        Ok(Self {
            documents: DocStoreWriter::create(building)?,
            terms: LexicalWriter::create(&terms)?,
            vectors: dense::create_vectors(building, settings.encoder.dim)?,
            languages: BTreeMap::new(),
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
        let terms: Vec<_> = docs.par_iter().map(LexicalWriter::analyze).collect();
        let analyzed = Instant::now();
        let mut ords = Vec::with_capacity(docs.len());
        for doc in &docs {
            ords.push(self.documents.add(doc)?);
            *self.languages.entry(doc.lang).or_default() += 1;
        }
        self.vectors.add(&embeddings)?;
        let stored = Instant::now();
        for (ord, terms) in ords.into_iter().zip(terms) {
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
            languages,
            mut times,
            monitor,
            site,
        } = self;
        let building = site.building.path();
        let contents = Contents {
            n_docs: documents.len(),
            languages,
            encoder: settings.encoder,
            hnsw: settings.hnsw,
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

impl Site {
    /// Makes `dir` ready for a build and keeps others out.
    fn claim(dir: &Path) -> Result<Self> {
        let failed = |source| Error::Write {
            path: dir.to_owned(),
            source,
        };
        let made_dir = !dir.exists();
        if !made_dir && Manifest::read(dir).is_err() && !is_vacant(dir)? {
            return Err(Error::DirectoryInUse {
                dir: dir.to_owned(),
            });
        }
        std::fs::create_dir_all(dir).map_err(failed)?;
        let lock = File::create(dir.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Locked {
                    dir: dir.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        // Whoever left these was killed: nobody else writes while we hold the lock.
        for stale in entries(dir)?
            .into_iter()
            .filter(|name| name.starts_with(BUILDING))
        {
            std::fs::remove_dir_all(dir.join(stale)).map_err(failed)?;
        }
        let building = tempfile::Builder::new()
            .prefix(BUILDING)
            .tempdir_in(dir)
            .map_err(failed)?;
        Ok(Self {
            dir: dir.to_owned(),
            building,
            made_dir,
            _lock: lock,
        })
    }

    /// Turns the build into the index's next generation, and throws the one before away.
    fn publish(&self, contents: Contents) -> Result<Manifest> {
        let building = self.building.path();
        let previous = Manifest::read(&self.dir).ok();
        let generation = previous.as_ref().map_or(0, |manifest| manifest.generation) + 1;
        let manifest = Manifest::of(contents, generation, building)?;
        for path in manifest::files_below(building)? {
            let sync = File::open(&path).and_then(|file| file.sync_all());
            sync.map_err(|source| Error::Write { path, source })?;
        }
        let segment = self.dir.join(&manifest.segment);
        let rename = || -> std::io::Result<()> {
            if segment.exists() {
                // A crash came between this rename and the manifest of its generation.
                std::fs::remove_dir_all(&segment)?;
            }
            manifest::sync_directory(&building.join(TERMS))?;
            manifest::sync_directory(building)?;
            std::fs::rename(building, &segment)?;
            manifest::sync_directory(&self.dir)
        };
        rename().map_err(|source| Error::Write {
            path: segment.clone(),
            source,
        })?;
        manifest.publish(&self.dir)?;
        if let Some(previous) = previous {
            // A server that reads the old files keeps them open; failing to remove them costs disk and no answer.
            if let Err(error) = std::fs::remove_dir_all(self.dir.join(&previous.segment)) {
                tracing::warn!(%error, segment = previous.segment, "cannot remove the previous generation");
            }
        }
        Ok(manifest)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // `TempDir` removes the build after this; the directory itself goes only if we made it and it never became
        // an index.
        if self.made_dir && Manifest::read(&self.dir).is_err() {
            let _ = std::fs::remove_dir_all(self.building.path());
            let _ = std::fs::remove_file(self.dir.join(LOCK));
            let _ = std::fs::remove_dir(&self.dir);
        }
    }
}

/// Whether nothing lies in `dir` but what killed builds left.
fn is_vacant(dir: &Path) -> Result<bool> {
    Ok(entries(dir)?
        .iter()
        .all(|name| name == LOCK || name.starts_with(BUILDING) || name.starts_with("segment-")))
}

fn entries(dir: &Path) -> Result<Vec<String>> {
    let failed = |source| Error::Read {
        path: dir.to_owned(),
        source,
    };
    let names = std::fs::read_dir(dir).map_err(failed)?;
    names
        .map(|entry| {
            Ok(entry
                .map_err(failed)?
                .file_name()
                .to_string_lossy()
                .into_owned())
        })
        .collect()
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}
