//! Trains the language identifier: `models/xenoglot-langid/table.bin` from lines of `script/language TAB text`.
//!
//! A text is the sum of its letter runs' rows, divided by the root of their number; a linear layer over that, with a
//! softmax among the languages of the text's script, says the language (Joulin et al. 2017, but for the root: with a mean,
//! a word would be as sure as a page). One example is one to two dozen words in a row, mostly few: queries are short.
//! One thread, AdaGrad, no randomness but a fixed seed.
//!
//! ```text
//! training/langid/run.sh
//! ```

#![allow(clippy::print_stderr, reason = "progress")]

#[path = "../../engine/src/language/grams.rs"]
mod grams;

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};

use anyhow::{Context, Result};

const DIM: usize = 24;
const BITS: u32 = 17;
const RATE: f32 = 0.3;
/// Words of one example: one in a quarter of them, else two and more with this chance to end.
const SINGLE_WORDS: f32 = 0.25;
const END: f32 = 0.22;
const MAX_WORDS: usize = 24;

/// One language in one script.
struct Class {
    key: String,
    script: String,
    text: Vec<char>,
    /// Places of the spaces in `text`.
    spaces: Vec<usize>,
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, corpus, examples, out] = &args[..] else {
        anyhow::bail!("usage: train-langid CORPUS EXAMPLES OUT")
    };
    let classes = read(corpus)?;
    let mut model = Model::new(&classes);
    model.train(&classes, examples.parse()?);
    model.write(&classes, out)
}

/// The classes of a file sorted by its first column.
fn read(path: &str) -> Result<Vec<Class>> {
    let mut classes: Vec<Class> = Vec::new();
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        let (key, text) = line.split_once('\t').context("a line without a tab")?;
        if classes.last().is_none_or(|class| class.key != key) {
            let (script, _) = key.split_once('/').context("a key without a script")?;
            classes.push(Class {
                key: key.to_owned(),
                script: script.to_owned(),
                text: vec![' '],
                spaces: Vec::new(),
            });
        }
        if let Some(class) = classes.last_mut() {
            class.text.extend(&grams::words(text)[1..]);
        }
    }
    for class in &mut classes {
        class.spaces = (0..class.text.len())
            .filter(|at| class.text[*at] == ' ')
            .collect();
    }
    Ok(classes)
}

struct Model {
    /// One row per bucket.
    rows: Vec<[f32; DIM]>,
    /// AdaGrad's mean squared gradient of each row.
    row_squares: Vec<f32>,
    weights: Vec<[f32; DIM]>,
    biases: Vec<f32>,
    weight_squares: Vec<f32>,
}

impl Model {
    fn new(classes: &[Class]) -> Self {
        let mut random = Random(88_172_645_463_325_252);
        let mut row = |scale| std::array::from_fn(|_| (random.fraction() - 0.5) * scale);
        Self {
            rows: (0..1 << BITS).map(|_| row(0.1)).collect(),
            row_squares: vec![0.0; 1 << BITS],
            weights: classes.iter().map(|_| row(0.2)).collect(),
            biases: vec![0.0; classes.len()],
            weight_squares: vec![1.0; classes.len()],
        }
    }

    fn train(&mut self, classes: &[Class], examples: usize) {
        let rivals: Vec<Vec<usize>> = classes
            .iter()
            .map(|class| {
                (0..classes.len())
                    .filter(|at| classes[*at].script == class.script)
                    .collect()
            })
            .collect();
        let mut ends = Vec::new();
        let mut sum = 0.0;
        for class in classes {
            sum += share(class);
            ends.push(sum);
        }
        let mut random = Random(2_463_534_242);
        let mut buckets = Vec::new();
        let (mut loss, mut seen) = (0.0, 0);
        for step in 0..examples {
            let drawn = random.fraction() * sum;
            let class = ends
                .partition_point(|end| *end < drawn)
                .min(classes.len() - 1);
            example(&classes[class], &mut random, &mut buckets);
            if buckets.is_empty() {
                continue;
            }
            let rate = RATE * (1.0 - step as f32 / examples as f32);
            loss += f64::from(self.step(&buckets, class, &rivals[class], rate));
            seen += 1;
            if (step + 1) % 500_000 == 0 {
                eprintln!("{} examples, loss {:.4}", step + 1, loss / f64::from(seen));
                (loss, seen) = (0.0, 0);
            }
        }
    }

    /// One step of gradient descent; the loss before it.
    fn step(&mut self, buckets: &[usize], class: usize, rivals: &[usize], rate: f32) -> f32 {
        let scale = 1.0 / (buckets.len() as f32).sqrt();
        let mut vector = [0.0; DIM];
        for bucket in buckets {
            add(&mut vector, &self.rows[*bucket], scale);
        }
        let logits: Vec<f32> = rivals
            .iter()
            .map(|rival| {
                self.biases[*rival]
                    + self.weights[*rival]
                        .iter()
                        .zip(&vector)
                        .map(|(w, v)| w * v)
                        .sum::<f32>()
            })
            .collect();
        let most = logits.iter().copied().fold(f32::MIN, f32::max);
        let sum: f32 = logits.iter().map(|logit| (logit - most).exp()).sum();
        let mut loss = 0.0;
        let mut back = [0.0; DIM];
        for (rival, logit) in rivals.iter().zip(logits) {
            let probability = (logit - most).exp() / sum;
            let mut error = probability;
            if *rival == class {
                error -= 1.0;
                loss = -probability.max(1e-9).ln();
            }
            add(&mut back, &self.weights[*rival], error);
            self.weight_squares[*rival] += error * error;
            let step = 0.3 * rate * error / self.weight_squares[*rival].sqrt();
            add(&mut self.weights[*rival], &vector, -step);
            self.biases[*rival] -= step;
        }
        let square = back.iter().map(|x| x * x).sum::<f32>() / DIM as f32 * scale * scale;
        for bucket in buckets {
            self.row_squares[*bucket] += square;
            let step = rate * scale / (self.row_squares[*bucket].sqrt() + 1e-3);
            add(&mut self.rows[*bucket], &back, -step);
        }
        loss
    }

    /// Two lines of text, then little-endian numbers: biases, weights, one scale per dimension, rows in 8 bits.
    fn write(&self, classes: &[Class], path: &str) -> Result<()> {
        let scales: [f32; DIM] = std::array::from_fn(|d| {
            self.rows
                .iter()
                .map(|row| row[d].abs())
                .fold(f32::MIN_POSITIVE, f32::max)
                / 127.0
        });
        let mut out = BufWriter::new(File::create(path)?);
        let keys: Vec<&str> = classes.iter().map(|class| class.key.as_str()).collect();
        writeln!(out, "xenoglot-langid 1 {BITS} {DIM}\n{}", keys.join(" "))?;
        let numbers = self
            .biases
            .iter()
            .chain(self.weights.iter().flatten())
            .chain(&scales);
        for number in numbers {
            out.write_all(&number.to_le_bytes())?;
        }
        for row in &self.rows {
            for (x, scale) in row.iter().zip(scales) {
                out.write_all(&((x / scale).round() as i8).to_le_bytes())?;
            }
        }
        Ok(out.flush()?)
    }
}

fn add(to: &mut [f32; DIM], from: &[f32; DIM], times: f32) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += times * from;
    }
}

/// How often a class is drawn: large languages hardly more often than small ones, those of crowded Latin more often.
fn share(class: &Class) -> f32 {
    let share = (class.spaces.len() as f32).powf(0.2);
    let share = if class.script == "Latin" {
        share
    } else {
        0.6 * share
    };
    match class.key.as_str() {
        // What most Latin text and most queries are in.
        "Latin/en" => 3.0 * share,
        key if key.ends_with("/und") => 2.0 * share,
        _ => share,
    }
}

/// Fills `buckets` with the letter runs of some words in a row.
fn example(class: &Class, random: &mut Random, buckets: &mut Vec<usize>) {
    let mut words = 1;
    if random.fraction() >= SINGLE_WORDS {
        words += 1;
        while words < MAX_WORDS && random.fraction() > END {
            words += 1;
        }
    }
    buckets.clear();
    let Some(last) = class.spaces.len().checked_sub(words + 1) else {
        return;
    };
    let first = (random.fraction() * last as f32) as usize;
    let some = &class.text[class.spaces[first]..=class.spaces[first + words]];
    for at in 0..some.len() {
        grams::for_each_gram(some, at, BITS, |bucket| buckets.push(bucket));
    }
}

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    /// From 0 to 1, without 1.
    fn fraction(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1 << 24) as f32
    }
}
