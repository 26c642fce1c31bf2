//! Prefix tuning (Li & Liang 2021): keys and values beside a text's own.

use ndarray::Axis;

use crate::error::Result;
use crate::model::onnx::{Attribute, Element, Op, Value};

use super::{Attention, Batch, Blocks};

impl Blocks<'_> {
    /// `[key, value, mask]` behind the prefix of the layer, if there is one; `mask` may be none.
    pub(super) fn with_prefix(
        &mut self,
        batch: &Batch,
        attention: &Attention<'_>,
        [key, value, mask]: [Value; 3],
    ) -> Result<[Value; 3]> {
        let insertions = self.insertions;
        let Some(prefix) = insertions.prefixes.get(&attention.layer) else {
            return Ok([key, value, mask]);
        };
        if attention.bias.is_some() {
            return Err(self.insertion_problem(
                "its attention heeds distances, which tokens of a prefix do not have".into(),
            ));
        }
        let (n, dim) = prefix.keys.dim();
        let shape = self.per_text(batch, &[n as i64, dim as i64]);
        let [keys, values] = [&prefix.keys, &prefix.values].map(|numbers| {
            let numbers = self.private(&numbers.to_owned().insert_axis(Axis(0)).into_dyn());
            self.graph.op("Expand", &[&numbers, &shape])
        });
        let key = self.join(&keys, &key);
        let value = self.join(&values, &value);
        if mask == Value::none() {
            return Ok([key, value, mask]);
        }
        let one = self.graph.integers(&[1]);
        let one = self.graph.cast(&one, Element::I32);
        let shape = self.per_text(batch, &[n as i64]);
        let ones = self.graph.op("Expand", &[&one, &shape]);
        let mask = self.join(&ones, &mask);
        Ok([key, value, mask])
    }

    /// The shape `[batch, rest…]`.
    fn per_text(&mut self, batch: &Batch, rest: &[i64]) -> Value {
        let zero = self.graph.integers(&[0]);
        let n_texts = self.graph.op("Gather", &[&batch.by_place, &zero]);
        let rest = self.graph.integers(rest);
        let axis = [Attribute::Int("axis", 0)];
        self.graph
            .op_with(Op::Onnx("Concat"), &[&n_texts, &rest], &axis)
    }

    /// `first`, then `second`, along the tokens.
    fn join(&mut self, first: &Value, second: &Value) -> Value {
        let axis = [Attribute::Int("axis", 1)];
        self.graph
            .op_with(Op::Onnx("Concat"), &[first, second], &axis)
    }
}
