use proptest::prelude::*;

use super::*;

fn read(content: &str) -> Result<Run> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run");
    std::fs::write(&path, content).unwrap();
    read_run(&path)
}

fn order<'a>(run: &'a Run, topic: &str) -> Vec<&'a str> {
    let ranking = run.topic(topic).unwrap_or_default();
    ranking
        .iter()
        .map(|retrieved| retrieved.doc.0.as_str())
        .collect()
}

fn run(ranking: &[(&str, f32)]) -> Run {
    let mut run = Run::new("ours").unwrap();
    let ranking = ranking.iter().map(|&(doc, score)| Retrieved {
        doc: doc.into(),
        score,
    });
    run.add("1", ranking.collect()).unwrap();
    run
}

#[track_caller]
fn check_order(content: &str, expected: &[&str]) {
    assert_eq!(order(&read(content).unwrap(), "1"), expected, "{content}");
}

#[test]
fn documents_stand_as_trec_eval_sorts_them() {
    check_order("1 Q0 a 1 0.5 t\n1 Q0 b 2 0.9 t\n", &["b", "a"]);
    check_order(
        "1 Q0 a 1 1 t\n1 Q0 c 2 1.0 t\n1 Q0 b 3 1e0 t\n",
        &["c", "b", "a"],
    );
    check_order("1 Q0 a 1 1.00000001 t\n1 Q0 b 2 1.0 t\n", &["b", "a"]);
    check_order("1 Q0 a 1 -0.0 t\n1 Q0 b 2 0.0 t\n", &["b", "a"]);
    check_order(
        "1\tx\ta\t-\t-1\tt more\n# note\n\n 1 x b - 2 t\n",
        &["b", "a"],
    );
}

#[test]
fn the_last_tag_is_the_runs() {
    assert_eq!(
        read("1 Q0 a 1 1 first\n2 Q0 a 1 1 last\n").unwrap().tag(),
        "last"
    );
}

#[test]
fn a_bad_line_is_named_with_its_field() {
    for (content, expected) in [
        (
            "1 Q0 a 1 1 t\n1 Q0 b 2 1\n",
            "run:2: field `line`: got \"1 Q0 b 2 1\"",
        ),
        (
            "1 Q0 a 1 high t\n",
            "run:1: field `score`: got \"high\", expected a number",
        ),
        ("1 Q0 a 1 nan t\n", "run:1: field `score`: got \"nan\""),
        (
            "1 Q0 a 1 2 t\n2 Q0 a 1 2 t\n1 Q0 a 2 1 t\n",
            "run:3: field `document`: got \"a\"",
        ),
    ] {
        let error = read(content).unwrap_err().to_string();
        assert!(error.contains(expected), "{content}: {error}");
    }
}

#[track_caller]
fn check_scores(scores: &[f32], expected: &[f32]) {
    let ranking: Vec<_> = scores
        .iter()
        .map(|&score| Retrieved {
            doc: "d".into(),
            score,
        })
        .collect();
    assert_eq!(falling_scores(&ranking), expected, "{scores:?}");
}

#[test]
fn printed_scores_fall_strictly() {
    check_scores(&[], &[]);
    check_scores(&[2.0, 1.0], &[2.0, 1.0]);
    check_scores(&[1.0, 1.0, 3.0], &[1.0, 0.99999994, 0.9999999]);
    check_scores(&[0.0, 0.0], &[0.0, -f32::from_bits(1)]);
    check_scores(&[f32::NAN, 7.0], &[2.0, 1.0]);
    check_scores(&[f32::INFINITY, 7.0, f32::NEG_INFINITY], &[3.0, 2.0, 1.0]);
    check_scores(&[f32::MIN, f32::MIN], &[2.0, 1.0]);
}

#[test]
fn a_run_prints_in_six_columns() {
    let printed = run(&[("b", 0.5), ("a", 1e-12)]).to_string();
    assert_eq!(printed, "1 Q0 b 1 0.5 ours\n1 Q0 a 2 1e-12 ours\n");
}

#[test]
fn what_would_break_the_columns_is_refused() {
    let retrieved = |doc: &str| Retrieved {
        doc: doc.into(),
        score: 1.0,
    };
    assert!(Run::new("two words").is_err());
    assert!(Run::new("").is_err());
    let mut run = run(&[("a", 1.0)]);
    assert!(run.add("1", vec![]).is_err(), "a topic twice");
    assert!(run.add("2 ", vec![]).is_err(), "white space in a topic");
    assert!(
        run.add("#2", vec![]).is_err(),
        "a topic that reads as a comment"
    );
    assert!(
        run.add("2", vec![retrieved("a b")]).is_err(),
        "white space in a document"
    );
    assert!(
        run.add("2", vec![retrieved("a"), retrieved("a")]).is_err(),
        "a document twice"
    );
    assert_eq!(run.n_topics(), 1);
    assert_eq!(order(&run, "1"), ["a"]);
}

#[test]
fn a_run_that_cannot_be_written_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let taken = dir.path().join("taken");
    std::fs::create_dir(&taken).unwrap();
    let error = write_run(&taken, &run(&[("a", 1.0)])).unwrap_err();
    assert!(error.to_string().ends_with("taken"), "{error}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    assert!(write_run(&dir.path().join("missing/run"), &run(&[])).is_err());
}

proptest! {
    #[test]
    fn a_run_written_and_read_keeps_its_order(
        ids in prop::collection::hash_set("[a-zA-Z0-9ü#_-]{1,6}", 0..40),
        scores in prop::collection::vec(prop_oneof![Just(1.0f32), -2.0f32..2.0, any::<f32>()], 40),
    ) {
        let ranking: Vec<_> = ids.iter().map(String::as_str).zip(scores).collect();
        let made = run(&ranking);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.trec");
        write_run(&path, &made).unwrap();
        let read = read_run(&path).unwrap();
        prop_assert_eq!(order(&read, "1"), order(&made, "1"));
        prop_assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
