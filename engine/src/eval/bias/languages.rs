//! Which document is in which language.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Map, Value};

use crate::document::DocId;
use crate::error::Result;
use crate::input::{Line, open_lines};
use crate::language::Lang;

/// The languages of documents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Languages(HashMap<DocId, Lang>);

impl Languages {
    /// The language of `doc`, or [`Lang::UNKNOWN`].
    pub fn of(&self, doc: &DocId) -> Lang {
        self.0.get(doc).copied().unwrap_or(Lang::UNKNOWN)
    }

    /// Says which language `doc` is in, whatever was said before.
    pub fn insert(&mut self, doc: DocId, lang: Lang) {
        self.0.insert(doc, lang);
    }

    /// Takes in all that `others` know.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Whether no document's language is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The languages of all documents that are known, in no particular order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&DocId, Lang)> {
        self.0.iter().map(|(doc, lang)| (doc, *lang))
    }
}

/// The languages in a file: lines of document, tab, language, or a corpus in JSON lines with `id` (or `_id`, `docid`)
/// and `lang`.
///
/// # Errors
/// When the file cannot be read or a line is malformed.
pub fn read_languages(path: &Path) -> Result<Languages> {
    let mut lines = open_lines(path)?;
    let mut languages = Languages::default();
    while let Some(line) = lines.next_line()? {
        let (doc, lang) = match line.text.trim_start().starts_with('{') {
            true => from_json(&line)?,
            false => from_tsv(&line)?,
        };
        languages.insert(doc, lang);
    }
    Ok(languages)
}

fn from_json(line: &Line) -> Result<(DocId, Lang)> {
    let record: Map<String, Value> = serde_json::from_str(line.text)
        .map_err(|_| line.malformed("line", line.text, "one JSON object"))?;
    let id = ["id", "_id", "docid"]
        .into_iter()
        .find_map(|key| record.get(key));
    let id = match id {
        Some(Value::String(id)) if !id.is_empty() => DocId(id.clone()),
        Some(Value::Number(id)) => DocId(id.to_string()),
        _ => return Err(line.malformed("id", line.text, "an identifier")),
    };
    let lang = record
        .get("lang")
        .and_then(Value::as_str)
        .unwrap_or_default();
    Ok((id, parse(line, lang)?))
}

fn from_tsv(line: &Line) -> Result<(DocId, Lang)> {
    match line.text.split_once('\t') {
        Some((doc, lang)) if !doc.is_empty() => Ok((doc.into(), parse(line, lang)?)),
        _ => Err(line.malformed(
            "line",
            line.text,
            "a document and its language, with a tab between",
        )),
    }
}

fn parse(line: &Line, lang: &str) -> Result<Lang> {
    let parsed = lang.parse();
    parsed.map_err(|_| line.malformed("lang", lang, "a language code, such as `sw` or `swa`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> Result<Languages> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("languages");
        std::fs::write(&path, content).unwrap();
        read_languages(&path)
    }

    #[track_caller]
    fn check(content: &str, doc: &str, expected: &str) {
        let languages = read(content).unwrap();
        assert_eq!(languages.of(&doc.into()).to_string(), expected, "{content}");
    }

    #[track_caller]
    fn check_error(content: &str, expected: &str) {
        let error = read(content).unwrap_err().to_string();
        assert!(error.contains(expected), "{content}: {error}");
    }

    #[test]
    fn languages_are_read_from_columns_and_from_corpora() {
        check("a\tswa\nb c\tzh\n", "a", "sw");
        check("a\tswa\nb c\tzh\n", "b c", "zh");
        check(
            "{\"_id\":\"a\",\"lang\":\"rus\",\"text\":\"…\"}\n",
            "a",
            "ru",
        );
        check("{\"docid\":7,\"lang\":\"ru\"}\n", "7", "ru");
        check("a\tsw\n", "b", &Lang::UNKNOWN.to_string());
    }

    #[test]
    fn a_bad_line_is_named_with_its_field() {
        check_error("a\tsw\nb\n", "languages:2: field `line`");
        check_error("a\tnine\n", "languages:1: field `lang`: got \"nine\"");
        check_error("{\"id\":\"a\"}\n", "languages:1: field `lang`");
        check_error("{\"lang\":\"sw\"}\n", "languages:1: field `id`");
    }
}
