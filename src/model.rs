//! `xenoglot model`: what a model directory holds.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use xenoglot_engine::model::{self, ModelCard, ModelDir};

use crate::terminal::{BOLD, grouped};

/// Look at models
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Inspect(InspectArgs),
}

/// Show what a model directory holds and how it would be loaded, without running it
#[derive(Debug, clap::Args)]
struct InspectArgs {
    /// Model directory, or an ONNX file in one
    #[arg(value_name = "DIR")]
    model: PathBuf,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Runs `xenoglot model`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let Command::Inspect(args) = &args.command;
    let card = model::inspect(&ModelDir::open(&args.model)?)?;
    if args.json {
        let mut out = std::io::stdout().lock();
        serde_json::to_writer(&mut out, &card).map_err(std::io::Error::from)?;
        writeln!(out)?;
        return Ok(());
    }
    print(&card)
}

fn print(card: &ModelCard) -> Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{BOLD}{}{BOLD:#}", card.name)?;
    let not_stated = || "not stated".to_owned();
    let number = |n: Option<u64>| n.map_or_else(not_stated, grouped);
    let count = |n: Option<usize>| number(n.map(|n| n as u64));
    let listed = |list: &[String]| match list {
        [] => not_stated(),
        list => list.join(", "),
    };
    let prompt = |prompt: &str| match prompt {
        "" => "none".to_owned(),
        prompt => format!("{prompt:?}"),
    };
    let loads = match (&card.onnx_file, card.route) {
        (Some(file), _) => format!("from the ONNX file {file}"),
        (None, "graph") => "from its weights, as a graph built here".into(),
        (None, _) => "from its weights, without ONNX Runtime".into(),
    };
    let parameters = match &card.dtypes[..] {
        [] => number(card.parameters),
        dtypes => format!("{}, {}", number(card.parameters), dtypes.join(" and ")),
    };
    let golden = if card.golden {
        "compared whenever it is loaded"
    } else {
        "none"
    };
    let lines = [
        ("architecture", card.architecture.clone()),
        ("loads", loads),
        ("parameters", parameters),
        ("dimensions", count(card.dimensions)),
        ("max tokens", count(card.max_tokens)),
        ("then", listed(&card.steps)),
        ("query prompt", prompt(&card.query_prompt)),
        ("passage prompt", prompt(&card.passage_prompt)),
        ("languages", listed(&card.languages)),
        ("examples", golden.into()),
    ];
    for (name, value) in lines {
        writeln!(out, "{name:<15} {value}")?;
    }
    for note in &card.notes {
        writeln!(out, "{:<15} {note}", "note")?;
    }
    Ok(())
}
