//! Which terms of two languages occur in sentences that translate each other.

use rayon::slice::ParallelSliceMut;

use super::bitext::Bitext;

/// Pairs held before repeated ones are thrown out, so that small texts are sorted once.
const FIRST_SORT: usize = 1 << 22;

/// The pairs of terms that occur in a pair of sentences, each once; a pair's place is its number.
pub(super) struct Pairs {
    /// Where each source term's pairs begin, and where the last ones end.
    starts: Vec<usize>,
    /// The target term of each pair, rising within a source term.
    targets: Vec<u32>,
    n_targets: usize,
}

impl Pairs {
    /// The pairs of `bitext`; nothing if there are more than `max`.
    pub(super) fn of(bitext: &Bitext, max: usize) -> Option<Self> {
        let mut pairs: Vec<u64> = Vec::new();
        let mut next_sort = FIRST_SORT;
        for (source, target) in bitext.sentences() {
            for s in source {
                pairs.extend(target.iter().map(|t| u64::from(*s) << 32 | u64::from(*t)));
            }
            if pairs.len() >= next_sort {
                sort_and_dedup(&mut pairs);
                if pairs.len() > max {
                    return None;
                }
                next_sort = FIRST_SORT.max(2 * pairs.len());
            }
        }
        sort_and_dedup(&mut pairs);
        (pairs.len() <= max)
            .then(|| Self::from_sorted(&pairs, (bitext.source.n_terms(), bitext.target.n_terms())))
    }

    fn from_sorted(pairs: &[u64], (n_sources, n_targets): (usize, usize)) -> Self {
        let mut starts = Vec::with_capacity(n_sources + 1);
        for source in 0..=n_sources as u64 {
            starts.push(pairs.partition_point(|pair| pair >> 32 < source));
        }
        Self {
            starts,
            targets: pairs.iter().map(|pair| *pair as u32).collect(),
            n_targets,
        }
    }

    /// How many pairs there are.
    pub(super) fn len(&self) -> usize {
        self.targets.len()
    }

    /// How many different source terms there are.
    pub(super) fn n_sources(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many different target terms there are.
    pub(super) fn n_targets(&self) -> usize {
        self.n_targets
    }

    /// The numbers of a source term's pairs.
    pub(super) fn of_source(&self, source: u32) -> std::ops::Range<usize> {
        self.starts[source as usize]..self.starts[source as usize + 1]
    }

    /// The target term of a pair.
    pub(super) fn target(&self, pair: usize) -> u32 {
        self.targets[pair]
    }

    /// The number of a pair that occurs.
    pub(super) fn number(&self, source: u32, target: u32) -> usize {
        let range = self.of_source(source);
        range.start + self.targets[range].partition_point(|t| *t < target)
    }
}

fn sort_and_dedup(pairs: &mut Vec<u64>) {
    pairs.par_sort_unstable();
    pairs.dedup();
}
