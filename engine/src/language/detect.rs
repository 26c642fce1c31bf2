//! Language detection: the script decides where one language owns it, letter statistics elsewhere.

use unicode_script::{Script, UnicodeScript};

use super::Lang;
use super::identifier::{Class, IDENTIFIER};

/// A detected language and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// The language, or [`Lang::UNKNOWN`].
    pub lang: Lang,
    /// From 0 to 1: how likely the answer is right, as the identifier sees it. 0 where there is none.
    pub confidence: f64,
}

impl Detection {
    const NONE: Self = Self {
        lang: Lang::UNKNOWN,
        confidence: 0.0,
    };
}

/// Below this a guess is wild, and the answer is [`Lang::UNKNOWN`]. Measured in `benches/eval/langid.tsv`.
const MIN_CONFIDENCE: f32 = 0.7;
/// The same for a word or two, which languages share more often than the identifier thinks.
const MIN_CONFIDENCE_SHORT: f32 = 0.9;
const SHORT_LETTERS: usize = 12;
/// Chinese characters that may be Japanese.
const SHORT_HAN: usize = 8;
/// How many times likelier a query is in a language of the index than in another.
const FAVOUR: f32 = 10.0;
/// Longer texts are judged by their beginning: detection costs time in proportion, and gains nothing further.
const MAX_CHARS: usize = 600;
/// Languages so near that a text is often good in each. Between them the likelier is answered; their chances count together.
const SISTERS: [&[&str]; 3] = [&["bs", "hr", "sr-Latn"], &["nb", "nn"], &["id", "ms"]];

/// Scripts of one language, or of few of which the first is by far the likeliest.
const OWNERS: &[(Script, &[&str])] = &[
    (Script::Han, &["zh", "yue", "ja"]),
    (Script::Hangul, &["ko"]),
    (Script::Thai, &["th"]),
    (Script::Lao, &["lo"]),
    (Script::Khmer, &["km"]),
    (Script::Myanmar, &["my", "shn"]),
    (Script::Greek, &["el"]),
    (Script::Georgian, &["ka"]),
    (Script::Armenian, &["hy"]),
    (Script::Tamil, &["ta"]),
    (Script::Telugu, &["te"]),
    (Script::Kannada, &["kn"]),
    (Script::Malayalam, &["ml"]),
    (Script::Gujarati, &["gu"]),
    (Script::Gurmukhi, &["pa"]),
    (Script::Oriya, &["or"]),
    (Script::Sinhala, &["si"]),
    (Script::Tibetan, &["bo", "dz"]),
    (Script::Thaana, &["dv"]),
];

/// The language of `text` among all that are known, or [`Lang::UNKNOWN`] rather than a wild guess.
pub fn detect(text: &str) -> Detection {
    Detector::default().detect(text)
}

/// What is known beforehand of the languages that texts are in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Detector {
    langs: Vec<Lang>,
    prior: Prior,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Prior {
    #[default]
    Any,
    /// Those of `langs` are likelier than others.
    Favoured,
    /// There are none but `langs`.
    Only,
}

impl Detector {
    /// Knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// For texts that are in one of `langs`, such as the documents of a collection whose languages are known.
    ///
    /// Always answers one of those that are known (see [`Detector::knows`]), or [`Lang::UNKNOWN`] for a text in none of
    /// their scripts.
    pub fn among(langs: &[Lang]) -> Self {
        Self {
            langs: langs.to_vec(),
            prior: Prior::Only,
        }
    }

    /// Whether texts in `lang` are told from others.
    pub fn knows(lang: Lang) -> bool {
        let is_meant = |code: &str| code.split('-').next() == Some(lang.primary());
        let letters = IDENTIFIER.classes.iter().any(|class| is_meant(class.code));
        let is_known = letters
            || OWNERS
                .iter()
                .any(|(_, codes)| codes.iter().any(|code| is_meant(code)));
        is_known && lang != Lang::UNKNOWN
    }

    /// For texts that are more likely in one of `langs` than not, such as queries to an index that holds these.
    pub fn favouring(langs: &[Lang]) -> Self {
        let known = |lang: &&Lang| **lang != Lang::UNKNOWN;
        Self {
            langs: langs.iter().filter(known).copied().collect(),
            prior: Prior::Favoured,
        }
    }

    /// The language that was given, which is certain, or else the one that `text` looks like.
    pub fn given_or_detected(&self, given: Option<Lang>, text: &str) -> Detection {
        given.map_or_else(
            || self.detect(text),
            |lang| Detection {
                lang,
                confidence: 1.0,
            },
        )
    }

    /// The language of `text`, or [`Lang::UNKNOWN`] rather than a wild guess.
    ///
    /// A language comes back as it was listed: `zh-Hant` for Chinese where `zh-Hant` is listed and `zh` is not.
    pub fn detect(&self, text: &str) -> Detection {
        let end = text
            .char_indices()
            .nth(MAX_CHARS)
            .map_or(text.len(), |(at, _)| at);
        let text = &text[..end];
        let Some(writing) = Writing::of(text) else {
            return Detection::NONE;
        };
        match writing.languages() {
            [] => self.by_letters(text, writing.script),
            // A Japanese word or two may do without kana.
            codes if writing.n_letters <= SHORT_HAN && self.are_both_favoured(codes) => {
                Detection::NONE
            }
            codes => self.by_script(codes),
        }
    }

    fn are_both_favoured(&self, codes: &[&str]) -> bool {
        let both = ["zh", "ja"];
        let favoured = |code: &&str| self.listed(code).is_some();
        self.prior == Prior::Favoured
            && both.iter().all(|code| codes.contains(code))
            && both.iter().all(favoured)
    }

    /// The first of `codes` that is listed, or the first.
    fn by_script(&self, codes: &[&str]) -> Detection {
        let listed = codes.iter().find_map(|code| self.listed(code));
        let lang = match self.prior {
            Prior::Only => listed,
            Prior::Any | Prior::Favoured => listed.or_else(|| codes.first()?.parse().ok()),
        };
        lang.map_or(Detection::NONE, |lang| Detection {
            lang,
            confidence: 1.0,
        })
    }

    fn by_letters(&self, text: &str, script: Script) -> Detection {
        let weight = |class: &Class| match self.prior {
            _ if class.script != script.full_name() => 0.0,
            Prior::Any => 1.0,
            Prior::Favoured if self.listed(class.code).is_some() => FAVOUR,
            Prior::Favoured => 1.0,
            Prior::Only if self.listed(class.code).is_some() => 1.0,
            Prior::Only => 0.0,
        };
        let probabilities = IDENTIFIER.probabilities(text, weight);
        let Some((best, probability)) = probabilities.first() else {
            return Detection::NONE;
        };
        let sisters = SISTERS
            .into_iter()
            .find(|sisters| sisters.contains(&best.code));
        let confidence = sisters.map_or(*probability, |sisters| {
            let together = probabilities
                .iter()
                .filter(|(class, _)| sisters.contains(&class.code));
            together.map(|(_, probability)| probability).sum()
        });
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        let least = match self.prior {
            Prior::Only => 0.0,
            _ if letters < SHORT_LETTERS => MIN_CONFIDENCE_SHORT,
            _ => MIN_CONFIDENCE,
        };
        // Serbian is one language in two scripts.
        let primary = best.code.split('-').next().unwrap_or_default();
        let lang = self
            .listed(best.code)
            .or_else(|| primary.parse().ok())
            .filter(|lang| confidence >= least && *lang != Lang::UNKNOWN);
        lang.map_or(Detection::NONE, |lang| Detection {
            lang,
            confidence: f64::from(confidence).min(1.0),
        })
    }

    /// The language of the list that `code` stands for: the same, or else one with the same primary subtag.
    fn listed(&self, code: &str) -> Option<Lang> {
        let same = self.langs.iter().find(|lang| lang.code() == code);
        let primary = code.split('-').next().unwrap_or_default();
        same.or_else(|| self.langs.iter().find(|lang| lang.primary() == primary))
            .copied()
    }
}

/// In what a text is written.
struct Writing {
    /// The script of most of its letters.
    script: Script,
    /// Chinese never has kana; Japanese mixes them with Chinese characters.
    has_kana: bool,
    n_letters: usize,
}

impl Writing {
    /// Nothing for a text without letters.
    fn of(text: &str) -> Option<Self> {
        let mut counts: Vec<(Script, usize)> = Vec::new();
        for c in text.chars().filter(|c| c.is_alphabetic()) {
            let script = c.script();
            match counts.iter_mut().find(|(known, _)| *known == script) {
                Some((_, n)) => *n += 1,
                None => counts.push((script, 1)),
            }
        }
        counts.retain(|(script, _)| {
            !matches!(script, Script::Common | Script::Inherited | Script::Unknown)
        });
        let (script, _) = counts.iter().copied().max_by_key(|(_, n)| *n)?;
        let has = |wanted| counts.iter().any(|(script, _)| *script == wanted);
        let has_kana = has(Script::Hiragana) || has(Script::Katakana);
        let n_letters = counts.iter().map(|(_, n)| n).sum();
        Some(Self {
            script,
            has_kana,
            n_letters,
        })
    }

    /// The languages that own the script, the likeliest first; none where letters have to tell.
    fn languages(&self) -> &'static [&'static str] {
        if self.has_kana
            && matches!(
                self.script,
                Script::Han | Script::Hiragana | Script::Katakana
            )
        {
            return &["ja"];
        }
        let owners = OWNERS.iter().find(|(script, _)| *script == self.script);
        owners.map_or(&[], |(_, codes)| codes)
    }
}

#[cfg(test)]
mod tests;
