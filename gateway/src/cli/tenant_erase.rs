//! `antler tenant erase ID --name NAME`: erases a tenant of a data folder that no server uses, and prints the receipt.
//!
//! Invariant: the receipt is printed byte for byte as it was signed, when nothing of what it calls gone is left. One that is
//! erased already is printed again. A folder that a server uses is refused: its operator asks the server.

use std::io::Write;

use antler_actors::erasure::ErasureError;
use antler_events::event::tenant::TenantErased;
use antler_events::event::{Actor, Cause};
use antler_events::files::RealFiles;
use antler_events::ids::{IdError, TenantId};
use antler_projections::views::port::ViewError;
use clap::Args;

use super::offline::{OfflineError, in_folder};
use super::{CommandError, Outcome, SettingFlags};
use crate::compose::Program;
use crate::credentials::secret::hex;
use crate::data_folder::DataFolder;
use crate::erasure_receipt::is_called;

/// Why a tenant was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseCommandError {
    #[error(transparent)]
    Id(#[from] IdError),
    #[error("there is no tenant {id}")]
    NoTenant { id: TenantId },
    #[error("tenant {id} is not called {name:?}; give its name as it is, because this cannot be taken back")]
    OtherName { id: TenantId, name: String },
    #[error(transparent)]
    Offline(#[from] OfflineError),
    #[error("the views cannot be read")]
    Views(#[from] ViewError),
    #[error("the tenant is closed and not erased yet; the same command goes on with it")]
    Erasure(#[from] ErasureError),
}

impl EraseCommandError {
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Id(_) | Self::NoTenant { .. } | Self::OtherName { .. } => Outcome::WrongUsage,
            Self::Offline(error) => error.outcome(),
            Self::Views(_) | Self::Erasure(_) => Outcome::FoundProblem,
        }
    }
}

/// Flags of `tenant erase`.
#[derive(Debug, Args)]
pub(super) struct EraseFlags {
    /// The tenant
    #[arg(value_name = "ID")]
    id: String,
    /// Its name, so that it is not another by a slip
    #[arg(long, value_name = "NAME")]
    name: String,
}

pub(super) fn run(
    settings: &SettingFlags,
    flags: &EraseFlags,
    out: &mut dyn Write,
) -> Result<Outcome, CommandError> {
    let config = settings.load()?.config;
    let TenantErased { receipt, key, signature } = erased(&config, flags)?;
    writeln!(out, "{receipt}")?;
    writeln!(out, "key        {}", hex(&key))?;
    writeln!(out, "signature  {}", hex(&signature))?;
    Ok(Outcome::Done)
}

fn erased(config: &antler_config::Config, flags: &EraseFlags) -> Result<TenantErased, EraseCommandError> {
    let tenant = TenantId::parse(&flags.id)?;
    let folder = DataFolder::open(&RealFiles, &config.storage.data).map_err(OfflineError::from)?;
    in_folder(&folder, config, async |program| erase(tenant, program, &flags.name).await)
}

async fn erase(tenant: TenantId, program: &Program, name: &str) -> Result<TenantErased, EraseCommandError> {
    let kept = program.gate.accounts.views.tenant(tenant).await?.and_then(|kept| kept.state);
    let state = kept.ok_or(EraseCommandError::NoTenant { id: tenant })?;
    if !is_called(&state, name) {
        return Err(EraseCommandError::OtherName { id: tenant, name: name.to_owned() });
    }
    let cause = Cause { actor: Actor::Operator, ..Cause::SYSTEM };
    Ok(program.erasures.finish(tenant, &cause).await?)
}
