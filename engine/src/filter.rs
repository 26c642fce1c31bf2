//! Which documents may be found: a small language over a document's language and its fields (`docs/filters.md`).
//!
//! A filter is read once into [`Test`]s that hold or do not. [`Filter::matches`] is what a filter means; segments answer
//! the same question for all their documents at once, from their files.

mod date;
mod read;
mod show;
mod values;

use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};

use crate::document::Document;
use crate::language::Lang;

pub(crate) use values::{Kind, Value, for_each_value, sort_key};

/// Longer strings of a document's fields can be shown and not be filtered by.
pub(crate) const MAX_KEYWORD_BYTES: usize = 512;
/// Fields with longer names, dots included, are not there for filters.
pub(crate) const MAX_NAME_BYTES: usize = 256;

/// What a document must be to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(Test);

/// Something that holds of a document or does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Test {
    /// All of them hold; of none, that is so.
    All(Vec<Test>),
    /// One of them holds; of none, that is not so.
    Any(Vec<Test>),
    Not(Box<Test>),
    /// The document is in this language: in any script, where the code names none.
    Language(Lang),
    /// Any value of the field is meant.
    Field {
        name: String,
        values: Values,
    },
}

/// What is meant of a field's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Values {
    /// All, and those of fields below it.
    Present,
    Keyword(String),
    Bool(bool),
    /// Numbers, or dates, between two [`sort_key`]s.
    Range {
        kind: Kind,
        keys: (Bound<u64>, Bound<u64>),
    },
}

impl Filter {
    /// Whether `doc` may be found.
    pub fn matches(&self, doc: &Document) -> bool {
        let mut fields: BTreeMap<String, Vec<Value<'_>>> = BTreeMap::new();
        for_each_value(&doc.meta, &mut |name, value| {
            fields.entry(name.to_owned()).or_default().push(value);
        });
        holds(&self.0, doc.lang, &fields)
    }

    pub(crate) fn test(&self) -> &Test {
        &self.0
    }
}

/// Whether a filter's language `wanted` means documents of `lang`.
pub(crate) fn means(wanted: Lang, lang: Lang) -> bool {
    wanted == lang || wanted.code() == lang.primary()
}

/// Whether a field called `name` is `parent` or lies below it.
fn is_below(name: &str, parent: &str) -> bool {
    name.strip_prefix(parent)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn holds(test: &Test, lang: Lang, fields: &BTreeMap<String, Vec<Value<'_>>>) -> bool {
    match test {
        Test::All(tests) => tests.iter().all(|test| holds(test, lang, fields)),
        Test::Any(tests) => tests.iter().any(|test| holds(test, lang, fields)),
        Test::Not(test) => !holds(test, lang, fields),
        Test::Language(wanted) => means(*wanted, lang),
        Test::Field { name, values } => match values {
            Values::Present => fields.keys().any(|field| is_below(field, name)),
            values => fields
                .get(name)
                .into_iter()
                .flatten()
                .any(|value| values.contain(value)),
        },
    }
}

impl Values {
    fn contain(&self, value: &Value<'_>) -> bool {
        match self {
            Self::Present => true,
            Self::Keyword(keyword) => matches!(value, Value::Text(text) if text == keyword),
            Self::Bool(wanted) => matches!(value, Value::Bool(got) if got == wanted),
            Self::Range { kind, keys } => value
                .keys()
                .any(|(found, key)| found == *kind && keys.contains(&key)),
        }
    }
}

#[cfg(test)]
mod tests;
