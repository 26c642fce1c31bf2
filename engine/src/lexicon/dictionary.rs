//! Bilingual dictionaries: `source TAB target`, or `source TAB target TAB weight`, words and phrases as people write them.

use std::collections::BTreeMap;

use crate::analyzer::Analyzer;
use crate::error::Result;
use crate::input::{Line, Lines};
use crate::language::Lang;

use super::table::{FIELD, TERM, Table};

/// Sums of weights by source and target, both in index terms.
type Weights = BTreeMap<String, BTreeMap<String, f64>>;

/// The tables of a dictionary, there and back: whoever knows that `moon` is `Mond` knows the reverse.
///
/// A weight is 1 where the line has none. Entries whose terms are the same add their weights, and the weights of a source
/// are shares of their sum.
pub(super) fn read(lines: &mut Lines, source: Lang, target: Lang) -> Result<(Table, Table)> {
    let (from, to) = (Analyzer::new(source), Analyzer::new(target));
    let (mut there, mut back) = (Weights::new(), Weights::new());
    while let Some(line) = lines.next_line()? {
        if line.text.starts_with('#') {
            continue;
        }
        let entry = Entry::of(line)?;
        let source = terms(line, "source", &from, entry.source)?;
        let target = terms(line, "target", &to, entry.target)?;
        add(&mut there, &source, &target, entry.weight);
        add(&mut back, &target, &source, entry.weight);
    }
    let table = |weights| Table::from_weights(weights, |sum| sum);
    Ok((table(there), table(back)))
}

/// The languages that a first line such as `# en de` names.
pub(super) fn languages(first_line: &str) -> Option<(Lang, Lang)> {
    let mut words = first_line.strip_prefix('#')?.split_whitespace();
    let (source, target) = (words.next()?, words.next()?);
    if words.next().is_some() {
        return None;
    }
    Some((source.parse().ok()?, target.parse().ok()?))
}

struct Entry<'a> {
    source: &'a str,
    target: &'a str,
    weight: f64,
}

impl<'a> Entry<'a> {
    fn of(line: Line<'a>) -> Result<Self> {
        let mut fields = line.text.split(FIELD);
        let mut field = |name| {
            let field = fields.next().filter(|field| !field.trim().is_empty());
            field.ok_or_else(|| line.malformed(name, "", "source TAB target [TAB weight]"))
        };
        let (source, target) = (field("source")?, field("target")?);
        let weight = match fields.next() {
            None => 1.0,
            Some(text) => positive(text)
                .ok_or_else(|| line.malformed("weight", text, "a number larger than 0"))?,
        };
        match fields.next() {
            None => Ok(Self {
                source,
                target,
                weight,
            }),
            Some(rest) => Err(line.malformed("line", rest, "no more than three fields")),
        }
    }
}

fn positive(text: &str) -> Option<f64> {
    let number: f64 = text.trim().parse().ok()?;
    (number > 0.0 && number.is_finite()).then_some(number)
}

/// The terms of a field, which has to have some.
fn terms(line: Line<'_>, field: &'static str, analyzer: &Analyzer, text: &str) -> Result<String> {
    let terms = analyzer.terms(text).join(TERM);
    if terms.is_empty() {
        return Err(line.malformed(field, text, "a word"));
    }
    Ok(terms)
}

fn add(weights: &mut Weights, source: &str, target: &str, weight: f64) {
    let targets = weights.entry(source.to_owned()).or_default();
    *targets.entry(target.to_owned()).or_default() += weight;
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::input::read_lines;

    fn parse(text: &'static str) -> Result<(Table, Table)> {
        let mut lines = read_lines(Path::new("en-de.tsv"), text.as_bytes()).unwrap();
        read(&mut lines, "en".parse().unwrap(), "de".parse().unwrap())
    }

    #[track_caller]
    fn check_error(text: &'static str, expected: &str) {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text:?}: {error}");
    }

    #[test]
    fn words_become_terms_and_entries_of_the_same_terms_add_up() {
        let (there, back) =
            parse("# en de\nHouses\tHäuser\t2\nhouse\tHaus\nhouse\tHeim\n").unwrap();
        assert_eq!(there.text(), "hous\thaus\t0.75\nhous\theim\t0.25\n");
        assert_eq!(back.text(), "haus\thous\t1\nheim\thous\t1\n");
    }

    #[test]
    fn a_phrase_keeps_its_terms_together() {
        let (there, back) = parse("heart attack\tHerzinfarkt\n").unwrap();
        assert_eq!(there.text(), "heart attack\therzinf\t1\n");
        assert_eq!(back.text(), "herzinf\theart attack\t1\n");
    }

    #[test]
    fn a_wrong_line_names_file_line_and_field() {
        check_error("a\tb\nmoon\n", "en-de.tsv:2: field `target`");
        check_error("\tMond\n", "en-de.tsv:1: field `source`");
        check_error(
            "moon\t…\n",
            "en-de.tsv:1: field `target`: got \"…\", expected a word",
        );
        check_error("moon\tMond\t0\n", "en-de.tsv:1: field `weight`: got \"0\"");
        check_error(
            "moon\tMond\tNaN\n",
            "en-de.tsv:1: field `weight`: got \"NaN\"",
        );
        check_error("moon\tMond\t1\tx\n", "en-de.tsv:1: field `line`");
    }
}
