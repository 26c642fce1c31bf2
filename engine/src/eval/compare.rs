//! Is one system better than another, or was it luck? Two systems over the same topics, one measure at a time.
//!
//! All tests look at the differences, topic by topic, and are two-sided. Which test to read is the reader's choice, so a
//! [`Comparison`] holds the t-test and the randomisation test both. Nothing here is ever NaN: what has no value is `None`,
//! and where no test can tell two systems apart, p is 1.

mod aligned;
mod bootstrap;
mod correction;
mod kendall;
mod randomisation;
mod t_test;

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use serde::Serialize;

use crate::error::{Error, Result};

pub use aligned::{Aligned, align};
pub use correction::{bonferroni, holm};
pub use kendall::kendall_tau;

/// Two values that differ by less than this share of the larger are equal: a sum in another order explains it.
const ROUNDING: f64 = 1e-12;

/// One system against a baseline on one measure, topic by topic.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// How many topics were compared.
    pub n: usize,
    /// The baseline's mean over the topics.
    pub mean_baseline: f64,
    /// The system's.
    pub mean: f64,
    /// The mean of what the system has more than the baseline.
    pub difference: f64,
    /// `difference` over `mean_baseline`; nothing where the baseline's mean is 0.
    pub relative: Option<f64>,
    /// Where the mean difference lies with the confidence that was asked for: percentiles of resampled topics
    /// (Efron's bootstrap). A single topic's interval is its difference.
    pub interval: (f64, f64),
    /// Student's t of the paired test; nothing where there are fewer than two topics, or every topic differs by the same.
    pub t: Option<f64>,
    /// The paired t-test's p. With one topic, or without any difference, 1; where all topics differ by the same amount, 0,
    /// which is t's limit and SciPy's answer: read `p_randomisation` there.
    pub p_t: f64,
    /// The p of Fisher's sign-flip randomisation test: exact where at most 20 topics differ, otherwise
    /// `(1 + as large) / (1 + rounds)` of random rounds. Without any difference, 1.
    pub p_randomisation: f64,
    /// Cohen's d_z: the mean difference over the differences' standard deviation (n − 1); nothing where `t` is nothing.
    pub effect: Option<f64>,
    /// Topics where the system has more.
    pub wins: usize,
    /// Topics that differ by no more than [`CompareSettings::tie`].
    pub ties: usize,
    /// Topics where the baseline has more.
    pub losses: usize,
}

/// How two systems are compared. The same settings and values give the same figures on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CompareSettings {
    /// What all randomness comes from.
    pub seed: u64,
    /// Random rounds of the randomisation test, at least 1.
    pub rounds: u32,
    /// Random resamples behind the interval, at least 1.
    pub resamples: u32,
    /// How sure the interval is, between 0 and 1.
    pub confidence: f64,
    /// Topics that differ by no more than this are ties.
    pub tie: f64,
}

impl Default for CompareSettings {
    fn default() -> Self {
        Self {
            seed: 1,
            rounds: 10_000,
            resamples: 10_000,
            confidence: 0.95,
            // What four decimals do not show is no win.
            tie: 5e-5,
        }
    }
}

/// Compares a system with a baseline: `system[i]` and `baseline[i]` are the values of the same topic.
///
/// # Errors
/// When there is no topic, the two are not of one length, a value is not finite, or a setting is out of its range.
pub fn compare(baseline: &[f64], system: &[f64], settings: &CompareSettings) -> Result<Comparison> {
    settings.check()?;
    let differences = differences(baseline, system)?;
    let n = differences.len();
    let mean_baseline = mean(baseline);
    let difference = mean(&differences);
    // Each test has a stream of its own: rounds of one do not move the other.
    let mut random = Xoshiro256PlusPlus::seed_from_u64(settings.seed);
    let p_randomisation = randomisation::p_value(&differences, settings.rounds, &mut random);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(settings.seed ^ u64::MAX);
    let interval = bootstrap::interval(
        &differences,
        settings.resamples,
        settings.confidence,
        &mut random,
    );
    let paired = t_test::paired(&differences, largest(baseline).max(largest(system)));
    let count = |of: fn(f64, f64) -> bool| {
        let counted = differences.iter().filter(|d| of(**d, settings.tie));
        counted.count()
    };
    Ok(Comparison {
        n,
        mean_baseline,
        mean: mean(system),
        difference,
        relative: (mean_baseline != 0.0).then(|| difference / mean_baseline),
        interval,
        t: paired.t,
        p_t: paired.p,
        p_randomisation,
        effect: paired.effect,
        wins: count(|d, tie| d > tie),
        ties: count(|d, tie| d.abs() <= tie),
        losses: count(|d, tie| d < -tie),
    })
}

impl CompareSettings {
    fn check(&self) -> Result<()> {
        let fail = |name, got: String, expected| {
            Err(Error::Setting {
                name,
                got,
                expected,
            })
        };
        if self.rounds == 0 {
            return fail("the number of rounds", "0".into(), "at least 1");
        }
        if self.resamples == 0 {
            return fail("the number of resamples", "0".into(), "at least 1");
        }
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            let got = self.confidence.to_string();
            return fail("the confidence", got, "a number between 0 and 1");
        }
        if !(self.tie >= 0.0 && self.tie.is_finite()) {
            return fail(
                "the tie threshold",
                self.tie.to_string(),
                "a number from 0 on",
            );
        }
        Ok(())
    }
}

/// What the system has more than the baseline, topic by topic; 0 where rounding explains the difference, which would
/// otherwise be significant for want of anything larger.
fn differences(baseline: &[f64], system: &[f64]) -> Result<Vec<f64>> {
    let fail = |name, got: String, expected| {
        Err(Error::Setting {
            name,
            got,
            expected,
        })
    };
    if baseline.len() != system.len() {
        let got = format!("{} and {}", baseline.len(), system.len());
        return fail("the number of values", got, "as many as of the baseline");
    }
    if baseline.is_empty() {
        return fail("the number of topics", "0".into(), "at least 1");
    }
    if let Some(value) = baseline.iter().chain(system).find(|v| !v.is_finite()) {
        return fail("a value", value.to_string(), "a finite number");
    }
    let difference = |(baseline, system): (&f64, &f64)| {
        let difference = system - baseline;
        let rounding = ROUNDING * baseline.abs().max(system.abs());
        if difference.abs() <= rounding {
            0.0
        } else {
            difference
        }
    };
    Ok(baseline.iter().zip(system).map(difference).collect())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64 + 0.0
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, v| largest.max(v.abs()))
}

#[cfg(test)]
mod tests;
