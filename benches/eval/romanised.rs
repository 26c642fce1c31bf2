//! Do words find each other across the scripts of one language?
//!
//! Corpus: what `benches/eval/romanised.py` made: FLORES articles in 46 languages of other scripts, topics spelled by
//! romanisers that are not ours, the reverse, and lines that people wrote in two scripts. Nobody says in which language a
//! topic is. Peer: the same index without romanised words, where they find numbers and a few names.
//!
//! ```text
//! make bench-romanised                                       prints the tables, compares with benches/eval/romanised.tsv
//! cargo bench --bench eval -- romanised --write              keeps the figures as the expected ones
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use xenoglot_engine::eval::{Averaged, Measure, Topic, read_qrels, score};
use xenoglot_engine::{Encoder, FirstStage, HashEncoder, Lang, LexicalSettings, Plan, Searcher};
use xenoglot_indexer::ReadPlan;

use crate::figures::Figures;
use crate::ground::{Scratch, root};

const COLUMNS: &[&str] = &["kind", "language", "spelling", "system", "nDCG@10"];
const SYSTEMS: [&str; 2] = ["lexical", "romanised"];
const DEPTH: usize = 10;

/// One line of `documents.jsonl`.
#[derive(Deserialize)]
struct Collection {
    name: String,
    lang: Lang,
    texts: Vec<String>,
}

/// One line of `cases.jsonl`.
#[derive(Deserialize)]
struct Case {
    /// Which way the scripts go.
    kind: String,
    lang: String,
    spelling: String,
    /// The name of a collection.
    documents: String,
    topics: Vec<CaseTopic>,
}

#[derive(Deserialize)]
struct CaseTopic {
    text: String,
    /// Places in the collection's texts.
    relevant: Vec<usize>,
}

pub(crate) fn run(args: &[String]) -> Result<()> {
    let dir = root().join("target/bench/romanised");
    let collections: Vec<Collection> = read(&dir.join("documents.jsonl"))?;
    let cases: Vec<Case> = read(&dir.join("cases.jsonl"))?;
    let scratch = Scratch::new("romanised");
    let encoder: Arc<dyn Encoder> = Arc::new(HashEncoder::new(8));
    let mut figures = Figures::new(COLUMNS);
    for collection in &collections {
        let mut own = cases
            .iter()
            .filter(|case| case.documents == collection.name)
            .peekable();
        if own.peek().is_none() {
            continue;
        }
        let searchers = SYSTEMS.map(|system| open(collection, system, &scratch, &encoder));
        let searchers = searchers.into_iter().collect::<Result<Vec<_>>>()?;
        for case in own {
            for (searcher, system) in searchers.iter().zip(SYSTEMS) {
                let value = measure(case, searcher, &scratch)?;
                figures.insert(&[&case.kind, &case.lang, &case.spelling, system], value);
            }
        }
    }
    print(&figures);
    figures.write_or_compare(&root().join("benches/eval/romanised.tsv"), args)
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("no {}; run benches/eval/romanised.py", path.display()))?;
    Ok(text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?)
}

fn open(
    collection: &Collection,
    system: &str,
    scratch: &Scratch,
    encoder: &Arc<dyn Encoder>,
) -> Result<Searcher> {
    let Collection { name, lang, texts } = collection;
    let lines = texts.iter().enumerate().map(|(id, text)| {
        json!({ "id": id.to_string(), "text": text, "lang": lang.code() }).to_string()
    });
    let lines: Vec<String> = lines.collect();
    let file = scratch.write(&format!("{name}.jsonl"), &lines.join("\n"))?;
    let lexical = LexicalSettings {
        romanised: system == "romanised",
        ..LexicalSettings::default()
    };
    let dir: PathBuf = scratch.index(
        &format!("{name}-{system}"),
        &file,
        &ReadPlan::default(),
        lexical,
        &**encoder,
    )?;
    Ok(Searcher::open(&dir, Arc::clone(encoder))?)
}

/// nDCG@10 over the topics of `case`.
fn measure(case: &Case, searcher: &Searcher, scratch: &Scratch) -> Result<f64> {
    let mut topics = Vec::new();
    let mut qrels = String::new();
    for (topic, id) in case.topics.iter().zip(0..) {
        topics.push(Topic {
            id: format!("{id}"),
            query: topic.text.clone(),
            lang: searcher.query_language(None, &topic.text).lang,
        });
        for doc in &topic.relevant {
            qrels += &format!("{id} 0 {doc} 1\n");
        }
    }
    let qrels = read_qrels(&scratch.write("qrels.txt", &qrels)?)?;
    let plan = Plan {
        first_stage: FirstStage::Lexical,
        depth: DEPTH,
        ..Plan::default()
    };
    let run = searcher.run(&topics, &plan, "romanised")?;
    let measures: [Measure; 1] = ["nDCG@10".parse()?];
    Ok(score(&qrels, &run, &measures, Averaged::Judged)?.all()[0])
}

#[allow(clippy::print_stdout, reason = "what a bench is for")]
fn print(figures: &Figures) {
    println!(
        "\n| | language | {} |\n|---|---|---|---|",
        SYSTEMS.join(" | ")
    );
    // Languages count alike, however many spellings each has.
    let mut kinds: BTreeMap<&str, Vec<[f64; 2]>> = BTreeMap::new();
    for (kind, language) in figures.first_two_keys() {
        let means = SYSTEMS.map(|system| {
            let of = |key: &[String]| key[0] == kind && key[1] == language && key[3] == system;
            figures.mean(of).unwrap_or_default()
        });
        println!(
            "| {kind} | {language} | {:.3} | {:.3} |",
            means[0], means[1]
        );
        kinds.entry(kind).or_default().push(means);
    }
    for (kind, rows) in kinds {
        let n = rows.len() as f64;
        let mean = |at: usize| rows.iter().map(|row| row[at]).sum::<f64>() / n;
        println!(
            "| **{kind}** | mean of {n} | {:.3} | {:.3} |",
            mean(0),
            mean(1)
        );
    }
}
