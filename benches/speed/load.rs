//! The load of `benches/speed/load.sh`: requests that come at fixed moments, and what became of them.
//!
//! ```sh
//! load search 127.0.0.1:8080 queries.jsonl PID     # capacity, then 50, 80 and 120 % of it
//! load rerank 127.0.0.1:8080 corpus.jsonl          # one request after another
//! ```

#![allow(clippy::print_stdout, reason = "what is printed is what was measured")]

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use ureq::Agent;

/// Who asks as fast as the server answers, for its capacity.
const CLIENTS: usize = 32;
/// As many requests may be under way: more than the server takes, so that none waits here.
const SENDERS: usize = 512;
const SECONDS: u64 = 20;
const WARM_UP: Duration = Duration::from_secs(3);

/// What became of requests.
#[derive(Default)]
struct Outcome {
    /// Of those that were answered, in milliseconds.
    latencies: Vec<f64>,
    n_rejected: usize,
    n_failed: usize,
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["search", address, queries, pid] => search(address, Path::new(queries), pid),
        ["rerank", address, corpus] => rerank(address, Path::new(corpus)),
        _ => bail!("expected search ADDRESS QUERIES PID, or rerank ADDRESS CORPUS"),
    }
}

fn search(address: &str, queries: &Path, pid: &str) -> Result<()> {
    let url = format!("http://{address}/v1/search");
    let requests: Vec<String> = lines(queries)?
        .iter()
        .map(|line| json!({ "query": line.get("query").or(line.get("text")) }).to_string())
        .collect();
    closed(&url, &requests, WARM_UP);
    let for_a_while = Duration::from_secs(SECONDS);
    let capacity = closed(&url, &requests, for_a_while).latencies.len() as f64 / SECONDS as f64;
    println!(
        "capacity: {capacity:.0} requests/s ({CLIENTS} clients that ask as fast as they are answered)"
    );
    for share in [0.5, 0.8, 1.2] {
        let before = resident_mib(pid)?;
        let outcome = open(&url, &requests, share * capacity, for_a_while);
        println!(
            "{:>4.0} %: {:.0} requests/s came, {:.0}/s answered, {} sent away with 429, {} failed; p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms; {before:.0} -> {:.0} MiB",
            100.0 * share,
            share * capacity,
            outcome.latencies.len() as f64 / SECONDS as f64,
            outcome.n_rejected,
            outcome.n_failed,
            percentile(&outcome.latencies, 0.5),
            percentile(&outcome.latencies, 0.99),
            percentile(&outcome.latencies, 1.0),
            resident_mib(pid)?
        );
    }
    Ok(())
}

/// Requests of [`CLIENTS`], each sent when the one before it is answered.
fn closed(url: &str, requests: &[String], time: Duration) -> Outcome {
    let (next, start) = (AtomicUsize::new(0), Instant::now());
    gathered(CLIENTS, |agent, outcome| {
        while start.elapsed() < time {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            send(
                agent,
                url,
                &requests[nth % requests.len()],
                Instant::now(),
                outcome,
            );
        }
    })
}

/// Requests at `rate` a second, whether those before them are answered or not.
fn open(url: &str, requests: &[String], rate: f64, time: Duration) -> Outcome {
    let (next, start) = (AtomicUsize::new(0), Instant::now());
    gathered(SENDERS, |agent, outcome| {
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            let due = Duration::from_secs_f64(nth as f64 / rate);
            if due >= time {
                return;
            }
            std::thread::sleep((start + due).saturating_duration_since(Instant::now()));
            send(
                agent,
                url,
                &requests[nth % requests.len()],
                start + due,
                outcome,
            );
        }
    })
}

/// What `n` senders came to.
fn gathered(n: usize, sender: impl Fn(&Agent, &mut Outcome) + Sync) -> Outcome {
    let all = Mutex::new(Outcome::default());
    std::thread::scope(|scope| {
        for _ in 0..n {
            scope.spawn(|| {
                let mut own = Outcome::default();
                sender(&agent(), &mut own);
                if let Ok(mut all) = all.lock() {
                    all.latencies.append(&mut own.latencies);
                    all.n_rejected += own.n_rejected;
                    all.n_failed += own.n_failed;
                }
            });
        }
    });
    let mut outcome = all.into_inner().unwrap_or_default();
    outcome.latencies.sort_by(f64::total_cmp);
    outcome
}

/// Sends `body`, which was `due` then.
fn send(agent: &Agent, url: &str, body: &str, due: Instant, outcome: &mut Outcome) {
    let sent = agent.post(url).content_type("application/json").send(body);
    let status = sent.and_then(|mut answer| {
        answer.body_mut().read_to_vec()?;
        Ok(answer.status().as_u16())
    });
    match status {
        Ok(200) => outcome.latencies.push(due.elapsed().as_secs_f64() * 1e3),
        Ok(429) => outcome.n_rejected += 1,
        _ => outcome.n_failed += 1,
    }
}

/// Words of about 64 WordPieces, where words are between spaces.
const WORDS: usize = 45;

fn rerank(address: &str, corpus: &Path) -> Result<()> {
    let url = format!("http://{address}/rerank");
    // Documents in many languages stand in the corpus side by side.
    let texts: Vec<String> = lines(corpus)?
        .iter()
        .filter_map(|doc| {
            Some(
                doc.get("text")?
                    .as_str()?
                    .split_whitespace()
                    .take(WORDS)
                    .collect::<Vec<_>>(),
            )
        })
        .filter(|words| words.len() == WORDS)
        .map(|words| words.join(" "))
        .collect();
    let agent = agent();
    let mut latencies = Vec::new();
    for texts in texts.chunks_exact(30).take(60) {
        let body = json!({ "query": "what became of the old harbour", "texts": texts }).to_string();
        let start = Instant::now();
        let mut answer = agent
            .post(&url)
            .content_type("application/json")
            .send(&body)?;
        let scores: Value = answer.body_mut().read_json()?;
        if scores.as_array().map(Vec::len) != Some(30) {
            bail!("{}: {scores}", answer.status());
        }
        latencies.push(start.elapsed().as_secs_f64() * 1e3);
    }
    // The first ones open sessions.
    let mut latencies = latencies.split_off(10);
    latencies.sort_by(f64::total_cmp);
    println!(
        "30 candidates: p50 {:.0} ms, p99 {:.0} ms",
        percentile(&latencies, 0.5),
        percentile(&latencies, 0.99)
    );
    Ok(())
}

fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into()
}

/// The JSON lines of `path`.
fn lines(path: &Path) -> Result<Vec<Value>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?)
}

/// The memory of a process.
fn resident_mib(pid: &str) -> Result<f64> {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm"))?;
    let pages: f64 = statm
        .split(' ')
        .nth(1)
        .context("no resident pages")?
        .parse()?;
    Ok(pages * 4096.0 / f64::from(1 << 20))
}

/// Of sorted numbers; not a number where there are none.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let at = (share * (sorted.len().saturating_sub(1)) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
