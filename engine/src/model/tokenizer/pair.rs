//! A query and a document as a cross-encoder reads them.

use tokenizers::tokenizer::Encoding;

/// The tokens of one text, without special ones.
#[derive(Debug, Clone)]
pub struct Tokens(pub(super) Encoding);

/// The tokens of a query and a document, between the special tokens that the model expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPair {
    pub(in crate::model) ids: Vec<u32>,
    /// The kind of each token, as the tokenizer says it.
    pub(in crate::model) types: Vec<u32>,
    /// How many tokens stand before the document's first.
    pub(in crate::model) n_query: usize,
}

impl Tokens {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TokenPair {
    /// The ids, special ones included.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// How many tokens stand before the document's first.
    pub fn n_query(&self) -> usize {
        self.n_query
    }
}
