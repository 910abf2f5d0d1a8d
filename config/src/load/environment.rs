//! The layer of the environment: `ANTLER__SECTION__KEY`.
//!
//! Invariant: a variable with our prefix is a setting or a problem, never ignored.
//! It does not read the environment itself: `Sources` brings it.

use std::ffi::OsString;

use super::{Assignment, Given, Origin, Problem};

const PREFIX: &str = "ANTLER__";

pub(super) fn assignments(
    variables: &[(OsString, OsString)],
    problems: &mut Vec<Problem>,
) -> Vec<Assignment> {
    let mut found = Vec::new();
    for (name, value) in variables {
        let name = name.to_string_lossy();
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let origin = Origin::Environment { name: name.to_string() };
        match value.to_str() {
            Some(value) => found.push(Assignment {
                key: path.replace("__", ".").to_lowercase(),
                given: Given::Text(value.to_owned()),
                origin,
            }),
            None => problems.push(Problem::new(origin, "the value is not UTF-8".to_owned())),
        }
    }
    found.sort_by(|left, right| left.key.cmp(&right.key));
    found
}

/// The variable that sets a key.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}
