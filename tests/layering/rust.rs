//! Just enough of Rust's grammar to tell code from comments, strings and tests.

/// A path as it stands in code: `ort::session::Session`, or a single word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) path: String,
    /// From 1.
    pub(super) line: usize,
}

impl Word {
    /// Whether the path is `beginning` or goes on from it.
    pub(super) fn begins_with(&self, beginning: &str) -> bool {
        let rest = self.path.strip_prefix(beginning);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    }
}

/// `source` with comments, the contents of strings and characters, and everything under `#[cfg(test)]` made blank. Lines
/// stay where they are.
pub(super) fn code(source: &str) -> String {
    without_tests(&without_text(source))
}

/// The modules in files of their own that `source` declares under `#[cfg(test)]`.
pub(super) fn test_modules(source: &str) -> Vec<String> {
    let code = without_text(source);
    let declared = code.split("#[cfg(test)]").skip(1).filter_map(|rest| {
        let declaration = rest.split_once(';')?.0.trim();
        let name = declaration.rsplit_once("mod ")?;
        let is_name = |name: &str| name.chars().all(|c| c.is_alphanumeric() || c == '_');
        (!name.0.contains('{') && is_name(name.1)).then(|| name.1.to_owned())
    });
    declared.collect()
}

/// Every path of `code`, with what `use` trees in braces spell in pieces put together: `use std::{env, net}` has
/// `std::env` and `std::net`.
pub(super) fn paths(code: &str) -> Vec<Word> {
    let mut words = Vec::new();
    // What stands before each brace that is open and opens a tree.
    let mut prefixes: Vec<String> = Vec::new();
    let mut path = String::new();
    let mut line = 1;
    // The last character that is no white space.
    let mut last = ' ';
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() || c == '_' {
            if !(path.is_empty() || path.ends_with("::")) {
                end(&mut words, &prefixes, &mut path, line);
            }
            path.push(c);
            while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                path.push(c);
            }
            while chars.peek() == Some(&':') {
                chars.next();
                if chars.next_if_eq(&':').is_none() {
                    break;
                }
                path.push_str("::");
            }
            // A method is its value's, whatever library has its name.
            if last == '.' && chars.peek() == Some(&'(') {
                path.clear();
            }
            if !path.ends_with("::") {
                end(&mut words, &prefixes, &mut path, line);
            }
            last = c;
            continue;
        }
        match c {
            '{' => prefixes.push(if path.ends_with("::") {
                std::mem::take(&mut path)
            } else {
                String::new()
            }),
            '}' => drop(prefixes.pop()),
            _ => {}
        }
        if !c.is_whitespace() {
            end(&mut words, &prefixes, &mut path, line);
            last = c;
        }
        line += usize::from(c == '\n');
    }
    end(&mut words, &prefixes, &mut path, line);
    words
}

fn end(words: &mut Vec<Word>, prefixes: &[String], path: &mut String, line: usize) {
    if !path.is_empty() {
        let whole = format!("{}{}", prefixes.concat(), path.trim_end_matches("::"));
        words.push(Word { path: whole, line });
        path.clear();
    }
}

/// Blanks comments and the contents of literals.
fn without_text(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut code = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let end = match chars[at] {
            '/' if chars.get(at + 1) == Some(&'/') => line_comment(&chars, at),
            '/' if chars.get(at + 1) == Some(&'*') => block_comment(&chars, at),
            '"' => string(&chars, at),
            'r' if starts_raw(&chars, at) => raw_string(&chars, at),
            '\'' => character(&chars, at),
            _ => at,
        };
        if end == at {
            code.push(chars[at]);
            at += 1;
        } else {
            code.extend(
                chars[at..end]
                    .iter()
                    .map(|c| if *c == '\n' { '\n' } else { ' ' }),
            );
            at = end;
        }
    }
    code
}

fn line_comment(chars: &[char], at: usize) -> usize {
    chars[at..]
        .iter()
        .position(|c| *c == '\n')
        .map_or(chars.len(), |n| at + n)
}

/// Block comments nest.
fn block_comment(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at.min(chars.len())
}

fn string(chars: &[char], at: usize) -> usize {
    let mut end = at + 1;
    while end < chars.len() && chars[end] != '"' {
        end += if chars[end] == '\\' { 2 } else { 1 };
    }
    (end + 1).min(chars.len())
}

/// `r"` or `r#"`, and not the end of a name; `r#type` is a name.
fn starts_raw(chars: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| chars[before]);
    // `br"…"` is raw, too.
    let in_name = before.is_some_and(|c| (c.is_alphanumeric() && c != 'b') || c == '_');
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    !in_name && chars.get(at + 1 + hashes) == Some(&'"')
}

fn raw_string(chars: &[char], at: usize) -> usize {
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    let mut end = at + hashes + 2;
    while end < chars.len() {
        let closes = chars[end] == '"'
            && chars[end + 1..]
                .iter()
                .take(hashes)
                .filter(|c| **c == '#')
                .count()
                == hashes;
        end += 1;
        if closes {
            return end + hashes;
        }
    }
    chars.len()
}

/// A character's end, or a lifetime's.
fn character(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), Some(_)) => {
            let close = chars[at + 3..].iter().position(|c| *c == '\'');
            close.map_or(chars.len(), |n| at + 4 + n)
        }
        (Some(_), Some('\'')) => at + 3,
        _ => {
            let name = chars[at + 1..].iter();
            at + 1
                + name
                    .take_while(|c| c.is_alphanumeric() || **c == '_')
                    .count()
        }
    }
}

/// Blanks the items behind `#[cfg(test)]`, up to their `;` or their closing brace.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut rest = code;
    let mut kept = String::with_capacity(code.len());
    while let Some(at) = rest.find(MARK) {
        kept.push_str(&rest[..at]);
        let end = at + MARK.len() + item_end(&rest[at + MARK.len()..]);
        kept.extend(rest[at..end].chars().filter(|c| *c == '\n'));
        rest = &rest[end..];
    }
    kept + rest
}

fn item_end(code: &str) -> usize {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
        if c == '}' && depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

#[test]
fn comments_strings_and_tests_are_no_code() {
    let source = r####"
        //! ort::doc
        /* ort::a /* ort::b */ ort::c */ use std::fs; // ort::d
        let text = "ort::e \" ort::f"; let raw = r#"ort::g " ort::h"#; let bytes = br"ort::i";
        let quote = '"'; let escaped = '\''; fn f<'ort>(x: &'ort str) {}
        #[cfg(test)]
        mod tests { use ort::j; fn g() { { } } }
        #[cfg(test)]
        mod golden;
        use ort::found;
    "####;
    let found: Vec<Word> = paths(&code(source))
        .into_iter()
        .filter(|word| word.begins_with("ort"))
        .collect();
    assert_eq!(
        found,
        [Word {
            path: "ort::found".into(),
            line: 10
        }]
    );
    assert_eq!(test_modules(source), ["golden"]);
}

#[test]
fn paths_are_whole_however_they_are_spelt() {
    let all: Vec<String> = paths("use std::{env, net::{TcpStream, UdpSocket}}; let x = std::env::var(y); ort::init(); report::ort").into_iter().map(|word| word.path).collect();
    for path in [
        "std::env",
        "std::net::TcpStream",
        "std::net::UdpSocket",
        "std::env::var",
        "ort::init",
        "report::ort",
    ] {
        assert!(
            all.iter().any(|found| found == path),
            "{path} is not in {all:?}"
        );
    }
    let word = |path: &str| Word {
        path: path.into(),
        line: 1,
    };
    assert!(word("ort::session").begins_with("ort") && word("ort").begins_with("ort"));
    assert!(!word("orts::x").begins_with("ort") && !word("report::ort").begins_with("ort"));
}
