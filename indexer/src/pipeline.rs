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
    self as engine, Collection, Document, Embedded, Encoder, IndexSettings, IndexWriter, Lang,
    Manifest, Monitor, Outcome, Write, WriteTimes, embed, language::Detector,
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

/// How a corpus is to be read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadPlan {
    /// The language of documents that name none; nothing means that it is detected.
    pub lang: Option<Lang>,
    /// How it is detected.
    pub detector: Detector,
    /// What a wrong record does.
    pub on_error: OnError,
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

/// What came of adding to a collection.
#[derive(Debug, Default)]
pub struct Added {
    /// Documents that were not there before.
    pub n_created: u64,
    /// Documents that took the place of others.
    pub n_updated: u64,
    /// What was left out.
    pub skipped: Skipped,
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
    plan: &ReadPlan,
    settings: IndexSettings,
    encoder: &dyn Encoder,
    dir: &Path,
    progress: &Progress,
) -> Result<Summary> {
    let start = Instant::now();
    let passages = settings.passages;
    let mut writer =
        IndexWriter::create(dir, settings)?.with_monitor(Arc::clone(&progress.monitor));
    let inputs = corpus.names();
    let encode = |docs| embed(docs, encoder, passages);
    let mut skipped = Skipped::default();
    let read = run(corpus, plan, encode, progress, |batch| {
        let docs = first_of_each(batch, |id| writer.contains(id), plan.on_error, &mut skipped)?;
        writer.add(&docs)?;
        Ok(docs.len())
    })?;
    if writer.n_docs() == 0 {
        return Err(Error::EmptyCorpus { inputs, skipped });
    }
    let (manifest, write) = writer.commit()?;
    let timings = Timings {
        read: read.read,
        detect: read.detect,
        encode: read.encode,
        write,
        total: start.elapsed(),
    };
    Ok(Summary {
        manifest,
        skipped,
        timings,
    })
}

/// Adds `corpus` to `collection`; a document takes the place of the one with its id. What was added stays, whatever happens
/// then.
///
/// # Errors
/// As [`index`].
pub fn add(
    corpus: Corpus,
    plan: &ReadPlan,
    collection: &Collection,
    encoder: &dyn Encoder,
    progress: &Progress,
) -> Result<Added> {
    let mut added = Added::default();
    let done = run(
        corpus,
        plan,
        |docs| collection.embed(docs, encoder),
        progress,
        |batch| {
            let mut writes = Vec::with_capacity(batch.len());
            for record in batch {
                match record {
                    Ok(record) => writes.push(Write::Put(record.embedded)),
                    Err(error) => added.skipped.or_stop(error, plan.on_error)?,
                }
            }
            let outcomes = collection.write(writes)?;
            let n_created = outcomes
                .iter()
                .filter(|outcome| **outcome == Outcome::Created)
                .count();
            added.n_created += n_created as u64;
            added.n_updated += (outcomes.len() - n_created) as u64;
            Ok(outcomes.len())
        },
    );
    match done {
        Err(Error::Engine(engine::Error::Interrupted)) => Err(Error::Interrupted {
            n_docs: added.n_created + added.n_updated,
        }),
        done => done.map(|_| added),
    }
}

/// Where the time of reading went.
struct ReadTimes {
    read: Duration,
    detect: Duration,
    encode: Duration,
}

/// Reads and encodes `corpus`, side by side with `write`, which says how many documents of a batch it took.
fn run(
    corpus: Corpus,
    plan: &ReadPlan,
    encode: impl Fn(Vec<Document>) -> engine::Result<Vec<Embedded>> + Sync,
    progress: &Progress,
    write: impl FnMut(EncodedBatch) -> Result<usize>,
) -> Result<ReadTimes> {
    let reading = Reading::start(corpus, Arc::clone(&progress.read_bytes));
    let nanoseconds = Arc::clone(&reading.nanoseconds);
    let (sender, encoded) = sync_channel(QUEUE);
    let over = AtomicBool::new(false);
    let (encoding, written) = thread::scope(|scope| {
        let encoding = scope.spawn(|| encode_batches(reading, plan, &encode, sender, &over));
        let written = write_batches(encoded, write, progress);
        over.store(true, Ordering::Relaxed);
        (join(encoding), written)
    });
    written?;
    let (detect, encode) = encoding?;
    Ok(ReadTimes {
        read: Duration::from_nanos(nanoseconds.load(Ordering::Relaxed)),
        detect,
        encode,
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
type EncodedBatch = Vec<engine::Result<EncodedRecord>>;

/// A document with its vectors, and where it was read.
struct EncodedRecord {
    path: Arc<Path>,
    line: u64,
    embedded: Embedded,
}

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

/// Gives every good record a language and its vectors; returns the time spent on each.
fn encode_batches(
    reading: Reading,
    plan: &ReadPlan,
    encode: &impl Fn(Vec<Document>) -> engine::Result<Vec<Embedded>>,
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
        let mut docs = Vec::with_capacity(batch.len());
        let places = batch.into_iter().map(|record| {
            record.map(|record| {
                docs.push(record.doc);
                (record.path, record.line)
            })
        });
        let places: Vec<_> = places.collect();
        let mut embedded = encode(docs)?.into_iter();
        let encoded = places.into_iter().filter_map(|place| match place {
            Ok((path, line)) => embedded.next().map(|embedded| {
                Ok(EncodedRecord {
                    path,
                    line,
                    embedded,
                })
            }),
            Err(error) => Some(Err(error)),
        });
        let encoded = encoded.collect();
        encoding += start.elapsed();
        if sender.send(encoded).is_err() {
            return Ok((detecting, encoding));
        }
    }
}

fn name_language(doc: &mut Document, plan: &ReadPlan) {
    if doc.lang == Lang::UNKNOWN {
        let detection = plan.detector.given_or_detected(plan.lang, &doc.full_text());
        doc.lang = detection.lang;
    }
}

/// Hands what arrives to `write`.
fn write_batches(
    batches: Receiver<EncodedBatch>,
    mut write: impl FnMut(EncodedBatch) -> Result<usize>,
    progress: &Progress,
) -> Result<()> {
    loop {
        progress.monitor.check()?;
        match batches.recv_timeout(PATIENCE) {
            Ok(batch) => {
                let n_docs = write(batch)?;
                progress.n_docs.fetch_add(n_docs as u64, Ordering::Relaxed);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

/// The documents of `batch`, but for those whose ids came before, in it or elsewhere.
fn first_of_each(
    batch: EncodedBatch,
    came_before: impl Fn(&engine::DocId) -> bool,
    on_error: OnError,
    skipped: &mut Skipped,
) -> Result<Vec<Embedded>> {
    let mut docs = Vec::with_capacity(batch.len());
    let mut ids = HashSet::new();
    for record in batch {
        let is_new = record.and_then(|record| {
            let id = &record.embedded.doc.id;
            match came_before(id) || !ids.insert(id.clone()) {
                true => Err(repeated(&record)),
                false => Ok(record.embedded),
            }
        });
        match is_new {
            Ok(doc) => docs.push(doc),
            Err(error) => skipped.or_stop(error, on_error)?,
        }
    }
    Ok(docs)
}

fn repeated(record: &EncodedRecord) -> engine::Error {
    engine::Error::Malformed {
        path: record.path.to_path_buf(),
        line: record.line,
        field: "id",
        got: record.embedded.doc.id.0.clone(),
        expected: "an id that did not come before",
    }
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
