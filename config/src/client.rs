//! What the commands of a client take from the environment.
//!
//! Invariant: it is asked for in this file only. These are no settings of a server, so they stand in no settings file.

use std::path::PathBuf;

use crate::secret::Secret;

/// The environment of somebody at a terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientEnvironment {
    /// `ANTLER_TOKEN`: the credential that requests are sent with.
    pub token: Secret,
    /// `ANTLER_CA`: a file of certificates that servers are trusted by.
    pub authorities: Option<PathBuf>,
    /// `NO_COLOR`, whatever it says.
    pub no_color: bool,
}

impl ClientEnvironment {
    pub fn of_process() -> Self {
        let token = std::env::var("ANTLER_TOKEN").unwrap_or_default();
        let authorities = std::env::var_os("ANTLER_CA").filter(|path| !path.is_empty()).map(PathBuf::from);
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { token: Secret::new(token.trim().to_owned()), authorities, no_color }
    }
}
