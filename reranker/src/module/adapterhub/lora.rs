//! LoRA (Hu et al. 2022), DoRA (Liu et al. 2024) and (IA)³ (Liu et al. 2022), which the library stores alike.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::error::Result;
use crate::module::layers;
use crate::module::tensors::Tensors;
use crate::module::{Content, Coverage, LowRank, Magnitude, Scale};

use super::config::Outer;

/// LoRA and its kin as they are configured. The defaults are the library's.
#[derive(Deserialize)]
pub(super) struct LoraConfig {
    r: Option<usize>,
    alpha: Option<f32>,
    composition_mode: Option<String>,
    selfattn_lora: Option<bool>,
    intermediate_lora: Option<bool>,
    output_lora: Option<bool>,
    attn_matrices: Option<BTreeSet<String>>,
    leave_out: Option<BTreeSet<usize>>,
    use_gating: Option<bool>,
    use_dora: Option<bool>,
    vera_d: Option<f64>,
    vera_b: Option<f64>,
}

/// LoRA and its kin as they are to be read.
pub(super) struct LoraPlan {
    pub(super) rank: usize,
    pub(super) scale: f32,
    pub(super) variant: LoraVariant,
    /// How many linear layers of every layer it stands at.
    pub(super) n_places: usize,
    pub(super) left_out: BTreeSet<usize>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum LoraVariant {
    Lora,
    Dora,
    Ia3,
}

impl LoraConfig {
    /// What is to be read, or what is wrong with the configuration.
    pub(super) fn plan(self, outer: &Outer) -> Result<LoraPlan, String> {
        if self.vera_d.is_some() || self.vera_b.is_some() {
            return Err("VeRA (`vera_d`, `vera_b`) is not known here, expected LoRA".into());
        }
        if self.use_gating == Some(true) {
            return Err("LoRA with `use_gating` is not known here, expected it without".into());
        }
        let variant = self.variant()?;
        let rank = self.r.unwrap_or(8);
        let mut alpha = self.alpha.unwrap_or(8.0);
        // These versions trained with a scale of 1 whatever they were told.
        if outer.is_before_adapters_1_1() {
            alpha = rank as f32;
        }
        if rank == 0 || (variant == LoraVariant::Ia3 && rank != 1) {
            return Err(format!(
                "field `config.r`: got {rank}, expected at least 1, and 1 with \"scale\""
            ));
        }
        if variant == LoraVariant::Dora && alpha == 0.0 {
            return Err("field `config.alpha`: got 0, expected another number with DoRA".into());
        }
        Ok(LoraPlan {
            rank,
            scale: alpha / rank as f32,
            variant,
            n_places: self.n_places(),
            left_out: self.leave_out.unwrap_or_default(),
        })
    }

    fn variant(&self) -> Result<LoraVariant, String> {
        let mode = self.composition_mode.as_deref().unwrap_or("add");
        match (mode, self.use_dora == Some(true)) {
            ("add", false) => Ok(LoraVariant::Lora),
            ("add", true) => Ok(LoraVariant::Dora),
            ("scale", false) => Ok(LoraVariant::Ia3),
            (mode, dora) => Err(format!(
                "field `config.composition_mode`: got {mode:?} with `use_dora` {dora}, expected \"add\", or \"scale\" \
                 without it"
            )),
        }
    }

    fn n_places(&self) -> usize {
        // An encoder's attention knows these three; the library passes over others.
        let in_attention = match (&self.attn_matrices, self.selfattn_lora) {
            (_, Some(false)) => 0,
            (None, _) => 2,
            (Some(given), _) => ["q", "k", "v"]
                .iter()
                .filter(|matrix| given.contains(**matrix))
                .count(),
        };
        let flags = [self.intermediate_lora, self.output_lora];
        in_attention + flags.iter().filter(|flag| **flag == Some(true)).count()
    }
}

/// Takes the tensors of the plan's method.
pub(super) fn read(tensors: &mut Tensors, plan: &LoraPlan) -> Result<Content> {
    let names = linear_layers(tensors, plan)?;
    if plan.variant == LoraVariant::Ia3 {
        let scale = |name: String| {
            let scale = tensors.column(&format!("{name}.loras.lora_B"), None)?;
            Ok((name, Scale::Output((&scale * plan.scale).into_shared())))
        };
        return Ok(Content::Scales(
            names.into_iter().map(scale).collect::<Result<_>>()?,
        ));
    }
    let mut content = BTreeMap::new();
    for name in names {
        let low_rank = low_rank(tensors, &name, plan)?;
        content.insert(name, low_rank);
    }
    Ok(Content::LowRank(content))
}

/// The linear layers that have tensors: the same in every layer that is not left out.
fn linear_layers(tensors: &Tensors, plan: &LoraPlan) -> Result<BTreeSet<String>> {
    let names: BTreeSet<String> = tensors
        .names()
        .iter()
        .filter_map(|name| Some(name.split_once(".loras.")?.0.to_owned()))
        .collect();
    let coverage = Coverage::AllBut(plan.left_out.clone());
    if let Some(problem) = coverage.problem(names.iter().map(String::as_str), None) {
        return Err(tensors.problem(problem));
    }
    let places: BTreeSet<String> = names
        .iter()
        .filter_map(|name| Some(layers::split(name)?.1))
        .collect();
    if places.len() != plan.n_places {
        let places: Vec<String> = places.into_iter().collect();
        let places = places.join("`, `");
        return Err(tensors.problem(format!(
            "it stands at `{places}`, expected {} linear layers per layer, as the configuration says",
            plan.n_places
        )));
    }
    Ok(names)
}

fn low_rank(tensors: &mut Tensors, name: &str, plan: &LoraPlan) -> Result<LowRank> {
    let a = tensors.matrix(&format!("{name}.loras.lora_A"), [Some(plan.rank), None])?;
    let b = tensors.matrix(&format!("{name}.loras.lora_B"), [None, Some(plan.rank)])?;
    let magnitude = match plan.variant {
        LoraVariant::Dora => {
            let lengths = tensors.column(&format!("{name}.loras.m.weight"), Some(b.nrows()))?;
            let scale = plan.scale;
            Some(Magnitude::Output { lengths, scale })
        }
        LoraVariant::Lora | LoraVariant::Ia3 => None,
    };
    Ok(LowRank {
        a,
        b: (&b * plan.scale).into_shared(),
        bias: None,
        magnitude,
    })
}
