//! How uploads go, told to the people of their tenant who have a notifications socket open.
//!
//! Invariant: a note says what a question about the status would be answered, and goes to the tenant of the file only. It
//! keeps nothing: whoever is not there asks.

use std::sync::Arc;

use antler_actors::uploads::{UploadNow, UploadWatcher};
use antler_events::event::upload::Upload;
use antler_events::ids::{TenantId, UploadId};

use super::shown;
use crate::socket::hub::{Hub, Topic};

/// Tells the hub.
#[derive(Debug)]
pub(crate) struct UploadNotes(pub(crate) Arc<Hub>);

impl UploadWatcher for UploadNotes {
    fn told(&self, tenant: TenantId, id: UploadId, upload: &Upload, now: &UploadNow) {
        let note = shown::note(id, upload, now);
        self.0.tell(tenant, None, Topic::UploadStatus, &note.into());
    }
}
