//! The part of a document to show: the passage that means most nearly what was asked, in whatever language.

mod highlights;

use ndarray::ArrayView1;

use crate::encoder::{Encoder, Role};
use crate::error::Result;
use crate::passage::passages;

pub use highlights::{Shown, highlights};

/// Two lines of a terminal.
const MAX_COLUMNS: usize = 180;
/// Passages of one document that are looked at, which bounds the time that a long one takes.
const MAX_PASSAGES: usize = 32;

/// For each of `texts`, the passage nearest to `query`, a vector of `encoder`; of equals the first. Where there is but one,
/// nothing is encoded.
///
/// # Errors
/// When the encoder fails.
pub fn snippets(
    encoder: &dyn Encoder,
    query: ArrayView1<'_, f32>,
    texts: &[&str],
) -> Result<Vec<String>> {
    let passages: Vec<Vec<&str>> = texts
        .iter()
        .map(|text| passages(text, MAX_COLUMNS).take(MAX_PASSAGES).collect())
        .collect();
    let has_choice = |passages: &&Vec<&str>| passages.len() > 1;
    let compared = passages.iter().filter(has_choice);
    let compared: Vec<&str> = compared.flatten().copied().collect();
    let scores = encoder.encode(&compared, Role::Passage)?.view().dot(&query);
    let mut scores = scores.iter();
    let snippets = passages.iter().map(|passages| {
        let mut best = (passages.first().copied().unwrap_or(""), f32::NEG_INFINITY);
        if has_choice(&passages) {
            for (passage, score) in passages.iter().zip(scores.by_ref()) {
                if *score > best.1 {
                    best = (passage, *score);
                }
            }
        }
        one_line(best.0)
    });
    Ok(snippets.collect())
}

/// The first passage of each of `texts`.
pub fn beginnings(texts: &[&str]) -> Vec<String> {
    let first = |text: &&str| passages(text, MAX_COLUMNS).next().map(one_line);
    texts
        .iter()
        .map(|text| first(text).unwrap_or_default())
        .collect()
}

/// A snippet is one line, whatever the text's own breaks.
fn one_line(passage: &str) -> String {
    passage.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::HashEncoder;

    #[test]
    fn the_passage_nearest_to_the_query_is_shown() {
        let encoder = HashEncoder::new(256);
        let filler = "Nothing of note is said in this sentence, which goes on for as long as it can without stopping. ".repeat(3);
        let text = format!("{filler}The moon lifts\nthe sea. {filler}");
        let query = encoder
            .encode(&["the moon lifts the sea"], Role::Query)
            .unwrap();
        let shown = snippets(&encoder, query.row(0), &[&text, "", "short"]).unwrap();
        assert!(shown[0].contains("The moon lifts the sea."), "{}", shown[0]);
        assert_eq!(shown[1..], ["", "short"]);
        let first = beginnings(&[&text, "", "short"]);
        assert!(first[0].starts_with("Nothing of note is said"), "{first:?}");
        assert_eq!(first[1..], ["", "short"]);
    }
}
