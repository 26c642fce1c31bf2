//! Terms of Chinese, Japanese and Korean: each character, and each pair of neighbours.
//!
//! Pairs need no dictionary, and single characters find what a one-character question asks for and words that differ in
//! one character. Measured against either alone and against ICU's dictionary: `docs/languages.md`.

/// Calls `visit` with the terms of `run`, normalised, in reading order.
pub(super) fn for_each_term<'t>(run: &'t str, mut visit: impl FnMut(&'t str)) {
    let mut last: Option<usize> = None;
    for (at, c) in run.char_indices() {
        let end = at + c.len_utf8();
        // NFKC puts brackets around some characters.
        if !c.is_alphanumeric() {
            last = None;
            continue;
        }
        if let Some(last) = last {
            visit(&run[last..end]);
        }
        visit(&run[at..end]);
        last = Some(at);
    }
}
