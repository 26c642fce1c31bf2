//! What is laid over a frozen backbone: numbers, each with the place where it goes.
//!
//! This is the door between those who compose modules and the graph: they say what stands where, and the graph is built
//! around it. Tensors and layers have the names that the backbone's file gives them, without the architecture's prefix
//! (`encoder.layer.0.attention.self.query`, not `bert.encoder.…`). Matrices of linear layers are `[out, in]`, as they
//! lie in files.

use std::collections::BTreeMap;
use std::sync::Arc;

use ndarray::{ArcArray1, ArcArray2, ArrayD};

use super::activation::Activation;

pub use super::sparse::SparseMatrix;

/// Everything that is laid over a backbone. The default is nothing.
#[derive(Debug, Clone, Default)]
pub struct Insertions {
    /// Tensors that stand in place of the backbone's, or where it has none, such as a classifier.
    pub tensors: BTreeMap<String, Arc<ArrayD<f32>>>,
    /// What is added to the vectors of words, all of these.
    pub words: Vec<Arc<SparseMatrix>>,
    /// What happens at linear layers, in this order, by the layer's name without `.weight`.
    pub linears: BTreeMap<String, Vec<LinearChange>>,
    /// What the vectors of tokens pass through before the first layer.
    pub invertible: Option<Level<Arc<Invertible>>>,
    /// Bottleneck adapters, from the backbone upwards.
    pub adapters: Vec<Level<Arc<Bottleneck>>>,
    /// Keys and values that every token of every text heeds beside the text's own, by layer.
    pub prefixes: BTreeMap<usize, Prefix>,
    /// How many positions a text moves up, as if a prefix stood before it.
    pub shift: usize,
    /// What turns the last layer's states into logits in place of the backbone's own head.
    pub head: Option<Head>,
}

/// No insertions.
pub(crate) static NOTHING: Insertions = Insertions {
    tensors: BTreeMap::new(),
    words: Vec::new(),
    linears: BTreeMap::new(),
    invertible: None,
    adapters: Vec::new(),
    prefixes: BTreeMap::new(),
    shift: 0,
    head: None,
};

/// One level of a stack: whose adapter stands there.
#[derive(Debug, Clone)]
pub enum Level<T> {
    /// The same for all texts.
    One(T),
    /// One of these, which each text names.
    Bank(Vec<T>),
    /// One of these for the query's tokens and one for the document's, which each text names (Litschko et al. 2022,
    /// "split").
    Split(Vec<T>),
    /// Two that may be unlike, for the query's tokens and for the document's; none leaves them as they are. What surrounds
    /// the query's surrounds both.
    Sides {
        /// The query's.
        query: Option<T>,
        /// The document's.
        document: Option<T>,
    },
}

/// A module of bottleneck adapters (Houlsby et al. 2019; Pfeiffer et al. 2020).
#[derive(Debug, Clone, PartialEq)]
pub struct Bottleneck {
    /// What surrounds the two linear layers.
    pub style: Style,
    /// One per layer of the backbone.
    pub layers: Vec<AdapterLayer>,
}

/// The adapters inside one layer of a backbone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AdapterLayer {
    /// After attention.
    pub attention: Option<Adapter>,
    /// After the feed-forward network.
    pub output: Option<Adapter>,
}

/// `up · activation(down · x + down_bias) + up_bias`. Any scale is part of `up` and `up_bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct Adapter {
    /// `[width, dim]`.
    pub down: ArcArray2<f32>,
    /// `[width]`.
    pub down_bias: ArcArray1<f32>,
    /// `[dim, width]`.
    pub up: ArcArray2<f32>,
    /// `[dim]`.
    pub up_bias: ArcArray1<f32>,
    /// Layer normalisation before `down`.
    pub norm_before: Option<Norm>,
    /// Layer normalisation of what came out.
    pub norm_after: Option<Norm>,
    /// How much of it counts.
    pub gate: Option<Gate>,
}

/// What surrounds an adapter. In the formulas `a` is what the sub-layer gives, `r` what it was given, `LN` the
/// backbone's normalisation and `A` the adapter.
#[derive(Debug, Clone, PartialEq)]
pub struct Style {
    /// Between the two linear layers.
    pub activation: Activation,
    /// Whether `A` reads the sub-layer's input and adds its answer to the sub-layer's (He et al. 2022): `LN(a + A(r) +
    /// r)`, and nothing of adapters below it. Of what follows, only `norm_after` counts then.
    pub is_parallel: bool,
    /// Whether `A` reads `LN(a + r)` (Pfeiffer) or `a` (Houlsby).
    pub norm_before: bool,
    /// Whether `LN(· + r)` follows the adapters.
    pub norm_after: bool,
    /// What is added to `A`'s answer.
    pub residual: Residual,
    /// Whether that is added before `A`'s own `norm_after`, and not after it.
    pub residual_before_own_norm: bool,
}

/// What is added to an adapter's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Residual {
    /// `a`.
    Output,
    /// `a + r`.
    Sum,
    /// What the adapter reads: `LN(a + r)`, or `a` where there is no normalisation before it.
    Input,
}

/// The weights of a layer normalisation, `[dim]` each, with PyTorch's epsilon of 1e-5.
#[derive(Debug, Clone, PartialEq)]
pub struct Norm {
    /// Multiplied with.
    pub weight: ArcArray1<f32>,
    /// Added.
    pub bias: ArcArray1<f32>,
}

/// The mean over a text's tokens of `sigmoid(weight · x + bias)`, where `x` is what the adapter reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// `[dim]`.
    pub weight: ArcArray1<f32>,
    /// One number.
    pub bias: f32,
}

/// NICE (Dinh et al. 2015) as MAD-X uses it (Pfeiffer et al. 2020): with the halves `x1` and `x2` of a token's vector,
/// `y1 = x1 + F(x2)` and `y2 = x2 + G(y1)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Invertible {
    /// Between the two linear layers of `f` and of `g`.
    pub activation: Activation,
    /// F.
    pub f: Coupling,
    /// G.
    pub g: Coupling,
}

/// `up · activation(down · x + down_bias) + up_bias` over half a vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Coupling {
    /// `[width, dim / 2]`.
    pub down: ArcArray2<f32>,
    /// `[width]`.
    pub down_bias: ArcArray1<f32>,
    /// `[dim / 2, width]`.
    pub up: ArcArray2<f32>,
    /// `[dim / 2]`.
    pub up_bias: ArcArray1<f32>,
}

/// What happens at a linear layer, `y = W x + bias`.
#[derive(Debug, Clone, PartialEq)]
pub enum LinearChange {
    /// `y + b a x + bias` (LoRA, Hu et al. 2022). Any scale is part of `b`.
    LowRank {
        /// `[rank, in]`.
        a: ArcArray2<f32>,
        /// `[out, rank]`.
        b: ArcArray2<f32>,
        /// `[out]`.
        bias: Option<ArcArray1<f32>>,
    },
    /// `y = scale ⊙ (W x + …) + bias`: every row of the weight, with the products of rank above added, is given a
    /// length of its own (DoRA, Liu et al. 2024).
    Rows(ArcArray1<f32>),
    /// `W (x ⊙ scale) + bias` ((IA)³, Liu et al. 2022, feed-forward).
    Input(ArcArray1<f32>),
    /// `y ⊙ scale`, the bias included ((IA)³ elsewhere).
    Output(ArcArray1<f32>),
    /// `y + difference · x`, on the CPU alone (masks, Ansell et al. 2022).
    Sparse(Arc<SparseMatrix>),
}

/// Keys and values for one layer, `[virtual tokens, dim]` each (Li & Liang 2021).
#[derive(Debug, Clone, PartialEq)]
pub struct Prefix {
    /// Beside the keys of a text's tokens.
    pub keys: ArcArray2<f32>,
    /// Beside their values.
    pub values: ArcArray2<f32>,
}

/// Linear layers from the state of the first token to logits.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// Whether the first layer reads the backbone's pooler and not the bare state.
    pub on_pooler: bool,
    /// At least one; the last gives the logits.
    pub layers: Vec<HeadLayer>,
}

/// One layer of a head.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadLayer {
    /// Of what the linear layer is given.
    pub activation: Activation,
    /// `[out, in]`.
    pub weight: ArcArray2<f32>,
    /// `[out]`.
    pub bias: Option<ArcArray1<f32>>,
}
