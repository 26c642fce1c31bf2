//! Where a graph begins: what tokens are, and where they stand.

use crate::error::Result;
use crate::model::onnx::{Attribute, Element, Op, Value};

use super::{BATCH, Batch, Blocks, TOKENS, WORD_CHANGES};

impl Blocks<'_> {
    /// The vector of every token of `batch`, `[batch, tokens, dim]`, with what modules add to it.
    pub(crate) fn words(
        &mut self,
        batch: &Batch,
        name: &str,
        vocab_size: usize,
        dim: usize,
    ) -> Result<Value> {
        let words = self.own_words(batch, name, vocab_size, dim)?;
        if self.insertions.words.is_empty() {
            return Ok(words);
        }
        // Computed outside: a table of its own for every composition would be larger than all the rest of a model.
        let dims = [BATCH, TOKENS, "dim"];
        let changes = self.graph.input(WORD_CHANGES, Element::F32, &dims);
        let changes = self.in_precision(&changes);
        Ok(self.graph.op("Add", &[&words, &changes]))
    }

    /// Rows of the table `name`, or products of factors where the table was replaced by some (OFA, Liu et al. 2024): a
    /// row of coordinates per token, times the vectors that all tokens share.
    fn own_words(
        &mut self,
        batch: &Batch,
        name: &str,
        vocab_size: usize,
        dim: usize,
    ) -> Result<Value> {
        let [coordinates, primitives] = ["target_coordinates", "primitive_embeddings"]
            .map(|factor| format!("embeddings.{factor}.weight"));
        let Some(&[_, rank]) = self.shape_of(&coordinates) else {
            let table = self.weight(name, &[vocab_size, dim])?;
            return Ok(self.graph.op("Gather", &[&table, &batch.input_ids]));
        };
        let coordinates = self.weight(&coordinates, &[vocab_size, rank])?;
        let primitives = self.weight(&primitives, &[dim, rank])?;
        let graph = &mut self.graph;
        let rows = graph.op("Gather", &[&coordinates, &batch.input_ids]);
        let permutation = [Attribute::Ints("perm", &[1, 0])];
        let primitives = graph.op_with(Op::Onnx("Transpose"), &[&primitives], &permutation);
        Ok(graph.op("MatMul", &[&rows, &primitives]))
    }

    /// The first rows of the table `name`, behind those that a prefix takes, as many as the longest text has tokens.
    pub(crate) fn positions(
        &mut self,
        batch: &Batch,
        name: &str,
        shape: [usize; 2],
    ) -> Result<Value> {
        let table = self.weight(name, &shape)?;
        let shift = self.insertions.shift as i64;
        let graph = &mut self.graph;
        let [axis, start] = [0, shift].map(|n| graph.integers(&[n]));
        let end = graph.op("Add", &[&batch.n_tokens, &start]);
        Ok(graph.op("Slice", &[&table, &start, &end, &axis]))
    }

    /// The rows of the table `name` from `pad_id` + 1 on, where tokens that are `pad_id` do not count and all share
    /// row `pad_id`: how RoBERTa and what came of it number positions.
    pub(crate) fn positions_after_padding(
        &mut self,
        batch: &Batch,
        name: &str,
        shape: [usize; 2],
        pad_id: i64,
    ) -> Result<Value> {
        let table = self.weight(name, &shape)?;
        let shift = self.insertions.shift as i64;
        let graph = &mut self.graph;
        let pad = graph.integers(&[pad_id]);
        let axis = graph.integers(&[1]);
        let is_pad = graph.op("Equal", &[&batch.input_ids, &pad]);
        let is_token = graph.op("Not", &[&is_pad]);
        let is_token = graph.cast(&is_token, Element::I64);
        let counted = graph.op("CumSum", &[&is_token, &axis]);
        let shift = graph.integers(&[shift]);
        let counted = graph.op("Add", &[&counted, &shift]);
        let counted = graph.op("Mul", &[&counted, &is_token]);
        let positions = graph.op("Add", &[&counted, &pad]);
        Ok(graph.op("Gather", &[&table, &positions]))
    }

    /// How much a token heeds another because of the distance between them, `[1, heads, tokens, tokens]`: row
    /// `bucket_of(distance)` of `table` (`[buckets, heads]`), for distances from `-max_tokens` to `max_tokens`.
    pub(crate) fn relative_positions(
        &mut self,
        batch: &Batch,
        table: &Value,
        max_tokens: usize,
        bucket_of: impl Fn(i64) -> i64,
    ) -> Value {
        let max = max_tokens as i64;
        let graph = &mut self.graph;
        let buckets: Vec<i64> = (-max..=max).map(bucket_of).collect();
        let buckets = graph.integers(&buckets);
        let by_distance = graph.op("Gather", &[table, &buckets]);
        let [zero, one] =
            [0, 1].map(|n| graph.constant(Element::I64, &[], i64::to_le_bytes(n).into()));
        let first_axis = graph.integers(&[0]);
        let n_tokens = graph.op("Squeeze", &[&batch.n_tokens, &first_axis]);
        let to = graph.op("Range", &[&zero, &n_tokens, &one]);
        let second_axis = graph.integers(&[1]);
        let from = graph.op("Unsqueeze", &[&to, &second_axis]);
        let distances = graph.op("Sub", &[&to, &from]);
        let offset = graph.integers(&[max]);
        let rows = graph.op("Add", &[&distances, &offset]);
        let bias = graph.op("Gather", &[&by_distance, &rows]);
        let heads_first = [Attribute::Ints("perm", &[2, 0, 1])];
        let bias = graph.op_with(Op::Onnx("Transpose"), &[&bias], &heads_first);
        graph.op("Unsqueeze", &[&bias, &first_axis])
    }
}
