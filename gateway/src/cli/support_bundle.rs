//! `antler support-bundle`: one file with what somebody has to know who is to help.
//!
//! Invariant: it works whether the server runs or not; of one that runs, its own bundle is a file of this one, if
//! `listeners.operator_token` is set. No secret goes in, and no file is written over. It sends nothing anywhere.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use antler_config::Config;
use antler_events::clock::{Clock as _, SystemClock};
use clap::Args;

use super::remote::client::{Client, Question};
use super::remote::refusal::Refusal;
use super::remote::server::Server;
use super::remote::{self, RemoteError};
use super::{CommandError, Outcome, SettingFlags, doctor, with_causes};
use crate::support::Bundle;

#[derive(Debug, Args)]
pub(super) struct SupportBundleFlags {
    /// The file that is written; there must be none of that name
    #[arg(long, value_name = "FILE", default_value = "antler-support.tar.gz")]
    out: PathBuf,
}

/// The bundle was not written.
#[derive(Debug, thiserror::Error)]
#[error("the bundle cannot be written to {}; name another file with --out", path.display())]
pub struct SupportBundleError {
    path: PathBuf,
    source: io::Error,
}

pub(super) fn run(
    settings: &SettingFlags,
    flags: &SupportBundleFlags,
    out: &mut dyn Write,
) -> Result<Outcome, CommandError> {
    let config = settings.load()?.config;
    let mut examined = Vec::new();
    // What it finds wrong stands in the bundle.
    let _outcome = doctor::run(settings, &mut examined)?;
    let mut bundle = Bundle::of_machine(&config);
    bundle.add_text("doctor.txt", &String::from_utf8_lossy(&examined));
    match of_server(&config) {
        Ok(packed) => bundle.add_bundle("server.tar.gz", packed),
        Err(why) => bundle.add_text("server.txt", &why),
    }
    let path = &flags.out;
    let now_s = u64::try_from(SystemClock::new().now().nanos() / 1_000_000_000).unwrap_or_default();
    let written = bundle.packed(now_s).and_then(|packed| write(path, &packed).map(|()| packed.len()));
    let bytes = written.map_err(|source| SupportBundleError { path: path.clone(), source })?;
    writeln!(out, "wrote {}, {bytes} bytes; look through it before you give it away", path.display())?;
    Ok(Outcome::Done)
}

/// What a running server tells of itself, or why it does not.
fn of_server(config: &Config) -> Result<Vec<u8>, String> {
    let token = config.listeners.operator_token.clone();
    if !token.is_set() {
        return Err("set listeners.operator_token to have what a running server tells of itself".to_owned());
    }
    let asked = remote::run(async {
        let server = Server::of_settings(config);
        let question = Question::get("/api/admin/support-bundle/", &[]);
        let answer = Client::new(server, token).ask(&question).await.map_err(RemoteError::Client)?;
        match answer.status.is_success() {
            true => Ok::<_, CommandError>(answer.body.to_vec()),
            false => Err(RemoteError::Refused(Refusal::of(&answer)).into()),
        }
    });
    asked.map_err(|error| with_causes(&error))
}

/// For the owner's eyes, in a file that was not there.
fn write(path: &Path, packed: &[u8]) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path)?.write_all(packed)
}
