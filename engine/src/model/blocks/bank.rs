//! Two linear layers with an activation between them, one pair for all texts or each text's own out of a bank.

use std::sync::Arc;

use ndarray::{ArcArray1, ArcArray2, Array3, Axis, s};

use crate::error::Result;
use crate::model::activation::Activation;
use crate::model::insertions::{Adapter, Coupling};
use crate::model::onnx::{Element, Value};

use super::{BATCH, Blocks};

/// What a text chooses a module for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Query,
    Document,
}

/// `up · activation(down · x + down_bias) + up_bias`.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    down: &'a ArcArray2<f32>,
    down_bias: &'a ArcArray1<f32>,
    up: &'a ArcArray2<f32>,
    up_bias: &'a ArcArray1<f32>,
}

/// Many of them: `down` is `[modules, dim, width]`, `down_bias` `[modules, 1, width]`, `up` `[modules, width, dim]` and
/// `up_bias` `[modules, 1, dim]`; or one of them, without the first dimension.
pub(super) struct Tables([Value; 4]);

impl<'a> Pair<'a> {
    pub(super) fn of_adapter(adapter: &'a Adapter) -> Self {
        Self {
            down: &adapter.down,
            down_bias: &adapter.down_bias,
            up: &adapter.up,
            up_bias: &adapter.up_bias,
        }
    }

    pub(super) fn of_coupling(coupling: &'a Coupling) -> Self {
        Self {
            down: &coupling.down,
            down_bias: &coupling.down_bias,
            up: &coupling.up,
            up_bias: &coupling.up_bias,
        }
    }

    fn width(&self) -> usize {
        self.down.nrows()
    }

    fn fits(&self, dim: usize) -> bool {
        let width = self.width();
        self.down.ncols() == dim
            && self.down_bias.len() == width
            && self.up.dim() == (dim, width)
            && self.up_bias.len() == dim
    }
}

impl Side {
    /// What the graph calls the choice.
    pub(crate) fn input(self) -> &'static str {
        match self {
            Self::Query => "query_module",
            Self::Document => "document_module",
        }
    }
}

impl Blocks<'_> {
    /// Refuses layers that were made for states of another size than `dim`.
    pub(super) fn check_pair(&self, pair: &Pair<'_>, dim: usize) -> Result<()> {
        if pair.fits(dim) {
            return Ok(());
        }
        Err(self.insertion_problem(format!(
            "an adapter was made for {} numbers, and reads {dim} here",
            pair.down.ncols()
        )))
    }

    /// A bank of `pairs`. Narrower ones are filled up with zeros, which change nothing because nothing of them goes up;
    /// where there is none, all are.
    pub(super) fn tables(&mut self, pairs: &[Option<Pair<'_>>], dim: usize) -> Result<Tables> {
        let n = pairs.len();
        let width = pairs.iter().flatten().map(Pair::width).max().unwrap_or(0);
        let mut down = Array3::zeros((n, dim, width));
        let mut down_bias = Array3::zeros((n, 1, width));
        let mut up = Array3::zeros((n, width, dim));
        let mut up_bias = Array3::zeros((n, 1, dim));
        for (i, pair) in pairs.iter().enumerate() {
            let Some(pair) = pair else { continue };
            self.check_pair(pair, dim)?;
            let own = pair.width();
            down.slice_mut(s![i, .., ..own]).assign(&pair.down.t());
            down_bias.slice_mut(s![i, 0, ..own]).assign(pair.down_bias);
            up.slice_mut(s![i, ..own, ..]).assign(&pair.up.t());
            up_bias.slice_mut(s![i, 0, ..]).assign(pair.up_bias);
        }
        let tables = [down, down_bias, up, up_bias];
        Ok(Tables(tables.map(|table| {
            let table = self.graph.shared(Arc::new(table.into_dyn()));
            self.in_precision(&table)
        })))
    }

    /// The one `pair` for all texts.
    pub(super) fn table(&mut self, pair: &Pair<'_>, dim: usize) -> Result<Tables> {
        self.check_pair(pair, dim)?;
        let [down, up] = [pair.down, pair.up].map(|weight| {
            let transposed = weight.t().as_standard_layout().into_owned();
            self.private(&transposed.into_dyn())
        });
        let down_bias = self.row(pair.down_bias);
        let up_bias = self.row(pair.up_bias);
        Ok(Tables([down, down_bias, up, up_bias]))
    }

    /// Each text's own out of `tables`.
    pub(super) fn chosen(&mut self, tables: &Tables, side: Side) -> Tables {
        let module = self.graph.input_once(side.input(), Element::I64, &[BATCH]);
        let own = |table: &Value| self.graph.op("Gather", &[table, &module]);
        Tables(tables.0.each_ref().map(own))
    }

    /// `states` (`[batch, tokens, dim]`) after the layers of `tables`.
    pub(super) fn through(
        &mut self,
        tables: &Tables,
        activation: Activation,
        states: &Value,
    ) -> Value {
        let [down, down_bias, up, up_bias] = &tables.0;
        let inner = self.graph.op("MatMul", &[states, down]);
        let inner = self.graph.op("Add", &[&inner, down_bias]);
        let inner = activation.append(&mut self.graph, &inner);
        let outer = self.graph.op("MatMul", &[&inner, up]);
        self.graph.op("Add", &[&outer, up_bias])
    }
}

/// `row` as a matrix of one row.
pub(super) fn as_matrix(row: &ArcArray1<f32>) -> ArcArray2<f32> {
    row.clone().insert_axis(Axis(0))
}
