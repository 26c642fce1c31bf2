//! Scores: measures of a run, topic by topic and over all topics.

use crate::error::{Error, Result};

use super::bias::{Languages, RankedLanguages};
use super::measure::{JudgedRanking, Measure};
use super::qrels::{Qrels, TopicQrels};
use super::run::{Retrieved, Run};

/// Which topics count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Averaged {
    /// Topics with judgments that the run answers: trec_eval's default.
    #[default]
    Answered,
    /// All topics with judgments; one that the run does not answer counts 0: trec_eval's `-c`.
    Judged,
}

/// The values of some measures for one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    measures: Vec<Measure>,
    topics: Vec<TopicScores>,
    all: Vec<f64>,
}

/// The values of one topic.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicScores {
    /// Which topic.
    pub id: String,
    /// One value per measure, in the order of [`Scores::measures`].
    pub values: Vec<f64>,
}

impl Scores {
    /// What was measured, in the order it was asked for.
    pub fn measures(&self) -> &[Measure] {
        &self.measures
    }

    /// The topics that count, in the order of their identifiers.
    pub fn topics(&self) -> &[TopicScores] {
        &self.topics
    }

    /// One value per measure over all topics: their mean, or their sum for what is counted (`NumRet`); for
    /// `AP(found)` the mean over topics of which something relevant was found, for `mean=geometric` that.
    pub fn all(&self) -> &[f64] {
        &self.all
    }
}

/// Judges `run` by `qrels`.
///
/// As in trec_eval, a topic whose judged documents are all irrelevant counts, with 0; a topic without any judgment
/// does not.
///
/// # Errors
/// When no topic counts, or a measure needs languages of documents and the qrels know none.
pub fn score(qrels: &Qrels, run: &Run, measures: &[Measure], averaged: Averaged) -> Result<Scores> {
    let needs_languages = measures.iter().find(|measure| measure.needs_languages());
    if let (Some(measure), true) = (needs_languages, qrels.languages().is_empty()) {
        return Err(Error::NoLanguages {
            measure: measure.to_string(),
        });
    }
    let languages = needs_languages.map(|_| qrels.languages());
    let topics: Vec<TopicScores> = qrels
        .topics()
        .filter_map(|(id, grades)| {
            let ranking = match (run.topic(id), averaged) {
                (Some(ranking), _) => ranking,
                (None, Averaged::Judged) => &[],
                (None, Averaged::Answered) => return None,
            };
            let ranking = judge(ranking, grades, languages);
            let values = measures
                .iter()
                .map(|measure| measure.value(&ranking))
                .collect();
            let id = id.to_owned();
            Some(TopicScores { id, values })
        })
        .collect();
    if topics.is_empty() {
        return Err(nothing_to_score(qrels, run));
    }
    let all = measures
        .iter()
        .enumerate()
        .map(|(i, measure)| measure.over_topics(topics.iter().map(|topic| topic.values[i])));
    Ok(Scores {
        measures: measures.to_vec(),
        all: all.collect(),
        topics,
    })
}

fn judge(
    ranking: &[Retrieved],
    grades: &TopicQrels,
    languages: Option<&Languages>,
) -> JudgedRanking {
    let grade = |retrieved: &Retrieved| grades.grade(&retrieved.doc);
    let ranked: Vec<Option<i32>> = ranking.iter().map(grade).collect();
    let judged = grades.iter().map(|(_, grade)| grade).collect();
    let Some(languages) = languages else {
        return JudgedRanking::new(ranked, judged);
    };
    let langs = ranking.iter().map(|retrieved| languages.of(&retrieved.doc));
    let of_judged = grades.iter().map(|(doc, grade)| (grade, languages.of(doc)));
    let languages = RankedLanguages {
        ranked: ranked.iter().copied().zip(langs).collect(),
        judged: of_judged.collect(),
    };
    JudgedRanking::new(ranked, judged).with_languages(languages)
}

fn nothing_to_score(qrels: &Qrels, run: &Run) -> Error {
    let or_none = |id: Option<&str>| id.unwrap_or("none").to_owned();
    Error::NoCommonTopic {
        run: or_none(run.topics().next().map(|(id, _)| id)),
        qrels: or_none(qrels.topics().next().map(|(id, _)| id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{read_qrels, read_run};

    const QRELS: &str = "1 0 a 1\n1 0 b 0\n2 0 a 1\n3 0 a 0\n";
    const RUN: &str = "1 Q0 b 1 2 t\n1 Q0 a 2 1 t\n3 Q0 a 1 1 t\n4 Q0 a 1 1 t\n";

    fn scores(qrels: &str, run: &str, averaged: Averaged) -> Result<Scores> {
        let dir = tempfile::tempdir().unwrap();
        let [qrels, run] = [("qrels", qrels), ("run", run)].map(|(name, content)| {
            let path = dir.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        });
        let measures = ["RR", "NumRet"].map(|name| name.parse().unwrap());
        score(&read_qrels(&qrels)?, &read_run(&run)?, &measures, averaged)
    }

    #[track_caller]
    fn check(averaged: Averaged, expected_topics: &[(&str, [f64; 2])], expected_all: [f64; 2]) {
        let scores = scores(QRELS, RUN, averaged).unwrap();
        let topics = expected_topics.iter().map(|(id, values)| TopicScores {
            id: (*id).to_owned(),
            values: values.to_vec(),
        });
        assert_eq!(scores.topics(), topics.collect::<Vec<_>>());
        assert_eq!(scores.all(), expected_all);
    }

    #[test]
    fn topics_count_as_in_trec_eval() {
        check(
            Averaged::Answered,
            &[("1", [0.5, 2.0]), ("3", [0.0, 1.0])],
            [0.25, 3.0],
        );
        check(
            Averaged::Judged,
            &[("1", [0.5, 2.0]), ("2", [0.0, 0.0]), ("3", [0.0, 1.0])],
            [0.5 / 3.0, 3.0],
        );
    }

    #[test]
    fn a_run_and_qrels_of_other_topics_are_an_error_that_shows_both() {
        let error = scores(QRELS, "C1 Q0 a 1 1 t\n", Averaged::Answered)
            .unwrap_err()
            .to_string();
        assert!(error.contains("`C1`") && error.contains("`1`"), "{error}");
        assert!(scores(QRELS, "", Averaged::Judged).is_ok());
        assert!(scores("", RUN, Averaged::Judged).is_err());
    }
}
