//! BM25 (Robertson & Zaragoza 2009), as Lucene writes it: without the factor k1 + 1, which changes no order.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How words are weighed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bm25 {
    /// How much a word's coming again counts: 0 means not at all. Usual are 0.9 to 1.5.
    pub k1: f32,
    /// How much long documents are held back, from 0 to 1.
    pub b: f32,
    /// How often a word in the title counts; one in the text counts once.
    pub title_weight: f32,
}

impl Default for Bm25 {
    /// k1 = 0.9 and b = 0.4, which the field's baselines use (Lin et al. 2021, Pyserini), and titles like text.
    fn default() -> Self {
        Self {
            k1: 0.9,
            b: 0.4,
            title_weight: 1.0,
        }
    }
}

impl Bm25 {
    /// # Errors
    /// When a number is out of its range.
    pub fn check(&self) -> Result<()> {
        let settings = [
            ("k1", self.k1, 100.0, "a number from 0 to 100"),
            ("b", self.b, 1.0, "a number from 0 to 1"),
            (
                "title_weight",
                self.title_weight,
                100.0,
                "a number from 0 to 100",
            ),
        ];
        for (name, got, max, expected) in settings {
            if !(0.0..=max).contains(&got) {
                return Err(Error::Setting {
                    name,
                    got: got.to_string(),
                    expected,
                });
            }
        }
        Ok(())
    }

    /// What turns frequencies into scores among documents of `average_length`.
    pub(super) fn saturation(&self, average_length: f64) -> Saturation {
        let average_length = average_length.max(f64::MIN_POSITIVE) as f32;
        Saturation {
            base: self.k1 * (1.0 - self.b),
            per_term: self.k1 * self.b / average_length,
        }
    }
}

/// k1 · (1 − b + b · length / average length), as a line over the length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Saturation {
    base: f32,
    per_term: f32,
}

impl Saturation {
    /// From 0 to 1: what a word that comes `frequency` > 0 times in a document of `length` terms is worth.
    pub(super) fn of(self, frequency: f32, length: f32) -> f32 {
        frequency / (frequency + self.base + self.per_term * length)
    }
}

/// How rare a word is that stands in `df` of `n_docs` documents; `df` is a mean where a word has several translations.
pub(super) fn idf(n_docs: usize, df: f32) -> f32 {
    let n_docs = n_docs as f32;
    ((n_docs - df.min(n_docs) + 0.5) / (df + 0.5)).ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_refused() {
        let check = |k1, b, title_weight| {
            Bm25 {
                k1,
                b,
                title_weight,
            }
            .check()
            .is_ok()
        };
        assert!(check(0.9, 0.4, 1.0) && check(0.0, 0.0, 0.0));
        assert!(!check(-0.1, 0.4, 1.0) && !check(0.9, 1.1, 1.0) && !check(0.9, 0.4, f32::NAN));
    }

    #[test]
    fn a_word_that_comes_again_counts_less_each_time() {
        let saturation = Bm25::default().saturation(10.0);
        let worth: Vec<f32> = (1..=3u8)
            .map(|n| saturation.of(f32::from(n), 10.0))
            .collect();
        assert!((worth[0] - 1.0 / 1.9).abs() < 1e-6);
        assert!(worth[1] - worth[0] > worth[2] - worth[1]);
        assert!(saturation.of(1.0, 30.0) < worth[0]);
    }

    #[test]
    fn a_word_in_every_document_is_worth_a_little_still() {
        assert!((idf(9, 0.0) - 20f32.ln()).abs() < 1e-6);
        assert!(idf(9, 9.0) > 0.0);
    }
}
