//! Which language module a text is read with.

use std::collections::BTreeMap;

use serde::Deserialize;
use xenoglot_engine::{Fallback, Lang};

use crate::nearest::Nearest;
use crate::stack::{LanguageLayer, ModuleId};

/// Whose language module lies under the ranking module (Litschko et al. 2022).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LanguageChoice {
    /// Nobody's.
    None,
    /// The document's.
    #[default]
    Document,
    /// The query's.
    Query,
    /// The query's for the query's tokens and the document's for the document's.
    Both,
}

/// The language modules of a backbone, and who uses which.
#[derive(Debug, Clone, Default)]
pub struct LanguageModules {
    modules: BTreeMap<Lang, ModuleId>,
    choice: LanguageChoice,
    nearest: Nearest,
}

impl LanguageModules {
    /// `modules` by their language.
    pub fn new(
        modules: BTreeMap<Lang, ModuleId>,
        choice: LanguageChoice,
        nearest: Nearest,
    ) -> Self {
        Self {
            modules,
            choice,
            nearest,
        }
    }

    /// The modules.
    pub fn ids(&self) -> impl Iterator<Item = &ModuleId> {
        self.modules.values()
    }

    /// Every layer that there can be.
    pub(crate) fn layers(&self) -> Vec<LanguageLayer> {
        let langs: Vec<Lang> = self
            .modules
            .keys()
            .copied()
            .chain([Lang::UNKNOWN])
            .collect();
        let queries = match self.choice {
            LanguageChoice::Both => &langs[..],
            // The other side does not matter.
            _ => &langs[langs.len() - 1..],
        };
        let pairs = queries
            .iter()
            .flat_map(|query| langs.iter().map(move |lang| (*query, *lang)));
        let layers = pairs.map(|(query, document)| match self.choice {
            LanguageChoice::Query => self.layer(document, query).0,
            _ => self.layer(query, document).0,
        });
        layers.collect()
    }

    /// The layer for a query and a document in these languages, and which of them had to be stood in for.
    pub fn layer(&self, query: Lang, document: Lang) -> (LanguageLayer, Vec<Fallback>) {
        if self.modules.is_empty() {
            return (LanguageLayer::Bare, Vec::new());
        }
        let mut fallbacks = Vec::new();
        let mut module_of = |lang| {
            let (module, fallback) = self.module_of(lang);
            // Both sides may want the same.
            if let Some(fallback) = fallback.filter(|fallback| !fallbacks.contains(fallback)) {
                fallbacks.push(fallback);
            }
            module
        };
        let one = |module: Option<ModuleId>| module.map_or(LanguageLayer::Bare, LanguageLayer::One);
        let layer = match self.choice {
            LanguageChoice::None => LanguageLayer::Bare,
            LanguageChoice::Document => one(module_of(document)),
            LanguageChoice::Query => one(module_of(query)),
            LanguageChoice::Both => match (module_of(query), module_of(document)) {
                (None, None) => LanguageLayer::Bare,
                (query, document) if query == document => one(query),
                (query, document) => LanguageLayer::Both { query, document },
            },
        };
        (layer, fallbacks)
    }

    fn module_of(&self, lang: Lang) -> (Option<ModuleId>, Option<Fallback>) {
        let exact = |lang: Lang| self.modules.get(&lang).cloned();
        let primary = || exact(lang.primary().parse().ok()?);
        if let Some(module) = exact(lang).or_else(primary) {
            return (Some(module), None);
        }
        if lang == Lang::UNKNOWN {
            return (None, None);
        }
        let available: Vec<Lang> = self.modules.keys().copied().collect();
        let used = self.nearest.find(lang, &available);
        let fallback = Fallback { wanted: lang, used };
        (used.and_then(exact), Some(fallback))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lang(code: &str) -> Lang {
        code.parse().unwrap()
    }

    fn layer(
        choice: LanguageChoice,
        query: &str,
        document: &str,
    ) -> (LanguageLayer, Vec<Fallback>) {
        let modules = ["de", "sw", "kk"].map(|code| (lang(code), ModuleId::from(code)));
        let modules = LanguageModules::new(modules.into(), choice, Nearest::default());
        modules.layer(lang(query), lang(document))
    }

    fn one(id: &str) -> LanguageLayer {
        LanguageLayer::One(id.into())
    }

    #[test]
    fn each_choice_takes_its_side() {
        assert_eq!(
            layer(LanguageChoice::None, "de", "sw").0,
            LanguageLayer::Bare
        );
        assert_eq!(layer(LanguageChoice::Document, "de", "sw").0, one("sw"));
        assert_eq!(layer(LanguageChoice::Query, "de", "sw").0, one("de"));
        let both = LanguageLayer::Both {
            query: Some("de".into()),
            document: Some("sw".into()),
        };
        assert_eq!(layer(LanguageChoice::Both, "de", "sw").0, both);
        assert_eq!(layer(LanguageChoice::Both, "de", "de").0, one("de"));
    }

    #[test]
    fn what_stands_in_is_said_and_so_is_that_nothing_does() {
        let (layer_of_kyrgyz, fallbacks) = layer(LanguageChoice::Document, "de", "ky");
        assert_eq!(layer_of_kyrgyz, one("kk"));
        let used = Some(lang("kk"));
        assert_eq!(
            fallbacks,
            [Fallback {
                wanted: lang("ky"),
                used
            }]
        );
        let (layer_of_basque, fallbacks) = layer(LanguageChoice::Document, "de", "eu");
        assert_eq!(layer_of_basque, LanguageLayer::Bare);
        assert_eq!(
            fallbacks,
            [Fallback {
                wanted: lang("eu"),
                used: None
            }]
        );
        assert_eq!(
            layer(LanguageChoice::Document, "de", "und"),
            (LanguageLayer::Bare, vec![])
        );
        assert_eq!(layer(LanguageChoice::Document, "de", "de-Latn").1, []);
    }
}
