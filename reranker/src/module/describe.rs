//! Modules in words and numbers, for people.

use xenoglot_engine::model::insertions::{
    Adapter, Bottleneck, Coupling, Gate, Invertible, Norm, Prefix,
};

use super::{AdapterModule, Content, LowRank, Magnitude, Module, Scale};

impl Module {
    /// What kind of module it is, in words.
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Adapter(adapter) => kind_of_adapter(adapter),
            Content::LowRank(layers) if layers.values().any(|layer| layer.magnitude.is_some()) => {
                "DoRA"
            }
            Content::LowRank(_) => "LoRA",
            Content::Scales(_) => "(IA)³",
            Content::Prefixes(_) => "prefix tuning",
            Content::Mask(_) => "sparse mask",
        }
    }

    /// How many numbers were trained, heads and dense tensors aside; of a mask, how many it changes.
    pub fn n_parameters(&self) -> usize {
        match &self.content {
            Content::Adapter(adapter) => {
                of_bottleneck(&adapter.bottleneck)
                    + adapter.invertible.as_deref().map_or(0, of_invertible)
            }
            Content::LowRank(layers) => layers.values().map(of_low_rank).sum(),
            Content::Scales(scales) => scales.values().map(of_scale).sum(),
            Content::Prefixes(prefixes) => prefixes.layers.iter().map(of_prefix).sum(),
            Content::Mask(tensors) => tensors
                .values()
                .map(|tensor| tensor.matrix.n_entries())
                .sum(),
        }
    }
}

fn kind_of_adapter(adapter: &AdapterModule) -> &'static str {
    let style = &adapter.bottleneck.style;
    let layers = &adapter.bottleneck.layers;
    let attention = layers.iter().any(|layer| layer.attention.is_some());
    let output = layers.iter().any(|layer| layer.output.is_some());
    match (attention, output, adapter.invertible.is_some()) {
        _ if style.is_parallel => "bottleneck adapter (parallel)",
        (false, true, false) if style.norm_before => "bottleneck adapter (Pfeiffer)",
        (false, true, true) if style.norm_before => "bottleneck adapter (Pfeiffer, invertible)",
        (true, true, false) if !style.norm_before => "bottleneck adapter (Houlsby)",
        (true, true, true) if !style.norm_before => "bottleneck adapter (Houlsby, invertible)",
        (false, false, true) => "invertible adapter",
        _ => "bottleneck adapter",
    }
}

fn of_bottleneck(bottleneck: &Bottleneck) -> usize {
    let layers = bottleneck.layers.iter();
    layers
        .flat_map(|layer| [&layer.attention, &layer.output])
        .flatten()
        .map(of_adapter)
        .sum()
}

fn of_adapter(adapter: &Adapter) -> usize {
    let norm = |norm: &Norm| norm.weight.len() + norm.bias.len();
    let gate = |gate: &Gate| gate.weight.len() + 1;
    adapter.down.len()
        + adapter.down_bias.len()
        + adapter.up.len()
        + adapter.up_bias.len()
        + adapter.norm_before.as_ref().map_or(0, norm)
        + adapter.norm_after.as_ref().map_or(0, norm)
        + adapter.gate.as_ref().map_or(0, gate)
}

fn of_invertible(invertible: &Invertible) -> usize {
    let of = |coupling: &Coupling| {
        coupling.down.len() + coupling.down_bias.len() + coupling.up.len() + coupling.up_bias.len()
    };
    of(&invertible.f) + of(&invertible.g)
}

fn of_low_rank(layer: &LowRank) -> usize {
    let magnitude = layer.magnitude.as_ref().map_or(0, |magnitude| {
        let (Magnitude::Rows(lengths) | Magnitude::Output { lengths, .. }) = magnitude;
        lengths.len()
    });
    layer.a.len() + layer.b.len() + layer.bias.as_ref().map_or(0, |bias| bias.len()) + magnitude
}

fn of_scale(scale: &Scale) -> usize {
    let (Scale::Input(scale) | Scale::Output(scale)) = scale;
    scale.len()
}

fn of_prefix(prefix: &Prefix) -> usize {
    prefix.keys.len() + prefix.values.len()
}
