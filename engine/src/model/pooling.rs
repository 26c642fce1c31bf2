//! Token states → one vector per text, as part of a graph.
//!
//! All ways but the maximum are sums of token states under some weights, so that one product of matrices computes them.

use super::onnx::{Attribute, Element, GraphBuilder, Op, Value};

/// How a text's vector comes from the states of its tokens (Reimers & Gurevych 2019, §3, and what came after).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pooling {
    /// The state of the first token.
    Cls,
    /// The largest value of any token, number by number.
    Max,
    /// The mean over tokens.
    Mean,
    /// The sum over tokens, divided by the square root of how many there are.
    MeanSqrtLen,
    /// The mean over tokens, the first counted once, the second twice and so on.
    WeightedMean,
    /// The state of the last token.
    LastToken,
}

/// Every way by its name in sentence-transformers, in the order in which several are put side by side.
pub(crate) const MODES: &[(&str, Pooling)] = &[
    ("cls", Pooling::Cls),
    ("max", Pooling::Max),
    ("mean", Pooling::Mean),
    ("mean_sqrt_len_tokens", Pooling::MeanSqrtLen),
    ("weightedmean", Pooling::WeightedMean),
    ("lasttoken", Pooling::LastToken),
];

impl Pooling {
    /// What sentence-transformers calls it.
    pub(crate) fn name(self) -> &'static str {
        let known = MODES.iter().find(|(_, mode)| *mode == self);
        known.map_or("", |(name, _)| name)
    }
}

/// Pools in each of `modes`, side by side.
///
/// `states` is `[batch, tokens, dim]` of 32-bit numbers; `mask` is `[batch, tokens]`, 1 for text and 0 for padding,
/// which follows the text. Gives `[batch, modes × dim]`, not normalised.
pub(crate) fn pool(
    graph: &mut GraphBuilder,
    modes: &[Pooling],
    states: &Value,
    mask: &Value,
) -> Value {
    let mask = graph.cast(mask, Element::F32);
    let pooled: Vec<Value> = modes
        .iter()
        .map(|mode| match weights(graph, *mode, &mask) {
            Some(weights) => sum(graph, states, &weights),
            None => largest(graph, states, &mask),
        })
        .collect();
    match &pooled[..] {
        [one] => one.clone(),
        several => {
            let several: Vec<&Value> = several.iter().collect();
            graph.op_with(Op::Onnx("Concat"), &several, &[Attribute::Int("axis", 1)])
        }
    }
}

/// What each token counts, `[batch, tokens]`; nothing for the maximum, which is no sum.
fn weights(graph: &mut GraphBuilder, mode: Pooling, mask: &Value) -> Option<Value> {
    Some(match mode {
        Pooling::Max => return None,
        Pooling::Cls => {
            let first = graph.integers(&[1]);
            let place = places(graph, mask);
            let is_first = graph.op("Equal", &[&place, &first]);
            graph.cast(&is_first, Element::F32)
        }
        Pooling::LastToken => {
            let place = places(graph, mask);
            let n_tokens = total(graph, mask);
            let n_tokens = graph.cast(&n_tokens, Element::I64);
            let is_last = graph.op("Equal", &[&place, &n_tokens]);
            graph.cast(&is_last, Element::F32)
        }
        Pooling::WeightedMean => {
            let place = places(graph, mask);
            let place = graph.cast(&place, Element::F32);
            let weights = graph.op("Mul", &[&place, mask]);
            shares(graph, &weights)
        }
        Pooling::MeanSqrtLen => {
            let n_tokens = total(graph, mask);
            let root = graph.op("Sqrt", &[&n_tokens]);
            divided(graph, mask, &root)
        }
        Pooling::Mean => shares(graph, mask),
    })
}

/// Where each token stands, from 1, `[1, tokens]`.
fn places(graph: &mut GraphBuilder, mask: &Value) -> Value {
    let [zero, one] = [0, 1].map(|n| graph.integers(&[n]));
    let shape = graph.op("Shape", &[mask]);
    let n_tokens = graph.op("Gather", &[&shape, &one]);
    let [start, step] =
        [1, 1].map(|n: i64| graph.constant(Element::I64, &[], n.to_le_bytes().into()));
    let end = graph.op("Add", &[&n_tokens, &one]);
    let end = graph.op("Squeeze", &[&end, &zero]);
    let places = graph.op("Range", &[&start, &end, &step]);
    graph.op("Unsqueeze", &[&places, &zero])
}

/// `weights`, each divided by their sum over a text.
fn shares(graph: &mut GraphBuilder, weights: &Value) -> Value {
    let total = total(graph, weights);
    divided(graph, weights, &total)
}

/// The sum of `weights` over a text, `[batch, 1]`.
fn total(graph: &mut GraphBuilder, weights: &Value) -> Value {
    let axis = graph.integers(&[1]);
    graph.op("ReduceSum", &[weights, &axis])
}

fn divided(graph: &mut GraphBuilder, weights: &Value, by: &Value) -> Value {
    // A text of padding alone has no tokens to divide by.
    let tiny = graph.numbers(&[1], &[1e-9]);
    let by = graph.op("Max", &[by, &tiny]);
    graph.op("Div", &[weights, &by])
}

/// The sum of states, each times its weight.
fn sum(graph: &mut GraphBuilder, states: &Value, weights: &Value) -> Value {
    let axis = graph.integers(&[1]);
    let weights = graph.op("Unsqueeze", &[weights, &axis]);
    let sum = graph.op("MatMul", &[&weights, states]);
    graph.op("Squeeze", &[&sum, &axis])
}

fn largest(graph: &mut GraphBuilder, states: &Value, mask: &Value) -> Value {
    let last = graph.integers(&[-1]);
    let axis = graph.integers(&[1]);
    let zero = graph.numbers(&[1], &[0.0]);
    let least = graph.numbers(&[1], &[f32::MIN]);
    let mask = graph.op("Unsqueeze", &[mask, &last]);
    let is_text = graph.op("Greater", &[&mask, &zero]);
    let states = graph.op("Where", &[&is_text, states, &least]);
    let no_keep = [Attribute::Int("keepdims", 0)];
    graph.op_with(Op::Onnx("ReduceMax"), &[&states, &axis], &no_keep)
}
