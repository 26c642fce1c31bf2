//! Experiments, written down.
//!
//! ```toml
//! name = "My collection"
//! data = "collections"                      # what the paths below are relative to; else the file's own folder
//! measures = ["nDCG@20", "AP", "R@1000"]    # the first is the main one
//! baseline = "BM25"
//!
//! [[collection]]
//! name = "news"
//! documents = "{documents}/docs.jsonl.gz"
//! queries = "topics.{queries}.tsv"
//! qrels = "qrels.{documents}.txt"
//! query_languages = ["en", "de"]
//! document_languages = ["fa", "sw"]
//!
//! [[system]]
//! name = "BM25"
//! first_stage = "lexical"
//! ```
//!
//! `docs/experiments.md` describes every key.

mod ablation;
mod collection;
mod system;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use xenoglot_engine::eval::Measure;
use xenoglot_engine::model::Precision;
use xenoglot_engine::{Bm25, HnswParams, LexicalSettings};

use crate::error::{Error, Result};

pub use collection::{Collection, Pair, Pairs, QueryFile, QueryFiles};
pub use system::{FirstStageName, System};

pub(crate) use collection::ALL;
pub(crate) use system::{NONE, SHIPPED};

/// The encoder that is used where a system names none.
pub(crate) const DEFAULT_ENCODER: &str = "default";

/// An experiment as it is meant: checked, and complete.
#[derive(Debug, Clone)]
pub struct Experiment {
    /// The file.
    pub path: PathBuf,
    /// As it was written.
    pub text: String,
    /// For people.
    pub name: String,
    /// For people.
    pub description: String,
    /// What the paths of collections are relative to.
    pub data: PathBuf,
    /// Of every draw.
    pub seed: u64,
    /// What is measured; the first is the main one.
    pub measures: Vec<Measure>,
    /// The system that others are compared with.
    pub baseline: Option<String>,
    /// How documents are indexed.
    pub index: IndexSettings,
    /// Encoders by name.
    pub encoders: BTreeMap<String, EncoderChoice>,
    /// What is searched.
    pub collections: Vec<Collection>,
    /// What searches.
    pub systems: Vec<System>,
    /// Queries of a cell that are asked one at a time, to see how long they take.
    pub timed_queries: usize,
    /// The file of figures that must come out.
    pub expected: Option<PathBuf>,
    /// How far they may be off.
    pub tolerance: f64,
    /// The file of figures of others.
    pub published: Option<PathBuf>,
}

/// How documents are indexed.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IndexSettings {
    k1: Option<f32>,
    b: Option<f32>,
    title_weight: Option<f32>,
    romanised: bool,
    hnsw_m: Option<usize>,
    ef_construction: Option<usize>,
}

/// Which encoder, and how it runs.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderChoice {
    /// Whose vectors.
    #[serde(default)]
    pub model: EncoderModel,
    /// What a transformer is computed with.
    #[serde(default, deserialize_with = "precision")]
    pub precision: Precision,
    /// How many numbers of a vector are kept.
    pub dimensions: Option<std::num::NonZeroUsize>,
}

/// Whose vectors.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "PathBuf")]
pub enum EncoderModel {
    /// Those of the encoder inside the program.
    #[default]
    Shipped,
    /// Nobody's, for experiments with words alone.
    None,
    /// Those of a model directory, or an ONNX file in one.
    Directory(PathBuf),
}

impl From<PathBuf> for EncoderModel {
    fn from(path: PathBuf) -> Self {
        match path.to_str() {
            Some(SHIPPED) => Self::Shipped,
            Some(NONE) => Self::None,
            _ => Self::Directory(path),
        }
    }
}

/// An experiment as it is typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExperimentFile {
    name: String,
    #[serde(default)]
    description: String,
    data: Option<PathBuf>,
    #[serde(default)]
    seed: u64,
    measures: Vec<String>,
    baseline: Option<String>,
    #[serde(default = "usual_depth")]
    depth: usize,
    #[serde(default)]
    index: IndexSettings,
    #[serde(default)]
    encoders: BTreeMap<String, EncoderChoice>,
    collection: Vec<collection::CollectionTable>,
    #[serde(default)]
    system: Vec<toml::Table>,
    ablation: Option<toml::Table>,
    #[serde(default = "usual_timed_queries")]
    timed_queries: usize,
    expected: Option<PathBuf>,
    #[serde(default = "usual_tolerance")]
    tolerance: f64,
    published: Option<PathBuf>,
}

/// trec_eval's.
fn usual_depth() -> usize {
    1_000
}

fn usual_timed_queries() -> usize {
    30
}

/// Figures are kept to four decimals.
fn usual_tolerance() -> f64 {
    0.0005
}

fn precision<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Precision, D::Error> {
    let name = String::deserialize(deserializer)?;
    let known = Precision::ALL
        .into_iter()
        .find(|known| known.name() == name);
    known.ok_or_else(|| serde::de::Error::custom("expected fp32, fp16, bf16 or int8"))
}

/// What of an experiment's file is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Systems {
    /// Those of `[[system]]`.
    Listed,
    /// Those that `[ablation]` crosses.
    Crossed,
}

impl Experiment {
    /// Reads the file at `path`; `data`, where given, takes the place of the file's own.
    ///
    /// # Errors
    /// When the file cannot be read, is malformed, or names what it does not have.
    pub fn open(path: &Path, data: Option<&Path>, systems: Systems) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(path, &text, data, systems).map_err(|problem| Error::Settings {
            path: path.to_owned(),
            problem,
        })
    }

    fn parse(
        path: &Path,
        text: &str,
        data: Option<&Path>,
        systems: Systems,
    ) -> Result<Self, String> {
        let file: ExperimentFile =
            toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        let dir = path.parent().unwrap_or(Path::new(""));
        let tables = match (systems, &file.ablation) {
            (Systems::Listed, _) => file.system.clone(),
            (Systems::Crossed, Some(ablation)) => ablation::crossed(ablation, &file.system)?,
            (Systems::Crossed, None) => return Err("there is no [ablation] to cross".into()),
        };
        // Combinations are compared with the first of them.
        let first = tables.first().and_then(|table| table.get("name")?.as_str());
        let baseline = match systems {
            Systems::Listed => file.baseline,
            Systems::Crossed => first.map(ToOwned::to_owned),
        };
        let mut encoders = file.encoders;
        encoders.entry(DEFAULT_ENCODER.to_owned()).or_default();
        for encoder in encoders.values_mut() {
            if let EncoderModel::Directory(model) = &mut encoder.model {
                *model = dir.join(&model);
            }
        }
        let experiment = Self {
            data: match (data, &file.data) {
                (Some(data), _) => data.to_owned(),
                (None, Some(data)) => dir.join(data),
                (None, None) => dir.to_owned(),
            },
            path: path.to_owned(),
            text: text.to_owned(),
            name: file.name,
            description: file.description.trim().to_owned(),
            seed: file.seed,
            measures: file
                .measures
                .iter()
                .map(|measure| {
                    measure
                        .parse::<Measure>()
                        .map_err(|error| error.to_string())
                })
                .collect::<Result<_, _>>()?,
            baseline,
            index: file.index,
            collections: file
                .collection
                .into_iter()
                .map(|table| table.meant(file.depth))
                .collect::<Result<_, _>>()?,
            systems: tables
                .into_iter()
                .map(|table| System::meant(table, dir))
                .collect::<Result<_, _>>()?,
            encoders,
            timed_queries: file.timed_queries,
            expected: match systems {
                Systems::Listed => file.expected.map(|path| dir.join(path)),
                Systems::Crossed => None,
            },
            tolerance: file.tolerance,
            published: file.published.map(|path| dir.join(path)),
        };
        experiment.checked()
    }

    fn checked(self) -> Result<Self, String> {
        if self.measures.is_empty() {
            return Err("`measures` is empty, expected at least one".into());
        }
        unique("collection", self.collections.iter().map(|c| &c.name))?;
        unique("system", self.systems.iter().map(|system| &system.name))?;
        if self.systems.is_empty() {
            return Err("there is no [[system]]".into());
        }
        let has = |name: &String| self.systems.iter().any(|system| system.name == *name);
        if let Some(baseline) = self.baseline.as_ref().filter(|name| !has(name)) {
            return Err(format!(
                "`baseline` names {baseline:?}, which no system is called"
            ));
        }
        for system in &self.systems {
            system.check(&self)?;
        }
        for collection in &self.collections {
            let looks_deeper = |measure: &&Measure| {
                let cutoff = measure.cutoff();
                cutoff.is_some_and(|cutoff| cutoff.get() > collection.depth)
            };
            if let Some(measure) = self.measures.iter().find(looks_deeper) {
                return Err(format!(
                    "collection {:?}: rankings of `depth` {} have no {measure}",
                    collection.name, collection.depth
                ));
            }
        }
        Ok(self)
    }

    /// Keeps the collections and systems that are named; all where nothing is.
    ///
    /// # Errors
    /// When a name is nobody's.
    pub fn narrow(&mut self, collections: &[String], systems: &[String]) -> Result<()> {
        let known = |what, name: &String, known: Vec<&str>| match known.contains(&name.as_str()) {
            true => Ok(()),
            false => Err(Error::Settings {
                path: self.path.clone(),
                problem: format!("there is no {what} {name:?}, expected {}", known.join(", ")),
            }),
        };
        for name in collections {
            known(
                "collection",
                name,
                self.collections.iter().map(|c| c.name.as_str()).collect(),
            )?;
        }
        for name in systems {
            known(
                "system",
                name,
                self.systems.iter().map(|s| s.name.as_str()).collect(),
            )?;
        }
        if !collections.is_empty() {
            self.collections
                .retain(|collection| collections.contains(&collection.name));
        }
        if !systems.is_empty() {
            self.systems.retain(|system| systems.contains(&system.name));
            self.baseline = self.baseline.take().filter(|name| systems.contains(name));
        }
        Ok(())
    }
}

impl IndexSettings {
    /// How words are weighed and stored.
    pub(crate) fn lexical(&self) -> LexicalSettings {
        let usual = Bm25::default();
        LexicalSettings {
            bm25: Bm25 {
                k1: self.k1.unwrap_or(usual.k1),
                b: self.b.unwrap_or(usual.b),
                title_weight: self.title_weight.unwrap_or(usual.title_weight),
            },
            romanised: self.romanised,
        }
    }

    /// How the graph is built.
    pub(crate) fn hnsw(&self) -> HnswParams {
        let usual = HnswParams::default();
        HnswParams {
            m: self.hnsw_m.unwrap_or(usual.m),
            ef_construction: self.ef_construction.unwrap_or(usual.ef_construction),
            ..usual
        }
    }
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let mut seen = std::collections::HashSet::new();
    for name in names {
        if name.is_empty() || !seen.insert(name) {
            return Err(format!("{what} {name:?}: expected a name of its own"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
