//! Names for what things were made of: the same ingredients, the same name.

use serde::Serialize;

/// How many hexadecimal digits: no two experiments of a lifetime meet by chance.
const DIGITS: usize = 24;

/// A name for `ingredients`.
pub(crate) fn fingerprint(ingredients: &impl Serialize) -> String {
    // Serialising to memory fails for maps without text keys alone, which no ingredient is.
    let text = serde_json::to_vec(ingredients).unwrap_or_default();
    blake3::hash(&text).to_hex()[..DIGITS].to_owned()
}
