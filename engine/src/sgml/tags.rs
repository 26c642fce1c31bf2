//! Text between tags, and the tags.

use std::borrow::Cow;

use super::unescaped;

/// A piece of SGML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Text(&'a str),
    Open(Tag<'a>),
    Close(&'a str),
}

/// An opening tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag<'a> {
    /// As it is spelled.
    pub name: &'a str,
    attributes: &'a str,
}

impl<'a> Tag<'a> {
    pub(super) fn lower_name(&self) -> String {
        self.name.to_ascii_lowercase()
    }

    /// The value of an attribute, with or without quotation marks around it.
    pub fn attribute(&self, wanted: &str) -> Option<Cow<'a, str>> {
        let mut rest = self.attributes;
        loop {
            let (name, after) = rest.split_once('=')?;
            let after = after.trim_start();
            let (value, after) = match after.chars().next() {
                Some(mark @ ('"' | '\'')) => after[1..].split_once(mark)?,
                _ => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
            };
            // What stands before the name had no value.
            let name = name.split_whitespace().next_back();
            if name.is_some_and(|name| name.eq_ignore_ascii_case(wanted)) {
                return Some(unescaped(value));
            }
            rest = after;
        }
    }
}

/// The pieces of `text`, each with the byte at which it begins. Comments and declarations are left out.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = (usize, Token<'_>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() {
            let start = at;
            match markup(&text[start..]) {
                Some((token, length)) => {
                    at += length;
                    if let Some(token) = token {
                        return Some((start, token));
                    }
                }
                None => {
                    at = text_end(text, start);
                    return Some((start, Token::Text(&text[start..at])));
                }
            }
        }
        None
    })
}

/// Where the text that begins at `start` gives way to a `<` that may be a tag.
fn text_end(text: &str, start: usize) -> usize {
    let after = text[start..].char_indices().nth(1);
    let after = after.map_or(text.len(), |(length, _)| start + length);
    text[after..]
        .find('<')
        .map_or(text.len(), |found| after + found)
}

/// The tag that `text` begins with and its length; no token for a comment or a declaration, nothing for plain text.
fn markup(text: &str) -> Option<(Option<Token<'_>>, usize)> {
    let inner = text.strip_prefix('<')?;
    if let Some(comment) = inner.strip_prefix("!--") {
        let length = comment.find("-->")?;
        return Some((None, "<!--".len() + length + "-->".len()));
    }
    // A `<` before the `>` means that the first was a sign and no tag.
    let end = inner.find(['<', '>'])?;
    let (inner, bracket) = inner.split_at(end);
    if !bracket.starts_with('>') {
        return None;
    }
    let length = "<".len() + end + ">".len();
    if inner.starts_with(['!', '?']) {
        return Some((None, length));
    }
    let (name, closes) = match inner.strip_prefix('/') {
        Some(name) => (name, true),
        None => (inner, false),
    };
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    let (name, attributes) = name.split_at(name.find(|c| !is_name(c)).unwrap_or(name.len()));
    if !attributes.is_empty() && !attributes.starts_with(|c: char| c.is_whitespace() || c == '/') {
        return None;
    }
    let token = match closes {
        true => Token::Close(name),
        false => Token::Open(Tag { name, attributes }),
    };
    Some((Some(token), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_however_they_are_quoted() {
        let text = "<top lang='hi' id=\"a &amp; b\" type=story checked n = 3>";
        let Some((_, Token::Open(tag))) = tokens(text).next() else {
            panic!("{text}");
        };
        for (name, value) in [
            ("lang", Some("hi")),
            ("ID", Some("a & b")),
            ("type", Some("story")),
            ("n", Some("3")),
            ("checked", None),
            ("no", None),
        ] {
            assert_eq!(tag.attribute(name).as_deref(), value, "{name}");
        }
    }

    #[test]
    fn text_and_tags_are_told_apart() {
        let names: Vec<_> = tokens("a<b c>d</E-f>< g<?h?><!i><j/>k<é>")
            .map(|(offset, token)| match token {
                Token::Text(text) => (offset, "text", text),
                Token::Open(tag) => (offset, "open", tag.name),
                Token::Close(name) => (offset, "close", name),
            })
            .collect();
        let expected = [
            (0, "text", "a"),
            (1, "open", "b"),
            (6, "text", "d"),
            (7, "close", "E-f"),
            (13, "text", "< g"),
            (25, "open", "j"),
            (29, "text", "k"),
            (30, "text", "<é>"),
        ];
        assert_eq!(names, expected);
    }
}
