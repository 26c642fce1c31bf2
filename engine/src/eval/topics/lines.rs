//! One topic a line: our JSON and BEIR's, and identifier, tab, query.

use serde_json::{Map, Value};

use crate::error::Result;
use crate::input::{Line, unquoted};
use crate::language::Lang;

use super::{RawTopic, TopicChoice, TopicField};

/// The topic of `{"id", "query", "lang"?}`, of BEIR's `{"_id", "text"}`, or of one with the fields of a topic.
pub(super) fn from_json(line: Line<'_>, choice: &TopicChoice) -> Result<RawTopic> {
    let record: Map<String, Value> = serde_json::from_str(line.text)
        .map_err(|_| line.malformed("line", line.text, "one JSON object"))?;
    let lang = match record.get("lang") {
        None | Some(Value::Null) => Lang::UNKNOWN,
        Some(code) => code
            .as_str()
            .and_then(|code| code.parse().ok())
            .ok_or_else(|| {
                line.malformed(
                    "lang",
                    &code.to_string(),
                    "a language code such as `sw` or `zh-Hant`",
                )
            })?,
    };
    Ok(RawTopic {
        id: text_of(line, &record, &["id", "_id"])?,
        query: query(line, &record, choice)?,
        lang,
        line: line.number,
    })
}

fn query(line: Line<'_>, record: &Map<String, Value>, choice: &TopicChoice) -> Result<String> {
    let title_alone = choice.fields == [TopicField::Title];
    let fields = ["title", "description", "narrative"];
    let has_query = ["query", "text"]
        .iter()
        .any(|name| record.contains_key(*name));
    if title_alone && (has_query || !record.contains_key("title")) {
        return text_of(line, record, &["query", "text"]);
    }
    if !fields.iter().any(|name| record.contains_key(*name)) {
        return Err(line.malformed(
            choice.fields[0].name(),
            line.text,
            "an object with this field",
        ));
    }
    super::joined(line, choice, |field| {
        record
            .get(field.name())
            .and_then(Value::as_str)
            .map(str::to_owned)
    })
}

/// The first of the fields that holds something; numbers stand for the text they are written as.
fn text_of(line: Line<'_>, record: &Map<String, Value>, names: &[&'static str]) -> Result<String> {
    let found = || names.iter().filter_map(|name| record.get(*name));
    // Patapsco's queries may have an empty `query` beside their `text`.
    let is_empty = |value: &&Value| value.as_str().is_some_and(str::is_empty);
    match found().find(|value| !is_empty(value)).or(found().next()) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(other) => Err(line.malformed(names[0], &other.to_string(), "a string")),
        None => Err(line.malformed(names[0], line.text, "an object with this field")),
    }
}

/// The topic of identifier, tab, query.
pub(super) fn from_tsv(line: Line<'_>) -> Result<RawTopic> {
    let (id, query) = line
        .text
        .split_once('\t')
        .ok_or_else(|| line.malformed("query", line.text, "an identifier, a tab and a query"))?;
    Ok(RawTopic {
        id: id.to_owned(),
        query: unquoted(query.trim()).into_owned(),
        lang: Lang::UNKNOWN,
        line: line.number,
    })
}
