//! Parts → one part.

use std::path::Path;

use fixedbitset::FixedBitSet;
use tantivy::directory::OwnedBytes;
use tantivy::fastfield::{AliveBitSet, write_alive_bitset};
use tantivy::indexer::merge_filtered_segments;
use tantivy::{BitSet, Index, Segment};

use crate::error::Result;
use crate::language::Lang;

use super::bounds::BoundTable;
use super::contents::Contents;
use super::directory::{ReadOnly, Unsynced};
use super::failed;
use super::fields::settings;
use super::lengths::LengthTable;
use super::numbers::NumbersWriter;
use super::part::{LexicalPart, unexpected};
use super::writer::PartWriter;

/// Writes one part into the empty directory `into`: the documents of `parts`, one part after another, of each those that are
/// to be kept; `None` keeps all.
pub(crate) fn merge(parts: &[(&Path, Option<&FixedBitSet>)], into: &Path) -> Result<()> {
    let mut merged = Merged::default();
    let mut segments = Vec::new();
    let mut kept_docs = Vec::new();
    for (dir, keep) in parts {
        let part = LexicalPart::open_any(dir)?;
        let kept = Kept::new(part.n_docs(), *keep, merged.lengths.len());
        if kept.n_kept == 0 {
            continue;
        }
        merged.add(&part, &kept)?;
        segments.push(segment(dir).map_err(failed("be merged"))?);
        kept_docs.push(match kept.n_kept < part.n_docs() {
            true => Some(kept.alive().map_err(failed("be merged"))?),
            false => None,
        });
    }
    if segments.is_empty() {
        return PartWriter::create(into.to_owned())?.commit().map(drop);
    }
    let merge = || {
        let output = Unsynced::open(into)?;
        merge_filtered_segments(&segments, settings(), kept_docs, output)
    };
    merge().map_err(failed("be merged"))?;
    merged.write(into)
}

/// Where the documents of one part go.
struct Kept {
    /// The new place of each document; [`DROPPED`] where it has none.
    places: Vec<u32>,
    n_kept: usize,
}

const DROPPED: u32 = u32::MAX;

impl Kept {
    fn new(n_docs: usize, keep: Option<&FixedBitSet>, before: usize) -> Self {
        let mut next = before as u32;
        let place = |doc| {
            if !keep.is_none_or(|keep| keep.contains(doc)) {
                return DROPPED;
            }
            next += 1;
            next - 1
        };
        let places: Vec<u32> = (0..n_docs).map(place).collect();
        Self {
            places,
            n_kept: next as usize - before,
        }
    }

    fn place(&self, doc: u32) -> Option<u32> {
        let place = self.places.get(doc as usize).copied();
        place.filter(|place| *place != DROPPED)
    }

    /// As tantivy wants it.
    fn alive(&self) -> tantivy::Result<AliveBitSet> {
        let mut alive = BitSet::with_max_value(self.places.len() as u32);
        for (doc, place) in (0..).zip(&self.places) {
            if *place != DROPPED {
                alive.insert(doc);
            }
        }
        let mut bytes = Vec::new();
        write_alive_bitset(&alive, &mut bytes)?;
        Ok(AliveBitSet::open(OwnedBytes::new(bytes)))
    }
}

fn segment(dir: &Path) -> tantivy::Result<Segment> {
    let index = Index::open(ReadOnly::open(dir)?)?;
    let segment = index.searchable_segments()?.pop();
    segment.ok_or_else(|| unexpected("no part"))
}

/// What tantivy does not merge.
#[derive(Default)]
struct Merged {
    contents: Contents,
    lengths: Vec<super::lengths::Length>,
    numbers: NumbersWriter,
}

impl Merged {
    fn add(&mut self, part: &LexicalPart, kept: &Kept) -> Result<()> {
        let n_docs = u32::try_from(kept.places.len()).unwrap_or(DROPPED);
        let docs = (0..n_docs).filter(|doc| kept.place(*doc).is_some());
        self.lengths
            .extend(docs.map(|doc| part.length(doc as usize)));
        let languages: Vec<Lang> = part.languages().collect();
        for lang in languages {
            let counts = self.contents.languages.entry(lang).or_default();
            let docs = part.in_language(lang).map_err(failed("be merged"))?;
            let docs = docs.ones().filter(|doc| kept.place(*doc as u32).is_some());
            docs.for_each(|doc| counts.add(part.length(doc)));
        }
        for ((kind, name), key, doc) in part.numbers().all() {
            if let Some(place) = kept.place(doc) {
                self.numbers.add(*kind, name, key, place);
            }
        }
        Ok(())
    }

    fn write(mut self, dir: &Path) -> Result<()> {
        self.contents.n_docs = self.lengths.len();
        self.contents
            .languages
            .retain(|_, counts| counts.n_docs > 0);
        self.contents.numbers = self.numbers.write(dir)?;
        LengthTable::write(dir, &self.lengths)?;
        BoundTable::write(dir, self.contents.n_docs)?;
        self.contents.write(dir)
    }
}
