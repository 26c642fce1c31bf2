//! Linear layers, and what modules change about them.

use std::sync::Arc;

use ndarray::{ArcArray1, ArcArray2, ArrayD};

use crate::error::Result;
use crate::model::Precision;
use crate::model::insertions::LinearChange;
use crate::model::onnx::{Attribute, Element, Op, Value};

use super::Blocks;

impl Blocks<'_> {
    /// `states · weightᵀ + bias`, with the changes of modules; `shape` is the weight's, `[out, in]`.
    pub(crate) fn linear(
        &mut self,
        name: &str,
        states: &Value,
        shape: [usize; 2],
    ) -> Result<Value> {
        let insertions = self.insertions;
        let Some(changes) = insertions.linears.get(name) else {
            let bias = self.weight(&format!("{name}.bias"), &shape[..1])?;
            return self.product(name, states, shape, &bias);
        };
        self.used.insert(name.to_owned());
        for change in changes {
            self.check_change(name, change, shape)?;
        }
        self.changed_linear(name, states, shape, changes)
    }

    fn changed_linear(
        &mut self,
        name: &str,
        states: &Value,
        shape: [usize; 2],
        changes: &[LinearChange],
    ) -> Result<Value> {
        let mut states = states.clone();
        for change in changes {
            if let LinearChange::Input(scale) = change {
                states = self.scaled(&states, scale);
            }
        }
        let own_bias = self.weight(&format!("{name}.bias"), &shape[..1])?;
        let scales = |change: &LinearChange| {
            matches!(change, LinearChange::Rows(_) | LinearChange::Output(_))
        };
        // It stays apart for as long as only the products are scaled.
        let (with, mut bias) = match changes.iter().any(scales) {
            true => (Value::none(), Some(own_bias)),
            false => (own_bias, None),
        };
        let mut answer = self.product(name, &states, shape, &with)?;
        let sparse = changes.iter().filter_map(|change| match change {
            LinearChange::Sparse(matrix) => Some(Arc::clone(matrix)),
            _ => None,
        });
        let sparse: Vec<_> = sparse.collect();
        if !sparse.is_empty() {
            answer = self.graph.sparse_linear(&answer, &states, sparse);
        }
        for change in changes {
            match change {
                LinearChange::Input(_) | LinearChange::Sparse(_) => {}
                LinearChange::LowRank { a, b, bias: own } => {
                    let inner = self.times(&states, a, &Value::none());
                    let change = self.times(&inner, b, &Value::none());
                    answer = self.graph.op("Add", &[&answer, &change]);
                    if let Some(own) = own {
                        let own = self.row(own);
                        bias = Some(match bias {
                            Some(bias) => self.graph.op("Add", &[&bias, &own]),
                            None => own,
                        });
                    }
                }
                LinearChange::Rows(scale) => answer = self.scaled(&answer, scale),
                LinearChange::Output(scale) => {
                    answer = self.scaled(&answer, scale);
                    bias = bias.map(|bias| self.scaled(&bias, scale));
                }
            }
        }
        Ok(match bias {
            Some(bias) => self.graph.op("Add", &[&answer, &bias]),
            None => answer,
        })
    }

    /// The backbone's own part; `bias` may be none.
    fn product(
        &mut self,
        name: &str,
        states: &Value,
        [to, from]: [usize; 2],
        bias: &Value,
    ) -> Result<Value> {
        let weight = format!("{name}.weight");
        if self.precision == Precision::Int8 {
            return self.product_in_int8(&weight, bias, states, [to, from]);
        }
        let weight = self.weight(&weight, &[to, from])?;
        Ok(self.gemm(states, &weight, bias))
    }

    /// `states · weightᵀ + bias` for a weight of a module; `bias` may be none.
    pub(crate) fn times(&mut self, states: &Value, weight: &ArcArray2<f32>, bias: &Value) -> Value {
        let weight = self.private(&weight.to_owned().into_dyn());
        self.gemm(states, &weight, bias)
    }

    fn gemm(&mut self, states: &Value, weight: &Value, bias: &Value) -> Value {
        let transposed = [Attribute::Int("transB", 1)];
        let inputs = [states, weight, bias];
        self.graph.op_with(Op::Onnx("Gemm"), &inputs, &transposed)
    }

    /// `states`, each number multiplied with its own.
    fn scaled(&mut self, states: &Value, scale: &ArcArray1<f32>) -> Value {
        let scale = self.row(scale);
        self.graph.op("Mul", &[states, &scale])
    }

    /// Numbers of a module, one after the other.
    pub(crate) fn row(&mut self, numbers: &ArcArray1<f32>) -> Value {
        let numbers = numbers.to_vec();
        let row = self.graph.numbers(&[numbers.len()], &numbers);
        self.in_precision(&row)
    }

    /// Numbers of a module, copied into the graph: sessions put them into an order of their own.
    pub(crate) fn private(&mut self, numbers: &ArrayD<f32>) -> Value {
        let bytes = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        let value = self.graph.constant(Element::F32, numbers.shape(), bytes);
        self.in_precision(&value)
    }

    fn check_change(
        &self,
        name: &str,
        change: &LinearChange,
        [to, from]: [usize; 2],
    ) -> Result<()> {
        let (found, expected) = match change {
            LinearChange::LowRank { a, b, bias } => {
                let bias = bias.as_ref().map_or(to, |bias| bias.len());
                ([b.nrows(), a.ncols(), bias], [to, from, to])
            }
            LinearChange::Input(scale) => ([scale.len(), 0, 0], [from, 0, 0]),
            LinearChange::Sparse(matrix) => {
                let [rows, columns] = matrix.dim();
                ([rows, columns, 0], [to, from, 0])
            }
            LinearChange::Rows(scale) | LinearChange::Output(scale) => {
                ([scale.len(), 0, 0], [to, 0, 0])
            }
        };
        if found == expected {
            return Ok(());
        }
        Err(self.insertion_problem(format!(
            "a module changes `{name}`, and was made for another size than [{to}, {from}]"
        )))
    }
}
