//! Rows that a group has counted when it was sealed, so that they need not be read.
//!
//! A filter over level, service and time is asked of the cells of the group's roll-up. Invariant: what the cells
//! say and the rows that are left over are the rows of the tenant in the period, each once. It does not know
//! what is made of the counts.

use antler_events::clock::Timestamp;
use antler_events::ids::TenantId;
use antler_events::line::{Level, Role};
use antler_events::query::matcher::Target;
use bytes::Bytes;

use super::plan::{Leaf, Node, Plan};
use super::rows::RowSet;
use super::select::{Period, Selection};
use crate::index::columns::block::ReadError;
use crate::index::columns::rollup::{Cell, CutMinutes, Rollup, SERVICE_NONE};
use crate::index::columns::view::{GroupView, TenantRollup, TenantRows};

/// A tenant with less than one of so many rows is read row by row.
const TENANT_SHARE: u32 = 64;

/// The counts of a tenant in a group.
pub(super) struct Counted<'a> {
    tenant: TenantId,
    view: &'a dyn GroupView,
    of: TenantRollup<'a>,
    cells: Bytes,
    /// Names of the services, if they are asked for.
    pub(super) services: Vec<Box<[u8]>>,
    needs_services: bool,
    /// For each service, and for none at the end, a bit for each level that passes; empty if all do.
    passing: Vec<u8>,
}

impl<'a> Counted<'a> {
    /// Nothing if the group has not counted by what is asked.
    pub(super) fn open(
        tenant: TenantId,
        view: &'a dyn GroupView,
        plan: &Plan,
        needs_services: bool,
    ) -> Result<Option<Self>, ReadError> {
        let mut needs_services = needs_services;
        let TenantRows::Range(rows) = view.tenant_rows(tenant) else { return Ok(None) };
        let is_small = (rows.end - rows.start) < view.rows() / TENANT_SHARE;
        if is_small || !asks_cells(&plan.root, true, &mut needs_services) {
            return Ok(None);
        }
        let Some(of) = view.rollup(tenant) else { return Ok(None) };
        let cells = of.rollup.cells(of.blocks)?;
        if needs_services && !Rollup::read(&cells)?.has_services() {
            return Ok(None);
        }
        let mut services = Vec::new();
        if needs_services {
            of.rollup.services.for_each(of.blocks, |_, text| services.push(text.into()))?;
        }
        let passing = if plan.root.asks_time_only() { Vec::new() } else { passing(&plan.root, &services) };
        Ok(Some(Self { tenant, view, of, cells, services, needs_services, passing }))
    }

    /// Visits the cells of a period that pass, in order of time, and gives the rows that none of them counts.
    pub(super) fn for_each(
        &self,
        (first, last): Period,
        mut visit: impl FnMut(Cell),
    ) -> Result<Selection, ReadError> {
        let rollup = Rollup::read(&self.cells)?;
        let (from, to) = (Timestamp::from_nanos(first), Timestamp::from_nanos(last.saturating_add(1)));
        let none = self.services.len();
        let mut is_damaged = false;
        let cut = rollup.for_each(self.of.tenant, from, to, |cell| {
            let is_known = self.needs_services && cell.service != SERVICE_NONE;
            let service = if is_known { cell.service as usize } else { none };
            is_damaged |= is_known && service >= none;
            if self.passing.get(service).is_none_or(|levels| *levels >> place(cell.level) & 1 == 1) {
                visit(cell);
            }
        })?;
        if is_damaged { Err(ReadError::directory("a roll-up")) } else { self.rest((first, last), &cut) }
    }

    /// The rows of cut minutes, and those of the period that were not counted.
    fn rest(&self, (first, last): Period, cut: &CutMinutes) -> Result<Selection, ReadError> {
        let TenantRows::Range(all) = self.view.tenant_rows(self.tenant) else {
            return Err(ReadError::directory("a roll-up"));
        };
        let uncounted = self.of.rollup.uncounted(self.of.blocks, all.clone())?;
        let mut found: Vec<u32> = Vec::new();
        if !uncounted.is_empty() || cut.ranges().next().is_some() {
            let mut times = Vec::with_capacity(all.len());
            self.view.times(all.clone(), &mut times)?;
            let time = |row: &u32| times.get((row - all.start) as usize).copied();
            found.extend(
                uncounted
                    .into_iter()
                    .filter(|row| time(row).is_some_and(|time| first <= time && time <= last)),
            );
            for part in cut.ranges() {
                let (start, end) = (part.start.nanos(), part.end.nanos());
                found.extend(
                    all.clone().zip(&times).filter(|row| (start..end).contains(row.1)).map(|row| row.0),
                );
            }
        }
        let start = found.iter().min().copied().unwrap_or(all.start);
        let end = found.iter().max().map_or(start, |row| row + 1);
        let mut set = RowSet::none(end - start);
        found.iter().for_each(|row| set.insert(row - start));
        Ok(Selection { rows: start..end, set })
    }
}

/// Whether level, service and time tell if a row passes. A time must bound all rows, as `Plan::period` does.
fn asks_cells(node: &Node, bounds_all: bool, needs_services: &mut bool) -> bool {
    match node {
        Node::All => true,
        Node::And(parts) => parts.iter().all(|part| asks_cells(part, bounds_all, needs_services)),
        Node::Or(parts) => parts.iter().all(|part| asks_cells(part, false, needs_services)),
        Node::Not(inner) => asks_cells(inner, false, needs_services),
        Node::Filed(_) => false,
        Node::Is(leaf) => match leaf.condition.target {
            Target::Levels(_) => true,
            Target::Role(Role::Level) => leaf.condition.test.is_exists(),
            Target::Role(Role::Service) => {
                *needs_services = true;
                true
            }
            Target::Period(..) => bounds_all,
            _ => false,
        },
    }
}

impl Node {
    /// Whether every row passes that is in the period that bounds all.
    pub(super) fn asks_time_only(&self) -> bool {
        match self {
            Self::All => true,
            Self::And(parts) => parts.iter().all(Self::asks_time_only),
            Self::Is(leaf) => matches!(leaf.condition.target, Target::Period(..)),
            Self::Or(_) | Self::Not(_) | Self::Filed(_) => false,
        }
    }
}

fn place(level: Option<Level>) -> usize {
    level.map_or(0, |level| level as usize)
}

fn passing(node: &Node, services: &[Box<[u8]>]) -> Vec<u8> {
    let levels = || std::iter::once(None).chain(Level::ALL.map(Some));
    let of_service = |service: Option<&[u8]>| {
        levels().filter(|level| passes(node, *level, service)).fold(0, |bits, level| bits | 1 << place(level))
    };
    services.iter().map(|service| Some(&**service)).chain([None]).map(of_service).collect()
}

fn passes(node: &Node, level: Option<Level>, service: Option<&[u8]>) -> bool {
    match node {
        Node::All => true,
        Node::And(parts) => parts.iter().all(|part| passes(part, level, service)),
        Node::Or(parts) => parts.iter().any(|part| passes(part, level, service)),
        Node::Not(inner) => !passes(inner, level, service),
        Node::Is(leaf) => leaf_passes(leaf, level, service),
        // Such a filter is not asked of cells.
        Node::Filed(_) => false,
    }
}

fn leaf_passes(leaf: &Leaf, level: Option<Level>, service: Option<&[u8]>) -> bool {
    let test = &leaf.condition.test;
    match leaf.condition.target {
        Target::Levels(levels) => level.is_some_and(|level| levels >> level as u8 & 1 == 1),
        Target::Role(Role::Level) => level.is_some(),
        Target::Role(Role::Service) => {
            service.is_some_and(|service| test.is_exists() || test.matches_text(service))
        }
        // The period bounds all rows.
        _ => true,
    }
}
