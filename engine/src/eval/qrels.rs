//! Qrels: what assessors said of documents.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::document::DocId;
use crate::error::Result;
use crate::input::{Line, open_lines};
use crate::language::Lang;

use super::bias::Languages;

/// The header by which BEIR's three columns are known.
const BEIR_HEADER: [&str; 3] = ["query-id", "corpus-id", "score"];

/// The judgments of a test collection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Qrels {
    topics: BTreeMap<String, TopicQrels>,
    languages: Languages,
}

/// The judged documents of one topic and their grades.
///
/// From 1 a document is relevant; 0 is judged and not relevant; below 0 it was pooled and never judged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TopicQrels(HashMap<DocId, i32>);

impl TopicQrels {
    /// The grade of `doc`, if it was judged.
    pub fn grade(&self, doc: &DocId) -> Option<i32> {
        self.0.get(doc).copied()
    }

    /// The judged documents with their grades, in no particular order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&DocId, i32)> {
        self.0.iter().map(|(doc, grade)| (doc, *grade))
    }
}

impl Qrels {
    /// The grades of `topic`, if any of its documents was judged.
    pub fn topic(&self, topic: &str) -> Option<&TopicQrels> {
        self.topics.get(topic)
    }

    /// The topics with judgments, in the order of their identifiers.
    pub fn topics(&self) -> impl Iterator<Item = (&str, &TopicQrels)> {
        self.topics.iter().map(|(id, grades)| (id.as_str(), grades))
    }

    /// How many topics have judgments.
    pub fn n_topics(&self) -> usize {
        self.topics.len()
    }

    /// Takes the judgments of `others` in; where both judged a document, theirs counts.
    pub fn extend(&mut self, others: Self) {
        for (topic, grades) in others.topics {
            self.topics.entry(topic).or_default().0.extend(grades.0);
        }
        self.languages.extend(others.languages);
    }

    /// The languages of documents, as far as the file said them or others were added.
    pub fn languages(&self) -> &Languages {
        &self.languages
    }

    /// Takes in the languages of documents, judged or not, for measures that ask for them.
    pub fn add_languages(&mut self, languages: Languages) {
        self.languages.extend(languages);
    }

    /// Takes a judgment in; gives the earlier grade back if it was another.
    fn insert(&mut self, topic: &str, doc: &str, grade: i32) -> Option<i32> {
        if !self.topics.contains_key(topic) {
            self.topics.insert(topic.to_owned(), TopicQrels::default());
        }
        let earlier = self.topics.get_mut(topic)?.0.insert(doc.into(), grade);
        earlier.filter(|earlier| *earlier != grade)
    }
}

/// The judgments of a file.
///
/// Reads TREC's `topic iteration document grade`, where a line that begins with `#` is a comment and the iteration is
/// ignored unless it is the document's language, as in NeuCLIR, and BEIR's `query-id corpus-id score`, known by that header. A judgment may be repeated, but not with
/// another grade.
///
/// # Errors
/// When the file cannot be read, a line is malformed, or two grades contradict each other.
pub fn read_qrels(path: &Path) -> Result<Qrels> {
    let mut lines = open_lines(path)?;
    let mut qrels = Qrels::default();
    let mut parse: Option<Parse> = None;
    while let Some(line) = lines.next_line()? {
        if line.text.starts_with('#') {
            continue;
        }
        let parse = match parse {
            Some(parse) => parse,
            None if line.text.split_whitespace().eq(BEIR_HEADER) => {
                parse = Some(from_beir);
                continue;
            }
            None => *parse.insert(from_trec),
        };
        let Judgment {
            topic,
            doc,
            grade,
            lang,
        } = parse(&line)?;
        if qrels.insert(topic, doc, grade).is_some() {
            return Err(line.malformed(
                "grade",
                line.text,
                "the grade that an earlier line gave this document",
            ));
        }
        if let Some(lang) = lang {
            qrels.languages.insert(doc.into(), lang);
        }
    }
    Ok(qrels)
}

type Parse = for<'a> fn(&Line<'a>) -> Result<Judgment<'a>>;

struct Judgment<'a> {
    topic: &'a str,
    doc: &'a str,
    grade: i32,
    lang: Option<Lang>,
}

fn from_trec<'a>(line: &Line<'a>) -> Result<Judgment<'a>> {
    let mut fields = line.text.split_whitespace();
    let mut field = || fields.next();
    let (Some(topic), Some(iteration), Some(doc), Some(grade), None) =
        (field(), field(), field(), field(), field())
    else {
        return Err(line.malformed("line", line.text, "topic, iteration, document and grade"));
    };
    let judgment = judgment(line, [topic, doc, grade])?;
    Ok(Judgment {
        lang: iteration.parse().ok(),
        ..judgment
    })
}

fn from_beir<'a>(line: &Line<'a>) -> Result<Judgment<'a>> {
    let fields: Vec<&str> = line.text.split('\t').map(str::trim).collect();
    let &[topic, doc, grade] = fields.as_slice() else {
        return Err(line.malformed(
            "line",
            line.text,
            "query-id, corpus-id and score, with tabs between",
        ));
    };
    judgment(line, [topic, doc, grade])
}

fn judgment<'a>(line: &Line<'_>, [topic, doc, grade]: [&'a str; 3]) -> Result<Judgment<'a>> {
    if topic.is_empty() || doc.is_empty() {
        return Err(line.malformed("line", line.text, "identifiers that are not empty"));
    }
    let parsed = grade.parse();
    let grade = parsed.map_err(|_| line.malformed("grade", grade, "a whole number"))?;
    Ok(Judgment {
        topic,
        doc,
        grade,
        lang: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> Result<Qrels> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("qrels");
        std::fs::write(&path, content).unwrap();
        read_qrels(&path)
    }

    #[track_caller]
    fn check(content: &str, expected: &[(&str, &str, i32)]) {
        let qrels = read(content).unwrap();
        let mut found: Vec<_> = qrels
            .topics()
            .flat_map(|(topic, grades)| {
                grades
                    .iter()
                    .map(move |(doc, grade)| (topic, doc.0.as_str(), grade))
            })
            .collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{content}");
    }

    #[track_caller]
    fn check_error(content: &str, expected: &str) {
        let error = read(content).unwrap_err().to_string();
        assert!(error.contains(expected), "{content}: {error}");
    }

    #[test]
    fn trec_and_beir_judgments_are_read() {
        check("", &[]);
        check(
            "2 0 b 1\n1\tQ0\ta  -1 \n# a comment\n1 0 b#1 3\n",
            &[("1", "a", -1), ("1", "b#1", 3), ("2", "b", 1)],
        );
        check(
            "query-id\tcorpus-id\tscore\n1\td 1\t2\n",
            &[("1", "d 1", 2)],
        );
        check("1 0 a 1\n1 0 a 1\n", &[("1", "a", 1)]);
    }

    #[test]
    fn an_iteration_that_is_a_language_is_kept() {
        let qrels = read("1 fas a 1\n1 0 b 1\n1 Q0 c 1\n2 zho d 0\n").unwrap();
        let of = |doc: &str| qrels.languages().of(&doc.into()).to_string();
        assert_eq!(["a", "b", "c", "d"].map(of), ["fa", "und", "und", "zh"]);
    }

    #[test]
    fn a_bad_line_is_named_with_its_field() {
        check_error(
            "1 0 a 1\n1 0 a 2\n",
            "qrels:2: field `grade`: got \"1 0 a 2\", expected the grade that an earlier",
        );
        check_error("1 0 a\n", "qrels:1: field `line`: got \"1 0 a\"");
        check_error("1 0 a 1 x\n", "qrels:1: field `line`");
        check_error(
            "1 0 a 1\n\n1 0 b yes\n",
            "qrels:3: field `grade`: got \"yes\", expected a whole number",
        );
        check_error(
            "query-id\tcorpus-id\tscore\n1 a 2\n",
            "qrels:2: field `line`",
        );
        check_error(
            "query-id\tcorpus-id\tscore\n1\t\t2\n",
            "qrels:2: field `line`",
        );
    }
}
