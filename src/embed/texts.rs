//! Lines → texts: what `xenoglot embed` reads.

use serde::Deserialize;
use serde_json::value::RawValue;
use xenoglot_engine::input::{Line, Lines};
use xenoglot_engine::{DocId, Document, Lang, Meta, Result};

/// How texts are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// A text a line; a blank line is an empty text.
    Lines,
    /// A JSON object a line: a document or a topic. Blank lines are skipped.
    Json,
}

/// A text, and what the input calls it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) id: Option<String>,
    pub(super) text: String,
}

/// The texts of an input, in its order.
pub(super) struct Texts {
    lines: Lines,
    dialect: Dialect,
    /// Empty texts before the first line that was looked at.
    n_blank: u64,
    /// The first line that was looked at.
    first: Option<Text>,
}

impl Texts {
    /// The texts in `lines`.
    ///
    /// Without a dialect, the first line that is not blank decides: it is a JSON object with a string in `text` or
    /// `query`, or all lines are plain.
    ///
    /// # Errors
    /// When the lines up to there cannot be read.
    pub(super) fn new(lines: Lines, dialect: Option<Dialect>) -> Result<Self> {
        let Some(dialect) = dialect else {
            return Self::of_unknown_dialect(lines);
        };
        Ok(Self {
            lines,
            dialect,
            n_blank: 0,
            first: None,
        })
    }

    fn of_unknown_dialect(mut lines: Lines) -> Result<Self> {
        let mut n_blank = 0;
        let mut dialect = Dialect::Lines;
        let mut first = None;
        while let Some(line) = lines.next_line_or_blank()? {
            if is_blank(line) {
                n_blank += 1;
                continue;
            }
            if is_record(line) {
                (dialect, n_blank) = (Dialect::Json, 0);
            }
            first = Some(read(line, dialect)?);
            break;
        }
        Ok(Self {
            lines,
            dialect,
            n_blank,
            first,
        })
    }

    /// How they are written down.
    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The next text, or nothing at the end.
    ///
    /// # Errors
    /// When reading fails or a line is malformed.
    pub(super) fn next_text(&mut self) -> Result<Option<Text>> {
        if self.n_blank > 0 {
            self.n_blank -= 1;
            return Ok(Some(Text::default()));
        }
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let line = match self.dialect {
            Dialect::Lines => self.lines.next_line_or_blank()?,
            Dialect::Json => self.lines.next_line()?,
        };
        line.map(|line| read(line, self.dialect)).transpose()
    }
}

/// Blank lines are one thing, whatever white space they hold.
fn is_blank(line: Line<'_>) -> bool {
    line.text.trim_ascii().is_empty()
}

fn read(line: Line<'_>, dialect: Dialect) -> Result<Text> {
    match dialect {
        Dialect::Json => record(line),
        Dialect::Lines if is_blank(line) => Ok(Text::default()),
        Dialect::Lines => Ok(Text {
            id: None,
            text: line.text.to_owned(),
        }),
    }
}

/// What is read of a record, as it is spelt: a field that is no text is told from a line that is no JSON.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow, rename = "_id")]
    beir_id: Option<&'a RawValue>,
    #[serde(borrow)]
    title: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    query: Option<&'a RawValue>,
}

impl<'a> Fields<'a> {
    fn of(line: Line<'a>) -> Option<Self> {
        // An array would be taken for the fields in their order.
        let is_object = line.text.trim_ascii_start().starts_with('{');
        serde_json::from_str(line.text).ok().filter(|_| is_object)
    }
}

fn is_record(line: Line<'_>) -> bool {
    let is_string = |value: &RawValue| value.get().starts_with('"');
    Fields::of(line).is_some_and(|fields| {
        fields.text.is_some_and(is_string) || fields.query.is_some_and(is_string)
    })
}

fn record(line: Line<'_>) -> Result<Text> {
    let fields = Fields::of(line)
        .ok_or_else(|| line.malformed("line", line.text, "one JSON object, no field twice"))?;
    let text = match (fields.text, fields.query) {
        (Some(text), _) => document(line, fields.title, text)?.full_text(),
        (None, Some(query)) => string(line, "query", query)?,
        (None, None) => {
            return Err(line.malformed("text", "nothing", "a string, here or in `query`"));
        }
    };
    let id = fields.id.or(fields.beir_id);
    Ok(Text {
        id: id.map(|id| identifier(line, id)).transpose()?,
        text,
    })
}

/// As much of a document as an encoder sees.
fn document(line: Line<'_>, title: Option<&RawValue>, text: &RawValue) -> Result<Document> {
    let title = title
        .map(|title| string(line, "title", title))
        .transpose()?;
    Ok(Document {
        id: DocId(String::new()),
        lang: Lang::UNKNOWN,
        title: title.unwrap_or_default(),
        text: string(line, "text", text)?,
        meta: Meta::new(),
    })
}

fn identifier(line: Line<'_>, id: &RawValue) -> Result<String> {
    match id.get().as_bytes() {
        [b'"', ..] => string(line, "id", id),
        [b'-' | b'0'..=b'9', ..] => Ok(id.get().to_owned()),
        _ => Err(line.malformed("id", id.get(), "a string or a number")),
    }
}

fn string(line: Line<'_>, field: &'static str, value: &RawValue) -> Result<String> {
    let spelt = value.get();
    serde_json::from_str(spelt).map_err(|_| {
        // JSON lets a string hold half a pair, as `\ud800` is; Unicode text cannot.
        match spelt.strip_prefix('"') {
            Some(rest) => line.malformed(
                field,
                rest.strip_suffix('"').unwrap_or(rest),
                "a string without lone surrogates",
            ),
            None => line.malformed(field, spelt, "a string"),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use xenoglot_engine::input::read_lines;

    use super::*;

    fn texts(input: &str, dialect: Option<Dialect>) -> Result<(Dialect, Vec<Text>)> {
        let lines = read_lines(Path::new("in"), std::io::Cursor::new(input.to_owned()))?;
        let mut texts = Texts::new(lines, dialect)?;
        let mut all = Vec::new();
        while let Some(text) = texts.next_text()? {
            all.push(text);
        }
        Ok((texts.dialect(), all))
    }

    #[track_caller]
    fn check(input: &str, dialect: Dialect, expected: &[(Option<&str>, &str)]) {
        // What is found out is what one may say.
        for asked in [None, Some(dialect)] {
            let (found, texts) = texts(input, asked).unwrap();
            let texts: Vec<_> = texts
                .iter()
                .map(|text| (text.id.as_deref(), text.text.as_str()))
                .collect();
            assert_eq!((found, &texts[..]), (dialect, expected), "{input:?}");
        }
    }

    #[track_caller]
    fn check_refused(input: &str, complaint: &str) {
        let error = texts(input, Some(Dialect::Json)).unwrap_err().to_string();
        assert_eq!(error, format!("in:{complaint}"), "{input}");
    }

    #[test]
    fn every_plain_line_is_a_text() {
        check("", Dialect::Lines, &[]);
        check("\n", Dialect::Lines, &[(None, "")]);
        check(
            "\n \n a b \r\n\nc",
            Dialect::Lines,
            &[
                (None, ""),
                (None, ""),
                (None, " a b "),
                (None, ""),
                (None, "c"),
            ],
        );
    }

    #[test]
    fn documents_and_topics_are_json_lines() {
        check(
            "\n{\"id\":\"a\",\"title\":\"T\",\"text\":\"x\",\"lang\":\"tlh\"}\n\n{\"_id\":7,\"query\":\"q\"}\r\n{\"text\":\"\"}\n",
            Dialect::Json,
            &[(Some("a"), "T\nx"), (Some("7"), "q"), (None, "")],
        );
        check(
            r#" {"query":"q","title":"T","id":null}"#,
            Dialect::Json,
            &[(None, "q")],
        );
        check(
            r#"{"text":"\ud83c\udf0d","query":"q","meta":"\ud800"}"#,
            Dialect::Json,
            &[(None, "🌍")],
        );
    }

    #[test]
    fn what_is_no_record_at_first_is_plain() {
        for line in [
            r#"{"id":"a"}"#,
            r#"{"text":7}"#,
            r#"["a","b","c","d","e"]"#,
            r#"{"text":"x""#,
            "a",
        ] {
            check(
                &format!("\n{line}\n{{\"text\":\"x\"}}"),
                Dialect::Lines,
                &[(None, ""), (None, line), (None, r#"{"text":"x"}"#)],
            );
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let object = "one JSON object, no field twice";
        check_refused(
            "{\"text\":\"x\"}\n\nplain",
            &format!(r#"3: field `line`: got "plain", expected {object}"#),
        );
        check_refused(
            "[1]",
            &format!(r#"1: field `line`: got "[1]", expected {object}"#),
        );
        check_refused(
            r#"{"text":"x","text":"y"}"#,
            &format!(
                r#"1: field `line`: got "{{\"text\":\"x\",\"text\":\"y\"}}", expected {object}"#
            ),
        );
        check_refused(
            r#"{"id":"a","text":null}"#,
            r#"1: field `text`: got "nothing", expected a string, here or in `query`"#,
        );
        check_refused(
            r#"{"text":3}"#,
            r#"1: field `text`: got "3", expected a string"#,
        );
        check_refused(
            r#"{"text":"x","title":[]}"#,
            r#"1: field `title`: got "[]", expected a string"#,
        );
        check_refused(
            r#"{"text":"x","id":{}}"#,
            r#"1: field `id`: got "{}", expected a string or a number"#,
        );
    }

    #[test]
    fn half_a_surrogate_pair_is_named_with_its_field() {
        for half in [r"\ud800", r"a\udc00", r"\ud83cx", r"\ud83c\ud83c"] {
            let got = format!("{half:?}");
            for field in ["text", "query", "title", "id"] {
                let rest = if field == "title" || field == "id" {
                    r#","text":"x""#
                } else {
                    ""
                };
                check_refused(
                    &format!(r#"{{"{field}":"{half}"{rest}}}"#),
                    &format!(
                        "1: field `{field}`: got {got}, expected a string without lone surrogates"
                    ),
                );
            }
        }
    }
}
