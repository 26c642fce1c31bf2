//! How many megabytes of text a second does one core turn into terms, in each kind of script?
//!
//! Corpus: plain text files, `LANG=FILE` each; FLORES-200 devtest sentences. Peer: the floor of the whole index, 10 MB/s of
//! English. Time is the processor's, so that a busy machine changes little; the median of five passes after one that warms
//! the cache, with the slowest and the fastest.
//!
//! ```sh
//! make bench-analyze        # needs ../shared or XENOGLOT_SHARED
//! ```

#![allow(clippy::print_stdout, reason = "what is printed is what was measured")]

use std::hint::black_box;

use anyhow::{Context, Result};
use xenoglot_engine::analyzer::Analyzer;

/// Shorter texts are repeated: a pass should outlast the clock's steps.
const LEAST_BYTES: usize = 4_000_000;
const PASSES: usize = 5;

fn main() -> Result<()> {
    println!("lang\tMB\tterms\tMB/s\tslowest\tfastest");
    for argument in std::env::args().skip(1) {
        let (lang, path) = argument
            .split_once('=')
            .context("arguments are LANG=FILE")?;
        let mut text = std::fs::read_to_string(path).with_context(|| path.to_owned())?;
        text = text.repeat(LEAST_BYTES.div_ceil(text.len().max(1)));
        let analyzer = Analyzer::new(lang.parse()?);
        let n_terms = pass(&analyzer, &text);
        let megabytes = text.len() as f64 / 1e6;
        let mut speeds = Vec::new();
        for _ in 0..PASSES {
            let start = cpu_seconds()?;
            black_box(pass(&analyzer, &text));
            speeds.push(megabytes / (cpu_seconds()? - start));
        }
        speeds.sort_unstable_by(f64::total_cmp);
        println!(
            "{lang}\t{megabytes:.1}\t{n_terms}\t{:.1}\t{:.1}\t{:.1}",
            speeds[PASSES / 2],
            speeds[0],
            speeds[PASSES - 1]
        );
    }
    Ok(())
}

fn pass(analyzer: &Analyzer, text: &str) -> usize {
    let mut n_terms = 0;
    analyzer.for_each_term(text, |term| {
        black_box(term);
        n_terms += 1;
    });
    n_terms
}

/// What this thread has had of a processor so far.
fn cpu_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")
        .context("processor time is read from Linux's /proc")?;
    let nanoseconds: f64 = stat.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}
