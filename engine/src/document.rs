//! What is searched: documents, their names inside and outside, and their languages.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::language::Lang;

/// One record of a corpus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The corpus's own identifier, as in qrels.
    pub id: DocId,
    /// The language of title and text, or [`Lang::UNKNOWN`].
    pub lang: Lang,
    /// May be empty.
    pub title: String,
    /// Never empty in an index.
    pub text: String,
    /// Whatever else the corpus says of the document; stored and returned, not searched.
    #[serde(default, skip_serializing_if = "Meta::is_empty")]
    pub meta: Meta,
}

/// Fields of a document beside identifier, language, title and text.
pub type Meta = serde_json::Map<String, serde_json::Value>;

impl Document {
    /// Title and text as encoders and analyzers see them: the title on a line of its own, if there is one.
    pub fn full_text(&self) -> String {
        if self.title.is_empty() {
            self.text.clone()
        } else {
            format!("{}\n{}", self.title, self.text)
        }
    }
}

/// The corpus's own identifier of a document, as in qrels and runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocId(pub String);

impl fmt::Display for DocId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for DocId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

/// A position in one index, from 0 in the order of addition. Never shown outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocOrd(pub u32);

impl DocOrd {
    /// The position as an index into slices.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}
