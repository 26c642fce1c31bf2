//! Modules become what a backbone's graph is built around.

mod lora;
mod masks;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ndarray::ArrayD;
use xenoglot_engine::model::Backbone;
use xenoglot_engine::model::insertions::{
    AdapterLayer, Bottleneck, Coupling, Insertions, Invertible, Level, LinearChange,
};

use crate::error::{Error, Result};
use crate::module::{AdapterModule, Content, Module, Scale, layers};

/// How modules are laid over a backbone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComposeOptions {
    /// Whether invertible adapters of language modules take part. Those who trained them report that leaving them out can
    /// help.
    pub invertible: bool,
    /// Layers in which modules do not take part (AdapterDrop, Rücklé et al. 2021), counted from 0. Masks take part
    /// everywhere.
    pub skip_layers: BTreeSet<usize>,
    /// Whether products of low rank and masks become part of the weights, which then are this composition's own, and not
    /// steps beside them.
    pub merge: bool,
}

impl Default for ComposeOptions {
    fn default() -> Self {
        Self {
            invertible: true,
            skip_layers: BTreeSet::new(),
            merge: false,
        }
    }
}

/// The modules of one composition, from the backbone upwards.
pub(crate) struct Layers<'a> {
    pub(crate) language: Option<Language<'a>>,
    /// What all texts pass through.
    pub(crate) fixed: Vec<&'a Module>,
}

/// Adapters next to the backbone that are not the same for all tokens.
pub(crate) enum Language<'a> {
    /// Each text passes through one of these, of one style; or through none of them.
    Bank(Vec<Option<&'a AdapterModule>>),
    /// Query and document each pass through one of these.
    Split(Vec<Option<&'a AdapterModule>>),
    /// The query passes through the first and the document through the second.
    Sides(Option<&'a AdapterModule>, Option<&'a AdapterModule>),
}

/// What is being composed.
struct Composition<'a> {
    backbone: &'a Backbone,
    options: &'a ComposeOptions,
    insertions: Insertions,
    /// Weights that modules have changed, by their names.
    changed: BTreeMap<String, ArrayD<f32>>,
    /// Whether an adapter stands below, so that an invertible one no longer counts.
    has_adapter: bool,
}

/// What `layers` insert into `backbone`.
///
/// # Errors
/// When modules do not go together, or name what the backbone does not have.
pub(crate) fn insertions(
    backbone: &Backbone,
    layers: &Layers<'_>,
    options: &ComposeOptions,
) -> Result<Insertions> {
    let mut composition = Composition {
        backbone,
        options,
        insertions: Insertions::default(),
        changed: BTreeMap::new(),
        has_adapter: false,
    };
    if let Some(language) = &layers.language {
        composition.add_language(language);
    }
    // Weights first: what is computed from them below has to see all that masks change, whatever their place.
    for module in &layers.fixed {
        if let Content::Mask(mask) = &module.content {
            composition.add_mask(module, mask)?;
        }
    }
    for module in &layers.fixed {
        composition.add(module)?;
    }
    Ok(composition.finish())
}

impl Composition<'_> {
    fn add(&mut self, module: &Module) -> Result<()> {
        match &module.content {
            Content::Adapter(adapter) => self.add_adapter(adapter),
            Content::LowRank(changes) => self.add_low_rank(changes)?,
            Content::Scales(scales) => {
                for (name, scale) in scales {
                    if self.is_skipped(name) {
                        continue;
                    }
                    let change = match scale {
                        Scale::Input(scale) => LinearChange::Input(scale.clone()),
                        Scale::Output(scale) => LinearChange::Output(scale.clone()),
                    };
                    self.change(name, change);
                }
            }
            Content::Prefixes(prefixes) => {
                if !self.insertions.prefixes.is_empty() {
                    return Err(Error::Module {
                        path: module.path.clone(),
                        problem: "it is a second prefix in one stack, expected one at most".into(),
                    });
                }
                self.insertions.shift = prefixes.shift;
                let layers = prefixes.layers.iter().cloned().enumerate();
                let kept = layers.filter(|(i, _)| !self.options.skip_layers.contains(i));
                self.insertions.prefixes = kept.collect();
            }
            // Applied before all others.
            Content::Mask(_) => {}
        }
        self.add_whole_tensors(module)
    }

    /// Of several heads, the topmost counts.
    fn add_whole_tensors(&mut self, module: &Module) -> Result<()> {
        let [_, outer] = self.backbone.info().head;
        if module.head.is_some() {
            self.insertions.head.clone_from(&module.head);
        } else if module.tensors.contains_key(&format!("{outer}.weight")) {
            self.insertions.head = None;
        }
        for (name, tensor) in &module.tensors {
            if self.is_skipped(name) {
                continue;
            }
            let is_changed = self.changed.remove(name).is_some();
            if is_changed && !is_of_head(self.backbone, name) {
                return Err(Error::Module {
                    path: module.path.clone(),
                    problem: format!(
                        "it brings `{name}` whole, which another module of the stack changes"
                    ),
                });
            }
            let tensor = Arc::clone(tensor);
            self.insertions.tensors.insert(name.clone(), tensor);
        }
        Ok(())
    }

    fn add_adapter(&mut self, adapter: &AdapterModule) {
        let is_first = !std::mem::replace(&mut self.has_adapter, true);
        if let Some(invertible) = &adapter.invertible
            && is_first
            && self.options.invertible
        {
            self.insertions.invertible = Some(Level::One(Arc::clone(invertible)));
        }
        let bottleneck = self.without_skipped(&adapter.bottleneck);
        self.insertions.adapters.push(Level::One(bottleneck));
    }

    fn add_language(&mut self, language: &Language<'_>) {
        self.has_adapter = true;
        let adapters = match language {
            Language::Bank(modules) => Level::Bank(self.bank(modules)),
            Language::Split(modules) => Level::Split(self.bank(modules)),
            Language::Sides(query, document) => {
                let own = |module: &AdapterModule| self.without_skipped(&module.bottleneck);
                Level::Sides {
                    query: query.map(own),
                    document: document.map(own),
                }
            }
        };
        self.insertions.adapters.push(adapters);
        if !self.options.invertible {
            return;
        }
        self.insertions.invertible = match language {
            Language::Bank(modules) => invertible_bank(modules).map(Level::Bank),
            Language::Split(modules) => invertible_bank(modules).map(Level::Split),
            Language::Sides(query, _) => {
                let own = query.and_then(|module| module.invertible.clone());
                own.map(Level::One)
            }
        };
    }

    fn bank(&self, modules: &[Option<&AdapterModule>]) -> Vec<Arc<Bottleneck>> {
        let style = modules.iter().flatten().next();
        let nothing = style.map(|module| {
            Arc::new(Bottleneck {
                style: module.bottleneck.style.clone(),
                layers: Vec::new(),
            })
        });
        let adapters = modules.iter().filter_map(|module| match module {
            Some(module) => Some(self.without_skipped(&module.bottleneck)),
            None => nothing.clone(),
        });
        adapters.collect()
    }

    fn without_skipped(&self, bottleneck: &Arc<Bottleneck>) -> Arc<Bottleneck> {
        if self.options.skip_layers.is_empty() {
            return Arc::clone(bottleneck);
        }
        let mut kept = Bottleneck::clone(bottleneck);
        for (i, layer) in kept.layers.iter_mut().enumerate() {
            if self.options.skip_layers.contains(&i) {
                *layer = AdapterLayer::default();
            }
        }
        Arc::new(kept)
    }

    /// Whether the linear layer or tensor `name` lies in a layer that modules skip.
    fn is_skipped(&self, name: &str) -> bool {
        let layer = layers::split(name);
        layer.is_some_and(|(layer, _)| self.options.skip_layers.contains(&layer))
    }

    fn change(&mut self, name: &str, change: LinearChange) {
        let changes = self.insertions.linears.entry(name.to_owned()).or_default();
        changes.push(change);
    }

    /// The weight `name` as modules have left it so far.
    fn weight(&mut self, name: &str) -> Result<&mut ArrayD<f32>> {
        if !self.changed.contains_key(name) {
            let weight = match self.insertions.tensors.remove(name) {
                Some(whole) => ArrayD::clone(&whole),
                None => self.backbone.tensor(name)?,
            };
            self.changed.insert(name.to_owned(), weight);
        }
        Ok(self.changed.entry(name.to_owned()).or_default())
    }

    fn finish(self) -> Insertions {
        let mut insertions = self.insertions;
        let changed = self.changed.into_iter();
        let changed = changed.map(|(name, weight)| (name, Arc::new(weight)));
        insertions.tensors.extend(changed);
        if let Some(head) = &insertions.head {
            // What belongs to the backbone's own head would find no place.
            let is_used = |name: &str| {
                !is_of_head(self.backbone, name) || head.on_pooler && name.starts_with("pooler.")
            };
            insertions.tensors.retain(|name, _| is_used(name));
            insertions.linears.retain(|name, _| is_used(name));
        }
        insertions
    }
}

/// Whether the tensor or linear layer `name` belongs to the head of the backbone's family.
fn is_of_head(backbone: &Backbone, name: &str) -> bool {
    let is_in = |layer: &str| {
        let rest = name.strip_prefix(layer);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    backbone.info().head.into_iter().any(is_in)
}

/// The invertible adapters of a bank, with some that change nothing where a module has none; nothing if no module has one.
fn invertible_bank(modules: &[Option<&AdapterModule>]) -> Option<Vec<Arc<Invertible>>> {
    let own = |module: &Option<&AdapterModule>| module.and_then(|module| module.invertible.clone());
    let first = modules.iter().find_map(own)?;
    let nothing = Arc::new(identity(&first));
    let invertibles = modules
        .iter()
        .map(|module| own(module).unwrap_or_else(|| Arc::clone(&nothing)));
    Some(invertibles.collect())
}

/// An invertible adapter of the size of `like` that changes nothing.
fn identity(like: &Invertible) -> Invertible {
    let nothing = |coupling: &Coupling| Coupling {
        down: ndarray::ArcArray2::zeros((0, coupling.down.ncols())),
        down_bias: ndarray::ArcArray1::zeros(0),
        up: ndarray::ArcArray2::zeros((coupling.up.nrows(), 0)),
        up_bias: ndarray::ArcArray1::zeros(coupling.up.nrows()),
    };
    Invertible {
        activation: like.activation,
        f: nothing(&like.f),
        g: nothing(&like.g),
    }
}
