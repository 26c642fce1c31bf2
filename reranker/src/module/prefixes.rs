//! Prefixes as libraries store them: one row per virtual token.

use ndarray::{ArcArray2, s};
use xenoglot_engine::model::Activation;
use xenoglot_engine::model::insertions::Prefix;

/// The prefixes of layers from `table`, `[virtual tokens, 2 · layers · dim]`, where every layer's keys lie before its
/// values. Fails with a sentence where the table has no such shape.
pub(super) fn of_layers(table: &ArcArray2<f32>, dim: usize) -> Result<Vec<Prefix>, String> {
    let (length, width) = table.dim();
    let n_layers = width.checked_div(2 * dim).unwrap_or(0);
    if length == 0 || n_layers == 0 || width != 2 * n_layers * dim {
        return Err(format!(
            "the prefix is [{length}, {width}], expected keys and values of {dim} numbers for every layer"
        ));
    }
    let part = |i: usize| table.slice(s![.., i * dim..(i + 1) * dim]).to_shared();
    let layer = |i: usize| Prefix {
        keys: part(2 * i),
        values: part(2 * i + 1),
    };
    Ok((0..n_layers).map(layer).collect())
}

/// `x` after `activation`.
pub(super) fn activated(activation: Activation, x: f32) -> f32 {
    let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
    match activation {
        Activation::Identity => x,
        Activation::Gelu => (f64::from(x) * 0.5 * (1.0 + erf(f64::from(x) / 2_f64.sqrt()))) as f32,
        Activation::GeluTanh => {
            let inner = (2.0 / std::f32::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
            0.5 * x * (1.0 + inner.tanh())
        }
        Activation::LeakyRelu => x.max(0.01 * x),
        Activation::Relu => x.max(0.0),
        Activation::Sigmoid => sigmoid(x),
        Activation::Silu => x * sigmoid(x),
        Activation::Tanh => x.tanh(),
    }
}

/// The error function by its Taylor series, right to 1e-8.
fn erf(x: f64) -> f64 {
    // Beyond 4 the answer is 1 to eight places, and the series loses as many to cancellation.
    if x.abs() > 4.0 {
        return x.signum();
    }
    let mut power = x;
    let mut sum = x;
    for n in 1..80 {
        let n = f64::from(n);
        power *= -x * x / n;
        sum += power / (2.0 * n + 1.0);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activations_agree_with_pytorch() {
        let check = |activation, x, expected: f32| {
            let found = activated(activation, x);
            assert!(
                (found - expected).abs() < 1e-6,
                "{activation:?} of {x}: {found}"
            );
        };
        check(Activation::Gelu, 1.0, 0.841_344_7);
        check(Activation::Gelu, -3.0, -0.004_049_694);
        check(Activation::Gelu, 9.0, 9.0);
        check(Activation::GeluTanh, 1.0, 0.841_192);
        check(Activation::LeakyRelu, -2.0, -0.02);
        check(Activation::Silu, 1.0, 0.731_058_6);
        check(Activation::Tanh, 0.5, 0.462_117_17);
    }
}
