//! What a document's fields hold, one value after another.

use crate::document::Meta;

use super::MAX_NAME_BYTES;
use super::date::{Moment, day_or_moment};

/// A value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Number(f64),
    Bool(bool),
}

/// What a range goes over.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Number,
    Date,
}

impl Value<'_> {
    /// Where ranges find the value: a number among numbers, a text that is a date among dates.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (Kind, u64)> {
        let key = match self {
            Self::Number(number) => Some((Kind::Number, sort_key(*number))),
            Self::Text(text) => day_or_moment(text).map(|date| (Kind::Date, date.start().key())),
            Self::Bool(_) => None,
        };
        key.into_iter()
    }
}

/// A key that sorts as numbers do; one for both zeros.
pub(crate) fn sort_key(number: f64) -> u64 {
    // Adding turns -0 into 0.
    let bits = (number + 0.0).to_bits();
    match bits >> 63 {
        0 => bits | 1 << 63,
        _ => !bits,
    }
}

/// The number of a [`sort_key`].
pub(super) fn number(key: u64) -> f64 {
    f64::from_bits(match key >> 63 {
        0 => !key,
        _ => key & !(1 << 63),
    })
}

impl Moment {
    /// A key that sorts as time does.
    pub(crate) fn key(self) -> u64 {
        self.0.cast_unsigned() ^ 1 << 63
    }

    pub(super) fn from_key(key: u64) -> Self {
        Self((key ^ 1 << 63).cast_signed())
    }
}

/// Gives every value of `meta` with its field's name; names of fields inside others are joined by dots.
///
/// Elements of lists are values of the field; nothing is said of `null`, nor of fields whose names are too long.
pub(crate) fn for_each_value<'a>(meta: &'a Meta, visit: &mut impl FnMut(&str, Value<'a>)) {
    let mut name = String::new();
    for (key, value) in meta {
        walk(&mut name, key, value, visit);
    }
}

fn walk<'a>(
    name: &mut String,
    key: &str,
    value: &'a serde_json::Value,
    visit: &mut impl FnMut(&str, Value<'a>),
) {
    let parent = name.len();
    if parent > 0 {
        name.push('.');
    }
    name.push_str(key);
    if name.len() <= MAX_NAME_BYTES {
        each(name, value, visit);
    }
    name.truncate(parent);
}

fn each<'a>(
    name: &mut String,
    value: &'a serde_json::Value,
    visit: &mut impl FnMut(&str, Value<'a>),
) {
    match value {
        serde_json::Value::Null => {}
        serde_json::Value::Bool(value) => visit(name, Value::Bool(*value)),
        serde_json::Value::Number(value) => {
            if let Some(value) = value.as_f64() {
                visit(name, Value::Number(value));
            }
        }
        serde_json::Value::String(value) => visit(name, Value::Text(value)),
        serde_json::Value::Array(values) => {
            values.iter().for_each(|value| each(name, value, visit));
        }
        serde_json::Value::Object(fields) => {
            for (key, value) in fields {
                walk(name, key, value, visit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_inside_others_have_dotted_names() {
        let meta = serde_json::json!({"a": {"b": [1, ["x", {"c": true}]], "d": null}, "e": []});
        let mut seen = Vec::new();
        for_each_value(meta.as_object().unwrap(), &mut |name, value| {
            seen.push(format!("{name} {value:?}"));
        });
        assert_eq!(
            seen,
            ["a.b Number(1.0)", "a.b Text(\"x\")", "a.b.c Bool(true)"]
        );
    }

    proptest! {
        #[test]
        fn keys_sort_as_numbers_do(a in prop::num::f64::NORMAL | prop::num::f64::ZERO, b in prop::num::f64::ANY) {
            prop_assume!(!b.is_nan());
            prop_assert_eq!(sort_key(a).cmp(&sort_key(b)), a.partial_cmp(&b).unwrap());
            prop_assert_eq!(number(sort_key(a)), a);
        }
    }
}
