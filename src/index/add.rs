//! `xenoglot index add CORPUS…`: more documents, or other versions of those that are there.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use xenoglot_engine::{Collection, Error, Manifest};
use xenoglot_indexer::{Progress, add};

use crate::live::LiveArgs;
use crate::setup::{DEFAULT_INDEX, ModelArgs, stop_on_signal};
use crate::terminal::{BOLD, grouped};

use super::corpus::CorpusArgs;
use super::progress::{print_skipped, shown};
use super::settings::SettingsArgs;

/// Add documents; one takes the place of the document with its id. What was added stays, whatever happens then
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    corpus: CorpusArgs,
    /// The index; one that is not there is made
    #[arg(long, value_name = "DIR", env = "XENOGLOT_INDEX", default_value = DEFAULT_INDEX)]
    index: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten, next_help_heading = "Where the index is made")]
    settings: SettingsArgs,
    #[command(flatten)]
    live: LiveArgs,
}

/// Runs `xenoglot index add`.
pub(super) fn run(args: &Args) -> Result<()> {
    let corpus = args.corpus.open()?;
    let start = Instant::now();
    if let Err(Error::NotAnIndex { .. }) = Manifest::read(&args.index) {
        let encoder = args.model.load()?;
        Collection::create(&args.index, args.settings.settings(encoder.spec()))?;
    }
    let encoder = args.model.load_for(&args.index)?;
    let collection = Collection::open(&args.index, encoder.spec(), args.live.options())?;
    let progress = Progress::default();
    stop_on_signal(&progress)?;
    let size_bytes = corpus.size_bytes();
    let plan = args.corpus.plan();
    let added = shown(&progress, size_bytes, || {
        add(corpus, &plan, &collection, &*encoder, &progress)
    })?;
    collection.refresh()?;
    print_skipped(&added.skipped)?;
    let seconds = start.elapsed().as_secs_f64();
    let n_docs = added.n_created + added.n_updated;
    let mut err = anstream::stderr().lock();
    writeln!(
        err,
        "{BOLD}{} documents{BOLD:#} added and {} replaced in {seconds:.1} s ({:.0}/s), {} skipped",
        grouped(added.n_created),
        grouped(added.n_updated),
        n_docs as f64 / seconds,
        grouped(added.skipped.n)
    )?;
    Ok(())
}
