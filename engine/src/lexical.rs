//! BM25 over terms (`tantivy`).

use std::path::Path;

use tantivy::collector::TopDocs;
use tantivy::directory::MmapDirectory;
use tantivy::merge_policy::NoMergePolicy;
use tantivy::query::{BooleanQuery, BoostQuery, Occur, TermQuery};
use tantivy::schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{
    Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyDocument, Term,
};

use crate::analyzer::Analyzer;
use crate::document::{DocOrd, Document};
use crate::error::{Error, Result};
use crate::query::Query;
use crate::ranking::{Candidate, Ranking};

/// What the writer may hold before it writes a part to disk; this bounds its memory whatever the corpus.
const WRITER_BUDGET_BYTES: usize = 128 << 20;

/// Terms of every document, searchable by BM25 with tantivy's k1 = 1.2 and b = 0.75.
pub(crate) struct LexicalIndex {
    reader: IndexReader,
    fields: Fields,
}

#[derive(Clone, Copy)]
struct Fields {
    terms: Field,
    ord: Field,
}

impl LexicalIndex {
    /// Opens the index in `dir`.
    pub(crate) fn open(dir: &Path) -> Result<Self> {
        let open = || -> tantivy::Result<IndexReader> {
            let index = Index::open(MmapDirectory::open(dir)?)?;
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
        })
    }

    /// The best `depth` documents that share a term with `query`.
    pub(crate) fn search(&self, query: &Query, depth: usize) -> Result<Ranking> {
        let terms = Analyzer::new(query.lang).terms(&query.text);
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
            let ords = searcher
                .segment_reader(address.segment_ord)
                .fast_fields()
                .u64("ord");
            let ord = ords
                .map_err(failed("read its ordinals"))?
                .first(address.doc_id);
            let ord = ord
                .and_then(|ord| u32::try_from(ord).ok())
                .unwrap_or_default();
            candidates.push(Candidate {
                doc: DocOrd(ord),
                score,
            });
        }
        Ok(Ranking::new(candidates, depth))
    }

    /// Any of `terms`; one that comes twice weighs twice.
    fn disjunction(&self, mut terms: Vec<String>) -> BooleanQuery {
        terms.sort_unstable();
        let clauses = terms.chunk_by(|a, b| a == b).map(|same| {
            let term = Term::from_field_text(self.fields.terms, &same[0]);
            let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
            let weighted = BoostQuery::new(Box::new(query), same.len() as f32);
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
    pub(crate) fn add(&self, ord: DocOrd, terms: PreTokenizedString) -> Result<()> {
        let mut record = TantivyDocument::new();
        record.add_pre_tokenized_text(self.fields.terms, terms);
        record.add_u64(self.fields.ord, u64::from(ord.0));
        self.writer
            .add_document(record)
            .map_err(failed("take a document"))?;
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

    /// Writes everything to disk, as one part.
    pub(crate) fn commit(mut self) -> Result<()> {
        let mut commit = || -> tantivy::Result<()> {
            self.writer.commit()?;
            let mut parts = self.index.searchable_segment_metas()?;
            parts.sort_by_key(|part| part.id());
            if parts.len() > 1 {
                let ids: Vec<_> = parts.iter().map(|part| part.id()).collect();
                self.writer.merge(&ids).wait()?;
            }
            Ok(())
        };
        commit().map_err(failed("be written"))?;
        self.writer
            .wait_merging_threads()
            .map_err(failed("be written"))
    }
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
