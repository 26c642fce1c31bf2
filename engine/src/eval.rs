//! Evaluation: how good a run is, in numbers that agree with NIST's trec_eval to four decimals.
//!
//! Topics are what is asked, qrels what assessors said of the documents, a run what a system answered. Ties, missing
//! topics and unjudged documents are treated as trec_eval treats them, so that a figure from here may stand beside
//! a published one.

mod topics;

mod qrels;
mod run;

mod bias;
mod measure;

mod score;

mod compare;
mod sample;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod parity;

pub use bias::{LanguageShare, Languages, RankedLanguages, language_shares, read_languages};
pub use compare::{
    Aligned, CompareSettings, Comparison, align, bonferroni, compare, holm, kendall_tau,
};
pub use measure::{JudgedRanking, Levels, Measure};
pub use qrels::{Qrels, TopicQrels, read_qrels};
pub use run::{Retrieved, Run, read_run, write_run};
pub use sample::{
    Sample, SampleSettings, SampleSummary, Survival, SystemSurvival, survival, write_sample,
};
pub use score::{Averaged, Scores, TopicScores, score};
pub use topics::{Topic, TopicChoice, TopicField, TopicFormat, read_topics, read_topics_as};
