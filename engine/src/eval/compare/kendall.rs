//! Do two scores order systems alike?

/// Kendall's τ-b of two scores of the same systems: 1 for one order, −1 for the reverse, ties counted as ties.
///
/// Nothing where it has no value: fewer than two systems, one of the two the same for all, a value that is not a number,
/// or lists of two lengths.
pub fn kendall_tau(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() || a.iter().chain(b).any(|v| v.is_nan()) {
        return None;
    }
    // Pairs in one order less those in two, and pairs that each side tells apart.
    let (mut balance, mut apart_a, mut apart_b) = (0.0, 0.0, 0.0);
    for i in 0..a.len() {
        for j in 0..i {
            let (order_a, order_b) = (order(a[i], a[j]), order(b[i], b[j]));
            balance += order_a * order_b;
            apart_a += order_a.abs();
            apart_b += order_b.abs();
        }
    }
    (apart_a > 0.0 && apart_b > 0.0).then(|| balance / (apart_a * apart_b).sqrt())
}

/// 1, 0 or −1.
fn order(x: f64, y: f64) -> f64 {
    f64::from(i8::from(x > y) - i8::from(x < y))
}
