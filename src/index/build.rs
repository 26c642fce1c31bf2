//! `xenoglot index CORPUS…`: corpora → an index that answers.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use xenoglot_indexer::{Error, Progress, Summary, index};

use crate::machine;
use crate::setup::{DEFAULT_INDEX, ModelArgs, stop_on_signal};
use crate::terminal::{BOLD, CYAN, grouped, megabytes, quoted};

use super::corpus::CorpusArgs;
use super::progress::{print_skipped, shown};
use super::settings::SettingsArgs;

#[derive(Debug, clap::Args)]
#[group(id = "build")]
pub(super) struct Args {
    #[command(flatten)]
    corpus: CorpusArgs,
    /// Where the index goes; one that is there is replaced once the new one is complete
    #[arg(long, value_name = "DIR", env = "XENOGLOT_INDEX", default_value = DEFAULT_INDEX)]
    index: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Runs `xenoglot index CORPUS…`.
pub(super) fn run(args: &Args) -> Result<()> {
    let corpus = args.corpus.open()?;
    let encoder = args.model.load()?;
    let settings = args.settings.settings(encoder.spec());
    let progress = Progress::default();
    stop_on_signal(&progress)?;
    let size_bytes = corpus.size_bytes();
    let plan = args.corpus.plan();
    let built = shown(&progress, size_bytes, || {
        index(corpus, &plan, settings, &*encoder, &args.index, &progress)
    });
    match built {
        Ok(summary) => print_summary(&summary, args),
        Err(error) => {
            if let Error::EmptyCorpus { skipped, .. } = &error {
                print_skipped(skipped)?;
            }
            Err(error.into())
        }
    }
}

fn print_summary(summary: &Summary, args: &Args) -> Result<()> {
    let manifest = &summary.manifest;
    print_skipped(&summary.skipped)?;
    let mut err = anstream::stderr().lock();
    let n_docs = manifest.n_docs as u64;
    let timings = &summary.timings;
    let seconds = timings.total.as_secs_f64();
    writeln!(
        err,
        "{BOLD}{} documents{BOLD:#} in {} languages indexed in {seconds:.1} s ({:.0}/s), {} skipped",
        grouped(n_docs),
        manifest.languages.len(),
        n_docs as f64 / seconds,
        grouped(summary.skipped.n)
    )?;
    let stages = [
        ("read", timings.read),
        ("detect", timings.detect),
        ("encode", timings.encode),
        ("lexical", timings.write.lexical),
        ("store", timings.write.store),
        ("graph", timings.write.graph),
        ("commit", timings.write.commit),
    ];
    for (name, took) in stages {
        let rate = n_docs as f64 / took.as_secs_f64().max(1e-9);
        writeln!(
            err,
            "  {name:<8} {:>8.2} s  {:>10}/s",
            took.as_secs_f64(),
            grouped(rate as u64)
        )?;
    }
    let memory =
        machine::peak_memory_bytes().map(|bytes| format!(", peak memory {}", megabytes(bytes)));
    writeln!(
        err,
        "{} on disk{}",
        megabytes(manifest.size_bytes()),
        memory.unwrap_or_default()
    )?;
    writeln!(
        err,
        "try: {CYAN}xenoglot search 'your words' --index {}{}{CYAN:#}",
        quoted(&args.index),
        args.model.as_typed()
    )?;
    Ok(())
}
