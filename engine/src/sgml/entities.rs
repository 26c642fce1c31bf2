//! Character entities.

use std::borrow::Cow;

/// The longest name, with some room for numbers.
const MAX_NAME_BYTES: usize = 10;

/// ISO 8879's names of Latin-1's characters, from U+00A0 to U+00FF.
const LATIN_1: [&str; 96] = [
    "nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf",
    "laquo", "not", "shy", "reg", "macr", "deg", "plusmn", "sup2", "sup3", "acute", "micro",
    "para", "middot", "cedil", "sup1", "ordm", "raquo", "frac14", "frac12", "frac34", "iquest",
    "Agrave", "Aacute", "Acirc", "Atilde", "Auml", "Aring", "AElig", "Ccedil", "Egrave", "Eacute",
    "Ecirc", "Euml", "Igrave", "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve", "Oacute",
    "Ocirc", "Otilde", "Ouml", "times", "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute",
    "THORN", "szlig", "agrave", "aacute", "acirc", "atilde", "auml", "aring", "aelig", "ccedil",
    "egrave", "eacute", "ecirc", "euml", "igrave", "iacute", "icirc", "iuml", "eth", "ntilde",
    "ograve", "oacute", "ocirc", "otilde", "ouml", "divide", "oslash", "ugrave", "uacute", "ucirc",
    "uuml", "yacute", "thorn", "yuml",
];

/// Names of other characters; `hyph` and `blank` are those of TREC's newspapers.
const OTHERS: [(&str, char); 19] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("hellip", '…'),
    ("bull", '•'),
    ("euro", '€'),
    ("oelig", 'œ'),
    ("hyph", '-'),
    ("blank", ' '),
];

/// `text` with its entities replaced: numbers and the names of Latin-1. Any other stays as it stands.
pub fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match entity(rest) {
            Some((c, length)) => {
                plain.push(c);
                rest = &rest[length..];
            }
            None => plain.push('&'),
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// The character that `text`, behind an `&`, begins with, and the length of its name with the semicolon.
fn entity(text: &str) -> Option<(char, usize)> {
    let length = text
        .bytes()
        .take(MAX_NAME_BYTES)
        .position(|byte| byte == b';')?;
    let name = &text[..length];
    let c = match name.strip_prefix('#') {
        Some(number) => numbered(number)?,
        None => named(name)?,
    };
    Some((c, length + 1))
}

fn named(name: &str) -> Option<char> {
    let latin_1 = LATIN_1.iter().position(|known| *known == name);
    let latin_1 = latin_1.and_then(|at| char::from_u32(0xa0 + at as u32));
    let other = || OTHERS.iter().find(|(known, _)| *known == name);
    latin_1.or_else(|| other().map(|(_, c)| *c))
}

fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(number) => u32::from_str_radix(number, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_replaced_where_they_are_known() {
        for (text, expected) in [
            ("plain", "plain"),
            ("&lt;a&gt; &amp;amp; &quot;b&quot;", "<a> &amp; \"b\""),
            (
                "caf&eacute; &Ouml;l stra&szlig;e &nbsp;&yuml;",
                "café Öl straße \u{a0}ÿ",
            ),
            ("&#233;&#xE9;&#X4e2D;", "éé中"),
            ("on&hyph;going", "on-going"),
            (
                "AT&T; R&D, &unknown; &; &#; &#xD800; & &éééé;",
                "AT&T; R&D, &unknown; &; &#; &#xD800; & &éééé;",
            ),
            ("&", "&"),
        ] {
            assert_eq!(unescaped(text), expected, "{text}");
        }
    }
}
