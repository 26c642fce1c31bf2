//! The same topics for every system.

use std::collections::HashMap;

use crate::eval::Scores;

/// The values of one measure, system by system, on the topics that all of them have.
#[derive(Debug, Clone, PartialEq)]
pub struct Aligned {
    /// Identifiers, in order.
    pub topics: Vec<String>,
    /// A row per system, in the order they were given; `values[system][i]` belongs to `topics[i]`.
    pub values: Vec<Vec<f64>>,
}

/// The values of measure number `measure` on the topics that count in all of `scores`.
pub fn align(scores: &[Scores], measure: usize) -> Aligned {
    let value = |values: &[f64]| values.get(measure).copied();
    let systems: Vec<HashMap<&str, f64>> = scores
        .iter()
        .map(|scores| {
            let topics = scores.topics().iter();
            topics
                .filter_map(|topic| Some((topic.id.as_str(), value(&topic.values)?)))
                .collect()
        })
        .collect();
    let first = scores.first().map_or(&[][..], Scores::topics);
    let topics: Vec<String> = first
        .iter()
        .filter(|topic| systems.iter().all(|s| s.contains_key(topic.id.as_str())))
        .map(|topic| topic.id.clone())
        .collect();
    let row = |system: &HashMap<&str, f64>| {
        let values = topics.iter().filter_map(|id| system.get(id.as_str()));
        values.copied().collect()
    };
    let values = systems.iter().map(row).collect();
    Aligned { topics, values }
}
