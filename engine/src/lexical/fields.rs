//! What tantivy stores of a document: terms, and how many there are.
//!
//! Every term stands behind its document's language (`de haus`), so that each language has a vocabulary, and document
//! frequencies, of its own.

use tantivy::SegmentReader;
use tantivy::schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::document::DocOrd;
use crate::language::Lang;

/// The tokenizer that cuts what [`TermText`] joined.
pub(super) const TOKENIZER: &str = "terms";
const ORD: &str = "ord";

/// A field of terms, and the column of how many each document has.
#[derive(Clone, Copy)]
pub(super) struct TermField {
    pub(super) postings: Field,
    pub(super) length: Field,
    /// The name of `length`.
    pub(super) length_name: &'static str,
}

#[derive(Clone, Copy)]
pub(super) struct Fields {
    /// Of title and text.
    pub(super) terms: TermField,
    /// Of the title alone, to weigh it.
    pub(super) title: TermField,
    /// Of title and text, in Latin letters; empty where the index has none.
    pub(super) romanised: TermField,
    pub(super) ord: Field,
}

impl Fields {
    /// The schema, the same for every index.
    pub(super) fn schema() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(TOKENIZER)
            .set_index_option(IndexRecordOption::WithFreqs)
            .set_fieldnorms(false);
        let options = TextOptions::default().set_indexing_options(indexing);
        let mut field = |name, length_name| TermField {
            postings: schema.add_text_field(name, options.clone()),
            length: schema.add_u64_field(length_name, FAST),
            length_name,
        };
        let terms = field("terms", "n_terms");
        let title = field("title", "n_title_terms");
        let romanised = field("romanised", "n_romanised");
        let ord = schema.add_u64_field(ORD, FAST);
        let fields = Self {
            terms,
            title,
            romanised,
            ord,
        };
        (schema.build(), fields)
    }
}

/// The key of a term in documents of `lang`.
pub(super) fn key(lang: Lang, term: &str) -> String {
    format!("{lang} {term}")
}

/// Terms of one document, as tantivy takes them: its language and each term on a line of its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TermText {
    text: String,
    n_terms: u64,
}

impl TermText {
    pub(super) fn new(lang: Lang) -> Self {
        Self {
            text: lang.to_string(),
            n_terms: 0,
        }
    }

    pub(super) fn push(&mut self, term: &str) {
        self.text.push('\n');
        self.text.push_str(term);
        self.n_terms += 1;
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn n_terms(&self) -> u64 {
        self.n_terms
    }
}

/// Reads a [`TermText`] back into keys.
#[derive(Debug, Clone, Default)]
pub(super) struct TermTokenizer {
    token: Token,
}

impl Tokenizer for TermTokenizer {
    type TokenStream<'a> = Terms<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Terms<'a> {
        let (lang, terms) = text.split_once('\n').unwrap_or((text, ""));
        self.token.text.clear();
        self.token.text.push_str(lang);
        self.token.text.push(' ');
        // Where a term stands is not stored, and tantivy adds to it: its default is the largest number there is.
        self.token.position = 0;
        Terms {
            prefix: self.token.text.len(),
            token: &mut self.token,
            rest: terms,
        }
    }
}

/// The keys of a [`TermText`].
pub(super) struct Terms<'a> {
    token: &'a mut Token,
    prefix: usize,
    rest: &'a str,
}

impl TokenStream for Terms<'_> {
    fn advance(&mut self) -> bool {
        if self.rest.is_empty() {
            return false;
        }
        let (term, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        self.token.text.truncate(self.prefix);
        self.token.text.push_str(term);
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

/// The ordinal of a document of one part.
pub(super) fn ord_of(part: &SegmentReader, doc: tantivy::DocId) -> tantivy::Result<DocOrd> {
    let ord = part
        .fast_fields()
        .u64(ORD)?
        .first(doc)
        .and_then(|ord| u32::try_from(ord).ok());
    ord.map(DocOrd)
        .ok_or_else(|| tantivy::TantivyError::InternalError("a document without ordinal".into()))
}
