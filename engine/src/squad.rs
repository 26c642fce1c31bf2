//! SQuAD's JSON, and what others put into it: articles, their paragraphs, and questions that a paragraph answers.
//!
//! XQuAD-R and MLQA-R, LAReQA's collections, also cut each paragraph into sentences.

use serde::Deserialize;

use crate::error::Result;
use crate::input::{Line, Rest};

/// All of a file.
#[derive(Debug, Deserialize)]
pub struct Squad {
    /// The articles.
    pub data: Vec<Article>,
}

/// What stands under one title.
#[derive(Debug, Deserialize)]
pub struct Article {
    /// May be empty.
    #[serde(default)]
    pub title: String,
    /// In the order of the article.
    pub paragraphs: Vec<Paragraph>,
}

/// A paragraph and what was asked of it.
#[derive(Debug, Deserialize)]
pub struct Paragraph {
    /// The text.
    pub context: String,
    /// The same in sentences, where the file has them.
    #[serde(default)]
    pub sentences: Vec<String>,
    /// What was asked.
    #[serde(default, rename = "qas")]
    pub questions: Vec<Question>,
}

/// A question.
#[derive(Debug, Deserialize)]
pub struct Question {
    /// Its own, which translations of it share.
    pub id: String,
    /// The words.
    #[serde(rename = "question")]
    pub text: String,
}

/// Whether `line` begins such a file: an object in a line of its own, or one whose first field is SQuAD's.
pub fn begins(line: &[u8]) -> bool {
    let Some(inner) = line.trim_ascii().strip_prefix(b"{") else {
        return false;
    };
    let inner = inner.trim_ascii_start();
    let versioned = || {
        let start = &inner[..inner.len().min(200)];
        start.starts_with(b"\"version\"") && start.windows(6).any(|word| word == b"\"data\"")
    };
    inner.is_empty() || inner.starts_with(b"\"data\"") || versioned()
}

/// The file that `rest` is the whole of.
///
/// # Errors
/// When it is not SQuAD's JSON; the line is that of the mistake.
pub fn read_squad(rest: &Rest) -> Result<Squad> {
    serde_json::from_str(&rest.text).map_err(|error| {
        let line = Line {
            number: rest.line_at(0).number + (error.line() as u64).saturating_sub(1),
            ..rest.line_at(0)
        };
        line.malformed(
            "data",
            &error.to_string(),
            "SQuAD's `data`, `paragraphs` and `context`",
        )
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::input::read_lines;

    fn read(text: &'static str) -> Result<Squad> {
        read_squad(&read_lines(Path::new("en.json"), text.as_bytes())?.rest()?)
    }

    #[test]
    fn a_file_is_known_by_its_first_line() {
        for (line, expected) in [
            (r#"{"data": [{"title""#, true),
            (" {\n", true),
            (r#"{"version": "v2.0", "data": ["#, true),
            (r#"{"version": 2, "id": "a", "text": "b"}"#, false),
            (r#"{"id": "a", "text": "b"}"#, false),
            ("[", false),
        ] {
            assert_eq!(begins(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        let squad = read("{\"data\": [{\"paragraphs\": [{\"context\": \"a\"}]}]}").unwrap();
        assert_eq!(squad.data[0].paragraphs[0].context, "a");
        let error = read("\n{\"data\":\n [{\"paragraphs\": [{}]}]}")
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("en.json:3: field `data`: got \"missing field `context`"),
            "{error}"
        );
    }
}
