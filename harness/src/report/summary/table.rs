//! Tables of systems, with what is best and what is more than chance.

use std::collections::BTreeSet;

use rayon::prelude::*;

use xenoglot_engine::eval::{Comparison, holm};

use super::observed::{Observed, ObservedSystem, Pair, Paired, Read};
use crate::error::Result;
use crate::report::number::counted;

/// The code of English, in which or from which most of the field searches.
const ENGLISH: &str = "en";

/// Rows of figures.
pub(in super::super) struct Table {
    pub(in super::super) columns: Vec<String>,
    pub(in super::super) rows: Vec<Row>,
}

/// One system, ours or another's.
pub(in super::super) struct Row {
    pub(in super::super) name: String,
    pub(in super::super) kind: RowKind,
    /// One per column; nothing where it was not run.
    pub(in super::super) figures: Vec<Option<Figure>>,
}

/// Whose figures a row holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum RowKind {
    /// What the others are compared with.
    Baseline,
    /// Ours; how many pairs or topics it was asked, where that is less than others were.
    Ours { partial: Option<String> },
    /// Somebody else's, and where they stand.
    Published { source: String },
}

/// A number in a table.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Figure {
    pub(in super::super) value: f64,
    /// What it is more than the baseline's.
    pub(in super::super) difference: Option<f64>,
    pub(in super::super) mark: Mark,
    /// Whether none of ours is better, as far as three decimals tell.
    pub(in super::super) is_best: bool,
}

/// How unlikely a difference is where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Mark {
    None,
    /// p < .05
    Likely,
    /// p < .01
    Certain,
}

/// Some of the pairs of languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Group {
    IntoEnglish,
    FromEnglish,
    SameLanguage,
    CrossLanguage,
    All,
}

impl Mark {
    fn of(p: f64) -> Self {
        match p {
            p if p < 0.01 => Self::Certain,
            p if p < 0.05 => Self::Likely,
            _ => Self::None,
        }
    }

    /// `†`, `‡` or nothing.
    pub(in super::super) fn sign(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Likely => "†",
            Self::Certain => "‡",
        }
    }
}

impl Group {
    const ALL: [Self; 5] = [
        Self::IntoEnglish,
        Self::FromEnglish,
        Self::SameLanguage,
        Self::CrossLanguage,
        Self::All,
    ];

    /// What heads its column: queries → documents.
    pub(in super::super) fn name(self) -> &'static str {
        match self {
            Self::IntoEnglish => "X→en",
            Self::FromEnglish => "en→X",
            Self::SameLanguage => "own language",
            Self::CrossLanguage => "cross-language",
            Self::All => "all pairs",
        }
    }

    pub(super) fn holds(self, (queries, documents): Pair) -> bool {
        match self {
            Self::IntoEnglish => documents == ENGLISH && queries != ENGLISH,
            Self::FromEnglish => queries == ENGLISH && documents != ENGLISH,
            Self::SameLanguage => queries == documents,
            Self::CrossLanguage => queries != documents,
            Self::All => true,
        }
    }

    /// The groups that tell these pairs apart, all of them last; none where there is nothing to tell apart.
    pub(super) fn of(pairs: &BTreeSet<Pair>) -> Vec<Self> {
        let n = |group: &Self| pairs.iter().filter(|pair| group.holds(**pair)).count();
        // Pairs with all documents at once are of no kind.
        if pairs.iter().all(|(_, documents)| *documents == "all") {
            return Vec::new();
        }
        let mut groups: Vec<Self> = Self::ALL.into_iter().collect();
        groups.retain(|group| *group == Self::All || (1..pairs.len()).contains(&n(group)));
        match groups.len() {
            1 => Vec::new(),
            _ => groups,
        }
    }
}

impl Table {
    /// Every system on every measure and group of pairs, against the baseline.
    pub(super) fn new(
        observed: &Observed,
        columns: Vec<String>,
        asked: &[(usize, Group)],
    ) -> Result<Self> {
        let figures: Vec<Vec<Option<Figure>>> = asked
            .par_iter()
            .map(|(measure, group)| column(observed, *measure, *group))
            .collect::<Result<_>>()?;
        let rows = observed.systems.iter().enumerate().map(|(i, system)| Row {
            name: system.info.name.clone(),
            kind: match system.is_baseline {
                true => RowKind::Baseline,
                false => RowKind::Ours {
                    partial: partial(observed, system),
                },
            },
            figures: figures.iter().map(|column| column[i].clone()).collect(),
        });
        let rows = rows.collect();
        Ok(Self { columns, rows })
    }

    /// The same with figures of others below.
    pub(super) fn with_published(mut self, rows: Vec<Row>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// Whether a row is about fewer pairs or topics than the table.
    pub(in super::super) fn has_partial_rows(&self) -> bool {
        let is_partial = |row: &Row| matches!(row.kind, RowKind::Ours { partial: Some(_) });
        self.rows.iter().any(is_partial)
    }
}

/// What a system was asked, where that is less than others were.
fn partial(observed: &Observed, system: &ObservedSystem) -> Option<String> {
    let n_topics = |system: &ObservedSystem| -> usize {
        system.cells.values().map(|cell| cell.cell.n_topics).sum()
    };
    let n = system.cells.len();
    if n < observed.pairs.len() {
        return Some(counted(n, "pair", "pairs"));
    }
    let most = observed.systems.iter().map(n_topics).max();
    let n = n_topics(system);
    (Some(n) < most).then(|| counted(n, "topic", "topics"))
}

fn column(observed: &Observed, measure: usize, group: Group) -> Result<Vec<Option<Figure>>> {
    let contrasts = observed.contrasts(measure, group, Read::Probability)?;
    let holm = adjusted(&contrasts);
    let value = |system: &ObservedSystem| {
        super::mean(system.within(group).map(|cell| cell.values[measure]))
    };
    let values: Vec<Option<f64>> = observed.systems.iter().map(value).collect();
    let n_pairs = |system: &ObservedSystem| system.within(group).count();
    let all = observed.systems.iter().map(n_pairs).max().unwrap_or(0);
    // A mean over easier pairs is not the better one.
    let comparable = observed.systems.iter().zip(&values);
    let best = comparable
        .filter(|(system, _)| n_pairs(system) == all)
        .filter_map(|(_, value)| value.map(thousandths))
        .max();
    let systems = observed.systems.iter().zip(values).zip(contrasts).zip(holm);
    let figures = systems.map(|(((system, value), contrast), p)| {
        let value = value?;
        Some(Figure {
            value,
            difference: observed.difference(system, measure, group),
            mark: contrast.map_or(Mark::None, |_| Mark::of(p)),
            is_best: n_pairs(system) == all && Some(thousandths(value)) == best,
        })
    });
    Ok(figures.collect())
}

/// As far as a table tells values apart.
fn thousandths(value: f64) -> i64 {
    (value * 1000.0).round() as i64
}

/// The probability of every contrast after Holm; 1 where there is no contrast.
pub(super) fn adjusted(contrasts: &[Option<(Paired, Comparison)>]) -> Vec<f64> {
    let made = contrasts.iter().flatten();
    let p: Vec<f64> = made
        .map(|(_, comparison)| comparison.p_randomisation)
        .collect();
    let mut adjusted = holm(&p).into_iter();
    let of = |contrast: &Option<_>| contrast.as_ref().and_then(|_| adjusted.next());
    contrasts.iter().map(of).map(|p| p.unwrap_or(1.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_those_that_tell_pairs_apart() {
        let check = |pairs: &[Pair<'static>], expected: &[Group]| {
            let pairs: BTreeSet<Pair> = pairs.iter().copied().collect();
            assert_eq!(Group::of(&pairs), expected, "{pairs:?}");
        };
        check(&[("en", "zh")], &[]);
        check(&[("en", "all"), ("sw", "all")], &[]);
        check(&[("en", "en"), ("sw", "sw")], &[]);
        check(&[("sw", "en"), ("so", "en")], &[]);
        check(
            &[("de", "de"), ("de", "fi")],
            &[Group::SameLanguage, Group::CrossLanguage, Group::All],
        );
        check(
            &[("de", "de"), ("de", "en"), ("en", "de"), ("en", "en")],
            &Group::ALL,
        );
    }
}
