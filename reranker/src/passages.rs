//! The best passage speaks for its document.

use std::sync::Arc;

use rayon::prelude::*;
use xenoglot_engine::passage::passages;
use xenoglot_engine::{
    Deadline, Document, Encoder, Query, Reranked, Reranker, Result, Role, Scale,
};

/// One or two sentences: small enough that its vector means one thing.
const MAX_COLUMNS: usize = 240;
/// Passages of one document that are looked at, which bounds the time that a long one takes.
const MAX_PASSAGES: usize = 64;
/// How much the whole document counts beside its best passage. Half and half is the plain choice, which the figures in
/// `benches/RESULTS.md` bear out; nobody tuned it.
const WHOLE: f32 = 0.5;

/// Scores a document by the passage whose vector is nearest to the query's (MaxP of Dai & Callan 2019, with the
/// encoder of the first stage in place of a cross-encoder), averaged with the nearness of the whole.
///
/// A vector of a whole document blurs what its sentences say one by one; this looks at them one by one.
pub struct PassageReranker {
    encoder: Arc<dyn Encoder>,
}

impl PassageReranker {
    /// A reranker that sees through `encoder`.
    pub fn new(encoder: Arc<dyn Encoder>) -> Self {
        Self { encoder }
    }
}

impl Reranker for PassageReranker {
    /// Means of cosines.
    fn scale(&self) -> Scale {
        Scale::Cosine
    }

    /// Scores all of `docs`: one call to the encoder is not divided to meet a deadline.
    fn rerank(&self, query: &Query, docs: &[Document], _deadline: &Deadline) -> Result<Reranked> {
        let query = self.encoder.encode(&[&query.text], Role::Query)?;
        let wholes: Vec<String> = docs.iter().map(Document::full_text).collect();
        let passages: Vec<Vec<&str>> = docs
            .par_iter()
            .map(|doc| {
                passages(&doc.text, MAX_COLUMNS)
                    .take(MAX_PASSAGES)
                    .collect()
            })
            .collect();
        // All in one call: an encoder runs texts of like length together, whichever documents they come from.
        let mut texts: Vec<&str> = wholes.iter().map(String::as_str).collect();
        texts.extend(passages.iter().flatten());
        let nearness = self
            .encoder
            .encode(&texts, Role::Passage)?
            .view()
            .dot(&query.row(0));
        let mut of_passages = nearness.iter().skip(docs.len());
        let scores = passages.iter().enumerate().map(|(i, passages)| {
            let of_this = of_passages.by_ref().take(passages.len());
            let best = of_this.copied().fold(f32::NEG_INFINITY, f32::max);
            WHOLE * nearness[i] + (1.0 - WHOLE) * best.max(nearness[i] - 1.0)
        });
        Ok(Reranked {
            scores: scores.collect(),
            scored_by: Vec::new(),
        })
    }
}
