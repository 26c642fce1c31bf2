//! How long does a test of significance take?
//!
//! A program that significance.py drives: two columns of values in, one line per task out, `task TAB seconds TAB p`.
//!
//! ```sh
//! make bench-significance        # on one core, beside SciPy
//! ```

#![allow(clippy::print_stdout, reason = "what is printed is what was measured")]

use std::time::Instant;

use anyhow::{Context, Result};
use xenoglot_engine::eval::{CompareSettings, compare};

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let path = args.next().context("expected FILE and ROUNDS")?;
    let rounds = args.next().context("expected ROUNDS")?.parse()?;
    let (mut baseline, mut system) = (Vec::new(), Vec::new());
    for line in std::fs::read_to_string(path)?.lines() {
        let (one, other) = line.split_once('\t').context("expected two columns")?;
        baseline.push(one.parse()?);
        system.push(other.parse()?);
    }
    for (task, resamples) in [("randomisation", 1), ("whole comparison", rounds)] {
        let settings = CompareSettings {
            rounds,
            resamples,
            ..CompareSettings::default()
        };
        let start = Instant::now();
        let found = compare(&baseline, &system, &settings)?;
        let seconds = start.elapsed().as_secs_f64();
        println!("{task}\t{seconds}\t{}", found.p_randomisation);
    }
    Ok(())
}
