//! What searches: stages and their settings.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use xenoglot_engine::{Bm25, Deadline, FirstStage, Fusion, LanguageMix, Plan, RerankPlan, Rm3};
use xenoglot_reranker::{DEFAULT_RERANK_DEPTH, LanguageChoice, PASSAGES};

use super::{Collection, DEFAULT_ENCODER, Experiment, QueryFile};

/// The tables of translations inside the program.
pub(crate) const SHIPPED: &str = "shipped";
/// Nothing, where a name is expected.
pub(crate) const NONE: &str = "none";

/// A way to search.
#[derive(Debug, Clone)]
pub struct System {
    /// As results name it.
    pub name: String,
    /// Where candidates come from.
    pub first_stage: FirstStageName,
    /// How lexical and dense rankings are fused.
    pub fusion: Fusion,
    /// How languages share a pooled list.
    pub mix: LanguageMix,
    /// Words of the first documents that are asked for too.
    pub rm3: Option<Rm3>,
    /// How words are weighed, where not as the index says.
    bm25: Bm25Override,
    /// Tables of translations: `shipped`, or files; nothing means that words are not translated.
    pub lexicons: Vec<String>,
    /// Terms that find all their forms.
    pub glossary: Option<PathBuf>,
    /// Which encoder.
    pub encoder: String,
    /// Whether dense search looks at every vector.
    pub exact: bool,
    /// Which translations of the queries are asked; nothing means the queries themselves.
    pub queries: Option<String>,
    /// What reranks: `passages`, a stack file or the directory of a cross-encoder.
    pub rerank: Option<String>,
    /// How many candidates are reranked.
    pub rerank_depth: usize,
    /// How much the first stage's scores count beside the reranker's.
    pub first_stage_weight: f32,
    /// Whose language module is used, where not as the stack file says.
    pub language: Option<LanguageChoice>,
    /// The collections that are searched; all where none is named.
    pub collections: Vec<String>,
    /// Every setting, as it was typed.
    pub settings: toml::Table,
}

/// Where candidates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FirstStageName {
    /// BM25.
    Lexical,
    /// Nearest vectors.
    Dense,
    /// Both.
    Hybrid,
}

/// Where words are weighed otherwise than the index says.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Bm25Override {
    k1: Option<f32>,
    b: Option<f32>,
    title_weight: Option<f32>,
}

/// A system as it is typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SystemTable {
    name: String,
    first_stage: FirstStageName,
    k1: Option<f32>,
    b: Option<f32>,
    title_weight: Option<f32>,
    #[serde(default)]
    lexicon: Names,
    glossary: Option<PathBuf>,
    encoder: Option<String>,
    #[serde(default = "yes")]
    exact: bool,
    queries: Option<String>,
    rerank: Option<String>,
    rerank_depth: Option<usize>,
    #[serde(default)]
    first_stage_weight: f32,
    language: Option<LanguageChoice>,
    #[serde(default)]
    collections: Vec<String>,
    #[serde(default)]
    fusion: Fusion,
    #[serde(default)]
    mix: LanguageMix,
    rm3: Option<Rm3>,
}

/// One name, or several.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a name, or a list of names")]
enum Names {
    One(String),
    More(Vec<String>),
}

impl Default for Names {
    fn default() -> Self {
        Self::One(SHIPPED.to_owned())
    }
}

fn yes() -> bool {
    true
}

impl System {
    /// The system that `table` describes; its paths are relative to `dir`.
    pub(super) fn meant(table: toml::Table, dir: &Path) -> Result<Self, String> {
        let name = table.get("name").and_then(toml::Value::as_str);
        let called = format!("system {:?}", name.unwrap_or("without a name"));
        let typed: SystemTable = table.clone().try_into().map_err(|error: toml::de::Error| {
            format!(
                "{called}: {}",
                error.to_string().trim_end().replace('\n', " ")
            )
        })?;
        let in_dir = |name: String| match name.as_str() {
            SHIPPED | PASSAGES => name,
            _ => dir.join(name).display().to_string(),
        };
        let table_in_dir = |name: String| match name.split_once('=') {
            Some((languages, path)) => format!("{languages}={}", in_dir(path.to_owned())),
            None => in_dir(name),
        };
        let lexicons = match typed.lexicon {
            Names::One(name) => vec![name],
            Names::More(names) => names,
        };
        Ok(Self {
            name: typed.name,
            first_stage: typed.first_stage,
            fusion: typed.fusion,
            mix: typed.mix,
            rm3: typed.rm3,
            bm25: Bm25Override {
                k1: typed.k1,
                b: typed.b,
                title_weight: typed.title_weight,
            },
            lexicons: lexicons
                .into_iter()
                .filter(|name| name != NONE)
                .map(table_in_dir)
                .collect(),
            glossary: typed.glossary.map(|path| dir.join(path)),
            encoder: typed.encoder.unwrap_or_else(|| DEFAULT_ENCODER.to_owned()),
            exact: typed.exact,
            queries: typed.queries,
            rerank: typed.rerank.filter(|name| name != NONE).map(in_dir),
            rerank_depth: typed.rerank_depth.unwrap_or(DEFAULT_RERANK_DEPTH),
            first_stage_weight: typed.first_stage_weight,
            language: typed.language,
            collections: typed.collections,
            settings: table,
        })
    }

    /// Whether what it names is there, and its numbers make sense.
    pub(super) fn check(&self, experiment: &Experiment) -> Result<(), String> {
        let complaint = |problem: String| Err(format!("system {:?}: {problem}", self.name));
        if !experiment.encoders.contains_key(&self.encoder) {
            let known: Vec<&str> = experiment.encoders.keys().map(String::as_str).collect();
            return complaint(format!(
                "`encoder` names {:?}, expected {}",
                self.encoder,
                known.join(", ")
            ));
        }
        let is_known = |name: &&String| experiment.collections.iter().any(|c| c.name == **name);
        if let Some(name) = self.collections.iter().find(|name| !is_known(name)) {
            return complaint(format!("`collections` names {name:?}, which there is not"));
        }
        if let Some(name) = &self.queries {
            let translated = |c: &Collection| c.queries.named(Some(name)).is_some();
            if !experiment.collections.iter().any(translated) {
                return complaint(format!(
                    "`queries` names {name:?}, which no collection has among its translations"
                ));
            }
        }
        if !(0.0..=1.0).contains(&self.first_stage_weight) {
            return complaint("`first_stage_weight`: expected a number from 0 to 1".into());
        }
        if self.rerank_depth == 0 {
            return complaint("`rerank_depth`: expected at least 1".into());
        }
        self.plan(Bm25::default(), 1)
            .check()
            .or_else(|error| complaint(error.to_string()))
    }

    /// How queries are answered, `depth` documents each, over an index that weighs words as `bm25` says.
    pub(crate) fn plan(&self, bm25: Bm25, depth: usize) -> Plan {
        Plan {
            first_stage: match self.first_stage {
                FirstStageName::Lexical => FirstStage::Lexical,
                FirstStageName::Dense => FirstStage::Dense,
                FirstStageName::Hybrid => FirstStage::Hybrid(self.fusion),
            },
            depth,
            filter: None,
            bm25: Some(self.bm25.over(bm25)),
            feedback: self.rm3,
            rerank: self.rerank.as_ref().map(|stack| RerankPlan {
                stack: stack.clone(),
                depth: self.rerank_depth,
                first_stage_weight: self.first_stage_weight,
            }),
            mix: self.mix,
            vector: None,
            deadline: Deadline::default(),
        }
    }

    /// What it asks of `collection`; nothing where it does not search it, or there are no such queries.
    pub(crate) fn queries_of<'a>(&self, collection: &'a Collection) -> Option<&'a QueryFile> {
        let is_named = self.collections.is_empty() || self.collections.contains(&collection.name);
        let queries = collection.queries.named(self.queries.as_deref());
        queries.filter(|_| is_named)
    }
}

impl Bm25Override {
    /// What was typed, and `usual` where nothing was.
    fn over(self, usual: Bm25) -> Bm25 {
        Bm25 {
            k1: self.k1.unwrap_or(usual.k1),
            b: self.b.unwrap_or(usual.b),
            title_weight: self.title_weight.unwrap_or(usual.title_weight),
        }
    }
}
