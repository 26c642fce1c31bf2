//! How candidates are found, as it is typed: what is fused, and what is asked again.

use anyhow::{Result, bail};
use xenoglot_engine::{FirstStage, Fusion, FusionMethod, Rm3};

/// Where candidates come from, and how they are put together.
#[derive(Debug, clap::Args)]
pub(crate) struct FirstStageArgs {
    /// Where candidates come from
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    /// How lexical and dense rankings become one: rrf (reciprocal ranks), or sums of scores under z-score, min-max,
    /// theoretical-min-max or distribution [default: z-score]
    #[arg(long, value_name = "METHOD", value_parser = method)]
    fusion: Option<FusionMethod>,
    /// The k of rrf, which it asks for: larger means that the first ranks stand out less [default: 60]
    #[arg(long, value_name = "K")]
    rrf_k: Option<f32>,
    /// How much the lexical ranking counts in the fusion, from 0 to 1 [default: 0.5]
    #[arg(long, value_name = "W")]
    lexical_weight: Option<f32>,
    /// Fuse ranks and scores within each language of the documents, so that lists do not lean to the query's own
    #[arg(long)]
    per_language: bool,
    /// Look for words again, with those that the best documents use (RM3)
    #[arg(long)]
    rm3: bool,
    /// How many documents RM3 believes [default: 10]
    #[arg(long, value_name = "N", requires = "rm3")]
    fb_docs: Option<usize>,
    /// How many terms RM3 takes from them [default: 10]
    #[arg(long, value_name = "N", requires = "rm3")]
    fb_terms: Option<usize>,
    /// How much the query's own words count beside RM3's, from 0 to 1 [default: 0.5]
    #[arg(long, value_name = "W", requires = "rm3")]
    fb_weight: Option<f32>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, clap::ValueEnum)]
enum Mode {
    /// Lexical and dense, fused
    #[default]
    Hybrid,
    /// Nearest vectors
    Dense,
    /// BM25
    Lexical,
}

fn method(name: &str) -> Result<FusionMethod, String> {
    let known = || format!("expected one of {}", FusionMethod::NAMES.join(", "));
    name.parse().map_err(|_| known())
}

impl FirstStageArgs {
    /// Where candidates come from.
    pub(crate) fn first_stage(&self) -> Result<FirstStage> {
        let fusion = self.fusion()?;
        Ok(match (self.mode, fusion) {
            (Mode::Hybrid, fusion) => FirstStage::Hybrid(fusion.unwrap_or_default()),
            (_, Some(_)) => bail!(
                "one ranking was asked for by --mode, and nothing can be fused with it; leave out --mode, or --fusion, \
                 --rrf-k, --lexical-weight and --per-language"
            ),
            (Mode::Dense, None) if self.rm3 => {
                bail!("--rm3 adds words, and --mode dense looks at none; leave out one of them")
            }
            (Mode::Dense, None) => FirstStage::Dense,
            (Mode::Lexical, None) => FirstStage::Lexical,
        })
    }

    /// What is asked again, if that was asked for.
    pub(crate) fn feedback(&self) -> Option<Rm3> {
        let default = Rm3::default();
        self.rm3.then(|| Rm3 {
            docs: self.fb_docs.unwrap_or(default.docs),
            terms: self.fb_terms.unwrap_or(default.terms),
            original_weight: self.fb_weight.unwrap_or(default.original_weight),
        })
    }

    /// What was typed of fusion, if anything was.
    fn fusion(&self) -> Result<Option<Fusion>> {
        let default = Fusion::default();
        let method = FusionMethod::of(self.fusion, self.rrf_k)?;
        let fusion = Fusion {
            method,
            lexical_weight: self.lexical_weight.unwrap_or(default.lexical_weight),
            per_language: self.per_language,
        };
        let is_said = self.fusion.is_some()
            || self.rrf_k.is_some()
            || self.lexical_weight.is_some()
            || self.per_language;
        Ok(is_said.then_some(fusion))
    }
}
