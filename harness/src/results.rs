//! What an experiment found: one directory, from which reports are made.
//!
//! ```text
//! results.json                                        everything but topic by topic
//! experiment.toml                                     the file that was run
//! cells/COLLECTION/SYSTEM/QUERIES-DOCUMENTS/run.trec.zst    rankings
//! cells/COLLECTION/SYSTEM/QUERIES-DOCUMENTS/scores.tsv      topic × measure
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The recall levels of a precision–recall curve: 0, 0.1, …, 1.
pub const N_RECALL_LEVELS: usize = 11;

/// The file that was run, beside its results.
pub(crate) const EXPERIMENT: &str = "experiment.toml";

/// The name of all stages together in [`Cell::latency_ms`].
pub(crate) const TOTAL: &str = "total";

/// The file that holds all but topics.
pub(crate) const FILE: &str = "results.json";

/// The file of a cell that holds its topics: a header, then topic and values with tabs between.
pub(crate) const SCORES: &str = "scores.tsv";

/// Everything an experiment found, but topic by topic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The experiment's own name.
    pub name: String,
    /// What it is about, in the words of its file.
    #[serde(default)]
    pub description: String,
    /// What was measured, as the field spells it; the first is the main one. In the order of [`Cell::values`].
    pub measures: Vec<String>,
    /// The system that others are compared with.
    pub baseline: Option<String>,
    /// Of every draw that was made.
    pub seed: u64,
    /// What was searched, in the order of the file.
    pub collections: Vec<CollectionInfo>,
    /// What searched, in the order of the file.
    pub systems: Vec<SystemInfo>,
    /// What was built.
    pub indexes: Vec<IndexInfo>,
    /// One for every collection, system, query language and index that was run.
    pub cells: Vec<Cell>,
    /// Figures of others, to stand beside ours.
    #[serde(default)]
    pub published: Vec<Published>,
    /// Topics on which systems differ the most from the baseline.
    #[serde(default)]
    pub examples: Vec<Example>,
    /// Where all this comes from.
    pub provenance: Provenance,
}

/// A test collection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CollectionInfo {
    /// As cells name it.
    pub name: String,
    /// For readers.
    pub title: String,
    /// The languages that are asked in.
    pub query_languages: Vec<String>,
    /// The languages of the documents.
    pub document_languages: Vec<String>,
    /// Whether documents of all languages lie in one index and are ranked in one list.
    pub pooled: bool,
    /// How many candidates of a topic were judged.
    pub depth: usize,
    /// Whether a topic is the same question in every language, so that its pairs are one observation.
    #[serde(default = "yes")]
    pub parallel_topics: bool,
}

fn yes() -> bool {
    true
}

/// A way to search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemInfo {
    /// As cells name it.
    pub name: String,
    /// Every setting, as the experiment gave it.
    pub settings: serde_json::Value,
}

/// An index, and what it cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexInfo {
    /// As cells name it.
    pub key: String,
    /// Whose documents.
    pub collection: String,
    /// The language of the documents, or `all`.
    pub documents: String,
    /// How many.
    pub n_docs: usize,
    /// How many in each language.
    pub languages: BTreeMap<String, usize>,
    /// On disk.
    pub size_bytes: u64,
    /// From the first document to the last.
    pub build_seconds: f64,
    /// Which encoder made the vectors.
    pub encoder: String,
    /// Documents that could not be read, and were left out.
    pub n_skipped: u64,
    /// Why, for the first of them.
    #[serde(default)]
    pub skipped: Vec<String>,
}

/// One system on one set of topics and documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// A [`CollectionInfo::name`].
    pub collection: String,
    /// A [`SystemInfo::name`].
    pub system: String,
    /// The language of the queries.
    pub queries: String,
    /// The language of the documents, or `all`.
    pub documents: String,
    /// An [`IndexInfo::key`].
    pub index: String,
    /// How many topics count.
    pub n_topics: usize,
    /// One value per measure, over all topics.
    pub values: Vec<f64>,
    /// Interpolated precision at recall 0, 0.1, …, 1, over all topics.
    pub precision_at_recall: [f64; N_RECALL_LEVELS],
    /// Milliseconds, by stage and in all (`total`), one query at a time.
    pub latency_ms: BTreeMap<String, Percentiles>,
    /// Which languages came to the top, where documents have several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<Bias>,
    /// The folder of the run and its scores, below the directory of the results.
    pub folder: PathBuf,
}

/// How long something took, over queries.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half of the queries are faster.
    pub p50: f64,
    /// 19 of 20 are faster.
    pub p95: f64,
    /// 99 of 100 are faster.
    pub p99: f64,
    /// How many were timed.
    pub n: usize,
}

/// Which languages a multilingual list favours.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Bias {
    /// Probability of equal expected rank, 1 where every language is treated alike (Yang et al. 2024).
    pub peer: f64,
    /// How many documents were looked at.
    pub cutoff: usize,
    /// For each language: its share of the documents within the cutoff.
    pub share: BTreeMap<String, f64>,
    /// For each language: its share of the relevant documents.
    pub relevant_share: BTreeMap<String, f64>,
    /// How often the first document is in the language of the query.
    pub own_language_first: f64,
}

/// A figure that somebody else measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Published {
    /// A [`CollectionInfo::name`].
    pub collection: String,
    /// Whose.
    pub system: String,
    /// The language of the queries.
    pub queries: String,
    /// The language of the documents.
    pub documents: String,
    /// As [`Results::measures`] spells it.
    pub measure: String,
    /// From 0 to 1.
    pub value: f64,
    /// Where it stands.
    pub source: String,
}

/// A topic that a system answers much better, or much worse, than the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// A [`CollectionInfo::name`].
    pub collection: String,
    /// A [`SystemInfo::name`].
    pub system: String,
    /// The language of the query.
    pub queries: String,
    /// The language of the documents, or `all`.
    pub documents: String,
    /// Which topic.
    pub topic: String,
    /// What was asked.
    pub query: String,
    /// The baseline's value of the main measure.
    pub baseline_value: f64,
    /// The system's.
    pub value: f64,
    /// The baseline's first documents.
    pub baseline_head: Vec<ExampleHit>,
    /// The system's.
    pub head: Vec<ExampleHit>,
    /// Relevant documents, and where the two put them.
    pub relevant: Vec<ExampleRelevant>,
}

/// A document near the top of a ranking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExampleHit {
    /// The collection's own identifier.
    pub doc: String,
    /// The document's language.
    pub lang: String,
    /// What people see of it: its title, or how it begins.
    pub text: String,
    /// What assessors said, if they did.
    pub grade: Option<i32>,
}

/// A relevant document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExampleRelevant {
    /// The document.
    #[serde(flatten)]
    pub hit: ExampleHit,
    /// Where the baseline put it, from 1, if it found it.
    pub baseline_rank: Option<usize>,
    /// Where the system put it.
    pub rank: Option<usize>,
}

/// Where results come from, in as much detail as it takes to make them again.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Provenance {
    /// The program's version.
    pub version: String,
    /// BLAKE3 of the program.
    pub program: String,
    /// The processor's name, where the system says.
    pub processor: String,
    /// How many cores were used.
    pub cores: usize,
    /// The machine's.
    pub memory_bytes: u64,
    /// Operating system and architecture.
    pub system: String,
    /// Seconds since 1970 when these results were put together; what was kept from before is older.
    pub finished_at: u64,
    /// How long everything took that was not kept from before.
    pub seconds: f64,
    /// Every file that was read, by its name below the data's root, or as the experiment names it: size and BLAKE3.
    pub files: BTreeMap<String, FileInfo>,
    /// Encoders by their name in the experiment.
    pub encoders: BTreeMap<String, EncoderInfo>,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileInfo {
    /// Size.
    pub size_bytes: u64,
    /// Of its contents.
    pub blake3: String,
}

/// An encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EncoderInfo {
    /// The model's own name.
    pub model: String,
    /// Of everything that makes its vectors.
    pub fingerprint: String,
    /// Numbers in a vector.
    pub dim: usize,
}

/// The topics of a [`Cell`].
#[derive(Debug, Clone, PartialEq)]
pub struct TopicValues {
    /// Which topic.
    pub topic: String,
    /// One value per measure.
    pub values: Vec<f64>,
}

impl Results {
    /// Reads what lies in `dir`.
    ///
    /// # Errors
    /// When there is nothing, or something else.
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        let text = std::fs::read(&path).map_err(|source| Error::Read {
            path: path.clone(),
            source,
        })?;
        serde_json::from_slice(&text).map_err(|error| Error::Results {
            path,
            problem: error.to_string(),
        })
    }

    /// The cells of one system on one collection.
    pub fn cells_of<'a>(
        &'a self,
        collection: &'a str,
        system: &'a str,
    ) -> impl Iterator<Item = &'a Cell> {
        let is_asked = move |cell: &&Cell| cell.collection == collection && cell.system == system;
        self.cells.iter().filter(is_asked)
    }

    /// The mean of a measure over the cells of one system on one collection, every cell counting the same; nothing where
    /// there is none.
    pub fn mean(&self, collection: &str, system: &str, measure: usize) -> Option<f64> {
        let values: Vec<f64> = self
            .cells_of(collection, system)
            .map(|cell| cell.values[measure])
            .collect();
        let n = values.len();
        (n > 0).then(|| values.iter().sum::<f64>() / n as f64)
    }
}

impl Cell {
    /// The values of every topic, in the order of their identifiers.
    ///
    /// # Errors
    /// When the file of scores below `dir`, the directory of the results, is missing or damaged.
    pub fn topics(&self, dir: &Path) -> Result<Vec<TopicValues>> {
        let path = dir.join(&self.folder).join(SCORES);
        let text = std::fs::read_to_string(&path).map_err(|source| Error::Read {
            path: path.clone(),
            source,
        })?;
        let topic = |(line, number): (&str, usize)| {
            let mut fields = line.split('\t');
            let topic = fields.next().unwrap_or_default().to_owned();
            let values: Vec<f64> = fields
                .map(str::parse)
                .collect::<Result<_, _>>()
                .unwrap_or_default();
            match values.len() == self.values.len() {
                true => Ok(TopicValues { topic, values }),
                false => Err(Error::Results {
                    path: path.clone(),
                    problem: format!(
                        "line {number}: expected a topic and {} numbers",
                        self.values.len()
                    ),
                }),
            }
        };
        text.lines().zip(1..).skip(1).map(topic).collect()
    }
}
