//! Clauses → the documents that hold them, in the order of the index.

use tantivy::postings::{Postings, SegmentPostings};
use tantivy::{DocId, DocSet, TERMINATED};

use super::bm25::Saturation;
use super::clause::Alternative;
use super::lengths::Lengths;

/// The documents that hold one term.
pub(super) struct TermPostings {
    pub(super) all: SegmentPostings,
    /// Those that hold it in their title, where that counts for more.
    pub(super) title: Option<SegmentPostings>,
}

impl TermPostings {
    fn seek(&mut self, target: DocId) -> DocId {
        seek(&mut self.all, target)
    }

    /// How often the term comes in the document that this stands at.
    fn frequency(&mut self, title_weight: f32) -> f32 {
        let doc = self.all.doc();
        let all = self.all.term_freq() as f32;
        let Some(title) = &mut self.title else {
            return all;
        };
        if seek(title, doc) != doc {
            return all;
        }
        all + (title_weight - 1.0) * title.term_freq() as f32
    }
}

fn seek(postings: &mut SegmentPostings, target: DocId) -> DocId {
    if postings.doc() < target {
        postings.seek(target)
    } else {
        postings.doc()
    }
}

/// The documents that hold all of an alternative's terms.
pub(super) struct AlternativePostings<'a> {
    pub(super) alternative: &'a Alternative,
    terms: Vec<TermPostings>,
    doc: DocId,
}

impl<'a> AlternativePostings<'a> {
    /// `terms`, one for each of the alternative's, are not empty and stand at their first documents.
    pub(super) fn new(alternative: &'a Alternative, terms: Vec<TermPostings>) -> Self {
        let mut postings = Self {
            alternative,
            terms,
            doc: 0,
        };
        postings.seek(0);
        postings
    }

    /// Goes on to the first document from `target` on.
    pub(super) fn seek(&mut self, mut target: DocId) -> DocId {
        let mut agreed = 0;
        while agreed < self.terms.len() {
            agreed = 0;
            for term in &mut self.terms {
                let doc = term.seek(target);
                if doc > target {
                    target = doc;
                    break;
                }
                agreed += 1;
            }
            if target == TERMINATED {
                break;
            }
        }
        self.doc = target;
        target
    }

    /// How often all terms come in the document that this stands at: as often as the rarest of them.
    pub(super) fn frequency(&mut self, title_weight: f32) -> f32 {
        let frequencies = self
            .terms
            .iter_mut()
            .map(|term| term.frequency(title_weight));
        frequencies.fold(f32::INFINITY, f32::min)
    }

    /// How often the query's word comes by these terms: by their probability.
    pub(super) fn expected_frequency(&mut self, title_weight: f32) -> f32 {
        self.alternative.probability * self.frequency(title_weight)
    }
}

/// The documents that hold any of a clause's alternatives, and what that is worth.
pub(super) struct ClausePostings<'a> {
    pub(super) alternatives: Vec<AlternativePostings<'a>>,
    /// idf times how often the query says the word: no document gets more for it.
    pub(super) weight: f32,
    pub(super) required: bool,
    pub(super) saturation: Saturation,
    pub(super) title_weight: f32,
    /// Lengths of all documents, as the clause's field counts them.
    pub(super) lengths: Lengths<'a>,
}

impl<'a> ClausePostings<'a> {
    /// Goes on to the first document from `target` on.
    pub(super) fn seek(&mut self, target: DocId) -> DocId {
        let docs = self.alternatives.iter_mut().map(|alternative| {
            if alternative.doc < target {
                alternative.seek(target)
            } else {
                alternative.doc
            }
        });
        docs.min().unwrap_or(TERMINATED)
    }

    /// What `doc`, which this stands at, gets for the clause.
    pub(super) fn score(&mut self, doc: DocId) -> f32 {
        let title_weight = self.title_weight;
        let frequencies = self
            .standing_at(doc)
            .map(|alternative| alternative.expected_frequency(title_weight));
        let frequency: f32 = frequencies.sum();
        if frequency <= 0.0 {
            return 0.0;
        }
        let length = self.lengths.weighed(doc, title_weight);
        self.weight * self.saturation.of(frequency, length)
    }

    /// The alternatives that `doc` holds.
    pub(super) fn standing_at(
        &mut self,
        doc: DocId,
    ) -> impl Iterator<Item = &mut AlternativePostings<'a>> {
        self.alternatives
            .iter_mut()
            .filter(move |alternative| alternative.doc == doc)
    }
}
