//! Which language adapters can share a bank, so that candidates under any of them share a forward pass.

use xenoglot_engine::model::insertions::{Adapter, Bottleneck, Residual};

use crate::module::{AdapterModule, Content, Module};

/// The adapter of `module` if it can share a bank.
pub(crate) fn bankable(module: &Module) -> Option<&AdapterModule> {
    let Content::Adapter(adapter) = &module.content else {
        return None;
    };
    // A bank holds adapters alone, and no heads.
    let is_bare = module.head.is_none() && module.tensors.is_empty();
    (is_bare && is_plain(&adapter.bottleneck)).then_some(adapter)
}

/// Whether `adapter` can stand beside another, each for some of a text's tokens.
pub(crate) fn stands_apart(adapter: &AdapterModule) -> bool {
    let bottleneck = &adapter.bottleneck;
    !bottleneck.style.is_parallel && adapters(bottleneck).all(|adapter| adapter.gate.is_none())
}

/// Whether zeros in the place of `bottleneck` would change nothing, and it has nothing of its own beside two linear layers.
fn is_plain(bottleneck: &Bottleneck) -> bool {
    let style = &bottleneck.style;
    let is_plain = |adapter: &Adapter| {
        adapter.norm_before.is_none() && adapter.norm_after.is_none() && adapter.gate.is_none()
    };
    // A parallel adapter takes the place of what comes from below: zeros would take it away.
    style.norm_after
        && !style.is_parallel
        && style.residual == Residual::Output
        && adapters(bottleneck).all(is_plain)
}

fn adapters(bottleneck: &Bottleneck) -> impl Iterator<Item = &Adapter> {
    let layers = bottleneck.layers.iter();
    layers.flat_map(|layer| layer.attention.iter().chain(&layer.output))
}

/// Whether two adapters can share a bank with each other.
pub(crate) fn go_together(a: &AdapterModule, b: &AdapterModule) -> bool {
    let invertible = match (&a.invertible, &b.invertible) {
        (Some(a), Some(b)) => a.activation == b.activation,
        _ => true,
    };
    a.bottleneck.style == b.bottleneck.style && invertible
}
