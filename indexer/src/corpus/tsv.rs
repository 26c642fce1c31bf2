//! Lines of columns with tabs between them.
//!
//! A first line that begins with `id` names the columns. Without one, two columns are identifier and text, as in MS
//! MARCO's and mMARCO's passages, three are identifier, title and text, and four MS MARCO's identifier, address, title
//! and text.

use xenoglot_engine::input::{Line, checked_document, read_language, unquoted};
use xenoglot_engine::{Document, Lang, Meta, Result};

/// What the columns of a file are called, once its first line was read.
#[derive(Default)]
pub(super) struct Columns(Option<Vec<String>>);

impl Columns {
    /// The document of a line; none where it is the header.
    pub(super) fn read(&mut self, line: Line<'_>) -> Result<Option<Document>> {
        let fields: Vec<&str> = line.text.split('\t').collect();
        let is_first = self.0.is_none();
        let names = match &mut self.0 {
            Some(names) => names,
            empty => empty.insert(names(&fields)),
        };
        if is_first && fields[0] == names[0] {
            return Ok(None);
        }
        if names.len() < 2 || fields.len() != names.len() {
            let expected = match names.len() {
                3 => "three columns with tabs between them, as in the first line",
                4 => "four columns with tabs between them, as in the first line",
                _ => "an identifier, a tab and a text",
            };
            return Err(line.malformed("line", line.text, expected));
        }
        document(line, names, &fields).map(Some)
    }
}

fn names(first: &[&str]) -> Vec<String> {
    let names: &[&str] = match first.len() {
        _ if first[0] == "id" => first,
        3 => &["id", "title", "text"],
        4 => &["id", "url", "title", "text"],
        _ => &["id", "text"],
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn document(line: Line<'_>, names: &[String], fields: &[&str]) -> Result<Document> {
    let mut doc = Document {
        id: "".into(),
        lang: Lang::UNKNOWN,
        title: String::new(),
        text: String::new(),
        meta: Meta::new(),
    };
    for (name, field) in names.iter().zip(fields) {
        let field = unquoted(field.trim()).into_owned();
        match name.as_str() {
            "id" => doc.id.0 = field,
            "title" => doc.title = field,
            "text" => doc.text = field,
            "lang" => doc.lang = read_language(&field, line)?,
            _ => drop(doc.meta.insert(name.clone(), field.into())),
        }
    }
    checked_document(doc, line)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read(text: &str) -> Vec<Result<Document>> {
        let mut columns = Columns::default();
        let lines = text.lines().zip(1..);
        let path = Path::new("corpus.tsv");
        lines
            .filter_map(|(text, number)| columns.read(Line { path, number, text }).transpose())
            .collect()
    }

    #[track_caller]
    fn check(text: &str, expected: [&str; 3]) {
        let doc = read(text).pop().unwrap().unwrap();
        assert_eq!([doc.id.0, doc.title, doc.text], expected, "{text}");
    }

    #[track_caller]
    fn check_refused(text: &str, expected: &str) {
        let error = read(text).pop().unwrap().unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }

    #[test]
    fn columns_are_named_or_known_by_their_number() {
        check("7\tsome text", ["7", "", "some text"]);
        check("7\ttitle\tsome text", ["7", "title", "some text"]);
        check(
            "D7\thttps://a.b\ttitle\tsome text",
            ["D7", "title", "some text"],
        );
        check(
            "id\ttext\ttitle\n1\t\"a \"\"b\"\"\"\tt",
            ["1", "t", "a \"b\""],
        );
        check("1\ttitle alone\t", ["1", "", "title alone"]);
    }

    #[test]
    fn a_bad_line_is_named_with_its_field() {
        check_refused(
            "1\ta\n2\n",
            "corpus.tsv:2: field `line`: got \"2\", expected an identifier, a tab",
        );
        check_refused(
            "1\ta\tb\n2\tb",
            "corpus.tsv:2: field `line`: got \"2\\tb\", expected three columns",
        );
        check_refused("1 2\ta", "corpus.tsv:1: field `id`: got \"1 2\"");
        check_refused("1\t ", "corpus.tsv:1: field `text`: got \"\"");
        check_refused(
            "id\ttext\tlang\n1\ta\tklingon",
            "corpus.tsv:2: field `lang`",
        );
    }
}
