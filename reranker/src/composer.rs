//! Pairs are scored, each under its own stack.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ndarray::Array2;
use xenoglot_engine::model::{Backbone, Candidate, Composed, TokenPair, Tokens};

use crate::bank::{bankable, go_together, stands_apart};
use crate::compose::{ComposeOptions, Language, Layers, insertions};
use crate::error::{Error, Result};
use crate::module::{AdapterModule, Content, Module};
use crate::resident::Resident;
use crate::stack::{AdapterStack, LanguageLayer, ModuleId};

/// Compositions that stay in memory, where nobody says otherwise.
pub const DEFAULT_RESIDENT: usize = 16;

/// A backbone and the modules that stacks may name. What is composed once stays in memory until others displace it.
pub struct Composer {
    backbone: Arc<Backbone>,
    options: ComposeOptions,
    modules: BTreeMap<ModuleId, Arc<Module>>,
    /// Language adapters of one style each, in the order of their ids.
    banks: Vec<Vec<ModuleId>>,
    resident: Resident<Key, Composed>,
}

/// What one composition is made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    language: LanguageKey,
    fixed: Vec<ModuleId>,
}

/// What lies next to the backbone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum LanguageKey {
    /// Nothing but what is fixed.
    Nothing,
    /// The bank of this number.
    Bank(usize),
    /// The same for query and document apart.
    Split(usize),
    /// Two adapters that share no bank.
    Sides(Option<ModuleId>, Option<ModuleId>),
}

/// Where a stack's candidates run.
struct Place {
    key: Key,
    query_module: usize,
    document_module: usize,
}

impl Composer {
    /// A composer for stacks of `modules`, each of which has to fit the backbone.
    ///
    /// # Errors
    /// When one does not.
    pub fn new(
        backbone: Arc<Backbone>,
        modules: BTreeMap<ModuleId, Arc<Module>>,
        options: ComposeOptions,
    ) -> Result<Self> {
        for module in modules.values() {
            module.fits(backbone.info())?;
        }
        let n_layers = backbone.info().n_layers;
        if let Some(layer) = options.skip_layers.iter().find(|layer| **layer >= n_layers) {
            return Err(Error::NoLayer {
                layer: *layer,
                n_layers,
            });
        }
        Ok(Self {
            backbone,
            options,
            modules,
            banks: Vec::new(),
            resident: Resident::new(DEFAULT_RESIDENT),
        })
    }

    /// The same composer, with those of `modules` that are plain adapters of one style in one bank, so that candidates
    /// under any of them share a forward pass.
    pub fn with_bank<'a>(mut self, modules: impl IntoIterator<Item = &'a ModuleId>) -> Self {
        let mut ids: Vec<&ModuleId> = modules.into_iter().collect();
        ids.sort();
        ids.dedup();
        let mut banks: Vec<Vec<ModuleId>> = Vec::new();
        for id in ids {
            let Some(adapter) = self.bankable(id) else {
                continue;
            };
            let like = |bank: &&mut Vec<ModuleId>| {
                let first = bank.first().and_then(|first| self.bankable(first));
                first.is_some_and(|first| go_together(first, adapter))
            };
            match banks.iter_mut().find(like) {
                Some(bank) => bank.push(id.clone()),
                None => banks.push(vec![id.clone()]),
            }
        }
        self.banks = banks;
        self
    }

    /// The same composer with another number of compositions that stay in memory.
    pub fn with_resident(self, max_resident: usize) -> Self {
        Self {
            resident: Resident::new(max_resident),
            ..self
        }
    }

    /// The backbone.
    pub fn backbone(&self) -> &Backbone {
        &self.backbone
    }

    /// The tokens of one text, all of them.
    ///
    /// # Errors
    /// When the tokenizer fails.
    pub fn tokens(&self, text: &str) -> Result<Tokens> {
        Ok(self.backbone.tokens(text)?)
    }

    /// The pair of a query and a document, as short as the backbone and the modules of `stack` want it; the longer of the
    /// two loses tokens first.
    ///
    /// # Errors
    /// When the tokenizer fails.
    pub fn pair(
        &self,
        query: &Tokens,
        document: &Tokens,
        stack: &AdapterStack,
    ) -> Result<TokenPair> {
        let max_tokens = self.max_tokens(stack);
        Ok(self.backbone.pair(query, document, max_tokens)?)
    }

    /// The pairs of a query and every window of a document that is too long for one pair; windows share `stride` tokens.
    ///
    /// # Errors
    /// When the tokenizer fails.
    pub fn windows(
        &self,
        query: &Tokens,
        document: &Tokens,
        stride: usize,
        stack: &AdapterStack,
    ) -> Result<Vec<TokenPair>> {
        let max_tokens = self.max_tokens(stack);
        Ok(self.backbone.windows(query, document, stride, max_tokens)?)
    }

    /// What the backbone has positions for, those of the stack's prefix aside.
    fn max_tokens(&self, stack: &AdapterStack) -> usize {
        let modules = stack.modules().filter_map(|id| self.module(id));
        let shift = |module: &Module| match &module.content {
            Content::Prefixes(prefixes) => prefixes.shift,
            _ => 0,
        };
        let shift = modules.map(shift).max().unwrap_or(0);
        self.backbone.info().n_positions.saturating_sub(shift)
    }

    /// The stack of `modules`, from the backbone upwards, under a `split` between query and document if there is one.
    ///
    /// Under others, an adapter is taken for a language's: candidates that differ in nothing else run together.
    pub fn stack(&self, modules: &[ModuleId], split: Option<[ModuleId; 2]>) -> AdapterStack {
        if let Some([query, document]) = split {
            return AdapterStack {
                language: LanguageLayer::Both {
                    query: Some(query),
                    document: Some(document),
                },
                ranking: modules.to_vec(),
            };
        }
        match modules.split_first() {
            Some((language, ranking))
                if !ranking.is_empty() && self.adapter(language).is_some() =>
            {
                AdapterStack {
                    language: LanguageLayer::One(language.clone()),
                    ranking: ranking.to_vec(),
                }
            }
            _ => AdapterStack {
                language: LanguageLayer::Bare,
                ranking: modules.to_vec(),
            },
        }
    }

    /// The module `id`, if it is known.
    pub fn module(&self, id: &ModuleId) -> Option<&Module> {
        self.modules.get(id).map(Arc::as_ref)
    }

    /// How many compositions are in memory.
    pub fn n_resident(&self) -> usize {
        self.resident.len()
    }

    /// One row of logits per pair, in their order, each under its own stack, `[pairs, labels]`.
    ///
    /// # Errors
    /// When a stack names an unknown module, when modules do not go together, or when the model cannot run.
    pub fn logits(&self, pairs: &[(&TokenPair, &AdapterStack)]) -> Result<Array2<f32>> {
        let mut places: HashMap<&AdapterStack, Place> = HashMap::new();
        let mut groups: Vec<(Key, Vec<usize>)> = Vec::new();
        for (i, (_, stack)) in pairs.iter().enumerate() {
            if !places.contains_key(stack) {
                places.insert(stack, self.place(stack)?);
            }
            let key = &places[stack].key;
            match groups.iter_mut().find(|(known, _)| known == key) {
                Some((_, group)) => group.push(i),
                None => groups.push((key.clone(), vec![i])),
            }
        }
        let mut logits: Option<Array2<f32>> = None;
        for (key, group) in groups {
            let candidate = |i: &usize| {
                let (tokens, stack) = pairs[*i];
                let place = &places[stack];
                Candidate {
                    tokens,
                    query_module: place.query_module,
                    document_module: place.document_module,
                }
            };
            let candidates: Vec<Candidate<'_>> = group.iter().map(candidate).collect();
            let rows = self.composed(&key)?.logits(&candidates)?;
            let shape = (pairs.len(), rows.ncols());
            let all = logits.get_or_insert_with(|| Array2::zeros(shape));
            if all.ncols() != rows.ncols() {
                return Err(Error::Heads);
            }
            for (i, row) in group.iter().zip(rows.rows()) {
                all.row_mut(*i).assign(&row);
            }
        }
        Ok(logits.unwrap_or_else(|| Array2::zeros((0, 1))))
    }

    /// How many logits a pair has under `stack`, which is not composed for that.
    ///
    /// # Errors
    /// When it names an unknown module, when modules do not stand side by side, or when nothing brings a head.
    pub fn n_labels(&self, stack: &AdapterStack) -> Result<usize> {
        self.place(stack)?;
        let info = self.backbone.info();
        let classifier = format!("{}.weight", info.head[1]);
        let modules: Vec<&ModuleId> = stack.modules().collect();
        for id in modules.into_iter().rev() {
            let module = self.known(id)?;
            let of_head = module.head.as_ref().and_then(|head| head.layers.last());
            let of_tensors = || Some(*module.tensors.get(&classifier)?.shape().first()?);
            let n_labels = of_head
                .map(|layer| layer.weight.nrows())
                .or_else(of_tensors);
            if let Some(n_labels) = n_labels {
                return Ok(n_labels);
            }
        }
        let own = info.tensors.get(&classifier);
        let own = own.and_then(|shape| shape.first().copied());
        own.ok_or_else(|| Error::NoHead {
            backbone: info.name.clone(),
        })
    }

    /// Composes what `stack` needs, if it is not in memory.
    ///
    /// # Errors
    /// Those of [`logits`](Self::logits).
    pub fn prepare(&self, stack: &AdapterStack) -> Result<()> {
        let place = self.place(stack)?;
        self.composed(&place.key).map(|_| ())
    }

    /// Where candidates under `stack` run.
    fn place(&self, stack: &AdapterStack) -> Result<Place> {
        for id in stack.modules() {
            self.known(id)?;
        }
        let (query, document, is_split) = match &stack.language {
            LanguageLayer::Bare => (None, None, false),
            LanguageLayer::One(module) => (Some(module), Some(module), false),
            LanguageLayer::Both { query, document } => (query.as_ref(), document.as_ref(), true),
        };
        let sides = || query.into_iter().chain(document);
        // Masks add up over all tokens.
        let is_split = is_split && !sides().all(|id| self.is_mask(id));
        let bank = match (query, document) {
            // Nobody's: with whom it runs does not matter.
            (None, None) => {
                // An invertible adapter counts only where no other stands below its own.
                let mut above = stack.ranking.iter();
                let has_invertible =
                    above.any(|id| self.adapter(id).is_some_and(|own| own.invertible.is_some()));
                let shared = self.banks.iter().position(|bank| bank.len() > 1);
                shared.filter(|_| !has_invertible)
            }
            _ => self.bank_of(query, document),
        };
        let bank = bank.filter(|bank| is_split || self.banks[*bank].len() > 1);
        let mut fixed = stack.ranking.clone();
        let language = match bank {
            Some(bank) if is_split => LanguageKey::Split(bank),
            Some(bank) => LanguageKey::Bank(bank),
            None if is_split && sides().all(|id| self.adapter(id).is_some_and(stands_apart)) => {
                LanguageKey::Sides(query.cloned(), document.cloned())
            }
            None if is_split => {
                return Err(Error::Split {
                    query: query.map(ToString::to_string).unwrap_or_default(),
                    document: document.map(ToString::to_string).unwrap_or_default(),
                });
            }
            None => {
                let mut below: Vec<ModuleId> = sides().cloned().collect();
                below.dedup();
                fixed.splice(..0, below);
                LanguageKey::Nothing
            }
        };
        let row = |id| bank.map_or(0, |bank| self.row(bank, id));
        Ok(Place {
            key: Key { language, fixed },
            query_module: row(query),
            document_module: row(document),
        })
    }

    fn is_mask(&self, id: &ModuleId) -> bool {
        let module = self.module(id);
        module.is_some_and(|module| matches!(module.content, Content::Mask(_)))
    }

    /// The adapters of `id`, if it is known and has some.
    fn adapter(&self, id: &ModuleId) -> Option<&AdapterModule> {
        match &self.module(id)?.content {
            Content::Adapter(adapter) => Some(adapter),
            _ => None,
        }
    }

    /// The bank that holds both.
    fn bank_of(&self, query: Option<&ModuleId>, document: Option<&ModuleId>) -> Option<usize> {
        let holds = |bank: &Vec<ModuleId>| {
            let mut both = query.into_iter().chain(document);
            both.all(|id| bank.contains(id))
        };
        self.banks.iter().position(holds)
    }

    /// Row 0 of a bank is nobody's.
    fn row(&self, bank: usize, id: Option<&ModuleId>) -> usize {
        let position = |id| self.banks[bank].iter().position(|known| known == id);
        id.and_then(position).map_or(0, |i| i + 1)
    }

    fn known(&self, id: &ModuleId) -> Result<&Module> {
        self.module(id)
            .ok_or_else(|| Error::UnknownModule { id: id.to_string() })
    }

    /// The composition of `key`, made if it is not in memory.
    fn composed(&self, key: &Key) -> Result<Arc<Composed>> {
        self.resident.get(key, || self.compose(key))
    }

    fn compose(&self, key: &Key) -> Result<Composed> {
        let fixed = key.fixed.iter().map(|id| self.known(id));
        let bank = |bank: &usize| {
            let own = self.banks[*bank].iter().map(|id| self.bankable(id));
            std::iter::once(None).chain(own).collect()
        };
        let side = |id: &Option<ModuleId>| self.adapter(id.as_ref()?);
        let layers = Layers {
            language: match &key.language {
                LanguageKey::Nothing => None,
                LanguageKey::Bank(number) => Some(Language::Bank(bank(number))),
                LanguageKey::Split(number) => Some(Language::Split(bank(number))),
                LanguageKey::Sides(query, document) => {
                    Some(Language::Sides(side(query), side(document)))
                }
            },
            fixed: fixed.collect::<Result<_>>()?,
        };
        let insertions = insertions(&self.backbone, &layers, &self.options)?;
        Ok(self.backbone.compose(&insertions)?)
    }

    /// The module `id` if it is an adapter that can share a bank.
    fn bankable(&self, id: &ModuleId) -> Option<&AdapterModule> {
        bankable(self.module(id)?)
    }
}
