//! NICE at the embeddings (Pfeiffer et al. 2020).

use std::sync::Arc;

use xenoglot_engine::model::insertions::{Coupling, Invertible};

use crate::error::{Error, Result};
use crate::module::tensors::Tensors;

use super::bottleneck::{BottleneckPlan, InvertiblePlan, divided};

/// Takes what stands at the embeddings, if anything does.
pub(super) fn read(
    tensors: &mut Tensors,
    plan: &BottleneckPlan,
) -> Result<Option<Arc<Invertible>>> {
    let Some(InvertiblePlan {
        reduction,
        optional,
    }) = plan.invertible
    else {
        return Ok(None);
    };
    let mut names = tensors.names().into_iter();
    if optional && !names.any(|name| name.starts_with("invertible_adapters.")) {
        return Ok(None);
    }
    let first = plan.dim / 2;
    let second = plan.dim - first;
    let mut coupling = |name: &str, input: usize, output: usize| {
        let root = format!("invertible_adapters.{name}");
        let width = divided(input, reduction);
        let shapes = [[Some(width), Some(input)], [Some(output), Some(width)]];
        Ok::<_, Error>(Coupling {
            down: tensors.matrix(&format!("{root}.0.weight"), shapes[0])?,
            down_bias: tensors.vector(&format!("{root}.0.bias"), Some(width))?,
            up: tensors.matrix(&format!("{root}.2.weight"), shapes[1])?,
            up_bias: tensors.vector(&format!("{root}.2.bias"), Some(output))?,
        })
    };
    Ok(Some(Arc::new(Invertible {
        activation: plan.style.activation,
        f: coupling("F", second, first)?,
        g: coupling("G", first, second)?,
    })))
}
