//! JSON lines: `{"id", "title"?, "text", "lang"?, "meta"?}`, and what collections call these fields.
//!
//! Among them are BEIR's and MTEB's `_id`, MIRACL's, Mr.TyDi's and CIRAL's `docid`, and Anserini's `contents`, whose first
//! line is the title. HC4, NeuCLIR, HC3 and Patapsco have our names. Fields of other names are kept with the document's
//! `meta`.

use serde_json::{Map, Value};

use crate::document::{DocId, Document};
use crate::error::Result;
use crate::language::Lang;

use super::Line;

/// Names of the identifier, ours first.
const IDS: [&str; 5] = ["id", "_id", "docid", "doc_id", "docno"];

/// The document of a line of JSON.
///
/// # Errors
/// [`Error::Malformed`](crate::Error::Malformed), naming the field that is wrong.
pub fn read_document(line: Line<'_>) -> Result<Document> {
    let mut fields: Map<String, Value> = serde_json::from_str(line.text)
        .map_err(|_| line.malformed("line", line.text, "one JSON object"))?;
    let id = id(&mut fields, line)?;
    let lang = lang(&mut fields, line)?;
    let title = optional_string(&mut fields, "title", line)?;
    let (title, text) = match optional_string(&mut fields, "text", line)? {
        Some(text) => (title, text),
        None => contents(&mut fields, title, line)?,
    };
    let doc = Document {
        id,
        lang,
        title: title.unwrap_or_default(),
        text,
        meta: meta(fields, line)?,
    };
    checked_document(doc, line)
}

/// `doc`, which stands in `line`, if it can be indexed; a title without a text is the text.
///
/// # Errors
/// [`Error::Malformed`](crate::Error::Malformed), naming the field that is wrong.
pub fn checked_document(mut doc: Document, line: Line<'_>) -> Result<Document> {
    // Runs and qrels separate their columns by white space.
    if doc.id.0.is_empty() || doc.id.0.contains(char::is_whitespace) {
        return Err(line.malformed("id", &doc.id.0, "a string without white space"));
    }
    if doc.text.trim().is_empty() {
        if doc.title.trim().is_empty() {
            return Err(line.malformed("text", &doc.text, "a string that is not empty"));
        }
        doc.text = std::mem::take(&mut doc.title);
    }
    Ok(doc)
}

/// The language that a field of `line` names.
///
/// # Errors
/// [`Error::Malformed`](crate::Error::Malformed), naming the field.
pub fn read_language(code: &str, line: Line<'_>) -> Result<Lang> {
    code.parse()
        .map_err(|_| line.malformed("lang", code, "a language code such as `sw` or `zh-Hant`"))
}

fn id(fields: &mut Map<String, Value>, line: Line<'_>) -> Result<DocId> {
    let expected = "a string without white space";
    match IDS.iter().find_map(|name| fields.remove(*name)) {
        Some(Value::String(id)) => Ok(DocId(id)),
        Some(Value::Number(id)) if id.is_u64() => Ok(DocId(id.to_string())),
        Some(other) => Err(line.malformed("id", &other.to_string(), expected)),
        None => Err(line.malformed("id", "nothing", expected)),
    }
}

fn lang(fields: &mut Map<String, Value>, line: Line<'_>) -> Result<Lang> {
    match optional_string(fields, "lang", line)? {
        Some(code) => read_language(&code, line),
        None => Ok(Lang::UNKNOWN),
    }
}

/// Title and text of a record without `text`.
fn contents(
    fields: &mut Map<String, Value>,
    title: Option<String>,
    line: Line<'_>,
) -> Result<(Option<String>, String)> {
    let Some(contents) = optional_string(fields, "contents", line)? else {
        // Some records of BEIR's collections are no more than a title.
        if title.is_some() {
            return Ok((title, String::new()));
        }
        return Err(line.malformed("text", "nothing", "a string that is not empty"));
    };
    match contents.split_once('\n') {
        Some((first, rest)) if title.is_none() => Ok((Some(first.to_owned()), rest.to_owned())),
        _ => Ok((title, contents)),
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
        read_document(Line {
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
    fn every_dialect_is_read() {
        for (text, expected) in [
            (
                r#"{"docid":"7#0","title":"T","text":"x","url":"u"}"#,
                ["7#0", "T", "x"],
            ),
            (r#"{"id":"7","contents":"T\nx\ny"}"#, ["7", "T", "x\ny"]),
            (r#"{"id":"7","contents":"x"}"#, ["7", "", "x"]),
            (
                r#"{"id":"7","title":"T","contents":"x\ny"}"#,
                ["7", "T", "x\ny"],
            ),
            (
                r#"{"id":"7","cc_file":"f","time":"t","title":"T","text":"x","url":"u"}"#,
                ["7", "T", "x"],
            ),
            (
                r#"{"id":"7","lang":"eng","date":"2020-01-01","text":"x"}"#,
                ["7", "", "x"],
            ),
            (r#"{"_id":"7","title":"T","text":""}"#, ["7", "", "T"]),
            (r#"{"_id":"7","title":"T"}"#, ["7", "", "T"]),
        ] {
            let doc = read_text(text).unwrap();
            assert_eq!([doc.id.0, doc.title, doc.text], expected, "{text}");
        }
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
