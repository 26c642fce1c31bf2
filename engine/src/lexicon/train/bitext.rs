//! Sentences and their translations, as numbers of terms.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use rayon::prelude::*;

/// Pairs of sentences, each pair once.
#[derive(Default)]
pub(super) struct Bitext {
    pub(super) source: Side,
    pub(super) target: Side,
    /// How many pairs have sentences of these lengths.
    sizes: BTreeMap<(usize, usize), f64>,
    seen: HashSet<u64>,
}

/// The sentences of one language.
#[derive(Default)]
pub(super) struct Side {
    terms: Vec<String>,
    numbers: HashMap<String, u32>,
    sentences: Vec<u32>,
    ends: Vec<usize>,
}

impl Bitext {
    /// Takes a pair of sentences in; false if it has been there.
    pub(super) fn push(&mut self, source: &[String], target: &[String]) -> bool {
        // 64 bits tell a hundred million pairs apart: a pair that is wrongly left out does no harm.
        let mut hasher = DefaultHasher::new();
        (source, target).hash(&mut hasher);
        if !self.seen.insert(hasher.finish()) {
            return false;
        }
        self.source.push(source);
        self.target.push(target);
        *self.sizes.entry((source.len(), target.len())).or_default() += 1.0;
        true
    }

    /// How many pairs of sentences there are.
    pub(super) fn len(&self) -> usize {
        self.source.ends.len()
    }

    /// Every pair of sentences.
    pub(super) fn sentences(&self) -> impl Iterator<Item = (&[u32], &[u32])> {
        (0..self.len()).map(|i| (self.source.sentence(i), self.target.sentence(i)))
    }

    /// The same in runs of `size`, whose results keep the order.
    pub(super) fn chunks(
        &self,
        size: usize,
    ) -> impl IndexedParallelIterator<Item = impl Iterator<Item = (&[u32], &[u32])>> {
        (0..self.len().div_ceil(size))
            .into_par_iter()
            .map(move |chunk| {
                let range = chunk * size..self.len().min((chunk + 1) * size);
                range.map(|i| (self.source.sentence(i), self.target.sentence(i)))
            })
    }

    /// How many pairs have sentences of which lengths.
    pub(super) fn sizes(&self) -> impl Iterator<Item = ((usize, usize), f64)> {
        self.sizes.iter().map(|(size, count)| (*size, *count))
    }
}

impl Side {
    /// How many different terms there are.
    pub(super) fn n_terms(&self) -> usize {
        self.terms.len()
    }

    /// The term of a number.
    pub(super) fn term(&self, number: u32) -> &str {
        &self.terms[number as usize]
    }

    fn sentence(&self, i: usize) -> &[u32] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.sentences[start..self.ends[i]]
    }

    fn push(&mut self, terms: &[String]) {
        for term in terms {
            let number = match self.numbers.get(term) {
                Some(number) => *number,
                None => {
                    let number = self.terms.len() as u32;
                    self.terms.push(term.clone());
                    self.numbers.insert(term.clone(), number);
                    number
                }
            };
            self.sentences.push(number);
        }
        self.ends.push(self.sentences.len());
    }
}
