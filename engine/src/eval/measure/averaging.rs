//! From the values of topics to the value of a run.

/// What a topic without any success counts in a geometric mean, which a 0 would make 0: trec_eval's constant.
const LEAST_IN_GEOMETRIC_MEAN: f64 = 1e-5;

/// How the values of topics become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Averaging {
    Mean,
    /// Robertson (2006): what doubles a bad topic counts as much as what doubles a good one.
    GeometricMean,
    /// Of counts.
    Sum,
    /// The mean over topics whose value is not 0.
    MeanOfPositive,
}

impl Averaging {
    /// One value for all topics; 0 where there are none.
    pub(super) fn over(self, values: impl Iterator<Item = f64>) -> f64 {
        match self {
            Self::Mean => mean(values),
            Self::GeometricMean => {
                let logs = values.map(|value| value.max(LEAST_IN_GEOMETRIC_MEAN).ln());
                mean(logs).exp()
            }
            Self::Sum => values.sum::<f64>() + 0.0,
            Self::MeanOfPositive => mean(values.filter(|value| *value > 0.0)),
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0usize), |(sum, n), value| (sum + value, n + 1));
    if n == 0 { 0.0 } else { sum / n as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(averaging: Averaging, values: &[f64], expected: f64) {
        let found = averaging.over(values.iter().copied());
        assert!(
            (found - expected).abs() < 1e-12,
            "{averaging:?} of {values:?}: {found}"
        );
    }

    #[test]
    fn values_of_topics_become_one() {
        check(Averaging::Mean, &[0.5, 0.0], 0.25);
        check(Averaging::Sum, &[3.0, 4.0], 7.0);
        check(Averaging::GeometricMean, &[0.5, 0.125], 0.25);
        check(Averaging::GeometricMean, &[0.1, 0.0], 1e-3);
        check(Averaging::MeanOfPositive, &[0.5, 0.0, 0.25], 0.375);
        for averaging in [Averaging::Mean, Averaging::Sum, Averaging::MeanOfPositive] {
            check(averaging, &[], 0.0);
        }
    }
}
