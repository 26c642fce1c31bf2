//! Which format a file of documents is in.

use std::str::FromStr;

use xenoglot_engine as engine;

/// How documents are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CorpusFormat {
    /// Whatever the first line of each file looks like.
    #[default]
    Auto,
    /// One JSON object a line, in any of the dialects that collections have.
    Jsonl,
    /// Many `<DOC>` in a file: CLEF's newspapers, TREC, NTCIR, FIRE.
    Sgml,
    /// One document a line, with tabs between identifier and text.
    Tsv,
    /// SQuAD's nested JSON: one document a paragraph.
    Squad,
    /// The same: one document a sentence, where the file says what a sentence is, as LAReQA's do.
    SquadSentences,
}

impl CorpusFormat {
    /// The names that are read: the formats, and the collections that gave them.
    pub const NAMES: [&str; 10] = [
        "auto",
        "jsonl",
        "beir",
        "hc4",
        "clef",
        "trec",
        "sgml",
        "tsv",
        "squad",
        "squad-sentences",
    ];

    /// The format of a file that begins with `line`.
    pub(super) fn of_first_line(line: &[u8]) -> Self {
        let line = line.trim_ascii();
        match line.first() {
            Some(b'<') => Self::Sgml,
            Some(b'{') if engine::squad::begins(line) => Self::Squad,
            Some(b'{') => Self::Jsonl,
            _ if line.contains(&b'\t') => Self::Tsv,
            // What is of no format is best told what most files are.
            _ => Self::Jsonl,
        }
    }
}

impl FromStr for CorpusFormat {
    type Err = engine::Error;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "auto" => Ok(Self::Auto),
            "jsonl" | "beir" | "hc4" => Ok(Self::Jsonl),
            "clef" | "trec" | "sgml" => Ok(Self::Sgml),
            "tsv" => Ok(Self::Tsv),
            "squad" => Ok(Self::Squad),
            "squad-sentences" => Ok(Self::SquadSentences),
            _ => Err(engine::Error::Setting {
                name: "the format",
                got: name.to_owned(),
                expected: "auto, jsonl, beir, hc4, clef, trec, sgml, tsv, squad or squad-sentences",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_format() {
        for name in CorpusFormat::NAMES {
            assert!(name.parse::<CorpusFormat>().is_ok(), "{name}");
        }
        assert!("xml".parse::<CorpusFormat>().is_err());
    }

    #[test]
    fn a_format_is_told_by_the_first_line() {
        for (line, expected) in [
            (r#" {"id": "1", "text": "a"}"#, CorpusFormat::Jsonl),
            ("<DOC>", CorpusFormat::Sgml),
            ("<?xml version='1.0'?>", CorpusFormat::Sgml),
            ("17\tSome text", CorpusFormat::Tsv),
            (r#"{"data": [{"title": "a""#, CorpusFormat::Squad),
            ("{", CorpusFormat::Squad),
            ("some words", CorpusFormat::Jsonl),
        ] {
            assert_eq!(
                CorpusFormat::of_first_line(line.as_bytes()),
                expected,
                "{line}"
            );
        }
    }
}
