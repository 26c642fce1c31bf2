//! An experiment from its file to its results.

use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use xenoglot_engine::whole_file;

use crate::cell::{Job, KeptCell, gone};
use crate::error::{Error, Result};
use crate::examples::examples;
use crate::experiment::{Collection, Experiment, System};
use crate::indexes::{self, INDEXES, Kept, write_json};
use crate::mteb;
use crate::regression::{read_expected, read_published};
use crate::results::{self, CollectionInfo, IndexInfo, Provenance, Results, SystemInfo};
use crate::workshop::{Tools, Workshop};

/// Where MTEB's files go.
const MTEB: &str = "mteb";

/// What happens while an experiment runs, for those who watch.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An index is there: built, or kept from before.
    Index {
        /// Which.
        index: &'a IndexInfo,
        /// Whether it was kept from before.
        was_kept: bool,
    },
    /// A cell is there: run, or kept from before.
    Cell {
        /// Which.
        cell: &'a results::Cell,
        /// Whether it was kept from before.
        was_kept: bool,
        /// How many cells are there now.
        done: usize,
        /// How many there will be.
        of: usize,
    },
}

/// Runs `experiment` and leaves its results in `out`; what lies there from before and is unchanged is kept.
///
/// A run that was stopped goes on where it was: every index and every cell is whole, or not there.
///
/// # Errors
/// When a file of the experiment is missing or malformed, a model fails, or the disk does; the error names the cell.
pub fn run(
    experiment: &Experiment,
    tools: &Tools<'_>,
    out: &Path,
    watch: &dyn Fn(&Event<'_>),
) -> Result<Results> {
    let start = Instant::now();
    if let Some(path) = experiment.expected.as_ref().filter(|path| path.exists()) {
        read_expected(path)?;
    }
    let published = experiment
        .published
        .as_deref()
        .map(read_published)
        .transpose()?;
    let failed = |source| Error::Write {
        path: out.to_owned(),
        source,
    };
    std::fs::create_dir_all(out.join(INDEXES)).map_err(failed)?;
    let mut running = Running {
        experiment,
        workshop: &Workshop::new(experiment, tools),
        out,
        watch,
        n_cells: 0,
        cells: Vec::new(),
        indexes: Vec::new(),
    };
    running.n_cells = running.checked()?;
    for collection in &experiment.collections {
        for documents in collection.document_sets() {
            running.document_set(collection, documents.as_deref())?;
        }
    }
    let Running {
        workshop,
        cells,
        indexes,
        ..
    } = running;
    let examples = examples(workshop, experiment, &cells, out)?;
    let results = Results {
        name: experiment.name.clone(),
        description: experiment.description.clone(),
        measures: experiment
            .measures
            .iter()
            .map(ToString::to_string)
            .collect(),
        baseline: experiment.baseline.clone(),
        seed: experiment.seed,
        collections: experiment.collections.iter().map(collection_info).collect(),
        systems: experiment.systems.iter().map(system_info).collect(),
        indexes,
        cells: cells.iter().map(|kept| kept.cell.clone()).collect(),
        published: published.unwrap_or_default(),
        examples,
        provenance: Provenance {
            finished_at: seconds_since_1970(),
            seconds: start.elapsed().as_secs_f64(),
            ..workshop.provenance()
        },
    };
    mteb::write(&results, &cells, &out.join(MTEB))?;
    whole_file::write(&out.join(results::EXPERIMENT), ".xenoglot-", |file| {
        file.write_all(experiment.text.as_bytes())
    })
    .map_err(failed)?;
    write_json(&out.join(results::FILE), &results)?;
    Ok(results)
}

/// An experiment half way.
struct Running<'a> {
    experiment: &'a Experiment,
    workshop: &'a Workshop<'a>,
    out: &'a Path,
    watch: &'a dyn Fn(&Event<'_>),
    n_cells: usize,
    cells: Vec<KeptCell>,
    indexes: Vec<IndexInfo>,
}

impl Running<'_> {
    /// How many cells there will be, each of which has its files and languages: nobody waits for hours to be told.
    fn checked(&self) -> Result<usize> {
        let mut n_cells = 0;
        for collection in &self.experiment.collections {
            for documents in collection.document_sets() {
                for system in &self.experiment.systems {
                    for job in self.jobs(collection, documents.as_deref(), system, "") {
                        job.check().map_err(|error| job.named(error))?;
                        n_cells += 1;
                    }
                }
            }
        }
        Ok(n_cells)
    }

    /// What `system` is asked of `collection` in `documents`; nothing where it does not search it.
    fn jobs<'a>(
        &'a self,
        collection: &'a Collection,
        documents: Option<&str>,
        system: &'a System,
        index: &'a str,
    ) -> Vec<Job<'a>> {
        let Some(queries) = system.queries_of(collection) else {
            return Vec::new();
        };
        let job = |pair| Job {
            workshop: self.workshop,
            experiment: self.experiment,
            collection,
            system,
            index,
            out: self.out,
            pair,
            queries,
        };
        collection
            .pairs_with(documents)
            .into_iter()
            .map(job)
            .collect()
    }

    /// Everything that searches the documents of `collection` in one language, or in all.
    fn document_set(&mut self, collection: &Collection, documents: Option<&str>) -> Result<()> {
        for system in &self.experiment.systems {
            if self.jobs(collection, documents, system, "").is_empty() {
                continue;
            }
            let index = self.index(collection, documents, &system.encoder)?;
            let mut searcher = None;
            let mut cells = Vec::new();
            for job in self.jobs(collection, documents, system, &index.info.key) {
                let kept = job.kept().map_err(|error| job.named(error))?;
                let was_kept = kept.is_some();
                let cell = match kept {
                    Some(cell) => cell,
                    None => {
                        // What was put together before is over.
                        let path = self.out.join(results::FILE);
                        gone(&path).map_err(|source| Error::Write { path, source })?;
                        // Opening an index and loading a reranker take their time: not for cells that are kept.
                        let searcher = match &mut searcher {
                            Some(searcher) => searcher,
                            none => {
                                let opened = self.workshop.searcher(&index.dir, system);
                                none.insert(opened.map_err(|error| job.named(error))?)
                            }
                        };
                        job.run(searcher).map_err(|error| job.named(error))?
                    }
                };
                cells.push(cell);
                if let Some(KeptCell { cell, .. }) = cells.last() {
                    (self.watch)(&Event::Cell {
                        cell,
                        was_kept,
                        done: self.cells.len() + cells.len(),
                        of: self.n_cells,
                    });
                }
            }
            self.cells.extend(cells);
        }
        Ok(())
    }

    fn index(
        &mut self,
        collection: &Collection,
        documents: Option<&str>,
        encoder: &str,
    ) -> Result<Kept> {
        let cache = self.out.join(INDEXES);
        let kept = indexes::kept(
            self.workshop,
            self.experiment,
            collection,
            documents,
            encoder,
            &cache,
        )?;
        let is_new = |known: &IndexInfo| {
            (&known.key, &known.collection) == (&kept.info.key, &kept.info.collection)
        };
        if !self.indexes.iter().any(is_new) {
            (self.watch)(&Event::Index {
                index: &kept.info,
                was_kept: kept.was_kept,
            });
            self.indexes.push(kept.info.clone());
        }
        Ok(kept)
    }
}

fn collection_info(collection: &Collection) -> CollectionInfo {
    CollectionInfo {
        name: collection.name.clone(),
        title: collection.title.clone(),
        query_languages: collection.query_languages.clone(),
        document_languages: collection.document_languages.clone(),
        pooled: collection.pooled,
        depth: collection.depth,
        parallel_topics: collection.parallel_topics,
    }
}

fn system_info(system: &System) -> SystemInfo {
    SystemInfo {
        name: system.name.clone(),
        settings: serde_json::to_value(&system.settings).unwrap_or_default(),
    }
}

fn seconds_since_1970() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs())
}
