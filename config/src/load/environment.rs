//! The layer of the environment: `ANTLER__SECTION__KEY`, and for a secret `ANTLER__SECTION__KEY_FILE`, the path of a file
//! that holds it, as container platforms hand secrets over.
//!
//! Invariant: a variable with our prefix is a setting or a problem, never ignored. No problem tells what a file holds.
//! It does not read the environment itself: `Sources` brings it.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};

use super::{Assignment, Given, Origin, Problem};
use crate::limits::SECRET_FILE_BYTES_MAX;
use crate::secret::is_secret;

const PREFIX: &str = "ANTLER__";
/// Ends the name of a secret setting whose value is in a file.
const IN_FILE: &str = "_file";

pub(super) fn assignments(
    variables: &[(OsString, OsString)],
    problems: &mut Vec<Problem>,
) -> Vec<Assignment> {
    let mut found = Vec::new();
    for (name, value) in variables {
        let name = name.to_string_lossy();
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let origin = Origin::Environment { name: name.to_string() };
        let key = path.replace("__", ".").to_lowercase();
        let in_file = key.strip_suffix(IN_FILE).filter(|key| is_secret(key)).map(str::to_owned);
        let text = match (value.to_str(), &in_file) {
            (None, _) => Err("the value is not UTF-8".to_owned()),
            (Some(value), None) => Ok(value.to_owned()),
            (Some(path), Some(_)) => held(path),
        };
        match text {
            Ok(text) => {
                found.push(Assignment { key: in_file.unwrap_or(key), given: Given::Text(text), origin });
            }
            Err(sentence) => problems.push(Problem::new(origin, sentence)),
        }
    }
    found.sort_by(|left, right| left.key.cmp(&right.key));
    let twice = found.windows(2).filter(|pair| pair[0].key == pair[1].key);
    problems.extend(twice.map(|pair| {
        let sentence = format!("{} is set by {} too; keep one of them", pair[1].key, pair[0].origin);
        Problem::new(pair[1].origin.clone(), sentence)
    }));
    found
}

/// The secret that a file holds, without the end of its line.
fn held(path: &str) -> Result<String, String> {
    let read = || -> io::Result<String> {
        let mut text = String::new();
        File::open(path)?.take(SECRET_FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
        Ok(text)
    };
    let text = read().map_err(|error| format!("the file of the secret, {path}, cannot be read: {error}"))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(format!("the file of the secret, {path}, is empty")),
        _ if text.len() as u64 > SECRET_FILE_BYTES_MAX => {
            Err(format!("the file of the secret, {path}, has more than {SECRET_FILE_BYTES_MAX} bytes"))
        }
        secret => Ok(secret.to_owned()),
    }
}

/// The variable that sets a key.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}
