//! Sparse fine-tuning masks: what composable-sft saves (Ansell et al. 2022).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ndarray::ArrayD;
use xenoglot_engine::checkpoint::{Object, Pickle};
use xenoglot_engine::model::insertions::SparseMatrix;

use crate::error::Result;

use super::settings;
use super::tensors::{bare, is_head, is_word_head};
use super::{Content, Coverage, MadeFor, Module, SparseTensor};

/// The file, whose name the library fixes.
pub(super) const WEIGHTS: &str = "pytorch_diff.bin";

/// The module in `dir`.
///
/// Heads that predict words are passed over: they served the training of a language's mask.
pub(super) fn load(dir: &Path) -> Result<Module> {
    let path = dir.join(WEIGHTS);
    let file = Pickle::open(&path)?;
    let problem = |text: String| settings::problem(&path, text);
    let mut mask = BTreeMap::new();
    let mut prefix = None;
    for (key, diff) in entries(&file, "diffs").map_err(problem)? {
        let (found, name) = bare(key);
        prefix = prefix.or(found);
        if is_word_head(name) {
            continue;
        }
        let tensor = sparse(&file, key, diff)?;
        if mask.insert(name.to_owned(), tensor).is_some() {
            return Err(problem(format!(
                "`diffs` has `{name}` twice, expected it once"
            )));
        }
    }
    Ok(Module {
        path: dir.to_owned(),
        made_for: made_for(&mask, prefix),
        tensors: dense(&file)?,
        content: Content::Mask(mask),
        head: None,
        coverage: Coverage::Named,
    })
}

/// The tensors that are stored whole. A backbone's own count only where they belong to its classifier.
fn dense(file: &Pickle) -> Result<BTreeMap<String, Arc<ArrayD<f32>>>> {
    let problem = |text: String| settings::problem(file.path(), text);
    let mut dense = BTreeMap::new();
    for (key, tensor) in entries(file, "abs").map_err(problem)? {
        let (_, name) = bare(key);
        if is_word_head(name) {
            continue;
        }
        let Some(tensor) = tensor.as_tensor().filter(|_| is_head(name)) else {
            let kind = tensor.kind();
            return Err(problem(format!(
                "`abs` has {kind} as `{key}`, expected tensors of a head"
            )));
        };
        let numbers = file.numbers(tensor)?;
        if dense.insert(name.to_owned(), Arc::new(numbers)).is_some() {
            return Err(problem(format!(
                "`abs` has `{name}` twice, expected it once"
            )));
        }
    }
    Ok(dense)
}

/// What the file says of its backbone: nothing but what the names and sizes of tensors give away.
fn made_for(mask: &BTreeMap<String, SparseTensor>, prefix: Option<&'static str>) -> MadeFor {
    let words = mask.get("embeddings.word_embeddings.weight");
    MadeFor {
        dim: words.and_then(|words| words.shape.last().copied()),
        prefix: prefix.map(str::to_owned),
        ..MadeFor::default()
    }
}

/// The entries of the dictionary `part`, which the file may be without.
fn entries<'a>(file: &'a Pickle, part: &str) -> Result<Vec<(&'a str, &'a Object)>, String> {
    let root = file.root();
    if root.entries().is_none() {
        let kind = root.kind();
        return Err(format!("it holds {kind}, expected `diffs` and `abs`"));
    }
    let Some(part_of_root) = root.get(part) else {
        return match part {
            "abs" => Ok(vec![]),
            _ => Err(format!(
                "`{part}` is missing, expected differences by the names of tensors"
            )),
        };
    };
    let named = |(key, value): &'a (Object, Object)| {
        let kind = key.kind();
        let key = key.as_text();
        Ok((
            key.ok_or_else(|| format!("`{part}` has {kind} as a key, expected a text"))?,
            value,
        ))
    };
    let kind = part_of_root.kind();
    let entries = part_of_root.entries();
    let entries = entries.ok_or_else(|| format!("`{part}` is {kind}, expected a dictionary"))?;
    entries.iter().map(named).collect()
}

/// The differences to the tensor `key`.
fn sparse(file: &Pickle, key: &str, diff: &Object) -> Result<SparseTensor> {
    let problem = |text: String| settings::problem(file.path(), format!("`{key}`: {text}"));
    let shape = numbers(diff, "size").map_err(problem)?;
    let steps = numbers(diff, "index_steps").map_err(problem)?;
    let values = diff.get("values").and_then(Object::as_tensor);
    let values = values.ok_or_else(|| problem("`values` is missing, expected a tensor".into()))?;
    let values = file.numbers(values)?;
    if values.shape() != [steps.len()] {
        let (found, expected) = (values.shape(), steps.len());
        return Err(problem(format!(
            "`values` is {found:?}, expected [{expected}] as `index_steps`"
        )));
    }
    let places = places(&shape, &steps).map_err(problem)?;
    let mut entries: Vec<(u32, f32)> = places.into_iter().zip(values).collect();
    entries.sort_unstable_by_key(|(place, _)| *place);
    let (places, values): (Vec<u32>, Vec<f32>) = entries.into_iter().unzip();
    let shape: Vec<usize> = shape.iter().map(|size| *size as usize).collect();
    let (n_columns, rows) = shape
        .split_last()
        .map_or((1, &[][..]), |(n, rows)| (*n, rows));
    let matrix = SparseMatrix::new([rows.iter().product(), n_columns], &places, values);
    let matrix = matrix.ok_or_else(|| {
        let max = SparseMatrix::MAX_COLUMNS;
        problem(format!(
            "`size` is {shape:?}, expected a last axis of at most {max}"
        ))
    })?;
    Ok(SparseTensor {
        shape,
        matrix: Arc::new(matrix),
    })
}

/// The list of whole numbers `field`.
fn numbers(diff: &Object, field: &str) -> Result<Vec<u64>, String> {
    let list = diff.get(field).and_then(Object::as_list);
    let list = list.ok_or_else(|| format!("`{field}` is missing, expected a list"))?;
    let number = |object: &Object| u64::try_from(object.as_int()?).ok();
    let numbers: Option<Vec<u64>> = list.iter().map(number).collect();
    numbers.ok_or_else(|| format!("`{field}` holds something else, expected whole numbers from 0"))
}

/// Where the entries of a tensor of this shape go, counted with the last axis fastest.
///
/// The file counts with the first axis fastest and keeps the steps from one entry to the next. Its library decodes in
/// 32 bits and with a modulus that fits one or two axes only; this holds for any.
fn places(shape: &[u64], steps: &[u64]) -> Result<Vec<u32>, String> {
    let total = shape
        .iter()
        .try_fold(1_u64, |total, size| total.checked_mul(*size));
    let total = total
        .filter(|total| *total <= u64::from(u32::MAX))
        .ok_or_else(|| format!("`size` is {shape:?}, expected at most {} numbers", u32::MAX))?;
    let mut flat = 0_u64;
    let place = |(i, step): (usize, &u64)| {
        flat = flat.saturating_add(*step);
        if flat >= total || (i > 0 && *step == 0) {
            return Err(format!(
                "`index_steps` comes to {flat} at entry {i}, expected ascending places below {total}"
            ));
        }
        Ok(last_axis_fastest(shape, flat))
    };
    steps.iter().enumerate().map(place).collect()
}

fn last_axis_fastest(shape: &[u64], first_axis_fastest: u64) -> u32 {
    let (mut rest, mut place, mut stride) = (first_axis_fastest, 0, shape.iter().product::<u64>());
    for size in shape {
        stride /= size;
        place += rest % size * stride;
        rest /= size;
    }
    // It lies below the tensor's count of numbers, which was checked to fit.
    place as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_the_last_axis_fastest() {
        let check = |shape: &[u64], steps: &[u64], expected: &[u32]| {
            assert_eq!(
                places(shape, steps).unwrap(),
                expected,
                "{shape:?} {steps:?}"
            );
        };
        // [[.5, 0, .25], [-1, 0, 0]] is the library's own example.
        check(&[2, 3], &[0, 1, 3], &[0, 3, 2]);
        check(&[5], &[1, 3], &[1, 4]);
        check(&[5], &[], &[]);
        // Element [1, 0, 1] of [2, 3, 2] is 1 + 0 · 2 + 1 · 6 = 7 for the file.
        check(&[2, 3, 2], &[7], &[7]);
        // Element [0, 2, 1] is 0 + 2 · 2 + 6 = 10 for the file, and 5 here.
        check(&[2, 3, 2], &[10], &[5]);
    }

    #[test]
    fn places_outside_or_twice_are_refused() {
        for (shape, steps) in [
            (&[2, 3][..], &[6][..]),
            (&[2, 3], &[1, 0]),
            (&[0], &[0]),
            (&[70_000, 70_000], &[0]),
            (&[u64::MAX, 2], &[0]),
            (&[5], &[u64::MAX, u64::MAX]),
        ] {
            assert!(places(shape, steps).is_err(), "{shape:?} {steps:?}");
        }
    }
}
