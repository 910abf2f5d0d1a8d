//! Notes that somebody waits for: recorded, and read again by whoever asks next.
//!
//! Invariant: what is answered is on stable storage and in the views of arrivals. It does not ask what a note says.

use std::sync::Arc;
use std::time::Duration;

use antler_events::clock::Clock;
use antler_events::event::EventError;
use antler_events::event::note::Note;
use antler_events::ids::TenantId;
use antler_events::log::{Append, AppendError, Appended, EventLog};
use antler_events::placement::Placement;

use crate::progress::Progress;

/// How long somebody waits for the views.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where notes are written.
#[derive(Debug, Clone)]
pub struct Notes {
    pub log: Arc<dyn EventLog>,
    /// Of the projector that feeds the views of arrivals.
    pub progress: Arc<Progress>,
    pub placement: Arc<Placement>,
    pub clock: Arc<dyn Clock>,
}

/// Why a note is not there.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    #[error("the event log did not take the note")]
    Append(#[from] AppendError),
    #[error("the note cannot be recorded")]
    Event(#[from] EventError),
    #[error("what was written cannot be read yet; try again in some seconds")]
    ViewsBehind,
}

impl Notes {
    /// Appends the note, and waits until the views have it.
    pub async fn record(&self, tenant: TenantId, note: &Note) -> Result<Appended, NoteError> {
        let append = Append { events: vec![note.record(tenant, self.clock.now())?], expected: Vec::new() };
        let appended = self.log.append(self.placement.home(tenant), append).await?;
        let reached = self.progress.reached(appended.partition, appended.last);
        tokio::time::timeout(PATIENCE, reached).await.map_err(|_| NoteError::ViewsBehind)?;
        Ok(appended)
    }
}
