//! NumPy's format 1.0: a header that says type and shape, then the numbers, row by row.

use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};

use xenoglot_engine::Embeddings;

/// Numbers begin at a multiple of this, so that they can be used where a mapped file lies.
const ALIGNMENT: usize = 64;

/// Vectors as one array of little-endian float32, `[texts, dim]`.
///
/// The header comes first and holds the number of rows, which the end of the input tells: until then, rows wait in a
/// file.
pub(super) struct Npy<W> {
    out: W,
    rows: BufWriter<File>,
    n_rows: u64,
    dim: usize,
}

impl<W: Write> Npy<W> {
    /// Writes to `out` in the end, and to `spool`, an empty file, until then.
    pub(super) fn new(out: W, dim: usize, spool: File) -> Self {
        Self {
            out,
            rows: BufWriter::new(spool),
            n_rows: 0,
            dim,
        }
    }

    /// Adds a row per vector.
    pub(super) fn add(&mut self, vectors: &Embeddings) -> io::Result<()> {
        for number in vectors.view() {
            self.rows.write_all(&number.to_le_bytes())?;
        }
        self.n_rows += vectors.len() as u64;
        Ok(())
    }

    /// Writes header and rows.
    pub(super) fn commit(mut self) -> io::Result<W> {
        self.out.write_all(&header(self.n_rows, self.dim))?;
        let mut rows = self
            .rows
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        rows.rewind()?;
        io::copy(&mut rows, &mut self.out)?;
        Ok(self.out)
    }
}

/// Magic, version, the length of the rest, and a literal of Python, padded with spaces up to the end of its line.
fn header(n_rows: u64, dim: usize) -> Vec<u8> {
    let dict = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({n_rows}, {dim}), }}");
    let before = b"\x93NUMPY\x01\x00".len() + size_of::<u16>();
    let end = (before + dict.len() + 1).next_multiple_of(ALIGNMENT);
    let line = format!("{dict:<width$}\n", width = end - before - 1);
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    // Two numbers of at most twenty digits do not reach beyond 16 bits.
    header.extend((line.len() as u16).to_le_bytes());
    header.extend(line.bytes());
    header
}

#[cfg(test)]
mod tests {
    use xenoglot_engine::{Encoder, HashEncoder, Role};

    use super::*;

    #[test]
    fn rows_follow_the_header_that_counts_them() {
        let encoder = HashEncoder::new(3);
        let mut npy = Npy::new(Vec::new(), 3, tempfile::tempfile().unwrap());
        let mut numbers = Vec::new();
        for texts in [&["tides", "moons"][..], &[], &["bread"]] {
            let vectors = encoder.encode(texts, Role::Plain).unwrap();
            numbers.extend(vectors.view().iter().copied());
            npy.add(&vectors).unwrap();
        }
        let file = npy.commit().unwrap();
        let (start, rest) = file.split_at(128);
        assert_eq!(start, header(3, 3));
        let read = rest
            .as_chunks::<4>()
            .0
            .iter()
            .map(|x| f32::from_le_bytes(*x));
        assert_eq!(read.collect::<Vec<_>>(), numbers);
        assert_eq!(rest.len(), 3 * 3 * 4);
    }

    #[test]
    fn a_header_has_the_dict_that_numpy_reads() {
        for (n_rows, dim) in [(0, 3), (7, 384), (u64::MAX, usize::MAX)] {
            let header = header(n_rows, dim);
            assert_eq!(&header[..8], b"\x93NUMPY\x01\x00");
            let length = u16::from_le_bytes([header[8], header[9]]) as usize;
            assert_eq!((header.len(), header.len() % 64), (10 + length, 0));
            let dict = std::str::from_utf8(&header[10..]).unwrap();
            let expected =
                format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({n_rows}, {dim}), }}");
            assert_eq!(dict.trim_end_matches([' ', '\n']), expected);
            assert!(dict.ends_with('\n'));
        }
        assert_eq!(header(7, 384).len(), 128);
    }
}
