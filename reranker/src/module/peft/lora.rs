//! LoRA (Hu et al. 2022) and its kin: rank-stabilised (Kalajdzievski 2023) and DoRA (Liu et al. 2024).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::error::Result;
use crate::module::tensors::Tensors;
use crate::module::{Content, LowRank, Magnitude, settings};

use super::config::LoraConfig;

/// The only table whose rows a text picks.
const WORDS: &str = "embeddings.word_embeddings";

/// Takes the products of low rank of the configuration in the file at `path`.
pub(super) fn read(tensors: &mut Tensors, config: &LoraConfig, path: &Path) -> Result<Content> {
    let names = tensors.names();
    let layer = |name: &String| Some(name.split_once(".lora_")?.0.to_owned());
    let layers: BTreeSet<String> = names.iter().filter_map(layer).collect();
    if layers.is_empty() {
        return Err(tensors.problem("no tensor of LoRA, expected the likes of `….lora_A.weight`"));
    }
    let mut content = BTreeMap::new();
    for layer in layers {
        let size =
            size(tensors, &layer, config).map_err(|problem| settings::problem(path, problem))?;
        let is_table = tensors.has(&format!("{layer}.lora_embedding_A"));
        let low_rank = if is_table {
            table(tensors, &layer, config, size)?
        } else {
            linear(tensors, &layer, config, size)?
        };
        content.insert(layer, low_rank);
    }
    Ok(Content::LowRank(content))
}

/// What the configuration says of one linear layer.
struct Size {
    rank: usize,
    scale: f32,
}

fn size(tensors: &Tensors, layer: &str, config: &LoraConfig) -> Result<Size, String> {
    // Patterns may begin with the architecture's prefix.
    let key = ["lora_A.weight", "lora_embedding_A"].map(|end| format!("{layer}.{end}"));
    let there = key.iter().find(|key| tensors.has(key));
    let name = there.map_or(layer, |key| tensors.full_name(key));
    let name = name.split_once(".lora_").map_or(name, |(name, _)| name);
    let rank = config.rank_pattern.find(name)?.map(|rank| rank as usize);
    let rank = rank.or(config.r).unwrap_or(8);
    let alpha = config.alpha_pattern.find(name)?.or(config.lora_alpha);
    let alpha = alpha.unwrap_or(8.0);
    if rank == 0 {
        return Err(format!(
            "field `r`: got 0 for `{name}`, expected at least 1"
        ));
    }
    let divisor = if config.use_rslora == Some(true) {
        (rank as f32).sqrt()
    } else {
        rank as f32
    };
    Ok(Size {
        rank,
        scale: alpha / divisor,
    })
}

fn linear(tensors: &mut Tensors, layer: &str, config: &LoraConfig, size: Size) -> Result<LowRank> {
    let a = tensors.matrix(&format!("{layer}.lora_A.weight"), [Some(size.rank), None])?;
    let b = tensors.matrix(&format!("{layer}.lora_B.weight"), [None, Some(size.rank)])?;
    let lengths = lengths(tensors, layer, config, b.nrows())?;
    let with_bias = config.lora_bias == Some(true);
    if with_bias && lengths.is_some() {
        return Err(
            tensors.problem("`lora_bias` with `use_dora` is not known here, expected one of them")
        );
    }
    let name = format!("{layer}.lora_B.bias");
    let bias = with_bias.then(|| tensors.vector(&name, Some(b.nrows())));
    let bias = bias.transpose()?;
    Ok(LowRank {
        a,
        b: (&b * size.scale).into_shared(),
        bias: bias.map(|bias| (&bias * size.scale).into_shared()),
        magnitude: lengths,
    })
}

fn table(tensors: &mut Tensors, layer: &str, config: &LoraConfig, size: Size) -> Result<LowRank> {
    if layer != WORDS {
        return Err(tensors.problem(format!(
            "LoRA at the table `{layer}` is not known here, expected it at `{WORDS}` or at linear layers"
        )));
    }
    let a = tensors.matrix(
        &format!("{layer}.lora_embedding_A"),
        [Some(size.rank), None],
    )?;
    let b = tensors.matrix(
        &format!("{layer}.lora_embedding_B"),
        [None, Some(size.rank)],
    )?;
    let lengths = lengths(tensors, layer, config, b.nrows())?;
    Ok(LowRank {
        a,
        b: (&b * size.scale).into_shared(),
        bias: None,
        magnitude: lengths,
    })
}

/// DoRA's lengths: of a linear layer's rows, or of a table's columns.
fn lengths(
    tensors: &mut Tensors,
    layer: &str,
    config: &LoraConfig,
    n_rows: usize,
) -> Result<Option<Magnitude>> {
    if config.use_dora != Some(true) {
        return Ok(None);
    }
    let name = format!("{layer}.lora_magnitude_vector");
    let lengths = tensors.vector(&name, Some(n_rows))?;
    Ok(Some(Magnitude::Rows(lengths)))
}
