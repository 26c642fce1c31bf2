//! Text files as they come: plain or compressed, read line by line, and every complaint names file and line.

mod document;
mod encoding;

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::error::{Error, Result};

pub use document::{checked_document, read_document, read_language};
pub use encoding::TextEncoding;

/// A reader whose first bytes were looked at and put back.
type Rewound<R> = Chain<Cursor<Vec<u8>>, R>;

/// Archives made with `zstd --long=31` need this window; smaller ones take only what they need.
const ZSTD_WINDOW_LOG: u32 = 31;

/// The longest line that is read: one record in memory, whatever the file.
const MAX_LINE_BYTES: u64 = 64 << 20;

/// How much of a bad line an error quotes.
const QUOTED_CHARS: usize = 80;

/// The lines of the file at `path`: plain, gzip or zstd text, told by its first bytes. A byte order mark is skipped.
///
/// A file named `.gz` or `.zst` has to be what it says. A compressed file that ends too early is an error at its
/// end ([`io::ErrorKind::UnexpectedEof`]), never a short read.
///
/// # Errors
/// When the file cannot be opened or its first block cannot be read.
pub fn open_lines(path: &Path) -> Result<Lines> {
    let file = File::open(path).map_err(|source| cannot_read(path, source))?;
    read_lines(path, file)
}

/// The text of the file at `path`, unpacked as [`open_lines`] does.
///
/// # Errors
/// Those of [`open_lines`].
pub(crate) fn open_text(path: &Path) -> Result<impl BufRead + Send + use<>> {
    let text = File::open(path).and_then(|file| unpacked(path, file));
    text.map_err(|source| cannot_read(path, source))
}

/// The lines of `bytes`, unpacked as [`open_lines`] does; `path` is what they are called.
///
/// # Errors
/// When the first block cannot be read.
pub fn read_lines(path: &Path, bytes: impl Read + Send + 'static) -> Result<Lines> {
    let reader = unpacked(path, bytes).map_err(|source| cannot_read(path, source))?;
    Ok(Lines {
        path: path.to_owned(),
        reader,
        number: 0,
        buffer: Vec::new(),
        encoding: TextEncoding::default(),
        decoded: String::new(),
        peeked: false,
    })
}

fn unpacked(path: &Path, bytes: impl Read + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    let (start, bytes) = look_ahead::<4>(BufReader::new(bytes))?;
    match Compression::of(path, &start) {
        Compression::None => without_mark(bytes),
        Compression::Gzip if start.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
        Compression::Gzip => without_mark(BufReader::new(MultiGzDecoder::new(bytes))),
        Compression::Zstd if start.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
        Compression::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(bytes)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            without_mark(BufReader::new(decoder))
        }
    }
}

/// The lines of a text file, one at a time; memory is bounded by the longest.
pub struct Lines {
    path: PathBuf,
    reader: Box<dyn BufRead + Send>,
    number: u64,
    buffer: Vec<u8>,
    encoding: TextEncoding,
    /// The line in the buffer, where it is not UTF-8 as it stands.
    decoded: String,
    /// The line in the buffer was looked at and is still to be read.
    peeked: bool,
}

impl Lines {
    /// The same lines, in another encoding than UTF-8.
    pub fn in_encoding(self, encoding: TextEncoding) -> Self {
        Self { encoding, ..self }
    }

    /// The bytes of the first line that holds more than white space, which is still to be read; nothing in a file
    /// without one.
    ///
    /// # Errors
    /// When reading fails.
    pub fn peek(&mut self) -> Result<Option<&[u8]>> {
        while self.read()? {
            if !self.buffer.trim_ascii().is_empty() {
                self.peeked = true;
                return Ok(Some(&self.buffer));
            }
        }
        Ok(None)
    }

    /// The bytes of the next line with its end, blank or not, and its number; nothing at the end of the file.
    ///
    /// # Errors
    /// When reading fails.
    pub fn next_bytes(&mut self) -> Result<Option<(u64, &[u8])>> {
        let more = self.read()?;
        Ok(more.then_some((self.number, &self.buffer)))
    }

    /// All that is still to be read, in an encoding that is guessed where nobody named it.
    ///
    /// # Errors
    /// When reading fails.
    pub fn rest(mut self) -> Result<Rest> {
        let first_line = self.number + u64::from(!self.peeked);
        let mut bytes = match self.peeked {
            true => std::mem::take(&mut self.buffer),
            false => Vec::new(),
        };
        let read = self.reader.read_to_end(&mut bytes);
        read.map_err(|source| cannot_read(&self.path, source))?;
        Ok(Rest {
            text: self.encoding.decode_or_guess(&bytes).into_owned(),
            path: self.path,
            first_line,
        })
    }

    /// The next line that holds more than white space, or nothing at the end of the file.
    ///
    /// # Errors
    /// When reading fails, when a compressed file ends too early, or when a line is not UTF-8.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>> {
        while self.read()? {
            if !self.buffer.trim_ascii().is_empty() {
                return self.line().map(Some);
            }
        }
        Ok(None)
    }

    /// The next line, blank ones too, or nothing at the end of the file.
    ///
    /// # Errors
    /// Those of [`next_line`](Self::next_line).
    pub fn next_line_or_blank(&mut self) -> Result<Option<Line<'_>>> {
        if self.read()? {
            self.line().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Fills the buffer with the next line; false at the end of the file.
    fn read(&mut self) -> Result<bool> {
        if std::mem::take(&mut self.peeked) {
            return Ok(true);
        }
        self.buffer.clear();
        let mut line = (&mut self.reader).take(MAX_LINE_BYTES);
        let read = line.read_until(b'\n', &mut self.buffer);
        let read = read.map_err(|source| cannot_read(&self.path, source))? as u64;
        if read == MAX_LINE_BYTES {
            let problem = format!(
                "line {} is longer than {MAX_LINE_BYTES} bytes",
                self.number + 1
            );
            let source = io::Error::new(io::ErrorKind::InvalidData, problem);
            return Err(cannot_read(&self.path, source));
        }
        self.number += u64::from(read > 0);
        Ok(read > 0)
    }

    /// The line in the buffer.
    fn line(&mut self) -> Result<Line<'_>> {
        let text = match self.encoding.decode(&self.buffer) {
            Some(Cow::Borrowed(text)) => text,
            Some(Cow::Owned(text)) => {
                self.decoded = text;
                &self.decoded
            }
            None => {
                let got = String::from_utf8_lossy(&self.buffer);
                let line = Line {
                    path: &self.path,
                    number: self.number,
                    text: "",
                };
                return Err(line.malformed("line", got.trim_end(), "UTF-8 text"));
            }
        };
        Ok(Line {
            path: &self.path,
            number: self.number,
            text: text.trim_end_matches(['\n', '\r']),
        })
    }
}

/// The rest of a text file, for formats whose records do not end with a line.
#[derive(Debug)]
pub struct Rest {
    /// The file.
    pub path: PathBuf,
    /// All of it.
    pub text: String,
    first_line: u64,
}

impl Rest {
    /// The line in which the byte at `offset` stands, without its text.
    pub fn line_at(&self, offset: usize) -> Line<'_> {
        let before = self.text.as_bytes().iter().take(offset);
        Line {
            path: &self.path,
            number: self.first_line + before.filter(|byte| **byte == b'\n').count() as u64,
            text: "",
        }
    }
}

/// A field between tabs as it was meant: what Python's `csv` module quoted is unquoted.
///
/// That module quotes a field only for the sake of a quotation mark or a tab in it, and doubles the marks. A query
/// that somebody put in quotation marks has no doubled ones inside, and keeps its own.
pub fn unquoted(field: &str) -> Cow<'_, str> {
    let inner = field
        .strip_prefix('"')
        .and_then(|field| field.strip_suffix('"'));
    match inner {
        Some(inner) if inner.contains("\"\"") && !inner.replace("\"\"", "").contains('"') => {
            Cow::Owned(inner.replace("\"\"", "\""))
        }
        _ => Cow::Borrowed(field),
    }
}

/// A line of a text file, and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The file.
    pub path: &'a Path,
    /// From 1.
    pub number: u64,
    /// Without the line's end.
    pub text: &'a str,
}

impl Line<'_> {
    /// The error that says what is wrong with a field of this line.
    pub fn malformed(&self, field: &'static str, got: &str, expected: &'static str) -> Error {
        let got = got.chars().take(QUOTED_CHARS).collect();
        self.malformed_in_full(field, got, expected)
    }

    /// The same with all of what was got, however long: where it is what there is to choose from.
    pub(crate) fn malformed_in_full(
        &self,
        field: &'static str,
        got: String,
        expected: &'static str,
    ) -> Error {
        Error::Malformed {
            path: self.path.to_owned(),
            line: self.number,
            field,
            got,
            expected,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// A name that promises a compression is held to it; without one, the first bytes decide.
    fn of(path: &Path, start: &[u8]) -> Self {
        let extension = path.extension().unwrap_or_default();
        if extension == "gz" || start.starts_with(&[0x1f, 0x8b]) {
            Self::Gzip
        } else if extension == "zst" || start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Self::Zstd
        } else {
            Self::None
        }
    }
}

fn without_mark<R: BufRead + Send + 'static>(reader: R) -> io::Result<Box<dyn BufRead + Send>> {
    let (start, mut reader) = look_ahead::<3>(reader)?;
    if start == "\u{feff}".as_bytes() {
        reader.consume(start.len());
    }
    Ok(Box::new(reader))
}

/// The first `N` bytes, fewer in a shorter file, and a reader that still gives them.
fn look_ahead<const N: usize>(
    mut reader: impl BufRead,
) -> io::Result<(Vec<u8>, Rewound<impl BufRead>)> {
    let mut start = Vec::with_capacity(N);
    reader.by_ref().take(N as u64).read_to_end(&mut start)?;
    let rewound = Cursor::new(start.clone()).chain(reader);
    Ok((start, rewound))
}

fn cannot_read(path: &Path, source: io::Error) -> Error {
    Error::Read {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const TEXT: &str = "\u{feff}one\r\n\n  \nzwei\ndrei";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 1).unwrap()
    }

    fn read(name: &str, bytes: &[u8]) -> Result<Vec<(u64, String)>> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let mut lines = open_lines(&path)?;
        let mut read = Vec::new();
        while let Some(line) = lines.next_line()? {
            read.push((line.number, line.text.to_owned()));
        }
        Ok(read)
    }

    #[track_caller]
    fn check_lines(name: &str, bytes: &[u8]) {
        let expected = [(1, "one"), (4, "zwei"), (5, "drei")].map(|(n, text)| (n, text.to_owned()));
        assert_eq!(read(name, bytes).unwrap(), expected, "{name}");
    }

    #[test]
    fn text_is_the_same_however_it_was_packed() {
        check_lines("plain.txt", TEXT.as_bytes());
        check_lines("packed.gz", &gzip(TEXT.as_bytes()));
        check_lines("packed.zst", &zstd(TEXT.as_bytes()));
        check_lines("no-extension", &gzip(TEXT.as_bytes()));
        check_lines("no-extension", &zstd(TEXT.as_bytes()));
        let (head, tail) = TEXT.as_bytes().split_at(6);
        check_lines("two-members.gz", &[gzip(head), gzip(tail)].concat());
        check_lines("two-frames.zst", &[zstd(head), zstd(tail)].concat());
    }

    #[test]
    fn an_empty_text_has_no_lines() {
        for (name, bytes) in [("a.txt", vec![]), ("a.gz", gzip(b"")), ("a.zst", zstd(b""))] {
            assert_eq!(read(name, &bytes).unwrap(), [], "{name}");
        }
    }

    #[test]
    fn blank_lines_are_lines_for_those_who_ask() {
        let mut lines = read_lines(Path::new("-"), TEXT.as_bytes()).unwrap();
        let mut read = Vec::new();
        while let Some(line) = lines.next_line_or_blank().unwrap() {
            read.push((line.number, line.text.to_owned()));
        }
        let expected = [(1, "one"), (2, ""), (3, "  "), (4, "zwei"), (5, "drei")];
        assert_eq!(read, expected.map(|(n, text)| (n, text.to_owned())));
    }

    #[test]
    fn what_was_looked_at_is_still_read() {
        let mut lines = read_lines(Path::new("-"), TEXT.as_bytes()).unwrap();
        for _ in 0..2 {
            assert_eq!(lines.peek().unwrap(), Some("one\r\n".as_bytes()));
        }
        assert_eq!(lines.next_line().unwrap().unwrap().number, 1);
        assert_eq!(lines.peek().unwrap(), Some("zwei\n".as_bytes()));
        let rest = lines.rest().unwrap();
        assert_eq!(rest.text, "zwei\ndrei");
        assert_eq!(rest.line_at(5).number, 5);
        let rest = read_lines(Path::new("-"), TEXT.as_bytes()).unwrap().rest();
        assert_eq!(rest.unwrap().line_at(6).number, 3);
    }

    #[test]
    fn a_named_encoding_is_that_of_every_line() {
        let lines = read_lines(Path::new("-"), &b"f\xfcnf\n\xe9t\xe9"[..]).unwrap();
        let mut lines = lines.in_encoding("latin1".parse().unwrap());
        assert_eq!(lines.next_line().unwrap().unwrap().text, "fünf");
        assert_eq!(lines.next_line().unwrap().unwrap().text, "été");
    }

    #[test]
    fn only_what_was_quoted_by_a_machine_is_unquoted() {
        for (field, expected) in [
            ("plain", "plain"),
            (r#""Series ""Tehran"" ""#, r#"Series "Tehran" "#),
            (r#""""All"" of it""#, r#""All" of it"#),
            (r#""a whole title""#, r#""a whole title""#),
            (r#""Cry" and "whisper""#, r#""Cry" and "whisper""#),
            ("\"", "\""),
            ("\"\"", "\"\""),
        ] {
            assert_eq!(unquoted(field), expected, "{field}");
        }
    }

    #[test]
    fn a_compressed_file_cut_anywhere_is_an_error_that_names_it() {
        let lines: String = (0..40_000).map(|i| format!("{}\n", i * 7919)).collect();
        for (name, whole) in [
            ("cut.gz", gzip(lines.as_bytes())),
            ("cut.zst", zstd(lines.as_bytes())),
        ] {
            assert_eq!(read(name, &whole).unwrap().len(), 40_000);
            for kept in [0, 1, 3, 9, whole.len() / 2, whole.len() - 1] {
                let error = read(name, &whole[..kept]).unwrap_err();
                assert!(error.to_string().contains(name), "{kept} bytes: {error}");
            }
        }
    }

    #[test]
    fn a_name_that_promises_compression_is_held_to_it() {
        for name in ["plain.gz", "plain.zst"] {
            assert!(read(name, b"some text\n").is_err(), "{name}");
        }
    }

    #[test]
    fn text_that_is_not_utf8_is_refused_with_file_and_line() {
        let error = read("latin1.txt", b"eins\nf\xfcnf\n")
            .unwrap_err()
            .to_string();
        assert!(
            error.ends_with("latin1.txt:2: field `line`: got \"f\u{fffd}nf\", expected UTF-8 text"),
            "{error}"
        );
    }
}
