//! Thai, Lao, Khmer and Burmese words, by ICU's dictionaries.
//!
//! Not by its neural models: those find fewer documents (nDCG@10 of XQuAD th .9505 against .9663, of FLORES lo .5181
//! against .5656; k1 .9, b .4) at a sixtieth of the speed.

use std::sync::LazyLock;

use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};

/// Making a segmenter costs a thousand times a call of it.
pub(super) static SEGMENTER: LazyLock<WordSegmenterBorrowed<'static>> =
    LazyLock::new(|| WordSegmenter::new_dictionary(Default::default()));

/// Calls `visit` with each word of `run`.
pub(super) fn for_each_word<'t>(run: &'t str, mut visit: impl FnMut(&'t str)) {
    let mut start = 0;
    for end in SEGMENTER.segment_str(run) {
        if end > start {
            visit(&run[start..end]);
        }
        start = end;
    }
}
