//! Blocks of `query_id:`, `title:` and `description:`, as CLEF's topics in Swahili and Somali are written down.

use crate::error::Result;
use crate::input::{Line, Rest};
use crate::language::Lang;

use super::{RawTopic, TopicChoice, TopicField};

/// A block as far as it was read.
struct Block<'a> {
    line: u64,
    /// Names, in small letters, and texts; a text may go on over lines.
    fields: Vec<(String, Vec<&'a str>)>,
}

/// The topics of a file.
pub(super) fn read(rest: &Rest, choice: &TopicChoice) -> Result<Vec<RawTopic>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for (text, number) in rest.text.lines().zip(rest.line_at(0).number..) {
        let text = text.trim();
        let line = Line {
            path: &rest.path,
            number,
            text,
        };
        match key(text) {
            Some(("query_id", id)) => blocks.push(Block {
                line: number,
                fields: vec![("query_id".into(), vec![id])],
            }),
            _ if text.is_empty() => {}
            found => {
                let Some(block) = blocks.last_mut() else {
                    return Err(line.malformed("query_id", text, "`query_id:` and an identifier"));
                };
                match (found, block.fields.last_mut()) {
                    (Some((name, text)), _) => block.fields.push((name.to_owned(), vec![text])),
                    (None, Some((_, last))) => last.push(text),
                    (None, None) => {}
                }
            }
        }
    }
    blocks
        .iter()
        .map(|block| topic(rest, block, choice))
        .collect()
}

/// The name before a colon, if it is one of a field, and what follows.
fn key(line: &str) -> Option<(&'static str, &str)> {
    let (name, text) = line.split_once(':')?;
    let known = ["query_id", "title", "description", "narrative"];
    let name = known
        .iter()
        .find(|known| known.eq_ignore_ascii_case(name.trim()))?;
    Some((name, text.trim()))
}

fn topic(rest: &Rest, block: &Block<'_>, choice: &TopicChoice) -> Result<RawTopic> {
    let line = Line {
        path: &rest.path,
        number: block.line,
        text: "",
    };
    let text = |wanted: &str| {
        let field = block.fields.iter().find(|(name, _)| name == wanted);
        field.map(|(_, texts)| texts.join(" ").trim().to_owned())
    };
    Ok(RawTopic {
        id: text("query_id").unwrap_or_default(),
        query: super::joined(line, choice, |field: TopicField| text(field.name()))?,
        lang: Lang::UNKNOWN,
        line: block.line,
    })
}
