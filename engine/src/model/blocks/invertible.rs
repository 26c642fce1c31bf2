//! Invertible adapters between the embeddings and the first layer.

use std::sync::Arc;

use crate::error::Result;
use crate::model::insertions::{Coupling, Invertible, Level};
use crate::model::onnx::{Attribute, Op, Value};

use super::Blocks;
use super::bank::{Pair, Side, Tables};

impl Blocks<'_> {
    /// `embedded` (`[batch, tokens, dim]`) after the invertible adapter, if there is one. Of a split level it is the
    /// query's, over query and document, as in the authors' code.
    pub(crate) fn inverted(&mut self, embedded: &Value, dim: usize) -> Result<Value> {
        let insertions = self.insertions;
        let (modules, side) = match &insertions.invertible {
            None => return Ok(embedded.clone()),
            Some(Level::One(module)) => (std::slice::from_ref(module), None),
            Some(Level::Bank(modules)) => (&modules[..], Some(Side::Document)),
            Some(Level::Split(modules)) => (&modules[..], Some(Side::Query)),
            Some(Level::Sides { query, .. }) => (query.as_slice(), None),
        };
        let Some(activation) = modules.first().map(|module| module.activation) else {
            return Ok(embedded.clone());
        };
        if modules.iter().any(|module| module.activation != activation) {
            return Err(self.insertion_problem(
                "invertible adapters of different activations do not share a bank".into(),
            ));
        }
        let f = self.coupling(modules, side, dim / 2, |module| &module.f)?;
        let g = self.coupling(modules, side, dim / 2, |module| &module.g)?;
        let halves = [Attribute::Int("axis", -1), Attribute::Int("num_outputs", 2)];
        let [first, second] = self.graph.op_outputs("Split", &[embedded], &halves);
        let change = self.through(&f, activation, &second);
        let first = self.graph.op("Add", &[&first, &change]);
        let change = self.through(&g, activation, &first);
        let second = self.graph.op("Add", &[&second, &change]);
        let axis = [Attribute::Int("axis", -1)];
        let joined = Op::Onnx("Concat");
        Ok(self.graph.op_with(joined, &[&first, &second], &axis))
    }

    /// The coupling that `part` is of `modules`: the only one for all texts, or each text's own on `side`.
    fn coupling(
        &mut self,
        modules: &[Arc<Invertible>],
        side: Option<Side>,
        half: usize,
        part: impl Fn(&Invertible) -> &Coupling,
    ) -> Result<Tables> {
        let pairs = modules.iter().map(|module| Pair::of_coupling(part(module)));
        let pairs: Vec<_> = pairs.map(Some).collect();
        match (side, &pairs[..]) {
            (None, [Some(pair), ..]) => self.table(pair, half),
            _ => {
                let tables = self.tables(&pairs, half)?;
                Ok(self.chosen(&tables, side.unwrap_or(Side::Document)))
            }
        }
    }
}
