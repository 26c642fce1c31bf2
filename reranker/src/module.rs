//! Modules: what was trained apart from the backbone, read as their makers published it.
//!
//! A [`Module`] is read without the backbone: scales become part of the numbers, names lose the architecture's prefix,
//! and a file that holds more or less than its configuration says is refused. That it fits a backbone is checked
//! against that backbone's [`BackboneInfo`](xenoglot_engine::model::BackboneInfo).

mod adapterhub;
mod peft;
mod sft;

mod card;
mod describe;
mod fits;
pub(crate) mod layers;
mod prefixes;
pub(crate) mod settings;
mod tensors;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::{ArcArray1, ArcArray2, ArrayD};
use serde_json::{Map, Value};
use xenoglot_engine::model::insertions::{Bottleneck, Head, Invertible, Prefix, SparseMatrix};

use crate::error::{Error, Result};

pub use card::ModuleCard;

/// A module on disk, read.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its directory.
    pub path: PathBuf,
    /// What it says of the backbone that it was made for.
    pub made_for: MadeFor,
    /// What it changes.
    pub content: Content,
    /// Whole tensors that stand in place of the backbone's: classifiers, as a rule. Names as in
    /// [`Insertions::tensors`](xenoglot_engine::model::insertions::Insertions::tensors).
    pub tensors: BTreeMap<String, Arc<ArrayD<f32>>>,
    /// A head of its own that is not among these tensors.
    pub head: Option<Head>,
    /// Which layers of the backbone it stands in.
    pub coverage: Coverage,
}

impl Module {
    /// The module in the directory `dir`, of whichever library: AdapterHub's adapters, Hugging Face's PEFT, or
    /// composable-sft.
    ///
    /// # Errors
    /// When there is none, when it is of a method that is not known here, or when its files contradict each other.
    pub fn load(dir: &Path) -> Result<Self> {
        if dir.join(sft::WEIGHTS).is_file() {
            return sft::load(dir);
        }
        let path = dir.join("adapter_config.json");
        if !path.is_file() {
            return Err(Error::NotAModule {
                path: dir.to_owned(),
                found: not_a_module(dir),
            });
        }
        match settings::read::<Map<String, Value>>(&path)? {
            config if config.contains_key("peft_type") => peft::load(dir),
            config if config.contains_key("config") => adapterhub::load(dir, config),
            _ => Err(Error::NotAModule {
                path,
                found: "it has neither `peft_type` (PEFT) nor `config` (AdapterHub)".into(),
            }),
        }
    }
}

/// What is there in place of a module.
fn not_a_module(dir: &Path) -> String {
    if dir.join("adapter_fusion_config.json").is_file() {
        return "it holds AdapterFusion, which is not known here; expected a single adapter".into();
    }
    let expected = format!("expected `adapter_config.json` or `{}`", sft::WEIGHTS);
    if dir.is_dir() {
        format!("it holds neither; {expected}")
    } else {
        format!("there is no such directory; {expected}")
    }
}

/// What a module says of its backbone; it may say nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MadeFor {
    /// The name on a model hub, or a path.
    pub name: Option<String>,
    /// As `config.json` calls the architecture.
    pub model_type: Option<String>,
    /// Numbers per token.
    pub dim: Option<usize>,
    /// What the names of its tensors begin with, which tells families of architectures apart: `bert`, `roberta`.
    pub prefix: Option<String>,
}

/// Which layers of a backbone a module stands in, by what its configuration says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// All but these.
    AllBut(BTreeSet<usize>),
    /// Those that its tensors name.
    Named,
}

/// What a module changes. All scales of its configuration are part of its numbers already.
#[derive(Debug, Clone)]
pub enum Content {
    /// Bottleneck adapters, with or without an invertible one at the embeddings.
    Adapter(AdapterModule),
    /// LoRA and its kin, by the names of the linear layers (`encoder.layer.0.attention.self.query`) or of the table of
    /// words (`embeddings.word_embeddings`).
    LowRank(BTreeMap<String, LowRank>),
    /// (IA)³, by the names of linear layers.
    Scales(BTreeMap<String, Scale>),
    /// Prefix tuning.
    Prefixes(Prefixes),
    /// A sparse fine-tuning mask, by the names of tensors.
    Mask(BTreeMap<String, SparseTensor>),
}

/// Bottleneck adapters of one module.
#[derive(Debug, Clone)]
pub struct AdapterModule {
    /// The adapters; layers after the last one that has any are not there.
    pub bottleneck: Arc<Bottleneck>,
    /// Layers that are without an adapter on purpose.
    pub left_out: BTreeSet<usize>,
    /// NICE at the embeddings.
    pub invertible: Option<Arc<Invertible>>,
}

/// `W + b a` (`[out, in]`), with the scale in `b`; for a table `[tokens, dim]`, `W + (b a)ᵀ` with `a` `[rank, tokens]` and `b`
/// `[dim, rank]`.
#[derive(Debug, Clone, PartialEq)]
pub struct LowRank {
    /// `[rank, in]`.
    pub a: ArcArray2<f32>,
    /// `[out, rank]`.
    pub b: ArcArray2<f32>,
    /// Added to the layer's answer.
    pub bias: Option<ArcArray1<f32>>,
    /// The lengths of the sum's rows, where they are learned apart (DoRA, Liu et al. 2024).
    pub magnitude: Option<Magnitude>,
}

/// How DoRA's learned lengths apply, with one of them per row of `b a`. Libraries differ.
#[derive(Debug, Clone, PartialEq)]
pub enum Magnitude {
    /// `y = g ⊙ (W + b a) x + bias` with `g = lengths / |W + b a|` (PEFT). For a table `[tokens, dim]`, the rows of
    /// `Wᵀ + b a`: every column is given a length.
    Rows(ArcArray1<f32>),
    /// `y = g ⊙ ((W + b a) x + bias)` with `g = lengths / |W + (b a) / scale|`: the bias is multiplied too, and the
    /// scale, which is part of `b`, does not count for the length (adapters).
    Output {
        /// One per row.
        lengths: ArcArray1<f32>,
        /// What `b` was multiplied with; not 0.
        scale: f32,
    },
}

/// Keys and values beside those of a text's tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Prefixes {
    /// One per layer of the backbone.
    pub layers: Vec<Prefix>,
    /// How many positions a text moves up, as if the prefix stood before it: with PEFT the number of virtual tokens,
    /// with adapters 0.
    pub shift: usize,
}

/// What (IA)³ multiplies at a linear layer.
#[derive(Debug, Clone, PartialEq)]
pub enum Scale {
    /// What goes in.
    Input(ArcArray1<f32>),
    /// What comes out, the bias included.
    Output(ArcArray1<f32>),
}

/// Differences to some numbers of a tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct SparseTensor {
    /// The whole tensor's.
    pub shape: Vec<usize>,
    /// What is added, with the tensor as a matrix whose rows run along its last axis.
    pub matrix: Arc<SparseMatrix>,
}
