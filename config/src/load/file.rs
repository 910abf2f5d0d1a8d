//! The layer of a TOML file, with the line of every value.
//!
//! Invariant: each key of the file gives one assignment, also keys that are not known.
//! It does not judge names or values: the layers do.

use std::path::Path;

use toml::Value;
use toml::de::{DeTable, DeValue};

use super::{Assignment, Given, LoadError, Origin, Problem};
use crate::limits::CONFIG_FILE_BYTES_MAX;

pub(super) fn assignments(path: &Path) -> Result<Vec<Assignment>, LoadError> {
    let text = read_text(path)?;
    let at = |position: usize| Origin::File { path: path.to_owned(), line: line_of(&text, position) };
    // The parser's own words for a value that does not fit its type, such as a number out of range.
    let refused = |error: toml::de::Error| {
        let position = error.span().map_or(0, |span| span.start);
        LoadError::Problems(vec![Problem::new(at(position), error.message().replace('\n', "; "))])
    };
    let root = DeTable::parse(&text).map_err(refused)?;
    let whole: toml::Table = toml::from_str(&text).map_err(refused)?;
    let mut found = Vec::new();
    collect(root.get_ref(), &whole, "", &mut found);
    found.sort_by_key(|(position, ..)| *position);
    let assignment =
        |(position, key, value)| Assignment { key, given: Given::Typed(value), origin: at(position) };
    Ok(found.into_iter().map(assignment).collect())
}

/// The text of a settings file, bounded.
fn read_text(path: &Path) -> Result<String, LoadError> {
    let unreadable = |source| LoadError::Unreadable { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > CONFIG_FILE_BYTES_MAX {
        return Err(LoadError::TooLarge { path: path.to_owned(), size });
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

/// Walks the parse with positions and the parse with values side by side.
fn collect(
    places: &DeTable<'_>,
    values: &toml::Table,
    prefix: &str,
    found: &mut Vec<(usize, String, Value)>,
) {
    for (name, place) in places {
        let Some(value) = values.get(&**name.get_ref()) else { continue };
        let key = format!("{prefix}{}", name.get_ref());
        match (place.get_ref(), value) {
            (DeValue::Table(places), Value::Table(values)) => {
                collect(places, values, &format!("{key}."), found);
            }
            _ => found.push((name.span().start, key, value.clone())),
        }
    }
}

fn line_of(text: &str, position: usize) -> usize {
    let before = &text.as_bytes()[..position.min(text.len())];
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}
