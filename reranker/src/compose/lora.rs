//! Products of low rank: LoRA (Hu et al. 2022) and DoRA (Liu et al. 2024), beside the weights or part of them.

use std::collections::BTreeMap;

use ndarray::{Array1, Array2, ArrayBase, ArrayD, ArrayView, ArrayView1, Axis, Ix2, IxDyn};
use xenoglot_engine::model::insertions::LinearChange;

use crate::error::Result;
use crate::module::{LowRank, Magnitude};

use super::Composition;

impl Composition<'_> {
    pub(super) fn add_low_rank(&mut self, changes: &BTreeMap<String, LowRank>) -> Result<()> {
        for (name, change) in changes {
            if self.is_skipped(name) {
                continue;
            }
            if name.starts_with("embeddings.") {
                self.merge_into_table(name, change)?;
            } else if self.options.merge && !self.insertions.linears.contains_key(name) {
                self.merge(name, change)?;
            } else {
                self.lay_beside(name, change)?;
            }
        }
        Ok(())
    }

    /// Tables are read row by row, without a product that a step could stand beside.
    fn merge_into_table(&mut self, name: &str, change: &LowRank) -> Result<()> {
        let product = change.b.dot(&change.a);
        // A length is that of all that is added up.
        let masks = std::mem::take(&mut self.insertions.words);
        let table = self.weight(&format!("{name}.weight"))?;
        if let Some(numbers) = table.as_slice_mut() {
            masks.iter().for_each(|mask| mask.add_to(numbers));
        }
        *table += &product.t();
        if let Some(Magnitude::Rows(lengths)) = &change.magnitude {
            let length = |column: ArrayView<'_, f32, IxDyn>| {
                column.iter().map(|x| x * x).sum::<f32>().sqrt()
            };
            let found = table.map_axis(Axis(0), |column| length(column.into_dyn()));
            *table *= &(lengths / &found);
        }
        Ok(())
    }

    fn merge(&mut self, name: &str, change: &LowRank) -> Result<()> {
        let product = change.b.dot(&change.a);
        let weight = self.weight(&format!("{name}.weight"))?;
        let scale = row_scale(weight, &product, change.magnitude.as_ref());
        *weight += &product;
        if let Some(scale) = &scale {
            *weight *= &scale.clone().insert_axis(Axis(1));
        }
        if let (Some(scale), Some(Magnitude::Output { .. })) = (scale, &change.magnitude) {
            *self.weight(&format!("{name}.bias"))? *= &scale;
        }
        if let Some(bias) = &change.bias {
            *self.weight(&format!("{name}.bias"))? += bias;
        }
        Ok(())
    }

    fn lay_beside(&mut self, name: &str, change: &LowRank) -> Result<()> {
        let scale = match &change.magnitude {
            None => None,
            magnitude => {
                let weight = self.current(name)?;
                row_scale(&weight, &change.b.dot(&change.a), magnitude.as_ref())
            }
        };
        self.change(
            name,
            LinearChange::LowRank {
                a: change.a.clone(),
                b: change.b.clone(),
                bias: change.bias.clone(),
            },
        );
        match (scale.map(ArrayBase::into_shared), &change.magnitude) {
            (Some(scale), Some(Magnitude::Output { .. })) => {
                self.change(name, LinearChange::Output(scale));
            }
            (Some(scale), _) => self.change(name, LinearChange::Rows(scale)),
            (None, _) => {}
        }
        Ok(())
    }

    /// A copy of the weight of the linear layer `name` as modules have left it so far, with all that lies beside it.
    fn current(&self, name: &str) -> Result<ArrayD<f32>> {
        let weight = format!("{name}.weight");
        let whole = self.insertions.tensors.get(&weight);
        let mut weight = match (self.changed.get(&weight), whole) {
            (Some(weight), _) => weight.clone(),
            (None, Some(whole)) => ArrayD::clone(whole),
            (None, None) => self.backbone.tensor(&weight)?,
        };
        for change in self.insertions.linears.get(name).into_iter().flatten() {
            match change {
                LinearChange::Sparse(mask) => {
                    if let Some(numbers) = weight.as_slice_mut() {
                        mask.add_to(numbers);
                    }
                }
                LinearChange::LowRank { a, b, .. } => weight += &b.dot(a),
                LinearChange::Rows(scale) | LinearChange::Output(scale) => {
                    weight *= &scale.view().insert_axis(Axis(1));
                }
                LinearChange::Input(scale) => weight *= scale,
            }
        }
        Ok(weight)
    }
}

/// What every row of `weight + product` is multiplied with, so that it has the length that was learned for it.
fn row_scale(
    weight: &ArrayD<f32>,
    product: &Array2<f32>,
    magnitude: Option<&Magnitude>,
) -> Option<Array1<f32>> {
    let (lengths, product_scale) = match magnitude? {
        Magnitude::Rows(lengths) => (lengths, 1.0),
        Magnitude::Output { lengths, scale } => (lengths, *scale),
    };
    let sum = weight + &(product / product_scale);
    let sum = sum.into_dimensionality::<Ix2>().ok()?;
    let length = |row: ArrayView1<'_, f32>| row.dot(&row).sqrt();
    Some(lengths / &sum.map_axis(Axis(1), length))
}
