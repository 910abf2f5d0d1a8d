//! Saved searches: saving, changing and deleting them.
//!
//! Invariant: of two changes at once the later one is decided on what the earlier one made. It does not ask who may.

use antler_events::event::Cause;
use antler_events::event::search::{self, SearchChange, SearchCommand, SearchContent, SearchRejection};
use antler_events::ids::{SearchId, TenantId, UserId};

use super::aggregate::Searches;
use super::{AccountError, Accounts};

impl Accounts {
    pub async fn save_search(
        &self,
        tenant: TenantId,
        owner: UserId,
        content: SearchContent,
        cause: &Cause,
    ) -> Result<SearchId, AccountError> {
        let id = SearchId::parse(&self.draw()?)?;
        let decide =
            |state: &_| search::decide(state, SearchCommand::Save { owner, content: content.clone() });
        self.execute::<Searches>(tenant, id, cause, decide).await?;
        Ok(id)
    }

    /// Saves a search that has its id already; one that was saved under it before stays as it is.
    pub async fn bring_search(
        &self,
        tenant: TenantId,
        id: SearchId,
        (owner, content): (UserId, SearchContent),
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let decide = |state: &_| match search::decide(
            state,
            SearchCommand::Save { owner, content: content.clone() },
        ) {
            Err(SearchRejection::AlreadySaved) => Ok(vec![]),
            decided => decided,
        };
        self.execute::<Searches>(tenant, id, cause, decide).await?;
        Ok(())
    }

    pub async fn change_search(
        &self,
        tenant: TenantId,
        id: SearchId,
        change: SearchChange,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let decide = |state: &_| search::decide(state, SearchCommand::Change(change.clone()));
        self.execute::<Searches>(tenant, id, cause, decide).await?;
        Ok(())
    }

    /// Deleting a search that is deleted already changes nothing.
    pub async fn delete_search(
        &self,
        tenant: TenantId,
        id: SearchId,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let decide = |state: &_| search::decide(state, SearchCommand::Delete);
        self.execute::<Searches>(tenant, id, cause, decide).await?;
        Ok(())
    }
}
