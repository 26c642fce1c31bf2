//! Runs: what a system answered.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use std::path::Path;

use crate::document::DocId;
use crate::error::{Error, Result};
use crate::input::{Line, open_lines};
use crate::whole_file;

/// One system's rankings of many topics.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Run {
    tag: String,
    topics: BTreeMap<String, Vec<Retrieved>>,
}

/// A document in a run, and the score it was given; larger is better.
#[derive(Debug, Clone, PartialEq)]
pub struct Retrieved {
    /// Which document.
    pub doc: DocId,
    /// How good it is, on the scale of the system.
    pub score: f32,
}

impl Run {
    /// A run of no topics, called `tag`.
    ///
    /// # Errors
    /// When the tag is empty or holds white space, which would break the file's columns.
    pub fn new(tag: &str) -> Result<Self> {
        Ok(Self {
            tag: one_column("the tag of a run", tag)?.to_owned(),
            topics: BTreeMap::new(),
        })
    }

    /// Takes in the ranking of `topic`, best first; the order is kept, whatever the scores say.
    ///
    /// # Errors
    /// When the topic is there already, a document comes twice, or an identifier would break the file's columns.
    pub fn add(&mut self, topic: &str, ranking: Vec<Retrieved>) -> Result<()> {
        one_column("a topic of a run", topic)?;
        if topic.starts_with('#') {
            return Err(unfit_topic(topic, "one whose lines are no comments"));
        }
        if self.topics.contains_key(topic) {
            return Err(unfit_topic(topic, "one that is not in the run yet"));
        }
        let mut seen = HashSet::with_capacity(ranking.len());
        for Retrieved { doc, .. } in &ranking {
            one_column("a document of a run", &doc.0)?;
            if !seen.insert(doc) {
                return Err(Error::DuplicateId { id: doc.0.clone() });
            }
        }
        self.topics.insert(topic.to_owned(), ranking);
        Ok(())
    }

    /// The name of the system.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The ranking of `topic`, best first, each document once.
    pub fn topic(&self, topic: &str) -> Option<&[Retrieved]> {
        self.topics.get(topic).map(Vec::as_slice)
    }

    /// The rankings, in the order of their topics' identifiers.
    pub fn topics(&self) -> impl Iterator<Item = (&str, &[Retrieved])> {
        let topics = self.topics.iter();
        topics.map(|(id, ranking)| (id.as_str(), ranking.as_slice()))
    }

    /// How many topics were answered.
    pub fn n_topics(&self) -> usize {
        self.topics.len()
    }

    /// Keeps the best `depth` documents of each topic.
    pub fn cut(&mut self, depth: usize) {
        for ranking in self.topics.values_mut() {
            ranking.truncate(depth);
        }
    }
}

/// The run as a file: `topic Q0 document rank score tag` a line, ranks from 1.
///
/// Printed scores fall strictly within a topic, so that every tool reads the order that the run has.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (topic, ranking) in self.topics() {
            let scores = falling_scores(ranking);
            for (rank, (Retrieved { doc, .. }, score)) in (1u64..).zip(ranking.iter().zip(scores)) {
                writeln!(f, "{topic} Q0 {doc} {rank} {score:?} {}", self.tag)?;
            }
        }
        Ok(())
    }
}

/// The scores of `ranking`, each lowered where it must be to lie strictly below the one before it.
///
/// Where that is impossible, for a score that is not finite, they count down to 1.
fn falling_scores(ranking: &[Retrieved]) -> Vec<f32> {
    let mut previous = f32::INFINITY;
    let fall = |Retrieved { score, .. }: &Retrieved| {
        // trec_eval ignores the rank column and sorts ties by identifier, last first. Unless every printed score
        // lies strictly below the one before it, the run that is judged is not the run we made.
        previous = if score.is_finite() {
            score.min(previous.next_down())
        } else {
            f32::NAN
        };
        previous
    };
    let scores: Vec<f32> = ranking.iter().map(fall).collect();
    if scores.iter().all(|score| score.is_finite()) {
        scores
    } else {
        (1..=ranking.len()).rev().map(|left| left as f32).collect()
    }
}

/// Writes `run` to `path`, as its [`Display`](fmt::Display) prints it: all of it, or nothing.
///
/// # Errors
/// When the file or its directory cannot be written.
pub fn write_run(path: &Path, run: &Run) -> Result<()> {
    let written = whole_file::write(path, ".run-", |file| write!(file, "{run}"));
    written.map_err(|source| Error::Write {
        path: path.to_owned(),
        source,
    })
}

/// The run in the file at `path`, sorted as trec_eval sorts it: by score, ties by document identifier, last first.
///
/// Lines are `topic Q0 document rank score tag`; the second column, the rank and whatever follows the tag are
/// ignored, and so are blank lines and lines that begin with `#`. The last tag is the run's. Scores are compared as
/// 32-bit numbers, as by trec_eval until 9.0.8 and the tools that build on it; trec_eval 10 compares 64 bits.
///
/// # Errors
/// When the file cannot be read, a line is malformed, or a document comes twice in a topic.
pub fn read_run(path: &Path) -> Result<Run> {
    let mut lines = open_lines(path)?;
    let mut tag = String::new();
    let mut topics: HashMap<String, Vec<Answered>> = HashMap::new();
    while let Some(line) = lines.next_line()? {
        if line.text.trim_start().starts_with('#') {
            continue;
        }
        let answer = Answer::parse(&line)?;
        if tag != answer.tag {
            answer.tag.clone_into(&mut tag);
        }
        let retrieved = Retrieved {
            doc: answer.doc.into(),
            score: answer.score,
        };
        let answered = Answered {
            retrieved,
            line: line.number,
        };
        match topics.get_mut(answer.topic) {
            Some(answers) => answers.push(answered),
            None => {
                topics.insert(answer.topic.to_owned(), vec![answered]);
            }
        }
    }
    let mut sorted = BTreeMap::new();
    for (topic, answers) in topics {
        check_distinct(path, &answers)?;
        let ranking = answers.into_iter().map(|answered| answered.retrieved);
        let mut ranking: Vec<Retrieved> = ranking.collect();
        ranking.sort_unstable_by(as_judged);
        sorted.insert(topic, ranking);
    }
    Ok(Run {
        tag,
        topics: sorted,
    })
}

/// A document of a topic, and the line that says so.
struct Answered {
    retrieved: Retrieved,
    line: u64,
}

/// Refuses a topic with a document twice.
///
/// Equal documents stand side by side once they are sorted, which is cheaper than a table of all that were seen.
fn check_distinct(path: &Path, answers: &[Answered]) -> Result<()> {
    let mut by_doc: Vec<&Answered> = answers.iter().collect();
    by_doc.sort_unstable_by(|a, b| {
        let by_doc = a.retrieved.doc.cmp(&b.retrieved.doc);
        by_doc.then(a.line.cmp(&b.line))
    });
    let again = by_doc
        .windows(2)
        .filter(|pair| pair[0].retrieved.doc == pair[1].retrieved.doc);
    match again
        .map(|pair| pair[1])
        .min_by_key(|answered| answered.line)
    {
        None => Ok(()),
        Some(Answered { retrieved, line }) => {
            let line = Line {
                path,
                number: *line,
                text: "",
            };
            Err(line.malformed(
                "document",
                &retrieved.doc.0,
                "each document once in a topic",
            ))
        }
    }
}

struct Answer<'a> {
    topic: &'a str,
    doc: &'a str,
    score: f32,
    tag: &'a str,
}

impl<'a> Answer<'a> {
    fn parse(line: &Line<'a>) -> Result<Self> {
        let mut fields = line.text.split_whitespace();
        let mut field = || fields.next();
        let (Some(topic), Some(_), Some(doc), Some(_), Some(score), Some(tag)) =
            (field(), field(), field(), field(), field(), field())
        else {
            return Err(line.malformed(
                "line",
                line.text,
                "topic, Q0, document, rank, score and tag",
            ));
        };
        let score = match score.parse::<f64>() {
            Ok(score) if !score.is_nan() => score as f32,
            _ => return Err(line.malformed("score", score, "a number")),
        };
        Ok(Self {
            topic,
            doc,
            score,
            tag,
        })
    }
}

fn as_judged(a: &Retrieved, b: &Retrieved) -> Ordering {
    let by_score = b.score.partial_cmp(&a.score).unwrap_or(Ordering::Equal);
    by_score.then_with(|| b.doc.cmp(&a.doc))
}

fn unfit_topic(topic: &str, expected: &'static str) -> Error {
    Error::Setting {
        name: "a topic of a run",
        got: format!("{topic:?}"),
        expected,
    }
}

fn one_column<'a>(name: &'static str, given: &'a str) -> Result<&'a str> {
    if !given.is_empty() && !given.contains(char::is_whitespace) {
        return Ok(given);
    }
    Err(Error::Setting {
        name,
        got: format!("{given:?}"),
        expected: "something without white space",
    })
}

#[cfg(test)]
mod tests;
