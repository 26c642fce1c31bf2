//! Figures that must come out again: a file of them beside the experiment.
//!
//! ```text
//! collection  system  queries  documents  measure  value      (with tabs between, and a header)
//! ```
//!
//! Like the regressions of Anserini, it says what a change of the program, of a model or of a library did to the numbers.

use std::collections::BTreeMap;
use std::path::Path;

use xenoglot_engine::whole_file;

use crate::error::{Error, Result};
use crate::results::{Published, Results};

const EXPECTED: [&str; 6] = [
    "collection",
    "system",
    "queries",
    "documents",
    "measure",
    "value",
];
const PUBLISHED: [&str; 7] = [
    "collection",
    "system",
    "queries",
    "documents",
    "measure",
    "value",
    "source",
];

/// A figure's collection, system, queries, documents and measure.
pub(crate) type Key = [String; 5];

/// Keeps the figures of `results` in `path`, beside those of collections and systems that were not run.
///
/// # Errors
/// When it cannot be written, or what is there cannot be read.
pub fn write_expected(results: &Results, path: &Path) -> Result<()> {
    let mut kept = match path.exists() {
        true => read_expected(path)?,
        false => BTreeMap::new(),
    };
    kept.retain(|[collection, system, ..], _| !was_run(results, collection, system));
    kept.extend(figures(results));
    let mut text = EXPECTED.join("\t") + "\n";
    for (key, value) in kept {
        text += &format!("{}\t{value:.4}\n", key.join("\t"));
    }
    whole_file::write(path, ".xenoglot-", |file| file.write_all(text.as_bytes())).map_err(
        |source| Error::Write {
            path: path.to_owned(),
            source,
        },
    )
}

/// Compares the figures of `results` with those that are kept in `path`, for the collections and systems that were run.
///
/// # Errors
/// When a figure is further than `tolerance` from what is kept, is missing, or is kept nowhere; the error names each.
pub fn check_expected(results: &Results, path: &Path, tolerance: f64) -> Result<()> {
    let found = figures(results);
    let mut expected = read_expected(path)?;
    expected.retain(|[collection, system, ..], _| was_run(results, collection, system));
    let mut drifted = Vec::new();
    for (key, expected) in &expected {
        match found.get(key) {
            Some(value) if (value - expected).abs() <= tolerance => {}
            Some(value) => drifted.push(format!(
                "{}: expected {expected:.4}, measured {value:.4}",
                key.join(" ")
            )),
            None => drifted.push(format!(
                "{}: expected {expected:.4}, not measured",
                key.join(" ")
            )),
        }
    }
    let unexpected = found.iter().filter(|(key, _)| !expected.contains_key(*key));
    drifted.extend(
        unexpected.map(|(key, value)| {
            format!("{}: measured {value:.4}, nothing expected", key.join(" "))
        }),
    );
    match drifted.is_empty() {
        true => Ok(()),
        false => Err(Error::Drift {
            path: path.to_owned(),
            drifted,
        }),
    }
}

/// The figures that are kept in `path`.
pub(crate) fn read_expected(path: &Path) -> Result<BTreeMap<Key, f64>> {
    let figure = |(at, row): (usize, [String; 6])| {
        let [collection, system, queries, documents, measure, value] = row;
        let key = [collection, system, queries, documents, measure];
        Ok((key, number(path, at, &value)?))
    };
    rows(path, EXPECTED)?.into_iter().map(figure).collect()
}

fn was_run(results: &Results, collection: &str, system: &str) -> bool {
    results.cells_of(collection, system).next().is_some()
}

/// The figures of others in `path`: the same columns, and a source.
pub(crate) fn read_published(path: &Path) -> Result<Vec<Published>> {
    let published = |(at, row): (usize, [String; 7])| {
        let [
            collection,
            system,
            queries,
            documents,
            measure,
            value,
            source,
        ] = row;
        Ok(Published {
            value: number(path, at, &value)?,
            collection,
            system,
            queries,
            documents,
            measure,
            source,
        })
    };
    rows(path, PUBLISHED)?.into_iter().map(published).collect()
}

fn figures(results: &Results) -> BTreeMap<Key, f64> {
    let of_cell = |cell: &'_ crate::results::Cell| {
        let key = [
            &cell.collection,
            &cell.system,
            &cell.queries,
            &cell.documents,
        ]
        .map(String::clone);
        let values: Vec<(Key, f64)> = results
            .measures
            .iter()
            .zip(&cell.values)
            .map(|(measure, value)| {
                let [collection, system, queries, documents] = key.clone();
                (
                    [collection, system, queries, documents, measure.clone()],
                    *value,
                )
            })
            .collect();
        values
    };
    results.cells.iter().flat_map(of_cell).collect()
}

/// The lines below the header, which must be `columns`, with their numbers.
fn rows<const N: usize>(path: &Path, columns: [&str; N]) -> Result<Vec<(usize, [String; N])>> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let mut rows = Vec::new();
    for (line, at) in text.lines().zip(1..) {
        let fields: Vec<String> = line.split('\t').map(ToOwned::to_owned).collect();
        let row: Option<[String; N]> = fields.try_into().ok();
        match row {
            Some(row) if at == 1 && row == columns.map(String::from) => {}
            Some(row) if at > 1 => rows.push((at, row)),
            _ => {
                return Err(Error::Settings {
                    path: path.to_owned(),
                    problem: format!(
                        "line {at}: expected {}, with tabs between",
                        columns.join(", ")
                    ),
                });
            }
        }
    }
    Ok(rows)
}

fn number(path: &Path, at: usize, value: &str) -> Result<f64> {
    value.parse().map_err(|_| Error::Settings {
        path: path.to_owned(),
        problem: format!("line {at}: field `value`: got {value:?}, expected a number"),
    })
}
