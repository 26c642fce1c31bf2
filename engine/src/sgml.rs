//! SGML as news collections and topic files have it: tags without a document type, a root or, often, their ends.
//!
//! Nothing is refused: what is no tag is text, a field that nobody closes ends where the next one begins, and an entity
//! that nobody knows stays as it stands.

mod entities;
mod tags;

pub use entities::unescaped;
pub use tags::Tag;

use tags::{Token, tokens};

/// Tags that end a paragraph and not a field.
const PARAGRAPHS: [&str; 2] = ["p", "br"];

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element<'a> {
    /// In small letters.
    pub name: String,
    /// As it stands, with its attributes.
    pub tag: Tag<'a>,
    /// Where the tag begins, in bytes.
    pub offset: usize,
    /// Without tags and entities; paragraphs are lines, and what they were wrapped by is a space.
    pub text: String,
}

/// The first opening tag of `text`.
pub fn first_tag(text: &str) -> Option<Tag<'_>> {
    tokens(text).find_map(|(_, token)| match token {
        Token::Open(tag) => Some(tag),
        _ => None,
    })
}

/// The elements of `text` whose names, in small letters, are `wanted`, in the order in which they begin.
///
/// Where wanted elements stand inside each other, each has the text that is in none inside it.
pub fn elements(text: &str, wanted: impl Fn(&str) -> bool) -> Vec<Element<'_>> {
    let tokens: Vec<(usize, Token<'_>)> = tokens(text).collect();
    let mut elements: Vec<Element<'_>> = Vec::new();
    // The elements around the current token: their positions among `elements` and the tokens that end them.
    let mut around: Vec<(usize, usize)> = Vec::new();
    for (at, (offset, token)) in tokens.iter().enumerate() {
        while around.last().is_some_and(|(_, end)| *end <= at) {
            around.pop();
        }
        match token {
            Token::Open(tag) if wanted(&tag.lower_name()) => {
                around.push((elements.len(), end_of(&tokens, at, tag)));
                elements.push(Element {
                    name: tag.lower_name(),
                    tag: *tag,
                    offset: *offset,
                    text: String::new(),
                });
            }
            Token::Open(Tag { name, .. }) | Token::Close(name) => {
                if let Some((innermost, _)) = around.last() {
                    elements[*innermost].text += if is_paragraph(name) { "\n\n" } else { " " };
                }
            }
            Token::Text(text) => {
                if let Some((innermost, _)) = around.last() {
                    elements[*innermost].text += &unescaped(text);
                }
            }
        }
    }
    for element in &mut elements {
        element.text = reflowed(&element.text);
    }
    elements
}

fn is_paragraph(name: &str) -> bool {
    PARAGRAPHS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

/// The token that ends the element opened at `at`: its closing tag or, where it has none before another of its name, the
/// next tag that is more than a paragraph.
fn end_of(tokens: &[(usize, Token<'_>)], at: usize, opened: &Tag<'_>) -> usize {
    let mut next_tag = None;
    for (at, (_, token)) in tokens.iter().enumerate().skip(at + 1) {
        match token {
            Token::Close(name) if name.eq_ignore_ascii_case(opened.name) => return at,
            Token::Open(tag) if tag.name.eq_ignore_ascii_case(opened.name) => {
                return next_tag.unwrap_or(at);
            }
            Token::Open(Tag { name, .. }) | Token::Close(name) if !is_paragraph(name) => {
                next_tag.get_or_insert(at);
            }
            _ => {}
        }
    }
    next_tag.unwrap_or(tokens.len())
}

/// `text` with one line a paragraph: blank lines part paragraphs, any other white space is one space.
fn reflowed(text: &str) -> String {
    let mut flowed = String::with_capacity(text.len());
    let mut newlines = 0;
    let mut space = false;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            newlines += usize::from(c == '\n');
            space = true;
            continue;
        }
        match flowed.chars().last() {
            Some(_) if newlines > 1 => flowed.push('\n'),
            // Chinese and Japanese lines are wrapped within words, which a space would break.
            Some(last) if newlines == 1 && is_unspaced(last) && is_unspaced(c) => {}
            Some(_) if space => flowed.push(' '),
            _ => {}
        }
        flowed.push(c);
        (newlines, space) = (0, false);
    }
    flowed
}

/// Whether `c` is of a script that puts no spaces between words and wraps lines anywhere.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let wanted = ["title", "text", "num"];
        let found = elements(text, |name| wanted.contains(&name));
        let found: Vec<_> = found
            .iter()
            .map(|element| (element.name.as_str(), element.text.as_str()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn fields_are_found_whatever_stands_around_them() {
        check(
            "<TITLE>a\n b</TITLE><text>c</TEXT>",
            &[("title", "a b"), ("text", "c")],
        );
        check(
            "<TEXT>\n<P>\na\nb\n</P>\n<P>c</P></TEXT>",
            &[("text", "a b\nc")],
        );
        check(
            "<text>a <b>bold</b> word\n\nnew</text>",
            &[("text", "a bold word\nnew")],
        );
        check(
            "<text>a &amp; b &lt;c&gt; 3 < 4 <5</text>",
            &[("text", "a & b <c> 3 < 4 <5")],
        );
        check("<text>a<!-- no <title> -->b</text>", &[("text", "ab")]);
        check("<text>東\n京 は</text>", &[("text", "東京 は")]);
        check("<body><title>t</title>lost</body>", &[("title", "t")]);
        check(
            "<text>a<title>t</title>b</text>",
            &[("text", "a b"), ("title", "t")],
        );
        check("<text/><title></title>", &[("text", ""), ("title", "")]);
    }

    #[test]
    fn a_field_that_nobody_closes_ends_where_the_next_begins() {
        check(
            "<num> Number: 7\n<title> a\n<p>b\n<desc> lost\n</top>",
            &[("num", "Number: 7"), ("title", "a\nb")],
        );
        check("<text>a<text>b", &[("text", "a"), ("text", "b")]);
        check("</text><title", &[]);
        check("<title>a</b>c", &[("title", "a")]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(<|>|/|!|-|&|;|title|text|\"|=|\\PC|\n){0,60}") {
            for element in elements(&text, |_| true) {
                prop_assert!(text.is_char_boundary(element.offset));
                prop_assert_eq!(element.text.trim(), &element.text);
            }
        }

        #[test]
        fn what_is_escaped_comes_back(text in "[\\PC\n]{0,40}") {
            let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
            let document = format!("<x><text>{escaped}</text>");
            prop_assert_eq!(&elements(&document, |name| name == "text")[0].text, &reflowed(&text));
        }
    }
}
