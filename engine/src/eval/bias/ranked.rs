//! A ranking as measures of language bias see it.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use crate::language::Lang;

/// The grades and languages of a ranking's documents and of a topic's judged ones.
///
/// A document whose language is not known holds its rank and belongs to no language.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RankedLanguages {
    /// By rank; the grade is `None` for an unjudged document.
    pub ranked: Vec<(Option<i32>, Lang)>,
    /// Judged documents, retrieved or not, in any order.
    pub judged: Vec<(i32, Lang)>,
}

impl RankedLanguages {
    /// The documents within the cutoff whose language is known, with their ranks from 1.
    pub(super) fn head(
        &self,
        cutoff: Option<NonZeroUsize>,
    ) -> impl Iterator<Item = (usize, Option<i32>, Lang)> {
        let within = cutoff.map_or(usize::MAX, NonZeroUsize::get);
        let ranked = (1usize..).zip(&self.ranked).take(within);
        let ranked = ranked.map(|(rank, &(grade, lang))| (rank, grade, lang));
        ranked.filter(|(_, _, lang)| *lang != Lang::UNKNOWN)
    }

    /// How many judged documents of each language have a grade that `counts`.
    pub(super) fn n_judged(&self, counts: impl Fn(i32) -> bool) -> BTreeMap<Lang, usize> {
        let mut n = BTreeMap::new();
        for (grade, lang) in &self.judged {
            if *lang != Lang::UNKNOWN && counts(*grade) {
                *n.entry(*lang).or_default() += 1;
            }
        }
        n
    }
}
