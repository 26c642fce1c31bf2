//! How the bytes of old collections stand for characters.

use std::borrow::Cow;
use std::str::FromStr;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::error::Error;

/// The encoding of a text file: a named one, or the default, UTF-8 unless the text itself says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TextEncoding(Option<&'static Encoding>);

impl FromStr for TextEncoding {
    type Err = Error;

    /// Reads `auto` and the labels of the WHATWG's Encoding Standard: `latin1`, `iso-8859-2`, `koi8-r`, `gbk`, …
    fn from_str(label: &str) -> Result<Self, Error> {
        if label == "auto" {
            return Ok(Self::default());
        }
        // Lines and tags are found before characters are: they have to be the bytes that they are in ASCII.
        let named =
            Encoding::for_label(label.as_bytes()).filter(|named| named.is_ascii_compatible());
        named
            .map(|named| Self(Some(named)))
            .ok_or_else(|| Error::Setting {
                name: "the encoding",
                got: label.to_owned(),
                expected: "auto or a label such as utf-8, latin1, windows-1251 or gb18030",
            })
    }
}

impl TextEncoding {
    /// The characters of `bytes`, or nothing where nobody named an encoding and they are not UTF-8.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self.0 {
            Some(named) => Some(named.decode_without_bom_handling(bytes).0),
            None => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        }
    }

    /// The characters of `bytes`, which nobody refuses.
    ///
    /// Without a name they are UTF-8 if most of what lies beyond ASCII is; otherwise windows-1252, which is Latin-1
    /// with quotation marks and dashes where Latin-1 has nothing that anybody writes.
    pub fn decode_or_guess(self, bytes: &[u8]) -> Cow<'_, str> {
        if let Some(text) = self.decode(bytes) {
            return text;
        }
        let (utf8, _) = UTF_8.decode_without_bom_handling(bytes);
        let broken = utf8.matches(char::REPLACEMENT_CHARACTER).count();
        let whole = utf8.chars().filter(|c| !c.is_ascii()).count() - broken;
        if whole > broken {
            utf8
        } else {
            WINDOWS_1252.decode_without_bom_handling(bytes).0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(label: &str, bytes: &[u8], expected: &str) {
        let encoding: TextEncoding = label.parse().unwrap();
        assert_eq!(encoding.decode_or_guess(bytes), expected, "{label}");
    }

    #[test]
    fn bytes_are_read_as_they_were_meant() {
        check("auto", "Åland и 東京".as_bytes(), "Åland и 東京");
        check("auto", b"M\xfcnchen \x84z\xe4h\x93", "München „zäh“");
        // One bad byte does not make Latin-1 of a Russian text.
        check(
            "auto",
            b"\xd0\xb4\xd0\xb0 \xff \xd0\xb4\xd0\xb0",
            "да \u{fffd} да",
        );
        check("latin1", "é".as_bytes(), "Ã©");
        check("windows-1251", b"\xe4\xe0", "да");
        check("gb18030", b"\xd6\xd0\xce\xc4", "中文");
    }

    #[test]
    fn an_unknown_encoding_and_one_that_hides_line_ends_are_refused() {
        for label in ["latin-99", "", "utf-16le"] {
            let error = label.parse::<TextEncoding>().unwrap_err().to_string();
            assert!(error.contains("expected auto or a label"), "{error}");
        }
    }
}
