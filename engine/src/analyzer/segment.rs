//! Where words begin and end.
//!
//! Most scripts follow Unicode's word boundaries (UAX #29); Thai, Lao, Khmer and Burmese are cut by ICU's models.
//! Chinese, Japanese and Korean become overlapping pairs of characters, which need no dictionary; a
//! lone character is found only where it stands alone.

use std::sync::LazyLock;

use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};
use unicode_script::{Script, UnicodeScript};

/// Making a segmenter costs a thousand times a call of it.
static SEGMENTER: LazyLock<WordSegmenterBorrowed<'static>> =
    LazyLock::new(|| WordSegmenter::new_auto(Default::default()));

/// Calls `visit` with each word of `text` that has a letter or a digit, in reading order.
pub(super) fn for_each_word<'t>(text: &'t str, mut visit: impl FnMut(&'t str)) {
    for (run, cut) in runs(text) {
        match cut {
            Cut::Words => {
                let boundaries: Vec<usize> = SEGMENTER.segment_str(run).collect();
                let words = boundaries.windows(2).map(|pair| &run[pair[0]..pair[1]]);
                words
                    .filter(|word| word.chars().any(char::is_alphanumeric))
                    .for_each(&mut visit);
            }
            Cut::Pairs => pairs(run).for_each(&mut visit),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Cut {
    Words,
    Pairs,
}

/// Cuts `text` where writing in pairs begins and ends.
fn runs(text: &str) -> impl Iterator<Item = (&str, Cut)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let cut = cut_of(rest.chars().next()?);
        let end = rest.find(|c| cut_of(c) != cut).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        rest = tail;
        Some((run, cut))
    })
}

fn cut_of(c: char) -> Cut {
    // The prolonged sound mark ー belongs to no script and to the middle of Japanese words.
    let pairs = matches!(
        c.script(),
        Script::Han | Script::Hiragana | Script::Katakana | Script::Hangul
    ) && c.is_alphanumeric();
    if pairs || c == 'ー' {
        Cut::Pairs
    } else {
        Cut::Words
    }
}

/// Overlapping pairs of characters; a lone character stands for itself.
fn pairs(run: &str) -> impl Iterator<Item = &str> {
    let mut starts: Vec<usize> = run.char_indices().map(|(at, _)| at).collect();
    starts.push(run.len());
    let width = 2.min(starts.len() - 1);
    (0..starts.len() - width).map(move |i| &run[starts[i]..starts[i + width]])
}
