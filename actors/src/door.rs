//! Doors: the short way from whoever has lines to the shard that takes them.
//!
//! Invariant: a door that leads nowhere any more says so, and whoever meets it asks the platform for another. It holds
//! no lines.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use antler_events::ids::{PartitionId, TenantId};
use dashmap::DashMap;
use foldhash::fast::FixedState;
use ractor::ActorRef;

use crate::credits::Purse;
use crate::ingest_shard::ShardMessage;

/// Leads to the shards of a tenant.
#[derive(Debug)]
pub struct Door {
    shards: Vec<(PartitionId, ActorRef<ShardMessage>)>,
    purse: Purse,
    /// Goes up with each use: the next shard, and whether anybody comes at all.
    uses: AtomicUsize,
}

/// The doors of all active tenants.
#[derive(Debug, Default)]
pub struct Doors(DashMap<TenantId, Arc<Door>, FixedState>);

impl Door {
    pub fn new(shards: Vec<(PartitionId, ActorRef<ShardMessage>)>, purse: Purse) -> Self {
        Self { shards, purse, uses: AtomicUsize::new(0) }
    }

    pub fn purse(&self) -> &Purse {
        &self.purse
    }

    /// A shard, each in turn; none while all are being started again.
    pub fn shard(&self) -> Option<&ActorRef<ShardMessage>> {
        let uses = self.uses.fetch_add(1, Ordering::Relaxed);
        let (_, shard) = self.shards.get(uses % self.shards.len().max(1))?;
        Some(shard)
    }

    pub fn uses(&self) -> usize {
        self.uses.load(Ordering::Relaxed)
    }
}

impl Doors {
    pub fn find(&self, tenant: TenantId) -> Option<Arc<Door>> {
        self.0.get(&tenant).map(|door| Arc::clone(&door))
    }

    /// The bytes that are under way, by tenant.
    pub fn held(&self) -> Vec<(TenantId, u64)> {
        self.0.iter().map(|door| (*door.key(), door.purse().bytes_held())).collect()
    }

    pub fn open(&self, tenant: TenantId, door: Arc<Door>) {
        self.0.insert(tenant, door);
    }

    pub fn close(&self, tenant: TenantId) {
        self.0.remove(&tenant);
    }
}
