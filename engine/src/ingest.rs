//! Documents → documents with vectors: what happens to a document before it is written, in bulk or one by one.

use rayon::prelude::*;

use crate::document::Document;
use crate::encoder::{Embeddings, Encoder, Role};
use crate::error::Result;
use crate::passage::{PassageSettings, Span, windows};

/// A document and what its encoder made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedded {
    /// The document.
    pub doc: Document,
    /// The parts of its text that were encoded; all of it, where documents are not split.
    pub spans: Vec<Span>,
    /// A vector for each of them.
    pub vectors: Embeddings,
}

/// Encodes `docs`, each split as `passages` says, in one call of the encoder.
///
/// # Errors
/// When the model cannot run.
pub fn embed(
    docs: Vec<Document>,
    encoder: &dyn Encoder,
    passages: Option<PassageSettings>,
) -> Result<Vec<Embedded>> {
    let spans: Vec<Vec<Span>> = docs
        .par_iter()
        .map(|doc| spans_of(doc, encoder, passages))
        .collect::<Result<_>>()?;
    let texts: Vec<String> = docs
        .iter()
        .zip(&spans)
        .flat_map(|(doc, spans)| spans.iter().map(|span| text_of(doc, *span)))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let embeddings = encoder.encode(&texts, Role::Passage)?;
    let mut first = 0;
    let embedded = docs.into_iter().zip(spans).map(|(doc, spans)| {
        let rows: Vec<usize> = (first..first + spans.len()).collect();
        first += spans.len();
        Embedded {
            doc,
            spans,
            vectors: embeddings.select(&rows),
        }
    });
    Ok(embedded.collect())
}

fn spans_of(
    doc: &Document,
    encoder: &dyn Encoder,
    passages: Option<PassageSettings>,
) -> Result<Vec<Span>> {
    let Some(settings) = passages else {
        return Ok(vec![Span::whole(&doc.text)]);
    };
    windows(&doc.text, settings, |text| encoder.n_tokens(text))
}

/// What the encoder sees of a passage: every one of them stands under its document's title.
fn text_of(doc: &Document, span: Span) -> String {
    let passage = span.cut(&doc.text).unwrap_or(&doc.text);
    if doc.title.is_empty() {
        passage.to_owned()
    } else {
        format!("{}\n{passage}", doc.title)
    }
}
