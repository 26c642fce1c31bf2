//! Many comparisons at once: one in twenty is significant by luck, so p values are raised.

/// Each p times how many there are, at most 1: the chance that any of them is a false alarm stays below the level.
pub fn bonferroni(p: &[f64]) -> Vec<f64> {
    let n = p.len() as f64;
    p.iter().map(|p| (p * n).min(1.0)).collect()
}

/// Each p raised as Holm (1979) does, in the order given: the smallest times how many there are, the next times one fewer,
/// and none below one that is smaller. Promises what Bonferroni does and finds more.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut raised = vec![0.0; p.len()];
    let mut above = 0.0;
    for (rank, at) in order.into_iter().enumerate() {
        let left = (p.len() - rank) as f64;
        above = (p[at] * left).min(1.0).max(above);
        raised[at] = above;
    }
    raised
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(corrected: &[f64], expected: &[f64]) {
        assert_eq!(corrected.len(), expected.len());
        for (found, expected) in corrected.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{corrected:?}");
        }
    }

    #[test]
    fn p_values_are_raised_and_keep_their_places() {
        let p = [0.04, 0.01, 0.03, 0.5];
        check(&bonferroni(&p), &[0.16, 0.04, 0.12, 1.0]);
        check(&holm(&p), &[0.09, 0.04, 0.09, 0.5]);
        check(&holm(&[]), &[]);
        check(&holm(&[0.7, 0.6]), &[1.0, 1.0]);
    }
}
