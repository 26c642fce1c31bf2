//! The door for benches/speed/dense.rs, which measures this room beside other libraries; it promises nothing to others.

#![allow(missing_docs, reason = "hidden")]

use std::path::Path;

use fixedbitset::FixedBitSet;

use crate::encoder::Embeddings;
use crate::error::Result;
use crate::monitor::Monitor;

use super::{DenseIndex, HnswParams, Reach, Recall, VectorPrecision, VectorWriter, build_graph};

pub fn write(
    dir: &Path,
    dim: usize,
    precision: VectorPrecision,
    batches: impl Iterator<Item = Embeddings>,
) -> Result<()> {
    let mut writer = VectorWriter::create(dir, dim, precision)?;
    for batch in batches {
        writer.add(&batch)?;
    }
    writer.commit()
}

pub fn build(dir: &Path, dim: usize, params: HnswParams) -> Result<()> {
    build_graph(dir, dim, params, &Monitor::default())
}

pub struct Index(DenseIndex);

/// Documents that may be found.
pub struct Allowed(FixedBitSet);

impl Allowed {
    pub fn new(n_docs: usize, docs: impl Iterator<Item = usize>) -> Self {
        let mut allowed = FixedBitSet::with_capacity(n_docs);
        allowed.extend(docs);
        Self(allowed)
    }
}

impl Index {
    pub fn open(dir: &Path, dim: usize) -> Result<Self> {
        DenseIndex::open(dir, dim).map(Self)
    }

    pub fn size_bytes(&self) -> usize {
        let size = self.0.size();
        size.codes_bytes + size.full_bytes + size.graph_bytes
    }

    pub fn search(
        &self,
        query: &[f32],
        depth: usize,
        recall: Recall,
        allowed: Option<&Allowed>,
    ) -> Result<Vec<u32>> {
        let reach = Reach {
            docs: allowed.map(|allowed| &allowed.0),
            owners: None,
        };
        let found = self.0.search(query, depth, recall, reach)?;
        Ok(found.iter().map(|near| near.doc).collect())
    }
}
