//! The first bytes of every file of vectors: what they are, and how many.

use std::path::Path;

use crate::error::{Error, Result};

/// Bytes of a header: a line of the cache, so that rows behind it begin with one.
pub(super) const HEADER: usize = 64;

const MAGIC: [u8; 4] = *b"XVEC";
/// Raised whenever bytes change their meaning.
const VERSION: u32 = 1;

/// What the numbers of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    Codes,
    F16,
    F32,
}

impl Numbers {
    fn name(self) -> [u8; 4] {
        match self {
            Self::Codes => *b"i8  ",
            Self::F16 => *b"f16 ",
            Self::F32 => *b"f32 ",
        }
    }
}

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) numbers: Numbers,
    pub(super) dim: usize,
    pub(super) n_vectors: usize,
    /// Of the full vectors that lie beside codes; nothing where there are none.
    pub(super) full: Option<Numbers>,
}

impl Header {
    pub(super) fn to_bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&VERSION.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.numbers.name());
        bytes[12..16].copy_from_slice(&(self.dim as u32).to_le_bytes());
        bytes[16..24].copy_from_slice(&(self.n_vectors as u64).to_le_bytes());
        bytes[24..28].copy_from_slice(&self.full.map_or([0; 4], Numbers::name));
        bytes
    }

    /// What the header of `file`, which lies at `path`, says; it must be of `numbers` and vectors of `dim`.
    pub(super) fn read(file: &[u8], path: &Path, numbers: Numbers, dim: usize) -> Result<Self> {
        let damaged = |found: String, expected: String| Error::Damaged {
            path: path.to_owned(),
            found,
            expected,
        };
        let expect = |what: &str, at: usize, expected: [u8; 4]| {
            let found = &file[at..at + 4];
            if found == expected {
                return Ok(());
            }
            let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
            Err(damaged(format!("{what} {}", text(found)), text(&expected)))
        };
        if file.len() < HEADER {
            return Err(damaged(
                format!("{} bytes", file.len()),
                format!("a header of {HEADER}"),
            ));
        }
        expect("magic number", 0, MAGIC)?;
        expect("version", 4, VERSION.to_le_bytes())?;
        expect("numbers of kind", 8, numbers.name())?;
        let found_dim = u32_at(file, 12) as usize;
        if found_dim != dim {
            return Err(damaged(
                format!("vectors of {found_dim} numbers"),
                format!("{dim}"),
            ));
        }
        let n_vectors = u64::from(u32_at(file, 16)) | u64::from(u32_at(file, 20)) << 32;
        if n_vectors > u64::from(super::MAX_VECTORS) {
            return Err(damaged(
                format!("{n_vectors} vectors"),
                format!("at most {}", super::MAX_VECTORS),
            ));
        }
        let full = [Numbers::F32, Numbers::F16]
            .into_iter()
            .find(|numbers| file[24..28] == numbers.name());
        Ok(Self {
            numbers,
            dim,
            n_vectors: n_vectors as usize,
            full,
        })
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

/// Refuses a file that is not as long as its header asks.
pub(super) fn check_len(path: &Path, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::Damaged {
        path: path.to_owned(),
        found: format!("{found} bytes"),
        expected: format!("{expected}"),
    })
}
