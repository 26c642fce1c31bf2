//! `xenoglot index delete`: documents that are found no longer.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, bail};
use xenoglot_engine::{Collection, DocId, Filter, LiveOptions, Manifest, Outcome, Write as Change};

use crate::search::filter;
use crate::setup::DEFAULT_INDEX;
use crate::terminal::grouped;

/// Delete documents, by their ids or by a filter
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Ids of documents
    #[arg(
        value_name = "ID",
        required_unless_present = "filter",
        conflicts_with = "filter"
    )]
    ids: Vec<String>,
    /// Every document that this filter lets through; see docs/filters.md
    #[arg(long, value_name = "JSON", value_parser = filter)]
    filter: Option<Filter>,
    /// The index
    #[arg(long, value_name = "DIR", env = "XENOGLOT_INDEX", default_value = DEFAULT_INDEX)]
    index: PathBuf,
}

/// Runs `xenoglot index delete`.
pub(super) fn run(args: &Args) -> Result<()> {
    // No vector is made: the index's own description of its encoder will do.
    let spec = Manifest::read(&args.index)?.settings.encoder;
    let collection = Collection::open(&args.index, &spec, LiveOptions::default())?;
    let ids: Vec<DocId> = match &args.filter {
        Some(filter) => collection.matching(filter)?,
        None => args.ids.iter().map(|id| DocId(id.clone())).collect(),
    };
    let outcomes = collection.write(ids.iter().cloned().map(Change::Delete).collect())?;
    collection.refresh()?;
    let missing: Vec<&str> = ids
        .iter()
        .zip(&outcomes)
        .filter(|(_, outcome)| **outcome == Outcome::Missing)
        .map(|(id, _)| id.0.as_str())
        .collect();
    let n_deleted = outcomes.len() - missing.len();
    let mut err = anstream::stderr().lock();
    writeln!(err, "{} documents deleted", grouped(n_deleted as u64))?;
    if !missing.is_empty() {
        bail!("there is no document {}", missing.join(", "));
    }
    Ok(())
}
