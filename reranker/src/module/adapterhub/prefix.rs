//! Prefix tuning (Li & Liang 2021).

use std::collections::BTreeSet;

use ndarray::ArcArray2;
use serde::Deserialize;
use xenoglot_engine::model::Activation;

use crate::error::Result;
use crate::module::tensors::Tensors;
use crate::module::{Prefixes, layers, prefixes};

use super::config::Outer;

/// Prefix tuning as it is configured. The defaults are the library's.
#[derive(Deserialize)]
pub(super) struct PrefixConfig {
    flat: Option<bool>,
    prefix_length: Option<usize>,
    bottleneck_size: Option<usize>,
    non_linearity: Option<String>,
    leave_out: Option<BTreeSet<usize>>,
    use_gating: Option<bool>,
}

/// Prefix tuning as it is to be read.
pub(super) struct PrefixPlan {
    pub(super) dim: usize,
    pub(super) length: usize,
    /// What the prefix is computed by, unless it lies in the file itself.
    pub(super) network: Option<(usize, Activation)>,
}

impl PrefixConfig {
    /// What is to be read, or what is wrong with the configuration.
    pub(super) fn plan(self, outer: &Outer) -> Result<PrefixPlan, String> {
        if self.use_gating == Some(true) {
            return Err(
                "prefix tuning with `use_gating` is not known here, expected it without".into(),
            );
        }
        if self.leave_out.is_some_and(|layers| !layers.is_empty()) {
            return Err(
                "prefix tuning with `leave_out` is not known here, expected all layers".into(),
            );
        }
        let network = if self.flat == Some(true) {
            None
        } else {
            let activation = outer.activation(self.non_linearity.as_deref().unwrap_or("tanh"))?;
            Some((self.bottleneck_size.unwrap_or(512), activation))
        };
        Ok(PrefixPlan {
            dim: outer.hidden_size,
            length: self.prefix_length.unwrap_or(30),
            network,
        })
    }
}

/// Takes the tensors of the plan.
///
/// The prefix stands beside keys and values alone: texts keep their positions.
pub(super) fn read(tensors: &mut Tensors, plan: &PrefixPlan) -> Result<Prefixes> {
    let root = root(tensors)?;
    let table = match plan.network {
        Some((width, activation)) => computed(tensors, &root, plan, (width, activation))?,
        None => {
            let flat = tensors.vector(&format!("{root}.control_trans"), None)?;
            let width = flat.len() / plan.length.max(1);
            let table = flat
                .to_shape((plan.length, width))
                .map(|table| table.to_shared());
            table.map_err(|_| {
                let (found, length) = (flat.len(), plan.length);
                tensors.problem(format!(
                    "`control_trans` is [{found}], expected a multiple of {length} tokens"
                ))
            })?
        }
    };
    let layers =
        prefixes::of_layers(&table, plan.dim).map_err(|problem| tensors.problem(problem))?;
    Ok(Prefixes { layers, shift: 0 })
}

/// Where the tensors lie: `prefix_tuning.prefix_tunings.self_prefix`.
///
/// All layers share them, and the library saves them once for every layer again. These copies are taken here.
fn root(tensors: &mut Tensors) -> Result<String> {
    let place = |name: &String| {
        let (owner, rest) = name.split_once("prefix_tunings.")?;
        let place = rest.split('.').next()?;
        Some(format!("{owner}prefix_tunings.{place}"))
    };
    let names = tensors.names();
    let places: BTreeSet<String> = names.iter().filter_map(place).collect();
    let (copies, shared): (Vec<_>, Vec<_>) = places
        .into_iter()
        .partition(|place| layers::split(place).is_some());
    let [root] = shared.as_slice() else {
        return Err(tensors.problem(format!(
            "it holds prefixes at {shared:?}, expected them at one place"
        )));
    };
    for copy in copies {
        for name in names.iter().filter(|name| name.starts_with(&copy)) {
            let original = name.replacen(&copy, root, 1);
            if tensors.any(name)? != tensors.peek(&original)? {
                return Err(
                    tensors.problem(format!("`{name}` and `{original}` differ, expected copies"))
                );
            }
        }
    }
    Ok(root.clone())
}

/// The prefix as the network gives it, `[length, 2 · layers · dim]`.
fn computed(
    tensors: &mut Tensors,
    root: &str,
    plan: &PrefixPlan,
    (width, activation): (usize, Activation),
) -> Result<ArcArray2<f32>> {
    let words = tensors.matrix(
        &format!("{root}.wte.weight"),
        [Some(plan.length), Some(plan.dim)],
    )?;
    let down = tensors.matrix(
        &format!("{root}.control_trans.0.weight"),
        [Some(width), Some(plan.dim)],
    )?;
    let down_bias = tensors.vector(&format!("{root}.control_trans.0.bias"), Some(width))?;
    let up = tensors.matrix(
        &format!("{root}.control_trans.2.weight"),
        [None, Some(width)],
    )?;
    let up_bias = tensors.vector(&format!("{root}.control_trans.2.bias"), Some(up.nrows()))?;
    let middle = (words.dot(&down.t()) + &down_bias).mapv(|x| prefixes::activated(activation, x));
    Ok((middle.dot(&up.t()) + &up_bias).into_shared())
}
