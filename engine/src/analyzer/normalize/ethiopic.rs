//! Ethiopic syllables that sound alike today and are written for one another.

/// Which consonants a language no longer tells apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::analyzer) enum Ethiopic {
    Keep,
    /// ሠ is ሰ and ፀ is ጸ.
    Tigrinya,
    /// These, and ሐ, ኀ, ኸ are ሀ, ዐ is አ, ሃ is ሀ, ኣ is አ.
    Amharic,
}

impl Ethiopic {
    pub(super) fn fold(self, c: char) -> char {
        // Each consonant has a row of eight syllables, one per vowel.
        let (row, vowel) = (c as u32 & !7, c as u32 & 7);
        let row = match (self, row) {
            (Self::Keep, _) => return c,
            (_, 0x1220) => 0x1230,
            (_, 0x1340) => 0x1338,
            (Self::Amharic, 0x1210 | 0x1280 | 0x12b8) => 0x1200,
            (Self::Amharic, 0x12d0) => 0x12a0,
            (_, row) => row,
        };
        let vowel = match (self, row, vowel) {
            (Self::Amharic, 0x1200 | 0x12a0, 3) => 0,
            (_, _, vowel) => vowel,
        };
        char::from_u32(row + vowel).unwrap_or(c)
    }
}
