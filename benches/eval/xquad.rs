//! Does a question in one language find its paragraph in another?
//!
//! Corpus: XQuAD paragraphs (LAReQA's files), 240 in each of 11 languages; topics: its 1,190 questions in the same
//! languages; every one of the 11 × 11 pairs, by lexical, dense and hybrid search with the encoder inside the program,
//! and English documents reranked by their passages. Peer: the lexical stage, in the same table.
//!
//! ```text
//! cargo bench --bench xquad                     prints the tables and compares them with benches/eval/xquad.tsv
//! cargo bench --bench xquad -- --model DIR      the same for another encoder, compared with nothing
//! cargo bench --bench xquad -- --write          keeps the figures as the expected ones
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use xenoglot_engine::eval::{Averaged, Measure, read_qrels, read_topics, score};
use xenoglot_engine::model::{self, LoadOptions, ModelDir};
use xenoglot_engine::{Encoder, FirstStage, Fusion, Plan, Recall, RerankPlan, Reranker, Searcher};
use xenoglot_indexer::{Corpus, IndexPlan, Progress, index};
use xenoglot_reranker::{PASSAGES, PassageReranker};

const LANGUAGES: [&str; 11] = [
    "ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh",
];
const DEPTH: usize = 10;
/// Reranking embeds every passage of every candidate again: it is measured on English documents alone, and this deep.
const RERANK_DEPTH: usize = 20;
const RERANKED_DOCUMENTS: &str = "en";
/// Figures are printed to four decimals; the same figures come out of every run on every machine but for rounding.
const TOLERANCE: f64 = 0.0005;
const EXPECTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/eval/xquad.tsv");

/// (system, query language, document language) → nDCG@10.
type Table = BTreeMap<(&'static str, &'static str, &'static str), f64>;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    let model = args
        .iter()
        .position(|arg| arg == "--model")
        .map(|at| args.get(at + 1).context("--model takes a directory"));
    let data = shared()?.join("data/xquad-r");
    let dir = match model.transpose()? {
        Some(path) => ModelDir::open(Path::new(path))?,
        None => {
            ModelDir::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("models/xenoglot-static"))?
        }
    };
    let encoder: Arc<dyn Encoder> = model::load(&dir, &LoadOptions::default())?;
    let table = measure(&data, &encoder)?;
    print(&table);
    match args.iter().any(|arg| arg == "--write") {
        true => write(&table),
        false if args.is_empty() => compare(&table),
        false => Ok(()),
    }
}

fn shared() -> Result<PathBuf> {
    let given = std::env::var_os("XENOGLOT_SHARED").map(PathBuf::from);
    let path = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    path.canonicalize()
        .with_context(|| format!("no data at {}; set XENOGLOT_SHARED", path.display()))
}

fn measure(data: &Path, encoder: &Arc<dyn Encoder>) -> Result<Table> {
    let scratch = std::env::temp_dir().join(format!("xenoglot-xquad-{}", std::process::id()));
    let mut table = Table::new();
    for doc_lang in LANGUAGES {
        let corpus = Corpus::open(&[data
            .join(format!("corpus.{doc_lang}.jsonl.zst"))
            .display()
            .to_string()])?;
        let dir = scratch.join(doc_lang);
        index(
            corpus,
            &IndexPlan::default(),
            &**encoder,
            &dir,
            &Progress::default(),
        )?;
        let reranker: Arc<dyn Reranker> = Arc::new(PassageReranker::new(Arc::clone(encoder)));
        let searcher = Searcher::open(&dir, Arc::clone(encoder))?
            .with_reranker(PASSAGES, reranker)
            .with_recall(Recall::Exact);
        let qrels = read_qrels(&data.join(format!("qrels/para.{doc_lang}.qrels")))?;
        for query_lang in LANGUAGES {
            let topics = read_topics(&data.join(format!("queries.{query_lang}.jsonl.zst")))?;
            let systems = systems().into_iter();
            for (system, plan) in
                systems.filter(|(_, plan)| plan.rerank.is_none() || doc_lang == RERANKED_DOCUMENTS)
            {
                let run = searcher.run(&topics, &plan, system)?;
                let measures: [Measure; 1] = ["nDCG@10".parse()?];
                let scores = score(&qrels, &run, &measures, Averaged::Judged)?;
                table.insert((system, query_lang, doc_lang), scores.all()[0]);
            }
        }
    }
    std::fs::remove_dir_all(&scratch)?;
    Ok(table)
}

fn systems() -> [(&'static str, Plan); 4] {
    let plan = |first_stage, rerank_depth: Option<usize>| Plan {
        first_stage,
        depth: DEPTH,
        rerank: rerank_depth.map(|depth| RerankPlan {
            stack: PASSAGES.to_owned(),
            depth,
            first_stage_weight: 0.0,
        }),
        deadline: None,
    };
    [
        ("lexical", plan(FirstStage::Lexical, None)),
        ("dense", plan(FirstStage::Dense, None)),
        ("hybrid", plan(FirstStage::Hybrid(Fusion::default()), None)),
        (
            "dense+passages",
            plan(FirstStage::Dense, Some(RERANK_DEPTH)),
        ),
    ]
}

#[allow(clippy::print_stdout, reason = "what a bench is for")]
fn print(table: &Table) {
    for (system, _) in systems() {
        println!("\n### {system}, nDCG@10 (row: query, column: documents)\n");
        let docs: Vec<&str> = LANGUAGES
            .into_iter()
            .filter(|doc| table.contains_key(&(system, "en", doc)))
            .collect();
        println!("| | {} |", docs.join(" | "));
        println!("|---|{}", "---|".repeat(docs.len()));
        for query in LANGUAGES {
            let cells: Vec<_> = docs
                .iter()
                .map(|doc| format!("{:.3}", table[&(system, query, *doc)]))
                .collect();
            println!("| **{query}** | {} |", cells.join(" | "));
        }
    }
    println!("\n### Summary\n");
    println!(
        "| system | X→en | en→X | all cross pairs | least cross pair | en→en | monolingual | without zh, th |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (system, _) in systems() {
        println!("| {system} | {} |", summary(table, system).join(" | "));
    }
}

/// Means over pairs, in the order of the summary's columns; a dash where nothing was measured.
fn summary(table: &Table, system: &str) -> [String; 7] {
    let pairs = |keep: &dyn Fn(&str, &str) -> bool| -> Vec<f64> {
        table
            .iter()
            .filter(|((s, q, d), _)| *s == system && keep(q, d))
            .map(|(_, value)| *value)
            .collect()
    };
    let mean = |values: Vec<f64>| match values.len() {
        0 => "–".to_owned(),
        n => format!("{:.3}", values.iter().sum::<f64>() / n as f64),
    };
    let least = pairs(&|q, d| q != d)
        .into_iter()
        .fold(f64::INFINITY, f64::min);
    [
        mean(pairs(&|q, d| q != "en" && d == "en")),
        mean(pairs(&|q, d| q == "en" && d != "en")),
        mean(pairs(&|q, d| q != d)),
        format!("{least:.3}"),
        mean(pairs(&|q, d| q == "en" && d == "en")),
        mean(pairs(&|q, d| q == d)),
        mean(pairs(&|q, d| q == d && !["zh", "th"].contains(&q))),
    ]
}

fn write(table: &Table) -> Result<()> {
    let mut text = String::from("system\tquery\tdocuments\tnDCG@10\n");
    for ((system, query, doc), value) in table {
        text += &format!("{system}\t{query}\t{doc}\t{value:.4}\n");
    }
    std::fs::write(EXPECTED, text).with_context(|| format!("cannot write {EXPECTED}"))
}

/// Fails when a figure is not the one that was kept.
fn compare(table: &Table) -> Result<()> {
    let text =
        std::fs::read_to_string(EXPECTED).with_context(|| format!("cannot read {EXPECTED}"))?;
    let mut drifted = Vec::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [system, query, doc, expected] = fields[..] else {
            bail!("{EXPECTED}: {line:?} has not four columns")
        };
        let expected: f64 = expected
            .parse()
            .with_context(|| format!("{EXPECTED}: {line:?}"))?;
        let measured = table
            .iter()
            .find(|((s, q, d), _)| (*s, *q, *d) == (system, query, doc))
            .map(|(_, value)| *value);
        if measured.is_none_or(|measured| (measured - expected).abs() > TOLERANCE) {
            drifted.push(format!(
                "{system} {query}→{doc}: expected {expected:.4}, measured {measured:.4?}"
            ));
        }
    }
    if drifted.is_empty() {
        Ok(())
    } else {
        bail!("{} figures drifted:\n{}", drifted.len(), drifted.join("\n"))
    }
}
