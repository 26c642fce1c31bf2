//! Text files as they come: plain or compressed, read line by line, and every complaint names file and line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::error::{Error, Result};

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
}

impl Lines {
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
    fn line(&self) -> Result<Line<'_>> {
        let line = |text| Line {
            path: &self.path,
            number: self.number,
            text,
        };
        match std::str::from_utf8(&self.buffer) {
            Ok(text) => Ok(line(text.trim_end_matches(['\n', '\r']))),
            Err(_) => {
                let got = String::from_utf8_lossy(&self.buffer);
                Err(line("").malformed("line", got.trim_end(), "UTF-8 text"))
            }
        }
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
        Error::Malformed {
            path: self.path.to_owned(),
            line: self.number,
            field,
            got: got.chars().take(QUOTED_CHARS).collect(),
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
