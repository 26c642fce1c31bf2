//! The files of a lexical index, opened: postings, lengths, and what each language counts.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tantivy::postings::SegmentPostings;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Index, InvertedIndexReader, ReloadPolicy, SegmentReader, TantivyError, Term};

use crate::language::Lang;

use super::bm25::Bm25;
use super::clause::ClauseField;
use super::fields::{Fields, TermField};
use super::postings::Lengths;
use super::read_only::ReadOnly;

/// The terms of every document; a document's place is its ordinal.
pub(super) struct Part {
    terms: TermPart,
    title: TermPart,
    romanised: TermPart,
    languages: BTreeMap<Lang, Counts>,
}

/// One field of terms.
struct TermPart {
    field: Field,
    postings: Arc<InvertedIndexReader>,
    /// How many terms each document has.
    lengths: Vec<u32>,
}

/// What the documents of one language add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Counts {
    pub(super) n_docs: usize,
    n_terms: u64,
    n_title_terms: u64,
    n_romanised: u64,
}

impl Part {
    /// Opens the files in `dir`; document `i` is in `languages[i]`.
    pub(super) fn open(dir: &Path, languages: &[Lang]) -> tantivy::Result<Self> {
        let index = Index::open(ReadOnly::open(dir)?)?;
        // A segment never changes under its reader: there is nothing to watch for.
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        let searcher = reader.searcher();
        let part = match searcher.segment_readers() {
            [] if languages.is_empty() => return Ok(Self::empty()),
            [part] => part,
            _ => return Err(unexpected("not one part")),
        };
        if part.max_doc() as usize != languages.len() || part.num_docs() != part.max_doc() {
            return Err(unexpected("other documents than the store"));
        }
        let (_, fields) = Fields::schema();
        let mut opened = Self {
            terms: TermPart::open(part, fields.terms)?,
            title: TermPart::open(part, fields.title)?,
            romanised: TermPart::open(part, fields.romanised)?,
            languages: BTreeMap::new(),
        };
        for (doc, lang) in languages.iter().enumerate() {
            let counts = opened.languages.entry(*lang).or_default();
            counts.n_docs += 1;
            counts.n_terms += u64::from(opened.terms.lengths[doc]);
            counts.n_title_terms += u64::from(opened.title.lengths[doc]);
            counts.n_romanised += u64::from(opened.romanised.lengths[doc]);
        }
        Ok(opened)
    }

    /// The terms of no documents.
    fn empty() -> Self {
        let (_, fields) = Fields::schema();
        Self {
            terms: TermPart::empty(fields.terms),
            title: TermPart::empty(fields.title),
            romanised: TermPart::empty(fields.romanised),
            languages: BTreeMap::new(),
        }
    }

    /// The languages of the documents.
    pub(super) fn languages(&self) -> impl Iterator<Item = Lang> + '_ {
        self.languages.keys().copied()
    }

    pub(super) fn counts(&self, lang: Lang) -> Counts {
        self.languages.get(&lang).copied().unwrap_or_default()
    }

    /// How many documents hold the term `key`.
    pub(super) fn document_frequency(&self, field: ClauseField, key: &str) -> tantivy::Result<u32> {
        let field = self.field(field);
        let term = Term::from_field_text(field.field, key);
        Ok(field.postings.doc_freq(&term)?)
    }

    /// The documents that hold the term `key`.
    pub(super) fn postings(
        &self,
        field: ClauseField,
        key: &str,
    ) -> tantivy::Result<Option<SegmentPostings>> {
        self.field(field).postings(key)
    }

    /// The documents that hold the term `key` in their title.
    pub(super) fn title_postings(&self, key: &str) -> tantivy::Result<Option<SegmentPostings>> {
        self.title.postings(key)
    }

    pub(super) fn lengths(&self, field: ClauseField) -> Lengths<'_> {
        match field {
            ClauseField::Terms => Lengths {
                all: &self.terms.lengths,
                title: &self.title.lengths,
            },
            ClauseField::Romanised => Lengths {
                all: &self.romanised.lengths,
                title: &[],
            },
        }
    }

    fn field(&self, field: ClauseField) -> &TermPart {
        match field {
            ClauseField::Terms => &self.terms,
            ClauseField::Romanised => &self.romanised,
        }
    }
}

impl Counts {
    /// The mean length of a document as `bm25` counts it.
    pub(super) fn average_length(&self, field: ClauseField, bm25: &Bm25) -> f64 {
        let total = match field {
            ClauseField::Terms => {
                self.n_terms as f64
                    + (f64::from(bm25.title_weight) - 1.0) * self.n_title_terms as f64
            }
            ClauseField::Romanised => self.n_romanised as f64,
        };
        total / self.n_docs.max(1) as f64
    }
}

impl TermPart {
    fn empty(field: TermField) -> Self {
        Self {
            field: field.postings,
            postings: Arc::new(InvertedIndexReader::empty(IndexRecordOption::WithFreqs)),
            lengths: Vec::new(),
        }
    }

    fn open(part: &SegmentReader, field: TermField) -> tantivy::Result<Self> {
        let column = part.fast_fields().u64(field.length_name)?;
        let length = |doc| {
            let length = column
                .first(doc)
                .and_then(|length| u32::try_from(length).ok());
            length.ok_or_else(|| unexpected("a document without length"))
        };
        Ok(Self {
            field: field.postings,
            postings: part.inverted_index(field.postings)?,
            lengths: (0..part.max_doc())
                .map(length)
                .collect::<tantivy::Result<_>>()?,
        })
    }

    fn postings(&self, key: &str) -> tantivy::Result<Option<SegmentPostings>> {
        let term = Term::from_field_text(self.field, key);
        Ok(self
            .postings
            .read_postings(&term, IndexRecordOption::WithFreqs)?)
    }
}

fn unexpected(found: &str) -> TantivyError {
    TantivyError::InternalError(format!("the terms hold {found}"))
}
