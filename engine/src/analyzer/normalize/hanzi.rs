//! Traditional Chinese characters → simplified ones, so that a question in either finds documents in both.
//!
//! Character by character: where a traditional text tells two words apart that the simplified one does not, neither do
//! we, in documents as in questions. The pairs of `hanzi.txt` are those of OpenCC's TSCharacters (Apache-2.0), the first
//! choice of each, without the rare ones beyond U+FFFF.

use std::sync::LazyLock;

/// The character that stands for `c`.
pub(super) fn simplify(c: char) -> char {
    let offset = (c as usize).wrapping_sub(FIRST);
    match TABLE.get(offset) {
        Some(0) | None => c,
        Some(code) => char::from_u32(u32::from(*code)).unwrap_or(c),
    }
}

const FIRST: usize = 0x3400;
const LAST: usize = 0x9fff;

/// From [`FIRST`] on, the simplified character of each, or zero.
static TABLE: LazyLock<Box<[u16]>> = LazyLock::new(|| {
    let mut table = vec![0; LAST - FIRST + 1];
    let mut chars = include_str!("hanzi.txt").chars().filter(|c| *c != '\n');
    while let (Some(traditional), Some(simplified)) = (chars.next(), chars.next()) {
        if let Some(slot) = table.get_mut((traditional as usize).wrapping_sub(FIRST)) {
            *slot = u16::try_from(u32::from(simplified)).unwrap_or(0);
        }
    }
    table.into_boxed_slice()
});
