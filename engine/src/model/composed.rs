//! A backbone with modules over it, which scores pairs.

use std::collections::HashMap;
use std::sync::Arc;

use ndarray::{Array1, Array2, Array3};

use crate::error::{Error, Result};

use super::batching::{Batch, batches, longest_first, run_all};
use super::blocks::{INPUT_IDS, IS_DOCUMENT, MASK, Side, TOKEN_TYPES, WORD_CHANGES};
use super::network::{Input, answer};
use super::session::{Execution, Lease, SessionPool};
use super::sparse::SparseMatrix;
use super::tokenizer::TokenPair;

/// What graphs of ours answer: `[batch, labels]`.
pub(crate) const LOGITS: &str = "logits";

/// A backbone with modules over it, ready to run.
pub struct Composed {
    pub(crate) pool: SessionPool,
    pub(crate) execution: Execution,
    pub(crate) words: Vec<Arc<SparseMatrix>>,
    pub(crate) dim: usize,
    pub(crate) pad_id: i64,
    pub(crate) n_token_types: usize,
    pub(crate) name: String,
}

/// A pair to score, and which modules of the banks it passes through.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The tokens.
    pub tokens: &'a TokenPair,
    /// Which module of a split bank the query's tokens pass through.
    pub query_module: usize,
    /// Which module of a bank the text passes through, or its document's tokens where the bank is split.
    pub document_module: usize,
}

impl Composed {
    /// One row of logits per candidate, in their order, `[candidates, labels]`.
    ///
    /// # Errors
    /// When ONNX Runtime fails, or when a logit is not finite.
    pub fn logits(&self, candidates: &[Candidate<'_>]) -> Result<Array2<f32>> {
        let lengths: Vec<usize> = candidates
            .iter()
            .map(|pair| pair.tokens.ids.len())
            .collect();
        let order = longest_first(&lengths);
        let batch_tokens = self.execution.batch_tokens();
        let batches = batches(&order, &lengths, batch_tokens, self.execution.lengths());
        let done = run_all(
            &batches,
            self.execution.n_sessions(),
            || self.pool.lease(),
            |session, batch| self.run_batch(session, candidates, batch),
        )?;
        let n_labels = done.first().map_or(1, Array2::ncols);
        let mut logits = Array2::zeros((candidates.len(), n_labels));
        for (batch, rows) in batches.iter().zip(done) {
            for (text, row) in batch.texts.iter().zip(rows.rows()) {
                logits.row_mut(*text).assign(&row);
            }
        }
        if logits.iter().all(|x| x.is_finite()) {
            return Ok(logits);
        }
        Err(Error::NotFinite {
            model: self.name.clone(),
        })
    }

    fn run_batch(
        &self,
        session: &mut Lease<'_>,
        candidates: &[Candidate<'_>],
        batch: &Batch<'_>,
    ) -> Result<Array2<f32>> {
        let shape = (batch.texts.len(), batch.n_tokens);
        let mut ids = Array2::from_elem(shape, self.pad_id);
        let mut mask = Array2::zeros(shape);
        let mut types = Array2::zeros(shape);
        // Padding belongs to the document.
        let mut is_document = Array2::ones(shape);
        for (row, text) in batch.texts.iter().enumerate() {
            let tokens = candidates[*text].tokens;
            for (column, id) in tokens.ids.iter().enumerate() {
                let kind = tokens.types[column].min(self.n_token_types.saturating_sub(1) as u32);
                ids[[row, column]] = i64::from(*id);
                mask[[row, column]] = 1;
                types[[row, column]] = i64::from(kind);
                is_document[[row, column]] = i64::from(column >= tokens.n_query);
            }
        }
        let of_bank = |module: fn(&Candidate<'_>) -> usize| -> Array1<i64> {
            let modules = batch.texts.iter().map(|text| module(&candidates[*text]));
            modules.map(|module| module as i64).collect()
        };
        let query_modules = of_bank(|candidate| candidate.query_module);
        let document_modules = of_bank(|candidate| candidate.document_module);
        let words = (!self.words.is_empty()).then(|| self.word_changes(&ids));
        let mut inputs = HashMap::from([
            (INPUT_IDS, Input::Places(&ids)),
            (MASK, Input::Places(&mask)),
            (TOKEN_TYPES, Input::Places(&types)),
            (IS_DOCUMENT, Input::Places(&is_document)),
            (Side::Query.input(), Input::Texts(&query_modules)),
            (Side::Document.input(), Input::Texts(&document_modules)),
        ]);
        if let Some(words) = &words {
            inputs.insert(WORD_CHANGES, Input::States(words));
        }
        answer(session, &inputs, LOGITS)
    }

    /// What masks add to the vectors of the tokens `ids`, `[batch, tokens, dim]`.
    fn word_changes(&self, ids: &Array2<i64>) -> Array3<f32> {
        let (n_texts, n_tokens) = ids.dim();
        let mut changes = Array3::zeros((n_texts, n_tokens, self.dim));
        for ((text, token), id) in ids.indexed_iter() {
            let mut vector = changes.slice_mut(ndarray::s![text, token, ..]);
            if let (Some(vector), Ok(row)) = (vector.as_slice_mut(), usize::try_from(*id)) {
                for words in &self.words {
                    words.add_row_to(row, vector);
                }
            }
        }
        changes
    }
}
