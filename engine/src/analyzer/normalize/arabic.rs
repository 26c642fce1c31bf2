//! Letters of the Arabic script: the same letter has one code point per country.

/// Which letters a language takes for the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::analyzer) enum Arabic {
    /// Alef, yeh and teh marbuta in one form each, after Larkey, Ballesteros and Connell (2002).
    Standard,
    /// The same with Persian's letters for yeh and kaf, and hamza left out.
    Persian,
    /// As Persian; heh goal and heh doachashmee stay two letters.
    Urdu,
    /// As Persian, with heh followed by a non-joiner as the vowel that it is.
    Kurdish,
    /// Marks are dropped and nothing else is: Uyghur, Sindhi and Pashto write vowels with letters that others fold.
    Other,
}

impl Arabic {
    /// The letter that stands for `c`, or none where `c` is dropped.
    pub(super) fn fold(self, c: char) -> Option<char> {
        use Arabic::{Kurdish, Other, Persian, Urdu};
        Some(match (self, c) {
            (_, '\u{640}') => return None,
            // Decimal and thousands separators.
            (_, '٫') => '.',
            (_, '٬') => ',',
            (Other, c) => c,
            (_, 'ٱ') => 'ا',
            (Self::Standard, 'ى' | 'ی') => 'ي',
            (Self::Standard, 'ک') => 'ك',
            (Self::Standard, 'ہ') => 'ه',
            (Persian | Urdu | Kurdish, 'ي' | 'ى') => 'ی',
            (Persian | Urdu | Kurdish, 'ك') => 'ک',
            (Persian, 'ة' | 'ۀ' | 'ہ' | 'ە' | 'ۃ') => 'ه',
            (Urdu, 'ه' | 'ة' | 'ۃ' | 'ە') => 'ہ',
            (Kurdish, 'ة') => 'ە',
            (_, c) => c,
        })
    }

    /// Whether a mark on `base` makes another letter of it: hamza on waw and yeh, where it is not left out.
    pub(super) fn keeps(self, base: char, mark: char) -> bool {
        let hamza = matches!(mark, '\u{654}' | '\u{655}');
        match self {
            Self::Standard => hamza && matches!(base, 'و' | 'ي'),
            Self::Urdu => hamza && matches!(base, 'ی'),
            Self::Persian => false,
            Self::Kurdish | Self::Other => hamza,
        }
    }

    /// Whether the zero-width non-joiner stands between two parts of a word that are also written apart or joined.
    pub(super) fn divides_at_non_joiner(self) -> bool {
        self == Self::Persian
    }
}
