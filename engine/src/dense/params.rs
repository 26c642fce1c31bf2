//! Settings, as a manifest keeps them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How the graph is built (Malkov & Yashunin 2018).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HnswParams {
    /// Neighbours of a node per layer; the lowest layer has twice as many.
    pub m: usize,
    /// Candidates that are considered for a new node's neighbours.
    pub ef_construction: usize,
    /// Whose code links the nodes.
    #[serde(default)]
    pub builder: GraphBuilder,
}

/// What builds a graph; the same code searches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GraphBuilder {
    /// Our own, over the codes of one byte a number.
    #[default]
    Native,
    /// The crate `hnsw_rs`, over the same codes.
    HnswRs,
}

/// What is kept of a vector beside its code of one byte a number, which searches walk by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VectorPrecision {
    /// The vector as it came: four bytes a number.
    #[default]
    F32,
    /// Two bytes a number.
    F16,
    /// Nothing: scores are those of the codes.
    I8,
}

impl FromStr for VectorPrecision {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "fp32" => Ok(Self::F32),
            "fp16" => Ok(Self::F16),
            "int8" => Ok(Self::I8),
            _ => Err(Error::Setting {
                name: "vectors",
                got: name.to_owned(),
                expected: "fp32, fp16 or int8",
            }),
        }
    }
}

impl Default for HnswParams {
    /// M = 16 and ef_construction = 200, as most libraries have it, and our own builder.
    fn default() -> Self {
        Self {
            m: 16,
            ef_construction: 200,
            builder: GraphBuilder::default(),
        }
    }
}

const MAX_M: usize = 256;
const MAX_EF_CONSTRUCTION: usize = 10_000;

impl HnswParams {
    /// Refuses what makes no graph, and what `hnsw_rs` would end the process for.
    pub(crate) fn check(self) -> Result<Self> {
        if !(2..=MAX_M).contains(&self.m) {
            return Err(Error::Setting {
                name: "M",
                got: self.m.to_string(),
                expected: "2 to 256",
            });
        }
        // Memory is reserved for as many candidates at every insertion.
        if !(1..=MAX_EF_CONSTRUCTION).contains(&self.ef_construction) {
            return Err(Error::Setting {
                name: "ef_construction",
                got: self.ef_construction.to_string(),
                expected: "1 to 10000",
            });
        }
        Ok(self)
    }
}
