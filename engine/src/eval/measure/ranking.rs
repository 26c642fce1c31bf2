//! A ranking as measures see it: grades in place of documents.

use std::borrow::Cow;
use std::num::NonZeroUsize;

use super::Options;
use crate::eval::bias::RankedLanguages;

/// The grade from which a document is relevant where nobody says otherwise, as in trec_eval.
const DEFAULT_REL: i32 = 1;

/// A ranking whose documents are known by what assessors said of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedRanking {
    ranked: Vec<Option<i32>>,
    ideal: Vec<i32>,
    languages: Option<RankedLanguages>,
}

impl JudgedRanking {
    /// A ranking whose documents have the grades `ranked`, best rank first and `None` for an unjudged one, in a
    /// topic whose judged documents, retrieved or not, have the grades `judged` in any order.
    pub fn new(ranked: Vec<Option<i32>>, mut judged: Vec<i32>) -> Self {
        judged.sort_unstable_by(|a, b| b.cmp(a));
        Self {
            ranked,
            ideal: judged,
            languages: None,
        }
    }

    /// The same, with the languages of its documents.
    #[must_use]
    pub fn with_languages(mut self, languages: RankedLanguages) -> Self {
        self.languages = Some(languages);
        self
    }
}

/// A ranking under the options of a measure.
pub(super) struct View<'a> {
    /// Grades of the documents within the cutoff.
    ranked: Cow<'a, [Option<i32>]>,
    /// Grades of all judged documents, highest first.
    ideal: &'a [i32],
    languages: Option<&'a RankedLanguages>,
    rel: Option<i32>,
    cutoff: Option<NonZeroUsize>,
}

impl<'a> View<'a> {
    pub(super) fn new(ranking: &'a JudgedRanking, options: &Options) -> Self {
        let mut ranked = Cow::from(&ranking.ranked);
        if options.judged_only {
            // A grade below 0 says that the document was pooled and not judged: trec_eval's -J drops it too.
            let is_judged = |grade: &Option<i32>| grade.is_some_and(|grade| grade >= 0);
            ranked = ranked.iter().copied().filter(is_judged).collect();
        }
        let within = options.cutoff.map_or(usize::MAX, NonZeroUsize::get);
        if within < ranked.len() {
            match &mut ranked {
                Cow::Borrowed(all) => *all = &all[..within],
                Cow::Owned(all) => all.truncate(within),
            }
        }
        Self {
            ranked,
            ideal: &ranking.ideal,
            languages: ranking.languages.as_ref(),
            rel: options.rel,
            cutoff: options.cutoff,
        }
    }

    pub(super) fn cutoff(&self) -> Option<NonZeroUsize> {
        self.cutoff
    }

    /// The grade from which a document is relevant, if the measure says so.
    pub(super) fn given_rel(&self) -> Option<i32> {
        self.rel
    }

    /// The grade from which a document is relevant.
    pub(super) fn rel(&self) -> i32 {
        self.rel.unwrap_or(DEFAULT_REL)
    }

    /// The grades by rank, `None` for an unjudged document.
    pub(super) fn ranked(&self) -> &[Option<i32>] {
        &self.ranked
    }

    /// The grades of all judged documents, highest first.
    pub(super) fn ideal(&self) -> &[i32] {
        self.ideal
    }

    pub(super) fn languages(&self) -> Option<&RankedLanguages> {
        self.languages
    }

    /// The ranks of relevant documents, from 1, each with how many are relevant up to there.
    pub(super) fn relevant_ranks(&self) -> impl Iterator<Item = (usize, usize)> {
        let rel = self.rel();
        let is_relevant = move |grade: &Option<i32>| grade.is_some_and(|grade| grade >= rel);
        let ranks = self.ranked.iter().zip(1usize..);
        let ranks = ranks.filter(move |(grade, _)| is_relevant(grade));
        ranks.zip(1usize..).map(|((_, rank), found)| (rank, found))
    }

    pub(super) fn n_ret(&self) -> usize {
        self.ranked.len()
    }

    pub(super) fn n_rel(&self) -> usize {
        let rel = self.rel();
        self.ideal.partition_point(|grade| *grade >= rel)
    }

    pub(super) fn n_rel_ret(&self) -> usize {
        self.relevant_ranks().count()
    }

    /// How many documents were judged and are not relevant.
    pub(super) fn n_non_rel(&self) -> usize {
        self.ideal.partition_point(|grade| *grade >= 0) - self.n_rel()
    }

    /// How many of those were retrieved.
    pub(super) fn n_non_rel_ret(&self) -> usize {
        let rel = self.rel();
        let grades = self.ranked.iter().flatten();
        grades.filter(|grade| (0..rel).contains(*grade)).count()
    }
}

/// A share, 0 of nothing.
pub(super) fn ratio(of: f64, all: usize) -> f64 {
    if all == 0 { 0.0 } else { of / all as f64 }
}
