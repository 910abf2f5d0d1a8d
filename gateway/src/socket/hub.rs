//! The hub: notes for the people of a tenant who have a socket open.
//!
//! Invariant: a note reaches sockets of its own tenant only, and of one person only if it is for one; who does not read
//! loses notes and learns how many. It keeps nothing for those who are not there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use antler_actors::quotas::Level;
use antler_actors::warnings::{Warning, WarningWatcher};
use antler_events::ids::{TenantId, UserId};
use axum::extract::ws::Utf8Bytes;
use tokio::sync::mpsc;

use super::messages::Said;

/// Notes that wait for one socket.
const WAITING_MAX: usize = 100;

/// What notes are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    Alert,
    LogEvent,
    System,
    UploadStatus,
}

impl Topic {
    pub const ALL: [Self; 4] = [Self::Alert, Self::LogEvent, Self::System, Self::UploadStatus];

    /// As messages name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::LogEvent => "log_event",
            Self::System => "system",
            Self::UploadStatus => "upload_status",
        }
    }
}

#[derive(Debug, Default)]
pub struct Hub {
    listeners: Mutex<BTreeMap<TenantId, Vec<Arc<Ear>>>>,
}

/// A note as it is sent, and what it is about.
type Note = (Topic, Utf8Bytes);

#[derive(Debug)]
struct Ear {
    user: UserId,
    notes: mpsc::Sender<Note>,
    missed: AtomicU64,
}

/// Who listens until it is dropped.
#[derive(Debug)]
pub(super) struct Listener {
    tenant: TenantId,
    hub: Arc<Hub>,
    ear: Arc<Ear>,
    notes: mpsc::Receiver<Note>,
}

impl Hub {
    /// Tells all people of a tenant, or one. `note` is a whole message.
    pub fn tell(&self, tenant: TenantId, to: Option<UserId>, topic: Topic, note: &Utf8Bytes) {
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        let of_tenant = listeners.get(&tenant).into_iter().flatten();
        for ear in of_tenant.filter(|ear| to.is_none_or(|to| to == ear.user)) {
            if ear.notes.try_send((topic, note.clone())).is_err() {
                ear.missed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn listen(self: &Arc<Self>, tenant: TenantId, user: UserId) -> Listener {
        let (sender, notes) = mpsc::channel(WAITING_MAX);
        let ear = Arc::new(Ear { user, notes: sender, missed: AtomicU64::new(0) });
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.entry(tenant).or_default().push(Arc::clone(&ear));
        drop(listeners);
        Listener { tenant, hub: Arc::clone(self), ear, notes }
    }
}

/// Tells the people of a tenant that it is near a limit, or has reached it.
#[derive(Debug)]
pub(crate) struct WarningNotes(pub(crate) Arc<Hub>);

impl WarningWatcher for WarningNotes {
    fn warned(&self, warning: &Warning) {
        let code = match warning.level {
            Level::Fine | Level::Warning => "quota_warning",
            Level::Critical => "quota_critical",
            Level::Exceeded => "quota_exceeded",
        };
        let note = Said::System { code, message: warning.to_string(), count: Some(warning.used) };
        self.0.tell(warning.tenant, None, Topic::System, &note.text());
    }
}

impl Listener {
    /// The next note. Dropping this loses none.
    pub(super) async fn next(&mut self) -> Note {
        match self.notes.recv().await {
            Some(note) => note,
            // The sender is in our own ear.
            None => std::future::pending().await,
        }
    }

    /// Notes that were lost since this was asked last.
    pub(super) fn missed(&self) -> u64 {
        self.ear.missed.swap(0, Ordering::Relaxed)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut listeners = self.hub.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_tenant) = listeners.get_mut(&self.tenant) {
            of_tenant.retain(|ear| !Arc::ptr_eq(ear, &self.ear));
            if of_tenant.is_empty() {
                listeners.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn notes_reach_their_tenant_and_person_only() {
        let hub = Arc::<Hub>::default();
        let tenant = |name| TenantId::parse(name).unwrap();
        let user = |name| UserId::parse(name).unwrap();
        let mut ann = hub.listen(tenant("acme"), user("ann"));
        let mut bob = hub.listen(tenant("acme"), user("bob"));
        let other = hub.listen(tenant("bolt"), user("ann"));
        hub.tell(tenant("acme"), Some(user("ann")), Topic::Alert, &"1".into());
        hub.tell(tenant("acme"), None, Topic::System, &"2".into());
        assert_eq!(ann.next().await, (Topic::Alert, "1".into()));
        assert_eq!(ann.next().await, (Topic::System, "2".into()));
        assert_eq!(bob.next().await, (Topic::System, "2".into()));
        assert!(other.notes.is_empty());
        for _ in 0..WAITING_MAX + 5 {
            hub.tell(tenant("acme"), None, Topic::System, &"x".into());
        }
        assert_eq!((ann.missed(), ann.missed()), (5, 0));
        drop((ann, bob, other));
        assert!(hub.listeners.lock().unwrap().is_empty());
    }
}
