//! Writing while others search.

use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::document::{DocId, Document};
use crate::encoder::{Encoder, EncoderSpec};
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::ingest::{Embedded, embed};
use crate::monitor::Monitor;
use crate::segment::IndexSettings;

use super::buffer::{Buffer, Outcome, Write};
use super::log::{self, Log, MAX_RECORD_BYTES};
use super::manifest::Manifest;
use super::record;
use super::site::Site;
use super::snapshot::Snapshot;

/// How long a write waits for room in the buffer before it asks again why there is none.
const PATIENCE: Duration = Duration::from_millis(100);

/// How far writers, and merges behind them, step back for searches: on the scale of `nice`, where 19 is the end.
const WRITERS_NICE: i32 = 5;
const MERGERS_NICE: i32 = 10;

/// How a collection is kept while it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LiveOptions {
    /// A write is found by searches after this long at most, and the time that takes to put it on disk.
    pub refresh: Duration,
    /// Writes that are in no segment yet may take this much memory, and as much again while a segment is made of them; then
    /// writers wait.
    pub buffer_bytes: usize,
    /// This many neighbouring segments of about one size are merged into one.
    pub merge_factor: usize,
    /// Cores that write, and as many that merge.
    pub threads: usize,
}

impl Default for LiveOptions {
    /// A second, 64 MiB, eight segments, and half of the cores.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            refresh: Duration::from_secs(1),
            buffer_bytes: 64 << 20,
            merge_factor: 8,
            threads: cores.div_ceil(2),
        }
    }
}

/// A collection that is searched while it is written. One process holds it; dropped, it finishes what it was told.
pub struct Collection {
    shared: Arc<Shared>,
    caretakers: Vec<JoinHandle<()>>,
}

/// What writers and caretakers share. Locks are taken in the order `merging`, `committing`, `journal`, `queue`.
pub(super) struct Shared {
    pub(super) site: Site,
    pub(super) settings: IndexSettings,
    pub(super) options: LiveOptions,
    /// Held by the one that merges.
    pub(super) merging: Mutex<()>,
    /// Held by the one that makes the next manifest.
    pub(super) committing: Mutex<()>,
    journal: Mutex<Journal>,
    /// Writes that wait for the log.
    queue: Mutex<Vec<Waiting>>,
    /// There is room in the buffer again, or will not be.
    room: Condvar,
    pub(super) work: super::merging::Work,
    current: RwLock<Arc<Snapshot>>,
    /// Stops merges that are under way.
    pub(super) monitor: Monitor,
    /// Their threads are not those of searches, which must not stand behind writes, nor writes behind merges.
    pub(super) writers: ThreadPool,
    pub(super) mergers: ThreadPool,
}

/// The log, and what it holds that segments do not.
struct Journal {
    log: Log,
    buffer: Buffer,
    /// What is being made a segment of.
    in_commit: Option<Arc<Buffer>>,
    /// Why the last commit failed.
    failure: Option<(io::ErrorKind, String)>,
}

struct Waiting {
    writes: Vec<Write>,
    records: Vec<Vec<u8>>,
    done: Arc<Mutex<Option<Result<Vec<Outcome>>>>>,
}

impl Collection {
    /// Makes an empty index in `dir`, unless there is one.
    ///
    /// # Errors
    /// As [`IndexWriter::create`](super::IndexWriter::create).
    pub fn create(dir: &Path, settings: IndexSettings) -> Result<()> {
        settings.check()?;
        let site = Site::claim(dir)?;
        match Manifest::read(dir) {
            Err(Error::NotAnIndex { .. }) => {
                let mut manifest = Manifest::empty(settings).followed_by(Vec::new(), 1);
                manifest.publish(site.dir())
            }
            found => found.map(|_| ()),
        }
    }

    /// Opens the index in `dir` for writing, with everything that was acknowledged before.
    ///
    /// # Errors
    /// When `dir` is no index, is damaged or of another format, was built with another encoder, or another process writes it.
    pub fn open(dir: &Path, encoder: &EncoderSpec, options: LiveOptions) -> Result<Self> {
        // Before the lock is taken, which makes a file.
        Manifest::read(dir)?;
        let site = Site::claim(dir)?;
        let snapshot = Snapshot::open(dir)?;
        snapshot.check_encoder(dir, encoder)?;
        let settings = snapshot.manifest.settings.clone();
        let mut buffer = Buffer::default();
        let replayed = log::replay(dir, snapshot.manifest.logged, |path, body| {
            let writes = record::decode(body, settings.encoder.dim);
            let writes = writes.ok_or_else(|| Error::Damaged {
                path: path.to_owned(),
                found: "a record that cannot be read".into(),
                expected: "writes".into(),
            })?;
            writes.into_iter().for_each(|write| buffer.add(write));
            Ok(())
        })?;
        if let Some((path, at)) = &replayed.torn {
            log::cut(path, *at)?;
        }
        let shared = Arc::new(Shared {
            journal: Mutex::new(Journal {
                log: Log::create(dir, replayed.next)?,
                buffer,
                in_commit: None,
                failure: None,
            }),
            site,
            settings,
            options,
            merging: Mutex::default(),
            committing: Mutex::default(),
            queue: Mutex::default(),
            room: Condvar::new(),
            work: super::merging::Work::default(),
            current: RwLock::new(Arc::new(snapshot)),
            monitor: Monitor::default(),
            writers: threads("write", options.threads, WRITERS_NICE)?,
            mergers: threads("merge", options.threads, MERGERS_NICE)?,
        });
        // What a crash left in the log is found from the first search on.
        shared.refresh()?;
        let caretakers = super::merging::caretakers(&shared);
        // A writer before may have ended before its merges did.
        shared.work.merge();
        Ok(Self { shared, caretakers })
    }

    /// Encodes `docs` as this collection keeps them, on the threads of writers.
    ///
    /// # Errors
    /// When the model cannot run.
    pub fn embed(&self, docs: Vec<Document>, encoder: &dyn Encoder) -> Result<Vec<Embedded>> {
        let passages = self.shared.settings.passages;
        self.shared
            .writers
            .install(|| embed(docs, encoder, passages))
    }

    /// Does `writes`, in their order: all of them, or none where that is an error. They are on disk when this returns, and
    /// found by searches a moment later.
    ///
    /// # Errors
    /// When vectors do not fit the index, or the disk fails or is full; what was there goes on answering.
    pub fn write(&self, writes: Vec<Write>) -> Result<Vec<Outcome>> {
        let shared = &*self.shared;
        shared.check(&writes)?;
        let records = records(&writes).map_err(|source| Error::Write {
            path: shared.site.dir().to_owned(),
            source,
        })?;
        let done = Arc::default();
        locked(&shared.queue).push(Waiting {
            writes,
            records,
            done: Arc::clone(&done),
        });
        // Whoever gets the journal first writes for all who wait: one sync for many writes.
        let journal = locked(&shared.journal);
        if locked(&done).is_none() {
            shared.write_waiting(journal);
        }
        let result = locked(&done).take();
        result.unwrap_or_else(|| Err(Error::Interrupted))
    }

    /// Makes every acknowledged write found by searches that begin after this returns.
    ///
    /// # Errors
    /// When the disk fails or is full; the writes stay in the log, and are tried again.
    pub fn refresh(&self) -> Result<()> {
        self.shared.refresh()
    }

    /// The ids of the documents that `filter` lets through, in the order in which they were written.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn matching(&self, filter: &Filter) -> Result<Vec<DocId>> {
        let snapshot = self.snapshot();
        let allowed = snapshot.allowed(Some(filter))?;
        snapshot
            .ords(&allowed)
            .map(|ord| snapshot.id(ord))
            .collect()
    }

    /// Merges all segments into one, without what was deleted.
    ///
    /// # Errors
    /// When the disk fails or is full.
    pub fn compact(&self) -> Result<()> {
        self.shared.refresh()?;
        self.shared.compact()
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        self.shared.site.dir()
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot()
    }

    /// Does `work` while nothing is committed or merged.
    #[cfg(test)]
    pub(super) fn hold_still(&self, work: impl FnOnce()) {
        let _merging = locked(&self.shared.merging);
        let _committing = locked(&self.shared.committing);
        work();
    }
}

impl Drop for Collection {
    fn drop(&mut self) {
        self.shared.monitor.interrupt();
        self.shared.work.stop();
        for caretaker in self.caretakers.drain(..) {
            let _ = caretaker.join();
        }
        // Not needed, for the log has it all; but the next opening is faster.
        if let Err(error) = self.shared.refresh() {
            tracing::warn!(%error, "the last writes stay in the log");
        }
    }
}

impl Shared {
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        let current = self.current.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn show(&self, snapshot: Snapshot) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(snapshot);
    }

    fn check(&self, writes: &[Write]) -> Result<()> {
        let dim = self.settings.encoder.dim;
        for write in writes {
            let Write::Put(put) = write else { continue };
            let (n, width) = (put.vectors.len(), put.vectors.dim());
            let one = self.settings.passages.is_some() || n == 1;
            if width != dim || n == 0 || n != put.spans.len() || !one {
                return Err(Error::Setting {
                    name: "the vectors of a document",
                    got: format!("{n} of {width} numbers"),
                    expected: "one for each passage, as long as the index's encoder makes them",
                });
            }
        }
        Ok(())
    }

    /// Puts everything that waits into the log, and tells those who wait.
    fn write_waiting(&self, mut journal: MutexGuard<'_, Journal>) {
        while journal.buffer.size_bytes >= self.options.buffer_bytes {
            if let Some((kind, why)) = &journal.failure {
                let (kind, why) = (*kind, why.clone());
                return self.answer(std::mem::take(&mut *locked(&self.queue)), |_| {
                    Err(self.failed(io::Error::new(kind, why.clone())))
                });
            }
            self.work.refresh();
            let waited = self.room.wait_timeout(journal, PATIENCE);
            journal = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let waiting = std::mem::take(&mut *locked(&self.queue));
        let records = waiting.iter().flat_map(|waiting| &waiting.records);
        if let Err(error) = journal.log.append(records.map(Vec::as_slice)) {
            let (kind, why) = kind_of(&error);
            return self.answer(waiting, |_| {
                Err(self.failed(io::Error::new(kind, why.clone())))
            });
        }
        let snapshot = self.snapshot();
        self.answer(waiting, |writes| {
            let mut outcomes = Vec::with_capacity(writes.len());
            for write in writes {
                let there = journal.has(write.id(), &snapshot);
                outcomes.push(match (&write, there) {
                    (Write::Put(_), false) => Outcome::Created,
                    (Write::Put(_), true) => Outcome::Updated,
                    (Write::Delete(_), true) => Outcome::Deleted,
                    (Write::Delete(_), false) => Outcome::Missing,
                });
                journal.buffer.add(write);
            }
            Ok(outcomes)
        });
        self.work.refresh_soon();
    }

    fn answer(
        &self,
        waiting: Vec<Waiting>,
        mut outcome: impl FnMut(Vec<Write>) -> Result<Vec<Outcome>>,
    ) {
        for Waiting { writes, done, .. } in waiting {
            let outcome = outcome(writes);
            *locked(&done) = Some(outcome);
        }
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Write {
            path: self.site.dir().to_owned(),
            source,
        }
    }

    /// Makes a segment of the buffer.
    pub(super) fn refresh(&self) -> Result<()> {
        let _committing = locked(&self.committing);
        let (batch, logged) = {
            let mut journal = locked(&self.journal);
            if journal.buffer.is_empty() {
                return Ok(());
            }
            if let Err(error) = journal.log.rotate() {
                journal.failure = Some(kind_of(&error));
                return Err(error);
            }
            let batch = Arc::new(std::mem::take(&mut journal.buffer));
            journal.in_commit = Some(Arc::clone(&batch));
            (batch, journal.log.next() - 1)
        };
        let committed = self.writers.install(|| self.commit(&batch, logged));
        let mut journal = locked(&self.journal);
        journal.in_commit = None;
        journal.failure = committed.as_ref().err().map(kind_of);
        if committed.is_err() {
            let newer = std::mem::replace(&mut journal.buffer, (*batch).clone());
            let newer = newer.into_writes().into_iter();
            newer.for_each(|write| journal.buffer.add(write));
        }
        self.room.notify_all();
        committed
    }
}

impl Journal {
    /// Whether the document is there once everything written so far is done.
    fn has(&self, id: &DocId, snapshot: &Snapshot) -> bool {
        let buffered = self.buffer.has(id);
        let in_commit = || self.in_commit.as_ref()?.has(id);
        buffered
            .or_else(in_commit)
            .unwrap_or_else(|| snapshot.find(id).is_some())
    }
}

fn threads(name: &'static str, n: usize, nice: i32) -> Result<ThreadPool> {
    let pool = ThreadPoolBuilder::new()
        .num_threads(n.max(1))
        .thread_name(move |nth| format!("{name}-{nth}"))
        .start_handler(move |_| step_back(nice))
        .build();
    pool.map_err(|source| Error::Threads {
        source: source.into(),
    })
}

/// Lets the threads of searches go first: where there are more threads than cores, this one waits.
#[cfg(target_os = "linux")]
fn step_back(nice: i32) {
    // Linux keeps the priority of a thread, and takes a thread's number for a process's.
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), nice);
}

#[cfg(not(target_os = "linux"))]
fn step_back(_nice: i32) {}

/// `writes` as records of bounded size.
fn records(writes: &[Write]) -> io::Result<Vec<Vec<u8>>> {
    let mut records = Vec::new();
    let mut first = 0;
    let mut size = 0;
    for (at, write) in writes.iter().enumerate() {
        size += write.size_bytes();
        if size > MAX_RECORD_BYTES / 4 {
            records.push(record::encode(&writes[first..=at])?);
            (first, size) = (at + 1, 0);
        }
    }
    if first < writes.len() {
        records.push(record::encode(&writes[first..])?);
    }
    if records.iter().any(|record| record.len() > MAX_RECORD_BYTES) {
        let problem = format!("a document takes more than {MAX_RECORD_BYTES} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
    }
    Ok(records)
}

fn kind_of(error: &Error) -> (io::ErrorKind, String) {
    match error {
        Error::Write { path, source } => (source.kind(), format!("{}: {source}", path.display())),
        error => (io::ErrorKind::Other, error.to_string()),
    }
}

/// A lock whose holder cannot have left anything half done: what is guarded is changed in one step.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
