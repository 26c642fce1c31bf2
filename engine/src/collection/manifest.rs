//! What a collection says of itself: one file, which is renamed into place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fixedbitset::FixedBitSet;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::language::Lang;
use crate::segment::{FileEntry, IndexSettings, Inventory, Segment, Thoroughness};
use crate::whole_file;

use super::site::BUILDING;

pub(super) const FILE: &str = "xenoglot.json";
const MAGIC: &str = "xenoglot-index";
/// Raised whenever files change their meaning; an index of another format is refused by name.
const FORMAT: u32 = 3;

/// What an index is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    magic: String,
    format: u32,
    /// Counts what was committed to this directory, from 1.
    pub generation: u64,
    /// How many documents there are.
    pub n_docs: usize,
    /// How many documents there are in each language.
    pub languages: BTreeMap<Lang, usize>,
    /// What was fixed when it was made.
    pub settings: IndexSettings,
    pub(super) segments: Vec<SegmentEntry>,
    /// Of the next segment.
    pub(super) next_segment: u64,
    /// Records of the log up to this number are in the segments.
    pub(super) logged: u64,
    /// Over everything above.
    checksum: String,
}

/// A segment, and which of its documents live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SegmentEntry {
    pub(super) number: u64,
    /// Bytes on disk.
    pub(super) size_bytes: u64,
    pub(super) inventory: FileEntry,
    /// How many documents live, by language.
    pub(super) languages: BTreeMap<Lang, usize>,
    /// Which ones, where not all of them.
    pub(super) living: Option<FileEntry>,
}

impl SegmentEntry {
    /// The entry of segment `number`, all of whose documents live; `file` is the entry of its inventory.
    pub(super) fn new(number: u64, inventory: Inventory, file: FileEntry) -> Self {
        Self {
            number,
            size_bytes: inventory.size_bytes(),
            inventory: file,
            languages: inventory.languages,
            living: None,
        }
    }

    pub(super) fn dir_name(&self) -> String {
        segment_name(self.number)
    }

    /// How many documents live.
    pub(super) fn n_docs(&self) -> usize {
        self.languages.values().sum()
    }
}

impl Manifest {
    /// Reads the manifest of the index in `dir`.
    ///
    /// # Errors
    /// When there is none, or it is of a format that this program does not read.
    pub fn read(dir: &Path) -> Result<Self> {
        let not_an_index = |found: &str| Error::NotAnIndex {
            dir: dir.to_owned(),
            found: found.to_owned(),
        };
        let path = dir.join(FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(_) if !dir.exists() => return Err(not_an_index("there is no such directory")),
            Err(_) if !dir.is_dir() => return Err(not_an_index("it is a file")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(not_an_index(&format!("it has no {FILE}")));
            }
            Err(source) => return Err(Error::Read { path, source }),
        };
        #[derive(Deserialize)]
        struct Head {
            magic: String,
            format: u32,
        }
        let Ok(head) = serde_json::from_slice::<Head>(&text) else {
            return Err(not_an_index(&format!(
                "its {FILE} says nothing of an index"
            )));
        };
        if head.magic != MAGIC {
            return Err(not_an_index(&format!("its {FILE} is of `{}`", head.magic)));
        }
        if head.format != FORMAT {
            return Err(Error::IndexFormat {
                dir: dir.to_owned(),
                found: head.format,
                expected: FORMAT,
            });
        }
        let damaged = |found: String| Error::Damaged {
            path: path.clone(),
            found,
            expected: "a manifest".into(),
        };
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if manifest.checksum != manifest.own_checksum() {
            return Err(damaged("other contents than were written".into()));
        }
        Ok(manifest)
    }

    /// The manifest of an index without documents, before its first commit.
    pub(super) fn empty(settings: IndexSettings) -> Self {
        Self {
            magic: MAGIC.into(),
            format: FORMAT,
            generation: 0,
            n_docs: 0,
            languages: BTreeMap::new(),
            settings,
            segments: Vec::new(),
            next_segment: 1,
            logged: 0,
            checksum: String::new(),
        }
    }

    /// The manifest after this one, of `segments`.
    pub(super) fn followed_by(&self, segments: Vec<SegmentEntry>, next_segment: u64) -> Self {
        let mut languages = BTreeMap::new();
        for (lang, n) in segments.iter().flat_map(|segment| &segment.languages) {
            *languages.entry(*lang).or_default() += n;
        }
        Self {
            generation: self.generation.saturating_add(1),
            n_docs: languages.values().sum(),
            languages,
            segments,
            next_segment,
            ..self.clone()
        }
    }

    fn own_checksum(&self) -> String {
        let rest = Self {
            checksum: String::new(),
            ..self.clone()
        };
        // A structure of strings and numbers always becomes JSON; were it not so, no manifest would ever be read.
        let json = serde_json::to_vec(&rest).unwrap_or_default();
        blake3::hash(&json).to_hex().to_string()
    }

    /// Makes this the manifest of the index in `dir`, in one step, and last.
    pub(super) fn publish(&mut self, dir: &Path) -> Result<()> {
        self.checksum = self.own_checksum();
        let path = dir.join(FILE);
        let written = whole_file::write(&path, BUILDING, |file| {
            serde_json::to_writer_pretty(&mut *file, self)?;
            file.write_all(b"\n")
        });
        written
            .and_then(|()| whole_file::sync_directory(dir))
            .map_err(|source| Error::Write { path, source })
    }

    /// Opens the segment of `entry`, and which of its documents live.
    pub(super) fn open_segment(
        &self,
        dir: &Path,
        entry: &SegmentEntry,
    ) -> Result<(Segment, Option<Arc<FixedBitSet>>)> {
        let dir = dir.join(entry.dir_name());
        let segment = Segment::open(&dir, &entry.inventory, &self.settings)?;
        let living = match &entry.living {
            Some(file) => Some(Arc::new(read_living(&dir, file, segment.inventory.n_docs)?)),
            None => None,
        };
        Ok((segment, living))
    }

    /// Bytes on disk of all segments.
    pub fn size_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.size_bytes).sum()
    }

    /// How many segments there are.
    pub fn n_segments(&self) -> usize {
        self.segments.len()
    }
}

/// The directory of segment `number`.
pub(super) fn segment_name(number: u64) -> String {
    format!("segment-{number:06}")
}

/// Whether a directory called `name` may be a segment's.
pub(super) fn is_segment_name(name: &str) -> bool {
    let number = name
        .strip_prefix("segment-")
        .and_then(|digits| digits.parse().ok());
    number.is_some_and(|number| segment_name(number) == name)
}

/// Writes which documents of the segment in `dir` live from `generation` on.
pub(super) fn write_living(dir: &Path, generation: u64, living: &FixedBitSet) -> Result<FileEntry> {
    let path = dir.join(format!("living-{generation:06}.bits"));
    let write = || {
        whole_file::write(&path, BUILDING, |file| {
            let blocks = living.as_slice().iter();
            blocks
                .map(|block| (*block as u64).to_le_bytes())
                .try_for_each(|bytes| file.write_all(&bytes))
        })?;
        whole_file::sync_directory(dir)
    };
    write().map_err(|source| Error::Write {
        path: path.clone(),
        source,
    })?;
    FileEntry::of(dir, &path)
}

fn read_living(dir: &Path, file: &FileEntry, n_docs: usize) -> Result<FixedBitSet> {
    file.compare(dir, Thoroughness::Full)?;
    let path: PathBuf = dir.join(&file.path);
    let bytes = std::fs::read(&path).map_err(|source| Error::Read {
        path: path.clone(),
        source,
    })?;
    let (words, rest) = bytes.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    if !rest.is_empty() || words.len() != n_docs.div_ceil(usize::BITS as usize) {
        return Err(Error::Damaged {
            path,
            found: format!("{} bytes", bytes.len()),
            expected: format!("a bit for each of {n_docs} documents"),
        });
    }
    Ok(FixedBitSet::with_capacity_and_blocks(
        n_docs,
        words.map(|word| word as usize),
    ))
}
