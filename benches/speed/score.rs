//! How fast is a run of a million lines read and scored?
//!
//! Corpus: one made up here from a fixed seed, 1,000 topics of 1,000 documents and 100 judgments each, scores with ties.
//! Peer: pytrec_eval, which is trec_eval's C code under Python, on the same files in the same run, where
//! an interpreter that has it is named; Python reads its files, which is timed apart.
//!
//! ```sh
//! make bench-score       # on one core
//! ```

#![allow(clippy::print_stdout, reason = "what is printed is what was measured")]

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use xenoglot_engine::eval::{Averaged, Measure, read_qrels, read_run, score};

const N_TOPICS: usize = 1_000;
const DEPTH: usize = 1_000;
const N_JUDGED: usize = 100;
const ROUNDS: usize = 5;
const MEASURES: [&str; 5] = ["AP", "nDCG@10", "R@100", "P@10", "bpref"];

fn main() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (qrels, run) = (dir.path().join("qrels"), dir.path().join("run"));
    make(&qrels, &run)?;
    let measures: Vec<Measure> = MEASURES
        .iter()
        .map(|name| name.parse())
        .collect::<Result<_, _>>()?;
    // The first round warms the file cache.
    let mut rounds = Vec::new();
    for _ in 0..=ROUNDS {
        let begun = Instant::now();
        let (read_qrels, read_run) = (read_qrels(&qrels)?, read_run(&run)?);
        let read = begun.elapsed();
        let scores = score(&read_qrels, &read_run, &measures, Averaged::Judged)?;
        rounds.push((begun.elapsed(), read, scores.all().to_vec()));
    }
    rounds.remove(0);
    rounds.sort_by_key(|(whole, ..)| *whole);
    let (median, read, values) = &rounds[ROUNDS / 2];
    println!(
        "ours: {} (of it reading {}), fastest {}, slowest {}",
        ms(*median),
        ms(*read),
        ms(rounds[0].0),
        ms(rounds[ROUNDS - 1].0)
    );
    println!("{:?}", MEASURES.iter().zip(values).collect::<Vec<_>>());

    if let Some(python) = std::env::args().nth(1) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/speed/score.py");
        std::process::Command::new(python)
            .arg(script)
            .args([&qrels, &run])
            .status()?;
    }
    Ok(())
}

fn ms(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1e3)
}

/// Writes the two files.
fn make(qrels: &Path, run: &Path) -> Result<()> {
    let mut seed = 20_261_123u64;
    let mut random = |below: usize| {
        // Knuth's MMIX generator: fixed, and good enough to shuffle.
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let (mut judged, mut answered) = (String::new(), String::new());
    for topic in 1..=N_TOPICS {
        for doc in 0..N_JUDGED {
            let grade = [0, 0, 0, 1, 2, 3][random(6)];
            writeln!(
                judged,
                "{topic} 0 doc-{topic}-{:07} {grade}",
                doc * 20 + random(20)
            )?;
        }
        let mut score = 100.0;
        for rank in 1..=DEPTH {
            score -= random(4) as f64 / 16.0;
            // Twice as many documents as are retrieved, so that judged ones are missed; each once.
            let doc = 2 * ((rank * 619) % DEPTH) + random(2);
            writeln!(
                answered,
                "{topic} Q0 doc-{topic}-{doc:07} {rank} {score} made-up"
            )?;
        }
    }
    std::fs::write(qrels, judged)?;
    Ok(std::fs::write(run, answered)?)
}
