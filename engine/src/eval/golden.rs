//! Parity with trec_eval: its own test inputs, and the outputs that its maintainers expect of them.

use std::path::PathBuf;

use super::{Averaged, Measure, Scores, read_qrels, read_run, score};

/// trec_eval prints four decimals.
const TOLERANCE: f64 = 5.001e-5;

/// One of trec_eval's quick tests.
struct QuickTest {
    qrels: &'static str,
    run: &'static str,
    /// `-c` or not.
    averaged: Averaged,
    /// `-l`: the grade from which a document is relevant.
    rel: i32,
    /// `-M`: how many documents of a topic are looked at.
    depth: usize,
    expected: &'static str,
    /// How many lines of the expected output hold a measure of ours, so that none is lost unnoticed.
    n_values: usize,
}

const PLAIN: QuickTest = QuickTest {
    qrels: "qrels.test",
    run: "results.test",
    averaged: Averaged::Answered,
    rel: 1,
    depth: usize::MAX,
    expected: "out.test",
    n_values: 15,
};

const QUICK_TESTS: [QuickTest; 9] = [
    PLAIN,
    QuickTest {
        qrels: "qrels.test.with-comments",
        ..PLAIN
    },
    QuickTest {
        qrels: "qrels.comment.test.zst",
        run: "results.comment.test.zst",
        expected: "out.comment.test",
        ..PLAIN
    },
    QuickTest {
        expected: "out.test.a",
        n_values: 46,
        ..PLAIN
    },
    QuickTest {
        expected: "out.test.aq",
        n_values: 184,
        ..PLAIN
    },
    QuickTest {
        run: "results.trunc",
        averaged: Averaged::Judged,
        expected: "out.test.aqc",
        n_values: 184,
        ..PLAIN
    },
    QuickTest {
        run: "results.trunc",
        averaged: Averaged::Judged,
        depth: 100,
        expected: "out.test.aqcM",
        n_values: 184,
        ..PLAIN
    },
    QuickTest {
        qrels: "qrels.rel_level",
        rel: 2,
        expected: "out.test.aql",
        n_values: 184,
        ..PLAIN
    },
    QuickTest {
        expected: "out.test.meas_params",
        n_values: 44,
        ..PLAIN
    },
];

#[test]
fn values_agree_with_trec_eval_to_four_decimals() {
    let Some(dir) = trec_eval_tests() else {
        eprintln!(
            "skipped: trec_eval's test files are not here; XENOGLOT_SHARED names the folder above `data`"
        );
        return;
    };
    for test in QUICK_TESTS {
        check(&dir, &test);
    }
}

fn trec_eval_tests() -> Option<PathBuf> {
    let shared = std::env::var_os("XENOGLOT_SHARED").map(PathBuf::from);
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let dir = shared.unwrap_or_else(beside).join("data/trec_eval/test");
    dir.is_dir().then_some(dir)
}

#[track_caller]
fn check(dir: &std::path::Path, test: &QuickTest) {
    let qrels = read_qrels(&dir.join(test.qrels)).unwrap();
    let mut run = read_run(&dir.join(test.run)).unwrap();
    run.cut(test.depth);
    let expected = std::fs::read_to_string(dir.join(test.expected)).unwrap();
    let mut n_values = 0;
    for line in expected.lines() {
        let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
        let &[name, topic, value] = fields.as_slice() else {
            panic!("{line}")
        };
        if name == "runid" {
            assert_eq!(run.tag(), value);
        }
        let Some(measure) = ours(name, test.rel) else {
            continue;
        };
        let scores = score(&qrels, &run, &[measure], test.averaged).unwrap();
        let (found, value) = (found(&scores, topic), value.parse::<f64>().unwrap());
        let close = (found - value).abs() < TOLERANCE;
        assert!(
            close,
            "{}: {name} of {topic} is {found}, expected {value}",
            test.expected
        );
        n_values += 1;
    }
    assert_eq!(n_values, test.n_values, "{}", test.expected);
}

fn found(scores: &Scores, topic: &str) -> f64 {
    if topic == "all" {
        return scores.all()[0];
    }
    let topic = scores.topics().iter().find(|scores| scores.id == topic);
    topic.unwrap().values[0]
}

/// Our measure for a name of trec_eval's, which writes the cutoff behind the last `_`.
fn ours(name: &str, rel: i32) -> Option<Measure> {
    let (family, cutoff) = match name.rsplit_once('_') {
        Some((family, cutoff)) if cutoff.parse::<usize>().is_ok() => (family, format!("@{cutoff}")),
        _ => (name, String::new()),
    };
    let name = match family {
        "map" | "map_cut" => "AP",
        "P" => "P",
        "recall" => "R",
        "recip_rank" => "RR",
        "Rprec" => "Rprec",
        "success" => "Success",
        "num_rel" => "NumRel",
        "num_rel_ret" => "NumRelRet",
        "num_ret" => return "NumRet".parse().ok(),
        "ndcg" | "ndcg_cut" => return format!("nDCG{cutoff}").parse().ok(),
        _ => return None,
    };
    format!("{name}(rel={rel}){cutoff}").parse().ok()
}
