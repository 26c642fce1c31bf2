//! A filter → JSON, the same for filters that say the same in another order.

use std::fmt;
use std::ops::Bound;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use super::date::Moment;
use super::values::number;
use super::{Filter, Kind, Test, Values};

impl Filter {
    /// The filter as JSON that [`Filter::parse`] reads; the parts of it stand in one order, each once.
    pub fn to_json(&self) -> Json {
        written(&self.0)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_json())
    }
}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        Self::parse(&json).map_err(serde::de::Error::custom)
    }
}

fn written(test: &Test) -> Json {
    match test {
        Test::All(tests) if tests.is_empty() => json!({}),
        Test::All(tests) => several("and", tests),
        Test::Any(tests) => several("or", tests),
        Test::Not(test) => json!({ "not": written(test) }),
        Test::Language(lang) => json!({ "lang": lang.code() }),
        Test::Field { name, values } => {
            let values = match values {
                Values::Present => json!({"exists": true}),
                Values::Keyword(keyword) => json!(keyword),
                Values::Bool(value) => json!(value),
                Values::Range { kind, keys } => range(*kind, *keys),
            };
            Json::Object(Map::from_iter([(name.clone(), values)]))
        }
    }
}

fn several(name: &str, tests: &[Test]) -> Json {
    let mut all: Vec<(String, Json)> = tests
        .iter()
        .map(written)
        .map(|json| (json.to_string(), json))
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all.dedup_by(|a, b| a.0 == b.0);
    if all.len() == 1
        && let Some((_, only)) = all.pop()
    {
        return only;
    }
    let tests: Vec<Json> = all.into_iter().map(|(_, json)| json).collect();
    Json::Object(Map::from_iter([(name.to_owned(), Json::Array(tests))]))
}

fn range(kind: Kind, keys: (Bound<u64>, Bound<u64>)) -> Json {
    let value = |key| match kind {
        Kind::Number => json!(number(key)),
        Kind::Date => json!(Moment::from_key(key).to_string()),
    };
    if let (Bound::Included(low), Bound::Included(high)) = keys
        && low == high
        && kind == Kind::Number
    {
        return value(low);
    }
    let mut members = Map::new();
    let mut bound = |bound, including: &str, excluding: &str| match bound {
        Bound::Unbounded => {}
        Bound::Included(key) => drop(members.insert(including.to_owned(), value(key))),
        Bound::Excluded(key) => drop(members.insert(excluding.to_owned(), value(key))),
    };
    bound(keys.0, "gte", "gt");
    bound(keys.1, "lte", "lt");
    Json::Object(members)
}
