//! What is fixed when an index is made.

use serde::{Deserialize, Serialize};

use crate::dense::{HnswParams, VectorPrecision};
use crate::encoder::EncoderSpec;
use crate::error::Result;
use crate::lexical::LexicalSettings;
use crate::passage::PassageSettings;

/// What is fixed when an index is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexSettings {
    /// Which encoder makes the vectors.
    pub encoder: EncoderSpec,
    /// How vectors are kept.
    pub vectors: VectorPrecision,
    /// How graphs are built.
    pub hnsw: HnswParams,
    /// How words are weighed, and what is stored of them.
    pub lexical: LexicalSettings,
    /// How documents are split before they are encoded; nothing means that one vector stands for a whole document.
    pub passages: Option<PassageSettings>,
}

impl IndexSettings {
    /// The usual settings for vectors of `encoder`.
    pub fn new(encoder: EncoderSpec) -> Self {
        Self {
            encoder,
            vectors: VectorPrecision::default(),
            hnsw: HnswParams::default(),
            lexical: LexicalSettings::default(),
            passages: None,
        }
    }

    /// # Errors
    /// When a number is out of its range.
    pub(crate) fn check(&self) -> Result<()> {
        self.hnsw.check()?;
        self.lexical.bm25.check()?;
        self.passages.map_or(Ok(()), PassageSettings::check)
    }
}
