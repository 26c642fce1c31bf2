//! Parallel text: files of two columns, or two files whose lines belong together.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use rayon::prelude::*;

use crate::analyzer::Analyzer;
use crate::error::Result;
use crate::input::{Line, Lines, open_lines};
use crate::language::Lang;

use super::TrainSettings;
use super::bitext::Bitext;

/// Pairs that are analysed at once, on all threads.
const BATCH: usize = 8192;

/// A pair with a longer side is left out, as is usual: it costs the product of its lengths, and teaches little.
const MAX_TERMS: usize = 100;

/// Words whose terms tell today's analyzer from another day's. A change of a stemmer shows in more than one in forty.
const N_CHECK_WORDS: usize = 40;

/// A file of two columns, or two files whose lines belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParallelFile {
    /// `sentence TAB translation`.
    Columns(PathBuf),
    /// Lines of the source language, and as many of the target language.
    Lines(PathBuf, PathBuf),
}

impl FromStr for ParallelFile {
    type Err = Infallible;

    /// Reads `FILE.tsv`, and `SOURCE.txt:TARGET.txt`.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.split_once(':') {
            Some((source, target)) if !PathBuf::from(text).exists() => {
                Self::Lines(source.into(), target.into())
            }
            _ => Self::Columns(text.into()),
        })
    }
}

/// Which column of a file is which.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Columns {
    /// `source TAB target`.
    #[default]
    SourceTarget,
    /// `target TAB source`.
    TargetSource,
}

/// Pairs of sentences that are not learnt from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skipped {
    /// They came before.
    pub repeated: u64,
    /// A side has no word.
    pub empty: u64,
    /// A side is longer than a hundred terms.
    pub long: u64,
}

pub(super) struct Text {
    pub(super) bitext: Bitext,
    pub(super) skipped: Skipped,
    /// Words of the source and of the target.
    pub(super) check_words: [Vec<String>; 2],
}

/// Reads every file, telling `on_progress` how many pairs there have been.
pub(super) fn read(
    files: &[ParallelFile],
    settings: &TrainSettings,
    mut on_progress: impl FnMut(u64),
) -> Result<Text> {
    let mut reader = Reader {
        languages: (settings.source, settings.target),
        text: Text {
            bitext: Bitext::default(),
            skipped: Skipped::default(),
            check_words: Default::default(),
        },
        batch: Vec::new(),
        n_read: 0,
    };
    for file in files {
        match file {
            ParallelFile::Columns(path) => {
                let mut lines = open_lines(path)?;
                while let Some(line) = lines.next_line()? {
                    let (first, second) = columns(line)?;
                    let pair = match settings.columns {
                        Columns::SourceTarget => (first, second),
                        Columns::TargetSource => (second, first),
                    };
                    reader.take(pair, &mut on_progress);
                }
            }
            ParallelFile::Lines(source, target) => {
                let mut lines = (open_lines(source)?, open_lines(target)?);
                while let Some(pair) = next_lines(&mut lines)? {
                    reader.take(pair, &mut on_progress);
                }
            }
        }
    }
    Ok(reader.finish(&mut on_progress))
}

fn columns<'a>(line: Line<'a>) -> Result<(&'a str, &'a str)> {
    let expected = "two sentences with a TAB between them";
    let mut fields = line.text.split('\t');
    match (fields.next(), fields.next(), fields.next()) {
        (Some(first), Some(second), None) => Ok((first, second)),
        _ => Err(line.malformed("line", line.text, expected)),
    }
}

/// The next line of both files; one that ends before the other is an error.
fn next_lines(lines: &mut (Lines, Lines)) -> Result<Option<(&str, &str)>> {
    let left_over = |line: Line<'_>| {
        let expected = "as many lines as the file that belongs to it";
        line.malformed("line", line.text, expected)
    };
    match (lines.0.next_line_or_blank()?, lines.1.next_line_or_blank()?) {
        (Some(source), Some(target)) => Ok(Some((source.text, target.text))),
        (None, None) => Ok(None),
        (Some(line), None) | (None, Some(line)) => Err(left_over(line)),
    }
}

struct Reader {
    languages: (Lang, Lang),
    text: Text,
    batch: Vec<(String, String)>,
    n_read: u64,
}

impl Reader {
    fn take(&mut self, (source, target): (&str, &str), on_progress: &mut impl FnMut(u64)) {
        self.batch.push((source.to_owned(), target.to_owned()));
        if self.batch.len() == BATCH {
            self.analyse();
            on_progress(self.n_read);
        }
    }

    fn finish(mut self, on_progress: &mut impl FnMut(u64)) -> Text {
        self.analyse();
        on_progress(self.n_read);
        self.text
    }

    fn analyse(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        if self.n_read == 0 {
            let (source, target) = self.languages;
            let sources = batch.iter().map(|(text, _)| text.as_str());
            let targets = batch.iter().map(|(_, text)| text.as_str());
            self.text.check_words = [check_words(source, sources), check_words(target, targets)];
        }
        self.n_read += batch.len() as u64;
        let (source, target) = self.languages;
        let analyzers = || (Analyzer::new(source), Analyzer::new(target));
        let pairs: Vec<(Vec<String>, Vec<String>)> = batch
            .par_iter()
            .map_init(analyzers, |(from, to), (source, target)| {
                (from.terms(source), to.terms(target))
            })
            .collect();
        let skipped = &mut self.text.skipped;
        for (source, target) in pairs {
            if source.is_empty() || target.is_empty() {
                skipped.empty += 1;
            } else if source.len().max(target.len()) > MAX_TERMS {
                skipped.long += 1;
            } else if !self.text.bitext.push(&source, &target) {
                skipped.repeated += 1;
            }
        }
    }
}

/// Words of `texts`, from all over the alphabet.
fn check_words<'a>(lang: Lang, texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let analyzer = Analyzer::new(lang);
    let words: BTreeSet<String> = texts
        .flat_map(|text| analyzer.words(text))
        .map(|word| word.text)
        .collect();
    let step = words.len().div_ceil(N_CHECK_WORDS).max(1);
    words.into_iter().step_by(step).collect()
}
