//! Ordinal → document, and document id → ordinal.
//!
//! Documents lie as JSON lines in blocks of zstd, so that one is read by unpacking one block; a table says where
//! each block begins. Ids lie in a finite-state map (`fst`) beside them, languages in a table of their own: stages ask
//! for those more often than for documents.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use crate::document::{DocId, DocOrd, Document};
use crate::error::{Error, Result};
use crate::language::Lang;
use crate::mapped;

const DOCUMENTS: &str = "documents.zst";
const BLOCKS: &str = "documents.blocks";
const IDS: &str = "documents.ids";
const LANGUAGES: &str = "documents.languages";

/// Bytes of a language in its table: the code, filled up with zeros.
const LANG_BYTES: usize = 8;

/// Unpacked size at which a block is closed: large enough to compress well, small enough to read one document.
const BLOCK_BYTES: usize = 64 << 10;
/// zstd's own default; higher levels cost more than they save at this block size.
const COMPRESSION_LEVEL: i32 = 3;

/// The documents of one index.
pub(crate) struct DocStore {
    path: PathBuf,
    documents: Mmap,
    blocks: Vec<Block>,
    ids: fst::Map<Mmap>,
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
        let ids = fst::Map::new(mapped::map(&dir.join(IDS))?);
        Ok(Self {
            documents: mapped::map(&path)?,
            blocks: read_blocks(&dir.join(BLOCKS))?,
            ids: ids.map_err(|_| damaged(&dir.join(IDS), "no map of ids"))?,
            languages: read_languages(&dir.join(LANGUAGES))?,
            path,
        })
    }

    /// The documents at `ords`, in that order.
    pub(crate) fn get(&self, ords: impl Iterator<Item = DocOrd>) -> Result<Vec<Document>> {
        ords.map(|ord| self.document(ord)).collect()
    }

    /// Where the document `id` is, if the index has it.
    pub(crate) fn find(&self, id: &DocId) -> Option<DocOrd> {
        self.ids
            .get(&id.0)
            .and_then(|ord| u32::try_from(ord).ok())
            .map(DocOrd)
    }

    /// The language of the document at `ord`.
    pub(crate) fn lang(&self, ord: DocOrd) -> Lang {
        self.languages
            .get(ord.index())
            .copied()
            .unwrap_or(Lang::UNKNOWN)
    }

    fn document(&self, ord: DocOrd) -> Result<Document> {
        let ord = u64::from(ord.0);
        let after = self.blocks.partition_point(|block| block.first <= ord);
        let Some(block) = self.blocks[..after].last() else {
            return Err(damaged(&self.path, "no block for a document"));
        };
        let end = self
            .blocks
            .get(after)
            .map_or(self.documents.len(), |next| next.offset as usize);
        let packed = self.documents.get(block.offset as usize..end);
        let lines = packed.and_then(|packed| zstd::decode_all(packed).ok());
        let lines = lines.ok_or_else(|| damaged(&self.path, "an unreadable block"))?;
        let line = lines
            .split(|&byte| byte == b'\n')
            .nth((ord - block.first) as usize);
        line.and_then(|line| serde_json::from_slice(line).ok())
            .ok_or_else(|| damaged(&self.path, "an unreadable document"))
    }
}

fn read_blocks(path: &Path) -> Result<Vec<Block>> {
    let table = std::fs::read(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let (words, []) = table.as_chunks::<8>() else {
        return Err(damaged(path, "a cut table"));
    };
    let words: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
    let (pairs, []) = words.as_chunks::<2>() else {
        return Err(damaged(path, "a cut table"));
    };
    Ok(pairs
        .iter()
        .map(|&[offset, first]| Block { offset, first })
        .collect())
}

fn read_languages(path: &Path) -> Result<Vec<Lang>> {
    let table = std::fs::read(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let (codes, []) = table.as_chunks::<LANG_BYTES>() else {
        return Err(damaged(path, "a cut table"));
    };
    let read = |code: &[u8; LANG_BYTES]| {
        let code = std::str::from_utf8(code).ok()?.trim_end_matches('\0');
        code.parse().ok()
    };
    let languages: Option<Vec<Lang>> = codes.iter().map(read).collect();
    languages.ok_or_else(|| damaged(path, "a language that is none"))
}

fn damaged(path: &Path, found: &str) -> Error {
    Error::Damaged {
        path: path.to_owned(),
        found: found.to_owned(),
        expected: "what was written".into(),
    }
}

/// Writes a store.
pub(crate) struct DocStoreWriter {
    dir: PathBuf,
    documents: BufWriter<File>,
    offset: u64,
    blocks: Vec<Block>,
    /// JSON lines of the block that is not full yet.
    open_block: Vec<u8>,
    languages: Vec<u8>,
    /// Kept in memory to refuse a document that comes twice: the one part that grows with the corpus.
    ids: HashMap<DocId, DocOrd>,
}

impl DocStoreWriter {
    /// A new store in the directory `dir`.
    pub(crate) fn create(dir: &Path) -> Result<Self> {
        let path = dir.join(DOCUMENTS);
        let documents = File::create_new(&path).map_err(|source| Error::Write { path, source })?;
        Ok(Self {
            dir: dir.to_owned(),
            documents: BufWriter::new(documents),
            offset: 0,
            blocks: Vec::new(),
            open_block: Vec::new(),
            languages: Vec::new(),
            ids: HashMap::new(),
        })
    }

    /// How many documents were added.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether `id` was added already.
    pub(crate) fn contains(&self, id: &DocId) -> bool {
        self.ids.contains_key(id)
    }

    /// Adds `doc` at the next ordinal, which is returned. Its id must be new.
    pub(crate) fn add(&mut self, doc: &Document) -> Result<DocOrd> {
        let max = u32::MAX;
        let ord = u32::try_from(self.ids.len()).ok().filter(|ord| *ord < max);
        let ord = DocOrd(ord.ok_or(Error::TooManyDocuments { max })?);
        if self.ids.insert(doc.id.clone(), ord).is_some() {
            return Err(Error::DuplicateId {
                id: doc.id.0.clone(),
            });
        }
        let mut code = [0; LANG_BYTES];
        let (code_bytes, _) = code.split_at_mut(doc.lang.code().len().min(LANG_BYTES));
        code_bytes.copy_from_slice(doc.lang.code().as_bytes());
        self.languages.extend(code);
        if self.open_block.is_empty() {
            self.blocks.push(Block {
                offset: self.offset,
                first: u64::from(ord.0),
            });
        }
        serde_json::to_writer(&mut self.open_block, doc)
            .map_err(|source| self.failed(DOCUMENTS, source.into()))?;
        self.open_block.push(b'\n');
        if self.open_block.len() >= BLOCK_BYTES {
            self.close_block()?;
        }
        Ok(ord)
    }

    /// Writes everything to disk.
    pub(crate) fn commit(mut self) -> Result<()> {
        self.close_block()?;
        self.documents
            .flush()
            .map_err(|source| self.failed(DOCUMENTS, source))?;
        let words = self
            .blocks
            .iter()
            .flat_map(|block| [block.offset, block.first]);
        let table: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
        std::fs::write(self.dir.join(BLOCKS), table)
            .map_err(|source| self.failed(BLOCKS, source))?;
        std::fs::write(self.dir.join(LANGUAGES), &self.languages)
            .map_err(|source| self.failed(LANGUAGES, source))?;
        self.write_ids().map_err(|source| self.failed(IDS, source))
    }

    fn close_block(&mut self) -> Result<()> {
        if self.open_block.is_empty() {
            return Ok(());
        }
        let packed = zstd::bulk::compress(&self.open_block, COMPRESSION_LEVEL);
        let packed = packed.map_err(|source| self.failed(DOCUMENTS, source))?;
        self.documents
            .write_all(&packed)
            .map_err(|source| self.failed(DOCUMENTS, source))?;
        self.offset += packed.len() as u64;
        self.open_block.clear();
        Ok(())
    }

    fn write_ids(&self) -> io::Result<()> {
        let mut ids: Vec<_> = self.ids.iter().collect();
        ids.sort_unstable();
        let file = BufWriter::new(File::create_new(self.dir.join(IDS))?);
        let mut map = fst::MapBuilder::new(file).map_err(io::Error::other)?;
        for (id, ord) in ids {
            map.insert(&id.0, u64::from(ord.0))
                .map_err(io::Error::other)?;
        }
        map.into_inner().map_err(io::Error::other)?.flush()
    }

    fn failed(&self, file: &str, source: io::Error) -> Error {
        Error::Write {
            path: self.dir.join(file),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(i: u32) -> Document {
        Document {
            id: DocId(format!("doc {i}")),
            lang: "sw".parse().unwrap(),
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
        assert_eq!(store.find(&"doc 57".into()), Some(DocOrd(57)));
        assert_eq!(store.find(&"doc 200".into()), None);
        assert_eq!(store.lang(DocOrd(7)).code(), "sw");
    }

    #[test]
    fn an_id_that_comes_twice_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = DocStoreWriter::create(dir.path()).unwrap();
        writer.add(&document(1)).unwrap();
        assert!(
            matches!(writer.add(&document(1)), Err(Error::DuplicateId { id }) if id == "doc 1")
        );
    }
}
