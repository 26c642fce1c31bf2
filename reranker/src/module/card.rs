//! What a module is, told without a backbone.

use std::collections::BTreeSet;

use serde::Serialize;
use xenoglot_engine::model::Activation;

use super::layers::split;
use super::{AdapterModule, Content, Coverage, Module};

/// What is known of a module before it lies over anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModuleCard {
    /// What kind of module it is, in words.
    pub kind: &'static str,
    /// How many numbers were trained, heads and dense tensors aside; of a mask, how many it changes.
    pub parameters: usize,
    /// The name of the model that it was made for, where it is stated.
    pub model: Option<String>,
    /// That model's architecture, or the family that the names of tensors give away.
    pub architecture: Option<String>,
    /// That model's numbers per token.
    pub dimensions: Option<usize>,
    /// The layers that it stands in, from 0.
    pub layers: Vec<usize>,
    /// The layers that it leaves out on purpose.
    pub left_out: Vec<usize>,
    /// What is narrow in it, ascending: a bottleneck's numbers, the rank of products, the tokens of a prefix.
    pub widths: Vec<usize>,
    /// Between the two linear layers of a bottleneck.
    pub activation: Option<&'static str>,
    /// Whether it has an invertible adapter at the embeddings.
    pub invertible: bool,
    /// How many logits its own head gives.
    pub labels: Option<usize>,
    /// The backbone's tensors that it replaces, by name.
    pub tensors: Vec<String>,
}

impl Module {
    /// What it is.
    pub fn card(&self) -> ModuleCard {
        let adapter = match &self.content {
            Content::Adapter(adapter) => Some(adapter),
            _ => None,
        };
        let left_out = match (&self.coverage, adapter) {
            (_, Some(adapter)) => &adapter.left_out,
            (Coverage::AllBut(layers), None) => layers,
            (Coverage::Named, None) => &BTreeSet::new(),
        };
        let architecture = self.made_for.model_type.as_ref();
        ModuleCard {
            kind: self.kind(),
            parameters: self.n_parameters(),
            model: self.made_for.name.clone(),
            architecture: architecture.or(self.made_for.prefix.as_ref()).cloned(),
            dimensions: self.made_for.dim,
            layers: self.layers().into_iter().collect(),
            left_out: left_out.iter().copied().collect(),
            widths: self.widths().into_iter().collect(),
            activation: adapter.map(|adapter| activation(adapter.bottleneck.style.activation)),
            invertible: adapter.is_some_and(|adapter| adapter.invertible.is_some()),
            labels: self.labels(),
            tensors: self.tensors.keys().cloned().collect(),
        }
    }

    fn layers(&self) -> BTreeSet<usize> {
        fn named<'a>(names: impl Iterator<Item = &'a String>) -> BTreeSet<usize> {
            names.filter_map(|name| Some(split(name)?.0)).collect()
        }
        match &self.content {
            Content::Adapter(adapter) => of_adapters(adapter),
            Content::LowRank(layers) => named(layers.keys()),
            Content::Scales(scales) => named(scales.keys()),
            Content::Prefixes(prefixes) => (0..prefixes.layers.len()).collect(),
            Content::Mask(tensors) => {
                let changed = tensors
                    .iter()
                    .filter(|(_, mask)| mask.matrix.n_entries() > 0);
                named(changed.map(|(name, _)| name))
            }
        }
    }

    fn widths(&self) -> BTreeSet<usize> {
        match &self.content {
            Content::Adapter(adapter) => {
                let layers = adapter.bottleneck.layers.iter();
                let adapters = layers.flat_map(|layer| [&layer.attention, &layer.output]);
                adapters
                    .flatten()
                    .map(|adapter| adapter.down.nrows())
                    .collect()
            }
            Content::LowRank(layers) => layers.values().map(|layer| layer.a.nrows()).collect(),
            Content::Prefixes(prefixes) => (prefixes.layers.iter())
                .map(|prefix| prefix.keys.nrows())
                .collect(),
            Content::Scales(_) | Content::Mask(_) => BTreeSet::new(),
        }
    }

    fn labels(&self) -> Option<usize> {
        let own = self.head.as_ref().and_then(|head| head.layers.last());
        let last = [
            "classifier.out_proj.weight",
            "classifier.weight",
            "score.weight",
        ];
        let mut in_place = last.iter().filter_map(|name| self.tensors.get(*name));
        match own {
            Some(layer) => Some(layer.weight.nrows()),
            None => in_place.next()?.shape().first().copied(),
        }
    }
}

fn of_adapters(adapter: &AdapterModule) -> BTreeSet<usize> {
    let layers = adapter.bottleneck.layers.iter().enumerate();
    layers
        .filter(|(_, layer)| layer.attention.is_some() || layer.output.is_some())
        .map(|(i, _)| i)
        .collect()
}

/// As transformers calls it.
fn activation(activation: Activation) -> &'static str {
    match activation {
        Activation::Identity => "linear",
        Activation::Gelu => "gelu",
        Activation::GeluTanh => "gelu_new",
        Activation::LeakyRelu => "leaky_relu",
        Activation::Relu => "relu",
        Activation::Sigmoid => "sigmoid",
        Activation::Silu => "silu",
        Activation::Tanh => "tanh",
    }
}
