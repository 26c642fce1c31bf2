//! How fast are texts encoded? One side of the question; `encode.py` starts it, and others, and compares.
//!
//! Loads a model, prints `ready`, and then obeys the lines of its standard input: `go` encodes all texts once and
//! prints `{"seconds", "rss_bytes"}`, `save PATH` writes the vectors as `.npy` of `[texts, dim]` 32-bit numbers.
//!
//! ```sh
//! make bench-encode
//! ```

use std::fs::File;
use std::io::{BufRead, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Parser;
use serde::Deserialize;
use serde_json::json;
use xenoglot_engine::model::{self, Device, LoadOptions, ModelDir, Precision, RuntimeSearch};
use xenoglot_engine::{Embeddings, Encoder, Role};

#[derive(Parser)]
struct Args {
    #[arg(long)]
    model: PathBuf,
    /// JSON lines with `text`
    #[arg(long)]
    texts: PathBuf,
    #[arg(long, default_value = "fp32")]
    precision: String,
    /// Run on the first GPU
    #[arg(long)]
    cuda: bool,
    #[arg(long)]
    threads: Option<NonZeroUsize>,
}

#[derive(Deserialize)]
struct Line {
    text: String,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let lines = std::fs::read_to_string(&args.texts)?;
    let texts: Vec<String> = lines
        .lines()
        .map(|line| Ok(serde_json::from_str::<Line>(line)?.text))
        .collect::<Result<_>>()?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let encoder = load(&args)?;

    let mut out = std::io::stdout();
    writeln!(out, "ready")?;
    let mut last = None;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let answer = match line.split_once(' ') {
            None if line == "go" => {
                let start = Instant::now();
                let embeddings = encoder.encode(&texts, Role::Passage)?;
                let seconds = start.elapsed().as_secs_f64();
                last = Some(embeddings);
                json!({"seconds": seconds, "rss_bytes": rss_bytes()})
            }
            Some(("save", path)) => {
                save(last.as_ref().context("`save` before `go`")?, path)?;
                json!({"saved": path})
            }
            _ => bail!("expected `go` or `save PATH`, got {line:?}"),
        };
        writeln!(out, "{answer}")?;
    }
    Ok(())
}

fn load(args: &Args) -> Result<std::sync::Arc<dyn Encoder>> {
    let mut precisions = Precision::ALL.into_iter();
    let precision = precisions.find(|precision| precision.name() == args.precision);
    let options = LoadOptions {
        device: if args.cuda {
            Device::Cuda(0)
        } else {
            Device::Cpu
        },
        precision: precision.context("expected fp32, fp16, bf16 or int8")?,
        threads: args.threads,
        runtime: RuntimeSearch {
            explicit: std::env::var_os("XENOGLOT_ORT_DYLIB").map(PathBuf::from),
            working_dir: std::env::current_dir().ok(),
            executable: std::env::current_exe().ok(),
            ..RuntimeSearch::default()
        },
        ..LoadOptions::default()
    };
    Ok(model::load(&ModelDir::open(&args.model)?, &options)?)
}

/// Memory that this process holds now (Linux; elsewhere nothing).
fn rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn save(embeddings: &Embeddings, path: &str) -> Result<()> {
    let shape = (embeddings.len(), embeddings.dim());
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape:?}, }}");
    // Magic, version, length and header fill whole blocks of 64 bytes; the last is a line's end.
    let padding = 64 - (10 + header.len() + 1) % 64;
    header.push_str(&" ".repeat(padding));
    header.push('\n');
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(b"\x93NUMPY\x01\x00")?;
    file.write_all(&u16::try_from(header.len())?.to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    for x in embeddings.view() {
        file.write_all(&x.to_le_bytes())?;
    }
    Ok(file.flush()?)
}
