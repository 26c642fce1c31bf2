//! Parity with ir_measures and pytrec_eval on random pairs of qrels and run: `tests/parity/measures.py` makes them.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::{Averaged, Measure, read_qrels, read_run, score};
use crate::input::open_text;

/// What providers print in full is equal to more digits than they have.
const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
struct Fixture {
    measures: Vec<String>,
    /// Digits after the point, where a provider prints no more.
    digits: BTreeMap<String, i32>,
    pairs: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    qrels: String,
    run: String,
    values: BTreeMap<String, Vec<Option<f64>>>,
}

#[test]
fn values_are_those_of_ir_measures_and_pytrec_eval() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/measures/pairs.json.gz");
    let mut json = String::new();
    open_text(&path).unwrap().read_to_string(&mut json).unwrap();
    let fixture: Fixture = serde_json::from_str(&json).unwrap();
    assert_eq!(fixture.pairs.len(), 200);
    let measures: Vec<Measure> = fixture
        .measures
        .iter()
        .map(|name| name.parse().unwrap())
        .collect();
    let tolerances = fixture.measures.iter().map(|name| {
        let digits = fixture.digits.get(name);
        digits.map_or(TOLERANCE, |digits| 0.5001 * 10f64.powi(-digits))
    });
    let tolerances: Vec<f64> = tolerances.collect();
    let mut n_values = vec![0; measures.len()];
    let mut wrong = Vec::new();
    for (at, pair) in fixture.pairs.iter().enumerate() {
        let found = values(pair, &measures);
        for (topic, expected) in &pair.values {
            for (i, expected) in expected.iter().enumerate() {
                let (Some(expected), found) = (expected, found[topic][i]) else {
                    continue;
                };
                n_values[i] += 1;
                if (found - expected).abs() > tolerances[i] {
                    let name = &fixture.measures[i];
                    wrong.push(format!(
                        "{name} of topic {topic} of pair {at} is {found}, expected {expected}"
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} values:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(30)].join("\n")
    );
    for (name, n) in fixture.measures.iter().zip(n_values) {
        assert!(n > 30, "{name} was compared {n} times");
    }
}

/// The values of topics. Measures about languages are 0 where the qrels know none, and not compared.
fn values(pair: &Pair, measures: &[Measure]) -> BTreeMap<String, Vec<f64>> {
    let dir = tempfile::tempdir().unwrap();
    let [qrels, run] = [("qrels", &pair.qrels), ("run", &pair.run)].map(|(name, content)| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    });
    let mut qrels = read_qrels(&qrels).unwrap();
    if qrels.languages().is_empty() {
        let mut languages = super::Languages::default();
        languages.insert("nobody's".into(), "sw".parse().unwrap());
        qrels.add_languages(languages);
    }
    let run = read_run(&run).unwrap();
    match score(&qrels, &run, measures, Averaged::Answered) {
        Ok(scores) => {
            let topics = scores.topics().iter().cloned();
            topics.map(|topic| (topic.id, topic.values)).collect()
        }
        // Every topic of the pair is on one side alone.
        Err(_) => BTreeMap::new(),
    }
}
