//! Windows of about as many tokens as a model reads well, which overlap: how documents are split when they are indexed.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

use super::SEGMENTER;

/// How documents are split before they are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassageSettings {
    /// Tokens of the encoder in a passage, at most; a document that has no more is not split.
    pub tokens: usize,
    /// Tokens from the beginning of a passage to that of the next, at most: what is less than `tokens` overlaps.
    pub stride: usize,
}

impl PassageSettings {
    /// # Errors
    /// When a number is out of its range.
    pub fn check(self) -> Result<()> {
        if !(8..=100_000).contains(&self.tokens) {
            return Err(Error::Setting {
                name: "passage_tokens",
                got: self.tokens.to_string(),
                expected: "8 to 100000",
            });
        }
        if !(1..=self.tokens).contains(&self.stride) {
            return Err(Error::Setting {
                name: "stride",
                got: self.stride.to_string(),
                expected: "1 to as many tokens as a passage has",
            });
        }
        Ok(())
    }
}

/// A part of a text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// All of `text`.
    pub fn whole(text: &str) -> Self {
        Self::of(0, text.len())
    }

    fn of(start: usize, end: usize) -> Self {
        let clip = |at| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            start: clip(start),
            end: clip(end),
        }
    }

    /// This part of `text`; nothing where `text` is another than the span was made for.
    pub fn cut(self, text: &str) -> Option<&str> {
        text.get(self.start as usize..self.end as usize)
    }
}

/// Splits `text` into windows of whole sentences, as `settings` say; `n_tokens` counts those of a piece of text.
///
/// Together the windows cover the text. A sentence that is longer than a window is cut between words, or characters where
/// there are no spaces. A text that fits into one window, an empty one too, is one.
///
/// # Errors
/// When tokens cannot be counted.
pub fn windows(
    text: &str,
    settings: PassageSettings,
    n_tokens: impl Fn(&str) -> Result<usize>,
) -> Result<Vec<Span>> {
    if n_tokens(text)? <= settings.tokens {
        return Ok(vec![Span::whole(text)]);
    }
    let pieces = pieces(text, settings.tokens.min(settings.stride), &n_tokens)?;
    let mut windows = Vec::new();
    let mut first = 0;
    while first < pieces.len() {
        let mut end = first;
        let mut tokens = 0;
        while end < pieces.len() && (end == first || tokens + pieces[end].tokens <= settings.tokens)
        {
            tokens += pieces[end].tokens;
            end += 1;
        }
        windows.push(Span::of(pieces[first].start, pieces[end - 1].end));
        if end == pieces.len() {
            break;
        }
        let mut next = first;
        let mut skipped = 0;
        while next < end && (next == first || skipped + pieces[next].tokens <= settings.stride) {
            skipped += pieces[next].tokens;
            next += 1;
        }
        // A window that reached no further than the one before would say nothing new.
        let tokens_from =
            |next: usize| -> usize { pieces[next..=end].iter().map(|piece| piece.tokens).sum() };
        while next < end && tokens_from(next) > settings.tokens {
            next += 1;
        }
        first = next;
    }
    Ok(windows)
}

/// A sentence, or a part of a long one.
struct Piece {
    start: usize,
    end: usize,
    tokens: usize,
}

/// The sentences of `text`; those of more than `max_tokens` in halves, until they have no more or are one character.
fn pieces(
    text: &str,
    max_tokens: usize,
    n_tokens: &impl Fn(&str) -> Result<usize>,
) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for end in SEGMENTER.segment_str(text).skip(1) {
        halve(text, start..end, max_tokens, n_tokens, &mut pieces)?;
        start = end;
    }
    Ok(pieces)
}

fn halve(
    text: &str,
    part: Range<usize>,
    max_tokens: usize,
    n_tokens: &impl Fn(&str) -> Result<usize>,
    pieces: &mut Vec<Piece>,
) -> Result<()> {
    let Range { start, end } = part;
    let tokens = n_tokens(&text[start..end])?;
    let middle = middle(&text[start..end]);
    if tokens <= max_tokens || middle == 0 {
        pieces.push(Piece { start, end, tokens });
        return Ok(());
    }
    halve(text, start..start + middle, max_tokens, n_tokens, pieces)?;
    halve(text, start + middle..end, max_tokens, n_tokens, pieces)
}

/// The space nearest to the middle of `text`, in its middle half, or the character there; 0 where there is none.
fn middle(text: &str) -> usize {
    let half = text.floor_char_boundary(text.len() / 2);
    let quarter = text.floor_char_boundary(text.len() / 4);
    let three_quarters = text.floor_char_boundary(text.len() / 4 * 3);
    let before = text[quarter..half].rfind(char::is_whitespace);
    let before = before.map(|at| quarter + at);
    let after = text[half..three_quarters.max(half)].find(char::is_whitespace);
    let after = after.map(|at| half + at);
    let nearest = before
        .into_iter()
        .chain(after)
        .min_by_key(|at| at.abs_diff(half));
    let width = |at: usize| text[at..].chars().next().map_or(0, char::len_utf8);
    match nearest {
        Some(space) => space + width(space),
        // One character is not halved; of two, the first may be the longer.
        None if half == 0 => Some(width(0))
            .filter(|first| *first < text.len())
            .unwrap_or(0),
        None => half,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Result<usize> {
        Ok(text.split_whitespace().count())
    }

    #[track_caller]
    fn check(text: &str, tokens: usize, stride: usize, expected: &[&str]) {
        let settings = PassageSettings { tokens, stride };
        let spans = windows(text, settings, words).unwrap();
        let cut: Vec<&str> = spans
            .iter()
            .map(|span| span.cut(text).unwrap().trim())
            .collect();
        assert_eq!(cut, expected);
    }

    #[test]
    fn sentences_stay_whole_and_windows_overlap() {
        let text = "One two three. Four five. Six seven eight. Nine ten.";
        check(text, 20, 10, &[text]);
        check(
            text,
            5,
            5,
            &["One two three. Four five.", "Six seven eight. Nine ten."],
        );
        check(
            text,
            5,
            3,
            &[
                "One two three. Four five.",
                "Four five. Six seven eight.",
                "Six seven eight. Nine ten.",
            ],
        );
        check("", 8, 8, &[""]);
    }

    #[test]
    fn a_sentence_longer_than_a_window_is_cut_at_spaces() {
        check("a b c d e f g h", 4, 4, &["a b c d", "e f g h"]);
    }

    proptest! {
        #[test]
        fn windows_cover_the_text_in_order(text in "(\\PC{0,12}[ .]){0,40}", tokens in 1usize..12, stride in 1usize..12) {
            let settings = PassageSettings { tokens, stride: stride.min(tokens) };
            let spans = windows(&text, settings, words).unwrap();
            prop_assert_eq!(spans[0].start, 0);
            prop_assert_eq!(spans[spans.len() - 1].end as usize, text.len());
            for pair in spans.windows(2) {
                prop_assert!(pair[1].start > pair[0].start && pair[1].start <= pair[0].end && pair[1].end > pair[0].end);
            }
            for span in &spans {
                prop_assert!(words(span.cut(&text).unwrap()).unwrap() <= tokens);
            }
        }
    }
}
