//! The bytes of a pickle, in order.

use super::Found;

pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn n_left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    pub(super) fn byte(&mut self) -> Found<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Found<[u8; N]> {
        let bytes = self.take(N)?;
        bytes.first_chunk().copied().ok_or_else(cut_short)
    }

    /// The bytes behind their own number, which takes 1, 4 or 8 bytes.
    pub(super) fn counted(&mut self, len_bytes: usize) -> Found<&'a [u8]> {
        let mut len = [0; 8];
        for (slot, byte) in len.iter_mut().zip(self.take(len_bytes)?) {
            *slot = *byte;
        }
        let len = usize::try_from(u64::from_le_bytes(len)).map_err(|_| cut_short())?;
        self.take(len)
    }

    /// The text before the next end of a line.
    pub(super) fn line(&mut self) -> Found<&'a str> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let len = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(cut_short)?;
        let line = self.take(len)?;
        self.take(1)?;
        std::str::from_utf8(line).map_err(|_| "a name is not UTF-8".into())
    }

    fn take(&mut self, len: usize) -> Found<&'a [u8]> {
        let end = self.at.checked_add(len).ok_or_else(cut_short)?;
        let taken = self.bytes.get(self.at..end).ok_or_else(cut_short)?;
        self.at = end;
        Ok(taken)
    }
}

fn cut_short() -> String {
    "the pickle ends too early; it may be cut short".into()
}
