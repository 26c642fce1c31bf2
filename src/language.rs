//! Which language a query is in: what was typed, or what it looks like.

use xenoglot_engine::language::{Detection, detect};
use xenoglot_engine::{Lang, Query};

/// `auto` or a language code, as typed after `--lang`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum LangArg {
    Auto,
    Given(Lang),
}

impl LangArg {
    /// Reads the argument.
    pub(crate) fn parse(text: &str) -> Result<Self, xenoglot_engine::Error> {
        if text == "auto" {
            Ok(Self::Auto)
        } else {
            text.parse().map(Self::Given)
        }
    }

    /// The language, where one was given.
    pub(crate) fn given(self) -> Option<Lang> {
        match self {
            Self::Auto => None,
            Self::Given(lang) => Some(lang),
        }
    }

    /// `text` as a query in the language given, or else in the one it looks like.
    pub(crate) fn query(self, text: &str) -> (Query, Detection) {
        let language = match self {
            Self::Auto => detect(text),
            Self::Given(lang) => Detection {
                lang,
                confidence: 1.0,
            },
        };
        (
            Query {
                text: text.to_owned(),
                lang: language.lang,
            },
            language,
        )
    }
}
