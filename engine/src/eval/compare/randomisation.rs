//! Fisher's randomisation test: if the two systems were one, each topic's difference might as well have the other sign.

use rand::Rng;

use super::ROUNDING;

/// Up to so many topics that differ, all of their signs are tried: half a million sums.
const MAX_EXACT: usize = 20;

/// How many topics share a table of sums: a byte of signs is one look-up.
const TABLE_TOPICS: usize = 8;

/// How often random signs give `differences` a mean at least as far from 0: the two-sided p.
///
/// Exact where at most [`MAX_EXACT`] differ from 0, otherwise from random `rounds`, the observed signs being one more
/// (Phipson & Smyth 2010), so that p is never 0.
pub(super) fn p_value(differences: &[f64], rounds: u32, random: &mut impl Rng) -> f64 {
    // A sign changes nothing about 0.
    let differing: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    if differing.len() <= MAX_EXACT {
        exact(&differing)
    } else {
        monte_carlo(&differing, rounds, random)
    }
}

/// The share of all signs whose sum is at least as far from 0 as the observed one.
fn exact(differing: &[f64]) -> f64 {
    let Some((first, rest)) = differing.split_first() else {
        return 1.0;
    };
    // The first sign stays: turning all signs round gives the same distance from 0.
    let mut sums = vec![*first];
    for difference in rest {
        let n = sums.len();
        sums.extend_from_within(..);
        let (plus, minus) = sums.split_at_mut(n);
        plus.iter_mut().for_each(|sum| *sum += difference);
        minus.iter_mut().for_each(|sum| *sum -= difference);
    }
    n_as_large(&sums, differing) as f64 / sums.len() as f64
}

fn monte_carlo(differing: &[f64], rounds: u32, random: &mut impl Rng) -> f64 {
    let mut sums = vec![0.0; rounds as usize];
    for topics in differing.chunks(TABLE_TOPICS) {
        let table = signed_sums(topics);
        for eight_rounds in sums.chunks_mut(8) {
            let signs = random.next_u64().to_le_bytes();
            for (sum, signs) in eight_rounds.iter_mut().zip(signs) {
                *sum += table[usize::from(signs)];
            }
        }
    }
    (1 + n_as_large(&sums, differing)) as f64 / (1.0 + f64::from(rounds))
}

/// The sum of up to eight `topics` for every byte of signs: bit i set turns topic i round.
fn signed_sums(topics: &[f64]) -> [f64; 256] {
    std::array::from_fn(|signs| {
        let signed = topics.iter().enumerate().map(|(topic, difference)| {
            if signs >> topic & 1 == 1 {
                -difference
            } else {
                *difference
            }
        });
        signed.sum()
    })
}

/// How many of `sums` are as far from 0 as that of `differing`; equal sums whose topics were added in another order count.
fn n_as_large(sums: &[f64], differing: &[f64]) -> usize {
    let observed = differing.iter().sum::<f64>().abs();
    let rounding = ROUNDING * differing.iter().map(|d| d.abs()).sum::<f64>();
    let as_large = sums.iter().filter(|sum| sum.abs() >= observed - rounding);
    as_large.count()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    use super::*;

    #[track_caller]
    fn check(differences: &[f64], expected: f64) {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let found = p_value(differences, 100, &mut random);
        assert!((found - expected).abs() < 1e-12, "{differences:?}: {found}");
    }

    #[test]
    fn few_topics_are_counted_out() {
        check(&[], 1.0);
        check(&[0.0, 0.0], 1.0);
        check(&[0.3], 1.0);
        check(&[0.1, 0.2, 0.0], 0.5);
        // 0.1 + 0.2 − 0.3 is not 0 in floating point.
        check(&[0.1, 0.2, -0.3], 1.0);
        check(&[0.1; 10], 2.0 / 1024.0);
        check(&[-0.1; 20], 2.0 / f64::from(1 << 20));
    }

    #[test]
    fn random_rounds_come_near_what_is_counted_out() {
        let differences: Vec<f64> = (0..18_i32)
            .map(|i| f64::from((i * 7) % 11 - 3) / 10.0)
            .collect();
        let exact = exact(&differences);
        for seed in 0..5 {
            let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
            let rounds = 100_000;
            let found = monte_carlo(&differences, rounds, &mut random);
            let bound = 4.0 * (exact * (1.0 - exact) / f64::from(rounds)).sqrt();
            assert!((found - exact).abs() <= bound, "{found} is not {exact}");
        }
    }

    #[test]
    fn the_smallest_p_of_random_rounds_is_not_0() {
        check(&[0.1; 100], 1.0 / 101.0);
    }
}
