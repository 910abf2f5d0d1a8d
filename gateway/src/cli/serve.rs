//! `antler serve`: runs the server.
//!
//! Invariant: flags are the last layer of the settings. It does not know how serving works.

use antler_config::{Flag, Sources};

use super::{CommandError, Outcome, ServeFlags, SettingFlags};
use crate::serve;

/// Port 0 of the loopback address: the system chooses a free one.
const EPHEMERAL: &str = "127.0.0.1:0";
/// The settings of all listeners.
const LISTENERS: [&str; 1] = ["listeners.http"];

pub(super) fn run(settings: &SettingFlags, serve: &ServeFlags) -> Result<Outcome, CommandError> {
    let mut flags = settings.flags();
    if serve.ephemeral_ports {
        let ephemeral = |key| Flag { name: "--ephemeral-ports", key, value: EPHEMERAL.to_owned() };
        flags.extend(LISTENERS.map(ephemeral));
    }
    let loaded = Sources::of_process(settings.config.clone(), flags).load()?;
    serve::run(&loaded, serve.ports_file.as_deref())?;
    Ok(Outcome::Done)
}
