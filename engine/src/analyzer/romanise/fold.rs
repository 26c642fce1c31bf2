//! What different habits of romanisation spell alike.
//!
//! Each rule names spellings of one sound, or of sounds that the habits mix up, and what stands for them. The longest
//! spelling wins. `GENERAL` holds for all; the rules of a script's family come before it.

use std::sync::LazyLock;

use crate::language::Lang;

type Rule = (&'static [&'static str], &'static str);

/// A family of languages whose romanisations vary in the same way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    General,
    Slavic,
    EastSlavic,
    Steppe,
    Mongolian,
    Greek,
    Caucasian,
    Ethiopic,
    Arabic,
    Persian,
    Hebrew,
    Indic,
    Tamil,
    SouthEastAsian,
    Korean,
    Japanese,
}

const FAMILIES: [Family; 16] = [
    Family::General,
    Family::Slavic,
    Family::EastSlavic,
    Family::Steppe,
    Family::Mongolian,
    Family::Greek,
    Family::Caucasian,
    Family::Ethiopic,
    Family::Arabic,
    Family::Persian,
    Family::Hebrew,
    Family::Indic,
    Family::Tamil,
    Family::SouthEastAsian,
    Family::Korean,
    Family::Japanese,
];

/// How much of the vowels tells words apart.
#[derive(Clone, Copy)]
enum Vowels {
    /// `e` with `i` and `o` with `u`, and no `a`: scripts that leave the inherent vowel unwritten, and spellings that
    /// write it or not.
    Weak,
    /// None: scripts that leave out short vowels, write some that are not spoken, or write them before the consonant
    /// that they follow.
    None,
}

const GENERAL: &[Rule] = &[
    (&["shch", "sch", "sh", "s", "zh", "z", "dz"], "s"),
    (&["tch", "ch", "c", "ts", "tz", "cz", "tsh"], "c"),
    (&["j", "dj", "dzh"], "j"),
    (&["kh", "k", "q", "x", "ks", "ck"], "k"),
    (&["gh", "g"], "g"),
    (&["th", "t"], "t"),
    (&["dh", "d"], "d"),
    (&["ph", "f"], "f"),
    (&["p"], "p"),
    (&["bh", "b"], "b"),
    (&["v", "w"], "v"),
    (&["lh", "l"], "l"),
    (&["rh", "r"], "r"),
    (&["mh", "m"], "m"),
    (&["nh", "n"], "n"),
    (&["h"], "h"),
    (&["y"], ""),
];

impl Family {
    fn of(lang: Lang) -> Self {
        match lang.primary() {
            "ru" | "bg" | "sr" | "mk" | "hr" | "bs" => Self::Slavic,
            "uk" | "be" => Self::EastSlavic,
            "tg" | "kk" | "ky" | "tt" | "ba" | "uz" => Self::Steppe,
            "mn" => Self::Mongolian,
            "el" => Self::Greek,
            "hy" | "ka" => Self::Caucasian,
            "am" | "ti" => Self::Ethiopic,
            "ar" => Self::Arabic,
            "fa" | "ur" | "ps" | "sd" | "ckb" | "ug" => Self::Persian,
            "he" | "yi" => Self::Hebrew,
            "hi" | "mr" | "ne" | "bn" | "as" | "gu" | "pa" | "or" | "te" | "kn" | "ml" | "si"
            | "sa" => Self::Indic,
            "ta" => Self::Tamil,
            "th" | "lo" | "km" | "my" => Self::SouthEastAsian,
            "ko" => Self::Korean,
            "ja" => Self::Japanese,
            _ => Self::General,
        }
    }

    fn vowels(self) -> Vowels {
        match self {
            Self::Ethiopic | Self::Arabic | Self::Persian | Self::Hebrew | Self::SouthEastAsian => {
                Vowels::None
            }
            _ => Vowels::Weak,
        }
    }

    fn endings(self) -> &'static [(char, char)] {
        match self {
            Self::SouthEastAsian => &[('s', 't'), ('l', 'n')],
            _ => &[],
        }
    }

    /// Rules that come before `GENERAL`.
    fn rules(self) -> Vec<Rule> {
        let own: &[Rule] = match self {
            Self::General => &[],
            // х is h, x or kh; й is y, j or nothing; щ is shch, šč or sh.
            Self::Slavic => &[(&["h"], "k"), (&["j"], ""), (&["sc", "sts"], "s")],
            // г is h here, и is y or i, ў is w or u.
            Self::EastSlavic => &[
                (&["g", "gh", "h", "k", "kh", "x"], "k"),
                (&["j", "w", "i"], ""),
            ],
            // ә is a, e or ä, ж is j or zh.
            Self::Steppe => &[
                (&["h"], "k"),
                (&["j", "dj", "dzh"], "s"),
                (&["ng"], "n"),
                (&["e"], ""),
            ],
            Self::Mongolian => &[
                (&["h"], "k"),
                (&["j", "dj", "dzh", "c", "ts", "tz"], "s"),
                (&["ng"], "n"),
            ],
            // Digraphs of one sound (μπ, ντ, γκ, ου, οι, αυ …), χ as h, x, ch or kh, and digits that look like a letter.
            Self::Greek => &[
                (&["b", "mp", "v"], "b"),
                (&["nt", "nd", "d", "dh"], "d"),
                (&["gk", "ng", "gg", "nk", "gh", "g"], "g"),
                (&["x", "ks", "ch", "kh", "3"], "k"),
                (&["8"], "t"),
                (&["4"], "ps"),
                (&["w", "ou", "oy"], "u"),
                (&["y", "u", "h", "oi", "ei"], "i"),
                (&["ey", "eu", "ev", "ef"], "ib"),
                (&["ay", "au", "av", "af"], "b"),
            ],
            Self::Caucasian => &[(&["h"], "k"), (&["ow"], "u")],
            Self::Ethiopic => &[(&["kh", "x"], "h")],
            // و and ي are vowels as often as not, ج is j or g; 2, 3, 5, 6, 7, 9 are letters in chat.
            Self::Arabic => &[
                (&["dhh", "dh", "z"], "s"),
                (&["j", "gh", "g"], "g"),
                (&["w", "2", "3"], ""),
                (&["5", "9"], "k"),
                (&["6"], "t"),
                (&["7"], "h"),
            ],
            Self::Persian => &[
                (&["dhh", "dh"], "d"),
                (&["gh", "g"], "g"),
                (&["w", "v"], ""),
            ],
            Self::Hebrew => &[
                (&["v", "w", "b", "bh"], "v"),
                (&["h", "k", "kh", "ch", "q", "x"], "k"),
                (&["p", "f", "ph"], "p"),
            ],
            // Breathed sounds, the nasal dot, and the sounds that b, v and w or j and z stand for.
            Self::Indic => INDIC,
            // The letters do not tell voiced from voiceless.
            Self::Tamil => &[
                (&["k", "g", "gh", "kh", "h", "q"], "k"),
                (&["t", "d", "th", "dh"], "t"),
                (&["p", "b", "ph", "f", "bh"], "p"),
                (&["s", "sh", "c", "ch", "j", "jh", "cch", "chh"], "s"),
                (&["zh", "l"], "l"),
                (&["m", "n", "ng"], "n"),
            ],
            // The spelling keeps distinctions of Sanskrit and of tone that the speech lost.
            Self::SouthEastAsian => &[
                (&["d", "t", "th", "dh"], "t"),
                (&["b", "p", "ph", "bh", "f"], "p"),
                (&["k", "g", "kh", "gh", "q"], "k"),
                (&["c", "ch", "j", "s", "sh", "z"], "s"),
                (&["r", "l"], "l"),
                (&["ng"], "g"),
                (&["h", "w", "v", "x"], ""),
            ],
            Self::Korean => &[
                (&["k", "g"], "k"),
                (&["t", "d"], "t"),
                (&["p", "b"], "p"),
                (&["r", "l"], "l"),
                (&["ch", "j"], "c"),
                (&["w"], ""),
            ],
            Self::Japanese => &[
                (&["ch", "ts", "t"], "t"),
                (&["f", "h"], "h"),
                (&["j", "z", "s", "sh", "dz"], "s"),
                (&["m", "n"], "n"),
                (&["w"], ""),
            ],
        };
        [own, GENERAL].concat()
    }
}

const INDIC: &[Rule] = &[
    (&["v", "w", "b", "bh"], "v"),
    (&["c", "ch", "chh", "cch"], "c"),
    (&["ksh"], "k"),
    (&["m", "n", "ng"], "n"),
    (&["j", "jh", "z"], "j"),
];

/// The fold of one family, its rules by their first letter.
pub(super) struct Fold {
    /// Longest spelling first.
    rules: [Vec<(&'static [u8], &'static str)>; 128],
    vowels: Vowels,
    /// What the last sound of a word becomes: Thai and its neighbours end words on few.
    endings: &'static [(char, char)],
}

static FOLDS: LazyLock<Vec<Fold>> = LazyLock::new(|| FAMILIES.into_iter().map(Fold::new).collect());

impl Fold {
    /// The fold of a language; the general one where none is known.
    pub(super) fn of(lang: Lang) -> &'static Self {
        let family = Family::of(lang);
        let at = FAMILIES.iter().position(|other| *other == family);
        &FOLDS[at.unwrap_or(0)]
    }

    fn new(family: Family) -> Self {
        let mut rules = [const { Vec::new() }; 128];
        for (spellings, sound) in family.rules() {
            for spelling in spellings {
                let row: &mut Vec<(&[u8], &str)> = &mut rules[usize::from(spelling.as_bytes()[0])];
                // The family's own rule came first.
                if row.iter().all(|(known, _)| *known != spelling.as_bytes()) {
                    row.push((spelling.as_bytes(), sound));
                }
            }
        }
        for row in &mut rules {
            row.sort_by_key(|(spelling, _)| std::cmp::Reverse(spelling.len()));
        }
        Self {
            rules,
            vowels: family.vowels(),
            endings: family.endings(),
        }
    }

    /// The key of `word`, which is lower-case ASCII; empty where nothing is left that tells words apart.
    pub(super) fn apply(&self, word: &str) -> String {
        // A digit is a letter only beside letters.
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            return word.to_owned();
        }
        let mut key = String::with_capacity(word.len());
        let mut rest = word.as_bytes();
        while let Some(first) = rest.first() {
            let rule = self.rules[usize::from(first & 127)]
                .iter()
                .find(|(spelling, _)| rest.starts_with(spelling));
            let (length, sound) = match rule {
                // ة and ה at the end of a word are written a, ah or at.
                _ if rest == b"h" && matches!(self.vowels, Vowels::None) => (1, ""),
                Some((spelling, sound)) => (spelling.len(), *sound),
                None => (1, self.alone(*first)),
            };
            // Doubled letters count once; so do those that a dropped vowel parts, for it may be unwritten.
            let doubled = sound.chars().next() == key.chars().last() && !first.is_ascii_digit();
            if sound.is_empty() || !doubled {
                key.push_str(sound);
            }
            rest = &rest[length..];
        }
        if let Some((_, ending)) = self.endings.iter().find(|(sound, _)| key.ends_with(*sound)) {
            key.pop();
            if !key.ends_with(*ending) {
                key.push(*ending);
            }
        }
        key
    }

    /// What a letter or digit without a rule stands for.
    fn alone(&self, byte: u8) -> &'static str {
        const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        match (byte, self.vowels) {
            (b'0'..=b'9', _) => DIGITS[usize::from(byte - b'0')],
            (b'e' | b'i', Vowels::Weak) => "i",
            (b'o' | b'u', Vowels::Weak) => "u",
            _ => "",
        }
    }
}
