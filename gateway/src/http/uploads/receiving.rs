//! Room for files that are being received: so many requests of a tenant at once, and so many files and bytes in all.
//!
//! Invariant: what is stored of a tenant, with what is being received, stays within its bounds. It stores nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use antler_actors::uploads::KeptUpload;
use antler_config::limits::UploadLimits;
use antler_events::ids::TenantId;

use crate::http::error::{ApiError, LinesProblem};

/// What is being received of each tenant.
#[derive(Debug, Default)]
pub struct Receiving(Mutex<BTreeMap<TenantId, Share>>);

#[derive(Debug, Default, Clone, Copy)]
struct Share {
    requests: u32,
    files: u64,
    bytes: u64,
}

/// The room of one request, until it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    receiving: Arc<Receiving>,
    tenant: TenantId,
    limits: UploadLimits,
    /// What is stored already.
    stored: Share,
    own: Share,
}

impl Receiving {
    /// `stored`: the files of the tenant.
    pub(super) fn begin(
        self: &Arc<Self>,
        tenant: TenantId,
        stored: &[KeptUpload],
        limits: &UploadLimits,
    ) -> Result<Room, ApiError> {
        let mut shares = self.shares();
        let share = shares.entry(tenant).or_default();
        let max = limits.requests_per_tenant_max;
        if share.requests >= max {
            let reason =
                format!("{max} requests with files are being received; send again when one has ended");
            return Err(ApiError::Lines { problem: LinesProblem::Busy, reason });
        }
        share.requests += 1;
        let bytes = stored.iter().map(|(.., upload)| upload.received.file_bytes).sum();
        let stored = Share { requests: 0, files: stored.len() as u64, bytes };
        let (receiving, limits) = (Arc::clone(self), limits.clone());
        Ok(Room { receiving, tenant, limits, stored, own: Share { requests: 1, ..Share::default() } })
    }

    fn shares(&self) -> MutexGuard<'_, BTreeMap<TenantId, Share>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    /// Room for another file.
    pub(super) fn file(&mut self) -> Result<(), ApiError> {
        let max = self.limits.files_per_request_max;
        if self.own.files >= u64::from(max) {
            return Err(too_large(format!("a request may bring {max} files; send the others in another")));
        }
        self.grow(1, 0)
    }

    pub(super) fn bytes(&mut self, bytes: u64) -> Result<(), ApiError> {
        self.grow(0, bytes)
    }

    fn grow(&mut self, files: u64, bytes: u64) -> Result<(), ApiError> {
        let mut shares = self.receiving.shares();
        let share = shares.entry(self.tenant).or_default();
        let (files_max, bytes_max) =
            (self.limits.stored_files_per_tenant_max, self.limits.stored_bytes_per_tenant_max);
        if self.stored.files + share.files + files > u64::from(files_max) {
            return Err(too_large(format!("{files_max} files are stored; delete some that nobody needs")));
        }
        if self.stored.bytes + share.bytes + bytes > bytes_max.as_u64() {
            let reason = format!("files of {bytes_max} in all may be stored; delete some that nobody needs");
            return Err(too_large(reason));
        }
        (share.files, share.bytes) = (share.files + files, share.bytes + bytes);
        (self.own.files, self.own.bytes) = (self.own.files + files, self.own.bytes + bytes);
        Ok(())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut shares = self.receiving.shares();
        let Some(share) = shares.get_mut(&self.tenant) else { return };
        let Share { requests, files, bytes } = self.own;
        *share = Share {
            requests: share.requests.saturating_sub(requests),
            files: share.files.saturating_sub(files),
            bytes: share.bytes.saturating_sub(bytes),
        };
        if share.requests == 0 {
            shares.remove(&self.tenant);
        }
    }
}

fn too_large(reason: String) -> ApiError {
    ApiError::Lines { problem: LinesProblem::TooLarge, reason }
}

#[cfg(test)]
mod tests {
    use antler_config::ByteSize;

    use super::*;

    #[test]
    fn a_tenant_has_room_for_so_many_requests_files_and_bytes() {
        let limits = UploadLimits {
            requests_per_tenant_max: 2,
            files_per_request_max: 2,
            stored_files_per_tenant_max: 3,
            stored_bytes_per_tenant_max: ByteSize::kib(1),
            ..UploadLimits::default()
        };
        let (receiving, tenant) = (Arc::<Receiving>::default(), TenantId::parse("acme").unwrap());
        let begin = || receiving.begin(tenant, &[], &limits);
        let refused = |result: Result<(), ApiError>| result.unwrap_err().to_string();
        let (mut one, mut other) = (begin().unwrap(), begin().unwrap());
        assert!(begin().unwrap_err().to_string().starts_with("2 requests"));
        one.file().unwrap();
        one.file().unwrap();
        assert_eq!(refused(one.file()), "a request may bring 2 files; send the others in another");
        other.file().unwrap();
        assert_eq!(refused(other.file()), "3 files are stored; delete some that nobody needs");
        one.bytes(1_000).unwrap();
        assert!(refused(other.bytes(25)).contains("1 KiB"), "{}", refused(other.bytes(25)));
        drop(one);
        other.bytes(25).unwrap();
        drop(other);
        assert!(receiving.shares().is_empty());
    }
}
