//! Sparse fine-tuning masks (Ansell et al. 2022): differences to the weights, always added to what these were before any.

use std::collections::BTreeMap;
use std::sync::Arc;

use xenoglot_engine::model::insertions::LinearChange;

use crate::error::{Error, Result};
use crate::module::{Module, SparseTensor};

use super::Composition;

/// The table of words. What a mask adds to it stays apart: a table of its own would be larger than all the rest.
const WORDS: &str = "embeddings.word_embeddings.weight";

impl Composition<'_> {
    pub(super) fn add_mask(
        &mut self,
        module: &Module,
        mask: &BTreeMap<String, SparseTensor>,
    ) -> Result<()> {
        for (name, difference) in mask {
            if name == WORDS {
                self.insertions.words.push(Arc::clone(&difference.matrix));
            } else if let Some(layer) = self.layer_beside(name, difference) {
                self.change(layer, LinearChange::Sparse(Arc::clone(&difference.matrix)));
            } else {
                self.add_to_weight(module, name, difference)?;
            }
        }
        Ok(())
    }

    /// The linear layer beside whose weight `name` the difference can lie.
    fn layer_beside<'n>(&self, name: &'n str, difference: &SparseTensor) -> Option<&'n str> {
        let is_table = name.starts_with("embeddings.") || name.contains("relative_attention_bias");
        let is_beside = !self.options.merge && self.backbone.runs_sparse();
        let is_linear = difference.shape.len() == 2 && !is_table;
        name.strip_suffix(".weight")
            .filter(|_| is_beside && is_linear)
    }

    fn add_to_weight(
        &mut self,
        module: &Module,
        name: &str,
        difference: &SparseTensor,
    ) -> Result<()> {
        let problem = |problem: String| Error::Module {
            path: module.path.clone(),
            problem,
        };
        let weight = self.weight(name)?;
        if weight.shape() != difference.shape {
            return Err(problem(format!(
                "`{name}` has shape {:?}, and the backbone's has {:?}",
                difference.shape,
                weight.shape()
            )));
        }
        let numbers = weight.as_slice_mut();
        let numbers =
            numbers.ok_or_else(|| problem(format!("the backbone's `{name}` is not in order")))?;
        difference.matrix.add_to(numbers);
        Ok(())
    }
}
