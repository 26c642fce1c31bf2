//! The command line of Xenoglot: one file per subcommand, each turning what was typed into one call of a library.

mod completions;
mod config;
mod demo;
mod doctor;
mod embed;
mod eval;
mod index;
mod keys;
mod lexicon;
mod man;
mod model;
mod module;
mod rerank;
mod search;
mod serve;

mod default_model;
mod first_stage;
mod language;
mod live;
mod logs;
mod machine;
mod output;
mod setup;
mod shipped_lexicons;
mod terminal;
mod topics;
#[cfg(feature = "otlp")]
mod traces;

use std::io;
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// Ask in one language, find in every language: a cross-lingual search engine.
#[derive(Parser)]
#[command(name = "xenoglot", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Args),
    Doctor(doctor::Args),
    Index(Box<index::Args>),
    Search(Box<search::Args>),
    Serve(Box<serve::Args>),
    Embed(embed::Args),
    Rerank(rerank::Args),
    Eval(eval::Args),
    Model(model::Args),
    Module(module::Args),
    Lexicon(lexicon::Args),
    Keys(keys::Args),
    Config(config::Args),
    Completions(completions::Args),
    Man(man::Args),
}

fn main() -> ExitCode {
    let mut command = Cli::command();
    let parsed = config::parse(&mut command, std::env::args_os().collect());
    let parsed = parsed.unwrap_or_else(|error| error.exit());
    let cli = Cli::from_arg_matches(&parsed.matches).unwrap_or_else(|error| error.exit());
    match run(cli.command, command, &parsed) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has read enough (`xenoglot search … | head`).
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::report(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(chosen: Command, command: clap::Command, parsed: &config::Parsed) -> Result<()> {
    // A server says how it logs.
    if !matches!(chosen, Command::Serve(_)) {
        logs::start()?;
    }
    match chosen {
        Command::Demo(args) => demo::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Index(args) => index::run(&args),
        Command::Search(args) => search::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Embed(args) => embed::run(&args),
        Command::Rerank(args) => rerank::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Model(args) => model::run(&args),
        Command::Module(args) => module::run(&args),
        Command::Lexicon(args) => lexicon::run(&args),
        Command::Keys(args) => keys::run(&args),
        Command::Config(args) => config::run(&args, &command, parsed),
        Command::Completions(args) => completions::run(&args, Cli::command()),
        Command::Man(args) => man::run(&args, Cli::command()),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
