//! Ablations: one system, and some of its settings crossed.
//!
//! ```toml
//! [ablation]
//! base = "hybrid"                     # a system; what is crossed takes the place of its settings
//! first_stage = ["lexical", "dense"]
//! rerank = ["none", "mono.toml"]
//! rerank_depth = [20, 100]
//! ```

use toml::{Table, Value};

/// Every combination of the values that `ablation` lists, over the system that it names as its base.
pub(super) fn crossed(ablation: &Table, systems: &[Table]) -> Result<Vec<Table>, String> {
    let mut axes = ablation.clone();
    let base = match axes.remove("base") {
        Some(Value::String(base)) => base,
        _ => return Err("`ablation.base`: expected the name of a system".into()),
    };
    let named = |system: &&Table| system.get("name").and_then(Value::as_str) == Some(&base);
    let Some(base) = systems.iter().find(named) else {
        return Err(format!(
            "`ablation.base` names {base:?}, which no system is called"
        ));
    };
    if axes.is_empty() {
        return Err("`ablation` crosses nothing, expected a setting with a list of values".into());
    }
    let mut crossed = vec![(Vec::new(), base.clone())];
    for (key, values) in axes {
        let values = match values {
            Value::Array(values) if !values.is_empty() => values,
            _ => return Err(format!("`ablation.{key}`: expected a list of values")),
        };
        let with = |(name, system): &(Vec<String>, Table), value: &Value| {
            let (mut name, mut system) = (name.clone(), system.clone());
            name.push(format!("{key}={}", plain(value)));
            system.insert(key.clone(), value.clone());
            (name, system)
        };
        crossed = crossed
            .iter()
            .flat_map(|system| values.iter().map(|value| with(system, value)))
            .collect();
    }
    Ok(crossed
        .into_iter()
        .map(|(name, mut system)| {
            system.insert("name".into(), Value::String(name.join(" ")));
            system
        })
        .collect())
}

/// A value as a part of a name.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(yes) => yes.to_string(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join("+"),
        Value::Table(table) => {
            let part = |(key, value)| format!("{key}:{}", plain(value));
            table.iter().map(part).collect::<Vec<_>>().join("+")
        }
        Value::Datetime(time) => time.to_string(),
    }
}
