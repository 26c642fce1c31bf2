//! One setting: what TOML says, as it would be typed.

use std::any::TypeId;
use std::ffi::OsString;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Arg, ArgAction, Command};
use toml::de::DeValue;

/// A setting of a file, for one flag.
pub(super) struct Setting {
    /// The flag's, in clap.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: Kind,
    /// As they would be typed.
    pub(super) values: Vec<String>,
}

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) value: Value,
    /// Several of them.
    pub(super) list: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing: it is there, or is not.
    Switch,
    Truth,
    Whole,
    Number,
    Path,
    Text,
}

impl Setting {
    /// The arguments that say the same.
    pub(super) fn as_typed(&self) -> Vec<OsString> {
        let name = &self.name;
        if self.kind.value == Value::Switch {
            let is_on = self.values.iter().any(|value| value == "true");
            return is_on
                .then(|| format!("--{name}").into())
                .into_iter()
                .collect();
        }
        let values = self.values.iter();
        values
            .map(|value| format!("--{name}={value}").into())
            .collect()
    }

    /// # Errors
    /// When `arg` does not take one of the values: what it expects.
    pub(super) fn check(&self, arg: &Arg) -> Result<(), String> {
        if self.kind.value == Value::Switch {
            return Ok(());
        }
        // Alone, so that nothing is said of other flags.
        let alone = Arg::new("value")
            .long("value")
            .value_name("VALUE")
            .action(ArgAction::Append)
            .value_parser(arg.get_value_parser().clone());
        let alone = Command::new("setting").no_binary_name(true).arg(alone);
        let typed = self.values.iter().map(|value| format!("--value={value}"));
        let Err(error) = alone.try_get_matches_from(typed) else {
            return Ok(());
        };
        let text = error.to_string();
        let fault = text.split("\n\nFor more").next().unwrap_or_default();
        let fault = fault.replace(" for '--value <VALUE>'", "");
        let words: Vec<&str> = fault
            .trim_start_matches("error: ")
            .split_whitespace()
            .collect();
        Err(words.join(" "))
    }
}

impl Kind {
    pub(super) fn of(arg: &Arg) -> Self {
        let parsed = arg.get_value_parser().type_id();
        let is = |types: &[TypeId]| types.iter().any(|id| parsed == *id);
        let value = match arg.get_action() {
            ArgAction::SetTrue | ArgAction::SetFalse => Value::Switch,
            _ if is(&[TypeId::of::<bool>()]) => Value::Truth,
            _ if is(&WHOLE) => Value::Whole,
            _ if is(&[TypeId::of::<f32>(), TypeId::of::<f64>()]) => Value::Number,
            _ if is(&[TypeId::of::<PathBuf>()]) => Value::Path,
            _ => Value::Text,
        };
        Self {
            value,
            list: matches!(arg.get_action(), ArgAction::Append),
        }
    }

    /// `given` as it would be typed.
    ///
    /// # Errors
    /// When it is something else than the flag takes.
    pub(super) fn values(self, given: &DeValue<'_>) -> Result<Vec<String>, String> {
        let one = |given: &DeValue<'_>| {
            let fault = || format!("got {}, expected {}", described(given), self.expected());
            match (self.value, given) {
                (Value::Switch | Value::Truth, DeValue::Boolean(is)) => Ok(is.to_string()),
                (Value::Whole | Value::Number, DeValue::Integer(n)) => Ok(n.to_string()),
                (Value::Number, DeValue::Float(n)) => Ok(n.to_string()),
                (Value::Path | Value::Text, DeValue::String(text)) => Ok(text.to_string()),
                _ => Err(fault()),
            }
        };
        match (self.list, given) {
            (true, DeValue::Array(values)) => {
                values.iter().map(|value| one(value.get_ref())).collect()
            }
            (true, _) => Err(format!(
                "got {}, expected {}",
                described(given),
                self.expected()
            )),
            (false, _) => one(given).map(|value| vec![value]),
        }
    }

    fn expected(self) -> &'static str {
        match (self.value, self.list) {
            (Value::Switch | Value::Truth, false) => "true or false",
            (Value::Switch | Value::Truth, true) => "an array of true and false",
            (Value::Whole, false) => "a whole number",
            (Value::Whole, true) => "an array of whole numbers",
            (Value::Number, false) => "a number",
            (Value::Number, true) => "an array of numbers",
            (Value::Path | Value::Text, false) => "a string",
            (Value::Path | Value::Text, true) => "an array of strings",
        }
    }
}

/// The types that a whole number is parsed into.
const WHOLE: [TypeId; 12] = [
    TypeId::of::<u8>(),
    TypeId::of::<u16>(),
    TypeId::of::<u32>(),
    TypeId::of::<u64>(),
    TypeId::of::<usize>(),
    TypeId::of::<i8>(),
    TypeId::of::<i16>(),
    TypeId::of::<i32>(),
    TypeId::of::<i64>(),
    TypeId::of::<NonZeroU32>(),
    TypeId::of::<NonZeroU64>(),
    TypeId::of::<NonZeroUsize>(),
];

fn described(given: &DeValue<'_>) -> &'static str {
    match given {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
