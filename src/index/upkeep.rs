//! `xenoglot index compact`, `export` and `import`: an index made smaller, and moved.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use xenoglot_engine::{Collection, LiveOptions, Manifest, export, import};

use crate::setup::DEFAULT_INDEX;
use crate::terminal::{grouped, megabytes};

/// Merge all segments into one, without what was deleted
#[derive(Debug, clap::Args)]
pub(super) struct CompactArgs {
    /// The index
    #[arg(long, value_name = "DIR", env = "XENOGLOT_INDEX", default_value = DEFAULT_INDEX)]
    index: PathBuf,
}

/// Copy the index as it is now, also while a server writes it
#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    /// Where the copy goes: a new directory, or a new file whose name ends in .tar
    to: PathBuf,
    /// The index
    #[arg(long, value_name = "DIR", env = "XENOGLOT_INDEX", default_value = DEFAULT_INDEX)]
    index: PathBuf,
}

/// Make an index of what was exported, after comparing every byte with its checksum
#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// What was exported: a directory, or a .tar
    from: PathBuf,
    /// Where the index goes: a new or an empty directory
    #[arg(long, value_name = "DIR", env = "XENOGLOT_INDEX", default_value = DEFAULT_INDEX)]
    index: PathBuf,
}

/// Runs `xenoglot index compact`.
pub(super) fn compact(args: &CompactArgs) -> Result<()> {
    let before = Manifest::read(&args.index)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let options = LiveOptions {
        threads: cores,
        ..LiveOptions::default()
    };
    let collection = Collection::open(&args.index, &before.settings.encoder, options)?;
    collection.compact()?;
    drop(collection);
    let after = Manifest::read(&args.index)?;
    writeln!(
        anstream::stderr(),
        "{} segments of {} became {} of {}",
        before.n_segments(),
        megabytes(before.size_bytes()),
        after.n_segments(),
        megabytes(after.size_bytes())
    )?;
    Ok(())
}

/// Runs `xenoglot index export`.
pub(super) fn run_export(args: &ExportArgs) -> Result<()> {
    Ok(export(&args.index, &args.to)?)
}

/// Runs `xenoglot index import`.
pub(super) fn run_import(args: &ImportArgs) -> Result<()> {
    let manifest = import(&args.from, &args.index)?;
    let n_docs = grouped(manifest.n_docs as u64);
    writeln!(anstream::stderr(), "{n_docs} documents imported")?;
    Ok(())
}
