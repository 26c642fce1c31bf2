//! Whether a module fits a backbone.

use xenoglot_engine::model::BackboneInfo;

use crate::error::{Error, Result};

use super::{AdapterModule, Content, LowRank, Module, Scale};

/// What a module was made for, and what the backbone is instead.
type Mismatch = (String, String);

impl Module {
    /// Checks that the module was made for a backbone like this one.
    ///
    /// # Errors
    /// When it was made for another architecture, size or model, or changes what this one does not have.
    pub fn fits(&self, backbone: &BackboneInfo) -> Result<()> {
        let mismatch = self
            .other_architecture(backbone)
            .or_else(|| self.other_name(backbone))
            .or_else(|| self.other_content(backbone))
            .or_else(|| self.other_layers(backbone));
        match mismatch {
            None => Ok(()),
            Some((made_for, given)) => Err(Error::WrongBackbone {
                module: self.path.display().to_string(),
                made_for: self.named(made_for),
                backbone: backbone.name.clone(),
                given,
            }),
        }
    }

    /// The names of the linear layers that it changes one by one.
    pub(super) fn linear_layers(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match &self.content {
            Content::LowRank(layers) => Box::new(layers.keys().map(String::as_str)),
            Content::Scales(scales) => Box::new(scales.keys().map(String::as_str)),
            Content::Adapter(_) | Content::Prefixes(_) | Content::Mask(_) => {
                Box::new(std::iter::empty())
            }
        }
    }

    /// `made_for`, with the model's name where the module states one.
    fn named(&self, made_for: String) -> String {
        match &self.made_for.name {
            Some(name) => format!("{made_for} ({name})"),
            None => made_for,
        }
    }

    fn other_architecture(&self, backbone: &BackboneInfo) -> Option<Mismatch> {
        let made_for = &self.made_for;
        let model_type = &backbone.model_type;
        if let Some(made_for) = made_for
            .model_type
            .as_ref()
            .filter(|name| *name != model_type)
        {
            return Some((format!("`{made_for}`"), format!("`{model_type}`")));
        }
        if let Some(prefix) = &made_for.prefix
            && prefix_of(model_type).is_some_and(|expected| expected != prefix)
        {
            let family = format!("`{prefix}` and its kin");
            return Some((family, format!("`{model_type}`")));
        }
        other_dim(made_for.dim?, backbone)
    }

    fn other_name(&self, backbone: &BackboneInfo) -> Option<Mismatch> {
        let one = self.made_for.name.as_deref().and_then(model_name)?;
        let stated = backbone.stated_name.as_deref().and_then(model_name);
        let other = stated.or_else(|| known_name(&backbone.name))?;
        // A name that goes on is a descendant's: `xlm-roberta-base-squad2`.
        let descends = |one: &str, other: &str| {
            one.strip_prefix(other)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
        };
        if descends(&one, &other) || descends(&other, &one) {
            return None;
        }
        Some((format!("`{one}`"), format!("`{other}`")))
    }

    fn other_content(&self, backbone: &BackboneInfo) -> Option<Mismatch> {
        match &self.content {
            Content::Adapter(adapter) => {
                let layers = adapter.bottleneck.layers.iter();
                let mut adapters = layers.flat_map(|layer| [&layer.attention, &layer.output]);
                let adapter = adapters.find_map(Option::as_ref)?;
                other_dim(adapter.down.ncols(), backbone)
            }
            Content::Prefixes(prefixes) => {
                other_dim(prefixes.layers.first()?.keys.ncols(), backbone)
            }
            Content::LowRank(layers) => {
                (layers.iter()).find_map(|(name, layer)| self.other_low_rank(name, layer, backbone))
            }
            Content::Scales(scales) => {
                (scales.iter()).find_map(|(name, scale)| self.other_scale(name, scale, backbone))
            }
            Content::Mask(tensors) => (tensors.iter())
                .find_map(|(name, tensor)| other_tensor(name, &tensor.shape, backbone)),
        }
    }

    fn other_low_rank(
        &self,
        name: &str,
        layer: &LowRank,
        backbone: &BackboneInfo,
    ) -> Option<Mismatch> {
        let mut shape = [layer.b.nrows(), layer.a.ncols()];
        if name.starts_with("embeddings.") {
            shape.reverse();
        }
        let found = self.linear(name, backbone);
        (found != Some(&shape)).then(|| mismatch(name, &format!("{shape:?}"), found))
    }

    fn other_scale(&self, name: &str, scale: &Scale, backbone: &BackboneInfo) -> Option<Mismatch> {
        let (side, length, shape) = match scale {
            Scale::Input(scale) => (1, scale.len(), format!("[_, {}]", scale.len())),
            Scale::Output(scale) => (0, scale.len(), format!("[{}, _]", scale.len())),
        };
        let found = self.linear(name, backbone);
        let agrees = found.is_some_and(|found| found.get(side) == Some(&length));
        (!agrees).then(|| mismatch(name, &shape, found))
    }

    /// The shape of the linear layer `name`, which the module itself may bring along.
    fn linear<'a>(&'a self, name: &str, backbone: &'a BackboneInfo) -> Option<&'a [usize]> {
        let name = format!("{name}.weight");
        match self.tensors.get(&name) {
            Some(own) => Some(own.shape()),
            None => backbone.tensors.get(&name).map(Vec::as_slice),
        }
    }

    fn other_layers(&self, backbone: &BackboneInfo) -> Option<Mismatch> {
        let n_layers = backbone.n_layers;
        let made_for = match &self.content {
            Content::Adapter(adapter) => other_adapters(adapter, n_layers)?,
            Content::Prefixes(prefixes) => {
                let found = Some(prefixes.layers.len()).filter(|found| *found != n_layers)?;
                format!("{found} layers")
            }
            Content::LowRank(_) | Content::Scales(_) => {
                let names = self.linear_layers();
                let problem = self.coverage.problem(names, Some(n_layers))?;
                format!("fewer layers: {problem}")
            }
            Content::Mask(_) => return None,
        };
        Some((made_for, format!("one of {n_layers}")))
    }
}

fn other_adapters(adapter: &AdapterModule, n_layers: usize) -> Option<String> {
    let layers = &adapter.bottleneck.layers;
    if layers.len() > n_layers {
        return Some(format!("at least {} layers", layers.len()));
    }
    let has = |layer: usize| {
        let layer = layers.get(layer);
        layer.is_some_and(|layer| layer.attention.is_some() || layer.output.is_some())
    };
    let missing = (0..n_layers).find(|i| !has(*i) && !adapter.left_out.contains(i))?;
    let found = layers.len();
    Some(format!(
        "{found} layers, and has no adapter for layer {missing}"
    ))
}

fn other_dim(dim: usize, backbone: &BackboneInfo) -> Option<Mismatch> {
    let given = format!("one of {}", backbone.dim);
    (dim != backbone.dim).then(|| (format!("a hidden size of {dim}"), given))
}

fn other_tensor(name: &str, shape: &[usize], backbone: &BackboneInfo) -> Option<Mismatch> {
    let found = backbone.tensors.get(name).map(Vec::as_slice);
    if found == Some(shape) {
        return None;
    }
    let words = shape
        .first()
        .filter(|_| name == "embeddings.word_embeddings.weight");
    if let Some(words) = words.filter(|words| **words != backbone.vocab_size) {
        let given = format!("one of {}", backbone.vocab_size);
        return Some((format!("a vocabulary of {words}"), given));
    }
    Some(mismatch(name, &format!("{shape:?}"), found))
}

fn mismatch(name: &str, expected: &str, found: Option<&[usize]>) -> Mismatch {
    let given = match found {
        Some(found) => format!("one with {found:?}"),
        None => "one without it".into(),
    };
    (format!("a model with `{name}` of shape {expected}"), given)
}

/// What the names of an architecture's tensors begin with.
fn prefix_of(model_type: &str) -> Option<&'static str> {
    Some(match model_type {
        "bert" => "bert",
        "camembert" | "roberta" | "xlm-roberta" => "roberta",
        "distilbert" => "distilbert",
        "mpnet" => "mpnet",
        _ => return None,
    })
}

/// The model that `name` speaks of, if it looks like a name on a model hub and not like a path on somebody's machine.
fn model_name(name: &str) -> Option<String> {
    let is_path = name.starts_with(['/', '.', '~']) || name.contains('\\');
    match name.split_once('/') {
        Some((_, name)) if !is_path && !name.contains('/') => Some(name.to_lowercase()),
        _ => known_name(name),
    }
}

/// The model that the last part of `path` speaks of, if it begins as those of known families do.
///
/// `base` and `checkpoint-25000` may be any model.
fn known_name(path: &str) -> Option<String> {
    let mut parts = path.split(['/', '\\']);
    let last = parts.rfind(|part| !part.is_empty())?.to_lowercase();
    let families = [
        "bert",
        "camembert",
        "distilbert",
        "distilroberta",
        "mpnet",
        "roberta",
        "xlm-r",
        "xlm-roberta",
    ];
    let is_of = |family: &&str| {
        let rest = last.strip_prefix(*family);
        rest.is_some_and(|rest| rest.starts_with('-'))
    };
    families.iter().any(is_of).then_some(last)
}
