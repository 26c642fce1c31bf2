//! The settings around a body: how long a text may be, and what stands before it.

use std::collections::HashMap;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::model::directory::ModelDir;
use crate::model::tokenizer::Cut;

pub(super) const PROMPTS: &str = "config_sentence_transformers.json";
const TOKENIZER: &str = "tokenizer_config.json";
/// What every body has beside its weights.
const BODY_FILES: [&str; 3] = ["config.json", "tokenizer.json", TOKENIZER];
/// What old versions called the file differs by architecture.
const LENGTHS: [&str; 8] = [
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_mpnet_config.json",
    "sentence_xlnet_config.json",
];

/// How texts are cut and read.
pub(crate) struct Limits {
    pub(crate) max_tokens: Option<usize>,
    pub(crate) cut: Cut,
    pub(crate) lower_case: bool,
    pub(crate) special_tokens: Vec<String>,
    /// The files that say so, in the body's folder.
    pub(crate) files: Vec<&'static str>,
}

/// What stands before texts.
pub(super) struct Prompts {
    prompts: HashMap<String, String>,
    default: Option<String>,
    pub(super) by_dot_product: bool,
}

#[derive(Default, Deserialize)]
struct Lengths {
    max_seq_length: Option<usize>,
    do_lower_case: Option<bool>,
}

#[derive(Default, Deserialize)]
struct TokenizerConfig {
    /// "No limit" is written as a number of thirty digits.
    model_max_length: Option<f64>,
    truncation_side: Option<String>,
    cls_token: Option<Token>,
    sep_token: Option<Token>,
    pad_token: Option<Token>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Token {
    Text(String),
    Added { content: String },
}

#[derive(Default, Deserialize)]
struct PromptsFile {
    prompts: Option<HashMap<String, String>>,
    default_prompt_name: Option<String>,
    similarity_fn_name: Option<String>,
}

impl Limits {
    /// Reads the settings in the body's folder.
    ///
    /// # Errors
    /// When a file is malformed, or leaves no room for text.
    pub(crate) fn load(folder: &ModelDir) -> Result<Self> {
        let file = LENGTHS.into_iter().find(|file| folder.has(file));
        let lengths: Lengths = folder.json_or_default(file.unwrap_or(LENGTHS[0]))?;
        let tokenizer: TokenizerConfig = folder.json_or_default(TOKENIZER)?;
        let by_tokenizer = tokenizer.model_max_length.filter(|n| *n < 1e9);
        // A negative number becomes zero, which is refused below.
        let stated = match (lengths.max_seq_length, by_tokenizer) {
            (Some(n), _) => Some((file.unwrap_or(LENGTHS[0]), "max_seq_length", n)),
            (None, Some(n)) => Some((TOKENIZER, "model_max_length", n as usize)),
            (None, None) => None,
        };
        if let Some((file, field, 0)) = stated {
            return Err(Error::Model {
                path: folder.path_of(file),
                problem: format!(
                    "field `{field}` leaves no room for text, expected a number above 0"
                ),
            });
        }
        let tokens = [
            tokenizer.cls_token,
            tokenizer.sep_token,
            tokenizer.pad_token,
        ];
        let tokens = tokens.into_iter().flatten().map(|token| match token {
            Token::Text(text) | Token::Added { content: text } => text,
        });
        Ok(Self {
            max_tokens: stated.map(|(_, _, n)| n),
            cut: match tokenizer.truncation_side.as_deref() {
                Some("left") => Cut::Beginning,
                _ => Cut::End,
            },
            lower_case: lengths.do_lower_case == Some(true),
            special_tokens: tokens.collect(),
            files: file.into_iter().chain(BODY_FILES).collect(),
        })
    }
}

impl Prompts {
    /// Reads the prompts of `dir`.
    ///
    /// # Errors
    /// When the file is malformed, or names a prompt that it does not have.
    pub(super) fn load(dir: &ModelDir) -> Result<Self> {
        let file: PromptsFile = dir.json_or_default(PROMPTS)?;
        let prompts = file.prompts.unwrap_or_default();
        if let Some(name) = &file.default_prompt_name
            && !prompts.contains_key(name)
        {
            return Err(Error::Model {
                path: dir.path_of(PROMPTS),
                problem: format!("`default_prompt_name` is {name:?}, and there is no such prompt"),
            });
        }
        Ok(Self {
            prompts,
            default: file.default_prompt_name,
            by_dot_product: file.similarity_fn_name.as_deref() == Some("dot"),
        })
    }

    /// Whether no prompt says anything.
    pub(super) fn are_empty(&self) -> bool {
        self.prompts.values().all(String::is_empty)
    }

    /// The first of `names` that there is a prompt for, or the default one; nothing where there is neither.
    pub(super) fn first_of(&self, names: &[&str]) -> String {
        names
            .iter()
            .copied()
            .chain(self.default.as_deref())
            .find_map(|name| self.prompts.get(name))
            .cloned()
            .unwrap_or_default()
    }
}
