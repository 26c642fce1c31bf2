//! Writes ↔ bytes of a record of the log.
//!
//! A record is a sequence of writes. Each begins with a byte that says what it is; a document follows as JSON, then where its
//! passages begin and end, then their vectors; of a document that is deleted, its id. Numbers are little-endian.

use ndarray::Array2;

use crate::document::{DocId, Document};
use crate::encoder::Embeddings;
use crate::ingest::Embedded;
use crate::passage::Span;

use super::buffer::Write;

const PUT: u8 = 1;
const DELETE: u8 = 2;

/// The bytes of `writes`.
pub(super) fn encode(writes: &[Write]) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for write in writes {
        match write {
            Write::Put(put) => {
                bytes.push(PUT);
                push_bytes(&mut bytes, &serde_json::to_vec(&put.doc)?);
                push_word(&mut bytes, put.spans.len());
                for span in &put.spans {
                    bytes.extend(span.start.to_le_bytes());
                    bytes.extend(span.end.to_le_bytes());
                }
                for number in put.vectors.view() {
                    bytes.extend(number.to_le_bytes());
                }
            }
            Write::Delete(id) => {
                bytes.push(DELETE);
                push_bytes(&mut bytes, id.0.as_bytes());
            }
        }
    }
    Ok(bytes)
}

fn push_word(bytes: &mut Vec<u8>, number: usize) {
    // A record is bounded far below what a word holds.
    bytes.extend((number as u32).to_le_bytes());
}

fn push_bytes(bytes: &mut Vec<u8>, content: &[u8]) {
    push_word(bytes, content.len());
    bytes.extend(content);
}

/// The writes in `bytes`, with vectors of `dim` numbers; `None` where they are no record.
pub(super) fn decode(bytes: &[u8], dim: usize) -> Option<Vec<Write>> {
    let mut rest = Reader(bytes);
    let mut writes = Vec::new();
    while !rest.0.is_empty() {
        writes.push(match rest.take(1)? {
            [PUT] => Write::Put(put(&mut rest, dim)?),
            [DELETE] => {
                let n = rest.word()? as usize;
                Write::Delete(DocId::from(std::str::from_utf8(rest.take(n)?).ok()?))
            }
            _ => return None,
        });
    }
    Some(writes)
}

fn put(rest: &mut Reader<'_>, dim: usize) -> Option<Embedded> {
    let n = rest.word()? as usize;
    let doc: Document = serde_json::from_slice(rest.take(n)?).ok()?;
    let n = rest.word()? as usize;
    let (spans, []) = rest.take(n.checked_mul(8)?)?.as_chunks::<8>() else {
        return None;
    };
    let spans = spans.iter().map(|&[a, b, c, d, e, f, g, h]| Span {
        start: u32::from_le_bytes([a, b, c, d]),
        end: u32::from_le_bytes([e, f, g, h]),
    });
    let (numbers, []) = rest
        .take(n.checked_mul(dim)?.checked_mul(4)?)?
        .as_chunks::<4>()
    else {
        return None;
    };
    let numbers = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes));
    let vectors = Array2::from_shape_vec((n, dim), numbers.collect()).ok()?;
    Some(Embedded {
        doc,
        spans: spans.collect(),
        vectors: Embeddings::of_unit_rows(vectors),
    })
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    fn word(&mut self) -> Option<u32> {
        let (word, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*word))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::encoder::{Encoder, HashEncoder, Role};

    fn put(id: &str, text: &str) -> Write {
        let vectors = HashEncoder::new(4)
            .encode(&[text, id], Role::Passage)
            .unwrap();
        let span = Span::whole(text);
        Write::Put(Embedded {
            doc: Document {
                id: id.into(),
                lang: "sw".parse().unwrap(),
                title: String::new(),
                text: text.into(),
                meta: Default::default(),
            },
            spans: vec![span, span],
            vectors,
        })
    }

    #[test]
    fn what_goes_in_comes_out() {
        let writes = vec![put("a", "maji"), Write::Delete("b".into()), put("ç", "")];
        let bytes = encode(&writes).unwrap();
        assert_eq!(decode(&bytes, 4), Some(writes));
        for end in 1..bytes.len() {
            if let Some(writes) = decode(&bytes[..end], 4) {
                assert!(writes.len() < 3, "{end}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_trouble(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes, 4);
        }
    }
}
