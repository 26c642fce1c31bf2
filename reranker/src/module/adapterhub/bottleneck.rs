//! Bottleneck adapters (Houlsby et al. 2019; Pfeiffer et al. 2020; He et al. 2022).

mod plan;

use std::collections::BTreeMap;
use std::sync::Arc;

use ndarray::{Array1, Axis};
use xenoglot_engine::model::insertions::{Adapter, AdapterLayer, Bottleneck, Gate, Norm};

use crate::error::Result;
use crate::module::layers;
use crate::module::tensors::Tensors;
use crate::module::{AdapterModule, Coverage};

use super::invertible;

use plan::Scale;
pub(super) use plan::{BottleneckConfig, BottleneckPlan, InvertiblePlan, divided};

/// Takes the tensors of the plan: adapters in all layers that are not left out, and what stands at the embeddings.
pub(super) fn read(tensors: &mut Tensors, plan: &BottleneckPlan) -> Result<AdapterModule> {
    let invertible = invertible::read(tensors, plan)?;
    let blocks = blocks(tensors);
    check_blocks(&blocks, plan).map_err(|problem| tensors.problem(problem))?;
    let mut layers = vec![];
    for ((layer, place), block) in blocks {
        let width = plan.width(layer);
        let width = width.map_err(|problem| tensors.problem(problem))?;
        let adapter = adapter(tensors, &block, width, plan)?;
        layers.resize(layer + 1, AdapterLayer::default());
        if let Some(last) = layers.last_mut() {
            *place.of(last) = Some(adapter);
        }
    }
    let style = plan.style.clone();
    Ok(AdapterModule {
        bottleneck: Arc::new(Bottleneck { style, layers }),
        left_out: plan.left_out.clone(),
        invertible,
    })
}

/// Where adapters stand, by layer and place, with what the names of their tensors begin with.
type Blocks = BTreeMap<(usize, Place), String>;

/// Checks that adapters stand where they are configured, in all layers that are not left out.
fn check_blocks(blocks: &Blocks, plan: &BottleneckPlan) -> Result<(), String> {
    let coverage = Coverage::AllBut(plan.left_out.clone());
    if let Some(problem) = coverage.problem(blocks.values().map(String::as_str), None) {
        return Err(problem);
    }
    for (place, expected) in [
        (Place::Attention, plan.attention),
        (Place::Output, plan.output),
    ] {
        if blocks.keys().any(|(_, found)| *found == place) != expected {
            let found = if expected { "no tensor" } else { "tensors" };
            let field = place.field();
            return Err(format!(
                "there are {found} of adapters at its place, and `{field}` is {expected}"
            ));
        }
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Attention,
    Output,
}

impl Place {
    /// The one where the adapters of `block` stand, `encoder.layer.*.output` with its layer left open.
    fn named(block: &str) -> Option<Self> {
        // The second names are DistilBERT's.
        let (_, place) = block.split_once('*')?;
        match place {
            ".attention.output" | ".attention_adapters" => Some(Self::Attention),
            ".output" | ".output_adapters" => Some(Self::Output),
            _ => None,
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Attention => "mh_adapter",
            Self::Output => "output_adapter",
        }
    }

    fn of(self, layer: &mut AdapterLayer) -> &mut Option<Adapter> {
        match self {
            Self::Attention => &mut layer.attention,
            Self::Output => &mut layer.output,
        }
    }
}

fn blocks(tensors: &Tensors) -> Blocks {
    let block = |name: &String| {
        let (block, _) = name.split_once(".adapters.")?;
        let (layer, open) = layers::split(block)?;
        Some(((layer, Place::named(&open)?), format!("{block}.adapters")))
    };
    tensors.names().iter().filter_map(block).collect()
}

fn adapter(
    tensors: &mut Tensors,
    block: &str,
    width: usize,
    plan: &BottleneckPlan,
) -> Result<Adapter> {
    let dim = plan.dim;
    let norm_before = plan.norm_before.then(|| norm_before(tensors, block, dim));
    let norm_after = plan
        .norm_after
        .then(|| norm(tensors, &format!("{block}.adapter_norm_after"), dim));
    let gate = plan.gate.then(|| gate(tensors, block, dim));
    let down = format!("{block}.adapter_down.{}", usize::from(plan.norm_before));
    let up = format!("{block}.adapter_up");
    let scale = scale(tensors, block, plan)?;
    let (up, up_bias) = (
        tensors.matrix(&format!("{up}.weight"), [Some(dim), Some(width)])?,
        tensors.vector(&format!("{up}.bias"), Some(dim))?,
    );
    Ok(Adapter {
        down: tensors.matrix(&format!("{down}.weight"), [Some(width), Some(dim)])?,
        down_bias: tensors.vector(&format!("{down}.bias"), Some(width))?,
        up: (&up * &scale.view().insert_axis(Axis(1))).into_shared(),
        up_bias: (&up_bias * &scale).into_shared(),
        norm_before: norm_before.transpose()?,
        norm_after: norm_after.transpose()?,
        gate: gate.transpose()?,
    })
}

fn scale(tensors: &mut Tensors, block: &str, plan: &BottleneckPlan) -> Result<Array1<f32>> {
    let name = format!("{block}.scaling");
    let scale = match plan.scale {
        Scale::Number(scale) => return Ok(Array1::from_elem(plan.dim, scale)),
        Scale::Learned => tensors.vector(&name, Some(1))?,
        Scale::Channel => tensors.vector(&name, Some(plan.dim))?,
    };
    let scale = scale.broadcast(plan.dim).map(|scale| scale.to_owned());
    scale.ok_or_else(|| tensors.problem(format!("`{name}` has no numbers")))
}

fn norm(tensors: &mut Tensors, name: &str, dim: usize) -> Result<Norm> {
    Ok(Norm {
        weight: tensors.vector(&format!("{name}.weight"), Some(dim))?,
        bias: tensors.vector(&format!("{name}.bias"), Some(dim))?,
    })
}

/// The normalisation before an adapter, which the library stores under two names.
fn norm_before(tensors: &mut Tensors, block: &str, dim: usize) -> Result<Norm> {
    let names = [
        format!("{block}.adapter_norm_before"),
        format!("{block}.adapter_down.0"),
    ];
    let there = names
        .iter()
        .filter(|name| tensors.has(&format!("{name}.weight")));
    let there: Vec<&String> = there.collect();
    let mut norms = vec![];
    for name in if there.is_empty() {
        vec![&names[0]]
    } else {
        there
    } {
        norms.push(norm(tensors, name, dim)?);
    }
    // One tensor in memory, so the copies are equal unless somebody edited one.
    match norms.as_slice() {
        [first, second] if first != second => Err(tensors.problem(format!(
            "`{}` and `{}` differ, expected one normalisation under two names",
            names[0], names[1]
        ))),
        [first, ..] => Ok(first.clone()),
        [] => Err(tensors.problem(format!("`{}` is missing", names[0]))),
    }
}

fn gate(tensors: &mut Tensors, block: &str, dim: usize) -> Result<Gate> {
    let weight = tensors.matrix(&format!("{block}.gate.weight"), [Some(1), Some(dim)])?;
    let bias = tensors.vector(&format!("{block}.gate.bias"), Some(1))?;
    Ok(Gate {
        weight: weight.row(0).to_shared(),
        bias: bias.sum(),
    })
}
