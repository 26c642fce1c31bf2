//! Settings as TOML, for people to read and for `--config` to take.

use std::collections::BTreeSet;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use super::file::flags;
use super::setting::{Kind, Value};

/// What was typed of `command`, a setting a line, each with where it comes from; secrets are not shown.
pub(super) fn effective(
    command: &Command,
    matches: &ArgMatches,
    from_file: &BTreeSet<String>,
) -> String {
    let line = |(name, arg): (&str, &Arg)| {
        let id = arg.get_id().as_str();
        let values: Vec<String> = matches
            .get_raw(id)
            .into_iter()
            .flatten()
            .map(|value| value.to_string_lossy().into_owned())
            .collect();
        let origin = match matches.value_source(id) {
            _ if from_file.contains(id) => "file".to_owned(),
            Some(ValueSource::CommandLine) => "flag".to_owned(),
            Some(ValueSource::EnvVariable) => {
                let name = arg
                    .get_env()
                    .map(|name| name.to_string_lossy().into_owned());
                format!("environment, {}", name.unwrap_or_default())
            }
            _ => "default".to_owned(),
        };
        match written(Kind::of(arg), &values) {
            None => format!("# {name} is not set\n"),
            Some(_) if is_secret(name, arg) => format!("{name} = \"***\"  # {origin}\n"),
            Some(value) => format!("{name} = {value}  # {origin}\n"),
        }
    };
    flags(command).map(line).collect()
}

/// Every setting of `command` in a comment: what it means, and its default.
pub(super) fn example(command: &Command) -> String {
    let mut text = String::from(
        "# Settings of `xenoglot serve --config FILE`. The environment counts before this file, and flags before both.\n\
         # What stands here without `#` is set.\n",
    );
    for (name, arg) in flags(command) {
        text.push('\n');
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        for line in help.lines() {
            text.push_str(&format!("# {line}\n"));
        }
        let values: Vec<String> = arg
            .get_default_values()
            .iter()
            .map(|value| value.to_string_lossy().into_owned())
            .collect();
        let kind = Kind::of(arg);
        let names: Vec<String> = arg
            .get_value_names()
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect();
        let value = written(kind, &values).unwrap_or_else(|| match (kind.list, kind.value) {
            (true, _) => "[]".to_owned(),
            (false, Value::Switch) => "false".to_owned(),
            (false, _) => format!("<{}>", names.join(" ")),
        });
        text.push_str(&format!("#{name} = {value}\n"));
    }
    text
}

/// Values as TOML; nothing where there are none.
fn written(kind: Kind, values: &[String]) -> Option<String> {
    let one = |value: &String| match kind.value {
        Value::Switch | Value::Truth | Value::Whole | Value::Number => value.clone(),
        Value::Path | Value::Text => toml::Value::String(value.clone()).to_string(),
    };
    let mut values = values.iter().map(one).peekable();
    values.peek()?;
    Some(match kind.list {
        true => format!("[{}]", values.collect::<Vec<_>>().join(", ")),
        false => values.collect(),
    })
}

/// Whether the values of a flag are kept from people who only look: those whose flag hides them, and those whose name says
/// so. Paths to secrets are none.
fn is_secret(name: &str, arg: &Arg) -> bool {
    let words = ["key", "keys", "secret", "token", "password"];
    let is_named = name.split('-').any(|word| words.contains(&word));
    arg.is_hide_env_values_set() || (Kind::of(arg).value == Value::Text && is_named)
}
