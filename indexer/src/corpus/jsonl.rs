//! JSON lines: `{"id", "title"?, "text", "lang"?, "meta"?}`, and BEIR's `_id` and `metadata`.
//!
//! Fields of other names are kept with the document's `meta`.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};
use xenoglot_engine::input::{Line, Lines};
use xenoglot_engine::{DocId, Document, Lang, Result};

use super::Record;

/// The records of a file, one a line.
pub(super) fn records(mut lines: Lines, path: PathBuf) -> impl Iterator<Item = Result<Record>> {
    let path = Arc::from(path);
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let record = match lines.next_line() {
            Ok(None) => return None,
            Ok(Some(line)) => {
                let number = line.number;
                read(line).map(|doc| Record {
                    doc,
                    path: Arc::clone(&path),
                    line: number,
                })
            }
            Err(error) => {
                // Text that is not UTF-8 spoils its line alone; a file that cannot be read is at its end.
                ended = !matches!(error, xenoglot_engine::Error::Malformed { .. });
                Err(error)
            }
        };
        Some(record)
    })
}

fn read(line: Line<'_>) -> Result<Document> {
    let mut fields: Map<String, Value> = serde_json::from_str(line.text)
        .map_err(|_| line.malformed("line", line.text, "one JSON object"))?;
    Ok(Document {
        id: id(&mut fields, line)?,
        lang: lang(&mut fields, line)?,
        title: optional_string(&mut fields, "title", line)?.unwrap_or_default(),
        text: text(&mut fields, line)?,
        meta: meta(fields, line)?,
    })
}

fn id(fields: &mut Map<String, Value>, line: Line<'_>) -> Result<DocId> {
    let expected = "a string without white space";
    let id = match fields.remove("id").or_else(|| fields.remove("_id")) {
        Some(Value::String(id)) => id,
        Some(Value::Number(id)) if id.is_u64() => id.to_string(),
        Some(other) => return Err(line.malformed("id", &other.to_string(), expected)),
        None => return Err(line.malformed("id", "nothing", expected)),
    };
    // Runs and qrels separate their columns by white space.
    if id.is_empty() || id.contains(char::is_whitespace) {
        return Err(line.malformed("id", &id, expected));
    }
    Ok(DocId(id))
}

fn lang(fields: &mut Map<String, Value>, line: Line<'_>) -> Result<Lang> {
    let Some(code) = optional_string(fields, "lang", line)? else {
        return Ok(Lang::UNKNOWN);
    };
    code.parse()
        .map_err(|_| line.malformed("lang", &code, "a language code such as `sw` or `zh-Hant`"))
}

fn text(fields: &mut Map<String, Value>, line: Line<'_>) -> Result<String> {
    let expected = "a string that is not empty";
    match optional_string(fields, "text", line)? {
        Some(text) if !text.trim().is_empty() => Ok(text),
        Some(text) => Err(line.malformed("text", &text, expected)),
        None => Err(line.malformed("text", "nothing", expected)),
    }
}

fn meta(mut fields: Map<String, Value>, line: Line<'_>) -> Result<Map<String, Value>> {
    let mut meta = match fields.remove("meta").or_else(|| fields.remove("metadata")) {
        Some(Value::Object(meta)) => meta,
        None | Some(Value::Null) => Map::new(),
        Some(other) => return Err(line.malformed("meta", &other.to_string(), "an object")),
    };
    meta.extend(fields);
    Ok(meta)
}

fn optional_string(
    fields: &mut Map<String, Value>,
    name: &'static str,
    line: Line<'_>,
) -> Result<Option<String>> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(line.malformed(name, &other.to_string(), "a string")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read_text(text: &str) -> Result<Document> {
        read(Line {
            path: Path::new("corpus.jsonl"),
            number: 7,
            text,
        })
    }

    #[track_caller]
    fn check_refused(text: &str, complaint: &str) {
        let error = read_text(text).unwrap_err().to_string();
        assert_eq!(error, format!("corpus.jsonl:7: {complaint}"), "{text}");
    }

    #[test]
    fn our_fields_and_beirs_are_read() {
        let ours =
            read_text(r#"{"id":"a","title":"T","text":"x","lang":"swa","meta":{"year":1999}}"#)
                .unwrap();
        let beir = read_text(
            r#"{"_id":"a","title":"T","text":"x","lang":"sw","metadata":{},"year":1999}"#,
        )
        .unwrap();
        assert_eq!(ours, beir);
        assert_eq!(ours.meta["year"], 1999);
        let least = read_text(r#"{"id":12,"text":"x","title":null}"#).unwrap();
        assert_eq!(
            (least.id, least.lang, least.title),
            ("12".into(), Lang::UNKNOWN, String::new())
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let id = "a string without white space";
        check_refused(
            "{\"id\":",
            r#"field `line`: got "{\"id\":", expected one JSON object"#,
        );
        check_refused(
            "[1]",
            r#"field `line`: got "[1]", expected one JSON object"#,
        );
        check_refused(
            r#"{"text":"x"}"#,
            &format!(r#"field `id`: got "nothing", expected {id}"#),
        );
        check_refused(
            r#"{"id":"a b","text":"x"}"#,
            &format!(r#"field `id`: got "a b", expected {id}"#),
        );
        check_refused(
            r#"{"id":"a"}"#,
            r#"field `text`: got "nothing", expected a string that is not empty"#,
        );
        check_refused(
            r#"{"id":"a","text":" "}"#,
            r#"field `text`: got " ", expected a string that is not empty"#,
        );
        check_refused(
            r#"{"id":"a","text":3}"#,
            r#"field `text`: got "3", expected a string"#,
        );
        check_refused(
            r#"{"id":"a","text":"x","lang":"english"}"#,
            r#"field `lang`: got "english", expected a language code such as `sw` or `zh-Hant`"#,
        );
        check_refused(
            r#"{"id":"a","text":"x","meta":[]}"#,
            r#"field `meta`: got "[]", expected an object"#,
        );
    }
}
