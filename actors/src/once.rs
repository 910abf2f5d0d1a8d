//! Lines that are written once, however often they are brought: those of files and archives.
//!
//! Invariant: lines with a key that was used before are not written again, also if the program was stopped before anybody
//! knew that they were. Whoever finds no room waits. It does not choose keys.

use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::event::note::{AnswerForm, LinesRejected, NamedError, RequestKey};
use antler_events::ids::TenantId;
use antler_events::log::AppendError;

use crate::ingest_shard::{Arrived, Request, WriteError};
use crate::requests::{Begun, RequestError, Requests};
use crate::streams::Refused;
use crate::system::{IngestError, System, Taken};

/// Whoever waits for room tries again after so long, and at last this long.
const WAIT_FIRST: Duration = Duration::from_millis(5);
const WAIT_LONGEST: Duration = Duration::from_millis(200);
/// While more lines of the tenant are under way, written or not yet found, these wait: they are in no hurry, and others
/// need the room.
const HELD_BYTES_MAX: u64 = 6 << 20;

/// Why lines were not written.
#[derive(Debug, thiserror::Error)]
pub enum OnceError {
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

/// What became of lines, now or before.
#[derive(Debug)]
pub struct Written {
    pub accepted: u64,
    pub rejected: u64,
    /// Those of the rejected that were found out now.
    pub refused: Refused,
}

/// What the lines are written with.
#[derive(Debug, Clone, Copy)]
pub struct Once<'a> {
    pub system: &'a System,
    pub requests: &'a Requests,
    /// Answers that held at this time count.
    pub as_of: Timestamp,
}

impl Once<'_> {
    /// Returns when the lines are on stable storage, whether they were already or not. `errors` names lines that were
    /// rejected.
    pub async fn write(
        self,
        tenant: TenantId,
        key: RequestKey,
        arrived: &Arrived,
        errors: &[NamedError],
    ) -> Result<Written, OnceError> {
        while self.system.held_by(tenant) > HELD_BYTES_MAX {
            tokio::time::sleep(WAIT_FIRST).await;
        }
        let mut wait = WAIT_FIRST;
        loop {
            let claim = match self.requests.begin_as_of(tenant, key, self.as_of).await? {
                Begun::First(claim) => claim,
                Begun::Answered(known) => {
                    let (accepted, rejected) = (known.answered.accepted, known.answered.rejected);
                    return Ok(Written { accepted, rejected, refused: Refused::default() });
                }
            };
            let request = Some(Request { claim, form: AnswerForm::Many, errors: errors.to_vec() });
            match self.system.take(tenant, Arrived { request, ..arrived.again() }).await {
                Ok(Taken { receipt, refused }) => {
                    let rejected = arrived.rejected.as_ref().map_or(0, LinesRejected::count) + refused.count;
                    return Ok(Written { accepted: receipt.count, rejected, refused });
                }
                Err(error) if error.passes() || is_in_doubt(&error) => tokio::time::sleep(wait).await,
                Err(error) => return Err(error.into()),
            }
            wait = WAIT_LONGEST.min(wait * 2);
        }
    }
}

/// What the views cannot know yet is asked again.
fn is_in_doubt(error: &IngestError) -> bool {
    matches!(error, IngestError::Unknown | IngestError::Write(WriteError::Log(AppendError::Unknown { .. })))
}
