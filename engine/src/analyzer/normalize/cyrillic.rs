//! Cyrillic letters: ё, stress marks, and Serbian's two scripts.

/// What a language does with its marks and its script.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::analyzer) enum Cyrillic {
    /// ё is a letter of its own; stress marks are dropped.
    Plain,
    /// ё is е with dots that are often left out.
    Io,
    /// ѓ and ќ are letters, not stressed ones.
    Macedonian,
    /// Becomes Latin, in which Serbian is written as often.
    Serbian,
}

impl Cyrillic {
    pub(super) fn fold(self, c: char, out: &mut String) {
        match latin(c) {
            Some(latin) if self == Self::Serbian => out.push_str(latin),
            _ => out.push(c),
        }
    }

    pub(super) fn keeps(self, base: char, mark: char) -> bool {
        match mark {
            _ if self == Self::Serbian => false,
            '\u{300}' => false,
            '\u{301}' => self == Self::Macedonian && matches!(base, 'г' | 'к'),
            '\u{308}' => !(self == Self::Io && base == 'е'),
            _ => true,
        }
    }
}

/// Decomposed, as everything is at this point.
fn latin(c: char) -> Option<&'static str> {
    Some(match c {
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' => "g",
        'д' => "d",
        'ђ' => "đ",
        'е' => "e",
        'ж' => "z\u{30c}",
        'з' => "z",
        'и' => "i",
        'ј' => "j",
        'к' => "k",
        'л' => "l",
        'љ' => "lj",
        'м' => "m",
        'н' => "n",
        'њ' => "nj",
        'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'ћ' => "c\u{301}",
        'у' => "u",
        'ф' => "f",
        'х' => "h",
        'ц' => "c",
        'ч' => "c\u{30c}",
        'џ' => "dz\u{30c}",
        'ш' => "s\u{30c}",
        _ => return None,
    })
}
