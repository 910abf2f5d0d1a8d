//! Retention: groups that are too old go, and rows that are too old for their tenant go with compaction.
//!
//! Invariant: nothing goes before its time: a row is too old when the latest row of its group is. Groups are
//! cut by day, so it goes at most a day and one compaction later. It knows no tenant's rules: the caller says.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::ids::TenantId;

use super::{ColumnStore, StoreError};
use crate::index::columns::catalogue::{Catalogue, GroupEntry};

/// How long lines are kept.
pub struct Retention<'a> {
    /// No tenant's lines go earlier.
    pub shortest: Duration,
    /// For a tenant; nothing for ever.
    pub of: &'a dyn Fn(TenantId) -> Option<Duration>,
}

/// What retention did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetainReport {
    /// Groups that are gone, with their rows and the bytes of their files.
    pub groups: u64,
    pub rows: u64,
    pub stored_bytes: u64,
    /// Groups that compaction will rewrite without some tenants.
    pub groups_due: u64,
}

/// What is too old in a group.
enum Expired {
    Nothing,
    Everything,
    Tenants(Vec<TenantId>),
}

impl ColumnStore {
    /// Drops groups that are too old for all their tenants, and notes the others for compaction.
    pub fn retain(&self, now: Timestamp, retention: &Retention<'_>) -> Result<RetainReport, StoreError> {
        let mut compactor = self.compactor.lock().expect("nothing panics while it compacts");
        let catalogue = Arc::clone(&self.state().catalogue);
        let mut report = RetainReport::default();
        let mut gone = Vec::new();
        for entry in catalogue.groups.values().filter(|entry| is_older(entry, now, retention.shortest)) {
            match self.expired(&catalogue, entry, now, retention)? {
                Expired::Nothing => {}
                Expired::Everything => gone.push(Arc::clone(entry)),
                Expired::Tenants(tenants) => {
                    report.groups_due += 1;
                    compactor.expired.insert(entry.number, tenants);
                }
            }
        }
        drop(catalogue);
        self.drop_groups(gone, &mut report)?;
        self.remove_dropped();
        Ok(report)
    }

    fn expired(
        &self,
        catalogue: &Catalogue,
        entry: &GroupEntry,
        now: Timestamp,
        retention: &Retention<'_>,
    ) -> Result<Expired, StoreError> {
        // A directory for a look does not push out those that searches need.
        let group = self.disk.open(entry.number).map_err(|source| self.unreadable(entry.number, source))?;
        let is_old = |tenant| (retention.of)(tenant).is_some_and(|age| is_older(entry, now, age));
        let tenants = group.directory.tenants.iter().map(|(tenant, _)| *tenant);
        let old: Vec<TenantId> =
            tenants.filter(|tenant| is_old(*tenant) || catalogue.hides(*tenant, entry.number)).collect();
        Ok(match old.len() {
            0 => Expired::Nothing,
            count if count == group.directory.tenants.len() => Expired::Everything,
            _ => Expired::Tenants(old),
        })
    }

    fn drop_groups(&self, gone: Vec<Arc<GroupEntry>>, report: &mut RetainReport) -> Result<(), StoreError> {
        if gone.is_empty() {
            return Ok(());
        }
        let mut removed = Vec::new();
        self.commit(
            |catalogue| {
                removed.extend(gone.iter().filter_map(|entry| catalogue.groups.remove(&entry.number)));
                Some(())
            },
            |_| {},
        )?;
        drop(gone);
        report.groups = removed.len() as u64;
        report.rows = removed.iter().map(|entry| u64::from(entry.rows)).sum();
        report.stored_bytes = removed.iter().map(|entry| entry.bytes).sum();
        self.state().dropped.extend(removed);
        Ok(())
    }
}

fn is_older(entry: &GroupEntry, now: Timestamp, age: Duration) -> bool {
    let age = i64::try_from(age.as_nanos()).unwrap_or(i64::MAX);
    entry.latest < now.nanos().saturating_sub(age)
}

impl fmt::Debug for Retention<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Retention(at least {:?})", self.shortest)
    }
}
