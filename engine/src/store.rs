//! Ordinal → document, id and language; id → ordinal.
//!
//! Documents lie as JSON lines in blocks of zstd, so that one is read by unpacking one block; a table says where
//! each block begins. A finite-state map (`fst`) leads from ids to ordinals. Ids by ordinal and languages lie in tables
//! of their own: runs and stages ask for those alone.

mod writer;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

use fixedbitset::FixedBitSet;
use memmap2::Mmap;

use crate::document::{DocId, DocOrd, Document};
use crate::error::{Error, Result};
use crate::language::Lang;
use crate::mapped;

pub(crate) use writer::DocStoreWriter;

const DOCUMENTS: &str = "documents.zst";
const BLOCKS: &str = "documents.blocks";
const ORDINALS: &str = "documents.ordinals";
const IDS: &str = "documents.ids";
const ID_ENDS: &str = "documents.id-ends";
const LANGUAGES: &str = "documents.languages";

/// Bytes of a language in its table: the code, filled up with zeros.
const LANG_BYTES: usize = 8;

/// The documents of one index.
pub(crate) struct DocStore {
    path: PathBuf,
    documents: Mmap,
    blocks: Vec<Block>,
    ordinals: fst::Map<Mmap>,
    /// One after another.
    ids: Mmap,
    id_ends: Vec<u64>,
    languages: Vec<Lang>,
}

/// Where a block begins in the file, and the ordinal of its first document.
#[derive(Debug, Clone, Copy)]
struct Block {
    offset: u64,
    first: u64,
}

impl DocStore {
    /// Opens the store in `dir`.
    pub(crate) fn open(dir: &Path) -> Result<Self> {
        let path = dir.join(DOCUMENTS);
        let ordinals = fst::Map::new(mapped::map(&dir.join(ORDINALS))?);
        Ok(Self {
            documents: mapped::map(&path)?,
            blocks: read_blocks(&dir.join(BLOCKS))?,
            ordinals: ordinals.map_err(|_| damaged(&dir.join(ORDINALS), "no map of ids"))?,
            ids: mapped::map(&dir.join(IDS))?,
            id_ends: read_words(&dir.join(ID_ENDS))?,
            languages: read_languages(&dir.join(LANGUAGES))?,
            path,
        })
    }

    /// The documents at `ords`, in that order.
    pub(crate) fn get(&self, ords: impl Iterator<Item = DocOrd>) -> Result<Vec<Document>> {
        // Candidates of one search often lie in one block, and unpacking it is most of the work.
        let mut unpacked: HashMap<usize, Vec<u8>> = HashMap::new();
        let mut docs = Vec::with_capacity(ords.size_hint().0);
        for ord in ords {
            let at = self.block_of(ord)?;
            let lines = match unpacked.entry(at) {
                Entry::Occupied(lines) => lines.into_mut(),
                Entry::Vacant(place) => place.insert(self.unpack(at)?),
            };
            let nth = u64::from(ord.0) - self.blocks[at].first;
            let line = lines.split(|&byte| byte == b'\n').nth(nth as usize);
            let doc = line.and_then(|line| serde_json::from_slice(line).ok());
            docs.push(doc.ok_or_else(|| damaged(&self.path, "an unreadable document"))?);
        }
        Ok(docs)
    }

    /// How many documents there are.
    pub(crate) fn len(&self) -> usize {
        self.languages.len()
    }

    /// Calls `each` with every document in `living` (`None` means all), in order: its ordinal and its line of JSON.
    pub(crate) fn for_each_line(
        &self,
        living: Option<&FixedBitSet>,
        mut each: impl FnMut(DocOrd, &[u8]) -> Result<()>,
    ) -> Result<()> {
        for (at, block) in self.blocks.iter().enumerate() {
            let next = self.blocks.get(at + 1).map(|next| next.first);
            let end = next.unwrap_or(self.len() as u64);
            let mut wanted = block.first as usize..end as usize;
            if living.is_some_and(|living| !wanted.any(|ord| living.contains(ord))) {
                continue;
            }
            let lines = self.unpack(at)?;
            let lines = lines.split(|&byte| byte == b'\n');
            for (ord, line) in (block.first..end).zip(lines) {
                if living.is_none_or(|living| living.contains(ord as usize)) {
                    each(DocOrd(ord as u32), line)?;
                }
            }
        }
        Ok(())
    }

    /// Where the document `id` is, if the index has it.
    pub(crate) fn find(&self, id: &DocId) -> Option<DocOrd> {
        let ord = self.ordinals.get(&id.0)?;
        u32::try_from(ord).ok().map(DocOrd)
    }

    /// The id of the document at `ord`; much cheaper than the document.
    pub(crate) fn id(&self, ord: DocOrd) -> Result<DocId> {
        let end_of = |index: usize| self.id_ends.get(index).copied().unwrap_or_default();
        let start = ord.index().checked_sub(1).map_or(0, end_of);
        let end = end_of(ord.index());
        let id = self.ids.get(start as usize..end as usize);
        let id = id
            .and_then(|id| std::str::from_utf8(id).ok())
            .filter(|id| !id.is_empty());
        id.map(DocId::from)
            .ok_or_else(|| damaged(&self.path, "a document without an id"))
    }

    /// The language of every document, by ordinal.
    pub(crate) fn languages(&self) -> &[Lang] {
        &self.languages
    }

    /// The language of the document at `ord`.
    pub(crate) fn lang(&self, ord: DocOrd) -> Lang {
        self.languages
            .get(ord.index())
            .copied()
            .unwrap_or(Lang::UNKNOWN)
    }

    fn block_of(&self, ord: DocOrd) -> Result<usize> {
        let after = self
            .blocks
            .partition_point(|block| block.first <= u64::from(ord.0));
        after
            .checked_sub(1)
            .ok_or_else(|| damaged(&self.path, "no block for a document"))
    }

    fn unpack(&self, at: usize) -> Result<Vec<u8>> {
        let end = self
            .blocks
            .get(at + 1)
            .map_or(self.documents.len(), |next| next.offset as usize);
        let packed = self.documents.get(self.blocks[at].offset as usize..end);
        let lines = packed.and_then(|packed| zstd::decode_all(packed).ok());
        lines.ok_or_else(|| damaged(&self.path, "an unreadable block"))
    }
}

/// A file of little-endian numbers.
fn read_words(path: &Path) -> Result<Vec<u64>> {
    let table = read_table(path)?;
    let (words, []) = table.as_chunks::<8>() else {
        return Err(damaged(path, "a cut table"));
    };
    Ok(words.iter().map(|word| u64::from_le_bytes(*word)).collect())
}

fn read_blocks(path: &Path) -> Result<Vec<Block>> {
    let words = read_words(path)?;
    let (pairs, []) = words.as_chunks::<2>() else {
        return Err(damaged(path, "a cut table"));
    };
    Ok(pairs
        .iter()
        .map(|&[offset, first]| Block { offset, first })
        .collect())
}

fn read_languages(path: &Path) -> Result<Vec<Lang>> {
    let table = read_table(path)?;
    let (codes, []) = table.as_chunks::<LANG_BYTES>() else {
        return Err(damaged(path, "a cut table"));
    };
    let read = |code: &[u8; LANG_BYTES]| {
        std::str::from_utf8(code)
            .ok()?
            .trim_end_matches('\0')
            .parse()
            .ok()
    };
    let languages: Option<Vec<Lang>> = codes.iter().map(read).collect();
    languages.ok_or_else(|| damaged(path, "a language that is none"))
}

fn read_table(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}

fn damaged(path: &Path, found: &str) -> Error {
    Error::Damaged {
        path: path.to_owned(),
        found: found.to_owned(),
        expected: "what was written".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(i: u32) -> Document {
        Document {
            id: DocId(format!("doc-{i}")),
            lang: if i.is_multiple_of(2) { "sw" } else { "zh-Hant" }
                .parse()
                .unwrap(),
            title: String::new(),
            text: format!(
                "mstari wa kwanza\nmstari wa pili {i} {}",
                "maji ".repeat(300)
            ),
            meta: Default::default(),
        }
    }

    #[test]
    fn documents_come_back_by_ordinal_and_by_id() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = DocStoreWriter::create(dir.path()).unwrap();
        for i in 0..200 {
            assert_eq!(writer.add(&document(i)).unwrap(), DocOrd(i));
        }
        writer.commit().unwrap();
        let store = DocStore::open(dir.path()).unwrap();
        assert!(store.blocks.len() > 1);
        let ords = [199, 0, 57].map(DocOrd);
        assert_eq!(
            store.get(ords.into_iter()).unwrap(),
            [199, 0, 57].map(document)
        );
        for ord in ords {
            assert_eq!(store.id(ord).unwrap(), document(ord.0).id);
            assert_eq!(store.lang(ord), document(ord.0).lang);
        }
        assert_eq!(store.find(&"doc-57".into()), Some(DocOrd(57)));
        assert_eq!(store.find(&"doc-200".into()), None);
        assert!(store.id(DocOrd(200)).is_err());
    }

    #[test]
    fn an_id_that_comes_twice_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = DocStoreWriter::create(dir.path()).unwrap();
        writer.add(&document(1)).unwrap();
        assert!(
            matches!(writer.add(&document(1)), Err(Error::DuplicateId { id }) if id == "doc-1")
        );
    }
}
