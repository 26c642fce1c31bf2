//! The head that an adapter was trained with.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ndarray::ArrayD;
use serde::Deserialize;
use xenoglot_engine::model::Activation;
use xenoglot_engine::model::insertions::{Head, HeadLayer};

use crate::error::Result;
use crate::module::settings;
use crate::module::tensors::{Tensors, is_head};

use super::config::activation;

const WEIGHTS: [&str; 2] = ["model_head.safetensors", "pytorch_model_head.bin"];

/// A head in place of the backbone's tensors, or one of its own.
type Heads = (BTreeMap<String, Arc<ArrayD<f32>>>, Option<Head>);

#[derive(Deserialize)]
struct HeadOuter {
    model_class: Option<String>,
    hidden_size: Option<usize>,
    name: Option<String>,
    num_labels: Option<usize>,
    config: Option<HeadConfig>,
}

/// A head that can be taken off a model. The defaults are the library's.
#[derive(Deserialize)]
struct HeadConfig {
    head_type: String,
    num_labels: Option<usize>,
    layers: Option<usize>,
    activation_function: Option<String>,
    use_pooler: Option<bool>,
    bias: Option<bool>,
}

/// The head for classification in `dir`, if there is one. Heads for other ends, such as the words' head of a language
/// module, are passed over.
pub(super) fn load(dir: &Path, dim: usize) -> Result<Heads> {
    let path = dir.join("head_config.json");
    if !path.is_file() {
        return Ok(Heads::default());
    }
    let outer: HeadOuter = settings::read(&path)?;
    if let Some(found) = outer.hidden_size.filter(|found| *found != dim) {
        let problem = format!("field `hidden_size`: got {found}, expected the adapter's {dim}");
        return Err(settings::problem(&path, problem));
    }
    match (&outer.config, &outer.model_class) {
        (Some(config), _) => match config.head_type.as_str() {
            "classification" | "multilabel_classification" => {
                Ok((BTreeMap::new(), Some(own(dir, &outer, config, dim)?)))
            }
            _ => Ok(Heads::default()),
        },
        (None, Some(class)) if !class.ends_with("ForSequenceClassification") => {
            Ok(Heads::default())
        }
        (None, _) => Ok((in_place(dir, &outer)?, None)),
    }
}

/// The tensors that stand in place of the backbone's.
fn in_place(dir: &Path, outer: &HeadOuter) -> Result<BTreeMap<String, Arc<ArrayD<f32>>>> {
    let mut tensors = Tensors::open(dir, &WEIGHTS, str::to_owned)?;
    let mut head = BTreeMap::new();
    for name in tensors.names().into_iter().filter(|name| is_head(name)) {
        let numbers = tensors.any(&name)?;
        let last = ["classifier.weight", "classifier.out_proj.weight"].contains(&name.as_str());
        if let (true, Some(labels)) = (last, outer.num_labels)
            && numbers.shape().first() != Some(&labels)
        {
            let found = numbers.shape();
            return Err(tensors.problem(format!(
                "tensor `{name}` is {found:?}, expected [{labels}, _] for `num_labels`"
            )));
        }
        head.insert(name, Arc::new(numbers));
    }
    if head.is_empty() {
        return Err(tensors.problem("no tensor of a head, expected `classifier.…`"));
    }
    tensors.finish("a classifier")?;
    Ok(head)
}

/// The head that the model was given by name.
fn own(dir: &Path, outer: &HeadOuter, config: &HeadConfig, dim: usize) -> Result<Head> {
    let path = dir.join("head_config.json");
    let problem = |problem: &str| settings::problem(&path, problem);
    let Some(name) = &outer.name else {
        return Err(problem("field `name`: got null, expected the head's name"));
    };
    let between = config.between().map_err(|text| problem(&text))?;
    let n_layers = config.layers.unwrap_or(2);
    if n_layers == 0 {
        return Err(problem("field `config.layers`: got 0, expected at least 1"));
    }
    let mut tensors = Tensors::open(dir, &WEIGHTS, str::to_owned)?;
    let mut layers = vec![];
    for i in 0..n_layers {
        let is_last = i + 1 == n_layers;
        let root = format!("heads.{name}.{}", i * config.step() + 1);
        let n_rows = if is_last {
            config.num_labels
        } else {
            Some(dim)
        };
        let weight = tensors.matrix(&format!("{root}.weight"), [n_rows, Some(dim)])?;
        let has_bias = !is_last || config.bias != Some(false);
        let bias = has_bias.then(|| tensors.vector(&format!("{root}.bias"), Some(weight.nrows())));
        let bias = bias.transpose()?;
        let activation = if i == 0 {
            Activation::Identity
        } else {
            between
        };
        layers.push(HeadLayer {
            activation,
            weight,
            bias,
        });
    }
    tensors.finish(&format!("what the head `{name}` is made of"))?;
    Ok(Head {
        on_pooler: config.use_pooler == Some(true),
        layers,
    })
}

impl HeadConfig {
    /// What stands between two linear layers.
    fn between(&self) -> Result<Activation, String> {
        let Some(name) = &self.activation_function else {
            return Ok(Activation::Identity);
        };
        activation(name).ok_or_else(|| {
            format!("field `config.activation_function`: got {name:?}, which is not known here")
        })
    }

    /// How many parts the library counts for every linear layer: dropout, itself and, where there is one, activation.
    fn step(&self) -> usize {
        if self.activation_function.is_some() {
            3
        } else {
            2
        }
    }
}
