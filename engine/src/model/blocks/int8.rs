//! Linear layers in 8-bit numbers.

use crate::error::Result;
use crate::model::onnx::{Element, Op, Value};

use super::Blocks;

/// The largest quantised weight. Products of seven bits and eight can be added in pairs without overflow, which is
/// how processors without VNNI add them.
const QUANTIZED_MAX: f32 = 63.0;

impl Blocks<'_> {
    /// A linear layer in 8-bit numbers: weights with one scale for each number that comes out, states with one scale and
    /// one zero for the whole batch, measured as it runs.
    pub(super) fn product_in_int8(
        &mut self,
        weight: &str,
        bias: &Value,
        states: &Value,
        [to, from]: [usize; 2],
    ) -> Result<Value> {
        let weight = self.numbers(weight, &[to, from])?;
        let (rows, scales): (Vec<Vec<i8>>, Vec<f32>) =
            weight.chunks(from.max(1)).map(quantize).unzip();
        let mut columns = vec![0; to * from];
        for (column, row) in rows.iter().enumerate() {
            for (i, number) in row.iter().enumerate() {
                columns[i * to + column] = number.cast_unsigned();
            }
        }
        let weight = self.graph.constant(Element::I8, &[from, to], columns);
        let weight_scale = self.graph.numbers(&[to], &scales);
        let [numbers, scale, zero] = self.quantized(states);
        // No zero: the weights' is 0.
        let inputs = [
            &numbers,
            &weight,
            &scale,
            &weight_scale,
            &zero,
            &Value::none(),
            bias,
        ];
        let op = Op::Contrib("MatMulIntegerToFloat");
        Ok(self.graph.op_with(op, &inputs, &[]))
    }

    /// `states` in 8-bit numbers, computed once for all that read them.
    fn quantized(&mut self, states: &Value) -> [Value; 3] {
        let graph = &mut self.graph;
        self.quantized
            .entry(states.clone())
            .or_insert_with(|| graph.op_outputs("DynamicQuantizeLinear", &[states], &[]))
            .clone()
    }
}

/// `row` in steps of the scale that it comes with, from `-QUANTIZED_MAX` to `QUANTIZED_MAX`.
fn quantize(row: &[f32]) -> (Vec<i8>, f32) {
    let largest = row.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
    // A row of zeros has any scale but zero.
    let scale = if largest > 0.0 {
        largest / QUANTIZED_MAX
    } else {
        1.0
    };
    let steps = row.iter().map(|x| (x / scale).round() as i8);
    (steps.collect(), scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantised_rows_come_back_within_half_a_step() {
        for row in [&[0.5, -1.0, 0.013, 0.0][..], &[0.0, 0.0], &[]] {
            let (steps, scale) = quantize(row);
            for (step, x) in steps.iter().zip(row) {
                assert!((f32::from(*step) * scale - x).abs() <= scale / 2.0 + 1e-6);
            }
        }
    }
}
