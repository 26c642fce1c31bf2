//! Topics: the queries of a test collection.

use std::collections::HashSet;
use std::path::Path;

use serde_json::{Map, Value};

use crate::error::Result;
use crate::input::{Line, open_lines};
use crate::language::Lang;

/// An information need of a test collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// The collection's own identifier, as in qrels and runs.
    pub id: String,
    /// The words that are searched for; never empty.
    pub query: String,
    /// The language of the words, or [`Lang::UNKNOWN`] where the file does not say.
    pub lang: Lang,
}

/// The topics of a file, in its order.
///
/// A file whose first line opens a brace holds JSON lines, `{"id", "query", "lang"?}` or BEIR's `{"_id", "text"}`;
/// any other holds lines of identifier, tab, query. Blank lines are skipped.
///
/// # Errors
/// When the file cannot be read, a line is malformed, or an identifier comes twice.
pub fn read_topics(path: &Path) -> Result<Vec<Topic>> {
    let mut lines = open_lines(path)?;
    let mut parse: Option<fn(&Line) -> Result<Topic>> = None;
    let mut topics = Vec::new();
    let mut seen = HashSet::new();
    while let Some(line) = lines.next_line()? {
        let parse = *parse.get_or_insert(match line.text.trim_start().starts_with('{') {
            true => from_json,
            false => from_tsv,
        });
        let topic = parse(&line)?;
        if !seen.insert(topic.id.clone()) {
            return Err(line.malformed("id", &topic.id, "an identifier that no line above has"));
        }
        topics.push(topic);
    }
    Ok(topics)
}

fn from_json(line: &Line) -> Result<Topic> {
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
    topic(
        line,
        text_of(line, &record, ["id", "_id"])?,
        text_of(line, &record, ["query", "text"])?,
        lang,
    )
}

/// The first of the two fields that is there; numbers stand for the text they are written as.
fn text_of(line: &Line, record: &Map<String, Value>, names: [&'static str; 2]) -> Result<String> {
    match names.iter().find_map(|name| record.get(*name)) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(other) => Err(line.malformed(names[0], &other.to_string(), "a string")),
        None => Err(line.malformed(names[0], line.text, "an object with this field")),
    }
}

fn from_tsv(line: &Line) -> Result<Topic> {
    let (id, query) = line
        .text
        .split_once('\t')
        .ok_or_else(|| line.malformed("query", line.text, "an identifier, a tab and a query"))?;
    topic(line, id.to_owned(), query.to_owned(), Lang::UNKNOWN)
}

fn topic(line: &Line, id: String, query: String, lang: Lang) -> Result<Topic> {
    let (id, query) = (id.trim().to_owned(), query.trim().to_owned());
    if id.is_empty() || id.starts_with('#') || id.contains(char::is_whitespace) {
        return Err(line.malformed(
            "id",
            &id,
            "an identifier without white space or a leading `#`",
        ));
    }
    if query.is_empty() {
        return Err(line.malformed("query", &query, "some text"));
    }
    Ok(Topic { id, query, lang })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> Result<Vec<Topic>> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("topics");
        std::fs::write(&path, content).unwrap();
        read_topics(&path)
    }

    #[track_caller]
    fn check(content: &str, expected: &[(&str, &str, &str)]) {
        let topics = read(content).unwrap();
        let found: Vec<_> = topics
            .iter()
            .map(|topic| (topic.id.as_str(), topic.query.as_str(), topic.lang.code()))
            .collect();
        assert_eq!(found, expected, "{content}");
    }

    #[track_caller]
    fn check_error(content: &str, expected: &str) {
        let error = read(content).unwrap_err().to_string();
        assert!(error.contains(expected), "{content}: {error}");
    }

    #[test]
    fn json_lines_and_tsv_are_told_apart_by_their_content() {
        check("", &[]);
        check(
            r#"{"id": "1", "query": "maji safi", "lang": "swa"}"#,
            &[("1", "maji safi", "sw")],
        );
        check(
            "{\"_id\": 7, \"text\": \"a\"}\n\n{\"id\": \"8\", \"query\": \"b\", \"text\": \"long\", \"lang\": null}\n",
            &[("7", "a", "und"), ("8", "b", "und")],
        );
        check(
            "C141\tLetter bomb\r\nC142\tChristo\twraps \n",
            &[
                ("C141", "Letter bomb", "und"),
                ("C142", "Christo\twraps", "und"),
            ],
        );
    }

    #[test]
    fn a_bad_line_is_named_with_its_field() {
        check_error("1\ta\n\n1\tb\n", "topics:3: field `id`: got \"1\"");
        check_error("1 no tab\n", "topics:1: field `query`: got \"1 no tab\"");
        check_error("1\ta\n2\t  \n", "topics:2: field `query`: got \"\"");
        check_error("a b\tc\n", "topics:1: field `id`: got \"a b\"");
        check_error("#1\tc\n", "topics:1: field `id`: got \"#1\"");
        check_error("{\"id\": \"1\"}\n", "topics:1: field `query`");
        check_error(
            "{\"id\": [1], \"query\": \"a\"}\n",
            "topics:1: field `id`: got \"[1]\"",
        );
        check_error(
            "{\"id\": \"1\", \"query\": \"a\"}\nnot json\n",
            "topics:2: field `line`: got \"not json\"",
        );
        check_error(
            "{\"id\": \"1\", \"query\": \"a\", \"lang\": \"klingon\"}\n",
            "topics:1: field `lang`",
        );
    }
}
