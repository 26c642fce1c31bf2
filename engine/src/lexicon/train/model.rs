//! IBM's Model 1 with fast_align's refinements (Dyer, Chahuneau & Smith 2013): words stand near the diagonal, translations
//! have a sparse Dirichlet prior (variational Bayes), and a word may come from nowhere. Both directions are trained at
//! once.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::bitext::Bitext;
use super::pairs::Pairs;

/// The probability that a word comes from nowhere; fast_align's.
const FROM_NOWHERE: f64 = 0.08;

/// The Dirichlet prior's concentration; fast_align's.
const ALPHA: f64 = 0.01;

/// How strongly words stand near the diagonal before the text says it; fast_align's, as are the bounds and the steps below.
const TENSION: f64 = 4.0;
const TENSION_BOUNDS: (f64, f64) = (0.1, 14.0);
const TENSION_STEPS: usize = 8;
const TENSION_RATE: f64 = 20.0;

/// Sentences that one task looks at. Fixed, for sums of floats follow it.
pub(super) const CHUNK: usize = 512;

/// Counts are sums of integers, which come out the same in any order: a count of 1 is this much.
pub(super) const ONE: f64 = (1u64 << 40) as f64;

/// Which way a model looks: `There` explains each target word by a source word, `Back` the reverse.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    There,
    Back,
}

/// What one direction believes.
pub(super) struct Model {
    direction: Direction,
    /// The probability of each pair's explained term, given the explaining one.
    translation: Vec<f32>,
    /// That of each explained term, given nothing.
    from_nowhere: Vec<f32>,
    tension: f64,
}

/// Expected counts of one direction.
struct Counts {
    pairs: Vec<AtomicU64>,
    from_nowhere: Vec<AtomicU64>,
}

/// One pair of sentences, and the numbers of their terms' pairs: row by source word.
pub(super) struct Sentences<'a> {
    pub(super) source: &'a [u32],
    pub(super) target: &'a [u32],
    pub(super) numbers: Vec<u32>,
}

/// One round of expectation and maximisation, of both directions.
pub(super) fn improve(models: &mut [Model; 2], bitext: &Bitext, pairs: &Pairs) {
    let zeros = |n: usize| (0..n).map(|_| AtomicU64::new(0)).collect();
    let counts = [&models[0], &models[1]].map(|model| Counts {
        pairs: zeros(pairs.len()),
        from_nowhere: zeros(model.from_nowhere.len()),
    });
    let seen: Vec<[Seen; 2]> = bitext
        .chunks(CHUNK)
        .map(|sentences| {
            let mut seen = [Seen::default(); 2];
            let mut posteriors = Vec::new();
            for sentences in sentences {
                let sentences = Sentences::new(pairs, sentences);
                for ((model, counts), seen) in models.iter().zip(&counts).zip(&mut seen) {
                    model.posteriors(&sentences, &mut posteriors);
                    model.count(&sentences, &posteriors, counts, seen);
                }
            }
            seen
        })
        .collect();
    for (i, (model, counts)) in models.iter_mut().zip(&counts).enumerate() {
        let distance: f64 = seen.iter().map(|seen| seen[i].distance).sum();
        let n_words: f64 = seen.iter().map(|seen| seen[i].n_words).sum();
        model.tension = model.fitted_tension(bitext, -distance / n_words.max(1.0));
        model.maximise(pairs, counts);
    }
}

/// How far from the diagonal words were found to stand.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// The sum over words.
    distance: f64,
    n_words: f64,
}

impl<'a> Sentences<'a> {
    pub(super) fn new(pairs: &Pairs, (source, target): (&'a [u32], &'a [u32])) -> Self {
        let numbers = source
            .iter()
            .flat_map(|s| target.iter().map(|t| pairs.number(*s, *t) as u32))
            .collect();
        Self {
            source,
            target,
            numbers,
        }
    }
}

impl Model {
    /// Knows nothing yet.
    pub(super) fn new(direction: Direction, bitext: &Bitext, pairs: &Pairs) -> Self {
        let explained = match direction {
            Direction::There => &bitext.target,
            Direction::Back => &bitext.source,
        };
        let uniform = 1.0 / explained.n_terms().max(1) as f32;
        Self {
            direction,
            translation: vec![uniform; pairs.len()],
            from_nowhere: vec![uniform; explained.n_terms()],
            tension: TENSION,
        }
    }

    /// The probability that each word of the one side explains each of the other: row by source word, as in `sentences`.
    pub(super) fn posteriors(&self, sentences: &Sentences<'_>, posteriors: &mut Vec<f32>) {
        let (n, m) = (sentences.source.len(), sentences.target.len());
        posteriors.clear();
        posteriors.resize(n * m, 0.0);
        let (n_explained, n_explaining) = self.sizes((n, m));
        let mut weights = Vec::with_capacity(n_explaining);
        for j in 0..n_explained {
            weights.clear();
            weights.extend(
                (0..n_explaining).map(|i| self.nearness((i, n_explaining), (j, n_explained))),
            );
            let nearness: f64 = weights.iter().sum();
            let explained = match self.direction {
                Direction::There => sentences.target[j],
                Direction::Back => sentences.source[j],
            };
            let mut sum = FROM_NOWHERE * f64::from(self.from_nowhere[explained as usize]);
            for (i, weight) in weights.iter_mut().enumerate() {
                let cell = self.cell(i, j, m);
                let translation = f64::from(self.translation[sentences.numbers[cell] as usize]);
                *weight *= (1.0 - FROM_NOWHERE) / nearness * translation;
                sum += *weight;
            }
            if sum > 0.0 {
                for (i, weight) in weights.iter().enumerate() {
                    posteriors[self.cell(i, j, m)] = (weight / sum) as f32;
                }
            }
        }
    }

    /// Adds `posteriors` to `counts`, and to `seen` how far from the diagonal each explained word stands.
    fn count(
        &self,
        sentences: &Sentences<'_>,
        posteriors: &[f32],
        counts: &Counts,
        seen: &mut Seen,
    ) {
        let (n, m) = (sentences.source.len(), sentences.target.len());
        let (n_explained, n_explaining) = self.sizes((n, m));
        for j in 0..n_explained {
            let mut explained_by_words = 0.0;
            for i in 0..n_explaining {
                let cell = self.cell(i, j, m);
                let posterior = f64::from(posteriors[cell]);
                add(&counts.pairs[sentences.numbers[cell] as usize], posterior);
                explained_by_words += posterior;
                seen.distance += posterior * distance((i, n_explaining), (j, n_explained));
            }
            let explained = match self.direction {
                Direction::There => sentences.target[j],
                Direction::Back => sentences.source[j],
            };
            add(
                &counts.from_nowhere[explained as usize],
                (1.0 - explained_by_words).max(0.0),
            );
        }
        seen.n_words += n_explained as f64;
    }

    /// Translation probabilities under a Dirichlet prior: rare coincidences get less than their share.
    fn maximise(&mut self, pairs: &Pairs, counts: &Counts) {
        let count = |pair: usize| counts.pairs[pair].load(Ordering::Relaxed) as f64 / ONE;
        let n_explaining = match self.direction {
            Direction::There => pairs.n_sources(),
            Direction::Back => pairs.n_targets(),
        };
        let mut sums = vec![(0.0, 0.0); n_explaining];
        let direction = self.direction;
        let explaining = |source: u32, pair: usize| match direction {
            Direction::There => source,
            Direction::Back => pairs.target(pair),
        };
        for source in 0..pairs.n_sources() as u32 {
            for pair in pairs.of_source(source) {
                let sum = &mut sums[explaining(source, pair) as usize];
                sum.0 += count(pair);
                sum.1 += ALPHA;
            }
        }
        let wholes: Vec<f64> = sums
            .par_iter()
            .map(|(count, prior)| digamma(count + prior))
            .collect();
        for source in 0..pairs.n_sources() as u32 {
            let range = pairs.of_source(source);
            let first = range.start;
            self.translation[range]
                .par_iter_mut()
                .enumerate()
                .for_each(|(i, translation)| {
                    let whole = wholes[explaining(source, first + i) as usize];
                    *translation = (digamma(count(first + i) + ALPHA) - whole).exp() as f32;
                });
        }
        let counts: Vec<f64> = counts
            .from_nowhere
            .iter()
            .map(|n| n.load(Ordering::Relaxed) as f64 / ONE)
            .collect();
        let whole = digamma(counts.iter().sum::<f64>() + ALPHA * counts.len() as f64);
        for (probability, count) in self.from_nowhere.iter_mut().zip(counts) {
            *probability = (digamma(count + ALPHA) - whole).exp() as f32;
        }
    }

    /// The tension under which words stand as near to the diagonal as they were found to: `found` is the mean nearness.
    fn fitted_tension(&self, bitext: &Bitext, found: f64) -> f64 {
        let n_words: f64 = bitext
            .sizes()
            .map(|(size, count)| self.sizes(size).0 as f64 * count)
            .sum();
        let mut tension = self.tension;
        for _ in 0..TENSION_STEPS {
            let expected: f64 = bitext
                .sizes()
                .map(|(size, count)| count * self.expected_nearness(size, tension))
                .sum();
            tension += (found - expected / n_words.max(1.0)) * TENSION_RATE;
            tension = tension.clamp(TENSION_BOUNDS.0, TENSION_BOUNDS.1);
        }
        tension
    }

    /// The sum over explained words of how near to the diagonal they stand, under the prior alone.
    fn expected_nearness(&self, size: (usize, usize), tension: f64) -> f64 {
        let (n_explained, n_explaining) = self.sizes(size);
        let of_word = |j: usize| {
            let (mut sum, mut whole) = (0.0, 0.0);
            for i in 0..n_explaining {
                let distance = distance((i, n_explaining), (j, n_explained));
                let weight = (-tension * distance).exp();
                sum -= weight * distance;
                whole += weight;
            }
            if whole > 0.0 { sum / whole } else { 0.0 }
        };
        (0..n_explained).map(of_word).sum()
    }

    fn nearness(&self, explaining: (usize, usize), explained: (usize, usize)) -> f64 {
        (-self.tension * distance(explaining, explained)).exp()
    }

    /// How many words are explained, and how many explain, in sentences of these lengths.
    fn sizes(&self, (n_source, n_target): (usize, usize)) -> (usize, usize) {
        match self.direction {
            Direction::There => (n_target, n_source),
            Direction::Back => (n_source, n_target),
        }
    }

    /// Where the `i`th explaining and the `j`th explained word meet, in rows by source word.
    fn cell(&self, i: usize, j: usize, n_target: usize) -> usize {
        match self.direction {
            Direction::There => i * n_target + j,
            Direction::Back => j * n_target + i,
        }
    }
}

pub(super) fn add(count: &AtomicU64, posterior: f64) {
    let units = (posterior * ONE) as u64;
    if units > 0 {
        count.fetch_add(units, Ordering::Relaxed);
    }
}

/// How far two words stand from the diagonal, each given as its place and its sentence's length: 0 to 1.
fn distance((i, n): (usize, usize), (j, m): (usize, usize)) -> f64 {
    let place = |i: usize, n: usize| (i + 1) as f64 / n as f64;
    (place(i, n) - place(j, m)).abs()
}

/// The logarithmic derivative of the gamma function, for positive numbers: the recurrence to where the asymptotic series
/// holds to 1e-10.
fn digamma(mut x: f64) -> f64 {
    let mut result = 0.0;
    while x < 7.0 {
        result -= 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / ((x - 0.5) * (x - 0.5));
    let series =
        1.0 / 24.0 - square * (7.0 / 960.0 - square * (31.0 / 8064.0 - square * 127.0 / 30720.0));
    result + (x - 0.5).ln() + square * series
}
