//! `xenoglot config`: the settings of a server, and where each comes from. A file's settings count as if they were typed,
//! where neither the environment nor the command line says otherwise.

mod file;
mod setting;
mod show;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use crate::serve;
use file::File;

/// Show the settings of `xenoglot serve`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Config,
}

#[derive(Debug, clap::Subcommand)]
enum Config {
    /// Print what `xenoglot serve` would run with, given the same flags, and where each setting comes from
    Show(Box<serve::Args>),
    /// Print a file with every setting, each with what it means; those with a default have it
    Example,
}

/// Which file settings are read from.
#[derive(Debug, clap::Args)]
pub(crate) struct FileArgs {
    /// Settings from a TOML file, whose keys are the long names of these flags; the environment counts before it, and
    /// flags before both
    #[arg(long, value_name = "FILE", env = "XENOGLOT_CONFIG")]
    config: Option<PathBuf>,
}

/// The flag that names the file.
const FILE_FLAG: &str = "config";

/// What was typed, and which of it a file said.
pub(crate) struct Parsed {
    pub(crate) matches: ArgMatches,
    from_file: BTreeSet<String>,
}

/// Runs `xenoglot config`.
pub(crate) fn run(args: &Args, command: &Command, parsed: &Parsed) -> Result<()> {
    let mut out = anstream::stdout().lock();
    let text = match &args.command {
        Config::Show(_) => {
            let (command, matches, _) = leaf(command, &parsed.matches);
            show::effective(command, matches, &parsed.from_file)
        }
        Config::Example => {
            let serve = command.find_subcommand("serve");
            serve.map(show::example).unwrap_or_default()
        }
    };
    Ok(out.write_all(text.as_bytes())?)
}

/// What was typed, where the subcommand takes a file with its settings.
///
/// # Errors
/// When the command line, the environment or the file is wrong; the file's faults name its line.
pub(crate) fn parse(
    command: &mut Command,
    mut typed: Vec<OsString>,
) -> clap::error::Result<Parsed> {
    command.build();
    let mut from_file = BTreeSet::new();
    // A first look, at which file is named and what counts before it; what else is wrong, the second look tells.
    let look = command.clone().ignore_errors(true);
    if let Ok(matches) = look.try_get_matches_from(&typed) {
        let (target, matches, path) = leaf(command, &matches);
        if let Ok(Some(file)) = matches.try_get_one::<PathBuf>(FILE_FLAG) {
            let refuse = |fault| target.clone().error(ErrorKind::ValueValidation, fault);
            let mut at = place(&typed, &path);
            for setting in File::read(file)
                .map_err(refuse)?
                .settings(target)
                .map_err(refuse)?
            {
                let said = matches.value_source(&setting.id);
                if !matches!(said, None | Some(ValueSource::DefaultValue)) {
                    continue;
                }
                for arg in setting.as_typed() {
                    typed.insert(at, arg);
                    at += 1;
                }
                from_file.insert(setting.id);
            }
        }
    }
    let matches = command.clone().try_get_matches_from(typed)?;
    Ok(Parsed { matches, from_file })
}

/// The subcommand that was typed, what was typed of it, and the names that lead there.
fn leaf<'a>(
    mut command: &'a Command,
    mut matches: &'a ArgMatches,
) -> (&'a Command, &'a ArgMatches, Vec<&'a str>) {
    let mut path = Vec::new();
    while let Some((name, below)) = matches.subcommand() {
        let Some(sub) = command.find_subcommand(name) else {
            break;
        };
        (command, matches) = (sub, below);
        path.push(name);
    }
    (command, matches, path)
}

/// Where the flags of a subcommand begin.
fn place(typed: &[OsString], path: &[&str]) -> usize {
    path.iter().fold(1, |from, name| {
        let rest = typed.iter().skip(from);
        from + 1 + rest.take_while(|arg| arg.as_os_str() != *name).count()
    })
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction};

    use super::*;

    /// A command with flags that are none of a server's, so that nothing here knows those.
    fn command() -> Command {
        let below = Command::new("run")
            .arg(
                Arg::new(FILE_FLAG)
                    .long(FILE_FLAG)
                    .value_parser(clap::value_parser!(PathBuf)),
            )
            .arg(Arg::new("api_key").long("api-key").env("NOBODY_SETS_THIS"))
            .arg(
                Arg::new("keys")
                    .long("keys")
                    .value_parser(clap::value_parser!(PathBuf)),
            )
            .arg(
                Arg::new("max_tokens")
                    .long("max-tokens")
                    .value_parser(clap::value_parser!(u32)),
            )
            .arg(Arg::new("hidden").long("hidden").hide_env_values(true))
            .arg(Arg::new("on").long("on").action(ArgAction::SetTrue))
            .arg(Arg::new("off").long("off").action(ArgAction::SetTrue))
            .arg(Arg::new("both").long("both").requires("keys"))
            .arg(Arg::new("either").long("either").conflicts_with("both"))
            .arg(
                Arg::new("list")
                    .long("list")
                    .action(ArgAction::Append)
                    .value_delimiter(','),
            );
        Command::new("program").subcommand(below)
    }

    /// What `run` shows with `file` and `flags`, or the fault.
    fn shown(file: &str, flags: &[&str]) -> Result<String, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file.toml");
        std::fs::write(&path, file).unwrap();
        let named = format!("--config={}", path.display());
        let typed = ["program", "run"].into_iter().chain(flags.iter().copied());
        let typed = typed.chain([named.as_str()]).map(OsString::from).collect();
        let mut command = command();
        let parsed = parse(&mut command, typed).map_err(|error| error.to_string())?;
        let (command, matches, _) = leaf(&command, &parsed.matches);
        Ok(show::effective(command, matches, &parsed.from_file))
    }

    #[track_caller]
    fn shows(file: &str, flags: &[&str], line: &str) {
        let shown = shown(file, flags).unwrap();
        assert!(
            shown.lines().any(|own| own == line),
            "no {line:?} in\n{shown}"
        );
    }

    #[test]
    fn flags_count_before_the_file() {
        shows("max-tokens = 5", &[], "max-tokens = 5  # file");
        shows(
            "max-tokens = 5",
            &["--max-tokens", "6"],
            "max-tokens = 6  # flag",
        );
        shows("on = true\noff = false", &[], "on = true  # file");
        shows("on = false", &["--on"], "on = true  # flag");
        shows("list = ['a', 'b']", &[], "list = [\"a\", \"b\"]  # file");
        shows("list = ['a', 'b']", &["--list=c"], "list = [\"c\"]  # flag");
        shows("list = []", &[], "# list is not set");
    }

    #[test]
    fn secrets_are_not_shown_and_what_only_sounds_so_is() {
        shows("api-key = 'x'", &[], "api-key = \"***\"  # file");
        shows("hidden = 'x'", &[], "hidden = \"***\"  # file");
        shows("keys = 'a/path'", &[], "keys = \"a/path\"  # file");
        shows("max-tokens = 5", &[], "max-tokens = 5  # file");
    }

    #[test]
    fn what_flags_say_of_each_other_holds_for_the_file_too() {
        let fault = shown("both = '1'", &[]).unwrap_err();
        assert!(fault.contains("--keys"), "{fault}");
        shows("both = '1'", &["--keys=k"], "both = \"1\"  # file");
        let fault = shown("both = '1'\nkeys = 'k'", &["--either=1"]).unwrap_err();
        assert!(fault.contains("cannot be used with"), "{fault}");
    }

    #[test]
    fn a_file_s_own_name_is_no_setting() {
        let fault = shown("on = true\nconfig = 'other'", &[]).unwrap_err();
        assert!(
            fault.contains("file.toml:2: `config`: there is no such setting"),
            "{fault}"
        );
    }
}
