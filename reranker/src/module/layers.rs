//! Which layers of a backbone the names of tensors speak of.

use std::collections::{BTreeMap, BTreeSet};

use super::Coverage;

/// The number of the layer in `name`, and `name` with `*` in its place; without a layer, nothing.
///
/// `encoder.layer.3.output.dense` is layer 3 and `encoder.layer.*.output.dense`.
pub(crate) fn split(name: &str) -> Option<(usize, String)> {
    let mut segments: Vec<&str> = name.split('.').collect();
    let at = segments.iter().position(|segment| *segment == "layer")? + 1;
    let number = segments.get_mut(at)?;
    let layer = number.parse().ok()?;
    *number = "*";
    Some((layer, segments.join(".")))
}

impl Coverage {
    /// What is wrong with the layers of `names`, each of which ought to stand in every layer that is not left out.
    ///
    /// `n_layers` is the backbone's; without it, there are as many as names speak of.
    pub(super) fn problem<'a>(
        &self,
        names: impl Iterator<Item = &'a str>,
        n_layers: Option<usize>,
    ) -> Option<String> {
        let Self::AllBut(left_out) = self else {
            return None;
        };
        let mut places: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (layer, place) in names.filter_map(split) {
            places.entry(place).or_default().insert(layer);
        }
        let last = places.values().filter_map(BTreeSet::last).max();
        let n_layers = n_layers.or(last.map(|last| last + 1)).unwrap_or(0);
        places.iter().find_map(|(place, layers)| {
            let name = |layer: usize| place.replacen('*', &layer.to_string(), 1);
            if let Some(layer) = layers.intersection(left_out).next() {
                let name = name(*layer);
                return Some(format!(
                    "`{name}` is there, and `leave_out` names its layer"
                ));
            }
            let missing = (0..n_layers).find(|i| !layers.contains(i) && !left_out.contains(i))?;
            let name = name(missing);
            Some(format!(
                "`{name}` is missing, expected it in every layer that is not left out"
            ))
        })
    }
}
