//! `xenoglot eval`: is it any good, and is it better than that.

mod compare;
mod report;
mod run;
mod sample;
mod score;
mod table;

use anyhow::Result;
use clap::Subcommand;

/// Evaluate: run experiments, score runs
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run an experiment: index, search, score and time every system on every collection
    Run(Box<run::RunArgs>),
    /// Run the systems that an experiment's ablation crosses
    Ablate(Box<run::Args>),
    /// Score a run: one line per measure, `measure TAB topic-or-all TAB value`
    Score(score::Args),
    /// Compare systems with a baseline: differences, intervals, significance
    Compare(Box<compare::Args>),
    /// Make a smaller collection from what several runs place high, and show that it orders them as the whole does
    Sample(Box<sample::Args>),
    /// Make an experiment's results into a page to look at, and tables for a repository and a paper
    Report(report::Args),
}

/// Runs `xenoglot eval`.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.command {
        Command::Run(args) => run::run(args),
        Command::Ablate(args) => run::ablate(args),
        Command::Score(args) => score::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Sample(args) => sample::run(args),
        Command::Report(args) => report::run(args),
    }
}
