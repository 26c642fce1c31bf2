//! `xenoglot eval sample`: runs + qrels + topics + corpus → a smaller collection, and whether systems keep their order in it.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use serde_json::json;
use xenoglot_engine::eval::{
    Measure, Sample, SampleSettings, SampleSummary, Survival, read_qrels, read_topics, survival,
    write_sample,
};
use xenoglot_indexer::Corpus;

use super::table::{self, NOTHING, names, read_runs};
use crate::terminal::{BOLD, grouped};

/// A sample of many topics and of what several runs place high for them, as MMTEB's "hard negatives" are made.
///
/// OUT gets corpus.jsonl, queries.jsonl, qrels.trec, and sample.json, which says how it was made. The table shows each run
/// on the whole collection, restricted to the sample, and restricted to what the sample would be without that run. A run
/// that is restricted is not one that searched the sample.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The corpus: JSON lines, packed or not; paths or patterns
    #[arg(value_name = "CORPUS", required = true)]
    corpus: Vec<String>,
    /// The topics to draw from
    #[arg(long, value_name = "FILE", env = "XENOGLOT_TOPICS")]
    topics: PathBuf,
    /// Judgments: TREC's four columns, or BEIR's TSV
    #[arg(long, value_name = "FILE", env = "XENOGLOT_QRELS")]
    qrels: PathBuf,
    /// Rankings over the whole corpus: TREC's six columns; twice or more
    #[arg(long = "run", value_name = "FILE", required = true)]
    runs: Vec<PathBuf>,
    /// The folder to make; new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The most topics that are drawn
    #[arg(long, value_name = "N", default_value_t = SampleSettings::default().topics_limit)]
    topics_limit: usize,
    /// How many documents of each run's ranking are taken
    #[arg(long, value_name = "N", default_value_t = SampleSettings::default().depth)]
    depth: usize,
    /// What topics are drawn by
    #[arg(long, default_value_t = SampleSettings::default().seed)]
    seed: u64,
    /// What systems are ordered by
    #[arg(short, long, default_value = "nDCG@10")]
    measure: Measure,
    /// The figures as one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs `xenoglot eval sample`.
pub(super) fn run(args: &Args) -> Result<()> {
    ensure!(
        args.runs.len() > 1,
        "one run was given, expected two or more: what one run does not find would be missing"
    );
    let corpus = Corpus::open(&args.corpus)?;
    let qrels = read_qrels(&args.qrels)?;
    let topics = read_topics(&args.topics)?;
    let runs = read_runs(&args.runs)?;
    let names = names(&args.runs, &runs);
    let settings = SampleSettings {
        seed: args.seed,
        topics_limit: args.topics_limit,
        depth: args.depth,
    };
    let ids: Vec<&str> = topics.iter().map(|topic| topic.id.as_str()).collect();
    let sample = Sample::draw(&qrels, &runs, &ids, settings)?;
    let survival = survival(&qrels, &runs, &sample, &args.measure)?;
    let summary = write_sample(
        &args.out,
        &sample,
        &names,
        (&topics, &qrels),
        corpus.documents(),
    )?;
    match args.json {
        true => print_json(args, &summary, &survival),
        false => print(args, &sample, &summary, &survival),
    }
}

fn print(args: &Args, sample: &Sample, summary: &SampleSummary, survival: &Survival) -> Result<()> {
    let mut out = anstream::stdout().lock();
    let count = |n: usize| grouped(n as u64);
    writeln!(
        out,
        "{BOLD}{}{BOLD:#}: {} documents ({} of one run alone), {} topics, {} judgments",
        args.out.display(),
        count(summary.n_documents),
        count(sample.n_of_one_run()),
        count(summary.n_topics),
        count(summary.n_judgments),
    )?;
    if summary.n_judged_missing > 0 {
        let missing = count(summary.n_judged_missing);
        writeln!(out, "{missing} judged documents are not in the corpus")?;
    }
    writeln!(out)?;
    let measure = args.measure.to_string();
    let header = [measure.as_str(), "full", "sample", "left out"];
    let mut rows: Vec<Vec<String>> = summary
        .runs
        .iter()
        .zip(&survival.systems)
        .map(|(name, system)| {
            let values = [system.full, system.sample, system.left_out];
            let cells = values.map(|value| format!("{value:.4}"));
            std::iter::once(name.clone()).chain(cells).collect()
        })
        .collect();
    let tau = |tau: Option<f64>| tau.map_or(NOTHING.to_owned(), |tau| format!("{tau:.3}"));
    rows.push(vec![
        "Kendall's τ with full".into(),
        String::new(),
        tau(survival.tau_sample),
        tau(survival.tau_left_out),
    ]);
    Ok(table::print(&mut out, &header, &rows)?)
}

fn print_json(args: &Args, summary: &SampleSummary, survival: &Survival) -> Result<()> {
    let line = json!({
        "measure": args.measure.to_string(),
        "sample": summary,
        "survival": survival,
    });
    Ok(writeln!(anstream::stdout().lock(), "{line}")?)
}
