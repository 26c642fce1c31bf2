//! What every request shares.

use std::sync::Arc;

use tokio::sync::Semaphore;
use xenoglot_engine::Searcher;
use xenoglot_reranker::PASSAGES;

use crate::problem::Problem;

/// An open index, and how many searches may run at once.
#[derive(Clone)]
pub struct App {
    searcher: Arc<Searcher>,
    places: Arc<Semaphore>,
    default_stack: Arc<str>,
}

impl App {
    /// Serves `searcher` to `max_searches` searches at once; more are turned away with 503.
    pub fn new(searcher: Searcher, max_searches: usize) -> Self {
        Self {
            searcher: Arc::new(searcher),
            places: Arc::new(Semaphore::new(max_searches)),
            default_stack: PASSAGES.into(),
        }
    }

    /// The same, with another stack for requests that want to rerank and name none.
    pub fn with_default_stack(self, name: &str) -> Self {
        Self {
            default_stack: name.into(),
            ..self
        }
    }

    pub(crate) fn default_stack(&self) -> &str {
        &self.default_stack
    }

    pub(crate) fn searcher(&self) -> &Searcher {
        &self.searcher
    }

    /// Runs `work` on a thread that may block, if there is a place.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Searcher) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| Problem::busy())?;
        let searcher = Arc::clone(&self.searcher);
        // So that what is logged over there carries the request's id.
        let span = tracing::Span::current();
        let work = tokio::task::spawn_blocking(move || {
            let _place = place;
            span.in_scope(|| work(&searcher))
        });
        work.await
            .unwrap_or_else(|panic| Err(Problem::internal(&panic)))
    }
}
