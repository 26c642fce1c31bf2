//! Student's t-test of paired values.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{ROUNDING, mean};

/// What the test says.
pub(super) struct Paired {
    pub(super) t: Option<f64>,
    pub(super) p: f64,
    /// Cohen's d_z.
    pub(super) effect: Option<f64>,
}

/// Tests whether the mean of `differences` is 0, on both sides; `largest` is the largest of the values they were taken of.
pub(super) fn paired(differences: &[f64], largest: f64) -> Paired {
    let n = differences.len() as f64;
    let mean = mean(differences);
    let without_spread = |p| Paired {
        t: None,
        p,
        effect: None,
    };
    if differences.len() < 2 {
        return without_spread(1.0);
    }
    let squares = differences.iter().map(|d| (d - mean) * (d - mean));
    let deviation = (squares.sum::<f64>() / (n - 1.0)).sqrt();
    // 0.3 − 0.2 and 0.4 − 0.3 are not the same number: a spread of that size is none.
    if deviation <= ROUNDING * largest {
        return without_spread(if mean == 0.0 { 1.0 } else { 0.0 });
    }
    let effect = mean / deviation;
    let t = effect * n.sqrt();
    let p = match StudentsT::new(0.0, 1.0, n - 1.0) {
        Ok(student) => (2.0 * student.sf(t.abs())).clamp(0.0, 1.0),
        // Only a scale or a freedom that is not positive is refused, and neither comes here.
        Err(_) => 1.0,
    };
    Paired {
        t: Some(t),
        p,
        effect: Some(effect),
    }
}
