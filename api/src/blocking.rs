//! Work that may block, on the threads that are there for it.

use crate::problem::Problem;

/// Runs `work` on a thread that may block. What is logged over there carries the id of the request that this one serves.
///
/// # Errors
/// Those of `work`; 500 where it panics.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let span = tracing::Span::current();
    let work = tokio::task::spawn_blocking(move || span.in_scope(work));
    work.await
        .unwrap_or_else(|panic| Err(Problem::internal(&panic)))
}
