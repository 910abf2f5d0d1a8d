//! Settings from four layers: defaults < file < environment < flags, each value with its origin.
//!
//! Invariant: what loads is complete and valid, or every problem is listed at once.
//! It does not log and does not print: callers show what they need.

mod environment;
mod file;
mod problem;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use toml::{Table, Value};

pub use problem::{LoadError, Problem};

use crate::secret::{MASK, is_secret};
use crate::{Config, DEFAULTS_TOML};

/// Where settings are looked for.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    pub file: Option<PathBuf>,
    pub environment: Vec<(OsString, OsString)>,
    pub flags: Vec<Flag>,
}

/// A setting from the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// As it was written, such as `--data`.
    pub name: &'static str,
    /// The setting that it sets, such as `storage.data`.
    pub key: &'static str,
    pub value: String,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    File { path: PathBuf, line: usize },
    Environment { name: String },
    Flag { name: &'static str },
}

/// Valid settings and their origins.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub config: Config,
    origins: BTreeMap<String, Origin>,
}

/// One setting as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub key: String,
    /// As TOML, with secrets masked.
    pub value: String,
    pub origin: Origin,
}

/// A value that a layer gives to a setting.
#[derive(Debug, Clone)]
struct Assignment {
    key: String,
    given: Given,
    origin: Origin,
}

#[derive(Debug, Clone)]
enum Given {
    Typed(Value),
    /// From the environment or a flag: its type is that of the default.
    Text(String),
}

/// The values so far.
#[derive(Debug)]
struct Layers {
    table: Table,
    known: BTreeMap<String, Value>,
    origins: BTreeMap<String, Origin>,
}

impl Sources {
    /// The environment of this process, a file and flags.
    pub fn of_process(file: Option<PathBuf>, flags: Vec<Flag>) -> Self {
        Self { file, environment: std::env::vars_os().collect(), flags }
    }

    pub fn load(&self) -> Result<Loaded, LoadError> {
        let mut problems = Vec::new();
        let mut assignments = match &self.file {
            Some(path) => file::assignments(path)?,
            None => Vec::new(),
        };
        assignments.extend(environment::assignments(&self.environment, &mut problems));
        assignments.extend(self.flags.iter().map(|flag| Assignment {
            key: flag.key.to_owned(),
            given: Given::Text(flag.value.clone()),
            origin: Origin::Flag { name: flag.name },
        }));
        let mut layers = Layers::defaults();
        for assignment in assignments {
            problems.extend(layers.apply(assignment));
        }
        layers.finish(problems)
    }
}

impl Loaded {
    pub fn origin(&self, key: &str) -> &Origin {
        self.origins.get(key).unwrap_or(&Origin::Default)
    }

    /// Every setting in the order of its name.
    pub fn settings(&self) -> Vec<Setting> {
        let table = Table::try_from(&self.config).expect("settings are text, numbers and tables");
        let shown = |(key, value): (String, Value)| Setting {
            value: value.to_string(),
            origin: self.origin(&key).clone(),
            key,
        };
        leaves(&table).into_iter().map(shown).collect()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File { path, line } => write!(out, "{}:{line}", path.display()),
            Self::Environment { name } => write!(out, "environment {name}"),
            Self::Flag { name } => write!(out, "flag {name}"),
        }
    }
}

impl Layers {
    fn defaults() -> Self {
        let table: Table = DEFAULTS_TOML.parse().expect("a test reads the defaults");
        let known = leaves(&table);
        Self { table, known, origins: BTreeMap::new() }
    }

    /// Takes the value over if the setting is known and the value alone is right.
    fn apply(&mut self, assignment: Assignment) -> Option<Problem> {
        let Assignment { key, given, origin } = assignment;
        let Some(default) = self.known.get(&key) else {
            return Some(Problem::unknown(origin, &key, self.known.keys().map(String::as_str)));
        };
        let value = match given {
            Given::Typed(value) => value,
            Given::Text(text) => typed_like(default, text),
        };
        let shown = if is_secret(&key) { MASK.to_owned() } else { value.to_string() };
        let mut alone: Table = DEFAULTS_TOML.parse().expect("a test reads the defaults");
        set(&mut alone, &key, value.clone());
        if let Err(error) = alone.try_into::<Config>() {
            return Some(Problem::wrong(origin, &key, &shown, error.message()));
        }
        set(&mut self.table, &key, value);
        self.origins.insert(key, origin);
        None
    }

    fn finish(self, mut problems: Vec<Problem>) -> Result<Loaded, LoadError> {
        let config: Config = self.table.try_into().expect("each value was taken over because it fits");
        let loaded = Loaded { config, origins: self.origins };
        let settings = loaded.settings();
        for invalid in loaded.config.check() {
            let shown = settings.iter().find(|setting| setting.key == invalid.key);
            let value = shown.map_or("", |setting| &setting.value);
            problems.push(Problem::wrong(
                loaded.origin(invalid.key).clone(),
                invalid.key,
                value,
                &invalid.reason,
            ));
        }
        match problems.is_empty() {
            true => Ok(loaded),
            false => Err(LoadError::Problems(problems)),
        }
    }
}

/// A text from outside a file has no TOML type: it takes that of the default, or stays text to be refused.
fn typed_like(default: &Value, text: String) -> Value {
    let typed = match default {
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        _ => None,
    };
    typed.unwrap_or(Value::String(text))
}

/// Every value that is not a table, under its dotted name.
fn leaves(table: &Table) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for (name, value) in table {
        match value {
            Value::Table(inner) => {
                found.extend(leaves(inner).into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
            }
            value => {
                found.insert(name.clone(), value.clone());
            }
        }
    }
    found
}

/// Replaces the value of a known dotted name.
fn set(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((section, rest)) => {
            let inner = table.get_mut(section).and_then(Value::as_table_mut);
            set(inner.expect("a known name leads through tables"), rest, value);
        }
    }
}

#[cfg(test)]
mod tests;
