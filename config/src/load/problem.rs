//! What can be wrong with settings, in sentences.
//!
//! Invariant: a problem names where it is, what is there, and what would be right; never a secret.
//! It does not decide what is wrong.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::{Origin, environment};
use crate::limits::CONFIG_FILE_BYTES_MAX;
use crate::suggest::nearest;

/// One thing to correct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    origin: Origin,
    sentence: String,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("the configuration file {} cannot be read", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("the configuration file {} has {size} bytes, more than {CONFIG_FILE_BYTES_MAX}", path.display())]
    TooLarge { path: PathBuf, size: u64 },
    #[error("{}", listed(.0))]
    Problems(Vec<Problem>),
}

impl Problem {
    pub(super) fn new(origin: Origin, sentence: String) -> Self {
        Self { origin, sentence }
    }

    pub(super) fn unknown<'a>(
        origin: Origin,
        key: &str,
        known: impl Iterator<Item = &'a str> + Clone,
    ) -> Self {
        let shown = |key: &str| match &origin {
            Origin::Environment { .. } => environment::variable(key),
            _ => key.to_owned(),
        };
        let section = format!("{key}.");
        let sentence = if known.clone().any(|name| name.starts_with(&section)) {
            format!("{key} is a section, not a setting")
        } else if let Some(name) = nearest(key, known) {
            format!("unknown setting {key}; did you mean {}?", shown(name))
        } else {
            format!("unknown setting {key}; `antler config defaults` lists all")
        };
        Self::new(origin, sentence)
    }

    pub(super) fn wrong(origin: Origin, key: &str, value: &str, reason: &str) -> Self {
        Self::new(origin, format!("{key} = {value} is not valid: {}", plain(reason)))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.origin, self.sentence)
    }
}

/// Turns the words of the deserialiser into those of a person who edits a file.
fn plain(reason: &str) -> String {
    let Some((_, expected)) = reason.split_once(", expected ") else { return reason.to_owned() };
    let expected = match expected {
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, not negative",
        "a boolean" => "true or false",
        "a string" | "path string" => "text in quotes",
        other => other,
    };
    format!("expected {expected}")
}

fn listed(problems: &[Problem]) -> String {
    match problems {
        [one] => format!("the configuration has a problem: {one}"),
        many => {
            many.iter().fold(format!("the configuration has {} problems:", many.len()), |text, problem| {
                format!("{text}\n  {problem}")
            })
        }
    }
}
