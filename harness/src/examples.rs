//! Topics to look at: where a system loses the most to the baseline, and where it gains the most.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use xenoglot_engine::eval::{Qrels, Run, Topic, read_run};
use xenoglot_engine::{DocId, Searcher};

use crate::cell::{Job, KeptCell, RUN};
use crate::error::{Error, Result};
use crate::experiment::{ALL, Collection, Experiment, Pair, QueryFile, System};
use crate::fingerprint::fingerprint;
use crate::indexes::{INDEXES, write_json};
use crate::results::{Cell, Example, ExampleHit, ExampleRelevant, TopicValues};
use crate::workshop::Workshop;

/// The file that keeps them.
const FILE: &str = "examples.json";
/// How many of the worst topics of a system in a collection, and how many of the best.
const N_WORST: usize = 4;
const N_BEST: usize = 2;
/// How many documents of a head are shown.
const HEAD: usize = 5;
/// How many relevant documents.
const RELEVANT: usize = 8;
/// How much of a document without a title.
const SHOWN_CHARS: usize = 160;

/// Examples as they are kept: finding them reads every ranking that they are from.
#[derive(Serialize, Deserialize)]
struct KeptExamples {
    ingredients: String,
    examples: Vec<Example>,
}

/// A topic and what it changed by.
struct Change<'a> {
    cell: &'a Cell,
    baseline: &'a Cell,
    topic: String,
    baseline_value: f64,
    value: f64,
}

impl Change<'_> {
    fn difference(&self) -> f64 {
        self.value - self.baseline_value
    }
}

/// For every collection and system, the topics whose main measure differs most from the baseline's.
///
/// # Errors
/// When runs, topics or indexes in `out` cannot be read.
pub(crate) fn examples(
    workshop: &Workshop<'_>,
    experiment: &Experiment,
    cells: &[KeptCell],
    out: &Path,
) -> Result<Vec<Example>> {
    let Some(baseline) = &experiment.baseline else {
        return Ok(Vec::new());
    };
    let of_cells = cells
        .iter()
        .map(|kept| (&kept.ingredients, &kept.cell.folder));
    let of_cells: Vec<_> = of_cells.collect();
    let ingredients = fingerprint(&(baseline, of_cells));
    let path = out.join(FILE);
    let kept: Option<KeptExamples> = std::fs::read(&path)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok());
    if let Some(kept) = kept.filter(|kept| kept.ingredients == ingredients) {
        return Ok(kept.examples);
    }
    let examples = found(workshop, experiment, baseline, cells, out)?;
    let kept = KeptExamples {
        ingredients,
        examples,
    };
    write_json(&path, &kept)?;
    Ok(kept.examples)
}

fn found(
    workshop: &Workshop<'_>,
    experiment: &Experiment,
    baseline: &String,
    cells: &[KeptCell],
    out: &Path,
) -> Result<Vec<Example>> {
    let mut examples = Vec::new();
    for collection in &experiment.collections {
        let cells: Vec<&Cell> = cells
            .iter()
            .map(|kept| &kept.cell)
            .filter(|cell| cell.collection == collection.name)
            .collect();
        let baselines: BTreeMap<(&str, &str), &Cell> = cells
            .iter()
            .filter(|cell| cell.system == *baseline)
            .map(|cell| ((cell.queries.as_str(), cell.documents.as_str()), *cell))
            .collect();
        for system in experiment
            .systems
            .iter()
            .filter(|system| system.name != *baseline)
        {
            let Some(queries) = system.queries_of(collection) else {
                continue;
            };
            let mut changes = Vec::new();
            for cell in cells.iter().filter(|cell| cell.system == system.name) {
                if let Some(baseline) =
                    baselines.get(&(cell.queries.as_str(), cell.documents.as_str()))
                {
                    changes.extend(changes_between(baseline, cell, out)?);
                }
            }
            changes.sort_by(|a, b| a.difference().total_cmp(&b.difference()));
            let best = changes
                .iter()
                .rev()
                .filter(|change| change.difference() > 0.0)
                .take(N_BEST);
            let worst = changes
                .iter()
                .filter(|change| change.difference() < 0.0)
                .take(N_WORST);
            for change in worst.chain(best) {
                let showing = Showing {
                    workshop,
                    experiment,
                    collection,
                    system,
                    queries,
                    out,
                };
                examples.push(showing.example(change)?);
            }
        }
    }
    Ok(examples)
}

fn changes_between<'a>(baseline: &'a Cell, cell: &'a Cell, out: &Path) -> Result<Vec<Change<'a>>> {
    let main = |topic: TopicValues| {
        (
            topic.topic,
            topic.values.first().copied().unwrap_or_default(),
        )
    };
    let before: BTreeMap<String, f64> = baseline.topics(out)?.into_iter().map(main).collect();
    let change = |(topic, value): (String, f64)| {
        let baseline_value = *before.get(&topic)?;
        Some(Change {
            cell,
            baseline,
            topic,
            baseline_value,
            value,
        })
    };
    Ok(cell
        .topics(out)?
        .into_iter()
        .map(main)
        .filter_map(change)
        .collect())
}

/// What it takes to show a topic.
struct Showing<'a> {
    workshop: &'a Workshop<'a>,
    experiment: &'a Experiment,
    collection: &'a Collection,
    system: &'a System,
    queries: &'a QueryFile,
    out: &'a Path,
}

impl Showing<'_> {
    fn example(&self, change: &Change<'_>) -> Result<Example> {
        let cell = change.cell;
        let job = Job {
            workshop: self.workshop,
            experiment: self.experiment,
            collection: self.collection,
            system: self.system,
            queries: self.queries,
            pair: Pair {
                queries: cell.queries.clone(),
                documents: Some(cell.documents.clone()).filter(|documents| documents != ALL),
            },
            index: &cell.index,
            out: self.out,
        };
        let (topics, qrels) = job.topics_and_qrels()?;
        let query = topics
            .into_iter()
            .find(|topic: &Topic| topic.id == change.topic);
        let dir = self.out.join(INDEXES).join(&cell.index);
        let searcher = Searcher::open(&dir, self.workshop.encoder(&self.system.encoder)?)?;
        let read =
            |cell: &Cell| read_run(&self.out.join(&cell.folder).join(RUN)).map_err(Error::from);
        let (before, after) = (read(change.baseline)?, read(cell)?);
        let topic = &change.topic;
        Ok(Example {
            collection: cell.collection.clone(),
            system: cell.system.clone(),
            queries: cell.queries.clone(),
            documents: cell.documents.clone(),
            query: query.map(|topic| topic.query).unwrap_or_default(),
            baseline_value: change.baseline_value,
            value: change.value,
            baseline_head: head(&searcher, &before, &qrels, topic)?,
            head: head(&searcher, &after, &qrels, topic)?,
            relevant: relevant(&searcher, [&before, &after], &qrels, topic)?,
            topic: topic.clone(),
        })
    }
}

fn head(searcher: &Searcher, run: &Run, qrels: &Qrels, topic: &str) -> Result<Vec<ExampleHit>> {
    let ranking = run.topic(topic).unwrap_or_default();
    let docs = ranking.iter().take(HEAD).map(|retrieved| &retrieved.doc);
    docs.map(|doc| hit(searcher, doc, qrels, topic)).collect()
}

fn relevant(
    searcher: &Searcher,
    [before, after]: [&Run; 2],
    qrels: &Qrels,
    topic: &str,
) -> Result<Vec<ExampleRelevant>> {
    let judged = qrels
        .topic(topic)
        .into_iter()
        .flat_map(|grades| grades.iter());
    let mut relevant: Vec<(&DocId, i32)> = judged.filter(|(_, grade)| *grade > 0).collect();
    relevant.sort_unstable_by_key(|(doc, grade)| (-grade, *doc));
    let rank = |run: &Run, doc: &DocId| {
        let ranking = run.topic(topic).unwrap_or_default();
        ranking
            .iter()
            .position(|retrieved| retrieved.doc == *doc)
            .map(|above| above + 1)
    };
    let shown = relevant.into_iter().take(RELEVANT);
    shown
        .map(|(doc, _)| {
            Ok(ExampleRelevant {
                hit: hit(searcher, doc, qrels, topic)?,
                baseline_rank: rank(before, doc),
                rank: rank(after, doc),
            })
        })
        .collect()
}

/// What people see of `doc`; little where the index does not have it.
fn hit(searcher: &Searcher, doc: &DocId, qrels: &Qrels, topic: &str) -> Result<ExampleHit> {
    let found = searcher.document(doc)?;
    let text = found.as_ref().map(|doc| match doc.title.is_empty() {
        true => doc.text.chars().take(SHOWN_CHARS).collect(),
        false => doc.title.clone(),
    });
    Ok(ExampleHit {
        doc: doc.to_string(),
        lang: found.map(|doc| doc.lang.to_string()).unwrap_or_default(),
        text: text.unwrap_or_default(),
        grade: qrels.topic(topic).and_then(|grades| grades.grade(doc)),
    })
}
