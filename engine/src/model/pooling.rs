//! Token states → one vector per text.

use ndarray::{Array2, ArrayView2, ArrayView3, Axis, Zip};

/// How a text's vector comes from the states of its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pooling {
    /// The state of the first token.
    Cls,
    /// The mean over tokens.
    Mean,
    /// The largest value of any token, number by number.
    Max,
}

impl Pooling {
    /// One vector per text, not normalised; see the functions for shapes.
    pub(crate) fn pool(
        self,
        hidden: ArrayView3<'_, f32>,
        mask: ArrayView2<'_, i64>,
    ) -> Array2<f32> {
        match self {
            Self::Cls => cls_pool(hidden),
            Self::Mean => mean_pool(hidden, mask),
            Self::Max => max_pool(hidden, mask),
        }
    }
}

/// Takes the first token's state of each text.
///
/// `hidden` is `[batch, tokens, dim]`. Returns `[batch, dim]`, not normalised.
pub(crate) fn cls_pool(hidden: ArrayView3<'_, f32>) -> Array2<f32> {
    hidden.index_axis(Axis(1), 0).to_owned()
}

/// Averages token states into one vector per text.
///
/// `hidden` is `[batch, tokens, dim]`; `mask` is `[batch, tokens]`, 1 for text and 0 for padding. Returns
/// `[batch, dim]`, not normalised; a row without any text is zero, not NaN. Follows Reimers & Gurevych (2019), §3,
/// "MEAN".
pub(crate) fn mean_pool(hidden: ArrayView3<'_, f32>, mask: ArrayView2<'_, i64>) -> Array2<f32> {
    let mut means = fold(hidden, mask, 0.0, |sum, x| sum + x);
    for (mut row, mask) in means.rows_mut().into_iter().zip(mask.rows()) {
        let n_tokens = mask.iter().filter(|m| **m != 0).count().max(1) as f32;
        row /= n_tokens;
    }
    means
}

/// Takes the largest value of any token, number by number.
///
/// Shapes are those of [`mean_pool`]; a row without any text is zero. Follows Reimers & Gurevych (2019), §3, "MAX".
pub(crate) fn max_pool(hidden: ArrayView3<'_, f32>, mask: ArrayView2<'_, i64>) -> Array2<f32> {
    let mut largest = fold(hidden, mask, f32::NEG_INFINITY, f32::max);
    for (mut row, mask) in largest.rows_mut().into_iter().zip(mask.rows()) {
        if mask.iter().all(|m| *m == 0) {
            row.fill(0.0);
        }
    }
    largest
}

/// Runs over the states of text, token after token.
fn fold(
    hidden: ArrayView3<'_, f32>,
    mask: ArrayView2<'_, i64>,
    start: f32,
    step: impl Fn(f32, f32) -> f32,
) -> Array2<f32> {
    let (batch, _, dim) = hidden.dim();
    let mut rows = Array2::from_elem((batch, dim), start);
    for ((mut row, states), mask) in rows
        .rows_mut()
        .into_iter()
        .zip(hidden.outer_iter())
        .zip(mask.rows())
    {
        for (state, _) in states
            .rows()
            .into_iter()
            .zip(mask)
            .filter(|(_, m)| **m != 0)
        {
            Zip::from(&mut row)
                .and(state)
                .for_each(|folded, x| *folded = step(*folded, *x));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn padding_counts_for_nothing_and_a_text_of_padding_is_zero() {
        let hidden = array![
            [[1.0, -4.0], [3.0, -2.0], [90.0, 90.0]],
            [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
        ];
        let mask = array![[1, 1, 0], [0, 0, 0]];
        let check = |pooling: Pooling, expected: Array2<f32>| {
            assert_eq!(
                pooling.pool(hidden.view(), mask.view()),
                expected,
                "{pooling:?}"
            );
        };
        check(Pooling::Mean, array![[2.0, -3.0], [0.0, 0.0]]);
        check(Pooling::Max, array![[3.0, -2.0], [0.0, 0.0]]);
        check(Pooling::Cls, array![[1.0, -4.0], [1.0, 2.0]]);
    }
}
