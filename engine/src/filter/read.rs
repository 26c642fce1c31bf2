//! JSON → a filter.

use std::ops::Bound;

use serde_json::Value as Json;

use crate::error::{Error, Result};
use crate::language::Lang;

use super::date::{Date, day_or_moment};
use super::{Filter, Kind, MAX_KEYWORD_BYTES, MAX_NAME_BYTES, Test, Values, sort_key};

/// How deep filters may stand in each other.
const MAX_DEPTH: usize = 16;
/// How many fields, languages and values a filter may name; every one of them is a set of documents to make.
const MAX_TESTS: usize = 1_024;

const LANG: &str = "lang";

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// [`Error::Filter`], which names the place in the filter, what stands there, and what could.
    pub fn parse(json: &Json) -> Result<Self> {
        let mut reader = Reader {
            path: "$".to_owned(),
            depth: 0,
            n_tests: 0,
        };
        reader.filter(json).map(Self)
    }
}

struct Reader {
    /// Where it reads, for errors.
    path: String,
    depth: usize,
    n_tests: usize,
}

impl Reader {
    fn failed(&self, got: impl Into<String>, expected: &'static str) -> Error {
        let got: String = got.into();
        let cut: String = got.chars().take(80).collect();
        Error::Filter {
            path: self.path.clone(),
            got: if cut.len() < got.len() {
                cut + "…"
            } else {
                cut
            },
            expected,
        }
    }

    /// What `read` makes of what stands at `step` from here.
    fn at<T>(&mut self, step: &str, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let here = self.path.len();
        self.path.push_str(step);
        let read = read(self);
        self.path.truncate(here);
        read
    }

    fn filter(&mut self, json: &Json) -> Result<Test> {
        let Json::Object(members) = json else {
            return Err(self.failed(json.to_string(), "an object such as {\"lang\": \"sw\"}"));
        };
        if self.depth == MAX_DEPTH {
            return Err(self.failed(
                "a filter that deep",
                "filters at most 16 deep in each other",
            ));
        }
        self.depth += 1;
        let mut tests = Vec::with_capacity(members.len());
        for (name, json) in members {
            let step = format!(".{name}");
            tests.push(self.at(&step, |reader| reader.member(name, json))?);
        }
        self.depth -= 1;
        Ok(Test::All(tests))
    }

    fn member(&mut self, name: &str, json: &Json) -> Result<Test> {
        match name {
            "and" => self.filters(json).map(Test::All),
            "or" => self.filters(json).map(Test::Any),
            "not" => Ok(Test::Not(Box::new(self.filter(json)?))),
            name if name.is_empty() || name.len() > MAX_NAME_BYTES => Err(self.failed(
                format!("{name:?}"),
                "the name of a field, of 1 to 256 bytes",
            )),
            name => self.condition(name, json),
        }
    }

    fn filters(&mut self, json: &Json) -> Result<Vec<Test>> {
        let Json::Array(filters) = json else {
            return Err(self.failed(json.to_string(), "a list of filters"));
        };
        let mut tests = Vec::with_capacity(filters.len());
        for (at, json) in filters.iter().enumerate() {
            tests.push(self.at(&format!("[{at}]"), |reader| reader.filter(json))?);
        }
        Ok(tests)
    }

    /// What must hold of the field `name`.
    fn condition(&mut self, name: &str, json: &Json) -> Result<Test> {
        let members = match json {
            Json::Array(values) => {
                let mut tests = Vec::with_capacity(values.len());
                for (at, json) in values.iter().enumerate() {
                    tests.push(self.at(&format!("[{at}]"), |reader| reader.value(name, json))?);
                }
                return Ok(Test::Any(tests));
            }
            Json::Object(members) => members,
            value => return self.value(name, value),
        };
        let mut tests = Vec::new();
        let mut range = Range::default();
        for (key, json) in members {
            self.at(&format!(".{key}"), |reader| {
                match key.as_str() {
                    "not" => {
                        reader.depth += 1;
                        if reader.depth > MAX_DEPTH {
                            let expected = "conditions at most 16 deep in each other";
                            return Err(reader.failed("a condition that deep", expected));
                        }
                        tests.push(Test::Not(Box::new(reader.condition(name, json)?)));
                        reader.depth -= 1;
                    }
                    "exists" => tests.push(reader.exists(name, json)?),
                    "gt" | "gte" | "lt" | "lte" if name != LANG => reader.bound(&mut range, key, json)?,
                    _ => {
                        let expected = match name {
                            LANG => "a language, a list of them, or `not`",
                            _ => "`gt`, `gte`, `lt`, `lte`, `not` or `exists`; dots name a field inside another",
                        };
                        return Err(reader.failed(format!("`{key}`"), expected));
                    }
                }
                Ok(())
            })?;
        }
        if let Some(kind) = range.kind {
            self.count()?;
            let keys = (range.low, range.high);
            tests.push(field(name, Values::Range { kind, keys }));
        }
        match tests.pop() {
            None => Err(self.failed("{}", "`gt`, `gte`, `lt`, `lte`, `not` or `exists`")),
            Some(only) if tests.is_empty() => Ok(only),
            Some(last) => {
                tests.push(last);
                Ok(Test::All(tests))
            }
        }
    }

    fn exists(&mut self, name: &str, json: &Json) -> Result<Test> {
        self.count()?;
        let test = match name {
            // Every document has one, be it `und`.
            LANG => Test::All(Vec::new()),
            name => field(name, Values::Present),
        };
        match json {
            Json::Bool(true) => Ok(test),
            Json::Bool(false) => Ok(Test::Not(Box::new(test))),
            json => Err(self.failed(json.to_string(), "true or false")),
        }
    }

    /// That the field has the value.
    fn value(&mut self, name: &str, json: &Json) -> Result<Test> {
        self.count()?;
        if name == LANG {
            let code = json.as_str().unwrap_or_default();
            let lang: Result<Lang> = code.parse();
            return lang.map(Test::Language).map_err(|_| {
                let expected = "a language code such as \"sw\" or \"zh-Hant\"";
                self.failed(json.to_string(), expected)
            });
        }
        let values = match json {
            Json::String(text) if text.len() > MAX_KEYWORD_BYTES => {
                let got = format!("a string of {} bytes", text.len());
                return Err(self.failed(got, "at most 512 bytes"));
            }
            Json::String(text) => Values::Keyword(text.clone()),
            Json::Bool(value) => Values::Bool(*value),
            Json::Number(number) => {
                let key = Bound::Included(sort_key(number.as_f64().unwrap_or_default()));
                Values::Range {
                    kind: Kind::Number,
                    keys: (key, key),
                }
            }
            json => {
                let expected =
                    "a string, a number, true or false; {\"exists\": false} asks for no value";
                return Err(self.failed(json.to_string(), expected));
            }
        };
        Ok(field(name, values))
    }

    fn bound(&self, range: &mut Range, key: &str, json: &Json) -> Result<()> {
        let (kind, bound) = match json {
            Json::Number(number) => {
                let at = sort_key(number.as_f64().unwrap_or_default());
                let bound = match key {
                    "gte" | "lte" => Bound::Included(at),
                    _ => Bound::Excluded(at),
                };
                (Kind::Number, bound)
            }
            Json::String(text) => {
                let Some(date) = day_or_moment(text) else {
                    let expected = "a day such as \"2024-02-29\" or a timestamp such as \"2024-02-29T12:30:00Z\"";
                    return Err(self.failed(json.to_string(), expected));
                };
                (Kind::Date, date_bound(key, date))
            }
            json => return Err(self.failed(json.to_string(), "a number or a date")),
        };
        if range.kind.is_some_and(|other| other != kind) {
            let expected = "bounds of one kind, numbers or dates";
            return Err(self.failed(json.to_string(), expected));
        }
        range.kind = Some(kind);
        let side = match key {
            "gt" | "gte" => &mut range.low,
            _ => &mut range.high,
        };
        if *side != Bound::Unbounded {
            return Err(self.failed(json.to_string(), "one bound on each side"));
        }
        *side = bound;
        Ok(())
    }

    fn count(&mut self) -> Result<()> {
        self.n_tests += 1;
        if self.n_tests > MAX_TESTS {
            return Err(self.failed("one value more", "at most 1024 values in one filter"));
        }
        Ok(())
    }
}

struct Range {
    kind: Option<Kind>,
    low: Bound<u64>,
    high: Bound<u64>,
}

impl Default for Range {
    fn default() -> Self {
        Self {
            kind: None,
            low: Bound::Unbounded,
            high: Bound::Unbounded,
        }
    }
}

/// A day is meant whole: after it is after its end, and up to it reaches its end.
fn date_bound(key: &str, date: Date) -> Bound<u64> {
    match (key, date) {
        ("gte", date) => Bound::Included(date.start().key()),
        ("gt", date) => Bound::Excluded(date.last().key()),
        ("lte", date) => Bound::Included(date.last().key()),
        (_, date) => Bound::Excluded(date.start().key()),
    }
}

fn field(name: &str, values: Values) -> Test {
    Test::Field {
        name: name.to_owned(),
        values,
    }
}
