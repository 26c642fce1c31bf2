//! What turns the last layer's states into logits.

use crate::error::Result;

use super::activation::Activation;
use super::architecture::{Classifier, Trunk};
use super::blocks::Blocks;
use super::insertions::{Head, HeadLayer};
use super::onnx::{Attribute, Element, Op, Value};

/// One logit per label and text, `[batch, labels]`, of 32-bit numbers: by the head that modules bring, or else by the
/// family's own.
///
/// # Errors
/// When there is none, or when one does not fit.
pub(crate) fn logits(
    blocks: &mut Blocks<'_>,
    trunk: &Trunk,
    classifier: Classifier,
) -> Result<Value> {
    let first = blocks.graph.constant(Element::I64, &[], vec![0; 8]);
    let axis = [Attribute::Int("axis", 1)];
    let gather = Op::Onnx("Gather");
    let first = blocks
        .graph
        .op_with(gather, &[&trunk.states, &first], &axis);
    let logits = match blocks.own_head() {
        Some(head) => of_module(blocks, trunk, head, &first)?,
        None => of_family(blocks, trunk, classifier, &first)?,
    };
    Ok(blocks.graph.cast(&logits, Element::F32))
}

fn of_family(
    blocks: &mut Blocks<'_>,
    trunk: &Trunk,
    classifier: Classifier,
    first: &Value,
) -> Result<Value> {
    let Classifier {
        inner,
        activation,
        outer,
    } = classifier;
    let Some(&[n_labels, _]) = blocks.shape_of(&format!("{outer}.weight")) else {
        return Err(blocks.insertion_problem(format!(
            "it has no `{outer}.weight`, and no module brings a head"
        )));
    };
    let states = blocks.linear(inner, first, [trunk.dim, trunk.dim])?;
    let states = activation.append(&mut blocks.graph, &states);
    blocks.linear(outer, &states, [n_labels, trunk.dim])
}

fn of_module(blocks: &mut Blocks<'_>, trunk: &Trunk, head: &Head, first: &Value) -> Result<Value> {
    let mut states = first.clone();
    if head.on_pooler {
        let pooled = blocks.linear("pooler.dense", &states, [trunk.dim, trunk.dim])?;
        states = Activation::Tanh.append(&mut blocks.graph, &pooled);
    }
    let mut dim = trunk.dim;
    for layer in &head.layers {
        let HeadLayer {
            activation,
            weight,
            bias,
        } = layer;
        if weight.ncols() != dim
            || bias
                .as_ref()
                .is_some_and(|bias| bias.len() != weight.nrows())
        {
            return Err(blocks.insertion_problem(format!(
                "a layer of the head reads {} numbers, and is given {dim}",
                weight.ncols()
            )));
        }
        states = activation.append(&mut blocks.graph, &states);
        let bias = bias
            .as_ref()
            .map_or_else(Value::none, |bias| blocks.row(bias));
        states = blocks.times(&states, weight, &bias);
        dim = weight.nrows();
    }
    Ok(states)
}
