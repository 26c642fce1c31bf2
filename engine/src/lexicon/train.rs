//! Learning translation tables from sentences and their translations.
//!
//! Both directions are trained at once over index terms, and only what both believe is kept (see [`joint`]).

mod bitext;
mod joint;
mod model;
mod pairs;
mod read;

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::language::Lang;

use super::table::Table;
use super::trained::{self, Header};
use model::{Direction, Model};
use pairs::Pairs;

pub use read::{Columns, ParallelFile, Skipped};

/// More pairs of co-occurring terms than this are refused. Each has a number of 4 bytes, two probabilities of 4 and two
/// counts of 8: 1.7 GB in all, beside the text itself.
const MAX_PAIRS: usize = 60_000_000;

/// What to train, and how much of it to keep.
#[derive(Debug, Clone)]
pub struct TrainSettings {
    /// The language of one side.
    pub source: Lang,
    /// That of the other.
    pub target: Lang,
    /// Which column of a file is which.
    pub columns: Columns,
    /// Rounds of expectation and maximisation.
    pub n_iterations: usize,
    /// How many translations of a word are kept, at most.
    pub top: usize,
    /// A translation less likely than this is not kept.
    pub min_probability: f64,
    /// A pair of terms that was linked less often than this in all of the text is not kept.
    pub min_count: f64,
}

/// How far training is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many pairs of sentences have been read.
    Read(u64),
    /// So many rounds are done.
    Round(usize),
}

/// Tables there and back, and what they were learnt from.
#[derive(Debug)]
pub struct Trained {
    tables: [(Header, Table); 2],
    /// Pairs of sentences that were learnt from, each once.
    pub n_sentences: usize,
    /// Those that were not.
    pub skipped: Skipped,
}

/// A table that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where.
    pub path: PathBuf,
    /// How many translations it holds.
    pub n_translations: usize,
}

/// Learns from `files`, telling `on_progress` how far it is. The same files in the same order give the same tables, on
/// however many threads.
///
/// # Errors
/// When a file cannot be read, when a line is not a pair of sentences, or when there is too little or too much text.
pub fn train(
    files: &[ParallelFile],
    settings: &TrainSettings,
    mut on_progress: impl FnMut(Progress),
) -> Result<Trained> {
    let text = read::read(files, settings, |n| on_progress(Progress::Read(n)))?;
    let bitext = &text.bitext;
    if bitext.len() == 0 {
        return Err(Error::Setting {
            name: "the parallel text",
            got: "empty".into(),
            expected: "pairs of sentences",
        });
    }
    let pairs = Pairs::of(bitext, MAX_PAIRS).ok_or_else(|| Error::Setting {
        name: "the parallel text",
        got: format!("of more than {MAX_PAIRS} pairs of co-occurring terms"),
        expected: "less text",
    })?;
    let mut models =
        [Direction::There, Direction::Back].map(|direction| Model::new(direction, bitext, &pairs));
    for round in 0..settings.n_iterations {
        model::improve(&mut models, bitext, &pairs);
        on_progress(Progress::Round(round + 1));
    }
    let counts = joint::counts(bitext, &pairs, &models);
    let (table_there, table_back) = joint::tables(bitext, &pairs, &counts, settings);
    let (source, target) = (settings.source, settings.target);
    let [from, to] = &text.check_words;
    Ok(Trained {
        tables: [
            (Header::new((source, target), (from, to)), table_there),
            (Header::new((target, source), (to, from)), table_back),
        ],
        n_sentences: bitext.len(),
        skipped: text.skipped,
    })
}

impl Trained {
    /// Writes both tables into `dir`, which is made if it is not there: `en-de.tsv.zst` and `de-en.tsv.zst`.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn save(&self, dir: &Path) -> Result<Vec<Written>> {
        std::fs::create_dir_all(dir).map_err(|source| Error::Write {
            path: dir.to_owned(),
            source,
        })?;
        let tables = self.tables.iter();
        let written = tables.map(|(header, table)| {
            let path = dir.join(format!("{}-{}.tsv.zst", header.source, header.target));
            trained::write(&path, header, table)?;
            Ok(Written {
                path,
                n_translations: table.n_entries(),
            })
        });
        written.collect()
    }
}

#[cfg(test)]
mod tests;
