//! Figures of others: beside ours where they are of the same thing.

use std::collections::BTreeMap;

use super::mean;
use super::observed::{Observed, ObservedSystem, Pair};
use super::table::{Figure, Mark, Row, RowKind};
use crate::results::{CollectionInfo, Published, Results};

/// What published figures of all pairs together name as the language of their queries.
const MEAN: &str = "mean";

/// A figure for one pair of languages, and ours for the same.
pub(in super::super) struct Beside<'a> {
    pub(in super::super) published: &'a Published,
    /// In the order of the collection's systems.
    pub(in super::super) ours: Vec<Option<f64>>,
}

/// Rows for the main table, of whoever has figures for all pairs; and what is left, pair by pair.
pub(super) fn split<'a>(
    results: &'a Results,
    info: &CollectionInfo,
    observed: &Observed,
) -> (Vec<Row>, Vec<Beside<'a>>) {
    type Figures<'a> = BTreeMap<(usize, Pair<'a>), &'a Published>;
    let mut by_source: Vec<((&str, &str), Figures)> = Vec::new();
    let measure = |name: &str| results.measures.iter().position(|known| known == name);
    let published = results.published.iter();
    for figure in published.filter(|figure| figure.collection == info.name) {
        let Some(measure) = measure(&figure.measure) else {
            continue;
        };
        let whose = (figure.system.as_str(), figure.source.as_str());
        let place = by_source.iter().position(|(known, _)| *known == whose);
        let place = place.unwrap_or_else(|| {
            by_source.push((whose, Figures::new()));
            by_source.len() - 1
        });
        let pair = (figure.queries.as_str(), figure.documents.as_str());
        by_source[place].1.insert((measure, pair), figure);
    }
    let mut rows = Vec::new();
    let mut beside = Vec::new();
    for ((system, source), figures) in by_source {
        let covering = |measure: usize| {
            if let Some(mean) = figures
                .iter()
                .find(|((of, (queries, _)), _)| *of == measure && *queries == MEAN)
            {
                return Some(vec![mean.1.value]);
            }
            let values = observed.pairs.iter().map(|pair| {
                let figure = figures.get(&(measure, *pair));
                figure.map(|figure| figure.value)
            });
            values.collect::<Option<Vec<f64>>>()
        };
        let means: Vec<Option<f64>> = (0..results.measures.len())
            .map(|measure| mean(covering(measure)?.into_iter()))
            .collect();
        for ((measure, pair), figure) in figures {
            if means[measure].is_none() {
                let ours = |system: &ObservedSystem| {
                    let cell = system.cells.get(&pair)?;
                    Some(cell.cell.values[measure])
                };
                beside.push(Beside {
                    published: figure,
                    ours: observed.systems.iter().map(ours).collect(),
                });
            }
        }
        if means.iter().any(Option::is_some) {
            let figure = |value: Option<f64>| {
                Some(Figure {
                    value: value?,
                    difference: None,
                    mark: Mark::None,
                    is_best: false,
                })
            };
            rows.push(Row {
                name: system.to_owned(),
                kind: RowKind::Published {
                    source: source.to_owned(),
                },
                figures: means.into_iter().map(figure).collect(),
            });
        }
    }
    (rows, beside)
}
