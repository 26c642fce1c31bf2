//! Words that say too little to be looked for: which a language has, as its analyzer spells them.

use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, OnceLock};

use super::profile::{PROFILES, Profile};

type Spelt = OnceLock<HashSet<String>>;

/// By the code of the language; a set is made when it is first asked for.
static SETS: LazyLock<HashMap<&'static str, Spelt>> = LazyLock::new(|| {
    let codes = PROFILES.iter().map(|profile| profile.code);
    codes.map(|code| (code, OnceLock::new())).collect()
});
static NONE: LazyLock<HashSet<String>> = LazyLock::new(HashSet::new);

/// The stop words of a language, each as `spell` writes it.
pub(super) fn of(
    profile: &Profile,
    spell: impl Fn(&str) -> Vec<String>,
) -> &'static HashSet<String> {
    let Some(set) = SETS.get(profile.code) else {
        return &NONE;
    };
    set.get_or_init(|| {
        let listed = profile.stop_words.and_then(stop_words::lookup);
        let entries = listed.unwrap_or_default().iter();
        // An entry of several words would make a stop word of each of them.
        let alone = entries.filter_map(|entry| match spell(entry).as_slice() {
            [word] => Some(word.clone()),
            _ => None,
        });
        alone.collect()
    })
}
