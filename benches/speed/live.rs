//! What a bulk load costs those who search meanwhile: latencies of hybrid searches over a collection, idle and while documents
//! pour in, and how soon a written document is found.
//!
//! ```sh
//! cargo run --release --example live -- ../shared/data [SECONDS]
//! ```

#![allow(clippy::print_stdout, reason = "what is printed is what was measured")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use xenoglot_engine::eval::read_topics;
use xenoglot_engine::model::{self, LoadOptions, ModelDir};
use xenoglot_engine::{
    Collection, Document, Encoder, IndexSettings, Lang, LiveOptions, Plan, Query, Searcher, Write,
};
use xenoglot_indexer::Corpus;

const N_DOCS: usize = 100_000;
const BATCH: usize = 256;
/// Documents of a file are cut to about as much as a paragraph has.
const MAX_CHARS: usize = 1_000;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let data = args.next().context("expected the folder of the data")?;
    let seconds = args.next().map_or(Ok(20), |seconds| seconds.parse())?;
    let data = Path::new(&data);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let encoder = model::load(
        &ModelDir::open(&root.join("models/xenoglot-static"))?,
        &LoadOptions::default(),
    )?;
    let docs = documents(data)?;
    let queries = read_topics(&data.join("xquad-r/queries.en.jsonl.zst"))?;
    let scratch = tempfile::tempdir_in(root.join("target"))?;
    let dir = scratch.path().join("index");
    Collection::create(&dir, IndexSettings::new(encoder.spec().clone()))?;
    let collection = Arc::new(Collection::open(
        &dir,
        encoder.spec(),
        LiveOptions::default(),
    )?);
    let start = Instant::now();
    for docs in docs.chunks(BATCH) {
        put(&collection, docs, &*encoder)?;
    }
    collection.refresh()?;
    println!(
        "{} documents written in {:.1} s",
        docs.len(),
        start.elapsed().as_secs_f64()
    );
    collection.compact()?;
    let searcher = Searcher::live(Arc::clone(&collection), Arc::clone(&encoder));
    let queries: Vec<Query> = queries
        .into_iter()
        .map(|topic| Query {
            text: topic.query,
            lang: Lang::UNKNOWN,
        })
        .collect();
    let for_a_while = Duration::from_secs(seconds);
    search(&searcher, &queries, Duration::from_secs(3))?;
    let idle = search(&searcher, &queries, for_a_while)?;
    report("idle", &idle);

    let over = AtomicBool::new(false);
    let n_loaded = AtomicUsize::new(0);
    let loaded = std::thread::scope(|scope| {
        let loading = scope.spawn(|| -> Result<()> {
            // The same texts under other ids.
            for (nth, docs) in docs.chunks(BATCH).cycle().enumerate() {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let mut docs = docs.to_vec();
                for doc in &mut docs {
                    doc.id.0 = format!("{}-{nth}", doc.id);
                }
                put(&collection, &docs, &*encoder)?;
                n_loaded.fetch_add(docs.len(), Ordering::Relaxed);
            }
            Ok(())
        });
        let loaded = search(&searcher, &queries, for_a_while);
        over.store(true, Ordering::Relaxed);
        loading.join().unwrap_or(Ok(())).and(loaded)
    })?;
    report("while documents pour in", &loaded);
    println!(
        "{:.0} documents a second meanwhile; {} segments; p99 {:.2} times the idle one",
        n_loaded.load(Ordering::Relaxed) as f64 / seconds as f64,
        searcher.manifest().n_segments(),
        percentile(&loaded, 0.99) / percentile(&idle, 0.99)
    );

    let mut doc = docs[0].clone();
    let mut waits = Vec::new();
    for nth in 0..20 {
        doc.id.0 = format!("soon-{nth}");
        put(&collection, std::slice::from_ref(&doc), &*encoder)?;
        let start = Instant::now();
        while searcher.document(&doc.id)?.is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        waits.push(start.elapsed().as_secs_f64() * 1e3);
    }
    waits.sort_by(f64::total_cmp);
    println!(
        "an acknowledged document is found after {:.0} ms (median of {}), {:.0} ms at most",
        waits[waits.len() / 2],
        waits.len(),
        waits[waits.len() - 1]
    );
    Ok(())
}

fn put(collection: &Collection, docs: &[Document], encoder: &dyn Encoder) -> Result<()> {
    let embedded = collection.embed(docs.to_vec(), encoder)?;
    collection.write(embedded.into_iter().map(Write::Put).collect())?;
    Ok(())
}

/// Articles and passages in several languages, cut.
fn documents(data: &Path) -> Result<Vec<Document>> {
    let files = data.join("mono/*.jsonl.zst").display().to_string();
    let mut docs = Vec::with_capacity(N_DOCS);
    // A few articles have no text.
    let corpus = Corpus::open(&[files])?.documents();
    for mut doc in corpus.filter_map(Result::ok).take(N_DOCS) {
        doc.id.0 = docs.len().to_string();
        doc.text = doc.text.chars().take(MAX_CHARS).collect();
        docs.push(doc);
    }
    Ok(docs)
}

/// Milliseconds of hybrid searches, one after another for `time`, sorted.
fn search(searcher: &Searcher, queries: &[Query], time: Duration) -> Result<Vec<f64>> {
    let begin = Instant::now();
    let mut took = Vec::new();
    for query in queries.iter().cycle() {
        if begin.elapsed() >= time {
            break;
        }
        let start = Instant::now();
        let answer = searcher.search(query, &Plan::default())?;
        std::hint::black_box(answer.documents()?);
        took.push(start.elapsed().as_secs_f64() * 1e3);
    }
    took.sort_by(f64::total_cmp);
    Ok(took)
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

fn report(name: &str, sorted: &[f64]) {
    let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| percentile(sorted, share));
    println!(
        "{name}: {} searches, p50 {p50:.2} ms, p95 {p95:.2}, p99 {p99:.2}",
        sorted.len()
    );
}
