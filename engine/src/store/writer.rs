//! Writes a [`DocStore`](super::DocStore).

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::document::{DocId, DocOrd, Document};
use crate::error::{Error, Result};
use crate::language::Lang;

use super::{BLOCKS, Block, DOCUMENTS, ID_ENDS, IDS, LANG_BYTES, LANGUAGES, ORDINALS};

/// Unpacked size at which a block is closed: large enough to compress well, small enough to read one document.
const BLOCK_BYTES: usize = 64 << 10;
/// zstd's own default; higher levels cost more than they save at this block size.
const COMPRESSION_LEVEL: i32 = 3;

/// Documents go to disk block by block; ids and languages stay in memory until the commit.
pub(crate) struct DocStoreWriter {
    dir: PathBuf,
    documents: BufWriter<File>,
    offset: u64,
    blocks: Vec<Block>,
    /// JSON lines of the block that is not full yet.
    open_block: Vec<u8>,
    /// Also there to refuse a document that comes twice.
    ordinals: HashMap<DocId, DocOrd>,
    languages: Vec<Lang>,
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
            ordinals: HashMap::new(),
            languages: Vec::new(),
        })
    }

    /// How many documents were added.
    pub(crate) fn len(&self) -> usize {
        self.languages.len()
    }

    /// How many documents there are in each language.
    pub(crate) fn languages(&self) -> BTreeMap<Lang, usize> {
        let mut counts = BTreeMap::new();
        for lang in &self.languages {
            *counts.entry(*lang).or_default() += 1;
        }
        counts
    }

    /// Whether `id` was added already.
    pub(crate) fn contains(&self, id: &DocId) -> bool {
        self.ordinals.contains_key(id)
    }

    /// Adds `doc` at the next ordinal, which is returned. Its id must be new.
    pub(crate) fn add(&mut self, doc: &Document) -> Result<DocOrd> {
        let line = serde_json::to_vec(doc);
        let line = line.map_err(|source| self.failed(DOCUMENTS, source.into()))?;
        self.add_line(doc.id.clone(), doc.lang, &line)
    }

    /// Adds the document that is `line` in JSON at the next ordinal, which is returned. Its id must be new.
    pub(crate) fn add_line(&mut self, id: DocId, lang: Lang, line: &[u8]) -> Result<DocOrd> {
        let max = u32::MAX;
        let ord = u32::try_from(self.len()).ok().filter(|ord| *ord < max);
        let ord = DocOrd(ord.ok_or(Error::TooManyDocuments { max })?);
        match self.ordinals.entry(id) {
            Entry::Occupied(entry) => {
                return Err(Error::DuplicateId {
                    id: entry.key().0.clone(),
                });
            }
            Entry::Vacant(place) => place.insert(ord),
        };
        self.languages.push(lang);
        if self.open_block.is_empty() {
            self.blocks.push(Block {
                offset: self.offset,
                first: u64::from(ord.0),
            });
        }
        self.open_block.extend_from_slice(line);
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
        self.write(BLOCKS, |file| {
            let words = self
                .blocks
                .iter()
                .flat_map(|block| [block.offset, block.first]);
            write_words(file, words)
        })?;
        self.write(LANGUAGES, |file| {
            self.languages
                .iter()
                .try_for_each(|lang| file.write_all(&padded(*lang)))
        })?;
        let mut by_id: Vec<(&DocId, DocOrd)> =
            self.ordinals.iter().map(|(id, ord)| (id, *ord)).collect();
        by_id.sort_unstable();
        self.write(ORDINALS, |file| {
            let mut map = fst::MapBuilder::new(file).map_err(io::Error::other)?;
            for (id, ord) in &by_id {
                map.insert(&id.0, u64::from(ord.0))
                    .map_err(io::Error::other)?;
            }
            map.finish().map_err(io::Error::other)
        })?;
        by_id.sort_unstable_by_key(|(_, ord)| *ord);
        self.write(IDS, |file| {
            by_id
                .iter()
                .try_for_each(|(id, _)| file.write_all(id.0.as_bytes()))
        })?;
        self.write(ID_ENDS, |file| {
            let ends = by_id.iter().scan(0, |end, (id, _)| {
                *end += id.0.len() as u64;
                Some(*end)
            });
            write_words(file, ends)
        })
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

    /// A new file `name` with what `fill` puts into it.
    fn write(
        &self,
        name: &str,
        fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<()> {
        let write = || {
            let mut file = BufWriter::new(File::create_new(self.dir.join(name))?);
            fill(&mut file)?;
            file.flush()
        };
        write().map_err(|source| self.failed(name, source))
    }

    fn failed(&self, name: &str, source: io::Error) -> Error {
        Error::Write {
            path: self.dir.join(name),
            source,
        }
    }
}

fn write_words(file: &mut impl Write, mut words: impl Iterator<Item = u64>) -> io::Result<()> {
    words.try_for_each(|word| file.write_all(&word.to_le_bytes()))
}

fn padded(lang: Lang) -> [u8; LANG_BYTES] {
    let mut bytes = [0; LANG_BYTES];
    for (byte, letter) in bytes.iter_mut().zip(lang.code().bytes()) {
        *byte = letter;
    }
    bytes
}
