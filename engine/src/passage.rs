//! Documents → passages: windows of whole sentences, small enough to mean one thing.

use std::sync::LazyLock;

use icu_segmenter::{SentenceSegmenter, SentenceSegmenterBorrowed};
use unicode_width::UnicodeWidthStr;

static SEGMENTER: LazyLock<SentenceSegmenterBorrowed<'static>> =
    LazyLock::new(|| SentenceSegmenter::new(Default::default()));

/// Cuts `text` into passages of whole sentences, in reading order; together they are the text without the white space
/// between them.
///
/// `max_columns` is measured as a terminal would: a Chinese character counts two, which evens out how much scripts
/// say in a character. A sentence longer than that is cut between characters.
pub fn passages(text: &str, max_columns: usize) -> Vec<&str> {
    let mut passages: Vec<&str> = Vec::new();
    // Where the open passage began.
    let mut start = 0;
    let mut end = 0;
    let boundaries: Vec<usize> = SEGMENTER.segment_str(text).collect();
    for sentence in boundaries.windows(2) {
        if end > start && text[start..sentence[1]].trim().width() > max_columns {
            passages.push(&text[start..end]);
            start = sentence[0];
        }
        end = sentence[1];
    }
    passages.push(&text[start..end]);
    let cut = passages
        .into_iter()
        .flat_map(|passage| cut(passage.trim(), max_columns));
    cut.filter(|passage| !passage.is_empty()).collect()
}

/// Pieces of at most `max_columns`.
fn cut(mut rest: &str, max_columns: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    while rest.width() > max_columns {
        let (piece, tail) = rest.split_at(columns_end(rest, max_columns));
        pieces.push(piece.trim());
        rest = tail.trim_start();
    }
    pieces.push(rest);
    pieces
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
        assert_eq!(passages(text, max_columns), expected);
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
            prop_assert_eq!(without(&passages(&text, max_columns).concat()), without(&text));
        }
    }
}
