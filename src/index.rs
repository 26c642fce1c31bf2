//! `xenoglot index`: indexes made, changed, checked and moved.

mod build;

mod add;
mod delete;

mod facts;
mod upkeep;

mod corpus;
mod progress;
mod settings;

use anyhow::Result;
use clap::Subcommand;

/// Index documents: JSON lines with `id`, `text` and, if you like, `title`, `lang` and `meta`, or a collection's own files
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    build: build::Args,
}

#[derive(Debug, Subcommand)]
enum Action {
    Add(Box<add::Args>),
    Delete(Box<delete::Args>),
    /// Say what an index is: documents, languages, settings, segments
    Info(facts::Args),
    /// Compare every byte of an index with its checksum
    Verify(facts::Args),
    Compact(upkeep::CompactArgs),
    Export(upkeep::ExportArgs),
    Import(upkeep::ImportArgs),
}

/// Runs `xenoglot index`.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.action {
        Some(Action::Add(args)) => add::run(args),
        Some(Action::Delete(args)) => delete::run(args),
        Some(Action::Info(args)) => facts::info(args),
        Some(Action::Verify(args)) => facts::run_verify(args),
        Some(Action::Compact(args)) => upkeep::compact(args),
        Some(Action::Export(args)) => upkeep::run_export(args),
        Some(Action::Import(args)) => upkeep::run_import(args),
        None => build::run(&args.build),
    }
}
