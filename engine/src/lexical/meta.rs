//! What is kept of a document for filters.

use crate::document::Document;
use crate::filter::{Kind, MAX_KEYWORD_BYTES, Value, for_each_value};
use crate::language::Lang;

/// What a filter can ask of a document by a term. Lengths stand before names, so that no name can end another one's mark.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark<'a> {
    Language(Lang),
    /// The field, or one inside it, has a value.
    Present(&'a str),
    Keyword(&'a str, &'a str),
    Bool(&'a str, bool),
}

impl Mark<'_> {
    /// The term that documents with the mark hold.
    pub(super) fn term(self) -> String {
        match self {
            Self::Language(lang) => format!("l{lang}"),
            Self::Present(name) => format!("p{name}"),
            Self::Keyword(name, keyword) => format!("k{}:{name}{keyword}", name.len()),
            Self::Bool(name, value) => format!("b{}:{name}{value}", name.len()),
        }
    }
}

/// The marks and numbers of one document.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Marked {
    pub(super) marks: Vec<String>,
    /// Field, and where ranges find it.
    pub(super) numbers: Vec<(Kind, String, u64)>,
}

impl Marked {
    pub(super) fn new(doc: &Document) -> Self {
        let mut marked = Self::default();
        marked.marks.push(Mark::Language(doc.lang).term());
        for_each_value(&doc.meta, &mut |name, value| {
            let parents = name.match_indices('.').map(|(end, _)| &name[..end]);
            let present = parents.chain([name]).map(|name| Mark::Present(name).term());
            marked.marks.extend(present);
            match value {
                Value::Text(text) if text.len() <= MAX_KEYWORD_BYTES => {
                    marked.marks.push(Mark::Keyword(name, text).term());
                }
                Value::Bool(value) => marked.marks.push(Mark::Bool(name, value).term()),
                Value::Text(_) | Value::Number(_) => {}
            }
            let keys = value.keys();
            marked
                .numbers
                .extend(keys.map(|(kind, key)| (kind, name.to_owned(), key)));
        });
        marked.marks.sort_unstable();
        marked.marks.dedup();
        marked
    }
}
