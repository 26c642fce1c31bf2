//! `xenoglot demo`: the whole of it on a small corpus of our own, in one command.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use xenoglot_engine::IndexSettings;
use xenoglot_engine::eval::{Averaged, Measure, Topic, read_qrels, read_topics, score};
use xenoglot_engine::{FirstStage, Fusion, Plan, Query, RerankPlan, Searcher, Terminology};
use xenoglot_indexer::{Corpus, Progress, ReadPlan, index};
use xenoglot_reranker::{DEFAULT_RERANK_DEPTH, PASSAGES};

use crate::search::Hits;
use crate::setup::{ModelArgs, passages, stop_on_signal};
use crate::shipped_lexicons::shipped_lexicons;
use crate::terminal::{self, BOLD, CYAN, DIM};

/// Index a sample corpus in 20 languages, ask it in others, and score the answers
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where corpus, topics, judgments and index go
    #[arg(
        long,
        value_name = "DIR",
        env = "XENOGLOT_DEMO_DIR",
        default_value = "xenoglot-demo"
    )]
    dir: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
}

/// The corpus: written for this project, see `src/demo/`.
const FILES: [(&str, &str); 3] = [
    ("corpus.jsonl", include_str!("demo/corpus.jsonl")),
    ("topics.jsonl", include_str!("demo/topics.jsonl")),
    ("qrels.txt", include_str!("demo/qrels.txt")),
];

/// Topics that are shown, with what they ask in English.
const SHOWN: [(&str, &str); 4] = [
    ("q17", ""),
    ("q60", "how do migrating birds find their way"),
    ("q44", "how often can waste paper be recycled?"),
    ("q45", "why does a bicycle not fall over while it moves"),
];

/// Runs `xenoglot demo`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let dir = &args.dir;
    let encoder = args.model.load()?;
    write_files(dir)?;
    let corpus = Corpus::open(&[dir.join("corpus.jsonl").display().to_string()])?;
    let progress = Progress::default();
    stop_on_signal(&progress)?;
    let summary = index(
        corpus,
        &ReadPlan::default(),
        IndexSettings::new(encoder.spec().clone()),
        &*encoder,
        &dir.join("index"),
        &progress,
    )?;
    let mut out = anstream::stdout().lock();
    writeln!(
        out,
        "{BOLD}{} documents in {} languages{BOLD:#} indexed in {:.1} s with encoder {}\n",
        summary.manifest.n_docs,
        summary.manifest.languages.len(),
        summary.timings.total.as_secs_f64(),
        summary.manifest.settings.encoder.name
    )?;
    drop(out);
    let searcher = Searcher::open(&dir.join("index"), Arc::clone(&encoder))?
        .with_rerankers(passages(&encoder).into_iter().collect())
        .with_terminology(Arc::new(Terminology {
            lexicons: shipped_lexicons(),
            ..Terminology::default()
        }));
    let topics = read_topics(&dir.join("topics.jsonl"))?;
    for (id, gloss) in SHOWN {
        let topic = topics
            .iter()
            .find(|topic| topic.id == id)
            .with_context(|| format!("no topic {id}"))?;
        show(&searcher, topic, gloss)?;
    }
    print_scores(dir, &searcher, &topics)?;
    print_next_steps(args)
}

/// Writes the corpus, unless files of the same names are there and say something else: those are not ours.
fn write_files(dir: &Path) -> Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    for (name, text) in FILES {
        let path = dir.join(name);
        if std::fs::read(&path).is_ok_and(|there| there != text.as_bytes()) {
            bail!(
                "{} is not the demo's; name another folder with --dir",
                path.display()
            );
        }
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn show(searcher: &Searcher, topic: &Topic, gloss: &str) -> Result<()> {
    let mut out = anstream::stdout().lock();
    write!(out, "{BOLD}{}{BOLD:#}  {DIM}{}", topic.query, topic.lang)?;
    if !gloss.is_empty() {
        write!(out, " · {gloss}")?;
    }
    writeln!(out, "{DIM:#}")?;
    drop(out);
    let query = Query {
        text: topic.query.clone(),
        lang: topic.lang,
    };
    let answer = searcher.search(
        &query,
        &Plan {
            depth: 3,
            ..Plan::default()
        },
    )?;
    Hits::of(searcher, &query, answer)?.print()?;
    writeln!(anstream::stdout())?;
    Ok(())
}

/// Scores every first stage on all topics.
fn print_scores(dir: &Path, searcher: &Searcher, topics: &[Topic]) -> Result<()> {
    let qrels = read_qrels(&dir.join("qrels.txt"))?;
    let measures: Vec<Measure> = ["nDCG@10", "RR", "Success@1"]
        .map(str::parse)
        .into_iter()
        .collect::<Result<_, _>>()?;
    let mut out = anstream::stdout().lock();
    writeln!(
        out,
        "{BOLD}{} topics in {} languages, scored{BOLD:#}",
        topics.len(),
        n_languages(topics)
    )?;
    writeln!(
        out,
        "{DIM}{:32}{}{DIM:#}",
        "",
        measures
            .iter()
            .map(|m| format!("{m:>10}", m = m.to_string()))
            .collect::<String>()
    )?;
    let plan = |first_stage| Plan {
        first_stage,
        depth: 100,
        ..Plan::default()
    };
    let reranked = Plan {
        rerank: Some(RerankPlan {
            stack: PASSAGES.to_owned(),
            depth: DEFAULT_RERANK_DEPTH,
            first_stage_weight: 0.0,
        }),
        ..plan(FirstStage::Hybrid(Fusion::default()))
    };
    let systems = [
        ("lexical", plan(FirstStage::Lexical)),
        ("dense", plan(FirstStage::Dense)),
        ("hybrid", plan(FirstStage::Hybrid(Fusion::default()))),
        ("hybrid, reranked by passages", reranked),
    ];
    for (name, plan) in systems {
        let run = searcher.run(topics, &plan, "demo")?;
        let scores = score(&qrels, &run, &measures, Averaged::Judged)?;
        writeln!(
            out,
            "  {name:<30}{}",
            scores
                .all()
                .iter()
                .map(|value| format!("{value:>10.3}"))
                .collect::<String>()
        )?;
    }
    writeln!(
        out,
        "{DIM}most topics have no answer in their own language: words find one by their translations, vectors by meaning{DIM:#}\n"
    )?;
    Ok(())
}

fn n_languages(topics: &[Topic]) -> usize {
    topics
        .iter()
        .map(|topic| topic.lang)
        .collect::<std::collections::BTreeSet<_>>()
        .len()
}

fn print_next_steps(args: &Args) -> Result<()> {
    let mut out = anstream::stdout().lock();
    let program =
        std::env::current_exe().map_or_else(|_| "xenoglot".into(), |path| terminal::quoted(&path));
    let index = terminal::quoted(&args.dir.join("index"));
    let model = args.model.as_typed();
    writeln!(
        out,
        "The index lies in {BOLD}{index}{BOLD:#}, corpus, topics and judgments beside it. Try next:"
    )?;
    writeln!(
        out,
        "  {CYAN}{program} search 'why is the sky full of colours after rain' --index {index}{model}{CYAN:#}"
    )?;
    writeln!(
        out,
        "  {CYAN}{program} serve --index {index}{model}{CYAN:#}"
    )?;
    writeln!(
        out,
        "  {CYAN}{program} index your-documents.jsonl --index your-index{model}{CYAN:#}"
    )?;
    Ok(())
}
