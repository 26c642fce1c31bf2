//! How long texts may be, wherever they are sent.

/// Longer ones are no questions.
pub(crate) const MAX_QUERY_CHARS: usize = 4_096;
/// Far more than any model reads.
pub(crate) const MAX_TEXT_CHARS: usize = 100_000;
