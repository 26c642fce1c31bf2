//! What a term can add to a score at most, block by block of its postings (Ding & Suel 2011).
//!
//! k1, b and the weight of titles are chosen by a query. So a block keeps no score, but the frequencies and lengths of those of
//! its documents that can be its best by any of them: no other has a larger frequency at a smaller length.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use memmap2::Mmap;
use tantivy::postings::TermInfo;

use crate::error::{Error, Result};
use crate::mapped;

use super::bm25::Saturation;
use super::clause::ClauseField;
use super::failed;
use super::lengths::LengthTable;
use super::part::TermField;

const FILE: &str = "bounds";
/// As many postings as tantivy packs together; terms in fewer documents have no blocks.
pub(super) const BLOCK: u32 = 128;

/// Numbers of a file that belong together: two of 4 bytes.
type Pair = [u8; 8];

/// The bounds of one part: terms, their blocks, and the documents that bound these, as sorted tables one after another.
pub(super) struct BoundTable {
    bytes: Mmap,
    /// How many terms and blocks there are; the rest are documents.
    n_terms: usize,
    n_blocks: usize,
}

/// The blocks of one term.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blocks<'a> {
    /// Last document, and where the frequencies and lengths begin.
    blocks: &'a [Pair],
    /// Where those of the last block end.
    end: usize,
    /// Frequency and length.
    points: &'a [Pair],
}

impl Blocks<'_> {
    pub(super) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// The last document of block `at`.
    pub(super) fn last_doc(&self, at: usize) -> u32 {
        self.blocks.get(at).map_or(0, |block| pair(block).0)
    }

    /// What `most` makes of the frequencies and lengths of block `at`: the largest of it.
    pub(super) fn most(&self, at: usize, most: impl Fn(f32, f32) -> f32) -> f32 {
        let start = |at: usize| {
            self.blocks
                .get(at)
                .map_or(self.end, |block| pair(block).1 as usize)
        };
        let points = self.points.get(start(at)..start(at + 1));
        let values = points.into_iter().flatten().map(|point| {
            let (frequency, length) = pair(point);
            most(frequency as f32, length as f32)
        });
        values.fold(0.0, f32::max)
    }

    /// The largest saturation in block `at` where a term counts `factor` times, and documents are at least `shorter` times as
    /// long as they are.
    pub(super) fn saturation(&self, at: usize, by: Saturation, factor: f32, shorter: f32) -> f32 {
        self.most(at, |frequency, length| {
            by.of(factor * frequency, shorter * length)
        })
    }
}

fn pair([a, b, c, d, e, f, g, h]: &Pair) -> (u32, u32) {
    (
        u32::from_le_bytes([*a, *b, *c, *d]),
        u32::from_le_bytes([*e, *f, *g, *h]),
    )
}

fn bytes_of(first: u32, second: u32) -> Pair {
    (u64::from(second) << 32 | u64::from(first)).to_le_bytes()
}

/// What a term is found by: its field, and where its postings begin.
fn term_key(field: ClauseField, term: &TermInfo) -> u64 {
    let field = match field {
        ClauseField::Terms => 0,
        ClauseField::Romanised => 1 << 63,
    };
    field | term.postings_range.start as u64
}

impl BoundTable {
    pub(super) fn open(dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        let bytes = mapped::map(&path)?;
        let (pairs, rest) = bytes.as_chunks();
        let (n_terms, n_blocks) = pairs.first().map_or((0, 0), pair);
        let (n_terms, n_blocks) = (n_terms as usize, n_blocks as usize);
        if pairs.len() < 1 + 2 * n_terms + n_blocks || !rest.is_empty() {
            return Err(Error::Damaged {
                path,
                found: format!("{} bytes", bytes.len()),
                expected: format!("bounds of {n_terms} terms"),
            });
        }
        Ok(Self {
            bytes,
            n_terms,
            n_blocks,
        })
    }

    /// The blocks of a term that is in more than [`BLOCK`] documents; `None` for others.
    pub(super) fn find(&self, field: ClauseField, term: &TermInfo) -> Option<Blocks<'_>> {
        if term.doc_freq <= BLOCK {
            return None;
        }
        let (_, tables) = self.bytes.as_chunks::<8>().0.split_first()?;
        let (keys, tables) = tables.split_at_checked(self.n_terms)?;
        let (ranges, tables) = tables.split_at_checked(self.n_terms)?;
        let (blocks, points) = tables.split_at_checked(self.n_blocks)?;
        let key = term_key(field, term);
        let at = keys.binary_search_by_key(&key, |key| u64::from_le_bytes(*key));
        let (first, end) = pair(ranges.get(at.ok()?)?);
        Some(Blocks {
            blocks: blocks.get(first as usize..end as usize)?,
            end: blocks
                .get(end as usize)
                .map_or(points.len(), |next| pair(next).1 as usize),
            points,
        })
    }

    /// Writes the bounds of the terms in `dir`, where everything else is written already.
    pub(super) fn write(dir: &Path, n_docs: usize) -> Result<()> {
        let [terms, _, romanised, _] =
            TermField::open(dir, n_docs).map_err(failed("be written"))?;
        let lengths = LengthTable::open(dir, n_docs)?;
        let mut gathered = Gathered::default();
        for (field, index) in [
            (ClauseField::Terms, terms),
            (ClauseField::Romanised, romanised),
        ] {
            gathered
                .add(field, &index, &lengths)
                .map_err(failed("be written"))?;
        }
        let path = dir.join(FILE);
        gathered
            .write(&path)
            .map_err(|source| Error::Write { path, source })
    }
}

#[derive(Default)]
struct Gathered {
    /// Key, and which blocks are the term's.
    terms: Vec<(u64, Pair)>,
    blocks: Vec<Pair>,
    points: Vec<Pair>,
}

impl Gathered {
    fn add(
        &mut self,
        field: ClauseField,
        index: &TermField,
        lengths: &LengthTable,
    ) -> tantivy::Result<()> {
        let lengths = lengths.of(field);
        let mut front = Vec::new();
        index.for_each_frequent(BLOCK, |term, mut postings| {
            let first = self.blocks.len() as u32;
            while let Some(last) = postings.docs().last().copied() {
                let of_block = postings.docs().iter().zip(postings.freqs());
                front.clear();
                front.extend(of_block.map(|(doc, frequency)| (*frequency, lengths.of(*doc))));
                keep_best(&mut front);
                self.blocks.push(bytes_of(last, self.points.len() as u32));
                self.points.extend(
                    front
                        .iter()
                        .map(|(frequency, length)| bytes_of(*frequency, *length)),
                );
                postings.advance();
            }
            let blocks = bytes_of(first, self.blocks.len() as u32);
            self.terms.push((term_key(field, term), blocks));
        })
    }

    fn write(mut self, path: &Path) -> io::Result<()> {
        self.terms.sort_unstable();
        let mut file = BufWriter::new(File::create_new(path)?);
        let sizes = bytes_of(self.terms.len() as u32, self.blocks.len() as u32);
        file.write_all(&sizes)?;
        for (key, _) in &self.terms {
            file.write_all(&key.to_le_bytes())?;
        }
        for (_, blocks) in &self.terms {
            file.write_all(blocks)?;
        }
        file.write_all(self.blocks.as_flattened())?;
        file.write_all(self.points.as_flattened())?;
        file.flush()
    }
}

/// Keeps the frequencies and lengths that no other beats: larger frequencies have larger lengths.
fn keep_best(front: &mut Vec<(u32, u32)>) {
    front.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut shortest = u32::MAX;
    front.retain(|(_, length)| {
        let is_best = *length < shortest;
        shortest = shortest.min(*length);
        is_best
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_other_beats_is_kept() {
        let mut front = vec![(1, 5), (3, 9), (2, 9), (1, 4), (3, 8), (2, 7)];
        keep_best(&mut front);
        assert_eq!(front, [(3, 8), (2, 7), (1, 4)]);
    }
}
