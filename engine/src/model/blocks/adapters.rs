//! Bottleneck adapters at the end of a sub-layer (Houlsby et al. 2019; Pfeiffer et al. 2020, 2021).

use std::sync::Arc;

use ndarray::arr1;

use crate::error::Result;
use crate::model::insertions::{
    Adapter, AdapterLayer, Bottleneck, Gate, Level, Norm, Residual, Style,
};
use crate::model::layer::LayerShape;
use crate::model::onnx::{Attribute, Element, Op, Value};

use super::bank::{Pair, Side, as_matrix};
use super::{BATCH, Batch, Blocks, IS_DOCUMENT, TOKENS};

/// The end of a sub-layer: where a backbone adds what went in and normalises.
pub(crate) struct SubLayer<'a> {
    /// Which layer it belongs to.
    pub(crate) layer: usize,
    pub(crate) part: Part,
    /// What the backbone's normalisation is called.
    pub(crate) norm: &'a str,
    /// What the sub-layer gives.
    pub(crate) output: Value,
    /// What it was given.
    pub(crate) input: Value,
}

/// Which of the two sub-layers of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Attention,
    FeedForward,
}

/// The adapters of one level that stand at one sub-layer.
enum Here<'a> {
    One(&'a Adapter),
    /// One per module, none where a module leaves the layer out.
    Bank(Vec<Option<&'a Adapter>>, Among),
    /// The query's and the document's, each in its own style.
    Sides([Option<(&'a Style, &'a Adapter)>; 2]),
}

/// How a text's tokens choose among a bank.
#[derive(Clone, Copy)]
enum Among {
    Texts,
    Sides,
}

impl Blocks<'_> {
    /// `LN(output + input)`, with the adapters that stand there; all by token.
    pub(crate) fn sub_layer(
        &mut self,
        batch: &Batch,
        shape: LayerShape<'_>,
        sub_layer: &SubLayer<'_>,
    ) -> Result<Value> {
        let SubLayer { input, output, .. } = sub_layer;
        let mut states = output.clone();
        let mut last = None;
        let insertions = self.insertions;
        for level in &insertions.adapters {
            let Some((style, here)) = self.here(level, sub_layer)? else {
                continue;
            };
            last = Some(style);
            states = if style.is_parallel {
                let change = self.adapted(batch, shape, style, &here, input)?;
                self.with_own_norm(&here, change)
            } else {
                self.after_adapter(batch, shape, (style, &here), &states, sub_layer)?
            };
        }
        if last.is_some_and(|style| style.is_parallel) {
            states = self.graph.op("Add", &[&states, output]);
        }
        if last.is_some_and(|style| !style.norm_after) {
            return Ok(states);
        }
        self.add_and_norm(sub_layer.norm, [&states, input], shape.dim, shape.epsilon)
    }

    fn after_adapter(
        &mut self,
        batch: &Batch,
        shape: LayerShape<'_>,
        (style, here): (&Style, &Here<'_>),
        states: &Value,
        sub_layer: &SubLayer<'_>,
    ) -> Result<Value> {
        let input = &sub_layer.input;
        let read = if style.norm_before {
            self.add_and_norm(sub_layer.norm, [states, input], shape.dim, shape.epsilon)?
        } else {
            states.clone()
        };
        let residual = match style.residual {
            Residual::Output => states.clone(),
            Residual::Sum => self.graph.op("Add", &[states, input]),
            Residual::Input => read.clone(),
        };
        let Here::Sides(sides) = here else {
            return self.added(batch, shape, (style, here), [&read, &residual]);
        };
        let [query, document] = sides.map(|side| match side {
            None => Ok(states.clone()),
            Some((style, adapter)) => {
                let here = Here::One(adapter);
                self.added(batch, shape, (style, &here), [&read, &residual])
            }
        });
        let by_text = [query?, document?].map(|states| self.by_text(batch, &states));
        let states = self.of_sides(&by_text);
        Ok(self.by_token(batch, &states))
    }

    /// What the adapters make of what they `read`, with the `residual`.
    fn added(
        &mut self,
        batch: &Batch,
        shape: LayerShape<'_>,
        (style, here): (&Style, &Here<'_>),
        [read, residual]: [&Value; 2],
    ) -> Result<Value> {
        let change = self.adapted(batch, shape, style, here, read)?;
        if style.residual_before_own_norm {
            let sum = self.graph.op("Add", &[&change, residual]);
            return Ok(self.with_own_norm(here, sum));
        }
        let change = self.with_own_norm(here, change);
        Ok(self.graph.op("Add", &[&change, residual]))
    }

    /// `states` after the adapter's own last normalisation, if it has one.
    fn with_own_norm(&mut self, here: &Here<'_>, states: Value) -> Value {
        match here {
            Here::One(Adapter {
                norm_after: Some(norm),
                ..
            }) => self.own_norm(norm, &states),
            _ => states,
        }
    }

    /// What the adapters make of what they `read`, by token.
    fn adapted(
        &mut self,
        batch: &Batch,
        shape: LayerShape<'_>,
        style: &Style,
        here: &Here<'_>,
        read: &Value,
    ) -> Result<Value> {
        match here {
            Here::One(adapter) => self.one(batch, shape, style, adapter, read),
            Here::Bank(bank, among) => self.bank(batch, (shape, style), bank, *among, read),
            Here::Sides(_) => Err(self.insertion_problem(
                "parallel adapters of query and document do not stand side by side".into(),
            )),
        }
    }

    fn one(
        &mut self,
        batch: &Batch,
        shape: LayerShape<'_>,
        style: &Style,
        adapter: &Adapter,
        read: &Value,
    ) -> Result<Value> {
        self.check_pair(&Pair::of_adapter(adapter), shape.dim)?;
        let normed = match &adapter.norm_before {
            Some(norm) => self.own_norm(norm, read),
            None => read.clone(),
        };
        let bias = self.row(&adapter.down_bias);
        let down = self.times(&normed, &adapter.down, &bias);
        let down = style.activation.append(&mut self.graph, &down);
        let bias = self.row(&adapter.up_bias);
        let up = self.times(&down, &adapter.up, &bias);
        Ok(match &adapter.gate {
            Some(gate) => self.gated(batch, gate, read, &up),
            None => up,
        })
    }

    /// `change`, times the mean over each text's tokens of what `gate` makes of what the adapter `read`.
    fn gated(&mut self, batch: &Batch, gate: &Gate, read: &Value, change: &Value) -> Value {
        let weight = as_matrix(&gate.weight);
        let bias = self.row(&arr1(&[gate.bias]).into_shared());
        let gate = self.times(read, &weight, &bias);
        let gate = self.graph.op("Sigmoid", &[&gate]);
        let gate = self.graph.op("Reshape", &[&gate, &batch.by_place]);
        let mask = self.graph.cast(&batch.attention_mask, Element::F32);
        let mask = self.in_precision(&mask);
        let axis = self.graph.integers(&[1]);
        let counted = self.graph.op("Mul", &[&gate, &mask]);
        let sum = self.graph.op("ReduceSum", &[&counted, &axis]);
        let n_tokens = self.graph.op("ReduceSum", &[&mask, &axis]);
        let mean = self.graph.op("Div", &[&sum, &n_tokens]);
        let last = self.graph.integers(&[-1]);
        let mean = self.graph.op("Unsqueeze", &[&mean, &last]);
        let by_text = self.by_text(batch, change);
        let gated = self.graph.op("Mul", &[&by_text, &mean]);
        self.by_token(batch, &gated)
    }

    fn own_norm(&mut self, norm: &Norm, states: &Value) -> Value {
        let weight = self.row(&norm.weight);
        let bias = self.row(&norm.bias);
        let epsilon = [Attribute::Float("epsilon", 1e-5)];
        let op = Op::Onnx("LayerNormalization");
        self.graph.op_with(op, &[states, &weight, &bias], &epsilon)
    }

    /// What each text's own adapter out of `bank` makes of what it `read`, by token.
    fn bank(
        &mut self,
        batch: &Batch,
        (shape, style): (LayerShape<'_>, &Style),
        bank: &[Option<&Adapter>],
        among: Among,
        read: &Value,
    ) -> Result<Value> {
        let is_bare = |adapter: &&Adapter| {
            adapter.norm_before.is_none() && adapter.norm_after.is_none() && adapter.gate.is_none()
        };
        if !bank.iter().flatten().all(is_bare) {
            return Err(self.insertion_problem(
                "adapters with norms or gates of their own do not share a bank".into(),
            ));
        }
        let pairs: Vec<_> = bank
            .iter()
            .map(|adapter| adapter.map(Pair::of_adapter))
            .collect();
        let tables = self.tables(&pairs, shape.dim)?;
        let read = self.by_text(batch, read);
        let mut of_side = |side| {
            let own = self.chosen(&tables, side);
            self.through(&own, style.activation, &read)
        };
        let change = match among {
            Among::Texts => of_side(Side::Document),
            Among::Sides => {
                let sides = [Side::Query, Side::Document].map(of_side);
                self.of_sides(&sides)
            }
        };
        Ok(self.by_token(batch, &change))
    }

    /// The adapters of `level` at `sub_layer`, if any stands there.
    fn here<'b>(
        &self,
        level: &'b Level<Arc<Bottleneck>>,
        sub_layer: &SubLayer<'_>,
    ) -> Result<Option<(&'b Style, Here<'b>)>> {
        let at = |module: &'b Bottleneck| -> Option<&'b Adapter> {
            let AdapterLayer { attention, output } = module.layers.get(sub_layer.layer)?;
            match sub_layer.part {
                Part::Attention => attention.as_ref(),
                Part::FeedForward => output.as_ref(),
            }
        };
        let (modules, among) = match level {
            Level::One(module) => {
                return Ok(at(module).map(|adapter| (&module.style, Here::One(adapter))));
            }
            Level::Bank(modules) => (modules, Among::Texts),
            Level::Split(modules) => (modules, Among::Sides),
            Level::Sides { query, document } => {
                let side = |module: &'b Option<Arc<Bottleneck>>| {
                    let module = module.as_deref()?;
                    Some((&module.style, at(module)?))
                };
                return self.sides([side(query), side(document)]);
            }
        };
        let Some(first) = modules.first() else {
            return Ok(None);
        };
        if modules.iter().any(|module| module.style != first.style) {
            return Err(
                self.insertion_problem("adapters of different styles do not share a bank".into())
            );
        }
        let bank: Vec<_> = modules.iter().map(|module| at(module)).collect();
        if bank.iter().all(Option::is_none) {
            return Ok(None);
        }
        Ok(Some((&first.style, Here::Bank(bank, among))))
    }

    fn sides<'b>(
        &self,
        sides: [Option<(&'b Style, &'b Adapter)>; 2],
    ) -> Result<Option<(&'b Style, Here<'b>)>> {
        let mut adapters = sides.iter().flatten();
        if adapters.any(|(_, adapter)| adapter.gate.is_some()) {
            return Err(self.insertion_problem(
                "adapters with gates, which look at whole texts, do not stand side by side".into(),
            ));
        }
        let first = sides[0].or(sides[1]);
        Ok(first.map(|(style, _)| (style, Here::Sides(sides))))
    }

    /// The query's tokens out of the first and the document's out of the second, all `[batch, tokens, dim]`.
    fn of_sides(&mut self, [query, document]: &[Value; 2]) -> Value {
        let places = self
            .graph
            .input_once(IS_DOCUMENT, Element::I64, &[BATCH, TOKENS]);
        let last = self.graph.integers(&[-1]);
        let places = self.graph.op("Unsqueeze", &[&places, &last]);
        let is_document = self.graph.cast(&places, Element::Bool);
        self.graph.op("Where", &[&is_document, document, query])
    }
}
