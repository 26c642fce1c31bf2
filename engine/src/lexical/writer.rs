//! Documents → terms on disk.

use std::io;
use std::path::{Path, PathBuf};

use tantivy::tokenizer::{TextAnalyzer, TokenizerManager};
use tantivy::{Index, SingleSegmentIndexWriter, TantivyDocument};

use crate::analyzer::{Analyzer, romanise};
use crate::document::{DocOrd, Document};
use crate::error::{Error, Result};
use crate::language::Lang;

use super::bounds::BoundTable;
use super::contents::Contents;
use super::directory::Unsynced;
use super::fields::{Fields, TOKENIZER, TermText, TermTokenizer, settings};
use super::lengths::{Length, LengthTable};
use super::merge::merge;
use super::meta::Marked;
use super::numbers::NumbersWriter;
use super::{LexicalSettings, failed};

/// What the writer may hold before it writes a part to disk; this bounds its memory whatever the corpus.
const MAX_MEMORY_BYTES: usize = 128 << 20;
/// What tables of terms are made for at first; they grow, and a small index is written once a second.
const FIRST_MEMORY_BYTES: usize = 1 << 20;

/// Writes a lexical index.
///
/// Nothing is made last: whoever puts the files in their place does that, once for all of them.
pub(crate) struct LexicalWriter {
    dir: PathBuf,
    /// Parts that are on disk already.
    written: Vec<PathBuf>,
    part: PartWriter,
    n_docs: u32,
}

/// The terms of one document.
pub(crate) struct Analyzed {
    lang: Lang,
    terms: TermText,
    title: TermText,
    romanised: TermText,
    marked: Marked,
}

impl LexicalWriter {
    /// A new index in the empty directory `dir`.
    pub(crate) fn create(dir: &Path) -> Result<Self> {
        let part = PartWriter::create(part_dir(dir, 0)?)?;
        Ok(Self {
            dir: dir.to_owned(),
            written: Vec::new(),
            part,
            n_docs: 0,
        })
    }

    /// Adds the terms of the next document, as [`LexicalWriter::analyze`] made them; `ord` is how many came before it.
    pub(crate) fn add(&mut self, ord: DocOrd, analyzed: &Analyzed) -> Result<()> {
        if ord.0 != self.n_docs {
            return Err(Error::Setting {
                name: "the ordinal of a document",
                got: ord.0.to_string(),
                expected: "how many documents came before it",
            });
        }
        self.n_docs += 1;
        if self.part.size_bytes() > MAX_MEMORY_BYTES {
            let next = PartWriter::create(part_dir(&self.dir, self.written.len() + 1)?)?;
            let full = std::mem::replace(&mut self.part, next);
            self.written.push(full.commit()?);
        }
        self.part.add(analyzed)
    }

    /// The terms of title and text. Apart from [`LexicalWriter::add`] because it can run on every core.
    pub(crate) fn analyze(doc: &Document, settings: &LexicalSettings) -> Analyzed {
        let analyzer = Analyzer::new(doc.lang);
        let empty = || TermText::new(doc.lang);
        let (mut terms, mut title) = (empty(), empty());
        analyzer.for_each_term(&doc.title, |term| {
            title.push(term);
            terms.push(term);
        });
        analyzer.for_each_term(&doc.text, |term| terms.push(term));
        let mut romanised = empty();
        if settings.romanised {
            for key in romanise::keys(&doc.full_text(), doc.lang) {
                romanised.push(&key);
            }
        }
        Analyzed {
            lang: doc.lang,
            terms,
            title,
            romanised,
            marked: Marked::new(doc),
        }
    }

    /// Writes everything to disk, as one part.
    pub(crate) fn commit(self) -> Result<()> {
        let Self {
            dir,
            mut written,
            part,
            ..
        } = self;
        written.push(part.commit()?);
        if let [only] = &written[..] {
            return move_files(only, &dir).map_err(|source| Error::Write { path: dir, source });
        }
        let parts: Vec<_> = written.iter().map(|part| (&**part, None)).collect();
        merge(&parts, &dir)?;
        for part in &written {
            std::fs::remove_dir_all(part).map_err(|source| Error::Write {
                path: part.clone(),
                source,
            })?;
        }
        Ok(())
    }
}

/// A new directory for part `n` of the index in `dir`.
fn part_dir(dir: &Path, n: usize) -> Result<PathBuf> {
    let path = dir.join(format!("part-{n}"));
    match std::fs::create_dir(&path) {
        Ok(()) => Ok(path),
        Err(source) => Err(Error::Write { path, source }),
    }
}

fn move_files(from: &Path, to: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::rename(entry.path(), to.join(entry.file_name()))?;
    }
    std::fs::remove_dir(from)
}

/// Writes one part.
pub(super) struct PartWriter {
    dir: PathBuf,
    terms: SingleSegmentIndexWriter,
    fields: Fields,
    numbers: NumbersWriter,
    lengths: Vec<Length>,
    contents: Contents,
}

impl PartWriter {
    pub(super) fn create(dir: PathBuf) -> Result<Self> {
        let (schema, fields) = Fields::schema();
        let create = || {
            let manager = TokenizerManager::default();
            manager.register(TOKENIZER, TextAnalyzer::from(TermTokenizer::default()));
            Index::builder()
                .schema(schema)
                .settings(settings())
                .tokenizers(manager)
                .single_segment_index_writer(Unsynced::open(&dir)?, FIRST_MEMORY_BYTES)
        };
        Ok(Self {
            terms: create().map_err(failed("be created"))?,
            dir,
            fields,
            numbers: NumbersWriter::default(),
            lengths: Vec::new(),
            contents: Contents::default(),
        })
    }

    fn add(&mut self, analyzed: &Analyzed) -> Result<()> {
        let mut record = TantivyDocument::new();
        for (field, terms) in [
            (self.fields.terms, &analyzed.terms),
            (self.fields.title, &analyzed.title),
            (self.fields.romanised, &analyzed.romanised),
        ] {
            if terms.n_terms() > 0 {
                record.add_text(field, terms.as_str());
            }
        }
        for mark in &analyzed.marked.marks {
            record.add_text(self.fields.marks, mark);
        }
        let doc = self.lengths.len() as u32;
        for (kind, name, key) in &analyzed.marked.numbers {
            self.numbers.add(*kind, name, *key, doc);
        }
        let length = Length {
            terms: analyzed.terms.n_terms(),
            title: analyzed.title.n_terms(),
            romanised: analyzed.romanised.n_terms(),
        };
        self.lengths.push(length);
        let counts = self.contents.languages.entry(analyzed.lang).or_default();
        counts.add(length);
        self.terms
            .add_document(record)
            .map_err(failed("take a document"))
    }

    fn size_bytes(&self) -> usize {
        self.terms.mem_usage()
            + self.numbers.size_bytes()
            + self.lengths.capacity() * size_of::<Length>()
    }

    /// Writes everything to disk; says where.
    pub(super) fn commit(mut self) -> Result<PathBuf> {
        self.terms.finalize().map_err(failed("be written"))?;
        self.contents.n_docs = self.lengths.len();
        self.contents.numbers = self.numbers.write(&self.dir)?;
        LengthTable::write(&self.dir, &self.lengths)?;
        BoundTable::write(&self.dir, self.contents.n_docs)?;
        self.contents.write(&self.dir)?;
        Ok(self.dir)
    }
}
