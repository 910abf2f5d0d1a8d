//! Configuration: the only crate that reads files and the environment for settings.
//!
//! Invariant: every setting has a default, a type with a unit, and a known origin.
//! It never opens a socket, never touches the data folder and knows no other crate.

pub mod accounts;
pub mod address;
pub mod audit;
pub mod backends;
pub mod base_path;
pub mod client;
pub mod duration;
pub mod index;
pub mod limits;
pub mod list;
pub mod listeners;
pub mod load;
pub mod logging;
pub mod mail;
pub mod nats;
pub mod network;
pub mod public_url;
pub mod secret;
pub mod server;
pub mod size;
pub mod storage;
mod suggest;
pub mod tls;
pub mod web_origin;

use serde::{Deserialize, Serialize};

pub use accounts::{Accounts, RegistrationMode};
pub use address::{ListenAddress, OptionalAddress};
pub use audit::Audit;
pub use backends::{Backends, LogBackend};
pub use base_path::BasePath;
pub use index::Index;
pub use limits::Limits;
pub use list::List;
pub use listeners::Listeners;
pub use load::{Flag, LoadError, Loaded, Origin, Sources};
pub use logging::Logging;
pub use mail::{Mail, MailKind, MailSecurity};
pub use nats::Nats;
pub use network::Network;
pub use public_url::PublicUrl;
pub use secret::Secret;
pub use server::{ProxyHeader, Server};
pub use size::ByteSize;
pub use storage::Storage;
pub use tls::Tls;
pub use web_origin::WebOrigin;

/// Every setting with its default and a comment; what `antler config defaults` prints.
pub const DEFAULTS_TOML: &str = include_str!("defaults.toml");

/// The whole program as settings, one struct per section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub listeners: Listeners,
    pub server: Server,
    pub tls: Tls,
    pub accounts: Accounts,
    pub mail: Mail,
    pub audit: Audit,
    pub storage: Storage,
    pub backends: Backends,
    pub nats: Nats,
    pub index: Index,
    pub logging: Logging,
    pub limits: Limits,
}

/// A value of the right type that does not make sense, and what would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invalid {
    pub(crate) key: &'static str,
    pub(crate) reason: String,
}

impl Config {
    /// Values that have the right type and cannot work.
    pub(crate) fn check(&self) -> Vec<Invalid> {
        let limits = &self.limits;
        let sections = [
            self.listeners.rules(),
            self.tls.rules(),
            self.accounts.rules(),
            self.mail.rules(),
            self.together(),
            self.storage.rules(),
            self.nats.rules(),
            self.index.rules(),
            limits.http.rules(),
            limits.rates.rules(),
            limits.ingest.rules(),
            limits.search.rules(),
            limits.searches.rules(),
            limits.live.rules(),
            limits.upload.rules(),
            limits.archives.rules(),
        ];
        let rules = sections.into_iter().flatten();
        rules
            .filter(|(holds, ..)| !holds)
            .map(|(_, key, reason)| Invalid { key, reason: reason.to_owned() })
            .collect()
    }
}

impl Config {
    /// Rules about several sections.
    fn together(&self) -> Vec<Rule> {
        let sends = self.mail.is_on();
        vec![
            (
                !sends || self.server.public_url.is_set(),
                "server.public_url",
                "where people reach this server, because mail.kind is set and links in mails begin with it",
            ),
            (
                sends || !self.accounts.require_verified_email,
                "accounts.require_verified_email",
                "false, as long as mail.kind is \"none\": nobody could verify an address",
            ),
        ]
    }
}

/// Whether it holds, the setting it is about, and the rule itself.
type Rule = (bool, &'static str, &'static str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commented_defaults_equal_default() {
        assert_eq!(toml::from_str::<Config>(DEFAULTS_TOML).unwrap(), Config::default());
        assert_eq!(Config::default().check(), []);
    }

    #[test]
    fn each_setting_and_section_has_a_comment_before_it() {
        let lines: Vec<&str> = DEFAULTS_TOML.lines().collect();
        let named: Vec<usize> = (0..lines.len())
            .filter(|&at| {
                lines[at].contains(" = ") && !lines[at].starts_with('#') || lines[at].starts_with('[')
            })
            .collect();
        assert!(named.len() > 10);
        for at in named {
            assert!(
                at > 0 && lines[at - 1].starts_with("# "),
                "no comment before line {}: {}",
                at + 1,
                lines[at]
            );
        }
    }
}
