//! How far a build is, as a person sees it.

use std::io::{IsTerminal, Write};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use xenoglot_indexer::{Progress, Skipped};

use crate::terminal::grouped;

/// Runs `work` while another thread shows how far it is.
pub(super) fn shown<T: Send>(
    progress: &Progress,
    size_bytes: Option<u64>,
    work: impl FnOnce() -> T + Send,
) -> T {
    std::thread::scope(|scope| {
        let (done, ended) = channel::<()>();
        let shower = scope.spawn(move || {
            if std::io::stderr().is_terminal() {
                show_bar(progress, size_bytes, || {
                    ended.recv_timeout(Duration::from_millis(100))
                });
            } else {
                show_lines(progress, || ended.recv_timeout(Duration::from_secs(5)));
            }
        });
        let result = work();
        drop(done);
        drop(shower.join());
        result
    })
}

fn show_bar(
    progress: &Progress,
    size_bytes: Option<u64>,
    wait: impl Fn() -> Result<(), RecvTimeoutError>,
) {
    let start = Instant::now();
    let bar = match size_bytes {
        Some(size_bytes) => ProgressBar::new(size_bytes),
        None => ProgressBar::no_length(),
    };
    let reading = "{bar:32} {percent:>3}%  {msg}  {eta} left";
    let style = ProgressStyle::with_template(if size_bytes.is_some() {
        reading
    } else {
        "{spinner} {msg}"
    });
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut graph = false;
    while wait() == Err(RecvTimeoutError::Timeout) {
        let n_docs = progress.n_docs.load(Ordering::Relaxed);
        let nodes = progress.monitor.graph_nodes.load(Ordering::Relaxed) as u64;
        if nodes == 0 {
            bar.set_position(progress.read_bytes.load(Ordering::Relaxed));
            let rate = n_docs as f64 / start.elapsed().as_secs_f64();
            bar.set_message(format!("{} documents, {rate:.0}/s", grouped(n_docs)));
            continue;
        }
        if !graph {
            graph = true;
            bar.reset();
            bar.set_length(n_docs);
            bar.set_message("building the graph");
        }
        bar.set_position(nodes);
    }
    bar.finish_and_clear();
}

fn show_lines(progress: &Progress, wait: impl Fn() -> Result<(), RecvTimeoutError>) {
    let start = Instant::now();
    while wait() == Err(RecvTimeoutError::Timeout) {
        let n_docs = progress.n_docs.load(Ordering::Relaxed);
        let nodes = progress.monitor.graph_nodes.load(Ordering::Relaxed) as u64;
        let rate = n_docs as f64 / start.elapsed().as_secs_f64();
        let line = if nodes == 0 {
            format!("{} documents, {rate:.0}/s", grouped(n_docs))
        } else {
            format!("graph: {} of {} documents", grouped(nodes), grouped(n_docs))
        };
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

/// Lists what was left out.
pub(super) fn print_skipped(skipped: &Skipped) -> Result<()> {
    let mut err = anstream::stderr().lock();
    for why in &skipped.listed {
        writeln!(err, "skipped {why}")?;
    }
    let more = skipped.n - skipped.listed.len() as u64;
    if more > 0 {
        writeln!(err, "skipped {} more", grouped(more))?;
    }
    Ok(())
}
