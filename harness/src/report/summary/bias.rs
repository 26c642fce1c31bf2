//! Which languages a system's lists favour, over all languages asked in.

use std::collections::{BTreeMap, BTreeSet};

use super::mean;
use crate::results::{self, Cell};

/// Means over query languages.
pub(in super::super) struct Bias {
    pub(in super::super) peer: f64,
    /// How often the first document is in the language of the query.
    pub(in super::super) own_language_first: f64,
    /// How many documents were looked at.
    pub(in super::super) cutoff: usize,
    /// Each language, in the order of their codes.
    pub(in super::super) shares: BTreeMap<String, Share>,
}

/// A language's part of two lists.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Share {
    /// Of what was retrieved.
    pub(in super::super) retrieved: f64,
    /// Of what is relevant.
    pub(in super::super) relevant: f64,
}

impl Bias {
    /// Nothing where no cell was looked at for it.
    pub(super) fn new(cells: &[&Cell]) -> Option<Self> {
        let found: Vec<&results::Bias> = cells.iter().filter_map(|c| c.bias.as_ref()).collect();
        let languages: BTreeSet<&String> = found
            .iter()
            .flat_map(|bias| bias.share.keys().chain(bias.relevant_share.keys()))
            .collect();
        let part = |of: fn(&results::Bias) -> &BTreeMap<String, f64>, language: &String| {
            let parts = found.iter().map(|bias| of(bias).get(language));
            mean(parts.map(|part| part.copied().unwrap_or(0.0))).unwrap_or_default()
        };
        let share = |language: &String| Share {
            retrieved: part(|bias| &bias.share, language),
            relevant: part(|bias| &bias.relevant_share, language),
        };
        Some(Self {
            peer: mean(found.iter().map(|bias| bias.peer))?,
            own_language_first: mean(found.iter().map(|bias| bias.own_language_first))?,
            cutoff: found[0].cutoff,
            shares: languages
                .into_iter()
                .map(|language| (language.clone(), share(language)))
                .collect(),
        })
    }
}
