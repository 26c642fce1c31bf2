//! What is looked for in documents of one language: the structured query of Darwish & Oard (2003).

/// A word of the query, and everything that may stand for it in a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Clause {
    /// As the query has it; of feedback, the term.
    pub(super) word: String,
    pub(super) source: Source,
    pub(super) field: ClauseField,
    /// How often the query says it, or what feedback makes of that.
    pub(super) weight: f32,
    /// Whether a document without it is no answer.
    pub(super) required: bool,
    /// Their frequencies, weighed by their probabilities, add up to the word's.
    pub(super) alternatives: Vec<Alternative>,
}

/// Where a clause comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Source {
    Query,
    /// The documents that answer the query best.
    Feedback,
}

/// Where a clause looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ClauseField {
    /// Title and text as they are written.
    Terms,
    /// Title and text in Latin letters.
    Romanised,
}

/// Terms that stand for a word where all of them occur, and how likely they are meant.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Alternative {
    pub(super) terms: Vec<String>,
    pub(super) probability: f32,
}

impl Alternative {
    /// The term itself.
    pub(super) fn certain(term: String) -> Self {
        Self {
            terms: vec![term],
            probability: 1.0,
        }
    }
}
