//! Scores of different scales → what they are worth beside each other.

use crate::ranking::Candidate;

/// The least that a score can be: of words, nothing; of vectors, the opposite direction.
const LEAST_LEXICAL: f64 = 0.0;
const LEAST_DENSE: f64 = -1.0;

/// Of fewer documents of a language, neither their mean nor their extremes say where its scores lie.
const MIN_CALIBRATED: usize = 5;

/// How scores of different scales become comparable. A document that a ranking did not find is worth 0 to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalisation {
    /// From 0 for the last document of the ranking to 1 for the first (Lee 1997).
    MinMax,
    /// From 0 for the least score that there can be (0 for words, −1 for vectors) to 1 for the first document (Bruch, Gai &
    /// Ingber 2023): what was found last was found still.
    TheoreticalMinMax,
    /// In standard deviations, from the last document of the ranking on, or from one below the mean if that is less: where
    /// scores hardly differ, having been found counts for something.
    ZScore,
    /// From 0 at three standard deviations below the mean to 1 at three above it, and cut there (distribution-based score
    /// fusion).
    Distribution,
}

/// A line over scores, cut at both ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    /// What is worth 0.
    zero: f64,
    /// What a score is divided by, above zero; scores that do not differ have none.
    unit: Option<f64>,
    /// What scores are worth that do not differ.
    level: f64,
    ceiling: f64,
}

impl Scale {
    /// What `score` is worth: at least 0.
    pub(super) fn of(&self, score: f32) -> f64 {
        match self.unit {
            // A score that is no number is as good as none.
            Some(unit) => ((f64::from(score) - self.zero) / unit)
                .max(0.0)
                .min(self.ceiling),
            None => self.level,
        }
    }
}

impl Normalisation {
    /// The scale of the scores of `group`, some of the candidates of the ranking at `place`; by `all` of them where they
    /// are too few.
    pub(super) fn scale(self, place: usize, group: &[&Candidate], all: &[Candidate]) -> Scale {
        let scores = |candidate: &Candidate| f64::from(candidate.score);
        let scores: Vec<f64> = match group.len() < MIN_CALIBRATED {
            true => all.iter().map(scores).collect(),
            false => group.iter().map(|candidate| scores(candidate)).collect(),
        };
        let scores: Vec<f64> = scores.into_iter().filter(|s| s.is_finite()).collect();
        let least = scores.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let between = |zero: f64| Scale {
            zero,
            unit: Some(largest - zero).filter(|unit| *unit > 0.0),
            level: 1.0,
            ceiling: 1.0,
        };
        match self {
            Self::MinMax => between(least),
            Self::TheoreticalMinMax if place == 0 => between(LEAST_LEXICAL),
            Self::TheoreticalMinMax => between(LEAST_DENSE),
            Self::ZScore => {
                let (mean, deviation) = moments(&scores);
                Scale {
                    zero: least.min(mean - deviation),
                    unit: (least < largest).then_some(deviation),
                    level: 1.0,
                    ceiling: f64::INFINITY,
                }
            }
            Self::Distribution => {
                let (mean, deviation) = moments(&scores);
                Scale {
                    zero: mean - 3.0 * deviation,
                    unit: (least < largest).then_some(6.0 * deviation),
                    level: 0.5,
                    ceiling: 1.0,
                }
            }
        }
    }
}

/// Mean and standard deviation, of all the scores that there are.
fn moments(scores: &[f64]) -> (f64, f64) {
    let n = scores.len().max(1) as f64;
    let mean = scores.iter().sum::<f64>() / n;
    let variance = scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n;
    (mean, variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::DocOrd;

    #[track_caller]
    fn check(normalisation: Normalisation, place: usize, scores: &[f32], expected: &[f64]) {
        let candidates: Vec<Candidate> = scores
            .iter()
            .zip(0..)
            .map(|(&score, doc)| Candidate {
                doc: DocOrd(doc),
                score,
            })
            .collect();
        let group: Vec<&Candidate> = candidates.iter().collect();
        let scale = normalisation.scale(place, &group, &candidates);
        for (score, expected) in scores.iter().zip(expected) {
            let got = scale.of(*score);
            assert!(
                (got - expected).abs() < 1e-6,
                "{normalisation:?} {score}: {got} is not {expected}"
            );
        }
    }

    #[test]
    fn scores_are_worth_what_their_list_makes_of_them() {
        use Normalisation::*;
        check(MinMax, 0, &[8.0, 5.0, 2.0], &[1.0, 0.5, 0.0]);
        check(TheoreticalMinMax, 0, &[8.0, 5.0, 2.0], &[1.0, 0.625, 0.25]);
        check(TheoreticalMinMax, 1, &[0.6, 0.2, -0.2], &[1.0, 0.75, 0.5]);
        // Their standard deviation is the root of 6.
        let step = 3.0 / 6f64.sqrt();
        check(ZScore, 0, &[8.0, 5.0, 2.0], &[2.0 * step, step, 0.0]);
        let below = |z: f64| (z + 3.0) / 6.0;
        check(
            Distribution,
            1,
            &[8.0, 5.0, 2.0],
            &[below(step), 0.5, below(-step)],
        );
    }

    #[test]
    fn equals_are_worth_something_for_they_were_found() {
        use Normalisation::*;
        check(MinMax, 0, &[4.0, 4.0], &[1.0, 1.0]);
        check(ZScore, 0, &[4.0], &[1.0]);
        check(Distribution, 0, &[4.0], &[0.5]);
        check(TheoreticalMinMax, 0, &[0.0], &[1.0]);
    }

    #[test]
    fn where_most_are_far_below_one_the_least_are_worth_a_little() {
        // The mean is 2, the deviation 2: the last lie half a deviation above what is worth nothing.
        check(
            Normalisation::ZScore,
            0,
            &[6.0, 1.0, 1.0, 1.0, 1.0],
            &[3.0, 0.5, 0.5, 0.5, 0.5],
        );
    }

    #[test]
    fn a_score_that_is_no_number_is_worth_nothing() {
        check(
            Normalisation::MinMax,
            0,
            &[2.0, 1.0, f32::NAN],
            &[1.0, 0.0, 0.0],
        );
    }
}
