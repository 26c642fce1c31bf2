//! A smaller collection on which systems can be told apart as on the whole: a sample of topics, and the documents that
//! several runs place high for them, with all that were judged.
//!
//! What is shown of it is shown with restricted runs: the rankings of the whole collection, without what the sample has
//! not. A restricted run is not a run over the sample. A system that searches the sample itself counts words over other
//! documents, looks deeper, and may order them in another way.

mod collection;
mod survival;

use std::collections::{BTreeSet, HashMap, HashSet};

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};
use serde::Serialize;

use crate::document::DocId;
use crate::error::{Error, Result};

use super::{Qrels, Retrieved, Run};

pub use collection::{SampleSummary, write_sample};
pub use survival::{Survival, SystemSurvival, survival};

/// How a sample is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SampleSettings {
    /// What topics are drawn by.
    pub seed: u64,
    /// The most topics that are drawn.
    pub topics_limit: usize,
    /// How many documents of each run's ranking are taken.
    pub depth: usize,
}

/// MMTEB's: at most 1,000 topics, 250 documents of each run.
impl Default for SampleSettings {
    fn default() -> Self {
        Self {
            seed: 1,
            topics_limit: 1_000,
            depth: 250,
        }
    }
}

/// Which topics and documents a sample has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    settings: SampleSettings,
    topics: BTreeSet<String>,
    documents: HashMap<DocId, Source>,
}

/// Why a document is in the sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Source {
    judged: bool,
    /// The first run that has it high, by its number.
    run: Option<usize>,
    /// Whether another run has it high too.
    shared: bool,
}

impl Source {
    fn add_run(&mut self, run: usize) {
        match self.run {
            None => self.run = Some(run),
            Some(first) => self.shared |= first != run,
        }
    }

    /// Whether the document would be in the sample without what run number `run` found.
    fn stays_without(self, run: usize) -> bool {
        self.judged || self.shared || self.run.is_some_and(|first| first != run)
    }
}

impl Sample {
    /// Draws topics among `topics` that have judgments, and takes what `runs` place within the depth for them, and their
    /// judged documents of every grade.
    ///
    /// # Errors
    /// When none of the topics has judgments, or a setting is 0.
    pub fn draw(
        qrels: &Qrels,
        runs: &[Run],
        topics: &[&str],
        settings: SampleSettings,
    ) -> Result<Self> {
        for (name, value) in [
            ("the limit of topics", settings.topics_limit),
            ("the depth", settings.depth),
        ] {
            if value == 0 {
                return Err(Error::Setting {
                    name,
                    got: "0".into(),
                    expected: "at least 1",
                });
            }
        }
        let topics = drawn_topics(qrels, topics, settings)?;
        let mut documents: HashMap<DocId, Source> = HashMap::new();
        for topic in &topics {
            for (doc, _) in qrels.topic(topic).iter().flat_map(|grades| grades.iter()) {
                documents.entry(doc.clone()).or_default().judged = true;
            }
            for (number, run) in runs.iter().enumerate() {
                let ranking = run.topic(topic).unwrap_or_default();
                for Retrieved { doc, .. } in ranking.iter().take(settings.depth) {
                    documents.entry(doc.clone()).or_default().add_run(number);
                }
            }
        }
        Ok(Self {
            settings,
            topics,
            documents,
        })
    }

    /// How it was drawn.
    pub fn settings(&self) -> SampleSettings {
        self.settings
    }

    /// The topics' identifiers.
    pub fn topics(&self) -> &BTreeSet<String> {
        &self.topics
    }

    /// How many documents it has.
    pub fn n_documents(&self) -> usize {
        self.documents.len()
    }

    /// Whether it has `doc`.
    pub fn has_document(&self, doc: &DocId) -> bool {
        self.documents.contains_key(doc)
    }

    /// How many documents nobody judged, and one run alone has.
    pub fn n_of_one_run(&self) -> usize {
        let sources = self.documents.values();
        sources.filter(|s| !s.judged && !s.shared).count()
    }

    /// The rankings of `run` for the sample's topics, without documents that the sample has not.
    fn restricted(&self, run: &Run) -> Result<Run> {
        self.filtered(run, |_| true)
    }

    /// The same, in the sample that all runs but number `number`, which is `run`, would have made.
    fn restricted_without(&self, run: &Run, number: usize) -> Result<Run> {
        self.filtered(run, |source| source.stays_without(number))
    }

    fn filtered(&self, run: &Run, keep: impl Fn(Source) -> bool) -> Result<Run> {
        let mut kept = Run::new(run.tag())?;
        for (topic, ranking) in run.topics() {
            if self.topics.contains(topic) {
                let has = |doc| self.documents.get(doc).is_some_and(|source| keep(*source));
                let ranking = ranking.iter().filter(|retrieved| has(&retrieved.doc));
                kept.add(topic, ranking.cloned().collect())?;
            }
        }
        Ok(kept)
    }
}

/// At most the limit of the judged `topics`, drawn without regard to their order.
fn drawn_topics(
    qrels: &Qrels,
    topics: &[&str],
    settings: SampleSettings,
) -> Result<BTreeSet<String>> {
    let given: HashSet<&str> = topics.iter().copied().collect();
    // In the order of the qrels, which is that of the identifiers.
    let mut judged: Vec<&str> = qrels
        .topics()
        .map(|(id, _)| id)
        .filter(|id| given.contains(id))
        .collect();
    if judged.is_empty() {
        return Err(Error::Setting {
            name: "the number of topics that have judgments",
            got: "0".into(),
            expected: "at least 1",
        });
    }
    let mut random = Xoshiro256PlusPlus::seed_from_u64(settings.seed);
    let n = settings.topics_limit.min(judged.len());
    // The first steps of Fisher and Yates's shuffle.
    for place in 0..n {
        let left = (judged.len() - place) as u128;
        let step = (u128::from(random.next_u64()) * left) >> 64;
        judged.swap(place, place + step as usize);
    }
    Ok(judged[..n].iter().map(|id| (*id).to_owned()).collect())
}

#[cfg(test)]
mod tests;
