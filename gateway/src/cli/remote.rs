//! What the commands that talk to a running server share: its address, the credential, and what it says when it refuses.
//!
//! Invariant: a refusal is shown as the server's own sentence, and a wrong query with the place of its mistake. It sends
//! nothing by itself: commands do.

pub(super) mod client;
mod encrypted;
pub(super) mod refusal;
pub(super) mod server;

use std::future::Future;
use std::io;
use std::path::PathBuf;

use antler_config::Secret;
use antler_config::client::ClientEnvironment;
use clap::Args;

use self::client::{Client, ClientError};
use self::refusal::Refusal;
use self::server::{Server, ServerError};
use super::{CommandError, Outcome, SettingFlags};

/// Where the server is, and who asks.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RemoteFlags {
    /// The running server [default: the one of listeners.http]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Access token or API key; better in the environment as ANTLER_TOKEN, where others do not see it
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Certificates that an https:// server is trusted by, in PEM, beside those of the system; or ANTLER_CA
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// Why a server did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error(
        "there is no credential; set ANTLER_TOKEN to an access token or an API key, or give it with --token"
    )]
    NoToken,
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the server at {server} answered what this command does not understand: {reason}")]
    Strange { server: String, reason: String },
    #[error("{0}")]
    Ended(String),
    #[error("the system refused what every command needs")]
    System(#[source] io::Error),
}

impl RemoteError {
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Server(_) | Self::NoToken => Outcome::WrongUsage,
            Self::Refused(refusal) if refusal.is_wrong_question() => Outcome::WrongUsage,
            _ => Outcome::FoundProblem,
        }
    }
}

impl RemoteFlags {
    /// The server that is asked: the one that was named, or that of the settings.
    pub(super) fn server(&self, settings: &SettingFlags) -> Result<Server, CommandError> {
        let server = match &self.server {
            Some(url) => url.parse().map_err(RemoteError::Server)?,
            None => Server::of_settings(&settings.load()?.config),
        };
        Ok(server.trusting(self.ca.clone().or_else(|| ClientEnvironment::of_process().authorities)))
    }

    pub(super) fn token(&self) -> Result<Secret, RemoteError> {
        let given = self.token.clone().map(Secret::new);
        let token = given.unwrap_or_else(|| ClientEnvironment::of_process().token);
        Some(token).filter(Secret::is_set).ok_or(RemoteError::NoToken)
    }

    /// Whether one was named, so that no data folder is meant.
    pub(super) fn names_a_server(&self) -> bool {
        self.server.is_some()
    }

    /// With the token that was given, else with that of the settings.
    pub(super) fn operators_client(&self, settings: &SettingFlags) -> Result<Client, CommandError> {
        let config = settings.load()?.config;
        let token = match self.token() {
            Err(_) if config.listeners.operator_token.is_set() => config.listeners.operator_token,
            given => given?,
        };
        Ok(Client::new(self.server(settings)?, token))
    }

    /// Without a credential.
    pub(super) fn nobodys_client(&self, settings: &SettingFlags) -> Result<Client, CommandError> {
        Ok(Client::new(self.server(settings)?, Secret::default()))
    }

    pub(super) fn client(&self, settings: &SettingFlags) -> Result<Client, CommandError> {
        let token = self.token()?;
        Ok(Client::new(self.server(settings)?, token))
    }
}

/// Runs a command's own small runtime, in this thread.
pub(super) fn run<T>(work: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(RemoteError::System)?.block_on(work)
}
