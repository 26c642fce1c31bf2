//! A word as it was written → its normal form and its term.

use unicode_normalization::char::is_combining_mark;

use super::normalize;
use super::profile::{Apostrophe, Profile};

/// Calls `visit` with the text and the term of each part of `raw`, a word as it was written.
pub(super) fn for_each_part(
    profile: &'static Profile,
    raw: &str,
    folded: &mut String,
    mut visit: impl FnMut(&str, &str),
) {
    normalize::normalize(raw, profile, folded);
    let between = |c: char| {
        !(c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '\'' | '·' | '.' | ','))
    };
    for part in folded.split(between) {
        let part = part.trim_matches(|c: char| !c.is_alphanumeric() && c.is_ascii());
        if part.is_empty() {
            continue;
        }
        match profile.apostrophe {
            _ if !part.contains(['\'', '·', '.', ',']) => finish(profile, part, &mut visit),
            Apostrophe::Split => part
                .split('\'')
                .for_each(|part| joined(profile, part, &mut visit)),
            Apostrophe::CutTail => {
                joined(profile, part.split('\'').next().unwrap_or(part), &mut visit);
            }
            Apostrophe::Join => joined(profile, &part.replace('\'', ""), &mut visit),
            Apostrophe::Keep => joined(profile, part, &mut visit),
        }
    }
}

/// The same for a part with points: they are left out of acronyms and of thousands.
fn joined(profile: &Profile, part: &str, visit: &mut impl FnMut(&str, &str)) {
    let is_number = part.starts_with(|c: char| c.is_ascii_digit());
    let leave_out = if is_number {
        let mut groups = part.split(',').skip(1).peekable();
        groups.peek().is_some()
            && groups.all(|group| group.split('.').next().is_some_and(|g| g.len() == 3))
    } else {
        part.matches('.').count() > 1
    };
    if leave_out || part.contains('·') {
        let dropped = if is_number { [',', '·'] } else { ['.', '·'] };
        finish(profile, &part.replace(dropped, ""), visit);
    } else {
        finish(profile, part, visit);
    }
}

fn finish(profile: &Profile, text: &str, visit: &mut impl FnMut(&str, &str)) {
    if text.is_empty() {
        return;
    }
    let stem = profile.stem.apply(text);
    let kept_apostrophe = stem.contains('\'').then(|| stem.replace('\'', ""));
    let stem = kept_apostrophe.as_deref().unwrap_or(&stem);
    match profile.distinct {
        Some(letters) if !stem.is_ascii() => {
            visit(text, &normalize::fold_diacritics(stem, letters))
        }
        _ => visit(text, stem),
    }
}
