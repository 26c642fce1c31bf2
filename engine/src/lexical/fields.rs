//! What tantivy stores of a document: terms, and how many there are.
//!
//! Every term stands behind its document's language (`de haus`), so that each language has a vocabulary, and document
//! frequencies, of its own.

use tantivy::IndexSettings;
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::language::Lang;

/// The tokenizer that cuts what [`TermText`] joined.
pub(super) const TOKENIZER: &str = "terms";

#[derive(Clone, Copy)]
pub(super) struct Fields {
    /// Terms of title and text.
    pub(super) terms: Field,
    /// Of the title alone, to weigh it.
    pub(super) title: Field,
    /// Of title and text, in Latin letters; empty where the index has none.
    pub(super) romanised: Field,
    /// What filters ask for: a [`Mark`](super::meta::Mark) is a term.
    pub(super) marks: Field,
}

impl Fields {
    /// The schema, the same for every index.
    pub(super) fn schema() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let options = |tokenizer, stored| {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer(tokenizer)
                .set_index_option(stored)
                .set_fieldnorms(false);
            TextOptions::default().set_indexing_options(indexing)
        };
        let terms = options(TOKENIZER, IndexRecordOption::WithFreqs);
        let fields = Self {
            terms: schema.add_text_field("terms", terms.clone()),
            title: schema.add_text_field("title", terms.clone()),
            romanised: schema.add_text_field("romanised", terms),
            marks: schema.add_text_field("marks", options("raw", IndexRecordOption::Basic)),
        };
        (schema.build(), fields)
    }
}

/// How tantivy is to write: without a thread for its store, which holds nothing.
pub(super) fn settings() -> IndexSettings {
    IndexSettings {
        docstore_compress_dedicated_thread: false,
        ..IndexSettings::default()
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
    n_terms: u32,
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

    pub(super) fn n_terms(&self) -> u32 {
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
