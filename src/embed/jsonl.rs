//! JSON lines: an array of numbers a line, each in its shortest form that reads back as the same 32 bits.

use std::io::{self, Write};

use xenoglot_engine::Embeddings;

/// Vectors as they come, a line each.
pub(super) struct JsonLines<W> {
    out: W,
    row: Vec<f32>,
}

impl<W: Write> JsonLines<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            row: Vec::new(),
        }
    }

    /// Writes a line per vector and holds none back.
    pub(super) fn add(&mut self, vectors: &Embeddings) -> io::Result<()> {
        for i in 0..vectors.len() {
            self.row.clear();
            self.row.extend(vectors.row(i).iter());
            serde_json::to_writer(&mut self.out, &self.row)?;
            self.out.write_all(b"\n")?;
        }
        self.out.flush()
    }

    pub(super) fn commit(self) -> W {
        self.out
    }
}

#[cfg(test)]
mod tests {
    use xenoglot_engine::{Encoder, HashEncoder, Role};

    use super::*;

    #[test]
    fn a_line_reads_back_as_the_same_numbers() {
        let vectors = HashEncoder::new(5).encode(&["tides and moons", "", "bread"], Role::Plain);
        let vectors = vectors.unwrap();
        let mut lines = JsonLines::new(Vec::new());
        lines.add(&vectors).unwrap();
        let text = String::from_utf8(lines.commit()).unwrap();
        let number = |text: &str| text.parse::<f32>().unwrap();
        for (i, line) in text.lines().enumerate() {
            let row: Vec<f32> = line
                .trim_matches(['[', ']'])
                .split(',')
                .map(number)
                .collect();
            assert_eq!(row, vectors.row(i).to_vec(), "{line}");
        }
        assert_eq!(text.lines().nth(1).unwrap(), "[0.0,0.0,0.0,0.0,0.0]");
        assert_eq!(text.lines().count(), 3);
        // Not the 17 digits of a float64.
        assert!(text.lines().all(|line| line.len() < 5 * 14), "{text}");
    }
}
