//! The write-ahead log: what was acknowledged and is in no segment yet.
//!
//! A file begins with a magic number. Each record after it has a head (the length of its body, its sequence number, a checksum
//! of both, and one of the body) and a body. Sequence numbers rise by one from record to record and from file to file; a file
//! is called by the first that it may hold. Records that segments have are passed over, so a file is removed whole, later.
//!
//! A crash may cut the last record, which nobody was told of: it is dropped. Anything else that is not as it was written is
//! damage, and named.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::mapped;
use crate::whole_file;

const MAGIC: &[u8; 8] = b"XGLOG001";
const PREFIX: &str = "log-";
/// Length and number of a record, and their checksum; and that of the body.
const HEAD_BYTES: usize = 4 + 8 + CHECKSUM_BYTES + CHECKSUM_BYTES;
const CHECKSUM_BYTES: usize = 8;
/// A disk writes at least as much at once: of a record that was cut, some such part was never written.
const SECTOR_BYTES: usize = 512;
/// Larger batches are several records.
pub(super) const MAX_RECORD_BYTES: usize = 256 << 20;

/// The file that records are added to.
pub(super) struct Log {
    dir: PathBuf,
    path: PathBuf,
    file: File,
    /// Where the next record goes.
    end: u64,
    /// Of the next record.
    next: u64,
    /// Whether a failed write left something behind that could not be taken back.
    broken: bool,
}

impl Log {
    /// A new file in `dir` for the records from `next` on.
    pub(super) fn create(dir: &Path, next: u64) -> Result<Self> {
        let path = dir.join(name(next));
        let create = || {
            // One of that name holds no record: it would be called by another.
            let mut file = OpenOptions::new()
                .create(true)
                .truncate(true)
                .write(true)
                .open(&path)?;
            file.write_all(MAGIC)?;
            whole_file::sync_file(&file, &path)?;
            whole_file::sync_directory(dir)?;
            Ok(file)
        };
        let file = create().map_err(|source| Error::Write {
            path: path.clone(),
            source,
        })?;
        Ok(Self {
            dir: dir.to_owned(),
            path,
            file,
            end: MAGIC.len() as u64,
            next,
            broken: false,
        })
    }

    /// The sequence number of the next record.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Whether there is no record in the file.
    pub(super) fn is_empty(&self) -> bool {
        self.end == MAGIC.len() as u64
    }

    /// Adds `bodies`, each as a record, and makes them last: all of them, or none.
    ///
    /// # Errors
    /// When the disk fails or is full. What was written of the records is taken back; where even that fails, the file takes no
    /// more.
    pub(super) fn append<'b>(&mut self, bodies: impl Iterator<Item = &'b [u8]>) -> Result<()> {
        let failed = |source| Error::Write {
            path: self.path.clone(),
            source,
        };
        if self.broken {
            return Err(failed(io::Error::other(
                "an earlier write failed and could not be taken back",
            )));
        }
        let mut bytes = Vec::new();
        let mut next = self.next;
        for body in bodies {
            let length = (body.len() as u32).to_le_bytes();
            let sequence = next.to_le_bytes();
            bytes.extend(length);
            bytes.extend(sequence);
            bytes.extend(checksum(&[&length, &sequence]));
            // With the number, so that no body passes for another record's.
            bytes.extend(checksum(&[&sequence, body]));
            bytes.extend(body);
            next += 1;
        }
        let written = self
            .file
            .write_all(&bytes)
            .and_then(|()| whole_file::sync_file(&self.file, &self.path));
        if let Err(source) = written {
            let undone = self
                .file
                .set_len(self.end)
                .and_then(|()| self.file.seek(SeekFrom::Start(self.end)))
                .and_then(|_| whole_file::sync_file(&self.file, &self.path));
            self.broken = undone.is_err();
            return Err(failed(source));
        }
        self.end += bytes.len() as u64;
        self.next = next;
        Ok(())
    }

    /// Goes on in a new file.
    ///
    /// # Errors
    /// When it cannot be made; the one before then goes on.
    pub(super) fn rotate(&mut self) -> Result<()> {
        if !self.is_empty() || self.broken {
            *self = Self::create(&self.dir, self.next)?;
        }
        Ok(())
    }
}

fn name(first: u64) -> String {
    format!("{PREFIX}{first:020}")
}

/// The first sequence number of the file called `name`, if it is a log's.
pub(super) fn first_of(file: &str) -> Option<u64> {
    let first = file.strip_prefix(PREFIX)?.parse().ok()?;
    (name(first) == file).then_some(first)
}

fn checksum(parts: &[&[u8]]) -> [u8; CHECKSUM_BYTES] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    let mut checksum = [0; CHECKSUM_BYTES];
    hasher.finalize_xof().fill(&mut checksum);
    checksum
}

/// The files of the log in `dir`, oldest first.
pub(super) fn files(dir: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let failed = |source| Error::Read {
        path: dir.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if let Some(first) = first_of(&entry.file_name().to_string_lossy()) {
            files.push((first, entry.path()));
        }
    }
    files.sort();
    Ok(files)
}

/// A number that no record in `dir` lies above, found without reading the records.
pub(super) fn last_possible(dir: &Path) -> Result<u64> {
    let mut last = 0;
    for (first, path) in files(dir)? {
        let size = std::fs::metadata(&path).map_err(|source| Error::Read { path, source })?;
        last = last.max(first + size.len() / HEAD_BYTES as u64);
    }
    Ok(last)
}

/// What was found in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replayed {
    /// The number after the last record's.
    pub(super) next: u64,
    /// The file whose last record a crash cut, and where that begins.
    pub(super) torn: Option<(PathBuf, u64)>,
}

/// Calls `each` with the body of every record in `dir` after number `after`, in order. Writes nothing.
///
/// # Errors
/// [`Error::Damaged`] where records are missing or are not as they were written, [`Error::Read`] where they cannot be read.
pub(super) fn replay(
    dir: &Path,
    after: u64,
    mut each: impl FnMut(&Path, &[u8]) -> Result<()>,
) -> Result<Replayed> {
    let files = files(dir)?;
    let mut replayed = Replayed {
        next: after + 1,
        torn: None,
    };
    for (at, (first, path)) in files.iter().enumerate() {
        if *first > replayed.next {
            let found = format!("records from {first} on");
            return Err(damaged(path, found, &format!("record {}", replayed.next)));
        }
        let mut expected = *first;
        let end = for_each_record(path, |sequence, body| {
            if sequence != expected {
                let found = format!("record {sequence}");
                return Err(damaged(path, found, &format!("record {expected}")));
            }
            expected += 1;
            if sequence >= replayed.next {
                replayed.next = sequence + 1;
                each(path, body)?;
            }
            Ok(())
        })?;
        match end {
            End::Whole => {}
            End::Torn { at: byte } if at + 1 == files.len() => {
                replayed.torn = Some((path.clone(), byte));
            }
            End::Torn { at } => {
                let found = format!("a file that ends within the record at byte {at}");
                return Err(damaged(path, found, "whole records"));
            }
        }
    }
    Ok(replayed)
}

/// Takes off what a crash left of a record that nobody was told of.
pub(super) fn cut(path: &Path, at: u64) -> Result<()> {
    tracing::warn!(path = %path.display(), at, "the log ends within a record that was never acknowledged; it is dropped");
    let cut = || {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(at)?;
        whole_file::sync_file(&file, path)
    };
    cut().map_err(|source| Error::Write {
        path: path.to_owned(),
        source,
    })
}

fn damaged(path: &Path, found: String, expected: &str) -> Error {
    Error::Damaged {
        path: path.to_owned(),
        found,
        expected: expected.to_owned(),
    }
}

/// How the records of a file end.
enum End {
    Whole,
    /// Within the record that begins at byte `at`.
    Torn {
        at: u64,
    },
}

/// Calls `each` with the number and the body of every whole record of the file at `path`.
fn for_each_record(path: &Path, mut each: impl FnMut(u64, &[u8]) -> Result<()>) -> Result<End> {
    let bytes = mapped::map(path)?;
    let Some(magic) = bytes.first_chunk::<{ MAGIC.len() }>() else {
        return Ok(End::Torn { at: 0 });
    };
    if magic != MAGIC {
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(End::Torn { at: 0 });
        }
        let found = format!("{:?}", String::from_utf8_lossy(magic));
        return Err(damaged(path, found, "the beginning of a log"));
    }
    let mut at = MAGIC.len();
    while at < bytes.len() {
        match record(&bytes[at..]) {
            Record::Whole { sequence, body } => {
                each(sequence, body)?;
                at += HEAD_BYTES + body.len();
            }
            Record::Cut => return Ok(End::Torn { at: at as u64 }),
            Record::Wrong if never_written(&bytes, at) => return Ok(End::Torn { at: at as u64 }),
            Record::Wrong => {
                let found = format!("a record at byte {at} that does not match its checksum");
                return Err(damaged(path, found, "what was written"));
            }
        }
    }
    Ok(End::Whole)
}

enum Record<'b> {
    Whole {
        sequence: u64,
        body: &'b [u8],
    },
    /// The file ends within it.
    Cut,
    /// It is there, and is not what was written.
    Wrong,
}

/// The record that `bytes` begin with.
fn record(bytes: &[u8]) -> Record<'_> {
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else {
        return Record::Cut;
    };
    let (numbers, checksums) = head.split_at(4 + 8);
    let (length, sequence) = numbers.split_at(4);
    let (of_head, of_body) = checksums.split_at(CHECKSUM_BYTES);
    // A length that cannot be trusted would pass damage in the middle for the end of the file.
    if checksum(&[length, sequence]) != of_head {
        return Record::Wrong;
    }
    let mut number = [0; 8];
    number[..4].copy_from_slice(length);
    let Some(body) = rest.get(..u64::from_le_bytes(number) as usize) else {
        return Record::Cut;
    };
    if checksum(&[sequence, body]) != of_body {
        return Record::Wrong;
    }
    number.copy_from_slice(sequence);
    Record::Whole {
        sequence: u64::from_le_bytes(number),
        body,
    }
}

/// Whether some part of `bytes` from `at` on that a disk writes at once is still empty: then the rest was cut off by a crash,
/// after the file had grown and before its contents were there.
fn never_written(bytes: &[u8], at: usize) -> bool {
    let sectors = bytes.chunks(SECTOR_BYTES).enumerate();
    let mut rest = sectors.filter_map(|(nth, sector)| {
        let before = at.saturating_sub(nth * SECTOR_BYTES);
        sector.get(before..).filter(|rest| !rest.is_empty())
    });
    rest.any(|rest| rest.iter().all(|byte| *byte == 0))
}

/// Removes the files whose records are all up to number `last`. The newest stays.
pub(super) fn remove_up_to(dir: &Path, last: u64) -> Result<()> {
    let files = files(dir)?;
    for pair in files.windows(2) {
        let [(_, path), (following, _)] = pair else {
            continue;
        };
        if *following <= last + 1 {
            std::fs::remove_file(path).map_err(|source| Error::Write {
                path: path.clone(),
                source,
            })?;
        }
    }
    Ok(())
}
