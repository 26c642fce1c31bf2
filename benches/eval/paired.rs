//! Is one system better than another, or was it luck?

/// How often a difference as large as the mean of `differences` comes about when every difference's sign is thrown like a
/// coin: the two-sided p of Fisher's randomisation test (Smucker, Allan & Carterette 2007), from `ROUNDS` throws.
pub(crate) fn p_value(differences: &[f64]) -> f64 {
    const ROUNDS: u32 = 10_000;
    let observed = differences.iter().sum::<f64>().abs();
    let mut coins = Coins(0);
    let as_large = (0..ROUNDS).filter(|_| {
        let thrown: f64 = differences
            .iter()
            .map(|difference| {
                if coins.throw() {
                    *difference
                } else {
                    -difference
                }
            })
            .sum();
        thrown.abs() >= observed
    });
    f64::from(1 + as_large.count() as u32) / f64::from(1 + ROUNDS)
}

/// SplitMix64 (Steele, Lea & Flood 2014), the same throws in every run.
struct Coins(u64);

impl Coins {
    fn throw(&mut self) -> bool {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) & 1 == 1
    }
}
