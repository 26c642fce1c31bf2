//! The language identifier: letter runs of a text's words, a table of their rows, and a linear layer over the sum.
//!
//! `models/xenoglot-langid` holds the table, how it was learnt and from what.

use std::sync::LazyLock;

use super::grams::{for_each_gram, words};

/// Numbers of a row; the table says it too, and one that says otherwise is refused.
const DIM: usize = 24;

/// What a table knows of one language in one script.
pub(super) struct Class {
    /// Unicode's name of the script, and the language: `Latin`, `sr-Latn`. `und` stands for what is none of the others.
    pub(super) script: &'static str,
    pub(super) code: &'static str,
    bias: f32,
    weights: [f32; DIM],
}

/// A table in memory. Its rows stay where the program has them.
pub(super) struct Identifier {
    pub(super) classes: Vec<Class>,
    bits: u32,
    scales: [f32; DIM],
    rows: &'static [u8],
}

/// The table that comes with the program.
pub(super) static IDENTIFIER: LazyLock<Identifier> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "our own promise")]
    Identifier::read(include_bytes!("../../../models/xenoglot-langid/table.bin"))
        .expect("the table in the program is whole")
});

impl Identifier {
    /// The table that `training/langid/train.rs` wrote, or nothing if these bytes are none.
    fn read(bytes: &'static [u8]) -> Option<Self> {
        let (header, bytes) = line(bytes)?;
        let (keys, mut bytes) = line(bytes)?;
        let mut header = header.strip_prefix("xenoglot-langid 1 ")?.split(' ');
        let bits = header.next()?.parse().ok().filter(|bits| *bits < 32)?;
        if header.next()?.parse() != Ok(DIM) {
            return None;
        }
        let keys: Vec<(&str, &str)> = keys
            .split(' ')
            .map(|key| key.split_once('/'))
            .collect::<Option<_>>()?;
        let mut number = || {
            let (number, rest) = bytes.split_first_chunk()?;
            bytes = rest;
            Some(f32::from_le_bytes(*number))
        };
        let biases: Vec<f32> = keys.iter().map(|_| number()).collect::<Option<_>>()?;
        let mut row = || {
            let mut row = [0.0; DIM];
            for x in &mut row {
                *x = number()?;
            }
            Some(row)
        };
        let classes = keys
            .into_iter()
            .zip(biases)
            .map(|((script, code), bias)| {
                let weights = row()?;
                Some(Class {
                    script,
                    code,
                    bias,
                    weights,
                })
            })
            .collect::<Option<_>>()?;
        let scales = row()?;
        (bytes.len() == DIM << bits).then_some(Self {
            classes,
            bits,
            scales,
            rows: bytes,
        })
    }

    /// How much `text` looks like each of the classes that `weight` gives more than 0, best first; sums to 1.
    ///
    /// A weight of 2 is worth as much as seeing a class twice as often.
    pub(super) fn probabilities(
        &self,
        text: &str,
        weight: impl Fn(&Class) -> f32,
    ) -> Vec<(&Class, f32)> {
        let vector = self.vector(text);
        let mut scores: Vec<(&Class, f32)> = self
            .classes
            .iter()
            .map(|class| (class, weight(class)))
            .filter(|(_, weight)| *weight > 0.0)
            .map(|(class, weight)| {
                let products = class.weights.iter().zip(vector).map(|(w, x)| w * x);
                (class, weight.ln() + class.bias + products.sum::<f32>())
            })
            .collect();
        scores.sort_by(|a, b| b.1.total_cmp(&a.1));
        let most = scores.first().map_or(0.0, |(_, score)| *score);
        let sum: f32 = scores.iter().map(|(_, score)| (score - most).exp()).sum();
        for (_, score) in &mut scores {
            *score = (*score - most).exp() / sum;
        }
        scores
    }

    /// The sum of the rows of a text's letter runs over the root of their number; zero for a text without letters.
    fn vector(&self, text: &str) -> [f32; DIM] {
        let words = words(text);
        let mut sums = [0_i32; DIM];
        let mut count = 0_usize;
        for at in 0..words.len() {
            for_each_gram(&words, at, self.bits, |bucket| {
                count += 1;
                let row = &self.rows[bucket * DIM..][..DIM];
                for (sum, x) in sums.iter_mut().zip(row) {
                    *sum += i32::from(x.cast_signed());
                }
            });
        }
        let root = (count.max(1) as f32).sqrt();
        std::array::from_fn(|d| sums[d] as f32 * self.scales[d] / root)
    }
}

fn line(bytes: &'static [u8]) -> Option<(&'static str, &'static [u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..]))
}
