//! Matrices of few numbers: what masks add to weights, kept beside them.

mod operator;

use std::cell::RefCell;

use multiversion::multiversion;

pub(crate) use operator::{DOMAIN, MATRICES, SPARSE_LINEAR, domain};

/// Tokens that are multiplied together: a row of states then fills a few registers and two lines of a cache.
const LANES: usize = 32;
/// Rows or columns that are turned together, so that what is written stays in the nearest cache.
const TILE: usize = 16;

/// Numbers at some places of a matrix, row after row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SparseMatrix {
    n_columns: usize,
    /// Where each row's entries begin; one more than there are rows.
    starts: Vec<u32>,
    columns: Vec<u16>,
    values: Vec<f32>,
}

impl SparseMatrix {
    /// Rows as wide as this have a column for every [`u16`].
    pub const MAX_COLUMNS: usize = 1 << 16;

    /// The matrix `[n_rows, n_columns]` with `values` at `places`, which count row after row and ascend.
    ///
    /// Nothing if a place lies beyond the matrix, or if it is wider than [`MAX_COLUMNS`](Self::MAX_COLUMNS).
    pub fn new([n_rows, n_columns]: [usize; 2], places: &[u32], values: Vec<f32>) -> Option<Self> {
        let is_inside = |place: &u32| (*place as usize) < n_rows.saturating_mul(n_columns);
        let fits = n_columns <= Self::MAX_COLUMNS
            && places.len() == values.len()
            && places.is_sorted_by(|a, b| a < b)
            && places.last().is_none_or(is_inside);
        if !fits {
            return None;
        }
        let mut starts = vec![0; n_rows + 1];
        for place in places {
            starts[*place as usize / n_columns + 1] += 1;
        }
        for row in 0..n_rows {
            starts[row + 1] += starts[row];
        }
        let columns = places
            .iter()
            .map(|place| (*place as usize % n_columns) as u16);
        Some(Self {
            n_columns,
            starts,
            columns: columns.collect(),
            values,
        })
    }

    /// Rows and columns.
    pub fn dim(&self) -> [usize; 2] {
        [self.starts.len().saturating_sub(1), self.n_columns]
    }

    /// How many places have a number.
    pub fn n_entries(&self) -> usize {
        self.values.len()
    }

    /// The entries of row `row`, which there has to be: columns, and the numbers there.
    fn row(&self, row: usize) -> (&[u16], &[f32]) {
        let entries = self.starts[row] as usize..self.starts[row + 1] as usize;
        (&self.columns[entries.clone()], &self.values[entries])
    }

    /// Adds the matrix to `weight`, its rows one after the other; of a shorter one, to as many as there are.
    pub fn add_to(&self, weight: &mut [f32]) {
        let rows = weight.chunks_mut(self.n_columns.max(1));
        for (i, row) in rows.enumerate().take(self.dim()[0]) {
            self.add_row_to(i, row);
        }
    }

    /// Adds row `row` to `vector`, which is as long; nothing where there is no such row.
    pub(crate) fn add_row_to(&self, row: usize, vector: &mut [f32]) {
        if row >= self.dim()[0] || vector.len() != self.n_columns {
            return;
        }
        let (columns, values) = self.row(row);
        for (column, value) in columns.iter().zip(values) {
            vector[usize::from(*column)] += value;
        }
    }
}

/// Adds `matrix · states[t]` to `answers[t]` for every one of `matrices` and every token `t`; `states` is
/// `[tokens, columns]`, `answers` `[tokens, rows]`, for matrices of one size.
///
/// Tokens stand side by side while products are added up, because each number of a matrix meets all of them.
fn add_products(matrices: &[&SparseMatrix], states: &[f32], answers: &mut [f32]) {
    thread_local! {
        /// States as `[columns, LANES]`, and sums as `[rows, LANES]`.
        static TURNED: RefCell<(Vec<f32>, Vec<f32>)> = const { RefCell::new((Vec::new(), Vec::new())) };
    }
    let Some([n_rows, n_columns]) = matrices.first().map(|matrix| matrix.dim()) else {
        return;
    };
    if n_rows == 0 || n_columns == 0 {
        return;
    }
    let states = states.chunks(n_columns * LANES);
    let answers = answers.chunks_mut(n_rows * LANES);
    TURNED.with_borrow_mut(|(turned, sums)| {
        turned.resize(n_columns * LANES, 0.0);
        for (states, answers) in states.zip(answers) {
            turn(states, n_columns, turned);
            sums.clear();
            sums.resize(n_rows * LANES, 0.0);
            for matrix in matrices {
                add_turned(matrix, turned, sums);
            }
            add_back(sums, answers, n_rows);
        }
    });
}

/// Writes `states` (`[tokens, columns]`, at most [`LANES`] tokens) as `[columns, LANES]`.
fn turn(states: &[f32], n_columns: usize, turned: &mut [f32]) {
    for first in (0..n_columns).step_by(TILE) {
        let tile = first..(first + TILE).min(n_columns);
        for (token, state) in states.chunks_exact(n_columns).enumerate() {
            for column in tile.clone() {
                turned[column * LANES + token] = state[column];
            }
        }
    }
}

/// Adds `sums` (`[rows, LANES]`) to `answers` (`[tokens, rows]`, at most [`LANES`] tokens).
fn add_back(sums: &[f32], answers: &mut [f32], n_rows: usize) {
    for first in (0..n_rows).step_by(TILE) {
        let tile = first..(first + TILE).min(n_rows);
        for (token, answer) in answers.chunks_exact_mut(n_rows).enumerate() {
            for row in tile.clone() {
                answer[row] += sums[row * LANES + token];
            }
        }
    }
}

/// Adds the product of `matrix` and `turned` (`[columns, LANES]`) to `sums` (`[rows, LANES]`).
#[multiversion(targets("x86_64+avx2+fma", "x86_64+avx512f", "aarch64+neon"))]
fn add_turned(matrix: &SparseMatrix, turned: &[f32], sums: &mut [f32]) {
    let (turned, _) = turned.as_chunks::<LANES>();
    let (sums, _) = sums.as_chunks_mut::<LANES>();
    for (row, of_row) in sums.iter_mut().enumerate() {
        let (columns, values) = matrix.row(row);
        let mut sum = *of_row;
        for (column, value) in columns.iter().zip(values) {
            let states = &turned[usize::from(*column)];
            for lane in 0..LANES {
                sum[lane] += value * states[lane];
            }
        }
        *of_row = sum;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn products_are_those_of_the_whole_matrix(
            n_rows in 1_usize..9,
            n_columns in 1_usize..9,
            n_tokens in 0_usize..140,
            seed in prop::collection::vec((prop::bool::ANY, -2.0_f32..2.0), 64),
        ) {
            let kept: Vec<(u32, f32)> = (0..n_rows * n_columns)
                .filter_map(|place| seed[place].0.then_some((place as u32, seed[place].1)))
                .collect();
            let (places, values): (Vec<u32>, Vec<f32>) = kept.into_iter().unzip();
            let matrix = SparseMatrix::new([n_rows, n_columns], &places, values).unwrap();
            let mut whole = vec![0.0; n_rows * n_columns];
            matrix.add_to(&mut whole);
            let states: Vec<f32> = (0..n_tokens * n_columns).map(|i| (i % 7) as f32 - 3.0).collect();
            let mut answers: Vec<f32> = (0..n_tokens * n_rows).map(|i| (i % 5) as f32).collect();
            let before = answers.clone();
            add_products(&[&matrix, &matrix], &states, &mut answers);
            for token in 0..n_tokens {
                for row in 0..n_rows {
                    let weight = &whole[row * n_columns..(row + 1) * n_columns];
                    let state = &states[token * n_columns..(token + 1) * n_columns];
                    let product: f32 = weight.iter().zip(state).map(|(w, x)| w * x).sum();
                    let expected = before[token * n_rows + row] + 2.0 * product;
                    prop_assert!((answers[token * n_rows + row] - expected).abs() < 1e-3);
                }
            }
        }
    }

    #[test]
    fn what_lies_beyond_a_matrix_is_refused() {
        assert!(SparseMatrix::new([2, 3], &[0, 5], vec![1.0, 2.0]).is_some());
        assert!(SparseMatrix::new([2, 3], &[0, 6], vec![1.0, 2.0]).is_none());
        assert!(SparseMatrix::new([2, 3], &[1, 1], vec![1.0, 2.0]).is_none());
        assert!(SparseMatrix::new([1, 70_000], &[], vec![]).is_none());
        let empty = SparseMatrix::new([2, 3], &[], vec![]).unwrap();
        assert_eq!((empty.dim(), empty.n_entries()), ([2, 3], 0));
    }
}
