//! What whoever compacts remembers: the rules of retention, and which groups they were held against.
//!
//! Invariant: what is remembered only saves work; a store that is opened again finds it anew. It changes no
//! group.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use antler_events::clock::Timestamp;
use antler_events::ids::TenantId;

use super::erase::ClearedGroups;
use super::planted::Planted;
use super::retention::{Retention, youngest};
use crate::index::columns::block::ReadError;
use crate::index::columns::catalogue::{Catalogue, EraseMark, GroupEntry};
use crate::index::columns::group::SealedGroup;
use crate::index::columns::search::rows::RowSet;

#[derive(Debug)]
pub(super) struct Compactor {
    pub(super) cleared: ClearedGroups,
    /// The moment that was told last, which says what is cold.
    pub(super) now: Timestamp,
    /// The rules that hold, and at which moment.
    rules: Arc<Retention>,
    aged_at: Timestamp,
    /// Groups that were held against these rules, and until when the answer stays the same.
    looked: BTreeMap<u64, i64>,
    /// Groups with rows that are too old.
    expired: BTreeSet<u64>,
    /// Groups that could not be read as they should; they are left alone.
    pub(super) refused: BTreeSet<u64>,
    planted: Planted,
}

/// The rows of a group that are to go.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) rows: RowSet,
    /// How many of them are too old.
    pub(super) aged: u32,
    /// Until then none of the others is.
    pub(super) until: i64,
}

impl Compactor {
    /// Before a moment is told nothing is old.
    pub(super) fn new(planted: Planted) -> Self {
        Self {
            cleared: ClearedGroups::default(),
            now: Timestamp::from_nanos(i64::MIN),
            rules: Arc::default(),
            aged_at: Timestamp::from_nanos(i64::MIN),
            looked: BTreeMap::new(),
            expired: BTreeSet::new(),
            refused: BTreeSet::new(),
            planted,
        }
    }

    /// Other rules, and groups are held against them anew.
    pub(super) fn told(&mut self, now: Timestamp, rules: &Arc<Retention>) {
        (self.now, self.aged_at) = (now, now);
        if !Arc::ptr_eq(&self.rules, rules) {
            self.rules = Arc::clone(rules);
            self.looked.clear();
            self.expired.clear();
        }
    }

    /// Forgets groups that do not count any more.
    pub(super) fn forget_missing(&mut self, catalogue: &Catalogue) {
        let counts = |number: &u64| catalogue.groups.contains_key(number);
        self.looked.retain(|number, _| counts(number));
        self.expired.retain(counts);
        self.refused.retain(counts);
    }

    /// Whether the rules may say something else of the group than they did.
    pub(super) fn is_to_be_looked_at(&self, entry: &GroupEntry) -> bool {
        let known_until = self.looked.get(&entry.number);
        self.rules.may_concern(entry, self.aged_at)
            && known_until.is_none_or(|until| *until < self.aged_at.nanos())
    }

    pub(super) fn note_look(&mut self, group: u64, until: i64, is_expired: bool) {
        self.looked.insert(group, until);
        if is_expired {
            self.expired.insert(group);
        }
    }

    pub(super) fn next_expired(&self) -> Option<u64> {
        self.expired.difference(&self.refused).next().copied()
    }

    /// Whatever became of a group, it is looked at again before it is rewritten for its age.
    pub(super) fn done(&mut self, group: u64) {
        self.looked.remove(&group);
        self.expired.remove(&group);
    }

    /// The rows of a group that were erased or are too old now.
    pub(super) fn leaving(
        &self,
        entry: &GroupEntry,
        group: &SealedGroup,
        marks: &[EraseMark],
    ) -> Result<Leaving, ReadError> {
        let latest = match self.planted.is(Planted::AgeOfOwnTime) {
            true => entry.latest,
            false => youngest(entry, group)?,
        };
        let aged = self.rules.aged(latest, group, self.aged_at)?;
        let mut leaving = Leaving { aged: aged.rows.count(), rows: aged.rows, until: aged.until };
        let mut start = 0;
        for (tenant, end) in &group.directory.tenants {
            if is_hidden(*tenant, marks, entry.number) {
                leaving.rows.insert_range(start..*end);
            }
            start = *end;
        }
        Ok(leaving)
    }
}

fn is_hidden(tenant: TenantId, marks: &[EraseMark], group: u64) -> bool {
    marks.binary_search_by_key(&tenant, |mark| mark.tenant).is_ok_and(|at| group < marks[at].below)
}
