//! `xenoglot keys`: API keys of `xenoglot serve`.

use std::path::PathBuf;

use anyhow::Result;
use xenoglot_api::{Key, Scope, Secret, add_key, read_keys, revoke_key};

use crate::terminal::{BOLD, CYAN};

/// Make, list and revoke API keys of `xenoglot serve`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a key. It is printed once; what is kept is its hash
    New(New),
    /// Names, scopes and collections of the keys of a file
    List(FileArgs),
    /// Take keys out of a file. A server knows of it after SIGHUP or POST /v1/reload
    Revoke(Revoke),
}

#[derive(Debug, clap::Args)]
struct New {
    /// What to call it
    #[arg(long)]
    name: String,
    /// What it is for: `search` reads, `write` adds and deletes documents (and does not read), `admin` is everything
    #[arg(long, value_name = "SCOPE,SCOPE,…", value_delimiter = ',', required = true, value_parser = str::parse::<Scope>)]
    scopes: Vec<Scope>,
    /// Collections that it is for [default: all]
    #[arg(long, value_name = "NAME,NAME,…", value_delimiter = ',')]
    collections: Vec<String>,
    /// The file to add it to; without one, its entry is printed too
    #[arg(long, value_name = "FILE", env = "XENOGLOT_API_KEYS_FILE")]
    keys: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct FileArgs {
    /// The file
    #[arg(long, value_name = "FILE", env = "XENOGLOT_API_KEYS_FILE")]
    keys: PathBuf,
}

#[derive(Debug, clap::Args)]
struct Revoke {
    /// Names of keys
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    file: FileArgs,
}

/// Runs `xenoglot keys`.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.command {
        Command::New(new) => make(new),
        Command::List(file) => list(file),
        Command::Revoke(revoke) => {
            for name in &revoke.names {
                revoke_key(&revoke.file.keys, name)?;
            }
            Ok(())
        }
    }
}

fn make(new: &New) -> Result<()> {
    let secret = Secret::generate()?;
    let collections = match new.collections.as_slice() {
        [] => None,
        names => Some(names.iter().cloned().collect()),
    };
    let scopes = new.scopes.iter().copied().collect();
    let key = Key::new(new.name.clone(), scopes, collections, &secret);
    match &new.keys {
        Some(path) => {
            add_key(path, &key)?;
            let name = &new.name;
            anstream::eprintln!(
                "{BOLD}{name}{BOLD:#} is in {CYAN}{}{CYAN:#}; the key is shown only now:",
                path.display()
            );
            anstream::println!("{}", secret.reveal());
        }
        None => {
            anstream::eprintln!(
                "The key, shown only now, and its entry for a file that `serve --keys` reads:"
            );
            anstream::println!("{}\n\n{}", secret.reveal(), key.to_toml().trim_end());
        }
    }
    Ok(())
}

fn list(file: &FileArgs) -> Result<()> {
    for key in read_keys(&file.keys)? {
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.name()).collect();
        let collections = match &key.collections {
            None => "all collections".to_owned(),
            Some(names) => names.iter().cloned().collect::<Vec<_>>().join(","),
        };
        anstream::println!("{}\t{}\t{collections}", key.name, scopes.join(","));
    }
    Ok(())
}
