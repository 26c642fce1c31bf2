//! Patapsco's tables for probabilistic structured queries: one JSON object `{source: {target: probability}}`.

use std::collections::BTreeMap;
use std::fmt;
use std::io::BufRead;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

use crate::analyzer::Analyzer;
use crate::error::{Error, Result};
use crate::language::Lang;

use super::table::{TERM, Table};

/// The table of a file's JSON.
///
/// Words become index terms; where several words are one term, their probabilities are added, and those of a source are
/// scaled down to a sum of 1 where that makes more. A word that no analyzer knows as one (`...`) is left out: such tables
/// come from raw tokens.
pub(super) fn read(
    path: &Path,
    reader: impl BufRead,
    (source, target): (Lang, Lang),
) -> Result<Table> {
    let words: Entries<Entries<Probability>> =
        serde_json::from_reader(reader).map_err(|error| refused(path, error))?;
    let (from, to) = (Analyzer::new(source), Analyzer::new(target));
    let joined = |analyzer: &Analyzer, word: &str| {
        let terms = analyzer.terms(word).join(TERM);
        (!terms.is_empty()).then_some(terms)
    };
    let mut weights: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
    for (word, translations) in words.0 {
        let Some(word) = joined(&from, &word) else {
            continue;
        };
        let targets = weights.entry(word).or_default();
        for (translation, Probability(probability)) in translations.0 {
            if let Some(translation) = joined(&to, &translation) {
                *targets.entry(translation).or_default() += probability;
            }
        }
    }
    Ok(Table::from_weights(weights, |sum| sum.max(1.0)))
}

fn refused(path: &Path, error: serde_json::Error) -> Error {
    if error.is_io() {
        return Error::Read {
            path: path.to_owned(),
            source: error.into(),
        };
    }
    Error::Malformed {
        path: path.to_owned(),
        line: error.line() as u64,
        field: "table",
        got: error.to_string(),
        expected: "one JSON object {source: {target: probability}}",
    }
}

/// A JSON object as it stands: a key may come twice.
struct Entries<V>(Vec<(String, V)>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Entries<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<V>(std::marker::PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for Object<V> {
            type Value = Entries<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Object(std::marker::PhantomData))
    }
}

/// A number in (0, 1]; a hair more is forgiven, for tables are written from floats.
struct Probability(f64);

impl<'de> Deserialize<'de> for Probability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        if number > 0.0 && number < 1.0 + 1e-3 {
            Ok(Self(number))
        } else {
            Err(D::Error::custom(format!(
                "probability {number}, expected more than 0 and at most 1"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Table> {
        let languages = ("en".parse().unwrap(), "ru".parse().unwrap());
        read(Path::new("psq.json"), json.as_bytes(), languages)
    }

    #[track_caller]
    fn check_error(json: &str, expected: &str) {
        let error = parse(json).unwrap_err().to_string();
        assert!(error.starts_with("psq.json:"), "{json}: {error}");
        assert!(error.contains(expected), "{json}: {error}");
    }

    #[test]
    fn words_become_terms_and_probabilities_of_the_same_terms_add_up() {
        let table = parse(
            "{\"dissidents\": {\"диссиденты\": 0.4, \"диссидент\": 0.4, \"раскольник\": 0.1},\n \"!\": {\"!\": 1}}",
        );
        let text = "dissid\tдиссид\t0.8\ndissid\tраскол\t0.1\n";
        assert_eq!(table.unwrap().text(), text);
    }

    #[test]
    fn sums_stay_at_most_1() {
        let table = parse("{\"run\": {\"бег\": 1.0}, \"runs\": {\"бегать\": 1.0}}").unwrap();
        assert!(table.get("run").map(|(_, p)| p).sum::<f32>() <= 1.0);
    }

    #[test]
    fn what_is_no_such_table_names_file_and_line() {
        check_error(
            "{\"a\":\n {\"b\": 2}}",
            ":2: field `table`: got \"probability 2",
        );
        check_error("{\"a\": {\"b\": 0}}", "probability 0");
        check_error("{\"a\": {\"b\": \"x\"}}", "invalid type");
        check_error("{\"a\": {\"b\": 0.1}", "EOF");
        check_error("[1]", "an object");
    }
}
