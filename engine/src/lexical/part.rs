//! The files of one part, opened: postings, lengths, what each language counts, and what filters ask for.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fixedbitset::FixedBitSet;
use tantivy::postings::{BlockSegmentPostings, SegmentPostings, TermInfo};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Index, InvertedIndexReader, ReloadPolicy, TantivyError, Term};

use crate::error::{Error, Result};
use crate::language::Lang;

use super::bounds::{Blocks, BoundTable};
use super::clause::ClauseField;
use super::contents::Contents;
use super::directory::ReadOnly;
use super::failed;
use super::fields::Fields;
use super::lengths::{Counts, Length, LengthTable, Lengths};
use super::matching::Matched;
use super::meta::Mark;
use super::numbers::Numbers;

/// The terms of a segment's documents; a document's place is its ordinal.
pub(crate) struct LexicalPart {
    n_docs: usize,
    languages: BTreeMap<Lang, Counts>,
    terms: TermField,
    title: TermField,
    romanised: TermField,
    marks: TermField,
    lengths: LengthTable,
    bounds: BoundTable,
    numbers: Numbers,
    pub(super) matched: Matched,
}

/// One field of terms.
pub(super) struct TermField {
    field: Field,
    index: Arc<InvertedIndexReader>,
}

impl LexicalPart {
    /// Opens the files in `dir`; document `i` is in `languages[i]`.
    pub(crate) fn open(dir: &Path, languages: &[Lang]) -> Result<Self> {
        let part = Self::open_any(dir)?;
        if part.n_docs != languages.len() {
            return Err(Error::Damaged {
                path: dir.to_owned(),
                found: format!("terms of {} documents", part.n_docs),
                expected: format!("those of {}", languages.len()),
            });
        }
        Ok(part)
    }

    /// Opens the files in `dir`, whatever documents they are of.
    pub(super) fn open_any(dir: &Path) -> Result<Self> {
        let contents = Contents::read(dir)?;
        let [terms, title, romanised, marks] =
            TermField::open(dir, contents.n_docs).map_err(failed("be opened"))?;
        Ok(Self {
            n_docs: contents.n_docs,
            languages: contents.languages,
            terms,
            title,
            romanised,
            marks,
            lengths: LengthTable::open(dir, contents.n_docs)?,
            bounds: BoundTable::open(dir)?,
            numbers: Numbers::open(dir, contents.numbers)?,
            matched: Matched::default(),
        })
    }

    pub(super) fn n_docs(&self) -> usize {
        self.n_docs
    }

    /// The languages of the documents.
    pub(super) fn languages(&self) -> impl Iterator<Item = Lang> + '_ {
        self.languages.keys().copied()
    }

    /// What the documents of `lang` add up to; `None` where there are none.
    pub(super) fn counts(&self, lang: Lang) -> Option<Counts> {
        self.languages.get(&lang).copied()
    }

    /// Where the postings of the term `key` are, if any document holds it.
    pub(super) fn find(&self, field: ClauseField, key: &str) -> tantivy::Result<Option<TermInfo>> {
        self.field(field).find(key)
    }

    /// The documents that hold a term, which was found in this part.
    pub(super) fn postings(
        &self,
        field: ClauseField,
        term: &TermInfo,
    ) -> tantivy::Result<SegmentPostings> {
        let index = &self.field(field).index;
        Ok(index.read_postings_from_terminfo(term, IndexRecordOption::WithFreqs)?)
    }

    /// The same, block by block, and what bounds their scores.
    pub(super) fn blocks(
        &self,
        field: ClauseField,
        term: &TermInfo,
    ) -> tantivy::Result<(BlockSegmentPostings, Option<Blocks<'_>>)> {
        let postings = self.field(field).blocks(term)?;
        Ok((postings, self.bounds.find(field, term)))
    }

    /// The documents that hold the term `key` in their title.
    pub(super) fn title_postings(&self, key: &str) -> tantivy::Result<Option<SegmentPostings>> {
        let Some(term) = self.title.find(key)? else {
            return Ok(None);
        };
        let index = &self.title.index;
        let postings = index.read_postings_from_terminfo(&term, IndexRecordOption::WithFreqs)?;
        Ok(Some(postings))
    }

    pub(super) fn lengths(&self, field: ClauseField) -> Lengths<'_> {
        self.lengths.of(field)
    }

    pub(super) fn length(&self, doc: usize) -> Length {
        self.lengths.get(doc)
    }

    pub(super) fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// The documents in exactly this language.
    pub(super) fn in_language(&self, lang: Lang) -> tantivy::Result<FixedBitSet> {
        let mut found = FixedBitSet::with_capacity(self.n_docs);
        self.find_marked(Mark::Language(lang), &mut found)?;
        Ok(found)
    }

    /// Adds the documents with `mark` to `found`.
    pub(super) fn find_marked(
        &self,
        mark: Mark<'_>,
        found: &mut FixedBitSet,
    ) -> tantivy::Result<()> {
        let Some(term) = self.marks.find(&mark.term())? else {
            return Ok(());
        };
        let index = &self.marks.index;
        let mut postings: BlockSegmentPostings =
            index.read_block_postings_from_terminfo(&term, IndexRecordOption::Basic)?;
        while !postings.docs().is_empty() {
            for doc in postings.docs() {
                if (*doc as usize) < found.len() {
                    found.insert(*doc as usize);
                }
            }
            postings.advance();
        }
        Ok(())
    }

    fn field(&self, field: ClauseField) -> &TermField {
        match field {
            ClauseField::Terms => &self.terms,
            ClauseField::Romanised => &self.romanised,
        }
    }
}

impl TermField {
    /// The fields in `dir`: terms, title, romanised, marks.
    pub(super) fn open(dir: &Path, n_docs: usize) -> tantivy::Result<[Self; 4]> {
        let (_, fields) = Fields::schema();
        let all = [fields.terms, fields.title, fields.romanised, fields.marks];
        if n_docs == 0 {
            return Ok(all.map(|field| Self {
                field,
                index: Arc::new(InvertedIndexReader::empty(IndexRecordOption::WithFreqs)),
            }));
        }
        let index = Index::open(ReadOnly::open(dir)?)?;
        // A part never changes under its reader: there is nothing to watch for.
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        let searcher = reader.searcher();
        let [part] = searcher.segment_readers() else {
            return Err(unexpected("not one part"));
        };
        if part.max_doc() as usize != n_docs || part.num_docs() != part.max_doc() {
            return Err(unexpected("other documents than were written"));
        }
        let open = |field| -> tantivy::Result<Self> {
            let index = part.inverted_index(field)?;
            Ok(Self { field, index })
        };
        let [terms, title, romanised, marks] = all.map(open);
        Ok([terms?, title?, romanised?, marks?])
    }

    /// Gives every term that more than `least` documents hold, with those.
    pub(super) fn for_each_frequent(
        &self,
        least: u32,
        mut give: impl FnMut(&TermInfo, BlockSegmentPostings),
    ) -> tantivy::Result<()> {
        let mut terms = self.index.terms().stream()?;
        while let Some((_, term)) = terms.next() {
            if term.doc_freq > least {
                give(term, self.blocks(term)?);
            }
        }
        Ok(())
    }

    fn blocks(&self, term: &TermInfo) -> tantivy::Result<BlockSegmentPostings> {
        let option = IndexRecordOption::WithFreqs;
        Ok(self.index.read_block_postings_from_terminfo(term, option)?)
    }

    fn find(&self, key: &str) -> tantivy::Result<Option<TermInfo>> {
        let term = Term::from_field_text(self.field, key);
        Ok(self.index.get_term_info(&term)?)
    }
}

pub(super) fn unexpected(found: &str) -> TantivyError {
    TantivyError::InternalError(format!("the terms hold {found}"))
}
