//! The tables that `xenoglot lexicon train` makes: a line of JSON about them, then the lines of a [`Table`].

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::analyzer::Analyzer;
use crate::error::{Error, Result};
use crate::input::{Line, Lines, read_lines};
use crate::language::Lang;
use crate::whole_file;

use super::table::{FIELD, TERM, Table, split};

/// Counts up whenever an older program could not read the file.
const FORMAT: u32 = 1;

/// zstd's best level that needs no more memory to unpack than the others: tables are written once and read often.
const COMPRESSION: i32 = 19;

/// What a file without its first line lacks.
const HEADER: &str = "the first line of a lexicon";

/// How far a sum of printed probabilities may lie above 1.
const ROUNDING: f32 = 1e-3;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    xenoglot_lexicon: u32,
    pub(super) source: Lang,
    pub(super) target: Lang,
    entries: Entries,
    /// Words of either language and the terms that they had, for an index is searched with today's terms.
    check: Check,
}

/// What stands in the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entries {
    /// Index terms, as the analyzers of both languages made them.
    Terms,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Check {
    source: BTreeMap<String, String>,
    target: BTreeMap<String, String>,
}

impl Header {
    /// The header of a table between terms, with `words` of either language to check its analyzer by.
    pub(super) fn new(
        (source, target): (Lang, Lang),
        (source_words, target_words): (&[String], &[String]),
    ) -> Self {
        let terms = |lang, words: &[String]| {
            let terms_of = |word: &String| (word.clone(), terms(lang, word));
            words.iter().map(terms_of).collect()
        };
        Self {
            xenoglot_lexicon: FORMAT,
            source,
            target,
            entries: Entries::Terms,
            check: Check {
                source: terms(source, source_words),
                target: terms(target, target_words),
            },
        }
    }

    /// Reads the first line, and refuses a table of other terms than today's.
    pub(super) fn of(line: Line<'_>) -> Result<Self> {
        let header: Self = serde_json::from_str(line.text)
            .map_err(|error| line.malformed("header", &error.to_string(), HEADER))?;
        if header.xenoglot_lexicon != FORMAT {
            return Err(Error::LexiconFormat {
                path: line.path.to_owned(),
                found: header.xenoglot_lexicon,
                expected: FORMAT,
            });
        }
        let sides = [
            (header.source, &header.check.source),
            (header.target, &header.check.target),
        ];
        for (lang, words) in sides {
            for (word, then) in words {
                let now = terms(lang, word);
                if now != *then {
                    return Err(Error::LexiconAnalyzer {
                        path: line.path.to_owned(),
                        lang: lang.to_string(),
                        word: word.clone(),
                        then: then.clone(),
                        now,
                    });
                }
            }
        }
        Ok(header)
    }
}

fn terms(lang: Lang, word: &str) -> String {
    Analyzer::new(lang).terms(word).join(TERM)
}

/// A table that somebody else may have written: every line is checked.
pub(super) fn read(path: &Path, mut lines: Lines) -> Result<(Header, Table)> {
    let header = match lines.next_line()? {
        Some(line) => Header::of(line)?,
        None => {
            return Err(Error::Malformed {
                path: path.to_owned(),
                line: 1,
                field: "header",
                got: String::new(),
                expected: HEADER,
            });
        }
    };
    let mut text = String::new();
    let mut before = Before::default();
    while let Some(line) = lines.next_line()? {
        before.check(line)?;
        text.push_str(line.text);
        text.push('\n');
    }
    Ok((header, Table::from_sorted(text)))
}

/// A table that this program carries: its tests have read every line.
pub(super) fn read_embedded(name: &Path, bytes: &'static [u8]) -> Result<Table> {
    let unpacked = zstd::decode_all(bytes).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    });
    let mut text = unpacked.map_err(|source| Error::Read {
        path: name.to_owned(),
        source,
    })?;
    let end = text.find('\n').unwrap_or(text.len());
    Header::of(Line {
        path: name,
        number: 1,
        text: &text[..end],
    })?;
    text.replace_range(..text.len().min(end + 1), "");
    Ok(Table::from_sorted(text))
}

/// Reads such a table to its last line; it has to be between `languages`.
pub(super) fn verify_embedded(
    name: &Path,
    bytes: &'static [u8],
    languages: (Lang, Lang),
) -> Result<()> {
    let (header, _) = read(name, read_lines(name, bytes)?)?;
    if (header.source, header.target) == languages {
        return Ok(());
    }
    Err(Error::Malformed {
        path: name.to_owned(),
        line: 1,
        field: "source",
        got: format!("{}-{}", header.source, header.target),
        expected: "the languages of its name",
    })
}

/// Writes a table, whole or not at all; compressed if the name ends in `.zst`.
///
/// # Errors
/// When the disk fails.
pub(super) fn write(path: &Path, header: &Header, table: &Table) -> Result<()> {
    let fill = |out: &mut dyn Write| -> io::Result<()> {
        serde_json::to_writer(&mut *out, header)?;
        writeln!(out)?;
        out.write_all(table.text().as_bytes())
    };
    let written = whole_file::write(path, ".xenoglot-lexicon-", |out| {
        if path.extension().is_some_and(|extension| extension == "zst") {
            let mut packed = zstd::Encoder::new(out, COMPRESSION)?;
            fill(&mut packed)?;
            packed.finish()?;
            Ok(())
        } else {
            fill(out)
        }
    });
    written.map_err(|source| Error::Write {
        path: path.to_owned(),
        source,
    })
}

/// What the lines so far promise the next one.
#[derive(Default)]
struct Before {
    source: String,
    probability: f32,
    sum: f32,
}

impl Before {
    fn check(&mut self, line: Line<'_>) -> Result<()> {
        let is_whole = |field: &&str| !field.trim().is_empty();
        let fields: Vec<&str> = line.text.split(FIELD).collect();
        let [source, target, probability] = fields[..] else {
            let expected = "source TAB target TAB probability";
            return Err(line.malformed("line", line.text, expected));
        };
        for (name, field) in [("source", source), ("target", target)] {
            if !is_whole(&field) {
                return Err(line.malformed(name, field, "index terms"));
            }
        }
        let is_probability = |p: &f32| *p > 0.0 && *p <= 1.0;
        let Some((.., p)) = split(line.text).filter(|(.., p)| is_probability(p)) else {
            let expected = "a number above 0, at most 1";
            return Err(line.malformed("probability", probability, expected));
        };
        if source != self.source {
            if source < self.source.as_str() {
                return Err(line.malformed(
                    "source",
                    source,
                    "sources in the order of their bytes",
                ));
            }
            *self = Self {
                source: source.to_owned(),
                probability: 1.0,
                sum: 0.0,
            };
        }
        self.sum += p;
        if p > self.probability || self.sum > 1.0 + ROUNDING {
            let expected = "probabilities that fall, and sum to at most 1";
            return Err(line.malformed("probability", probability, expected));
        }
        self.probability = p;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::open_lines;

    fn header() -> Header {
        let words = (&["Running".to_owned()][..], &["Häuser".to_owned()][..]);
        Header::new(("en".parse().unwrap(), "de".parse().unwrap()), words)
    }

    fn parse(text: &str) -> Result<(Header, Table)> {
        let bytes = std::io::Cursor::new(text.to_owned());
        let path = Path::new("en-de.tsv");
        read(path, read_lines(path, bytes).unwrap())
    }

    #[track_caller]
    fn check_error(lines: &str, expected: &str) {
        let text = format!("{}\n{lines}", serde_json::to_string(&header()).unwrap());
        let error = parse(&text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{lines:?}: {error}");
    }

    #[test]
    fn a_table_written_and_read_is_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let table = Table::from_sorted("moon\tmond\t0.7\nmoon\tluna\t0.3\nsea\tmeer\t1\n".into());
        for name in ["en-de.tsv", "en-de.tsv.zst"] {
            let path = dir.path().join(name);
            write(&path, &header(), &table).unwrap();
            let (read_header, read_table) = read(&path, open_lines(&path).unwrap()).unwrap();
            assert_eq!(read_header, header(), "{name}");
            assert_eq!(read_table, table, "{name}");
        }
    }

    #[test]
    fn a_wrong_line_names_file_line_and_field() {
        check_error("a\tb\n", "en-de.tsv:2: field `line`");
        check_error("a\tb\t1\n\tb\t1\n", "en-de.tsv:3: field `source`");
        check_error("a\t \t1\n", "en-de.tsv:2: field `target`");
        check_error("a\tb\t0\n", "en-de.tsv:2: field `probability`");
        check_error("a\tb\tNaN\n", "en-de.tsv:2: field `probability`");
        check_error("b\tb\t1\na\tb\t1\n", "en-de.tsv:3: field `source`");
        check_error("a\tb\t.2\na\tc\t.4\n", "en-de.tsv:3: field `probability`");
        check_error("a\tb\t.6\na\tc\t.6\n", "en-de.tsv:3: field `probability`");
    }

    #[test]
    fn terms_of_another_analyzer_are_refused() {
        let text = serde_json::to_string(&header()).unwrap();
        let error = parse(&text.replace("\"run\"", "\"runn\"")).unwrap_err();
        let expected = "en-de.tsv was trained with another analyzer of `en`, which made \"Running\" \"runn\", now \"run\"";
        assert!(error.to_string().starts_with(expected), "{error}");
        let error = parse(&text.replace("lexicon\":1", "lexicon\":9")).unwrap_err();
        assert!(error.to_string().contains("format 9"), "{error}");
        assert!(parse("").is_err());
        assert!(parse("{}").is_err());
    }
}
