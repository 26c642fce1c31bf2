//! `xenoglot eval`: topics → run, and qrels + run → measures.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;
use xenoglot_engine::eval::{Averaged, Measure, Scores, read_qrels, read_run, score, write_run};

use crate::search::SearchArgs;

/// Evaluate: make a run of topics, score a run
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer topics and write the rankings as a TREC run
    Run(Box<RunArgs>),
    /// Score a run: one line per measure, `measure TAB topic-or-all TAB value`
    Score(ScoreArgs),
}

#[derive(Debug, clap::Args)]
struct RunArgs {
    /// JSON lines with `id` and `query`, or `id TAB query`
    #[arg(long, value_name = "FILE", env = "XENOGLOT_TOPICS")]
    topics: PathBuf,
    /// Where the rankings go
    #[arg(long, value_name = "OUT.trec", env = "XENOGLOT_RUN")]
    run: PathBuf,
    /// The name of the run
    #[arg(long, default_value = "xenoglot")]
    tag: String,
    #[command(flatten)]
    search: SearchArgs,
}

#[derive(Debug, clap::Args)]
struct ScoreArgs {
    /// Judgments: TREC's four columns, or BEIR's TSV
    #[arg(long, value_name = "FILE", env = "XENOGLOT_QRELS")]
    qrels: PathBuf,
    /// Rankings: TREC's six columns
    #[arg(long, value_name = "FILE", env = "XENOGLOT_RUN")]
    run: PathBuf,
    /// A measure as the field spells it (nDCG@10, AP, RR, P@5, R@100, Success@1, AP(rel=2), …); may come often
    #[arg(short, long = "measure", value_name = "MEASURE", default_values = ["nDCG@10", "AP", "RR", "R@100", "P@10"])]
    measures: Vec<Measure>,
    /// Each topic too
    #[arg(short = 'q', long)]
    per_topic: bool,
    /// Average over all judged topics; those that the run leaves out count 0 (trec_eval -c)
    #[arg(short = 'c', long)]
    complete: bool,
    /// One JSON object per line
    #[arg(long)]
    json: bool,
}

/// Runs `xenoglot eval`.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.command {
        Command::Run(args) => {
            let run = args.search.run_topics(&args.topics, &args.tag)?;
            Ok(write_run(&args.run, &run)?)
        }
        Command::Score(args) => {
            let averaged = if args.complete {
                Averaged::Judged
            } else {
                Averaged::Answered
            };
            let scores = score(
                &read_qrels(&args.qrels)?,
                &read_run(&args.run)?,
                &args.measures,
                averaged,
            )?;
            print(&scores, args)
        }
    }
}

fn print(scores: &Scores, args: &ScoreArgs) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let mut line = |measure: &Measure, topic: &str, value: f64| match args.json {
        true => writeln!(
            out,
            "{}",
            json!({ "measure": measure.to_string(), "topic": topic, "value": value })
        ),
        false => writeln!(out, "{measure}\t{topic}\t{value:.4}"),
    };
    if args.per_topic {
        for topic in scores.topics() {
            for (measure, value) in scores.measures().iter().zip(&topic.values) {
                line(measure, &topic.id, *value)?;
            }
        }
    }
    for (measure, value) in scores.measures().iter().zip(scores.all()) {
        line(measure, "all", *value)?;
    }
    Ok(())
}
