//! What of a topic file is read.

use std::str::FromStr;

use crate::error::Error;
use crate::language::Lang;

/// What of a topic file is read as queries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicChoice {
    /// How the file is written down; nothing means that its first line shows it.
    pub format: Option<TopicFormat>,
    /// Which fields make a query, in this order.
    pub fields: Vec<TopicField>,
    /// Which language, where a file has several: English without a choice. Elsewhere the language of the topics, where
    /// the file names none.
    pub lang: Option<Lang>,
    /// Whose words, in HC4's and NeuCLIR's files: `original`, `human translation`, the name of a machine translation, or
    /// `machine translation` for the only one that there is. Without a choice the originals, else a human's.
    pub source: Option<String>,
    /// Only topics whose documents were judged in this language, in the same files.
    pub judged_in: Option<Lang>,
    /// Identifiers as numbers: `AR26` is 26, `C141` and `141-AH` are 141.
    pub numeric_ids: bool,
}

impl Default for TopicChoice {
    fn default() -> Self {
        Self {
            format: None,
            fields: vec![TopicField::Title],
            lang: None,
            source: None,
            judged_in: None,
            numeric_ids: false,
        }
    }
}

/// How topics are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicFormat {
    /// One JSON object a line: ours, BEIR's, Patapsco's.
    Jsonl,
    /// HC4's, HC3's and NeuCLIR's JSON lines, with translations.
    Hc4,
    /// Lines of identifier, tab, query.
    Tsv,
    /// `<top>` or `<topic>`: TREC's, CLEF's, FIRE's.
    Trec,
    /// Blocks of `query_id:`, `title:` and `description:`, as CLEF's topics in Swahili and Somali have them.
    Blocks,
    /// The questions of SQuAD's JSON.
    Squad,
}

impl TopicFormat {
    /// The names that are read.
    pub const NAMES: [&str; 9] = [
        "jsonl", "beir", "hc4", "tsv", "trec", "clef", "fire", "blocks", "squad",
    ];

    /// The format of a file that begins with `line`.
    pub(super) fn of_first_line(line: &[u8]) -> Self {
        let line = line.trim_ascii();
        let starts = |word: &str| {
            let start = line.get(..word.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
        };
        let has = |word: &str| line.windows(word.len()).any(|part| part == word.as_bytes());
        match line.first() {
            Some(b'<') => Self::Trec,
            Some(b'{') if crate::squad::begins(line) => Self::Squad,
            Some(b'{') if has("\"topic_id\"") && has("\"topics\"") => Self::Hc4,
            Some(b'{') => Self::Jsonl,
            _ if starts("query_id:") => Self::Blocks,
            _ => Self::Tsv,
        }
    }

    /// Whether its topics have more than a title.
    fn has_fields(self) -> bool {
        !matches!(self, Self::Tsv | Self::Squad)
    }
}

impl FromStr for TopicFormat {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "jsonl" | "beir" => Ok(Self::Jsonl),
            "hc4" => Ok(Self::Hc4),
            "tsv" => Ok(Self::Tsv),
            "trec" | "clef" | "fire" => Ok(Self::Trec),
            "blocks" => Ok(Self::Blocks),
            "squad" => Ok(Self::Squad),
            _ => Err(Error::Setting {
                name: "the format of topics",
                got: name.to_owned(),
                expected: "jsonl, beir, hc4, tsv, trec, clef, fire, blocks or squad",
            }),
        }
    }
}

/// A field of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicField {
    /// A few words.
    Title,
    /// A sentence.
    Description,
    /// What makes a document relevant.
    Narrative,
}

impl TopicField {
    /// The name, as the command line has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Description => "description",
            Self::Narrative => "narrative",
        }
    }
}

impl FromStr for TopicField {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "title" => Ok(Self::Title),
            "description" | "desc" => Ok(Self::Description),
            "narrative" | "narr" => Ok(Self::Narrative),
            _ => Err(Error::Setting {
                name: "a field of topics",
                got: name.to_owned(),
                expected: "title, description or narrative",
            }),
        }
    }
}

impl TopicChoice {
    /// Refuses what topics of `format` have no part of: it would be left out without a word.
    pub(super) fn check(&self, format: TopicFormat) -> Result<(), Error> {
        let refuse = |name, got: String, expected| {
            Err(Error::Setting {
                name,
                got,
                expected,
            })
        };
        let is_hc4 = format == TopicFormat::Hc4;
        if self.fields.is_empty() {
            return refuse("fields of topics", "nothing".into(), "one or more");
        }
        if let (Some(source), false) = (&self.source, is_hc4) {
            let expected = "none: only HC4's and NeuCLIR's JSON has translations";
            return refuse("the source of topics", source.clone(), expected);
        }
        if let (Some(lang), false) = (self.judged_in, is_hc4) {
            let expected = "none: only HC4's and NeuCLIR's JSON names it";
            return refuse("the language of judgments", lang.to_string(), expected);
        }
        let other = self
            .fields
            .iter()
            .find(|field| **field != TopicField::Title);
        if let (Some(field), false) = (other, format.has_fields()) {
            let expected = "title: these topics have one text";
            return refuse("a field of topics", field.name().to_owned(), expected);
        }
        Ok(())
    }
}
