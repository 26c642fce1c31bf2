//! Maps of the main measure: what is asked in × what is answered in.

use super::observed::{Observed, ObservedSystem};
use super::{in_order, mean};
use crate::results::CollectionInfo;

/// Rows, columns, and a value for most of what they have in common.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Matrix {
    pub(in super::super) rows: Vec<String>,
    pub(in super::super) columns: Vec<String>,
    pub(in super::super) values: Vec<Vec<Option<f64>>>,
}

impl Matrix {
    /// Query languages × document languages; nothing where one of them is alone.
    pub(super) fn of_pairs(info: &CollectionInfo, system: &ObservedSystem) -> Option<Self> {
        let pairs = || system.cells.keys();
        let rows = in_order(&info.query_languages, pairs().map(|pair| pair.0));
        let columns = in_order(&info.document_languages, pairs().map(|pair| pair.1));
        let value = |row: &str, column: &str| {
            let cell = system.cells.get(&(row, column))?;
            Some(cell.cell.values[0])
        };
        (rows.len() > 1 && columns.len() > 1).then(|| Self::new(&rows, &columns, value))
    }

    /// Systems × query languages, where documents are of one kind.
    pub(super) fn by_query_language(info: &CollectionInfo, observed: &Observed) -> Option<Self> {
        let pairs = || observed.pairs.iter();
        let columns = in_order(&info.query_languages, pairs().map(|pair| pair.0));
        let documents = pairs().next()?.1;
        let is_plain = columns.len() > 1 && pairs().all(|pair| pair.1 == documents);
        let systems = observed.systems.iter();
        let rows: Vec<&str> = systems.map(|system| system.info.name.as_str()).collect();
        let value = |row: &str, column: &str| {
            let mut systems = observed.systems.iter();
            let system = systems.find(|system| system.info.name == row)?;
            Some(system.cells.get(&(column, documents))?.cell.values[0])
        };
        is_plain.then(|| Self::new(&rows, &columns, value))
    }

    fn new(rows: &[&str], columns: &[&str], value: impl Fn(&str, &str) -> Option<f64>) -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let row = |row: &&str| columns.iter().map(|column| value(row, column)).collect();
        Self {
            rows: owned(rows),
            columns: owned(columns),
            values: rows.iter().map(row).collect(),
        }
    }

    /// What this is more than the baseline's, where both have a value.
    pub(in super::super) fn minus(&self, baseline: &Self) -> Self {
        let rows: Vec<&str> = self.rows.iter().map(String::as_str).collect();
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        Self::new(&rows, &columns, |row, column| {
            Some(self.value(row, column)? - baseline.value(row, column)?)
        })
    }

    fn value(&self, row: &str, column: &str) -> Option<f64> {
        let row = self.rows.iter().position(|name| name == row)?;
        let column = self.columns.iter().position(|name| name == column)?;
        self.values[row][column]
    }

    /// The mean of a row's values.
    pub(in super::super) fn row_mean(&self, row: usize) -> Option<f64> {
        mean(self.values[row].iter().flatten().copied())
    }

    /// The mean of a column's values.
    pub(in super::super) fn column_mean(&self, column: usize) -> Option<f64> {
        mean(self.values.iter().filter_map(|row| row[column]))
    }

    /// The mean of all values.
    pub(in super::super) fn mean(&self) -> Option<f64> {
        mean(self.present())
    }

    /// All values there are.
    pub(in super::super) fn present(&self) -> impl Iterator<Item = f64> {
        self.values.iter().flatten().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_differences_leave_out_what_is_not_there() {
        let value = |row: &str, column: &str| match (row, column) {
            ("sw", "en") => None,
            ("en", "en") => Some(0.8),
            _ => Some(0.4),
        };
        let matrix = Matrix::new(&["en", "sw"], &["en", "fi"], value);
        assert!((matrix.row_mean(0).unwrap() - 0.6).abs() < 1e-12);
        assert_eq!(matrix.row_mean(1), Some(0.4));
        assert_eq!(matrix.column_mean(0), Some(0.8));
        let other = Matrix::new(&["en"], &["fi", "en"], |_, _| Some(0.3));
        let difference = matrix.minus(&other);
        assert_eq!(difference.values[0], [Some(0.5), Some(0.4 - 0.3)]);
        assert_eq!(difference.values[1], [None, None]);
    }
}
