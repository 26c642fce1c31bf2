//! The numbers of a report, computed once: tables, curves and maps without a format.
//!
//! A mean is over pairs of a query and a document language, every pair counting the same. What is compared is topics: the
//! same question asked in many languages is one observation, so a topic's values are averaged over pairs first.

mod bias;
mod cost;
mod matrix;
mod observed;
mod published;
mod table;

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use xenoglot_engine::eval::Comparison;

use crate::error::{Error, Result};
use crate::results::{CollectionInfo, EXPERIMENT, FILE, N_RECALL_LEVELS, Results, SystemInfo};
use observed::{Observed, Read};

pub(super) use bias::Bias;
pub(super) use cost::{Cost, stages_of};
pub(super) use matrix::Matrix;
pub(super) use published::Beside;
pub(super) use table::{Figure, Group, RowKind, Table};

/// Everything a report says.
pub(super) struct Summary<'a> {
    pub(super) results: &'a Results,
    /// The text of the experiment's file, where it was kept.
    pub(super) experiment: Option<String>,
    pub(super) collections: Vec<Collection<'a>>,
}

/// What a report says of one collection.
pub(super) struct Collection<'a> {
    pub(super) info: &'a CollectionInfo,
    pub(super) n_pairs: usize,
    pub(super) n_topics: usize,
    /// Those that were run, in the experiment's order.
    pub(super) systems: Vec<System<'a>>,
    /// Systems × measures, over all pairs.
    pub(super) main: Table,
    /// Systems × groups of pairs, of the main measure; nothing where all pairs are of a kind.
    pub(super) groups: Option<Table>,
    /// Every language asked in × every system, where documents are in one list.
    pub(super) by_query_language: Option<Matrix>,
    /// Figures of others for some of the pairs, beside ours.
    pub(super) beside: Vec<Beside<'a>>,
}

/// What a report says of one system on one collection.
pub(super) struct System<'a> {
    pub(super) info: &'a SystemInfo,
    /// Its place in the experiment, which is its colour everywhere.
    pub(super) place: usize,
    pub(super) is_baseline: bool,
    /// Against the baseline, on the main measure.
    pub(super) contrast: Option<Contrast>,
    /// Query language × document language, of the main measure, where there are several of both.
    pub(super) matrix: Option<Matrix>,
    /// Interpolated precision at recall 0, 0.1, …, 1.
    pub(super) curve: [f64; N_RECALL_LEVELS],
    /// The main measure over all pairs.
    pub(super) mean: f64,
    pub(super) cost: Cost,
    pub(super) bias: Option<Bias>,
}

/// A system against the baseline.
pub(super) struct Contrast {
    pub(super) comparison: Comparison,
    /// The probability, after Holm over the collection's systems.
    pub(super) p_holm: f64,
    /// Every topic, from the greatest gain to the greatest loss.
    pub(super) topics: Vec<TopicPair>,
}

/// A topic's mean over pairs, of two systems.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TopicPair {
    pub(super) topic: String,
    pub(super) baseline: f64,
    pub(super) value: f64,
}

impl TopicPair {
    pub(super) fn difference(&self) -> f64 {
        self.value - self.baseline
    }
}

impl<'a> Summary<'a> {
    /// Reads topics below `dir`, where `results` come from.
    pub(super) fn new(results: &'a Results, dir: &Path) -> Result<Self> {
        check(results).map_err(|problem| Error::Results {
            path: dir.join(FILE),
            problem,
        })?;
        let collections = results.collections.iter();
        let collections = collections
            .filter(|info| results.cells.iter().any(|c| c.collection == info.name))
            .map(|info| Collection::new(results, info, dir))
            .collect::<Result<_>>()?;
        Ok(Self {
            results,
            experiment: std::fs::read_to_string(dir.join(EXPERIMENT)).ok(),
            collections,
        })
    }

    pub(super) fn main_measure(&self) -> &str {
        &self.results.measures[0]
    }

    /// The baseline's name, where it was run at all.
    pub(super) fn baseline(&self) -> Option<&str> {
        let mut collections = self.collections.iter();
        let was_run = collections.any(|c| c.systems.iter().any(|system| system.is_baseline));
        self.results.baseline.as_deref().filter(|_| was_run)
    }
}

/// What later lookups rely on.
fn check(results: &Results) -> Result<(), String> {
    let n = results.measures.len();
    if n == 0 {
        return Err("there is no measure".into());
    }
    for cell in &results.cells {
        let folder = cell.folder.display();
        let (collection, system) = (&cell.collection, &cell.system);
        if cell.values.len() != n {
            let got = cell.values.len();
            return Err(format!("cell {folder}: expected {n} values, got {got}"));
        }
        if !results.systems.iter().any(|known| known.name == *system) {
            return Err(format!("cell {folder}: no system is called `{system}`"));
        }
        let mut collections = results.collections.iter();
        if !collections.any(|known| known.name == *collection) {
            return Err(format!(
                "cell {folder}: no collection is called `{collection}`"
            ));
        }
    }
    Ok(())
}

impl<'a> Collection<'a> {
    fn new(results: &'a Results, info: &'a CollectionInfo, dir: &Path) -> Result<Self> {
        let observed = Observed::read(results, info, dir)?;
        let n_measures = results.measures.len();
        let columns: Vec<_> = (0..n_measures).map(|m| (m, Group::All)).collect();
        let main = Table::new(&observed, results.measures.clone(), &columns)?;
        let groups = Group::of(&observed.pairs);
        let by_group = || {
            let columns: Vec<_> = groups.iter().map(|group| (0, *group)).collect();
            let names = groups.iter().map(|group| group.name().to_owned());
            Table::new(&observed, names.collect(), &columns)
        };
        let (covering, beside) = published::split(results, info, &observed);
        Ok(Self {
            info,
            n_pairs: observed.pairs.len(),
            n_topics: observed.topics.len(),
            systems: systems(results, info, &observed)?,
            main: main.with_published(covering),
            groups: (!groups.is_empty()).then(by_group).transpose()?,
            by_query_language: Matrix::by_query_language(info, &observed),
            beside,
        })
    }

    /// The systems that are compared with the baseline, and how.
    pub(super) fn contrasts(&self) -> impl Iterator<Item = (&System<'a>, &Contrast)> {
        let systems = self.systems.iter();
        systems.filter_map(|system| Some((system, system.contrast.as_ref()?)))
    }

    /// Query × document languages of every system that has several of both.
    pub(super) fn matrices(&self) -> impl Iterator<Item = (&System<'a>, &Matrix)> {
        let systems = self.systems.iter();
        systems.filter_map(|system| Some((system, system.matrix.as_ref()?)))
    }

    /// What the systems' lists favour, where they have several languages.
    pub(super) fn biases(&self) -> impl Iterator<Item = (&System<'a>, &Bias)> {
        let systems = self.systems.iter();
        systems.filter_map(|system| Some((system, system.bias.as_ref()?)))
    }

    /// `1190 topics × 121 pairs of languages`.
    pub(super) fn extent(&self) -> String {
        let counted = super::number::counted;
        let topics = counted(self.n_topics, "topic", "topics");
        let pairs = match self.info.pooled {
            true => counted(self.n_pairs, "query language", "query languages"),
            false => counted(self.n_pairs, "language pair", "language pairs"),
        };
        format!("{topics} × {pairs}")
    }
}

fn systems<'a>(
    results: &'a Results,
    info: &'a CollectionInfo,
    observed: &Observed<'a>,
) -> Result<Vec<System<'a>>> {
    let contrasts = observed.contrasts(0, Group::All, Read::Everything)?;
    let holm = table::adjusted(&contrasts);
    let systems = observed.systems.par_iter().zip(contrasts).zip(holm);
    let systems = systems.map(|((system, paired), p_holm)| {
        let cells: Vec<_> = system.cells.values().map(|cell| cell.cell).collect();
        let contrast = paired.map(|(paired, comparison)| Contrast {
            comparison,
            p_holm,
            topics: paired.topics(&observed.topics),
        });
        System {
            info: system.info,
            place: system.place,
            is_baseline: system.is_baseline,
            contrast,
            matrix: Matrix::of_pairs(info, system),
            curve: mean_curve(&cells),
            mean: mean(cells.iter().map(|cell| cell.values[0])).unwrap_or_default(),
            cost: Cost::new(results, &cells),
            bias: Bias::new(&cells),
        }
    });
    Ok(systems.collect())
}

fn mean_curve(cells: &[&crate::results::Cell]) -> [f64; N_RECALL_LEVELS] {
    std::array::from_fn(|level| {
        mean(cells.iter().map(|cell| cell.precision_at_recall[level])).unwrap_or_default()
    })
}

/// The mean, or nothing of nothing.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0_usize), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / n as f64)
}

/// The value in the middle, or nothing of nothing.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(match values.len() % 2 {
        1 => upper,
        _ => f64::midpoint(values[middle - 1], upper),
    })
}

/// The order in which languages stand: as the collection names them, others after.
fn in_order<'a>(named: &'a [String], found: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let found: std::collections::BTreeSet<&str> = found.collect();
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    let others = found.iter().filter(|language| !named.contains(language));
    let known = named.iter().filter(|language| found.contains(*language));
    known.chain(others).copied().collect()
}

/// Where a cell's scores lie, for messages.
fn scores_of(dir: &Path, cell: &crate::results::Cell) -> PathBuf {
    dir.join(&cell.folder).join(crate::results::SCORES)
}
