//! One direction's translations in memory: sorted lines, searched as they are.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// What stands between the fields of a line.
pub(super) const FIELD: char = '\t';

/// What stands between the terms of one entry. No analyzer makes a term with white space in it.
pub(super) const TERM: &str = " ";

/// Probabilities are whole thousandths: tables are pruned far above that, and more digits are what does not compress.
const UNIT: i64 = 1000;

/// Translations by source, best first.
///
/// They stay the text that a trained table is on disk, `source TAB target TAB probability`, sorted by source: opening one
/// is reading it, and a lookup is a binary search.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    text: String,
}

impl Table {
    /// The table that `text` is. It must have come from [`text`](Self::text), or have been checked line by line.
    pub(super) fn from_sorted(text: String) -> Self {
        Self { text }
    }

    /// The table of `weights`, given by source and target.
    ///
    /// The weights of a source are shares of `whole(their sum)`; a share that rounds to nothing is left out.
    pub(super) fn from_weights(
        weights: BTreeMap<String, BTreeMap<String, f64>>,
        whole: impl Fn(f64) -> f64,
    ) -> Self {
        let mut text = String::new();
        for (source, targets) in weights {
            let whole = whole(targets.values().sum());
            let mut shares: Vec<(String, i64)> = targets
                .into_iter()
                .map(|(target, weight)| (target, rounded_down(weight / whole)))
                .filter(|(_, share)| *share > 0)
                .collect();
            shares.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
            for (target, share) in shares {
                push_line(&mut text, &source, &target, share);
            }
        }
        Self { text }
    }

    /// The lines of the table.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// How many translations it holds.
    pub(super) fn n_entries(&self) -> usize {
        self.text.lines().count()
    }

    /// How many terms the longest source has.
    pub(super) fn longest_source(&self) -> usize {
        let sources = self.text.lines().filter_map(split);
        let lengths = sources.map(|(source, ..)| source.split(TERM).count());
        lengths.max().unwrap_or(1)
    }

    /// The translations of `source`, best first.
    pub(super) fn get<'a>(&'a self, source: &'a str) -> impl Iterator<Item = (&'a str, f32)> + 'a {
        self.text[self.find(source)..]
            .lines()
            .filter_map(split)
            .take_while(move |(found, ..)| *found == source)
            .map(|(_, target, probability)| (target, probability))
    }

    /// Where the first line begins whose source is not below `source`.
    fn find(&self, source: &str) -> usize {
        let text = self.text.as_bytes();
        let line_start = |at: usize| {
            let before = text[..at].iter().rposition(|byte| *byte == b'\n');
            before.map_or(0, |newline| newline + 1)
        };
        let line_end = |at: usize| {
            let rest = text[at..].iter().position(|byte| *byte == b'\n');
            rest.map_or(text.len(), |newline| at + newline + 1)
        };
        let (mut low, mut high) = (0, text.len());
        while low < high {
            let start = line_start(low + (high - low) / 2);
            let field = text[start..].split(|byte| *byte == FIELD as u8).next();
            match field.unwrap_or_default().cmp(source.as_bytes()) {
                Ordering::Less => low = line_end(start),
                Ordering::Equal | Ordering::Greater => high = start,
            }
        }
        low
    }
}

/// The fields of a line; nothing where it is no line of a table.
pub(super) fn split(line: &str) -> Option<(&str, &str, f32)> {
    let mut fields = line.split(FIELD);
    let (source, target, probability) = (fields.next()?, fields.next()?, fields.next()?);
    Some((source, target, probability.parse().ok()?))
}

/// A probability in thousandths, never more than it is, so that sums stay at most 1.
fn rounded_down(probability: f64) -> i64 {
    // A hair more, or 0.7 as a quotient would come out as 0.699.
    (probability * UNIT as f64 + 1e-6).floor() as i64
}

fn push_line(text: &mut String, source: &str, target: &str, share: i64) {
    let probability = format!("{}.{:03}", share / UNIT, share % UNIT);
    let probability = probability.trim_end_matches('0').trim_end_matches('.');
    for field in [source, "\t", target, "\t", probability, "\n"] {
        text.push_str(field);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(entries: &[(&str, &str, f64)]) -> Table {
        let mut weights: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
        for (source, target, weight) in entries {
            let targets = weights.entry((*source).into()).or_default();
            *targets.entry((*target).into()).or_default() += weight;
        }
        Table::from_weights(weights, |sum| sum)
    }

    #[track_caller]
    fn check(table: &Table, source: &str, expected: &[(&str, f32)]) {
        assert_eq!(table.get(source).collect::<Vec<_>>(), expected, "{source}");
    }

    #[test]
    fn translations_come_best_first_as_shares_of_their_source() {
        let table = table(&[
            ("moon", "mond", 3.0),
            ("moon", "luna", 6.0),
            ("moon", "mond", 3.0),
            ("sea", "meer", 2.0),
        ]);
        check(&table, "moon", &[("luna", 0.5), ("mond", 0.5)]);
        check(&table, "sea", &[("meer", 1.0)]);
        for absent in ["", "a", "mo", "moo", "moons", "zebra"] {
            check(&table, absent, &[]);
        }
        check(&Table::default(), "moon", &[]);
    }

    #[test]
    fn what_rounds_to_nothing_is_left_out() {
        let table = table(&[("a", "x", 1.0), ("a", "y", 1e-6)]);
        assert_eq!(table.text(), "a\tx\t0.999\n");
    }

    proptest! {
        #[test]
        fn every_source_is_found_and_its_probabilities_sum_to_at_most_1(
            entries in prop::collection::vec(("[a-dé月]{1,3}", "[x-z]{1,2}", 0.5f64..9.0), 0..60),
        ) {
            let entries: Vec<_> = entries.iter().map(|(s, t, w)| (s.as_str(), t.as_str(), *w)).collect();
            let table = table(&entries);
            for (source, ..) in &entries {
                let found: Vec<_> = table.get(source).collect();
                prop_assert!(!found.is_empty());
                prop_assert!(found.is_sorted_by(|(_, a), (_, b)| a >= b));
                prop_assert!(found.iter().map(|(_, p)| p).sum::<f32>() <= 1.0 + 1e-6);
            }
        }
    }
}
