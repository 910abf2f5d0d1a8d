//! A data folder without a server: what runs behind one is started for one command, without a listener.
//!
//! Invariant: nobody else works in the folder meanwhile, and what a command did is on stable storage when it ends. It does
//! not know what commands do.

use std::sync::Arc;

use antler_actors::accounts::AccountError;
use antler_config::Config;
use antler_events::clock::{Clock, SystemClock};
use antler_events::files::RealFiles;
use antler_events::identity::IdentityError;
use antler_events::log::EventLog;
use antler_events::randomness::RandomnessError;
use antler_projections::views::port::ViewError;

use super::Outcome;
use crate::compose::{self, ComposeError, Program};
use crate::credentials::passwords::PasswordError;
use crate::data_folder::{DataFolder, DataFolderError};
use crate::serve::site;

/// Why a command on a data folder did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    #[error(transparent)]
    Folder(#[from] DataFolderError),
    #[error(transparent)]
    Compose(#[from] ComposeError),
    #[error("the system refused what every program needs")]
    System(#[from] std::io::Error),
    #[error("the views cannot be read")]
    Views(#[from] ViewError),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    #[error("the password cannot be taken: {reason}")]
    WeakPassword { reason: String },
    #[error("the event log was not closed cleanly: {reason}")]
    Close { reason: String },
}

impl OfflineError {
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Folder(DataFolderError::NotAFolder { .. })
            | Self::Identity(_)
            | Self::WeakPassword { .. } => Outcome::WrongUsage,
            _ => Outcome::FoundProblem,
        }
    }
}

/// Does some work on the folder of the settings; none if a server has it.
pub(super) fn with_program<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Program) -> Result<T, OfflineError>,
) -> Result<Option<T>, OfflineError> {
    let folder = match DataFolder::open(&RealFiles, &config.storage.data) {
        Err(DataFolderError::InUse { .. }) => return Ok(None),
        opened => opened?,
    };
    in_folder(&folder, config, work).map(Some)
}

/// Does some work on a folder that is open.
pub(super) fn in_folder<T, E: From<OfflineError>>(
    folder: &DataFolder,
    config: &Config,
    work: impl AsyncFnOnce(&Program) -> Result<T, E>,
) -> Result<T, E> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(OfflineError::from)?;
    let log = runtime.block_on(compose::open_log(folder, config)).map_err(OfflineError::from)?;
    let done = runtime.block_on(on_log(folder, config, Arc::clone(&log.log), work));
    let closed =
        runtime.block_on(log.stop()).map_err(|error| OfflineError::Close { reason: error.to_string() });
    let done = done?;
    closed?;
    Ok(done)
}

async fn on_log<T, E: From<OfflineError>>(
    folder: &DataFolder,
    config: &Config,
    events: Arc<dyn EventLog>,
    work: impl AsyncFnOnce(&Program) -> Result<T, E>,
) -> Result<T, E> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    // Nobody listens: links lead to where the server will be.
    let site = site(config, &config.listeners.http.to_string());
    let started = Program::start(folder, (config, &site), events, clock).await;
    let program = started.map_err(OfflineError::from)?;
    program.caught_up().await;
    let done = work(&program).await;
    program.stop().await;
    done
}
