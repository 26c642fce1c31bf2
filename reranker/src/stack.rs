//! Which modules lie over the backbone.

use std::fmt;
use std::sync::Arc;

/// What a module is called: its id in a registry, or its path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(Arc<str>);

/// What lies over the frozen backbone for one candidate. A value: it is compared, cached by, logged and returned.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct AdapterStack {
    /// Next to the backbone.
    pub language: LanguageLayer,
    /// Above it, from below upwards: a ranking module, as a rule.
    pub ranking: Vec<ModuleId>,
}

/// Whose language module: neither side's, one side's, or both (Litschko et al. 2022).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum LanguageLayer {
    /// None.
    #[default]
    Bare,
    /// One module for query and document.
    One(ModuleId),
    /// One for the query's tokens and one for the document's; masks add up over all tokens instead. A side may have none.
    Both {
        /// The query's.
        query: Option<ModuleId>,
        /// The document's.
        document: Option<ModuleId>,
    },
}

impl ModuleId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ModuleId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl fmt::Display for ModuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl LanguageLayer {
    /// Its modules, the query's first.
    pub fn modules(&self) -> impl Iterator<Item = &ModuleId> {
        let modules = match self {
            Self::Bare => [None, None],
            Self::One(module) => [Some(module), None],
            Self::Both { query, document } => [query.as_ref(), document.as_ref()],
        };
        modules.into_iter().flatten()
    }
}

impl AdapterStack {
    /// Every module, from the backbone upwards.
    pub fn modules(&self) -> impl Iterator<Item = &ModuleId> {
        self.language.modules().chain(&self.ranking)
    }
}
