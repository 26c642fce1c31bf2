//! What every format says of where results come from.

use std::collections::BTreeMap;

use serde_json::Value;

use super::number;
use super::summary::Summary;
use crate::results::SystemInfo;

/// Names and facts, in the order in which they are read.
pub(super) fn facts(summary: &Summary) -> Vec<(&'static str, String)> {
    let results = summary.results;
    let made = &results.provenance;
    let cores = number::counted(made.cores, "core", "cores");
    let memory = number::bytes(made.memory_bytes);
    vec![
        ("Finished", number::date(made.finished_at)),
        ("Took", number::seconds(made.seconds)),
        ("Program", format!("xenoglot {}", made.version)),
        ("BLAKE3 of the program", made.program.clone()),
        ("Machine", format!("{}, {cores}, {memory}", made.processor)),
        ("System", made.system.clone()),
        ("Measures", results.measures.join(", ")),
        ("Seed", results.seed.to_string()),
    ]
}

/// Every setting of any system by its dotted name, and each system's value, in their order.
pub(super) fn settings(systems: &[SystemInfo]) -> BTreeMap<String, Vec<Option<String>>> {
    let mut table = BTreeMap::new();
    for (place, system) in systems.iter().enumerate() {
        flatten("", &system.settings, &mut |name, value| {
            let row = table
                .entry(name)
                .or_insert_with(|| vec![None; systems.len()]);
            row[place] = Some(value);
        });
    }
    table
}

fn flatten(name: &str, value: &Value, found: &mut impl FnMut(String, String)) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let name = match name {
                    "" => field.clone(),
                    _ => format!("{name}.{field}"),
                };
                flatten(&name, value, found);
            }
        }
        Value::String(text) => found(name.to_owned(), text.clone()),
        value => found(name.to_owned(), value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_stand_side_by_side() {
        let system = |settings| SystemInfo {
            name: String::new(),
            settings,
        };
        let systems = [
            system(json!({ "depth": 100, "bm25": { "k1": 0.9 } })),
            system(json!({ "depth": 100, "stack": ["doc", "en"], "first": "dense" })),
        ];
        let text = |text: &str| Some(text.to_owned());
        let expected: BTreeMap<_, _> = [
            ("bm25.k1", vec![text("0.9"), None]),
            ("depth", vec![text("100"), text("100")]),
            ("first", vec![None, text("dense")]),
            ("stack", vec![None, text("[\"doc\",\"en\"]")]),
        ]
        .map(|(name, values)| (name.to_owned(), values))
        .into();
        assert_eq!(settings(&systems), expected);
    }
}
