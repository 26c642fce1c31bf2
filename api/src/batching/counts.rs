//! What the batcher counts, for whoever watches the server.

use std::sync::atomic::{AtomicU64, Ordering};

/// Sums since the start.
#[derive(Default)]
pub(crate) struct Counts {
    batches: AtomicU64,
    texts: AtomicU64,
    tokens: AtomicU64,
    cache_hits: AtomicU64,
    cache_misses: AtomicU64,
    abandoned: AtomicU64,
    late: AtomicU64,
    refused: AtomicU64,
    retried: AtomicU64,
}

/// The state of a batcher as plain numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct BatchFigures {
    /// Texts that wait now.
    pub(crate) queued_texts: usize,
    /// Their tokens.
    pub(crate) queued_tokens: usize,
    /// Tokens that fit into one call.
    pub(crate) batch_tokens: usize,
    /// Calls of the encoder since the start.
    pub(crate) batches: u64,
    /// Texts in them.
    pub(crate) texts: u64,
    /// Tokens in them.
    pub(crate) tokens: u64,
    /// Queries whose vectors were known.
    pub(crate) cache_hits: u64,
    /// Queries that were encoded.
    pub(crate) cache_misses: u64,
    /// Jobs that nobody waited for any more.
    pub(crate) abandoned: u64,
    /// Jobs whose time was over before their turn.
    pub(crate) late: u64,
    /// Jobs that found the queue full.
    pub(crate) refused: u64,
    /// Calls that failed and were made again for each job.
    pub(crate) retried: u64,
}

impl Counts {
    pub(super) fn batch(&self, n_texts: usize, n_tokens: usize) {
        add(&self.batches, 1);
        add(&self.texts, n_texts);
        add(&self.tokens, n_tokens);
    }

    pub(super) fn looked_up(&self, found: bool) {
        let counter = match found {
            true => &self.cache_hits,
            false => &self.cache_misses,
        };
        add(counter, 1);
    }

    pub(super) fn abandoned(&self) {
        add(&self.abandoned, 1);
    }

    pub(super) fn late(&self) {
        add(&self.late, 1);
    }

    pub(super) fn refused(&self) {
        add(&self.refused, 1);
    }

    pub(super) fn retried(&self) {
        add(&self.retried, 1);
    }

    pub(super) fn figures(
        &self,
        queued_texts: usize,
        queued_tokens: usize,
        batch_tokens: usize,
    ) -> BatchFigures {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        BatchFigures {
            queued_texts,
            queued_tokens,
            batch_tokens,
            batches: read(&self.batches),
            texts: read(&self.texts),
            tokens: read(&self.tokens),
            cache_hits: read(&self.cache_hits),
            cache_misses: read(&self.cache_misses),
            abandoned: read(&self.abandoned),
            late: read(&self.late),
            refused: read(&self.refused),
            retried: read(&self.retried),
        }
    }
}

fn add(counter: &AtomicU64, n: usize) {
    counter.fetch_add(n as u64, Ordering::Relaxed);
}
