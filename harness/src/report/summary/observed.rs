//! What was observed on one collection: every topic's values, of every system and pair of languages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rayon::prelude::*;
use xenoglot_engine::eval::{CompareSettings, Comparison, Measure, compare};

use super::{Group, TopicPair, scores_of};
use crate::error::{Error, Result};
use crate::results::{Cell, CollectionInfo, Results, SystemInfo};

/// The language of the queries, and that of the documents.
pub(super) type Pair<'a> = (&'a str, &'a str);

/// One collection.
pub(super) struct Observed<'a> {
    /// Of all draws.
    seed: u64,
    /// Of each measure: whether its figure is the mean of its topics, which comparisons are about.
    are_means: Vec<bool>,
    /// Every topic of any cell, in order.
    pub(super) topics: Vec<String>,
    pub(super) pairs: BTreeSet<Pair<'a>>,
    pub(super) systems: Vec<ObservedSystem<'a>>,
}

/// Whether the measure called `name` is averaged over topics as usual.
fn is_mean(name: &str) -> bool {
    let measure: Option<Measure> = name.parse().ok();
    measure.is_none_or(|measure| measure.is_mean())
}

/// What of a comparison is read: intervals take longest, and most tables have none.
#[derive(Clone, Copy)]
pub(super) enum Read {
    Probability,
    Everything,
}

/// One system on it.
pub(super) struct ObservedSystem<'a> {
    pub(super) info: &'a SystemInfo,
    pub(super) place: usize,
    pub(super) is_baseline: bool,
    pub(super) cells: BTreeMap<Pair<'a>, ObservedCell<'a>>,
}

/// One cell, and its topics as positions in [`Observed::topics`], in order.
pub(super) struct ObservedCell<'a> {
    pub(super) cell: &'a Cell,
    topics: Vec<(usize, Vec<f64>)>,
}

/// Two systems on the topics and pairs that both have: means over pairs, topic by topic.
pub(super) struct Paired {
    topics: Vec<usize>,
    baseline: Vec<f64>,
    system: Vec<f64>,
}

impl<'a> Observed<'a> {
    pub(super) fn read(results: &'a Results, info: &'a CollectionInfo, dir: &Path) -> Result<Self> {
        let cells = results.cells.par_iter();
        let read: Vec<_> = cells
            .filter(|cell| cell.collection == info.name)
            .map(|cell| {
                let mut topics = cell.topics(dir)?;
                if !info.parallel_topics {
                    for topic in &mut topics {
                        topic.topic =
                            format!("{} ({}→{})", topic.topic, cell.queries, cell.documents);
                    }
                }
                Ok((cell, topics))
            })
            .collect::<Result<_>>()?;
        let topics: BTreeSet<&str> = read
            .iter()
            .flat_map(|(_, topics)| topics.iter().map(|topic| topic.topic.as_str()))
            .collect();
        let topics: Vec<String> = topics.into_iter().map(str::to_owned).collect();
        let pairs = read.iter().map(|(cell, _)| pair(cell)).collect();
        let mut by_system: BTreeMap<&str, BTreeMap<Pair, ObservedCell>> = BTreeMap::new();
        for (cell, values) in read {
            let position = |topic: &str| topics.binary_search_by(|known| known.as_str().cmp(topic));
            let mut values: Vec<(usize, Vec<f64>)> = values
                .into_iter()
                .filter_map(|topic| Some((position(&topic.topic).ok()?, topic.values)))
                .collect();
            values.sort_by_key(|(topic, _)| *topic);
            let of_system = by_system.entry(&cell.system).or_default();
            let observed = ObservedCell {
                cell,
                topics: values,
            };
            if of_system.insert(pair(cell), observed).is_some() {
                return Err(Error::Results {
                    path: scores_of(dir, cell),
                    problem: "another cell is of the same system and languages".into(),
                });
            }
        }
        let systems = results.systems.iter().enumerate();
        let systems = systems.filter_map(|(place, info)| {
            Some(ObservedSystem {
                info,
                place,
                is_baseline: results.baseline.as_ref() == Some(&info.name),
                cells: by_system.remove(info.name.as_str())?,
            })
        });
        Ok(Self {
            seed: results.seed,
            are_means: results.measures.iter().map(|name| is_mean(name)).collect(),
            systems: systems.collect(),
            topics,
            pairs,
        })
    }

    pub(super) fn baseline(&self) -> Option<&ObservedSystem<'a>> {
        self.systems.iter().find(|system| system.is_baseline)
    }

    /// Every system against the baseline, on one measure and some of the pairs; nothing where they share no topic.
    pub(super) fn contrasts(
        &self,
        measure: usize,
        group: Group,
        read: Read,
    ) -> Result<Vec<Option<(Paired, Comparison)>>> {
        let defaults = CompareSettings::default();
        let settings = CompareSettings {
            seed: self.seed,
            resamples: match read {
                Read::Probability => 1,
                Read::Everything => defaults.resamples,
            },
            ..defaults
        };
        let contrast = |system: &ObservedSystem| {
            let others = self.baseline().filter(|_| !system.is_baseline);
            let Some(baseline) = others.filter(|_| self.are_means[measure]) else {
                return Ok(None);
            };
            let paired = self.paired(baseline, system, measure, group);
            if paired.topics.is_empty() {
                return Ok(None);
            }
            let comparison = compare(&paired.baseline, &paired.system, &settings)?;
            Ok(Some((paired, comparison)))
        };
        self.systems.par_iter().map(contrast).collect()
    }

    fn paired(
        &self,
        baseline: &ObservedSystem,
        system: &ObservedSystem,
        measure: usize,
        group: Group,
    ) -> Paired {
        let mut sums = vec![(0.0, 0.0, 0_usize); self.topics.len()];
        for (ours, theirs) in shared(baseline, system, group) {
            let mut theirs = theirs.topics.iter().peekable();
            for (topic, values) in &ours.topics {
                while theirs.next_if(|(other, _)| other < topic).is_some() {}
                if let Some((_, others)) = theirs.next_if(|(other, _)| other == topic) {
                    let sum = &mut sums[*topic];
                    sum.0 += values[measure];
                    sum.1 += others[measure];
                    sum.2 += 1;
                }
            }
        }
        let mut paired = Paired {
            topics: Vec::new(),
            baseline: Vec::new(),
            system: Vec::new(),
        };
        for (topic, (baseline, system, n)) in sums.into_iter().enumerate() {
            if n > 0 {
                paired.topics.push(topic);
                paired.baseline.push(baseline / n as f64);
                paired.system.push(system / n as f64);
            }
        }
        paired
    }

    /// What a system gains on average over the pairs that both have, every pair counting the same.
    pub(super) fn difference(
        &self,
        system: &ObservedSystem,
        measure: usize,
        group: Group,
    ) -> Option<f64> {
        let baseline = self.baseline().filter(|_| !system.is_baseline)?;
        let gain = |(ours, theirs): (&ObservedCell, &ObservedCell)| {
            theirs.cell.values[measure] - ours.cell.values[measure]
        };
        super::mean(shared(baseline, system, group).map(gain))
    }
}

impl ObservedSystem<'_> {
    /// The cells of some of the pairs.
    pub(super) fn within(&self, group: Group) -> impl Iterator<Item = &Cell> {
        let cells = self.cells.iter();
        cells
            .filter(move |(pair, _)| group.holds(**pair))
            .map(|(_, cell)| cell.cell)
    }
}

impl Paired {
    /// Topics with their names, from the greatest gain to the greatest loss.
    pub(super) fn topics(&self, names: &[String]) -> Vec<TopicPair> {
        let values = self.baseline.iter().zip(&self.system);
        let mut topics: Vec<TopicPair> = self
            .topics
            .iter()
            .zip(values)
            .map(|(topic, (baseline, value))| TopicPair {
                topic: names[*topic].clone(),
                baseline: *baseline,
                value: *value,
            })
            .collect();
        topics.sort_by(|a, b| b.difference().total_cmp(&a.difference()));
        topics
    }
}

fn shared<'a>(
    baseline: &'a ObservedSystem,
    system: &'a ObservedSystem,
    group: Group,
) -> impl Iterator<Item = (&'a ObservedCell<'a>, &'a ObservedCell<'a>)> {
    let cells = baseline.cells.iter();
    cells
        .filter(move |(pair, _)| group.holds(**pair))
        .filter_map(|(pair, ours)| Some((ours, system.cells.get(pair)?)))
}

fn pair(cell: &Cell) -> Pair<'_> {
    (&cell.queries, &cell.documents)
}
