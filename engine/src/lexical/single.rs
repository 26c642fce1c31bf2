//! One term of one part, scored block by block.

use tantivy::TERMINATED;
use tantivy::postings::BlockSegmentPostings;

use super::bm25::Saturation;
use super::bounds::{BLOCK, Blocks};
use super::lengths::Lengths;
use super::window::Window;

/// The documents that hold a term, and what that is worth: a clause of one alternative, titles weighed like text.
pub(super) struct SingleTerm<'a> {
    postings: BlockSegmentPostings,
    /// The place in the block where this stands.
    place: usize,
    lengths: Lengths<'a>,
    worth: Worth,
    blocks: Option<Blocks<'a>>,
    /// What no document of each block gets more than.
    most: Vec<f32>,
    /// The block that windows were bounded up to.
    bounded: usize,
}

/// What a frequency is worth.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worth {
    pub(super) weight: f32,
    /// How likely the term is what the word means.
    pub(super) probability: f32,
    pub(super) saturation: Saturation,
}

impl Worth {
    fn of(&self, frequency: u32, length: u32) -> f32 {
        let frequency = self.probability * frequency as f32;
        self.weight * self.saturation.of(frequency, length as f32)
    }
}

impl<'a> SingleTerm<'a> {
    pub(super) fn new(
        postings: BlockSegmentPostings,
        lengths: Lengths<'a>,
        blocks: Option<Blocks<'a>>,
        worth: Worth,
    ) -> Self {
        let most = blocks.map_or_else(Vec::new, |blocks| {
            let most =
                |at| worth.weight * blocks.saturation(at, worth.saturation, worth.probability, 1.0);
            (0..blocks.len()).map(most).collect()
        });
        Self {
            postings,
            place: 0,
            lengths,
            worth,
            blocks,
            most,
            bounded: 0,
        }
    }

    /// What no document gets more than.
    pub(super) fn bound(&self) -> f32 {
        match self.most.is_empty() {
            true => self.worth.weight,
            false => self.most.iter().copied().fold(0.0, f32::max),
        }
    }

    /// What no document from `start` to before `end` gets more than; windows come in order.
    pub(super) fn bound_within(&mut self, start: u32, end: u32) -> f32 {
        let Some(blocks) = self.blocks else {
            let next = self.seek(start);
            return if next < end { self.worth.weight } else { 0.0 };
        };
        while self.bounded < blocks.len() && blocks.last_doc(self.bounded) < start {
            self.bounded += 1;
        }
        let mut bound = 0.0f32;
        for at in self.bounded..blocks.len() {
            bound = bound.max(self.most[at]);
            if blocks.last_doc(at) >= end - 1 {
                break;
            }
        }
        bound
    }

    /// A document that no document before `target` and after it is nearer to: the first from `target` on, or `target`
    /// itself where that would have to be looked for.
    pub(super) fn next_hint(&mut self, target: u32) -> u32 {
        match &self.blocks {
            Some(blocks) if blocks.last_doc(blocks.len() - 1) < target => TERMINATED,
            Some(_) => target,
            None => self.seek(target),
        }
    }

    /// Goes on to the first document from `target` on.
    fn seek(&mut self, target: u32) -> u32 {
        let docs = self.postings.docs();
        match docs.last() {
            Some(last) if *last >= target => {
                self.place += docs[self.place..].partition_point(|doc| *doc < target);
                docs[self.place]
            }
            None => TERMINATED,
            Some(_) => {
                self.place = self.postings.seek(target);
                self.doc()
            }
        }
    }

    fn doc(&self) -> u32 {
        let doc = self.postings.docs().get(self.place);
        doc.copied().unwrap_or(TERMINATED)
    }

    /// What `doc` gets; no later document may have been asked for.
    pub(super) fn score(&mut self, doc: u32) -> f32 {
        if self.seek(doc) != doc {
            return 0.0;
        }
        self.worth
            .of(self.postings.freq(self.place), self.lengths.of(doc))
    }

    /// Gives every document of the window what it gets.
    pub(super) fn score_all(&mut self, window: &mut Window) {
        if self.seek(window.start()) == TERMINATED {
            return;
        }
        let mut scores = [0.0; BLOCK as usize];
        loop {
            let docs = &self.postings.docs()[self.place..];
            let within = match docs.last() {
                Some(last) if *last < window.end() => docs.len(),
                _ => docs.partition_point(|doc| *doc < window.end()),
            };
            let docs = &docs[..within];
            let frequencies = &self.postings.freqs()[self.place..self.place + within];
            // In steps of their own, so that the divisions go side by side.
            for (score, doc) in scores.iter_mut().zip(docs) {
                *score = self.lengths.of(*doc) as f32;
            }
            for (score, frequency) in scores.iter_mut().zip(frequencies) {
                let frequency = self.worth.probability * *frequency as f32;
                *score = self.worth.weight * self.worth.saturation.of(frequency, *score);
            }
            for (doc, score) in docs.iter().zip(&scores) {
                window.add(*doc, *score);
            }
            self.place += within;
            if self.place < self.postings.docs().len() {
                return;
            }
            self.postings.advance();
            self.place = 0;
            if self.postings.docs().is_empty() {
                return;
            }
        }
    }
}
