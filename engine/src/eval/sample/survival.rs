//! Whether a sample orders systems as the whole collection does.

use serde::Serialize;

use crate::error::Result;
use crate::eval::{Averaged, Measure, Qrels, Run, kendall_tau, score};

use super::Sample;

/// How systems score on the whole collection and on a sample of it, and how far the two orders agree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Survival {
    /// One per run, in the order they were given.
    pub systems: Vec<SystemSurvival>,
    /// Kendall's τ-b between the whole collection and the sample; nothing where one of them ties all systems.
    pub tau_sample: Option<f64>,
    /// The same for runs that were each left out.
    pub tau_left_out: Option<f64>,
}

/// One system's scores. A topic without an answer counts 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SystemSurvival {
    /// On the whole collection and all judged topics.
    pub full: f64,
    /// Restricted to the sample's topics and documents.
    pub sample: f64,
    /// Restricted to what the sample would have without this run's own documents. A run always survives a sample that it
    /// helped to make: this is what happens to a system that comes later.
    pub left_out: f64,
}

/// Scores `runs`, which `sample` was drawn from in the same order, on the whole collection and on the sample.
///
/// # Errors
/// When no topic has judgments.
pub fn survival(
    qrels: &Qrels,
    runs: &[Run],
    sample: &Sample,
    measure: &Measure,
) -> Result<Survival> {
    let mut systems = Vec::with_capacity(runs.len());
    for (number, run) in runs.iter().enumerate() {
        systems.push(SystemSurvival {
            full: mean(qrels, run, measure, |_| true)?,
            sample: on_sample(qrels, &sample.restricted(run)?, sample, measure)?,
            left_out: on_sample(
                qrels,
                &sample.restricted_without(run, number)?,
                sample,
                measure,
            )?,
        });
    }
    let column = |of: fn(&SystemSurvival) -> f64| systems.iter().map(of).collect::<Vec<f64>>();
    let full = column(|system| system.full);
    Ok(Survival {
        tau_sample: kendall_tau(&full, &column(|system| system.sample)),
        tau_left_out: kendall_tau(&full, &column(|system| system.left_out)),
        systems,
    })
}

fn on_sample(qrels: &Qrels, run: &Run, sample: &Sample, measure: &Measure) -> Result<f64> {
    mean(qrels, run, measure, |topic| sample.topics.contains(topic))
}

/// The mean over judged topics that `counts` takes.
fn mean(qrels: &Qrels, run: &Run, measure: &Measure, counts: impl Fn(&str) -> bool) -> Result<f64> {
    let scores = score(qrels, run, std::slice::from_ref(measure), Averaged::Judged)?;
    let values: Vec<f64> = scores
        .topics()
        .iter()
        .filter(|topic| counts(&topic.id))
        .filter_map(|topic| topic.values.first().copied())
        .collect();
    // Topics of a sample have judgments, so there is one.
    Ok(values.iter().sum::<f64>() / values.len().max(1) as f64)
}
