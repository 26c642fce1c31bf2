//! The program that benches/speed/dense.py drives: our dense index as one of the systems, and `scale`, which asks what a
//! million vectors cost.
//!
//! ```sh
//! dense serve BASE QUERIES DIM DIR    # files of float32; builds, then answers `EF ALLOWED OUT` line by line
//! dense scale DIR                     # 10⁴ to 10⁶ vectors of 384 numbers in clusters, made here from a fixed seed
//! ```
//!
//! Clusters: 1,000 centres of 32 normal numbers and for each vector half as much of noise around one of them, turned into 384
//! numbers by a fixed random matrix, with a tenth of noise in all directions: embeddings of texts vary in few of theirs.

#![allow(clippy::print_stdout, reason = "what is printed is what was measured")]

use std::io::BufRead;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use ndarray::Array2;
use xenoglot_engine::dense_bench::{Allowed, Index, build, write};
use xenoglot_engine::{Embeddings, HnswParams, Recall, VectorPrecision};

const DEPTH: usize = 10;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["serve", base, queries, dim, dir] => serve(base, queries, dim.parse()?, Path::new(dir)),
        ["scale", dir] => scale(Path::new(dir)),
        _ => bail!("expected `serve BASE QUERIES DIM DIR` or `scale DIR`"),
    }
}

/// Builds an index and answers all queries for every line of the standard input.
fn serve(base: &str, queries: &str, dim: usize, dir: &Path) -> Result<()> {
    let (base, queries) = (read(base, dim)?, read(queries, dim)?);
    let n = base.nrows();
    let start = (Instant::now(), cpu_seconds()?);
    let batch = Embeddings::normalized(base);
    write(dir, dim, VectorPrecision::F32, std::iter::once(batch))?;
    build(dir, dim, HnswParams::default())?;
    let index = Index::open(dir, dim)?;
    println!(
        "{} {} {}",
        start.0.elapsed().as_secs_f64(),
        cpu_seconds()? - start.1,
        index.size_bytes()
    );
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let [ef, allowed, out] = words[..] else {
            bail!("{line:?}, expected `EF ALLOWED OUT`");
        };
        let recall = Recall::Approximate { ef: ef.parse()? };
        let allowed = match allowed {
            "-" => None,
            file => {
                let docs = std::fs::read(file)?;
                let docs = docs
                    .iter()
                    .enumerate()
                    .filter(|(_, allowed)| **allowed != 0);
                Some(Allowed::new(n, docs.map(|(doc, _)| doc)))
            }
        };
        let mut found = Vec::with_capacity(queries.nrows() * DEPTH);
        let start = (Instant::now(), cpu_seconds()?);
        for query in queries.rows() {
            let query = query.to_slice().context("rows lie one after another")?;
            found.extend(index.search(query, DEPTH, recall, allowed.as_ref())?);
        }
        let took = (start.0.elapsed(), cpu_seconds()? - start.1);
        let bytes: Vec<u8> = found.iter().flat_map(|doc| doc.to_le_bytes()).collect();
        std::fs::write(out, bytes)?;
        println!("{} {}", took.0.as_secs_f64(), took.1);
    }
    Ok(())
}

fn scale(dir: &Path) -> Result<()> {
    const DIM: usize = 384;
    const BATCH: usize = 10_000;
    const N_QUERIES: usize = 200;
    println!("vectors, build s, peak RSS MiB, files MiB, reopen ms, ef, recall@10, µs a query");
    for n in [10_000, 31_623, 100_000, 316_228, 1_000_000] {
        let files = dir.join(n.to_string());
        std::fs::create_dir_all(&files)?;
        let mut clusters = Clusters::new(DIM);
        let queries = Embeddings::normalized(clusters.draw(N_QUERIES));
        let sizes = (0..n).step_by(BATCH).map(|start| BATCH.min(n - start));
        let batches = sizes.map(|size| Embeddings::normalized(clusters.draw(size)));
        write(&files, DIM, VectorPrecision::F32, batches)?;
        let start = Instant::now();
        build(&files, DIM, HnswParams::default())?;
        let built = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let index = Index::open(&files, DIM)?;
        let reopened_ms = start.elapsed().as_secs_f64() * 1e3;
        let search = |recall| -> Result<Vec<Vec<u32>>> {
            let rows = (0..N_QUERIES).map(|i| queries.row(i).to_vec());
            rows.map(|query| Ok(index.search(&query, DEPTH, recall, None)?))
                .collect()
        };
        let truth = search(Recall::Exact)?;
        for ef in [64, 192] {
            let recall = Recall::Approximate { ef };
            let found = search(recall)?;
            let hits = truth
                .iter()
                .zip(&found)
                .map(|(truth, found)| found.iter().filter(|doc| truth.contains(doc)).count());
            let hits: usize = hits.sum();
            let mut rounds = Vec::new();
            for _ in 0..5 {
                let start = Instant::now();
                search(recall)?;
                rounds.push(start.elapsed().as_secs_f64() * 1e6 / N_QUERIES as f64);
            }
            rounds.sort_by(f64::total_cmp);
            println!(
                "{n}, {built:.0}, {:.0}, {:.0}, {reopened_ms:.2}, {ef}, {:.3}, {:.0}",
                peak_rss_mib()?,
                index.size_bytes() as f64 / f64::from(1 << 20),
                hits as f64 / (N_QUERIES * DEPTH) as f64,
                rounds[0]
            );
        }
        std::fs::remove_dir_all(&files)?;
    }
    Ok(())
}

/// Vectors around centres, the same in every run.
struct Clusters {
    /// `[clusters, latent]`.
    centres: Array2<f32>,
    /// `[latent, dim]`.
    matrix: Array2<f32>,
    state: u64,
}

impl Clusters {
    const N: usize = 1_000;
    const LATENT: usize = 32;

    fn new(dim: usize) -> Self {
        let mut clusters = Self {
            centres: Array2::zeros((0, 0)),
            matrix: Array2::zeros((0, 0)),
            state: 20_261_123,
        };
        clusters.centres = clusters.normals(Self::N, Self::LATENT);
        clusters.matrix = clusters.normals(Self::LATENT, dim);
        clusters
    }

    fn draw(&mut self, n: usize) -> Array2<f32> {
        let mut latent = self.normals(n, Self::LATENT) * 0.5;
        for mut row in latent.rows_mut() {
            let centre = (self.uniform() * Self::N as f32) as usize;
            row += &self.centres.row(centre.min(Self::N - 1));
        }
        let noise = self.normals(n, self.matrix.ncols());
        latent.dot(&self.matrix) + noise * 0.1 * (Self::LATENT as f32).sqrt()
    }

    fn normals(&mut self, n_rows: usize, n_columns: usize) -> Array2<f32> {
        Array2::from_shape_simple_fn((n_rows, n_columns), || self.normal())
    }

    /// Twelve uniform numbers less six: near enough to normal.
    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.uniform()).sum::<f32>() - 6.0
    }

    fn uniform(&mut self) -> f32 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 40) as f32 / (1u64 << 24) as f32
    }
}

fn read(file: &str, dim: usize) -> Result<Array2<f32>> {
    let bytes = std::fs::read(file)?;
    let (words, _) = bytes.as_chunks::<4>();
    let numbers: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
    Ok(Array2::from_shape_vec((numbers.len() / dim, dim), numbers)?)
}

/// Seconds that this process had of a processor, from Linux's own table (ticks of 10 ms).
fn cpu_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat
        .rsplit_once(')')
        .context("no name in /proc/self/stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks = ticks.map(|ticks| ticks.parse::<f64>());
    Ok(ticks.sum::<Result<f64, _>>()? / 100.0)
}

/// The most memory this process had, files that it mapped among it.
fn peak_rss_mib() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    Ok(kib.context("no VmHWM")?.parse::<f64>()? / 1024.0)
}
