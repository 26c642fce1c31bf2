use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::document::Document;
use crate::eval::{Topic, read_qrels, read_run, read_topics};
use crate::language::Lang;

const QRELS: &str = "1 0 a 1\n1 0 b 0\n2 0 c 1\n3 0 d 2\n";
/// `x` and `y` are judged by nobody: both runs have `x`, the second alone has `y`, above what is relevant.
const RUNS: [&str; 2] = [
    "1 Q0 a 1 4 good\n1 Q0 x 2 3 good\n2 Q0 c 1 4 good\n3 Q0 d 1 4 good\n",
    "1 Q0 y 1 4 bad\n1 Q0 x 2 3 bad\n1 Q0 a 3 2 bad\n2 Q0 z 1 4 bad\n",
];

fn qrels(text: &str) -> Qrels {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("qrels");
    std::fs::write(&path, text).unwrap();
    read_qrels(&path).unwrap()
}

fn runs() -> Vec<Run> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run");
    let read = |text: &&str| {
        std::fs::write(&path, text).unwrap();
        read_run(&path).unwrap()
    };
    RUNS.iter().map(read).collect()
}

fn drawn(settings: SampleSettings, topics: &[&str]) -> Sample {
    Sample::draw(&qrels(QRELS), &runs(), topics, settings).unwrap()
}

#[track_caller]
fn check(settings: SampleSettings, topics: &[&str], expected: (&[&str], &[&str])) {
    let sample = drawn(settings, topics);
    let mut documents: Vec<&str> = sample.documents.keys().map(|doc| doc.0.as_str()).collect();
    documents.sort_unstable();
    let topics: Vec<&str> = sample.topics().iter().map(String::as_str).collect();
    assert_eq!((&topics[..], &documents[..]), expected);
}

#[test]
fn a_sample_has_what_runs_place_high_and_what_was_judged() {
    let usual = SampleSettings::default();
    check(
        usual,
        &["3", "1", "unjudged"],
        (&["1", "3"], &["a", "b", "d", "x", "y"]),
    );
    check(
        SampleSettings { depth: 1, ..usual },
        &["1", "2"],
        (&["1", "2"], &["a", "b", "c", "y", "z"]),
    );
    let few = SampleSettings {
        topics_limit: 2,
        ..usual
    };
    assert_eq!(drawn(few, &["1", "2", "3"]).topics().len(), 2);
    assert_eq!(drawn(usual, &["1", "2", "3"]).n_of_one_run(), 2);
}

#[test]
fn a_sample_without_judgments_or_depth_is_refused() {
    let usual = SampleSettings::default();
    let flat = SampleSettings { depth: 0, ..usual };
    for (topics, settings, said) in [(&["9"], usual, "judgments"), (&["1"], flat, "depth")] {
        let error = Sample::draw(&qrels(QRELS), &runs(), topics, settings).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn a_run_that_is_left_out_loses_what_it_alone_found() {
    let sample = drawn(SampleSettings::default(), &["1", "2"]);
    let found = survival(&qrels(QRELS), &runs(), &sample, &"RR".parse().unwrap()).unwrap();
    let rows: Vec<[f64; 3]> = found
        .systems
        .iter()
        .map(|system| [system.full, system.sample, system.left_out])
        .collect();
    // The second run: third of its ranking on topic 1; without `y`, second. Topic 3 has no answer, topic 2 a wrong one.
    assert_eq!(rows, [[1.0, 1.0, 1.0], [1.0 / 9.0, 1.0 / 6.0, 0.25]]);
    assert_eq!(
        (found.tau_sample, found.tau_left_out),
        (Some(1.0), Some(1.0))
    );
}

fn documents(ids: &[&str]) -> Vec<Result<Document>> {
    let document = |id: &&str| {
        Ok(Document {
            id: (*id).into(),
            lang: Lang::UNKNOWN,
            title: String::new(),
            text: format!("text of {id}"),
            meta: serde_json::Map::new(),
        })
    };
    ids.iter().map(document).collect()
}

fn write(out: &Path, ids: &[&str]) -> Result<SampleSummary> {
    let topic = |id: &str| Topic {
        id: id.into(),
        query: format!("query {id}"),
        lang: "sw".parse().unwrap(),
    };
    let sample = drawn(SampleSettings::default(), &["1", "3"]);
    let topics = ["0", "1", "3"].map(topic);
    let names = ["good".to_owned(), "bad".to_owned()];
    let documents = documents(ids).into_iter();
    write_sample(out, &sample, &names, (&topics, &qrels(QRELS)), documents)
}

#[test]
fn a_sample_is_a_collection_that_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("small");
    let summary = write(&out, &["z", "y", "x", "d", "a"]).unwrap();
    assert_eq!(
        (summary.n_topics, summary.n_documents, summary.n_judgments),
        (2, 4, 3)
    );
    // `b` was judged, and the corpus does not have it.
    assert_eq!(summary.n_judged_missing, 1);
    let corpus = std::fs::read_to_string(out.join("corpus.jsonl")).unwrap();
    assert_eq!(
        corpus.lines().next().unwrap(),
        r#"{"_id":"y","text":"text of y","title":""}"#
    );
    assert_eq!(corpus.lines().count(), 4);
    let topics = read_topics(&out.join("queries.jsonl")).unwrap();
    assert_eq!((topics[1].id.as_str(), topics[1].lang.code()), ("3", "sw"));
    let written = read_qrels(&out.join("qrels.trec")).unwrap();
    assert_eq!(written, qrels("1 0 a 1\n1 0 b 0\n3 0 d 2\n"));
    // Nothing else lies beside it.
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_sample_that_fails_leaves_nothing() {
    for (ids, said) in [
        (&["y", "x", "b"][..], "a document of a run is a, expected"),
        (&["y", "x", "d", "a", "y"], "\"y\" comes twice"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let error = write(&dir.path().join("small"), ids)
            .unwrap_err()
            .to_string();
        assert!(error.contains(said), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_folder_that_holds_something_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mine"), "").unwrap();
    let error = write(dir.path(), &["y", "x", "d", "a"]).unwrap_err();
    assert!(error.to_string().contains("new or empty"), "{error}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

proptest! {
    #[test]
    fn the_same_seed_draws_the_same_topics_whatever_their_order(seed: u64, limit in 1..12_usize) {
        let text: String = (0..10).map(|topic| format!("{topic} 0 a 1\n")).collect();
        let qrels = qrels(&text);
        let settings = SampleSettings { seed, topics_limit: limit, depth: 1 };
        let mut topics: Vec<String> = (0..10).map(|topic| topic.to_string()).collect();
        let draw = |topics: &[String]| {
            let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
            Sample::draw(&qrels, &[], &topics, settings).unwrap()
        };
        let sample = draw(&topics);
        topics.reverse();
        prop_assert_eq!(&sample, &draw(&topics));
        prop_assert_eq!(sample.topics().len(), limit.min(10));
    }
}
