//! `antler serve`: runs the server.
//!
//! Invariant: flags are the last layer of the settings. It does not know how serving works.

use antler_config::{Flag, Listeners, OptionalAddress, Sources};

use super::{CommandError, Outcome, ServeFlags, SettingFlags};
use crate::serve;

/// Port 0 of the loopback address: the system chooses a free one.
const EPHEMERAL: &str = "127.0.0.1:0";

pub(super) fn run(settings: &SettingFlags, serve: &ServeFlags) -> Result<Outcome, CommandError> {
    let mut loaded = settings.load()?;
    if serve.ephemeral_ports {
        let ephemeral = |key| Flag { name: "--ephemeral-ports", key, value: EPHEMERAL.to_owned() };
        let mut flags = settings.flags();
        flags.extend(listeners(&loaded.config.listeners).into_iter().map(ephemeral));
        loaded = Sources::of_process(settings.config.clone(), flags).load()?;
    }
    serve::run(&loaded, serve.ports_file.as_deref(), serve.demo)?;
    Ok(Outcome::Done)
}

/// The settings of all listeners that are not off.
fn listeners(config: &Listeners) -> Vec<&'static str> {
    let optional = [
        ("listeners.tcp", &config.tcp),
        ("listeners.udp", &config.udp),
        ("listeners.http_json", &config.http_json),
        ("listeners.syslog", &config.syslog),
    ];
    let open = optional.into_iter().filter(|(_, address)| **address != OptionalAddress::OFF);
    std::iter::once("listeners.http").chain(open.map(|(setting, _)| setting)).collect()
}
