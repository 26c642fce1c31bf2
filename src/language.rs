//! Languages as they are typed.

use xenoglot_engine::Lang;

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
}
