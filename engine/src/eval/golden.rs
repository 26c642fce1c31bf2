//! Parity with trec_eval: its own test inputs, and the outputs that its maintainers expect of them.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

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
    /// `-Z`: values are told in standard deviations from a mean.
    zscores: Option<&'static str>,
    expected: &'static str,
}

/// What these outputs hold beside: strings, what trec_eval calls experimental, and parameters that we do not offer.
const NOT_OURS: [&str; 9] = [
    "11pt_avg_.25,.5,.75",
    "G",
    "Rndcg",
    "binG",
    "ndcg_rel",
    "relstring",
    "relstring_20",
    "runid",
    "utility_2,-1,0,0",
];

const PLAIN: QuickTest = QuickTest {
    qrels: "qrels.test",
    run: "results.test",
    averaged: Averaged::Answered,
    rel: 1,
    depth: usize::MAX,
    zscores: None,
    expected: "out.test",
};

const QUICK_TESTS: [QuickTest; 10] = [
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
        ..PLAIN
    },
    QuickTest {
        expected: "out.test.aq",
        ..PLAIN
    },
    QuickTest {
        run: "results.trunc",
        averaged: Averaged::Judged,
        expected: "out.test.aqc",
        ..PLAIN
    },
    QuickTest {
        run: "results.trunc",
        averaged: Averaged::Judged,
        depth: 100,
        expected: "out.test.aqcM",
        ..PLAIN
    },
    QuickTest {
        qrels: "qrels.rel_level",
        rel: 2,
        expected: "out.test.aql",
        ..PLAIN
    },
    QuickTest {
        expected: "out.test.meas_params",
        ..PLAIN
    },
    QuickTest {
        zscores: Some("zscores_file"),
        expected: "out.test.aqZ",
        ..PLAIN
    },
];

#[test]
fn values_agree_with_trec_eval_to_four_decimals() {
    let Some(dir) = trec_eval_files("test") else {
        return;
    };
    let not_ours: BTreeSet<String> = QUICK_TESTS
        .iter()
        .flat_map(|test| check(&dir, test))
        .collect();
    assert_eq!(not_ours.iter().collect::<Vec<_>>(), NOT_OURS);
}

/// Means over all topics of the files that ir_measures tests two of its providers with. Expected values: `iter_calc` of the
/// providers `pytrec_eval`, `cwl_eval` and `compat`, ir_measures 0.4.3.
#[test]
fn values_agree_with_ir_measures_on_its_own_files() {
    let Some(dir) = trec_eval_files("ir_measures") else {
        return;
    };
    for (files, name, expected) in [
        ("cwl", "AP", 0.5864748677248678),
        ("cwl", "P@5", 0.4),
        ("cwl", "RR", 0.7222222222222222),
        ("cwl", "bpref", 0.5555555555555556),
        ("cwl", "RBP(p=0.8,rel=1)", 0.42432696319999996),
        ("compat", "Compat(p=0.95)", 0.268097611112054),
        ("compat", "Compat(p=0.8)", 0.08372907636277549),
        ("compat", "nDCG@10", 0.16264277665368124),
        ("compat", "AP(rel=2)", 0.25737116513429636),
    ] {
        let qrels = read_qrels(&dir.join(files).with_extension("qrels")).unwrap();
        let run = read_run(&dir.join(files).with_extension("run")).unwrap();
        let measure = name.parse().unwrap();
        let scores = score(&qrels, &run, &[measure], Averaged::Answered).unwrap();
        let found = scores.all()[0];
        assert!(
            (found - expected).abs() < 1e-12,
            "{name} of {files}: {found}"
        );
    }
}

/// A folder of the shared trec_eval files, where they are.
fn trec_eval_files(folder: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("XENOGLOT_SHARED").map(PathBuf::from);
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let dir = shared
        .unwrap_or_else(beside)
        .join("data/trec_eval")
        .join(folder);
    if !dir.is_dir() {
        eprintln!(
            "skipped: trec_eval's test files are not here; XENOGLOT_SHARED names the folder above `data`"
        );
        return None;
    }
    Some(dir)
}

/// Compares every line of the expected output that holds a measure of ours; returns the names of the others.
#[track_caller]
fn check(dir: &Path, test: &QuickTest) -> Vec<String> {
    let qrels = read_qrels(&dir.join(test.qrels)).unwrap();
    let mut run = read_run(&dir.join(test.run)).unwrap();
    run.cut(test.depth);
    let zscores = test.zscores.map(|file| ZScores::read(&dir.join(file)));
    let expected = std::fs::read_to_string(dir.join(test.expected)).unwrap();
    let mut not_ours = Vec::new();
    let mut n_values = 0;
    for line in expected.lines() {
        let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
        let &[name, topic, value] = fields.as_slice() else {
            panic!("{line}")
        };
        if name == "runid" {
            assert_eq!(run.tag(), value);
        }
        let name = match &zscores {
            Some(_) => name.strip_prefix('Z').unwrap_or(name),
            None => name,
        };
        let Ok(measure) = name.parse::<Measure>() else {
            not_ours.push(name.to_owned());
            continue;
        };
        let scores = score(&qrels, &run, &[measure.with_rel(test.rel)], test.averaged).unwrap();
        let found = match &zscores {
            // Of what no other run told, trec_eval prints the bare sum or 0.
            Some(zscores) if !zscores.know(name) => continue,
            Some(zscores) => zscores.found(name, measure, &scores, topic),
            None => found(&scores, topic),
        };
        let value = value.parse::<f64>().unwrap();
        let close = (found - value).abs() < TOLERANCE;
        assert!(
            close,
            "{}: {name} of {topic} is {found}, expected {value}",
            test.expected
        );
        n_values += 1;
    }
    assert!(n_values > 0, "{}", test.expected);
    not_ours
}

fn found(scores: &Scores, topic: &str) -> f64 {
    if topic == "all" {
        return scores.all()[0];
    }
    let topic = scores.topics().iter().find(|scores| scores.id == topic);
    topic.unwrap().values[0]
}

/// Mean and standard deviation of measures over other runs, by topic and name.
struct ZScores(HashMap<(String, String), (f64, f64)>);

impl ZScores {
    fn read(path: &Path) -> Self {
        let lines = std::fs::read_to_string(path).unwrap();
        let parse = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [topic, name, mean, deviation] = fields[..] else {
                panic!("{line}")
            };
            let key = (topic.to_owned(), name.to_owned());
            (key, (mean.parse().unwrap(), deviation.parse().unwrap()))
        };
        Self(lines.lines().map(parse).collect())
    }

    fn know(&self, measure: &str) -> bool {
        self.0.keys().any(|(_, name)| name == measure)
    }

    /// The value of `topic` in deviations from the mean, 0 where there is no deviation; for all topics, their mean or
    /// sum.
    fn found(&self, name: &str, measure: Measure, scores: &Scores, topic: &str) -> f64 {
        let of = |topic: &str| {
            let (mean, deviation) = self.0[&(topic.to_owned(), name.to_owned())];
            match deviation == 0.0 {
                true => 0.0,
                false => (found(scores, topic) - mean) / deviation,
            }
        };
        if topic != "all" {
            return of(topic);
        }
        let topics = scores.topics().iter();
        measure.over_topics(topics.map(|topic| of(&topic.id)))
    }
}
