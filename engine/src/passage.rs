//! Documents → passages: windows of whole sentences, small enough to mean one thing.

mod windows;

use std::sync::LazyLock;

use icu_segmenter::{SentenceSegmenter, SentenceSegmenterBorrowed};
use unicode_width::UnicodeWidthStr;

pub use windows::{PassageSettings, Span, windows};

static SEGMENTER: LazyLock<SentenceSegmenterBorrowed<'static>> =
    LazyLock::new(|| SentenceSegmenter::new(Default::default()));

/// Cuts `text` into passages of whole sentences, in reading order; together they are the text without the white space
/// between them. Only as much of the text is looked at as passages are asked for.
///
/// `max_columns` is measured as a terminal would: a Chinese character counts two, which evens out how much scripts
/// say in a character. A sentence longer than that is cut between characters.
pub fn passages(text: &str, max_columns: usize) -> impl Iterator<Item = &str> {
    let mut boundaries = SEGMENTER.segment_str(text).skip(1).peekable();
    let mut start = 0;
    let windows = std::iter::from_fn(move || {
        let mut end = boundaries.next()?;
        let mut columns = text[start..end].trim_end().width();
        while let Some(&next) = boundaries.peek() {
            columns += text[end..next].width();
            if columns > max_columns {
                break;
            }
            end = next;
            boundaries.next();
        }
        let window = &text[start..end];
        start = end;
        Some(window)
    });
    windows.flat_map(move |window| pieces(window.trim(), max_columns))
}

/// Pieces of at most `max_columns`.
fn pieces(text: &str, max_columns: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, tail) = rest.split_at(columns_end(rest, max_columns));
        rest = tail.trim_start();
        Some(piece.trim_end())
    })
}

/// The byte at which `max_columns` are full, at a space if there is one in the second half; at least one character.
fn columns_end(text: &str, max_columns: usize) -> usize {
    let mut columns = 0;
    let mut space = None;
    for (at, c) in text.char_indices() {
        columns += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if columns > max_columns && at > 0 {
            return space.unwrap_or(at);
        }
        if c.is_whitespace() && columns * 2 > max_columns {
            space = Some(at);
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, max_columns: usize, expected: &[&str]) {
        assert_eq!(passages(text, max_columns).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn sentences_stay_whole_where_they_fit() {
        check(
            "The sea rises. The moon pulls. It falls.",
            30,
            &["The sea rises. The moon pulls.", "It falls."],
        );
        check(
            "海が満ちる。月が引く。",
            12,
            &["海が満ちる。", "月が引く。"],
        );
        check("", 30, &[]);
        check(" \n ", 30, &[]);
    }

    #[test]
    fn a_long_sentence_is_cut_at_a_space_or_anywhere() {
        check("one two three four", 9, &["one two", "three", "four"]);
        check("月月月月月", 4, &["月月", "月月", "月"]);
    }

    proptest! {
        #[test]
        fn nothing_but_white_space_is_lost(text in "\\PC{0,80}", max_columns in 1usize..20) {
            let without = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(without(&passages(&text, max_columns).collect::<String>()), without(&text));
        }
    }
}
