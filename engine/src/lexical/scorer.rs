//! What gives documents their scores for one clause.

use super::postings::ClausePostings;
use super::single::SingleTerm;
use super::window::Window;

pub(super) enum Scorer<'a> {
    /// A clause that comes down to one term: nearly every one.
    Single {
        term: Box<SingleTerm<'a>>,
        required: bool,
    },
    Any(ClausePostings<'a>),
}

impl Scorer<'_> {
    /// Whether a document without the clause is no answer.
    pub(super) fn required(&self) -> bool {
        match self {
            Self::Single { required, .. } => *required,
            Self::Any(clause) => clause.required,
        }
    }

    /// What no document gets more than.
    pub(super) fn bound(&self) -> f32 {
        match self {
            Self::Single { term, .. } => term.bound(),
            Self::Any(clause) => clause.weight,
        }
    }

    /// What no document from `start` to before `end` gets more than; windows come in order.
    pub(super) fn bound_within(&mut self, start: u32, end: u32) -> f32 {
        match self {
            Self::Single { term, .. } => term.bound_within(start, end),
            Self::Any(clause) => match clause.seek(start) < end {
                true => clause.weight,
                false => 0.0,
            },
        }
    }

    /// No document from `target` on holds the clause before this one.
    pub(super) fn next_hint(&mut self, target: u32) -> u32 {
        match self {
            Self::Single { term, .. } => term.next_hint(target),
            Self::Any(clause) => clause.seek(target),
        }
    }

    /// What `doc` gets; no later document may have been asked for.
    pub(super) fn score(&mut self, doc: u32) -> f32 {
        match self {
            Self::Single { term, .. } => term.score(doc),
            Self::Any(clause) => match clause.seek(doc) == doc {
                true => clause.score(doc),
                false => 0.0,
            },
        }
    }

    /// Gives every document of the window what it gets.
    pub(super) fn score_all(&mut self, window: &mut Window) {
        match self {
            Self::Single { term, .. } => term.score_all(window),
            Self::Any(clause) => {
                let mut doc = clause.seek(window.start());
                while doc < window.end() {
                    let score = clause.score(doc);
                    if score > 0.0 {
                        window.add(doc, score);
                    }
                    doc = clause.seek(doc + 1);
                }
            }
        }
    }
}
