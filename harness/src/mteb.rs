//! Results as MTEB writes them, so that a model's card can be filled from our runs.
//!
//! One file per system and collection, shaped as `mteb`'s own task results: scores of a split, one entry per pair of
//! languages, measures by MTEB's names (`ndcg_at_10`, `map_at_100`, `recall_at_100`, `precision_at_5`, `mrr_at_10`).

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use xenoglot_engine::Lang;
use xenoglot_engine::analyzer::script;
use xenoglot_engine::eval::Measure;

use crate::cell::{KeptCell, one_word};
use crate::error::{Error, Result};
use crate::indexes::write_json;
use crate::results::Results;

/// MTEB's names of measures, and ours.
const FAMILIES: [(&str, &str); 5] = [
    ("ndcg_at_", "nDCG@"),
    ("map_at_", "AP@"),
    ("recall_at_", "R@"),
    ("precision_at_", "P@"),
    ("mrr_at_", "RR@"),
];
const CUTOFFS: [usize; 7] = [1, 3, 5, 10, 20, 100, 1_000];
/// The measure by which MTEB ranks models in retrieval.
const MAIN: &str = "ndcg_at_10";
/// What its readers want a word for, and we have none.
const UNKNOWN: &str = "unknown";
/// The split that test collections are.
const SPLIT: &str = "test";

/// What MTEB's files hold, in the order of [`named`].
pub(crate) fn measures() -> Result<Vec<Measure>> {
    let names = FAMILIES
        .iter()
        .flat_map(|(_, ours)| CUTOFFS.map(|cutoff| format!("{ours}{cutoff}")));
    names.map(|name| Ok(name.parse()?)).collect()
}

/// `values` by MTEB's names, as far as rankings of `depth` can tell.
pub(crate) fn named(values: &[f64], depth: usize) -> BTreeMap<String, f64> {
    let names = FAMILIES
        .iter()
        .flat_map(|(theirs, _)| CUTOFFS.map(|cutoff| (theirs, cutoff)));
    let named = names.zip(values);
    named
        .filter(|((_, cutoff), _)| *cutoff <= depth)
        .map(|((name, cutoff), value)| (format!("{name}{cutoff}"), *value))
        .collect()
}

/// Writes a file for every system and collection of `results` into `dir`, in place of what was there.
///
/// # Errors
/// When the disk fails.
pub(crate) fn write(results: &Results, cells: &[KeptCell], dir: &Path) -> Result<()> {
    let failed = |source| Error::Write {
        path: dir.to_owned(),
        source,
    };
    if dir.exists() {
        std::fs::remove_dir_all(dir).map_err(failed)?;
    }
    for system in &results.systems {
        let folder = dir.join(one_word(&system.name));
        for collection in &results.collections {
            let of_it = |kept: &&KeptCell| {
                kept.cell.system == system.name && kept.cell.collection == collection.name
            };
            let cells: Vec<&KeptCell> = cells.iter().filter(of_it).collect();
            if cells.is_empty() {
                continue;
            }
            std::fs::create_dir_all(&folder).map_err(failed)?;
            let file = json!({
                "task_name": collection.name,
                "dataset_revision": UNKNOWN,
                "mteb_version": UNKNOWN,
                "scores": { SPLIT: cells.iter().map(|kept| entry(kept)).collect::<Vec<_>>() },
                "evaluation_time": cells.iter().map(|kept| kept.seconds).sum::<f64>(),
                "kg_co2_emissions": null,
            });
            let name = format!("{}.json", one_word(&collection.name));
            write_json(&folder.join(name), &file)?;
        }
    }
    Ok(())
}

fn entry(kept: &KeptCell) -> Value {
    let (cell, values) = (&kept.cell, &kept.mteb);
    let mut entry = json!(values);
    let languages = [&cell.queries, &cell.documents].map(|code| language(code));
    entry["hf_subset"] = json!(format!("{}-{}", cell.queries, cell.documents));
    entry["languages"] = json!(languages);
    // Rankings of less than ten have their deepest nDCG.
    let ndcg = CUTOFFS.map(|cutoff| values.get(&format!("ndcg_at_{cutoff}")));
    let deepest = ndcg.into_iter().flatten().next_back();
    entry["main_score"] = json!(values.get(MAIN).or(deepest));
    entry
}

/// A language as MTEB writes it, `swa-Latn`; what is no language stays as it is.
fn language(code: &str) -> String {
    let with_script = |lang: Lang| Some(format!("{}-{}", lang.three_letters(), script(lang)?));
    code.parse()
        .ok()
        .and_then(with_script)
        .unwrap_or_else(|| code.to_owned())
}
