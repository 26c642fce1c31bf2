//! Topics: the queries of a test collection, one file per format.

mod blocks;
mod choice;
mod hc4;
mod lines;
mod trec;

use std::collections::HashSet;
use std::path::Path;

use crate::error::Result;
use crate::input::{Line, Lines, Rest, open_lines};
use crate::language::Lang;
use crate::squad::read_squad;

pub use choice::{TopicChoice, TopicField, TopicFormat};

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

/// A topic as it stands, and where.
struct RawTopic {
    id: String,
    query: String,
    lang: Lang,
    line: u64,
}

/// The topics of a file, in its order: their titles, in English where there are several languages.
///
/// The first line shows the format. Blank lines are skipped.
///
/// # Errors
/// When the file cannot be read, a topic is malformed, or an identifier comes twice.
pub fn read_topics(path: &Path) -> Result<Vec<Topic>> {
    read_topics_as(path, &TopicChoice::default())
}

/// The topics of a file, in its order, and of each what was chosen.
///
/// # Errors
/// Those of [`read_topics`], and when the file has not what was chosen.
pub fn read_topics_as(path: &Path, choice: &TopicChoice) -> Result<Vec<Topic>> {
    let mut lines = open_lines(path)?;
    let Some(first) = lines.peek()? else {
        return Ok(Vec::new());
    };
    let format = choice.format.unwrap_or(TopicFormat::of_first_line(first));
    choice.check(format)?;
    let raw = match format {
        TopicFormat::Jsonl => by_line(lines, |line| lines::from_json(line, choice).map(Some)),
        TopicFormat::Tsv => by_line(lines, |line| lines::from_tsv(line).map(Some)),
        TopicFormat::Hc4 => by_line(lines, |line| hc4::read(line, choice)),
        TopicFormat::Trec => trec::read(&lines.rest()?, choice),
        TopicFormat::Blocks => blocks::read(&lines.rest()?, choice),
        TopicFormat::Squad => questions(&lines.rest()?),
    }?;
    let mut seen = HashSet::new();
    let finished = raw.into_iter().map(|raw| {
        let line = Line {
            path,
            number: raw.line,
            text: "",
        };
        let topic = finished(raw, choice, line)?;
        if !seen.insert(topic.id.clone()) {
            return Err(line.malformed("id", &topic.id, "an identifier that no line above has"));
        }
        Ok(topic)
    });
    finished.collect()
}

fn by_line(
    mut lines: Lines,
    read: impl Fn(Line<'_>) -> Result<Option<RawTopic>>,
) -> Result<Vec<RawTopic>> {
    let mut topics = Vec::new();
    while let Some(line) = lines.next_line()? {
        topics.extend(read(line)?);
    }
    Ok(topics)
}

fn questions(rest: &Rest) -> Result<Vec<RawTopic>> {
    let lang = rest.path.file_stem().and_then(|file| file.to_str());
    let lang = lang.and_then(|file| file.split('.').next()?.parse().ok());
    let articles = read_squad(rest)?.data.into_iter();
    let paragraphs = articles.flat_map(|article| article.paragraphs);
    let questions = paragraphs.flat_map(|paragraph| paragraph.questions);
    let topics = questions.map(|question| RawTopic {
        id: question.id,
        query: question.text,
        lang: lang.unwrap_or(Lang::UNKNOWN),
        line: rest.line_at(0).number,
    });
    Ok(topics.collect())
}

/// The chosen fields of a topic, each of which has to be there, as one query.
fn joined(
    line: Line<'_>,
    choice: &TopicChoice,
    text: impl Fn(TopicField) -> Option<String>,
) -> Result<String> {
    let field = |field: &TopicField| {
        let found = text(*field).filter(|text| !text.trim().is_empty());
        found.ok_or_else(|| line.malformed(field.name(), "nothing", "some text"))
    };
    let fields: Result<Vec<String>> = choice.fields.iter().map(field).collect();
    Ok(fields?.join(" "))
}

fn finished(raw: RawTopic, choice: &TopicChoice, line: Line<'_>) -> Result<Topic> {
    let (mut id, query) = (raw.id.trim().to_owned(), raw.query.trim().to_owned());
    if id.is_empty() || id.starts_with('#') || id.contains(char::is_whitespace) {
        return Err(line.malformed(
            "id",
            &id,
            "an identifier without white space or a leading `#`",
        ));
    }
    if choice.numeric_ids {
        id = number(&id)
            .ok_or_else(|| line.malformed("id", &id, "an identifier with a number in it"))?;
    }
    if query.is_empty() {
        return Err(line.malformed("query", &query, "some text"));
    }
    let lang = match raw.lang {
        Lang::UNKNOWN => choice.lang.unwrap_or(Lang::UNKNOWN),
        named => named,
    };
    Ok(Topic { id, query, lang })
}

/// The last number in an identifier, without leading zeros: 451 of `10.2452/451-AH`.
fn number(id: &str) -> Option<String> {
    let digits = id.trim_end_matches(|c: char| !c.is_ascii_digit());
    let start = digits.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let digits = &digits[start..];
    let number = digits.trim_start_matches('0');
    match (digits, number) {
        ("", _) => None,
        (_, "") => Some("0".into()),
        (_, number) => Some(number.to_owned()),
    }
}

#[cfg(test)]
mod tests;
