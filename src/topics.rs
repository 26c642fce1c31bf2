//! What of a file of topics is read: the options, and what they mean.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use xenoglot_engine::Lang;
use xenoglot_engine::eval::{TopicChoice, TopicField, TopicFormat};

/// What of a file of topics is read as queries.
#[derive(Debug, clap::Args)]
pub(crate) struct TopicArgs {
    /// How topics are written down [default: what the first line shows]
    #[arg(long, value_name = "FORMAT", help_heading = HEADING,
          value_parser = PossibleValuesParser::new(TopicFormat::NAMES).try_map(|name| name.parse::<TopicFormat>()))]
    topic_format: Option<TopicFormat>,
    /// The fields that make a query, in this order: title, description, narrative
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',', default_value = "title", help_heading = HEADING)]
    topic_fields: Vec<TopicField>,
    /// The language of the topics that is read, where a file has several [default: English]
    #[arg(long, value_name = "CODE", help_heading = HEADING)]
    topic_lang: Option<Lang>,
    /// Whose words, in HC4's and NeuCLIR's files: 'original', 'human translation', 'machine translation' or its name
    #[arg(long, value_name = "SOURCE", help_heading = HEADING)]
    topic_source: Option<String>,
    /// Only topics whose documents were judged in this language, in HC4's and NeuCLIR's files
    #[arg(long, value_name = "CODE", help_heading = HEADING)]
    topic_judged_in: Option<Lang>,
    /// Identifiers as they stand, or their numbers: 141 for C141 and 141-AH
    #[arg(long, value_enum, default_value_t, value_name = "KIND", help_heading = HEADING)]
    topic_ids: Ids,
}

const HEADING: &str = "Topics";

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Ids {
    #[default]
    AsWritten,
    Numeric,
}

impl TopicArgs {
    /// What is meant.
    pub(crate) fn choice(&self) -> TopicChoice {
        TopicChoice {
            format: self.topic_format,
            fields: self.topic_fields.clone(),
            lang: self.topic_lang,
            source: self.topic_source.clone(),
            judged_in: self.topic_judged_in,
            numeric_ids: self.topic_ids == Ids::Numeric,
        }
    }
}
