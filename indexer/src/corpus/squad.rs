//! SQuAD's nested JSON, by paragraph or by sentence.
//!
//! Identifiers count paragraphs and sentences from 0 and end with the file's name, `p012s03@en` in `en.json`: LAReQA has
//! the same file in eleven languages, and their lines up with each other.

use std::path::Path;
use std::sync::Arc;

use xenoglot_engine::input::{Line, Lines, checked_document};
use xenoglot_engine::squad::{Paragraph, read_squad};
use xenoglot_engine::{DocId, Document, Lang, Meta, Result};

use super::Record;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Paragraph,
    Sentence,
}

/// The records of a file.
pub(super) fn records(
    lines: Lines,
    path: Arc<Path>,
    unit: Unit,
) -> Result<impl Iterator<Item = Result<Record>>> {
    let rest = lines.rest()?;
    let squad = read_squad(&rest)?;
    let first_line = rest.line_at(0).number;
    let file = path.file_stem().unwrap_or_default().to_string_lossy();
    // `en.json`, and `en.json.gz` too.
    let file = file.split('.').next().unwrap_or_default().to_owned();
    let paragraphs = squad.data.into_iter().flat_map(|article| {
        let paragraphs = article.paragraphs.into_iter();
        paragraphs.map(move |paragraph| (article.title.clone(), paragraph))
    });
    let path_of_error = Arc::clone(&path);
    let docs = paragraphs
        .zip(0..)
        .flat_map(move |((title, paragraph), n)| {
            let doc = |(part, text): (String, String)| {
                let doc = Document {
                    id: DocId(format!("p{n:03}{part}@{file}")),
                    lang: file.parse().unwrap_or(Lang::UNKNOWN),
                    title: title.clone(),
                    text,
                    meta: Meta::new(),
                };
                checked_document(doc, line(&path_of_error, first_line))
            };
            match texts(paragraph, unit) {
                Some(texts) => texts.into_iter().map(doc).collect(),
                None => {
                    let id = format!("nothing in paragraph {n}");
                    let expected = "sentences; read the file as `squad`, by paragraph";
                    let error =
                        line(&path_of_error, first_line).malformed("sentences", &id, expected);
                    vec![Err(error)]
                }
            }
        });
    Ok(docs.map(move |doc| {
        Ok(Record {
            doc: doc?,
            path: Arc::clone(&path),
            line: first_line,
        })
    }))
}

fn line(path: &Path, number: u64) -> Line<'_> {
    let text = "";
    Line { path, number, text }
}

/// The texts of a paragraph, each with its part of the identifier; none where the file has no sentences.
fn texts(paragraph: Paragraph, unit: Unit) -> Option<Vec<(String, String)>> {
    match unit {
        Unit::Paragraph => Some(vec![(String::new(), paragraph.context)]),
        Unit::Sentence if paragraph.sentences.is_empty() => None,
        Unit::Sentence => Some(
            paragraph
                .sentences
                .into_iter()
                .zip(0..)
                .map(|(text, n)| (format!("s{n:02}"), text))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xenoglot_engine::input::read_lines;

    const FILE: &str = r#"{"data": [{"title": "Tides", "paragraphs": [
        {"context": "One. Two.", "sentences": ["One.", "Two."], "sentence_breaks": [[0, 4], [5, 9]], "qas": []},
        {"context": "Three.", "sentences": ["Three."], "qas": [{"id": "q", "question": "?", "answers": []}]}]}]}"#;

    #[track_caller]
    fn check(unit: Unit, expected: &[(&str, &str)]) {
        let path = Path::new("sw.json.gz");
        let lines = read_lines(Path::new("-"), FILE.as_bytes()).unwrap();
        let docs = records(lines, path.into(), unit).unwrap();
        let docs: Vec<_> = docs.map(|record| record.unwrap().doc).collect();
        let found: Vec<_> = docs
            .iter()
            .map(|doc| (doc.id.0.as_str(), doc.text.as_str()))
            .collect();
        assert_eq!(found, expected);
        assert!(
            docs.iter()
                .all(|doc| doc.title == "Tides" && doc.lang.code() == "sw")
        );
    }

    #[test]
    fn paragraphs_and_sentences_are_documents() {
        check(
            Unit::Paragraph,
            &[("p000@sw", "One. Two."), ("p001@sw", "Three.")],
        );
        check(
            Unit::Sentence,
            &[
                ("p000s00@sw", "One."),
                ("p000s01@sw", "Two."),
                ("p001s00@sw", "Three."),
            ],
        );
    }

    #[test]
    fn a_file_without_sentences_says_so() {
        let file = r#"{"data": [{"paragraphs": [{"context": "One."}]}]}"#;
        let lines = read_lines(Path::new("-"), file.as_bytes()).unwrap();
        let mut docs = records(lines, Path::new("sw.json").into(), Unit::Sentence).unwrap();
        let error = docs.next().unwrap().unwrap_err().to_string();
        assert!(error.starts_with("sw.json:1: field `sentences`"), "{error}");
    }
}
