//! What every ranking says of a document, and what the silent ones would.

use std::collections::BTreeMap;

use crate::document::DocOrd;

/// A ranking that counts.
pub(super) struct Leg {
    /// Where it stands among the rankings.
    pub(super) place: usize,
    pub(super) weight: f64,
    /// What its documents are worth, before its weight.
    pub(super) votes: Vec<(DocOrd, f64)>,
}

/// What every leg said of one document.
pub(super) struct Ballot {
    pub(super) doc: DocOrd,
    votes: Vec<f64>,
    judged: Vec<bool>,
}

impl Ballot {
    /// What leg `i` says of the document; what it may be expected to say where it cannot judge.
    pub(super) fn counted(&self, i: usize, agreement: f64) -> f64 {
        match self.judged[i] {
            true => self.votes[i],
            false => self.votes[i].max(agreement * self.others(i)),
        }
    }

    /// The mean vote of the legs that judge the document, but for leg `i`.
    fn others(&self, i: usize) -> f64 {
        let judging = |other: &usize| *other != i && self.judged[*other];
        let n = (0..self.votes.len()).filter(judging).count().max(1);
        (0..self.votes.len())
            .filter(judging)
            .map(|other| self.votes[other])
            .sum::<f64>()
            / n as f64
    }
}

/// A ballot for each document that any of `legs` holds, in the order of the index.
pub(super) fn ballots(legs: &[Leg], judges: &impl Fn(usize, DocOrd) -> bool) -> Vec<Ballot> {
    let mut votes: BTreeMap<DocOrd, Vec<f64>> = BTreeMap::new();
    for (i, leg) in legs.iter().enumerate() {
        for (doc, vote) in &leg.votes {
            votes.entry(*doc).or_insert_with(|| vec![0.0; legs.len()])[i] = *vote;
        }
    }
    let ballot = |(doc, votes): (DocOrd, Vec<f64>)| {
        let judged = legs.iter().map(|leg| judges(leg.place, doc)).collect();
        Ballot { doc, votes, judged }
    };
    votes.into_iter().map(ballot).collect()
}

/// How leg `i` compares with the others on the documents that it judges and they found, from 0 to 1; 1 where there is
/// none.
pub(super) fn agreement(ballots: &[Ballot], i: usize) -> f64 {
    let judged = ballots
        .iter()
        .filter(|ballot| ballot.judged[i] && ballot.others(i) > 0.0);
    let (own, others) = judged.fold((0.0, 0.0), |(own, others), ballot| {
        (own + ballot.votes[i], others + ballot.others(i))
    });
    if others > 0.0 {
        (own / others).min(1.0)
    } else {
        1.0
    }
}
