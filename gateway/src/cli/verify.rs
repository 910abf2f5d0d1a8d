//! `antler verify`: proves the data folder, or names its damage.
//!
//! Invariant: it changes no event; a folder that a server uses is refused, because it moves under the proof.
//! It does not repair.

use std::io::Write;

use antler_events::event;
use antler_events::files::RealFiles;
use antler_events::log::Recorded;
use antler_events::log::segment::{Finding, Planted, Verification, VerifyError, verify};

use super::{CommandError, Outcome, SettingFlags, with_causes};
use crate::data_folder::{DataFolder, DataFolderError};

/// Why a folder was not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyCommandError {
    #[error(transparent)]
    Folder(#[from] DataFolderError),
    #[error("the event log cannot be verified")]
    Log(#[from] VerifyError),
}

impl VerifyCommandError {
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Folder(DataFolderError::NotAFolder { .. }) => Outcome::WrongUsage,
            _ => Outcome::FoundProblem,
        }
    }
}

pub(super) fn run(settings: &SettingFlags, out: &mut dyn Write) -> Result<Outcome, CommandError> {
    let config = settings.load()?.config;
    let verification = prove(&config.storage.data)?;
    print(&verification, out)?;
    Ok(if verification.is_whole() { Outcome::Done } else { Outcome::FoundProblem })
}

fn prove(data: &std::path::Path) -> Result<Verification, VerifyCommandError> {
    let folder = DataFolder::open(&RealFiles, data)?;
    Ok(verify(&RealFiles, &folder.log_dir(), Planted::None, &mut check_body)?)
}

/// A control event must mean something to this version. Line events prove themselves by their hashes.
fn check_body(recorded: &Recorded) -> Result<(), String> {
    let Recorded { envelope, body, .. } = recorded;
    match envelope.subject.kind.is_control() {
        true => event::decode(envelope, body).map(drop).map_err(|error| with_causes(&error)),
        false => Ok(()),
    }
}

fn print(verification: &Verification, out: &mut dyn Write) -> std::io::Result<()> {
    let Verification {
        partitions,
        segments,
        events,
        control_events,
        chains,
        raw_bytes,
        stored_bytes,
        findings,
    } = verification;
    writeln!(out, "partitions  {partitions}")?;
    writeln!(out, "segments    {segments}")?;
    writeln!(out, "events      {events} ({control_events} control)")?;
    writeln!(out, "chains      {chains}")?;
    writeln!(out, "bytes       {raw_bytes} ({stored_bytes} as stored)")?;
    for finding in findings {
        let kind = match finding {
            Finding::TornTail { .. } => "cut off   ",
            Finding::Damaged(_) => "damage    ",
        };
        writeln!(out, "{kind}  {finding}")?;
    }
    let damaged = findings.iter().filter(|finding| matches!(finding, Finding::Damaged(_))).count();
    match damaged {
        0 => writeln!(out, "everything that was acknowledged is there"),
        _ => writeln!(out, "places of damage: {damaged}"),
    }
}
