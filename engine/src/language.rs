//! Which language a text is in: codes, and detection where nobody said.

mod detect;
mod grams;
mod identifier;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tinystr::TinyAsciiStr;

use crate::error::Error;

pub use detect::{Detection, Detector, detect};

/// A language: a BCP 47 primary subtag, with the script where it matters (`sw`, `ckb`, `zh-Hant`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lang(TinyAsciiStr<8>);

impl Lang {
    /// Nobody said, and detection does not know: ISO 639's `und`.
    pub const UNKNOWN: Self = Self(tinystr::tinystr!(8, "und"));

    /// The code: `sw`, `zh-Hant`.
    pub fn code(&self) -> &str {
        self.0.as_str()
    }

    /// The language in any script: `zh` for `zh-Hant`.
    pub fn without_script(&self) -> Self {
        TinyAsciiStr::try_from_str(self.primary()).map_or(*self, Self)
    }

    /// The three letters of ISO 639-3 without the script: `zho` for `zh-Hant`; the code itself where there are none.
    pub fn three_letters(&self) -> &str {
        let primary = self.primary();
        isolang::Language::from_639_1(primary).map_or(primary, |lang| lang.to_639_3())
    }

    /// The code without the script: `zh` for `zh-Hant`.
    pub fn primary(&self) -> &str {
        self.code().split('-').next().unwrap_or_default()
    }
}

impl FromStr for Lang {
    type Err = Error;

    /// Reads BCP 47 (`sw`, `zh-Hant-TW`: the region is dropped) and ISO 639-3 (`swa`); case and `_` are forgiven.
    fn from_str(code: &str) -> Result<Self, Error> {
        let unknown = || Error::UnknownLanguage {
            code: code.to_owned(),
        };
        let mut subtags = code.trim().split(['-', '_']);
        let primary = subtags.next().unwrap_or_default().to_ascii_lowercase();
        if !(2..=3).contains(&primary.len())
            || !primary.bytes().all(|byte| byte.is_ascii_lowercase())
        {
            return Err(unknown());
        }
        let primary = shortest_code(&primary);
        let code = match subtags.next() {
            Some(script)
                if script.len() == 4 && script.bytes().all(|byte| byte.is_ascii_alphabetic()) =>
            {
                format!(
                    "{primary}-{}{}",
                    script[..1].to_ascii_uppercase(),
                    script[1..].to_ascii_lowercase()
                )
            }
            _ => primary.to_owned(),
        };
        TinyAsciiStr::try_from_str(&code)
            .map(Self)
            .map_err(|_| unknown())
    }
}

/// The two-letter code where ISO 639-1 has one, else the three letters themselves.
///
/// Macrolanguages that test collections name by a member stand for the whole: `cmn` is `zh`, `arb` is `ar`.
fn shortest_code(primary: &str) -> &str {
    match primary {
        "cmn" => "zh",
        "arb" => "ar",
        "pes" => "fa",
        "swh" => "sw",
        "ekk" => "et",
        "lvs" => "lv",
        "zsm" => "ms",
        "khk" => "mn",
        "uzn" => "uz",
        "azj" => "az",
        "npi" => "ne",
        "ory" => "or",
        "als" => "sq",
        "ydd" => "yi",
        "no" | "nor" => "nb",
        "iw" => "he",
        "in" => "id",
        _ => isolang::Language::from_639_3(primary)
            .and_then(|lang| lang.to_639_1())
            .unwrap_or(primary),
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Lang {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Lang {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        code.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, expected: Option<&str>) {
        assert_eq!(
            code.parse::<Lang>()
                .ok()
                .map(|lang| lang.to_string())
                .as_deref(),
            expected,
            "{code}"
        );
    }

    #[test]
    fn codes_come_out_in_their_shortest_form() {
        check("sw", Some("sw"));
        check("SWA", Some("sw"));
        check("cmn", Some("zh"));
        check("zh_hant_TW", Some("zh-Hant"));
        check("pt-BR", Some("pt"));
        check("ckb", Some("ckb"));
        check("uzb-cyrl", Some("uz-Cyrl"));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for code in ["", "e", "english", "e1", "日本", "-Latn"] {
            check(code, None);
        }
    }
}
