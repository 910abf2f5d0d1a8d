//! The search history: what people asked is written down and read again, at their wish or by itself.
//!
//! Invariant: what somebody had saved or forgotten is on stable storage and in the view when that is answered. What is
//! remembered by itself delays nobody and may be lost; so much of it is under way at once, and no more. It does not ask
//! whether a question can be asked: the gateway does.

use std::sync::Arc;
use std::time::Duration;

use antler_config::limits::SearchesLimits;
use antler_events::event::asked::Asked;
use antler_events::event::note::{Note, PastSearchId, Searched, SearchesForgotten};
use antler_events::ids::{TenantId, UserId};
use antler_events::log::Appended;
use antler_projections::views::arrivals::ArrivalViews;
use antler_projections::views::port::ViewError;
use antler_projections::views::search_history::PastSearch;
use tokio::sync::Semaphore;

use crate::notes::{NoteError, Notes};

/// How long a stop waits for what is being remembered.
const STOP_MAX: Duration = Duration::from_secs(1);

/// What a search history needs of the program.
#[derive(Debug)]
pub struct HistoryParts {
    pub notes: Notes,
    pub views: ArrivalViews,
    pub limits: SearchesLimits,
}

/// The search histories of all people.
#[derive(Debug, Clone)]
pub struct SearchHistory {
    parts: Arc<HistoryParts>,
    remembering: Arc<Semaphore>,
}

/// Why something of a history was not done.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error(transparent)]
    Views(#[from] ViewError),
}

impl SearchHistory {
    pub fn new(parts: HistoryParts) -> Self {
        let remembering = Arc::new(Semaphore::new(parts.limits.remembering_max as usize));
        Self { parts: Arc::new(parts), remembering }
    }

    /// May a question be kept at all?
    pub fn takes(&self, asked: &Asked) -> bool {
        asked.bytes() <= self.parts.limits.question_bytes_max.as_usize()
    }

    /// What a person asked last, the newest first.
    pub async fn list(&self, tenant: TenantId, user: UserId) -> Result<Vec<PastSearch>, ViewError> {
        self.parts.views.searches(tenant, user).await
    }

    pub async fn find(
        &self,
        tenant: TenantId,
        user: UserId,
        id: PastSearchId,
    ) -> Result<Option<PastSearch>, ViewError> {
        Ok(self.list(tenant, user).await?.into_iter().find(|past| past.id == id))
    }

    /// Writes a search down; the same within a minute is one search, which is answered again.
    pub async fn save(&self, tenant: TenantId, searched: Searched) -> Result<PastSearch, HistoryError> {
        let Searched { by, asked, found, took_us } = searched.clone();
        let now = self.parts.notes.clock.now();
        let Appended { partition, last, .. } =
            self.parts.notes.record(tenant, &Note::Searched(searched)).await?;
        let history = self.list(tenant, by).await?;
        // It may have been forgotten meanwhile.
        let as_written = || {
            let id = PastSearchId { partition, offset: last };
            PastSearch { id, asked: asked.clone(), found, took_us, first_at: now, last_at: now }
        };
        Ok(history.into_iter().find(|past| past.goes_on(&asked, now)).unwrap_or_else(as_written))
    }

    /// Writes a search down behind the back of whoever asked. One that says nothing new is not written again.
    pub fn remember(&self, tenant: TenantId, searched: Searched) {
        let free = Arc::clone(&self.remembering).try_acquire_owned();
        let (true, Ok(permit)) = (self.takes(&searched.asked), free) else {
            tracing::debug!(%tenant, "a search is not kept: it is too long, or too many are being written");
            return;
        };
        let history = self.clone();
        tokio::spawn(async move {
            if let Err(error) = history.save_news(tenant, searched).await {
                tracing::warn!(%tenant, %error, "a search is missing in the history of who asked");
            }
            drop(permit);
        });
    }

    async fn save_news(&self, tenant: TenantId, searched: Searched) -> Result<(), HistoryError> {
        let now = self.parts.notes.clock.now();
        if !self.list(tenant, searched.by).await?.iter().any(|past| past.says(&searched, now)) {
            self.parts.notes.record(tenant, &Note::Searched(searched)).await?;
        }
        Ok(())
    }

    /// Forgets one search of a person, or all of them. Forgetting what is not there changes nothing.
    pub async fn forget(
        &self,
        tenant: TenantId,
        by: UserId,
        search: Option<PastSearchId>,
    ) -> Result<(), HistoryError> {
        self.parts.notes.record(tenant, &Note::Forgotten(SearchesForgotten { by, search })).await?;
        Ok(())
    }

    /// Waits until all that is being remembered is written, or was not.
    pub async fn idle(&self) {
        let _all = self.remembering.acquire_many(self.parts.limits.remembering_max).await;
    }

    /// Waits a moment for what is being remembered, and remembers nothing any more.
    pub async fn stop(&self) {
        if tokio::time::timeout(STOP_MAX, self.idle()).await.is_err() {
            tracing::warn!("some searches could not be written into their histories in time");
        }
        self.remembering.close();
    }
}

#[cfg(test)]
mod tests;
