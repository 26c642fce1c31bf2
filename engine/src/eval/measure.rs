//! Measures of one ranking, spelled as ir_measures spells them and defined as trec_eval defines them.
//!
//! A measure is a kind and its options. What kinds there are and which options each takes is one table
//! (`spelling`), what they mean is a function each (`binary`, `graded`, `incomplete`; those about languages are in
//! `eval::bias`), and what becomes of the values of many topics is `averaging`.

mod number;
mod options;

mod ranking;

mod averaging;
mod binary;
mod graded;
mod incomplete;

mod spelling;
mod trec_eval;

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use crate::error::Error;

use super::bias;
use averaging::Averaging;
use number::Number;
use options::{Dcg, Kind, Options};
use ranking::View;

pub use options::Levels;
pub use ranking::JudgedRanking;

/// A number that says how good a ranking is.
///
/// Made by parsing a name, ours or trec_eval's: `"nDCG@10".parse::<Measure>()`, `"AP(rel=2)"`, `"ndcg_cut_10"`.
/// Every measure of quality is 0 for a topic without relevant documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Measure {
    kind: Kind,
    options: Options,
}

impl Measure {
    /// The measure's value for one topic.
    ///
    /// Those that [need languages](Self::needs_languages) are 0 for a ranking that was made without them.
    pub fn value(&self, ranking: &JudgedRanking) -> f64 {
        // An empty sum is -0, which would be printed so.
        self.signed_value(&View::new(ranking, &self.options)) + 0.0
    }

    fn signed_value(&self, view: &View) -> f64 {
        let Options {
            number, dcg, gains, ..
        } = &self.options;
        let number = number.map_or(0.0, Number::get);
        match self.kind {
            Kind::Ap => binary::average_precision(view),
            Kind::ApFound => binary::average_precision_of_found(view),
            Kind::Ap11 => binary::eleven_point_average(view),
            Kind::P => binary::precision(view),
            Kind::RelativeP => binary::relative_precision(view),
            Kind::R => binary::recall(view),
            Kind::Rprec => binary::r_precision(view, number),
            Kind::Rr => binary::reciprocal_rank(view),
            Kind::Success => binary::success(view),
            Kind::IPrec => binary::interpolated_precision(binary::enough(number, view), view),
            Kind::IPrecNearest => {
                binary::interpolated_precision(binary::nearest(number, view), view)
            }
            Kind::SetP => binary::set_precision(view),
            Kind::SetRelP => binary::set_relative_precision(view),
            Kind::SetR => binary::set_recall(view),
            Kind::SetF => binary::set_f(view, number),
            Kind::SetAp => binary::set_precision(view) * binary::set_recall(view),
            Kind::Utility => binary::utility(view),
            Kind::Ndcg => graded::ndcg(view, *dcg, gains),
            Kind::Err => graded::expected_reciprocal_rank(view),
            Kind::Rbp => graded::rank_biased_precision(view, number),
            Kind::Compat => graded::compatibility(view, number),
            Kind::Bpref => incomplete::bpref(view),
            Kind::InfAp => incomplete::inferred_average_precision(view),
            Kind::Judged => incomplete::judged(view),
            Kind::Unjudged => incomplete::unjudged(view),
            Kind::RbpResidual => incomplete::rank_biased_residual(view, number),
            Kind::NumQ => 1.0,
            Kind::NumRet => view.n_ret() as f64,
            Kind::NumRel => view.n_rel() as f64,
            Kind::NumRelRet => view.n_rel_ret() as f64,
            Kind::NumNonRelRet => view.n_non_rel_ret() as f64,
            Kind::Peer => view
                .languages()
                .map_or(0.0, |languages| bias::peer(languages, gains, view.cutoff())),
            Kind::Awrf => view.languages().map_or(0.0, |languages| {
                bias::awrf(languages, view.rel(), view.cutoff())
            }),
            Kind::AlphaNdcg => view.languages().map_or(0.0, |languages| {
                bias::alpha_ndcg(languages, view.rel(), number, view.cutoff())
            }),
        }
    }

    /// Whether the measure asks which languages documents are in.
    pub fn needs_languages(&self) -> bool {
        matches!(self.kind, Kind::Peer | Kind::Awrf | Kind::AlphaNdcg)
    }

    /// The measure with documents relevant from the grade `rel` on, where its name said nothing about that:
    /// trec_eval's `-l`.
    ///
    /// A grade below 1 is taken as 1.
    #[must_use]
    pub fn with_rel(mut self, rel: i32) -> Self {
        // Without a grade, RBP weighs documents by theirs, which trec_eval's level leaves alone too.
        if spelling::takes_rel(self.kind) && self.kind != Kind::Rbp && self.options.rel.is_none() {
            self.options.rel = (rel > 1).then_some(rel);
        }
        self
    }

    /// Whether the value over topics is the mean of theirs, which is what tests of significance compare.
    pub fn is_mean(&self) -> bool {
        self.averaging() == Averaging::Mean
    }

    /// How many documents are looked at, if not all.
    pub fn cutoff(&self) -> Option<NonZeroUsize> {
        self.options.cutoff
    }

    /// The value over topics, whose own values are `values`.
    pub(crate) fn over_topics(&self, values: impl Iterator<Item = f64>) -> f64 {
        self.averaging().over(values)
    }

    fn averaging(&self) -> Averaging {
        match self.kind {
            Kind::NumQ | Kind::NumRet | Kind::NumRel | Kind::NumRelRet | Kind::NumNonRelRet => {
                Averaging::Sum
            }
            Kind::ApFound => Averaging::MeanOfPositive,
            _ if self.options.geometric => Averaging::GeometricMean,
            _ => Averaging::Mean,
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        spelling::print(self, f)
    }
}

impl FromStr for Measure {
    type Err = Error;

    /// Reads `nDCG@20`, `AP`, `P(rel=2)@10`, with case forgiven, and trec_eval's `ndcg_cut_20`, `map`.
    fn from_str(given: &str) -> Result<Self, Error> {
        let translated = trec_eval::translated(given);
        let name = translated.as_deref().unwrap_or(given);
        spelling::parse(name).ok_or_else(|| Error::UnknownMeasure {
            given: given.to_owned(),
            known: spelling::KNOWN,
        })
    }
}

#[cfg(test)]
mod tests;
