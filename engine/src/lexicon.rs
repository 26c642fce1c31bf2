//! Translation tables: which index terms of another language a query word may stand for, and how likely.
//!
//! A [`Lexicon`] is one direction between two languages, read from a file of one of three formats: a table that
//! `xenoglot lexicon train` made, a bilingual dictionary, or Patapsco's JSON. [`Lexicons`] is a set of them, which also
//! goes through a third language where it has no table between two. What comes out feeds probabilistic structured
//! queries (Darwish & Oard 2003). A [`Glossary`] holds terms that have to be matched in a certain way.

mod table;

mod dictionary;
mod patapsco;
mod trained;

mod file;
mod lexicons;
mod translator;

mod train;

mod glossary;

pub use file::LexiconFile;
pub use glossary::{Glossary, GlossaryMatch};
pub use lexicons::{Lexicon, Lexicons};
pub use train::{Columns, ParallelFile, Progress, Skipped, TrainSettings, Trained, Written, train};
pub use translator::{Translated, Translation, Translator};

#[cfg(test)]
mod tests;
