//! How long stages take.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::results::{Percentiles, TOTAL};

/// Times of stages, query by query.
#[derive(Default)]
pub(crate) struct Stopwatch(BTreeMap<String, Vec<f64>>);

impl Stopwatch {
    /// Takes a query in: its stages, and all of it.
    pub(crate) fn add<'a>(
        &mut self,
        stages: impl Iterator<Item = (&'a str, Duration)>,
        total: Duration,
    ) {
        for (name, took) in stages.chain([(TOTAL, total)]) {
            let times = self.0.entry(name.to_owned()).or_default();
            times.push(took.as_secs_f64() * 1e3);
        }
    }

    /// Milliseconds by stage.
    pub(crate) fn percentiles(self) -> BTreeMap<String, Percentiles> {
        let of = |(name, times)| (name, percentiles(times));
        self.0.into_iter().map(of).collect()
    }
}

/// Percentiles by the nearest rank: each is a time that was measured.
fn percentiles(mut times: Vec<f64>) -> Percentiles {
    times.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| {
        let rank = (share * times.len() as f64).ceil() as usize;
        times.get(rank.max(1) - 1).copied().unwrap_or_default()
    };
    Percentiles {
        p50: at(0.50),
        p95: at(0.95),
        p99: at(0.99),
        n: times.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(times: &[f64], expected: [f64; 3]) {
        let found = percentiles(times.to_vec());
        assert_eq!([found.p50, found.p95, found.p99], expected, "{times:?}");
    }

    #[test]
    fn percentiles_are_times_that_were_measured() {
        check(&[], [0.0; 3]);
        check(&[7.0], [7.0; 3]);
        check(&[3.0, 1.0], [1.0, 3.0, 3.0]);
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        check(&hundred, [50.0, 95.0, 99.0]);
    }

    #[test]
    fn every_stage_and_the_total_are_kept_apart() {
        let mut watch = Stopwatch::default();
        let ms = Duration::from_millis;
        watch.add([("dense", ms(2))].into_iter(), ms(3));
        watch.add([("dense", ms(4))].into_iter(), ms(5));
        let found = watch.percentiles();
        assert_eq!((found["dense"].p99, found["total"].p99), (4.0, 5.0));
        assert_eq!(found["total"].n, 2);
    }
}
