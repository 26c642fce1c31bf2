//! How good is BM25 with the analyzer of each language?
//!
//! Corpora: XQuAD paragraphs with questions in the same language, in 11 languages, and the classic English collections
//! Cranfield, CACM and Vaswani. Peer: Lucene's BM25 with its analyzer of the language (`benches/eval/lucene.tsv`, made by
//! `make bench-lucene`), the same k1 and b.
//!
//! ```text
//! cargo bench --bench eval -- lexical              prints the tables and compares them with benches/eval/lexical.tsv
//! cargo bench --bench eval -- lexical --write      keeps the figures as the expected ones
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use xenoglot_engine::eval::{Averaged, Measure, read_qrels, read_topics, score};
use xenoglot_engine::{Bm25, Encoder, FirstStage, HashEncoder, Plan, Searcher};
use xenoglot_indexer::IndexPlan;

use crate::figures::Figures;
use crate::ground::{Scratch, root, shared};

const XQUAD: [&str; 11] = [
    "ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh",
];
const CLASSIC: [&str; 3] = ["cacm", "cranfield", "vaswani"];
const MEASURES: [&str; 3] = ["nDCG@10", "AP", "R@100"];
/// k1 and b, as they stand in tables.
const SETTINGS: [(&str, &str); 2] = [("0.9", "0.4"), ("1.2", "0.75")];
const COLUMNS: &[&str] = &["collection", "k1", "b", "measure", "value"];
const LUCENE_COLUMNS: &[&str] = &["collection", "system", "k1", "b", "measure", "value"];
/// trec_eval's.
const DEPTH: usize = 1_000;

struct Collection {
    name: String,
    corpus: PathBuf,
    topics: PathBuf,
    qrels: PathBuf,
    lang: &'static str,
}

pub(crate) fn run(args: &[String]) -> Result<()> {
    let mut figures = Figures::new(COLUMNS);
    let scratch = Scratch::new("lexical");
    // Vectors that nobody looks at.
    let encoder: Arc<dyn Encoder> = Arc::new(HashEncoder::new(8));
    for collection in collections(&shared()?.join("data")) {
        measure(&collection, &scratch, &encoder, &mut figures)?;
    }
    let eval = root().join("benches/eval");
    print(
        &figures,
        &Figures::read(&eval.join("lucene.tsv"), LUCENE_COLUMNS)?,
    );
    figures.write_or_compare(&eval.join("lexical.tsv"), args)
}

fn collections(data: &Path) -> Vec<Collection> {
    let xquad = XQUAD.map(|lang| Collection {
        name: format!("xquad-{lang}"),
        corpus: data.join(format!("xquad-r/corpus.{lang}.jsonl.zst")),
        topics: data.join(format!("xquad-r/queries.{lang}.jsonl.zst")),
        qrels: data.join(format!("xquad-r/qrels/para.{lang}.qrels")),
        lang,
    });
    let classic = CLASSIC.map(|name| {
        let dir = data.join("classic").join(name);
        let qrels = if name == "cacm" {
            "qrels.fixed.txt"
        } else {
            "qrels.txt"
        };
        Collection {
            name: name.to_owned(),
            corpus: dir.join("corpus.jsonl.zst"),
            topics: dir.join("queries.jsonl"),
            qrels: dir.join(qrels),
            lang: "en",
        }
    });
    xquad.into_iter().chain(classic).collect()
}

fn measure(
    collection: &Collection,
    scratch: &Scratch,
    encoder: &Arc<dyn Encoder>,
    figures: &mut Figures,
) -> Result<()> {
    let lang = collection.lang.parse()?;
    let plan = IndexPlan {
        lang: Some(lang),
        // Cranfield has two empty documents.
        on_error: xenoglot_indexer::OnError::Skip,
        ..IndexPlan::default()
    };
    let dir = scratch.index(&collection.name, &collection.corpus, &plan, &**encoder)?;
    let searcher = Searcher::open(&dir, Arc::clone(encoder))?;
    let mut topics = read_topics(&collection.topics)?;
    for topic in &mut topics {
        topic.lang = lang;
    }
    let qrels = read_qrels(&collection.qrels)?;
    for (k1, b) in SETTINGS {
        let plan = Plan {
            first_stage: FirstStage::Lexical,
            depth: DEPTH,
            bm25: Some(Bm25 {
                k1: k1.parse()?,
                b: b.parse()?,
                ..Bm25::default()
            }),
            ..Plan::default()
        };
        let run = searcher.run(&topics, &plan, "lexical")?;
        let measures = MEASURES.iter().map(|measure| measure.parse());
        let measures: Vec<Measure> = measures.collect::<Result<_, _>>()?;
        let scores = score(&qrels, &run, &measures, Averaged::Judged)
            .with_context(|| collection.name.clone())?;
        for (measure, value) in MEASURES.iter().zip(scores.all()) {
            figures.insert(&[&collection.name, k1, b, measure], *value);
        }
    }
    Ok(())
}

#[allow(clippy::print_stdout, reason = "what a bench is for")]
fn print(figures: &Figures, lucene: &Figures) {
    for (k1, b) in SETTINGS {
        println!("\n### k1 = {k1}, b = {b}: Xenoglot / Lucene\n");
        println!("| collection | {} |", MEASURES.join(" | "));
        println!("|---|{}", "---|".repeat(MEASURES.len()));
        let xquad = XQUAD.map(|lang| format!("xquad-{lang}"));
        let pair = |ours: Option<f64>, theirs: Option<f64>| {
            let figure =
                |value: Option<f64>| value.map_or("–".into(), |value| format!("{value:.3}"));
            format!("{} / {}", figure(ours), figure(theirs))
        };
        let is = |key: &[String], measure: &str| {
            key.last().is_some_and(|last| last == measure) && key[key.len() - 3] == k1
        };
        for name in xquad.iter().map(String::as_str).chain(CLASSIC) {
            let cells = MEASURES.map(|measure| {
                let theirs = lucene.mean(|key| key[0] == name && is(key, measure));
                pair(figures.get(&[name, k1, b, measure]), theirs)
            });
            println!("| {name} | {} |", cells.join(" | "));
        }
        let cells = MEASURES.map(|measure| {
            let mean =
                |figures: &Figures| figures.mean(|key| xquad.contains(&key[0]) && is(key, measure));
            pair(mean(figures), mean(lucene))
        });
        println!("| **mean of XQuAD** | {} |", cells.join(" | "));
    }
}
