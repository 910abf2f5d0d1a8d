//! What users see of a store: lines, counts and groups, and which of these may be missing.
//!
//! Invariant: nothing is asked but what the store offers to everybody. A group that cannot be read is excused
//! only if its file was damaged. It decides nothing about lines: the model does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;

use antler_events::ids::TenantId;
use antler_projections::index::columns::search::budget::Budget;
use antler_projections::index::columns::search::counts::{CountSearch, Gaps, count};
use antler_projections::index::columns::search::lines::{LineAnswer, LineSearch, Order, search};
use antler_projections::index::columns::search::plan::Plan;
use antler_projections::index::columns::store::{GroupHandle, GroupId, Snapshot};
use anyhow::{Context as _, ensure};

use super::model::{Excused, Model, Place, place_of};
use crate::world::SimulatedClock;

/// More lines than any world has.
pub(super) const ALL: usize = 1 << 20;
const ALWAYS: (i64, i64) = (i64::MIN, i64::MAX);

/// What is known of the groups of a world, over all its lives.
#[derive(Debug, Default)]
pub(super) struct Stock {
    /// The lines of each group on disk that was ever seen.
    known: BTreeMap<u64, BTreeSet<Place>>,
    /// Groups whose files were damaged.
    pub(super) flipped: BTreeSet<u64>,
    /// Reads have lied, so that good groups may have been taken out.
    pub(super) reads_lied: bool,
}

/// The newest lines that a plan wants.
pub(super) fn ask(
    tenant: TenantId,
    groups: &[GroupHandle],
    plan: &Plan,
    limit: usize,
    clock: &SimulatedClock,
) -> LineAnswer {
    let is_cancelled = AtomicBool::new(false);
    let budget = Budget::alone(clock, &is_cancelled);
    let asked = LineSearch { plan, period: ALWAYS, order: Order::NewestFirst, limit, after: None };
    search(tenant, groups, &asked, &budget)
}

pub(super) fn ask_count(
    tenant: TenantId,
    groups: &[GroupHandle],
    plan: &Plan,
    clock: &SimulatedClock,
) -> (u64, Gaps) {
    let is_cancelled = AtomicBool::new(false);
    let budget = Budget::alone(clock, &is_cancelled);
    count(tenant, groups, &CountSearch { plan, period: ALWAYS }, &budget)
}

impl Stock {
    fn is_known(&self, group: u64) -> bool {
        self.known.contains_key(&group)
    }

    /// Whether it is known what is lost with the group, and it is whole.
    pub(super) fn is_harmable(&self, group: u64) -> bool {
        self.is_known(group) && !self.flipped.contains(&group)
    }

    /// The lines of a group; none if it was never seen.
    pub(super) fn lines_of(&self, group: u64) -> impl Iterator<Item = &Place> {
        self.known.get(&group).into_iter().flatten()
    }

    /// Lines that are in groups which are named as missing.
    pub(super) fn missing(&self, snapshot: &Snapshot) -> anyhow::Result<Excused> {
        let mut excused = Excused::new();
        for group in &snapshot.missing {
            let number = group.entry.number;
            let lines = self.known.get(&number);
            let lines = lines.with_context(|| format!("group {number} is missing, and was never seen"))?;
            ensure!(
                self.reads_lied || self.flipped.contains(&number),
                "group {number} was good and was taken out: {}",
                group.reason
            );
            excused.extend(lines);
        }
        Ok(excused)
    }

    /// Gets to know the groups of a snapshot on a disk that does not fail just now. Lines that may be missing
    /// from it: in groups that are taken out, and in those that cannot be read any more.
    pub(super) fn take(
        &mut self,
        snapshot: &Snapshot,
        model: &Model,
        everything: &Plan,
        clock: &SimulatedClock,
    ) -> anyhow::Result<Excused> {
        let mut excused = self.missing(snapshot)?;
        for group in &snapshot.groups {
            let GroupId::Sealed(number) = group.id() else { continue };
            if self.is_known(number) && !self.flipped.contains(&number) {
                continue;
            }
            let (lines, is_damaged) = read(group, model, everything, clock);
            if is_damaged {
                ensure!(
                    self.flipped.contains(&number),
                    "group {number} cannot be read, and nothing harmed it"
                );
                excused.extend(self.lines_of(number));
            }
            self.known.entry(number).or_insert(lines);
        }
        Ok(excused)
    }
}

/// The lines of a group, and whether some of it cannot be read.
fn read(
    group: &GroupHandle,
    model: &Model,
    everything: &Plan,
    clock: &SimulatedClock,
) -> (BTreeSet<Place>, bool) {
    let groups = std::slice::from_ref(group);
    let (mut lines, mut is_damaged) = (BTreeSet::new(), false);
    for tenant in &model.tenants {
        let answer = ask(tenant.id, groups, everything, ALL, clock);
        is_damaged |= !answer.damaged.is_empty();
        lines.extend(answer.hits.iter().map(place_of));
    }
    (lines, is_damaged)
}
