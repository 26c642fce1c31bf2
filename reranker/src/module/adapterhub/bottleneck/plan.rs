//! What the configuration of bottleneck adapters means.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use xenoglot_engine::model::insertions::{Residual, Style};

use crate::module::adapterhub::config::Outer;

/// Bottleneck adapters as they are configured.
#[derive(Deserialize)]
pub(in crate::module::adapterhub) struct BottleneckConfig {
    mh_adapter: bool,
    output_adapter: bool,
    reduction_factor: Reduction,
    non_linearity: String,
    original_ln_before: Option<bool>,
    original_ln_after: Option<bool>,
    ln_before: Option<bool>,
    ln_after: Option<bool>,
    residual_before_ln: Option<FlagOrWord>,
    adapter_residual_before_ln: Option<bool>,
    inv_adapter: Option<String>,
    inv_adapter_reduction_factor: Option<f64>,
    invertible_adapter: Option<OldInvertible>,
    leave_out: Option<BTreeSet<usize>>,
    is_parallel: Option<bool>,
    scaling: Option<Scaling>,
    use_gating: Option<bool>,
    phm_layer: Option<bool>,
}

/// How version 1 wrote `inv_adapter`. It may name an activation of its own, which later versions do not read.
#[derive(Deserialize)]
struct OldInvertible {
    block_type: String,
    reduction_factor: f64,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected true, false or \"post_add\"")]
enum FlagOrWord {
    Flag(bool),
    Word(String),
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected a number, or numbers by layer with a \"default\""
)]
enum Reduction {
    Same(f64),
    ByLayer(BTreeMap<String, f64>),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a number, \"learned\" or \"channel\"")]
enum Scaling {
    Number(f32),
    Word(String),
}

/// Bottleneck adapters as they are to be read.
pub(in crate::module::adapterhub) struct BottleneckPlan {
    pub(in crate::module::adapterhub) dim: usize,
    pub(in crate::module::adapterhub) style: Style,
    pub(in crate::module::adapterhub) attention: bool,
    pub(in crate::module::adapterhub) output: bool,
    pub(in crate::module::adapterhub) left_out: BTreeSet<usize>,
    pub(in crate::module::adapterhub) scale: Scale,
    pub(in crate::module::adapterhub) norm_before: bool,
    pub(in crate::module::adapterhub) norm_after: bool,
    pub(in crate::module::adapterhub) gate: bool,
    pub(in crate::module::adapterhub) invertible: Option<InvertiblePlan>,
    reduction: Reduction,
}

/// What an adapter's answer is multiplied with.
pub(in crate::module::adapterhub) enum Scale {
    Number(f32),
    /// One number in the file.
    Learned,
    /// As many numbers in the file as a token's vector has.
    Channel,
}

pub(in crate::module::adapterhub) struct InvertiblePlan {
    pub(in crate::module::adapterhub) reduction: f64,
    /// Whether the file may be without it, although it is configured.
    pub(in crate::module::adapterhub) optional: bool,
}

impl BottleneckConfig {
    /// What is to be read, or what is wrong with the configuration.
    pub(in crate::module::adapterhub) fn plan(
        self,
        outer: &Outer,
    ) -> Result<BottleneckPlan, String> {
        if self.phm_layer == Some(true) {
            return Err(
                "Compacter (`phm_layer`) is not known here, expected plain matrices".into(),
            );
        }
        Ok(BottleneckPlan {
            dim: outer.hidden_size,
            style: self.style(outer)?,
            attention: self.mh_adapter,
            output: self.output_adapter,
            scale: self.scale()?,
            norm_before: self.ln_before == Some(true),
            norm_after: self.ln_after == Some(true),
            gate: self.use_gating == Some(true),
            invertible: self.invertible(outer)?,
            left_out: self.leave_out.unwrap_or_default(),
            reduction: self.reduction_factor,
        })
    }

    fn style(&self, outer: &Outer) -> Result<Style, String> {
        let norm_before = self.original_ln_before == Some(true);
        let residual = match &self.residual_before_ln {
            None | Some(FlagOrWord::Flag(true)) => Residual::Output,
            Some(FlagOrWord::Flag(false)) => Residual::Input,
            Some(FlagOrWord::Word(word)) if word == "post_add" && norm_before => Residual::Sum,
            Some(FlagOrWord::Word(word)) => {
                return Err(format!(
                    "field `config.residual_before_ln`: got {word:?}, expected true, false, or \"post_add\" together \
                     with `original_ln_before`"
                ));
            }
        };
        Ok(Style {
            activation: outer.activation(&self.non_linearity)?,
            is_parallel: self.is_parallel == Some(true),
            norm_before,
            norm_after: self.original_ln_after != Some(false),
            residual,
            residual_before_own_norm: self.adapter_residual_before_ln == Some(true),
        })
    }

    fn scale(&self) -> Result<Scale, String> {
        Ok(match &self.scaling {
            None => Scale::Number(1.0),
            Some(Scaling::Number(scale)) => Scale::Number(*scale),
            Some(Scaling::Word(word)) if word == "learned" => Scale::Learned,
            Some(Scaling::Word(word)) if word == "channel" => Scale::Channel,
            Some(Scaling::Word(word)) => {
                return Err(format!(
                    "field `config.scaling`: got {word:?}, expected a number, \"learned\" or \"channel\""
                ));
            }
        })
    }

    fn invertible(&self, outer: &Outer) -> Result<Option<InvertiblePlan>, String> {
        let old = self.invertible_adapter.as_ref();
        let block = old.map(|old| &old.block_type).or(self.inv_adapter.as_ref());
        match block.map(String::as_str) {
            None => return Ok(None),
            Some("nice") => {}
            Some("glow") => {
                // Its `forward` splits and joins the axis of tokens and returns a list, so no layer can follow it.
                return Err(
                    "the invertible adapter \"glow\" is not known here, expected \"nice\"; the library that makes it \
                     cannot run it over tokens either"
                        .into(),
                );
            }
            Some(other) => {
                return Err(format!(
                    "field `config.inv_adapter`: got {other:?}, expected \"nice\""
                ));
            }
        }
        let reduction = old.map(|old| old.reduction_factor);
        let reduction = reduction.or(self.inv_adapter_reduction_factor);
        let reduction = reduction
            .filter(|factor| *factor > 0.0)
            .ok_or("field `config.inv_adapter_reduction_factor`: expected a number above 0")?;
        Ok(Some(InvertiblePlan {
            reduction,
            optional: outer.may_lack_invertible(),
        }))
    }
}

impl BottleneckPlan {
    /// The numbers in the middle of the adapters of layer `layer`.
    pub(in crate::module::adapterhub) fn width(&self, layer: usize) -> Result<usize, String> {
        let factor = match &self.reduction {
            Reduction::Same(factor) => Some(factor),
            Reduction::ByLayer(factors) => factors
                .get(&layer.to_string())
                .or_else(|| factors.get("default")),
        };
        let factor = factor.ok_or_else(|| {
            format!(
                "field `config.reduction_factor`: nothing for layer {layer}, and no \"default\""
            )
        })?;
        if *factor > 0.0 {
            return Ok(divided(self.dim, *factor).max(1));
        }
        Err(format!(
            "field `config.reduction_factor`: got {factor}, expected a number above 0"
        ))
    }
}

/// `dim` divided by a factor above 0, rounded down.
pub(in crate::module::adapterhub) fn divided(dim: usize, factor: f64) -> usize {
    (dim as f64 / factor).floor() as usize
}
