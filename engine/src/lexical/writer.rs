//! Documents → terms on disk.

use std::path::Path;

use tantivy::directory::MmapDirectory;
use tantivy::index::SegmentId;
use tantivy::merge_policy::NoMergePolicy;
use tantivy::tokenizer::{TextAnalyzer, TokenizerManager};
use tantivy::{Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyDocument};

use crate::analyzer::{Analyzer, romanise};
use crate::document::{DocOrd, Document};
use crate::error::Result;

use super::fields::{Fields, TOKENIZER, TermField, TermText, TermTokenizer, ord_of};
use super::{LexicalSettings, failed};

/// What the writer may hold before it writes a part to disk; this bounds its memory whatever the corpus.
const WRITER_BUDGET_BYTES: usize = 128 << 20;

/// Writes a lexical index.
pub(crate) struct LexicalWriter {
    index: Index,
    writer: IndexWriter,
    fields: Fields,
}

/// The terms of one document.
pub(crate) struct Analyzed {
    terms: TermText,
    title: TermText,
    romanised: TermText,
}

impl LexicalWriter {
    /// A new index in the empty directory `dir`.
    pub(crate) fn create(dir: &Path) -> Result<Self> {
        let (schema, fields) = Fields::schema();
        let create = || -> tantivy::Result<(Index, IndexWriter)> {
            let directory = MmapDirectory::open(dir)?;
            let mut index = Index::create(directory, schema, IndexSettings::default())?;
            let manager = TokenizerManager::default();
            manager.register(TOKENIZER, TextAnalyzer::from(TermTokenizer::default()));
            index.set_tokenizers(manager);
            // One thread: with several, which document lands in which part would differ from run to run.
            let writer = index.writer_with_num_threads(1, WRITER_BUDGET_BYTES)?;
            writer.set_merge_policy(Box::new(NoMergePolicy));
            Ok((index, writer))
        };
        let (index, writer) = create().map_err(failed("be created"))?;
        Ok(Self {
            index,
            writer,
            fields,
        })
    }

    /// Adds a document's terms, as [`LexicalWriter::analyze`] made them.
    pub(crate) fn add(&mut self, ord: DocOrd, analyzed: &Analyzed) -> Result<()> {
        let mut record = TantivyDocument::new();
        let mut add = |field: TermField, terms: &TermText| {
            if terms.n_terms() > 0 {
                record.add_text(field.postings, terms.as_str());
            }
            record.add_u64(field.length, terms.n_terms());
        };
        add(self.fields.terms, &analyzed.terms);
        add(self.fields.title, &analyzed.title);
        add(self.fields.romanised, &analyzed.romanised);
        record.add_u64(self.fields.ord, u64::from(ord.0));
        if let Err(error) = self.writer.add_document(record) {
            // Its thread died, of a full disk most likely; only a commit says of what.
            let cause = self.writer.prepare_commit().err().unwrap_or(error);
            return Err(failed("take a document")(cause));
        }
        Ok(())
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
            terms,
            title,
            romanised,
        }
    }

    /// Writes everything to disk, as one part whose documents stand in the order of their ordinals.
    pub(crate) fn commit(mut self) -> Result<()> {
        let mut commit = || -> tantivy::Result<()> {
            self.writer.commit()?;
            let parts = self.parts()?;
            if parts.len() > 1 {
                self.writer.merge(&parts).wait()?;
            }
            Ok(())
        };
        commit().map_err(failed("be written"))?;
        self.writer
            .wait_merging_threads()
            .map_err(failed("be written"))
    }

    /// The parts written so far, in the order of their documents.
    ///
    /// A merge puts documents one after another as its parts come, and a document's place is its ordinal.
    fn parts(&self) -> tantivy::Result<Vec<SegmentId>> {
        let reader: IndexReader = self
            .index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        let searcher = reader.searcher();
        let mut parts = Vec::new();
        for part in searcher.segment_readers() {
            parts.push((ord_of(part, 0)?, part.segment_id()));
        }
        parts.sort_unstable_by_key(|(first, _)| *first);
        Ok(parts.into_iter().map(|(_, id)| id).collect())
    }
}
