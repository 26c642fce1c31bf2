//! Names of linear layers as PEFT's configurations give them: lists of endings, and regular expressions.

use std::fmt;

use regex::Regex;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Numbers by patterns, in the file's order: the first that matches counts.
#[derive(Debug, Default)]
pub(super) struct Pattern(Vec<(String, f32)>);

impl Pattern {
    /// The number for the linear layer `name`; of none that matches, nothing. Fails with a sentence where a pattern is
    /// no regular expression.
    pub(super) fn find(&self, name: &str) -> Result<Option<f32>, String> {
        for (pattern, number) in &self.0 {
            if expression(&format!(r"^(?:.*\.)?(?:{pattern})$"))?.is_match(name) {
                return Ok(Some(*number));
            }
        }
        Ok(None)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Pattern;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("numbers by patterns")
            }

            fn visit_unit<E>(self) -> Result<Pattern, E> {
                Ok(Pattern::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pattern, A::Error> {
                let mut entries = vec![];
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Pattern(entries))
            }
        }
        deserializer.deserialize_any(Entries)
    }
}

/// Linear layers by their names.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a list of names or a regular expression"
)]
pub(super) enum Names {
    /// All whose names end so.
    Endings(Vec<String>),
    /// All whose whole names match.
    Expression(String),
}

impl Names {
    /// Whether the linear layer `name` is one of them. Fails with a sentence where this is no regular expression.
    pub(super) fn contain(&self, name: &str) -> Result<bool, String> {
        match self {
            Self::Endings(endings) => {
                Ok(endings.iter().any(|ending| name.ends_with(ending.as_str())))
            }
            Self::Expression(pattern) => {
                Ok(expression(&format!("^(?:{pattern})$"))?.is_match(name))
            }
        }
    }

    /// Whether they may name some layers of the backbone and not others.
    pub(super) fn may_tell_layers_apart(&self) -> bool {
        match self {
            Self::Endings(endings) => endings.iter().any(|ending| {
                ending
                    .split('.')
                    .any(|segment| segment.parse::<usize>().is_ok())
            }),
            Self::Expression(pattern) => pattern != "all-linear",
        }
    }
}

fn expression(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern)
        .map_err(|_| format!("`{pattern}` is no regular expression that is known here"))
}
