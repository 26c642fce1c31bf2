//! Modules that requests may change.

use std::path::PathBuf;

use anyhow::Result;
use xenoglot_api::{Modules, ReloadWork};

use crate::module::backbone;

/// Modules that requests may change.
#[derive(Debug, clap::Args)]
pub(crate) struct ModuleArgs {
    /// A registry of modules that requests may add to and remove from; stacks of --rerank that use it are made anew then
    #[arg(
        long,
        value_name = "DIR",
        env = "XENOGLOT_REGISTRY",
        requires = "backbone"
    )]
    registry: Option<PathBuf>,
    /// The transformer that modules are added over
    #[arg(long, value_name = "DIR", env = "XENOGLOT_BACKBONE")]
    backbone: Option<PathBuf>,
}

impl ModuleArgs {
    /// The registry, if there is one; `reload` is called when it has changed.
    pub(crate) fn open(&self, reload: ReloadWork) -> Result<Option<Modules>> {
        let (Some(registry), Some(dir)) = (&self.registry, &self.backbone) else {
            return Ok(None);
        };
        Ok(Some(Modules {
            registry: registry.clone(),
            backbone: backbone(dir)?,
            reload,
        }))
    }
}
