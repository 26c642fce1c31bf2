//! Which documents are read, and how; every command that reads a corpus takes these.

use anyhow::Result;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use xenoglot_engine::Lang;
use xenoglot_engine::input::TextEncoding;
use xenoglot_engine::language::Detector;
use xenoglot_indexer::{Corpus, CorpusFormat, OnError, ReadPlan};

use crate::language::LangArg;

/// Which documents are read, and how.
#[derive(Debug, clap::Args)]
pub(super) struct CorpusArgs {
    /// Files, folders, patterns such as 'docs/*.jsonl.zst', or - for standard input; plain, .gz or .zst
    #[arg(required = true, value_name = "CORPUS")]
    corpora: Vec<String>,
    /// How documents are written down; auto looks at the first line of each file
    #[arg(long, default_value = "auto",
          value_parser = PossibleValuesParser::new(CorpusFormat::NAMES).try_map(|name| name.parse::<CorpusFormat>()))]
    format: CorpusFormat,
    /// How bytes stand for characters, such as latin1; auto is UTF-8, and Latin-1 in `<DOC>`s that are not UTF-8
    #[arg(long, value_name = "auto|NAME", default_value = "auto")]
    encoding: TextEncoding,
    /// The language of documents that name none: a code, or auto to detect it
    #[arg(long, value_name = "auto|CODE", default_value = "auto", value_parser = LangArg::parse)]
    lang: LangArg,
    /// The languages that documents can be in, where they are detected [default: all that are known]
    #[arg(long, value_name = "CODE,CODE,…", value_delimiter = ',', value_parser = detectable)]
    languages: Vec<Lang>,
    /// What a wrong line does: end the work (of a new index, with nothing changed), or be left out, counted and listed
    #[arg(long, value_enum, default_value_t)]
    on_error: OnErrorArg,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum OnErrorArg {
    #[default]
    Stop,
    Skip,
}

fn detectable(code: &str) -> Result<Lang, String> {
    let lang: Lang = code
        .parse()
        .map_err(|error: xenoglot_engine::Error| error.to_string())?;
    let known = Detector::knows(lang).then_some(lang);
    known.ok_or_else(|| "expected a language that can be detected".into())
}

impl CorpusArgs {
    /// The corpus that was named.
    pub(super) fn open(&self) -> Result<Corpus> {
        Ok(Corpus::open(&self.corpora)?
            .with_format(self.format)
            .with_encoding(self.encoding))
    }

    /// How it is read.
    pub(super) fn plan(&self) -> ReadPlan {
        ReadPlan {
            lang: self.lang.given(),
            detector: match self.languages.is_empty() {
                true => Detector::new(),
                false => Detector::among(&self.languages),
            },
            on_error: match self.on_error {
                OnErrorArg::Stop => OnError::Stop,
                OnErrorArg::Skip => OnError::Skip,
            },
        }
    }
}
