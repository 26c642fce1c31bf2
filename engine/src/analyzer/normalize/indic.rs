//! Spellings of the scripts of India that readers take for one another.

/// What a language's spelling leaves open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::analyzer) enum Indic {
    Keep,
    /// No nukta; chandrabindu, and a nasal before its own consonants, as anusvara; after Larkey, Connell and Abduljaleel (2003).
    Hindi,
    /// Khanda ta as ta with virama.
    Bengali,
    /// Chillu letters as consonants with virama.
    Malayalam,
}

const VIRAMA: char = '\u{94d}';

impl Indic {
    /// `word`, decomposed, in the spelling that stands for all.
    pub(super) fn respell(self, word: &str) -> String {
        let mut out = String::with_capacity(word.len());
        let mut rest = word.chars().peekable();
        while let Some(c) = rest.next() {
            match (self, c) {
                (Self::Hindi, '\u{93c}') => {}
                (Self::Hindi, '\u{901}') => out.push('\u{902}'),
                (Self::Hindi, 'न' | 'म' | 'ङ' | 'ञ' | 'ण') if rest.peek() == Some(&VIRAMA) =>
                {
                    rest.next();
                    let before_consonant =
                        rest.peek().is_some_and(|next| ('क'..='म').contains(next));
                    if before_consonant && rest.peek().is_some_and(|next| is_own(c, *next)) {
                        out.push('\u{902}');
                    } else {
                        out.extend([c, VIRAMA]);
                    }
                }
                (Self::Bengali, 'ৎ') => out.push_str("ত\u{9cd}"),
                (Self::Malayalam, _) => match chillu(c) {
                    Some(consonant) => out.extend([consonant, '\u{d4d}']),
                    None => out.push(c),
                },
                _ => out.push(c),
            }
        }
        out
    }
}

/// Whether the nasal is that of the row of the Devanagari alphabet that `next` stands in: there anusvara writes it too.
fn is_own(nasal: char, next: char) -> bool {
    let row = |c: char| (c as u32 - 'क' as u32).min(19) / 5;
    let labial = |c: char| ('प'..='म').contains(&c);
    match nasal {
        'म' => labial(next),
        'न' => ('त'..='न').contains(&next),
        _ => !labial(next) && !('त'..='न').contains(&next) && row(nasal) == row(next),
    }
}

fn chillu(c: char) -> Option<char> {
    Some(match c {
        'ൺ' => 'ണ',
        'ൻ' => 'ന',
        'ർ' => 'ര',
        'ൽ' => 'ല',
        'ൾ' => 'ള',
        'ൿ' => 'ക',
        _ => return None,
    })
}
