//! BM25 over terms (`tantivy`).

mod read_only;

use std::collections::BTreeMap;
use std::path::Path;

use tantivy::collector::TopDocs;
use tantivy::directory::MmapDirectory;
use tantivy::index::SegmentId;
use tantivy::merge_policy::NoMergePolicy;
use tantivy::query::{BooleanQuery, BoostQuery, Occur, TermQuery};
use tantivy::schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{
    Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, SegmentReader, TantivyDocument,
    Term,
};

use crate::analyzer::Analyzer;
use crate::document::{DocOrd, Document};
use crate::error::{Error, Result};
use crate::language::Lang;
use crate::query::Query;
use crate::ranking::{Candidate, Ranking};

use read_only::ReadOnly;

/// What the writer may hold before it writes a part to disk; this bounds its memory whatever the corpus.
const WRITER_BUDGET_BYTES: usize = 128 << 20;

/// Terms of every document, searchable by BM25 with tantivy's k1 = 1.2 and b = 0.75.
pub(crate) struct LexicalIndex {
    reader: IndexReader,
    fields: Fields,
    /// Of the documents.
    languages: Vec<Lang>,
}

#[derive(Clone, Copy)]
struct Fields {
    terms: Field,
    ord: Field,
}

impl LexicalIndex {
    /// Opens the index in `dir`, of documents in `languages`.
    pub(crate) fn open(dir: &Path, languages: Vec<Lang>) -> Result<Self> {
        let open = || -> tantivy::Result<IndexReader> {
            let index = Index::open(ReadOnly::open(dir)?)?;
            // A segment never changes under its reader: there is nothing to watch for.
            index
                .reader_builder()
                .reload_policy(ReloadPolicy::Manual)
                .try_into()
        };
        let reader = open().map_err(failed("be opened"))?;
        Ok(Self {
            reader,
            fields: schema().1,
            languages,
        })
    }

    /// The best `depth` documents that share a term with `query`.
    pub(crate) fn search(&self, query: &Query, depth: usize) -> Result<Ranking> {
        let terms = self.terms(query);
        if terms.is_empty() || depth == 0 {
            return Ok(Ranking::default());
        }
        let searcher = self.reader.searcher();
        let depth = depth
            .min(usize::try_from(searcher.num_docs()).unwrap_or(depth))
            .max(1);
        let found = searcher
            .search(
                &self.disjunction(terms),
                &TopDocs::with_limit(depth).order_by_score(),
            )
            .map_err(failed("search"))?;
        let mut candidates = Vec::with_capacity(found.len());
        for (score, address) in found {
            let part = searcher.segment_reader(address.segment_ord);
            let doc = ord_of(part, address.doc_id).map_err(failed("read its ordinals"))?;
            candidates.push(Candidate { doc, score });
        }
        Ok(Ranking::new(candidates, depth))
    }

    /// What to look for, and how often the query says it.
    ///
    /// A query whose language is unknown, as most single words are, may be meant in any language of the index: it is
    /// read as each of them would be.
    fn terms(&self, query: &Query) -> BTreeMap<String, usize> {
        let unknown = query.lang == Lang::UNKNOWN;
        let guesses = self.languages.iter().filter(|_| unknown);
        let mut terms = BTreeMap::new();
        for lang in std::iter::once(&query.lang).chain(guesses) {
            let mut found = Analyzer::new(*lang).terms(&query.text);
            found.sort_unstable();
            for same in found.chunk_by(|a, b| a == b) {
                let count = terms.entry(same[0].clone()).or_default();
                *count = same.len().max(*count);
            }
        }
        terms
    }

    /// Any of `terms`; one that comes twice weighs twice.
    fn disjunction(&self, terms: BTreeMap<String, usize>) -> BooleanQuery {
        let clauses = terms.into_iter().map(|(term, count)| {
            let term = Term::from_field_text(self.fields.terms, &term);
            let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
            let weighted = BoostQuery::new(Box::new(query), count as f32);
            (
                Occur::Should,
                Box::new(weighted) as Box<dyn tantivy::query::Query>,
            )
        });
        BooleanQuery::new(clauses.collect())
    }
}

/// Writes a lexical index.
pub(crate) struct LexicalWriter {
    index: Index,
    writer: IndexWriter,
    fields: Fields,
}

impl LexicalWriter {
    /// A new index in the empty directory `dir`.
    pub(crate) fn create(dir: &Path) -> Result<Self> {
        let (schema, fields) = schema();
        let create = || -> tantivy::Result<(Index, IndexWriter)> {
            let index = Index::create(MmapDirectory::open(dir)?, schema, IndexSettings::default())?;
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
    pub(crate) fn add(&mut self, ord: DocOrd, terms: PreTokenizedString) -> Result<()> {
        let mut record = TantivyDocument::new();
        record.add_pre_tokenized_text(self.fields.terms, terms);
        record.add_u64(self.fields.ord, u64::from(ord.0));
        if let Err(error) = self.writer.add_document(record) {
            // Its thread died, of a full disk most likely; only a commit says of what.
            let cause = self.writer.prepare_commit().err().unwrap_or(error);
            return Err(failed("take a document")(cause));
        }
        Ok(())
    }

    /// The terms of title and text. Apart from [`LexicalWriter::add`] because it can run on every core.
    pub(crate) fn analyze(doc: &Document) -> PreTokenizedString {
        let terms = Analyzer::new(doc.lang).terms(&doc.full_text());
        let token = |(position, text)| Token {
            position,
            text,
            ..Token::default()
        };
        PreTokenizedString {
            text: String::new(),
            tokens: terms.into_iter().enumerate().map(token).collect(),
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
    /// A merge puts documents one after another as its parts come, and tantivy breaks ties by where a document stands:
    /// parts in any other order would make rankings differ from build to build.
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

/// The ordinal of a document of one part.
fn ord_of(part: &SegmentReader, doc: tantivy::DocId) -> tantivy::Result<DocOrd> {
    let ord = part
        .fast_fields()
        .u64("ord")?
        .first(doc)
        .and_then(|ord| u32::try_from(ord).ok());
    ord.map(DocOrd)
        .ok_or_else(|| tantivy::TantivyError::InternalError("a document without ordinal".into()))
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    // Terms come ready from the analyzer: the tokenizer named here never runs.
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_index_option(IndexRecordOption::WithFreqs);
    let terms = schema.add_text_field(
        "terms",
        TextOptions::default().set_indexing_options(indexing),
    );
    let ord = schema.add_u64_field("ord", FAST);
    (schema.build(), Fields { terms, ord })
}

fn failed(doing: &'static str) -> impl FnOnce(tantivy::TantivyError) -> Error {
    move |source| Error::Lexical {
        doing,
        source: source.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(docs: &[(&str, &str)]) -> (tempfile::TempDir, LexicalIndex) {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = LexicalWriter::create(dir.path()).unwrap();
        let mut languages = Vec::new();
        for ((lang, text), ord) in docs.iter().zip(0..) {
            let lang = lang.parse().unwrap();
            languages.push(lang);
            let doc = Document {
                id: "x".into(),
                lang,
                title: String::new(),
                text: (*text).into(),
                meta: Default::default(),
            };
            writer
                .add(DocOrd(ord), LexicalWriter::analyze(&doc))
                .unwrap();
        }
        writer.commit().unwrap();
        let index = LexicalIndex::open(dir.path(), languages).unwrap();
        (dir, index)
    }

    #[track_caller]
    fn check(index: &LexicalIndex, lang: &str, text: &str, expected: &[u32]) {
        let query = Query {
            text: text.into(),
            lang: lang.parse().unwrap(),
        };
        let found: Vec<u32> = index
            .search(&query, 10)
            .unwrap()
            .docs()
            .map(|doc| doc.0)
            .collect();
        assert_eq!(found, expected, "{lang}: {text}");
    }

    #[test]
    fn words_are_found_in_any_form_and_the_rarer_ones_weigh_more() {
        let (_dir, index) = index(&[
            ("en", "The tide rises."),
            ("en", "The sea."),
            ("de", "Die Gezeiten."),
        ]);
        check(&index, "en", "tides", &[0]);
        check(&index, "en", "the tides", &[0, 1]);
        check(&index, "en", "moon", &[]);
        check(&index, "en", "", &[]);
    }

    #[test]
    fn a_query_of_unknown_language_is_read_in_every_language_of_the_index() {
        let (_dir, index) = index(&[("en", "The tide rises."), ("es", "Las ballenas cantan.")]);
        check(&index, "und", "tides", &[0]);
        check(&index, "und", "ballena", &[1]);
    }

    #[test]
    fn equal_documents_stand_in_the_order_of_the_index() {
        let docs: Vec<_> = (0..300).map(|_| ("en", "one word")).collect();
        let (_dir, index) = index(&docs);
        check(&index, "en", "word", &(0..10).collect::<Vec<_>>());
    }
}
