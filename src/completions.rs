//! `xenoglot completions`: what a shell needs to complete our commands and flags.

use std::io::Write;

use anyhow::Result;
use clap::Command;
use clap_complete::Shell;

/// Print the completions of a shell, for it to read
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which shell
    shell: Shell,
}

/// Runs `xenoglot completions`.
pub(crate) fn run(args: &Args, mut command: Command) -> Result<()> {
    let mut script = Vec::new();
    let name = command.get_name().to_owned();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    // Not by `generate` itself, which panics where nobody reads.
    Ok(anstream::stdout().lock().write_all(&script)?)
}
