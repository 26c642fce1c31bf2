//! Where words begin and end, in text as it was written.
//!
//! Scripts with spaces follow Unicode's word boundaries (UAX #29) but for three things: `_` divides, `.` divides unless
//! between digits or single letters, and so does a change of script ("GPSの", "الGPS"). Runs of scripts without spaces
//! are handed on whole, for each is cut in its own way.

use unicode_script::Script;

use super::chars::{self, Class, Kind};

/// A stretch of text that is one word, or is to be cut into words by other means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Token<'t> {
    /// A word; its script is that of its first letter, or Common where it has none.
    Word(&'t str, Script),
    /// Han and kana, or what stands between two spaces in Korean, and the script that it is read as: Han or Hangul.
    Ideographs(&'t str, Script),
    /// Thai, Lao, Khmer or Burmese.
    Complex(&'t str, Script),
}

/// A run without spaces is handed on in pieces of at most so many bytes, so that memory stays bounded.
const MAX_RUN_BYTES: usize = 4096;
/// Of a word longer than this the rest is left out: no such word is searched for, and the index takes 65,530 bytes,
/// which even NFKC's longest expansion (eleven times) stays below.
const MAX_WORD_BYTES: usize = 512;

/// Calls `visit` with each token of `text`, in reading order.
pub(super) fn for_each_token<'t>(text: &'t str, mut visit: impl FnMut(Token<'t>)) {
    let mut at = 0;
    while at < text.len() {
        let (class, width) = class_at(text, at);
        let start = at;
        match class.kind {
            Kind::Letter | Kind::Digit => {
                let (end, script) = word_end(text, at);
                let cut = text.floor_char_boundary(end.min(start + MAX_WORD_BYTES));
                visit(Token::Word(&text[start..cut], script));
                at = end;
            }
            Kind::Ideograph | Kind::Hangul | Kind::Complex => {
                at = run_end(text, at, class);
                let run = &text[start..at];
                visit(match class.kind {
                    Kind::Ideograph => Token::Ideographs(run, Script::Han),
                    Kind::Hangul => Token::Ideographs(run, Script::Hangul),
                    _ => Token::Complex(run, class.script),
                });
            }
            _ => at += width,
        }
    }
}

/// Where the word that starts at `start` ends, and its script.
fn word_end(text: &str, start: usize) -> (usize, Script) {
    let mut script = Script::Common;
    let mut last = Kind::Other;
    // How many letters and digits since the start or the last point: one, in an acronym.
    let mut since_point = 0;
    let mut at = start;
    while at < text.len() {
        // Most of a text in Latin letters, in a third of the time.
        if matches!(script, Script::Common | Script::Latin) {
            let ascii = ascii_run(&text.as_bytes()[at..]);
            if let Some(end) = ascii.last() {
                let is_letter = |byte: &u8| byte.is_ascii_alphabetic();
                if ascii.iter().any(is_letter) {
                    script = Script::Latin;
                }
                last = if is_letter(end) {
                    Kind::Letter
                } else {
                    Kind::Digit
                };
                since_point += ascii.len();
                at += ascii.len();
                continue;
            }
        }
        let (class, width) = class_at(text, at);
        match class.kind {
            Kind::Letter if script == Script::Common || is_neutral(class.script) => {
                script = if is_neutral(class.script) {
                    script
                } else {
                    class.script
                };
            }
            Kind::Letter if class.script == script => {}
            Kind::Digit => {}
            Kind::Mark => {
                at += width;
                continue;
            }
            Kind::Joiner if last == Kind::Letter && kind_at(text, at + width) == Kind::Letter => {}
            Kind::Point if last == Kind::Digit && kind_at(text, at + width) == Kind::Digit => {}
            Kind::Point
                if since_point == 1 && last == Kind::Letter && initial_at(text, at + width) =>
            {
                since_point = 0;
                last = class.kind;
                at += width;
                continue;
            }
            _ => break,
        }
        since_point += 1;
        last = class.kind;
        at += width;
    }
    (at, script)
}

/// The letters and digits that `bytes` begins with.
fn ascii_run(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| !byte.is_ascii_alphanumeric());
    &bytes[..end.unwrap_or(bytes.len())]
}

fn is_neutral(script: Script) -> bool {
    matches!(script, Script::Common | Script::Inherited)
}

/// Whether a letter stands at `at` and nothing of a word behind it.
fn initial_at(text: &str, at: usize) -> bool {
    if kind_at(text, at) != Kind::Letter {
        return false;
    }
    let next = at + class_at(text, at).1;
    !matches!(
        kind_at(text, next),
        Kind::Letter | Kind::Digit | Kind::Mark | Kind::Joiner
    )
}

fn run_end(text: &str, start: usize, of: Class) -> usize {
    let mut at = start;
    while at < text.len() && at - start < MAX_RUN_BYTES {
        let (class, width) = class_at(text, at);
        let same_script = of.kind != Kind::Complex || class.script == of.script;
        if class.kind != Kind::Mark && !(class.kind == of.kind && same_script) {
            break;
        }
        at += width;
    }
    at
}

fn kind_at(text: &str, at: usize) -> Kind {
    if at < text.len() {
        class_at(text, at).0.kind
    } else {
        Kind::Other
    }
}

/// The class of the character at `at`, and its length in bytes.
fn class_at(text: &str, at: usize) -> (Class, usize) {
    let c = text[at..].chars().next().unwrap_or('\0');
    (chars::class(c), c.len_utf8())
}
