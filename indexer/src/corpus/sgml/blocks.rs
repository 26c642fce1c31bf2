//! A file of `<DOC>`s → the bytes of each.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use xenoglot_engine::Result;
use xenoglot_engine::input::{Line, Lines};

/// The longest document that is read: one in memory, whatever the file.
const MAX_BYTES: usize = 64 << 20;

/// The bytes of one document, from its `<DOC>` on.
pub(super) struct Block {
    /// The line in which `<DOC>` stands.
    pub(super) line: u64,
    pub(super) bytes: Vec<u8>,
}

/// The documents of a file, as they come.
pub(super) struct Blocks {
    lines: Lines,
    path: Arc<Path>,
    open: Option<Block>,
    complete: VecDeque<Block>,
    ended: bool,
}

impl Blocks {
    pub(super) fn new(lines: Lines, path: Arc<Path>) -> Self {
        Self {
            lines,
            path,
            open: None,
            complete: VecDeque::new(),
            ended: false,
        }
    }

    /// Takes one more line in.
    fn read_line(&mut self) -> Result<()> {
        // Where a file breaks off, what it broke off in is no document.
        self.ended = true;
        let next = self.lines.next_bytes().inspect_err(|_| self.open = None)?;
        let Some((number, mut bytes)) = next else {
            self.complete.extend(self.open.take());
            return Ok(());
        };
        self.ended = false;
        while let Some((at, tag)) = find_tag(bytes, self.open.is_some()) {
            if let Some(mut block) = self.open.take() {
                block.bytes.extend_from_slice(&bytes[..at]);
                self.complete.push_back(block);
            }
            if tag == OPEN {
                self.open = Some(Block {
                    line: number,
                    bytes: tag.to_vec(),
                });
            }
            bytes = &bytes[at + tag.len()..];
        }
        let Some(block) = &mut self.open else {
            return Ok(());
        };
        block.bytes.extend_from_slice(bytes);
        if block.bytes.len() <= MAX_BYTES {
            return Ok(());
        }
        let line = Line {
            path: &self.path,
            number: block.line,
            text: "",
        };
        let error = line.malformed("DOC", "more than 64 MiB", "`</DOC>` before that");
        self.open = None;
        Err(error)
    }
}

impl Iterator for Blocks {
    type Item = Result<Block>;

    fn next(&mut self) -> Option<Result<Block>> {
        while self.complete.is_empty() && !self.ended {
            if let Err(error) = self.read_line() {
                return Some(Err(error));
            }
        }
        self.complete.pop_front().map(Ok)
    }
}

const OPEN: &[u8] = b"<doc";
const CLOSE: &[u8] = b"</doc";

/// Where the next `<DOC` is or, in a document, the next `</DOC` if that comes first; not `<DOCNO`.
fn find_tag(bytes: &[u8], in_document: bool) -> Option<(usize, &'static [u8])> {
    let is_tag = |at: usize, tag: &[u8]| {
        let found = bytes[at..].get(..tag.len());
        let behind = bytes.get(at + tag.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(tag))
            && behind.is_none_or(|byte| *byte == b'>' || byte.is_ascii_whitespace())
    };
    let brackets = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'<');
    let mut at = brackets.map(|(at, _)| at);
    at.find_map(|at| match at {
        at if is_tag(at, OPEN) => Some((at, OPEN)),
        at if in_document && is_tag(at, CLOSE) => Some((at, CLOSE)),
        _ => None,
    })
}
