//! The files of tenants, as erasures and upkeep meet them: some stay, some are exports whose time ends, and at times one
//! cannot be removed.
//!
//! Invariant: a file stays until it was removed, whatever crashes. It holds no bytes.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use antler_actors::erasure::TenantFiles;
use antler_actors::upkeep::Expiring;
use antler_events::clock::Timestamp;
use antler_events::ids::TenantId;
use antler_events::log::BoxFuture;

use crate::world::{Fault, Faults};

#[derive(Debug)]
pub(super) struct Shelf {
    faults: Arc<Faults>,
    /// Whose each is, and until when it is kept, if not for ever.
    files: Mutex<Vec<(TenantId, Option<Timestamp>)>>,
}

impl Shelf {
    pub(super) fn new(faults: Arc<Faults>) -> Self {
        Self { faults, files: Mutex::default() }
    }

    pub(super) fn put(&self, tenant: TenantId, until: Option<Timestamp>) {
        self.files().push((tenant, until));
    }

    /// How many a tenant has.
    pub(super) fn of(&self, tenant: TenantId) -> usize {
        self.files().iter().filter(|(of, _)| *of == tenant).count()
    }

    /// How many there are whose time was over then.
    pub(super) fn over(&self, then: Timestamp) -> usize {
        self.files().iter().filter(|(_, until)| is_over(*until, then)).count()
    }

    fn remove(&self, which: impl Fn(TenantId, Option<Timestamp>) -> bool) -> io::Result<u64> {
        if self.faults.strikes(Fault::RemoveError) {
            return Err(io::Error::other("on purpose"));
        }
        let mut files = self.files();
        let before = files.len();
        files.retain(|(of, until)| !which(*of, *until));
        Ok((before - files.len()) as u64)
    }

    fn files(&self) -> MutexGuard<'_, Vec<(TenantId, Option<Timestamp>)>> {
        self.files.lock().expect("nothing panics while it counts")
    }
}

fn is_over(until: Option<Timestamp>, then: Timestamp) -> bool {
    until.is_some_and(|until| until < then)
}

impl TenantFiles for Shelf {
    fn remove_all(&self, tenant: TenantId) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(async move { self.remove(|of, _| of == tenant).map(|_| ()) })
    }
}

impl Expiring for Shelf {
    fn expire(&self, now: Timestamp) -> BoxFuture<'_, io::Result<u64>> {
        Box::pin(async move { self.remove(|_, until| is_over(until, now)) })
    }
}
