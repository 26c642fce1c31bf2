//! Vectors of queries that were asked before.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;
use xenoglot_engine::Embeddings;

/// Longer queries are not remembered, so that the size of the cache is bounded by its number of queries.
const MAX_BYTES: usize = 1_024;

/// The vectors of the queries that were asked last.
pub(super) struct Cache {
    /// Nothing where nothing is to be remembered.
    vectors: Option<Mutex<LruCache<Box<str>, Embeddings>>>,
}

impl Cache {
    /// A cache of `n_queries`.
    pub(super) fn new(n_queries: usize) -> Self {
        let size = NonZeroUsize::new(n_queries);
        Self {
            vectors: size.map(|size| Mutex::new(LruCache::new(size))),
        }
    }

    pub(super) fn get(&self, query: &str) -> Option<Embeddings> {
        let mut vectors = self
            .vectors
            .as_ref()?
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        vectors.get(query).cloned()
    }

    pub(super) fn put(&self, query: &str, vector: impl FnOnce() -> Embeddings) {
        if let Some(vectors) = self.vectors.as_ref().filter(|_| query.len() <= MAX_BYTES) {
            let vector = vector();
            let mut vectors = vectors.lock().unwrap_or_else(PoisonError::into_inner);
            vectors.put(query.into(), vector);
        }
    }
}
