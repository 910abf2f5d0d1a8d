//! How much of the room for bodies each tenant has.
//!
//! Invariant: a tenant with several bodies under way has no more than what is left for all others, so one that floods has
//! half of the room, two have a third each, and there is always some for whoever comes next. A single body may have
//! whatever is free. It holds no room itself.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use antler_events::ids::TenantId;
use foldhash::fast::FixedState;

/// What tenants have now. Who has nothing is not in it.
#[derive(Debug, Default)]
pub(super) struct Shares {
    of_tenants: Mutex<HashMap<TenantId, Held, FixedState>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Held {
    bodies: usize,
    steps: usize,
}

/// One body's part of it.
#[derive(Debug)]
pub(super) struct Share {
    tenant: TenantId,
    shares: Arc<Shares>,
    steps: usize,
}

impl Shares {
    pub(super) fn begin(tenant: TenantId, shares: Arc<Self>) -> Share {
        shares.of_tenants().entry(tenant).or_default().bodies += 1;
        Share { tenant, shares, steps: 0 }
    }

    fn of_tenants(&self) -> MutexGuard<'_, HashMap<TenantId, Held, FixedState>> {
        self.of_tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// Notes so many steps more, if the tenant may have them while so many are free.
    pub(super) fn grow(&mut self, steps: usize, free: usize) -> bool {
        let mut of_tenants = self.shares.of_tenants();
        let held = of_tenants.entry(self.tenant).or_default();
        if held.bodies > 1 && held.steps + steps > free {
            return false;
        }
        held.steps += steps;
        self.steps += steps;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut of_tenants = self.shares.of_tenants();
        let Entry::Occupied(mut entry) = of_tenants.entry(self.tenant) else { return };
        let held = entry.get_mut();
        held.bodies -= 1;
        held.steps -= self.steps;
        if held.bodies == 0 {
            entry.remove();
        }
    }
}
