//! Evaluation: how good a run is, in numbers that agree with NIST's trec_eval to four decimals.
//!
//! Topics are what is asked, qrels what assessors said of the documents, a run what a system answered. Ties, missing
//! topics and unjudged documents are treated as trec_eval treats them, so that a figure from here may stand beside
//! a published one.

mod topics;

mod qrels;
mod run;

mod measure;
mod score;

#[cfg(test)]
mod golden;

pub use measure::{JudgedRanking, Measure};
pub use qrels::{Qrels, TopicQrels, read_qrels};
pub use run::{Retrieved, Run, read_run, write_run};
pub use score::{Averaged, Scores, TopicScores, score};
pub use topics::{Topic, read_topics};
