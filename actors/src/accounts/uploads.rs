//! Uploaded files: what happens to one is decided on what happened before.
//!
//! Invariant: of two commands at once the later one is decided on what the earlier one made. It does not ask who may.

use antler_events::event::Cause;
use antler_events::event::upload::{self, UploadCommand};
use antler_events::ids::{ArchiveId, TenantId, UploadId};

use super::aggregate::Uploads;
use super::{AccountError, Accounts};

impl Accounts {
    pub fn new_upload_id(&self) -> Result<UploadId, AccountError> {
        Ok(UploadId::parse(&self.draw()?)?)
    }

    pub fn new_archive_id(&self) -> Result<ArchiveId, AccountError> {
        Ok(ArchiveId::parse(&self.draw()?)?)
    }

    pub async fn command_upload(
        &self,
        tenant: TenantId,
        id: UploadId,
        command: UploadCommand,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let decide = |state: &_| upload::decide(state, command.clone());
        self.execute::<Uploads>(tenant, id, cause, decide).await?;
        Ok(())
    }
}
