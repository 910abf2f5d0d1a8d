//! The sockets that are open: how many, whose, and how they are told to go.
//!
//! Invariant: a place is taken before a socket is opened and given back when it is gone, whatever ended it; nobody gets one
//! beyond the bounds. It sends nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use antler_events::ids::{TenantId, UserId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::figures::{SocketFigures, SocketKind, TurnedAway};

/// So many may be unknown at least; else a quarter of all, so that strangers cannot take every place.
const UNKNOWN_MIN: usize = 16;

#[derive(Debug)]
pub struct OpenSockets {
    places: Arc<Semaphore>,
    /// Of those who have shown no credential yet.
    unknown: Arc<Semaphore>,
    unknown_max: usize,
    places_max: u32,
    per_tenant_max: u32,
    tenants: Mutex<BTreeMap<TenantId, OfTenant>>,
    stopping: watch::Sender<bool>,
    pub figures: SocketFigures,
}

#[derive(Debug, Default)]
struct OfTenant {
    sockets: u32,
    /// How many each has.
    users: BTreeMap<UserId, u32>,
}

/// A place among the open sockets.
#[derive(Debug)]
pub struct Place {
    open: Arc<OpenSockets>,
    kind: SocketKind,
    of: Option<(TenantId, UserId)>,
    /// Until it is known whose it is.
    unknown: Option<OwnedSemaphorePermit>,
    _permit: OwnedSemaphorePermit,
}

/// Why there is no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    #[error("{max} sockets are open, which is all this server holds; try again later")]
    Server { max: u32 },
    #[error("{max} sockets are open for the tenant, which is all it may have; close some")]
    Tenant { max: u32 },
    #[error("too many sockets have shown no credential yet; try again in a moment")]
    Unknown,
    #[error("the server is stopping")]
    Stopping,
}

impl OpenSockets {
    pub fn new(places_max: u32, per_tenant_max: u32) -> Arc<Self> {
        let unknown_max = (places_max as usize / 4).max(UNKNOWN_MIN);
        Arc::new(Self {
            places: Arc::new(Semaphore::new(places_max as usize)),
            unknown: Arc::new(Semaphore::new(unknown_max)),
            unknown_max,
            places_max,
            per_tenant_max,
            tenants: Mutex::default(),
            stopping: watch::Sender::new(false),
            figures: SocketFigures::default(),
        })
    }

    /// How many of a tenant are open.
    pub fn of_tenant(&self, tenant: TenantId) -> u32 {
        self.lock().get(&tenant).map_or(0, |of| of.sockets)
    }

    pub fn enter(self: &Arc<Self>, kind: SocketKind) -> Result<Place, NoPlace> {
        let entered = self.place(kind);
        match &entered {
            Ok(_) => self.figures.note_opened(kind),
            Err(no_place) => self.figures.note_turned_away(no_place.why()),
        }
        entered
    }

    fn place(self: &Arc<Self>, kind: SocketKind) -> Result<Place, NoPlace> {
        if *self.stopping.borrow() {
            return Err(NoPlace::Stopping);
        }
        let permit = Arc::clone(&self.places).try_acquire_owned();
        let permit = permit.map_err(|_| NoPlace::Server { max: self.places_max })?;
        let unknown = Arc::clone(&self.unknown).try_acquire_owned();
        let unknown = Some(unknown.map_err(|_| NoPlace::Unknown)?);
        Ok(Place { open: Arc::clone(self), kind, of: None, unknown, _permit: permit })
    }

    /// People of the tenant who have a socket open.
    pub fn connected_users(&self, tenant: TenantId) -> usize {
        self.lock().get(&tenant).map_or(0, |of| of.users.len())
    }

    /// Sockets that are open now, those included that have shown no credential yet.
    pub fn count(&self) -> u64 {
        u64::from(self.places_max).saturating_sub(self.places.available_permits() as u64)
    }

    /// Those of them that have shown no credential yet.
    pub fn unknown(&self) -> u64 {
        self.unknown_max.saturating_sub(self.unknown.available_permits()) as u64
    }

    /// Resolves to true when the sockets are to go.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Tells all sockets to go, and waits until they are gone, for a bounded time.
    pub async fn stop(&self, patience: Duration) {
        self.stopping.send_replace(true);
        if tokio::time::timeout(patience, self.places.acquire_many(self.places_max)).await.is_err() {
            tracing::warn!(sockets = self.count(), "some sockets did not go in time");
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TenantId, OfTenant>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NoPlace {
    fn why(&self) -> TurnedAway {
        match self {
            Self::Server { .. } => TurnedAway::ServerFull,
            Self::Tenant { .. } => TurnedAway::TenantFull,
            Self::Unknown => TurnedAway::Unknown,
            Self::Stopping => TurnedAway::Stopping,
        }
    }
}

impl Place {
    /// Says whose it is, once that is known.
    pub(super) fn settle(&mut self, tenant: TenantId, user: UserId) -> Result<(), NoPlace> {
        let mut tenants = self.open.lock();
        let of = tenants.entry(tenant).or_default();
        if of.sockets >= self.open.per_tenant_max {
            let no_place = NoPlace::Tenant { max: self.open.per_tenant_max };
            self.open.figures.note_turned_away(no_place.why());
            return Err(no_place);
        }
        of.sockets += 1;
        *of.users.entry(user).or_default() += 1;
        self.of = Some((tenant, user));
        self.unknown = None;
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.figures.note_closed(self.kind);
        let Some((tenant, user)) = self.of else { return };
        let mut tenants = self.open.lock();
        let Some(of) = tenants.get_mut(&tenant) else { return };
        of.sockets -= 1;
        if let Some(sockets) = of.users.get_mut(&user) {
            *sockets -= 1;
            if *sockets == 0 {
                of.users.remove(&user);
            }
        }
        if of.sockets == 0 {
            tenants.remove(&tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn places_are_bounded_counted_and_given_back() {
        let strangers = OpenSockets::new(40, 40);
        let waiting: Vec<Place> =
            (0..UNKNOWN_MIN).map(|_| strangers.enter(SocketKind::Stream).unwrap()).collect();
        assert_eq!(
            (strangers.enter(SocketKind::Stream).unwrap_err(), waiting.len()),
            (NoPlace::Unknown, UNKNOWN_MIN)
        );
        let open = OpenSockets::new(3, 2);
        let (acme, ann) = (TenantId::parse("acme").unwrap(), UserId::parse("ann").unwrap());
        let mut places: Vec<Place> = (0..3).map(|_| open.enter(SocketKind::Stream).unwrap()).collect();
        assert_eq!(open.enter(SocketKind::Stream).unwrap_err(), NoPlace::Server { max: 3 });
        places[0].settle(acme, ann).unwrap();
        places[1].settle(acme, ann).unwrap();
        assert_eq!(places[2].settle(acme, ann), Err(NoPlace::Tenant { max: 2 }));
        assert_eq!((open.connected_users(acme), open.count(), open.unknown()), (1, 3, 1));
        assert_eq!((open.figures.open(SocketKind::Stream), open.figures.open(SocketKind::Metrics)), (3, 0));
        drop(places);
        assert_eq!((open.connected_users(acme), open.count(), open.unknown()), (0, 0, 0));
        let figures = &open.figures;
        assert_eq!((figures.open(SocketKind::Stream), figures.opened(SocketKind::Stream)), (0, 3));
        open.stop(Duration::from_secs(1)).await;
        assert_eq!(open.enter(SocketKind::Stream).unwrap_err(), NoPlace::Stopping);
        assert_eq!(TurnedAway::ALL.map(|why| figures.turned_away(why)), [1, 1, 0, 1]);
    }
}
