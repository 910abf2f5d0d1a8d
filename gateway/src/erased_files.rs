//! The files of a tenant that is erased: those that it uploaded, and its archives.
//!
//! Invariant: what writes to them is ended first, so that nothing comes back. It does not know why a tenant ends.

use std::io;
use std::sync::Arc;

use antler_actors::erasure::TenantFiles;
use antler_events::ids::TenantId;
use antler_events::log::BoxFuture;

use crate::archive::Archives;
use crate::disk::on_disk;
use crate::upload::store::UploadStore;

/// The files of tenants that end.
#[derive(Debug)]
pub struct ErasedFiles {
    pub uploads: Arc<UploadStore>,
    pub archives: Arc<Archives>,
}

impl TenantFiles for ErasedFiles {
    fn remove_all(&self, tenant: TenantId) -> BoxFuture<'_, io::Result<()>> {
        let (uploads, archives) = (Arc::clone(&self.uploads), Arc::clone(&self.archives.parts.store));
        Box::pin(async move {
            for archive in archives.list(tenant) {
                self.archives.remove(tenant, archive.id).await.map_err(io::Error::other)?;
            }
            on_disk(move || {
                uploads.remove_all(tenant)?;
                archives.remove_all(tenant)
            })
            .await
        })
    }
}
