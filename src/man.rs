//! `xenoglot man`: the manual, a page for every command.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Command;
use clap_mangen::Man;

/// Print the page of the manual, or write the pages of all commands
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where the pages go, one for each command; without it, the first is printed
    dir: Option<PathBuf>,
}

/// Runs `xenoglot man`.
pub(crate) fn run(args: &Args, command: Command) -> Result<()> {
    if let Some(dir) = &args.dir {
        let written =
            std::fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(command, dir));
        return written.with_context(|| format!("cannot write the manual into {}", dir.display()));
    }
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Ok(anstream::stdout().lock().write_all(&page)?)
}
