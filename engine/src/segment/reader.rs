//! An index, opened.

use std::path::Path;

use crate::dense::DenseIndex;
use crate::error::{Error, Result};
use crate::lexical::LexicalIndex;
use crate::store::DocStore;

use super::manifest::Manifest;
use super::writer::TERMS;

/// The parts of one generation.
pub(crate) struct Segment {
    pub(crate) manifest: Manifest,
    pub(crate) lexical: LexicalIndex,
    pub(crate) dense: DenseIndex,
    pub(crate) documents: DocStore,
}

impl Segment {
    /// Opens the index in `dir`, after comparing every file with its checksum.
    pub(crate) fn open(dir: &Path) -> Result<Self> {
        loop {
            let manifest = Manifest::read(dir)?;
            let generation = manifest.generation;
            match Self::open_generation(dir, manifest) {
                // A writer put the next generation in place while we were opening this one.
                Err(_) if Manifest::read(dir)?.generation != generation => {}
                opened => return opened,
            }
        }
    }

    fn open_generation(dir: &Path, manifest: Manifest) -> Result<Self> {
        manifest.verify(dir)?;
        Self::open_files(&dir.join(manifest.segment()), manifest)
    }

    /// Opens the parts that lie in `files`.
    pub(super) fn open_files(files: &Path, manifest: Manifest) -> Result<Self> {
        let documents = DocStore::open(files)?;
        let terms = files.join(TERMS);
        Ok(Self {
            lexical: LexicalIndex::open(&terms, documents.languages(), manifest.lexical)?,
            dense: DenseIndex::open(files, manifest.encoder.dim)?,
            documents,
            manifest,
        })
    }

    /// Refuses an encoder that did not make this index's vectors.
    pub(crate) fn check_encoder(
        &self,
        dir: &Path,
        given: &crate::encoder::EncoderSpec,
    ) -> Result<()> {
        let built = &self.manifest.encoder;
        if built.fingerprint == given.fingerprint && built.dim == given.dim {
            return Ok(());
        }
        let describe = |spec: &crate::encoder::EncoderSpec| {
            format!(
                "{} ({}, {} dimensions)",
                spec.name, spec.fingerprint, spec.dim
            )
        };
        Err(Error::EncoderMismatch {
            dir: dir.to_owned(),
            built: describe(built),
            given: describe(given),
        })
    }
}
