//! `xenoglot index info` and `verify`: what an index is, and whether it is still what was written.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Serialize;
use xenoglot_engine::{IndexSettings, Lang, Manifest, SegmentFacts, facts, verify};

use crate::setup::DEFAULT_INDEX;
use crate::terminal::{BOLD, grouped, megabytes};

/// Which index.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The index
    #[arg(long, value_name = "DIR", env = "XENOGLOT_INDEX", default_value = DEFAULT_INDEX)]
    index: PathBuf,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// An index, described.
#[derive(Serialize)]
struct Description<'a> {
    generation: u64,
    n_docs: usize,
    size_bytes: u64,
    languages: &'a BTreeMap<Lang, usize>,
    settings: &'a IndexSettings,
    segments: &'a [SegmentFacts],
}

/// Runs `xenoglot index info`.
pub(super) fn info(args: &Args) -> Result<()> {
    let (manifest, segments) = facts(&args.index)?;
    print(args, &manifest, &segments)
}

/// Runs `xenoglot index verify`.
pub(super) fn run_verify(args: &Args) -> Result<()> {
    let (segments, n_waiting) = verify(&args.index)?;
    let manifest = Manifest::read(&args.index)?;
    print(args, &manifest, &segments)?;
    let mut err = anstream::stderr().lock();
    writeln!(err, "every file is as it was written")?;
    if n_waiting > 0 {
        writeln!(
            err,
            "{} writes are in the log and not in the index yet; the next command that writes takes them in",
            grouped(n_waiting)
        )?;
    }
    Ok(())
}

fn print(args: &Args, manifest: &Manifest, segments: &[SegmentFacts]) -> Result<()> {
    if args.json {
        let description = Description {
            generation: manifest.generation,
            n_docs: manifest.n_docs,
            size_bytes: manifest.size_bytes(),
            languages: &manifest.languages,
            settings: &manifest.settings,
            segments,
        };
        let mut out = std::io::stdout().lock();
        serde_json::to_writer(&mut out, &description).map_err(std::io::Error::from)?;
        return Ok(writeln!(out)?);
    }
    print_text(&args.index, manifest, segments)
}

fn print_text(dir: &Path, manifest: &Manifest, segments: &[SegmentFacts]) -> Result<()> {
    let settings = &manifest.settings;
    let mut out = anstream::stdout().lock();
    writeln!(
        out,
        "{BOLD}{}{BOLD:#}: {} documents, {}, generation {}",
        dir.display(),
        grouped(manifest.n_docs as u64),
        megabytes(manifest.size_bytes()),
        manifest.generation
    )?;
    writeln!(
        out,
        "encoder   {}, {} dimensions",
        settings.encoder.name, settings.encoder.dim
    )?;
    match settings.passages {
        Some(passages) => writeln!(
            out,
            "passages  {} tokens, {} from one to the next",
            passages.tokens, passages.stride
        )?,
        None => writeln!(out, "passages  none: one vector for a document")?,
    }
    writeln!(
        out,
        "\n{:<16} {:>12} {:>10} {:>12} {:>10}",
        "segment", "documents", "deleted", "vectors", "size"
    )?;
    for segment in segments {
        writeln!(
            out,
            "{:<16} {:>12} {:>10} {:>12} {:>10}",
            segment.name,
            grouped(segment.n_docs as u64),
            grouped(segment.n_deleted as u64),
            grouped(segment.n_vectors as u64),
            megabytes(segment.size_bytes)
        )?;
    }
    writeln!(out, "\n{:<16} {:>12}", "language", "documents")?;
    for (lang, n_docs) in &manifest.languages {
        writeln!(out, "{:<16} {:>12}", lang.code(), grouped(*n_docs as u64))?;
    }
    Ok(())
}
