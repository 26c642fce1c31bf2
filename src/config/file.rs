//! A file of settings: TOML whose keys are flags.

use std::path::{Path, PathBuf};

use clap::{Arg, Command};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::FILE_FLAG;
use super::setting::{Kind, Setting};

/// A file that was read and not yet understood.
pub(super) struct File {
    path: PathBuf,
    text: String,
}

impl File {
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read the settings in {}: {error}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            text,
        })
    }

    /// The settings, each for a flag of `command`, in the file's order.
    pub(super) fn settings(&self, command: &Command) -> Result<Vec<Setting>, String> {
        let table = DeTable::parse(&self.text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            self.at(at, error.message())
        })?;
        let mut entries: Vec<_> = table.get_ref().iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let setting = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
            let name: &str = AsRef::<str>::as_ref(key.get_ref());
            let fault = |fault: String| self.at(key.span().start, &format!("`{name}`: {fault}"));
            let arg = flag(command, name).map_err(fault)?;
            let kind = Kind::of(arg);
            let values = kind.values(value.get_ref()).map_err(fault)?;
            let setting = Setting {
                id: arg.get_id().to_string(),
                name: name.to_owned(),
                kind,
                values,
            };
            setting.check(arg).map_err(fault)?;
            Ok(setting)
        };
        entries.into_iter().map(setting).collect()
    }

    fn at(&self, offset: usize, fault: &str) -> String {
        let before = self.text.get(..offset).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        format!("{}:{line}: {fault}", self.path.display())
    }
}

/// The flags that a file may set.
pub(super) fn flags(command: &Command) -> impl Iterator<Item = (&str, &Arg)> {
    let flags = command.get_arguments();
    flags
        .filter_map(|arg| Some((arg.get_long()?, arg)))
        .filter(|(name, _)| ![FILE_FLAG, "help", "version"].contains(name))
}

fn flag<'a>(command: &'a Command, name: &str) -> Result<&'a Arg, String> {
    let found = flags(command).find(|(flag, _)| *flag == name);
    found.map(|(_, arg)| arg).ok_or_else(|| {
        let known: Vec<&str> = flags(command).map(|(flag, _)| flag).collect();
        format!(
            "there is no such setting; expected one of {}",
            known.join(", ")
        )
    })
}
