//! The bootstrap: how far a mean would move, had other topics been drawn.

use rand::Rng;

use super::mean;

/// The percentile interval of the mean of `differences`, from `resamples` draws of as many topics with replacement.
///
/// `differences` has at least one value. An end that falls between two means is taken between them, as NumPy's
/// percentiles are.
pub(super) fn interval(
    differences: &[f64],
    resamples: u32,
    confidence: f64,
    random: &mut impl Rng,
) -> (f64, f64) {
    if differences.iter().all(|d| *d == differences[0]) {
        let only = mean(differences);
        return (only, only);
    }
    let n = differences.len() as u64;
    let mut means: Vec<f64> = (0..resamples)
        .map(|_| resampled_sum(differences, n, random) / n as f64)
        .collect();
    means.sort_unstable_by(f64::total_cmp);
    let outside = (1.0 - confidence) / 2.0;
    (quantile(&means, outside), quantile(&means, 1.0 - outside))
}

fn resampled_sum(differences: &[f64], n: u64, random: &mut impl Rng) -> f64 {
    let mut sum = 0.0;
    let mut left = n;
    while left > 0 {
        let word = random.next_u64();
        // Two topics of a word. With 32 bits, one topic is preferred to another by less than n / 2^32.
        for half in [word >> 32, word & u64::from(u32::MAX)] {
            if left > 0 {
                sum += differences[((half * n) >> 32) as usize];
                left -= 1;
            }
        }
    }
    sum
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (position - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_their_neighbours() {
        for (share, expected) in [(0.0, 1.0), (0.5, 2.5), (0.1, 1.3), (1.0, 4.0)] {
            let found = quantile(&[1.0, 2.0, 3.0, 4.0], share);
            assert!((found - expected).abs() < 1e-12, "{share}: {found}");
        }
        assert_eq!(quantile(&[7.0], 0.975), 7.0);
    }
}
