//! Read ∥ encode ∥ write: three threads with a short queue between each two, so that memory does not grow with the
//! corpus and the slowest stage sets the pace.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle, ScopedJoinHandle};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use xenoglot_engine::{
    self as engine, Document, Embeddings, Encoder, HnswParams, IndexSettings, IndexWriter, Lang,
    LexicalSettings, Manifest, Monitor, Role, WriteTimes, language::Detector,
};

use crate::corpus::{Corpus, Record};
use crate::error::{Error, Result};

/// Records that travel together: enough that an encoder finds texts of like length among them.
const BATCH_RECORDS: usize = 512;
/// A batch of long documents is closed earlier, so that memory is bounded in bytes too.
const BATCH_TEXT_BYTES: usize = 4 << 20;
/// Batches that may wait to be written.
const QUEUE: usize = 2;
/// How long a stage waits for input before it looks whether it should stop.
const PATIENCE: Duration = Duration::from_millis(100);
/// Skipped records that are remembered for the summary; all are counted.
const MAX_LISTED: usize = 100;

/// How a corpus is to be indexed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IndexPlan {
    /// The language of documents that name none; nothing means that it is detected.
    pub lang: Option<Lang>,
    /// How it is detected.
    pub detector: Detector,
    /// What a wrong record does.
    pub on_error: OnError,
    /// How the graph is built.
    pub hnsw: HnswParams,
    /// How words are weighed, and what is stored of them.
    pub lexical: LexicalSettings,
}

/// What a wrong record does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// It ends the build, and nothing is changed.
    #[default]
    Stop,
    /// It is left out, counted and listed.
    Skip,
}

/// How far a build is; watched, and stopped, from another thread.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes read of the files as they lie on disk.
    pub read_bytes: Arc<AtomicU64>,
    /// Documents that were read, encoded and written.
    pub n_docs: AtomicU64,
    /// The graph's part of it, and the way to stop.
    pub monitor: Arc<Monitor>,
}

/// What came of a build.
#[derive(Debug)]
pub struct Summary {
    /// The index as it is now.
    pub manifest: Manifest,
    /// What was left out.
    pub skipped: Skipped,
    /// Where the time went.
    pub timings: Timings,
}

/// Records that were left out.
#[derive(Debug, Default)]
pub struct Skipped {
    /// How many.
    pub n: u64,
    /// Why, for the first hundred.
    pub listed: Vec<String>,
}

/// Where the time went. Stages run side by side: they add up to more than `total`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timings {
    /// Reading and parsing.
    pub read: Duration,
    /// Detecting languages.
    pub detect: Duration,
    /// Text → vectors.
    pub encode: Duration,
    /// Terms, documents, graph and commit.
    pub write: WriteTimes,
    /// From the first byte to the last.
    pub total: Duration,
}

/// Indexes `corpus` into `dir`: all of it, or nothing and the index that was there stays.
///
/// # Errors
/// When the corpus cannot be read, a record is wrong and `plan` says to stop, `dir` cannot be written, or the build
/// was interrupted through `progress`.
pub fn index(
    corpus: Corpus,
    plan: &IndexPlan,
    encoder: &dyn Encoder,
    dir: &Path,
    progress: &Progress,
) -> Result<Summary> {
    let start = Instant::now();
    let settings = IndexSettings {
        encoder: encoder.spec().clone(),
        hnsw: plan.hnsw,
        lexical: plan.lexical,
    };
    let writer = IndexWriter::create(dir, settings)?.with_monitor(Arc::clone(&progress.monitor));
    let inputs = corpus.names();
    let reading = Reading::start(corpus, Arc::clone(&progress.read_bytes));
    let read_time = Arc::clone(&reading.nanoseconds);
    let (sender, encoded) = sync_channel(QUEUE);
    let over = AtomicBool::new(false);
    let (encode, write) = thread::scope(|scope| {
        let encoding = scope.spawn(|| encode_batches(reading, plan, encoder, sender, &over));
        let written = write_batches(writer, encoded, plan.on_error, progress);
        over.store(true, Ordering::Relaxed);
        (join(encoding), written)
    });
    let Written { writer, skipped } = write?;
    let (detect, encode) = encode?;
    if writer.n_docs() == 0 {
        return Err(Error::EmptyCorpus { inputs, skipped });
    }
    let (manifest, write) = writer.commit()?;
    let read = Duration::from_nanos(read_time.load(Ordering::Relaxed));
    let timings = Timings {
        read,
        detect,
        encode,
        write,
        total: start.elapsed(),
    };
    Ok(Summary {
        manifest,
        skipped,
        timings,
    })
}

/// A thread that reads the corpus.
///
/// Nobody waits for it to end: it may sit in a read of the standard input that nothing but more input can end.
struct Reading {
    records: Receiver<engine::Result<Record>>,
    /// Time spent reading and parsing.
    nanoseconds: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

/// A batch on its way, good and wrong records together and in order.
type Batch = Vec<engine::Result<Record>>;
/// A batch whose good records have vectors.
type EncodedBatch = (Batch, Embeddings);

impl Reading {
    fn start(corpus: Corpus, read_bytes: Arc<AtomicU64>) -> Self {
        let (sender, records) = sync_channel(BATCH_RECORDS);
        let nanoseconds = Arc::new(AtomicU64::new(0));
        let spent = Arc::clone(&nanoseconds);
        let thread = thread::spawn(move || {
            let mut corpus = corpus.records(read_bytes);
            loop {
                let start = Instant::now();
                let record = corpus.next();
                spent.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
                // A closed channel means that a later stage ended, and says why itself.
                if record.is_none_or(|record| sender.send(record).is_err()) {
                    break;
                }
            }
        });
        Self {
            records,
            nanoseconds,
            thread,
        }
    }

    /// The next records; fewer than a full batch when they come slowly, none at the end of the corpus or once the
    /// build is `over`.
    fn next_batch(&self, over: &AtomicBool) -> Batch {
        let mut batch = Batch::new();
        let mut text_bytes = 0;
        while batch.len() < BATCH_RECORDS && text_bytes < BATCH_TEXT_BYTES {
            match self.records.recv_timeout(PATIENCE) {
                Ok(record) => {
                    text_bytes += record.as_ref().map_or(0, |record| record.doc.text.len());
                    batch.push(record);
                }
                Err(RecvTimeoutError::Timeout)
                    if batch.is_empty() && !over.load(Ordering::Relaxed) => {}
                Err(_) => break,
            }
        }
        batch
    }
}

/// Gives every good record a language and a vector; returns the time spent on each.
fn encode_batches(
    reading: Reading,
    plan: &IndexPlan,
    encoder: &dyn Encoder,
    sender: SyncSender<EncodedBatch>,
    over: &AtomicBool,
) -> Result<(Duration, Duration)> {
    let (mut detecting, mut encoding) = (Duration::ZERO, Duration::ZERO);
    loop {
        let mut batch = reading.next_batch(over);
        if batch.is_empty() {
            // The reader is done. Had it panicked, half a corpus would pass for the whole.
            if !over.load(Ordering::Relaxed) {
                reading
                    .thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            }
            return Ok((detecting, encoding));
        }
        let start = Instant::now();
        batch
            .par_iter_mut()
            .flatten()
            .for_each(|record| name_language(&mut record.doc, plan));
        detecting += start.elapsed();
        let start = Instant::now();
        let texts: Vec<String> = batch
            .iter()
            .flatten()
            .map(|record| record.doc.full_text())
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let embeddings = encoder.encode(&texts, Role::Passage)?;
        encoding += start.elapsed();
        if sender.send((batch, embeddings)).is_err() {
            return Ok((detecting, encoding));
        }
    }
}

fn name_language(doc: &mut Document, plan: &IndexPlan) {
    if doc.lang == Lang::UNKNOWN {
        let detection = plan.detector.given_or_detected(plan.lang, &doc.full_text());
        doc.lang = detection.lang;
    }
}

struct Written {
    writer: IndexWriter,
    skipped: Skipped,
}

/// Adds what arrives to `writer`.
fn write_batches(
    mut writer: IndexWriter,
    batches: Receiver<EncodedBatch>,
    on_error: OnError,
    progress: &Progress,
) -> Result<Written> {
    let mut skipped = Skipped::default();
    loop {
        progress.monitor.check()?;
        let (batch, embeddings) = match batches.recv_timeout(PATIENCE) {
            Ok(batch) => batch,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return Ok(Written { writer, skipped }),
        };
        let mut docs = Vec::with_capacity(batch.len());
        let mut rows = Vec::with_capacity(batch.len());
        let mut ids = HashSet::new();
        let mut row = 0;
        for record in batch {
            let encoded = record.is_ok();
            match record.and_then(|record| refuse_duplicate(record, &writer, &mut ids)) {
                Ok(doc) => {
                    docs.push(doc);
                    rows.push(row);
                }
                Err(error) => skipped.or_stop(error, on_error)?,
            }
            row += usize::from(encoded);
        }
        let n_docs = docs.len() as u64;
        writer.add(docs, embeddings.select(&rows))?;
        progress.n_docs.fetch_add(n_docs, Ordering::Relaxed);
    }
}

fn refuse_duplicate(
    record: Record,
    writer: &IndexWriter,
    ids: &mut HashSet<engine::DocId>,
) -> engine::Result<Document> {
    let id = &record.doc.id;
    if writer.contains(id) || !ids.insert(id.clone()) {
        return Err(engine::Error::Malformed {
            path: record.path.to_path_buf(),
            line: record.line,
            field: "id",
            got: id.0.clone(),
            expected: "an id that did not come before",
        });
    }
    Ok(record.doc)
}

impl Skipped {
    /// Takes note of a wrong record where that is allowed; any other error is passed on.
    fn or_stop(&mut self, error: engine::Error, on_error: OnError) -> Result<()> {
        let wrong_record = matches!(error, engine::Error::Malformed { .. });
        if on_error == OnError::Stop || !wrong_record {
            return Err(error.into());
        }
        self.n += 1;
        if self.listed.len() < MAX_LISTED {
            self.listed.push(error.to_string());
        }
        Ok(())
    }
}

/// The result of a thread; a panic goes on here.
fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
