//! Events with lines of three tenants, two partitions and two days, and what a store says they are.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use antler_config::limits::LineLimits;
use antler_events::clock::{SystemClock, Timestamp};
use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::files::FileSystem;
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::line::{LineBatch, LineBatchBuilder, Role};
use antler_events::query::tree::{FieldName, Filter, Test};

use super::super::{ColumnStore, GroupHandle, StoreOptions};
use crate::faulty_files::FaultyFiles;
use crate::index::columns::render::render;
use crate::index::columns::search::budget::Budget;
use crate::index::columns::search::counts::{self, CountSearch};
use crate::index::columns::search::plan::Plan;
use crate::index::columns::search::tally::tally;

/// A line with its tenant, partition, offset and place.
pub(super) type Found = (TenantId, u16, u64, u32, Vec<u8>);

pub(super) const TENANTS: u8 = 3;

pub(super) fn real() -> Arc<dyn FileSystem> {
    FaultyFiles::sound().shared()
}

/// Small groups, so that there are many.
pub(super) fn options(dir: &Path) -> StoreOptions {
    StoreOptions { rows_max: 20, ..StoreOptions::new(dir.to_owned()) }
}

pub(super) fn tenant(number: u8) -> TenantId {
    TenantId::parse(&format!("tenant-{number}")).unwrap()
}

pub(super) fn partition(number: u16) -> PartitionId {
    PartitionId::new(number)
}

pub(super) fn arrival() -> Arrival {
    let defaults = LineDefaults { service: Some("api".to_owned()), ..LineDefaults::default() };
    Arrival { protocol: "http".to_owned(), defaults, ..Arrival::default() }
}

/// Passes every line.
fn of_the_service() -> Plan {
    Plan::new(&Filter::is(FieldName::Role(Role::Service), Test::Text("api".into()))).unwrap()
}

/// An event of the log.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) tenant: u8,
    pub(super) partition: u16,
    pub(super) offset: u64,
    pub(super) lines: Vec<Vec<u8>>,
}

impl Event {
    pub(super) fn tenant(&self) -> TenantId {
        tenant(self.tenant)
    }

    pub(super) fn partition(&self) -> PartitionId {
        partition(self.partition)
    }

    pub(super) fn offset(&self) -> Offset {
        Offset::new(self.offset)
    }

    pub(super) fn builder(&self) -> LineBatchBuilder {
        let received_at = Timestamp::from_nanos(1_772_352_000_000_000_000 + self.offset as i64 * 1_000);
        LineBatchBuilder::new(LineLimits::default(), received_at)
    }

    pub(super) fn batch(&self) -> LineBatch {
        let mut builder = self.builder();
        for line in &self.lines {
            builder.push(line).or_else(|_| builder.push_plain(line)).unwrap();
        }
        builder.finish()
    }
}

/// Events at rising offsets; every fifth offset is of something else.
pub(super) fn events(count: u64) -> Vec<Event> {
    let event = |number: u64| Event {
        tenant: (number % 7 % u64::from(TENANTS)) as u8,
        partition: (number % 2) as u16,
        offset: 1 + number / 2 + number / 10,
        lines: (0..1 + number % 6).map(|line| text(number, line)).collect(),
    };
    (0..count).map(event).collect()
}

fn text(number: u64, line: u64) -> Vec<u8> {
    let second = number * 13 % 60;
    let day = 1 + (number + line) % 2;
    match line % 4 {
        0 => format!(r#"{{"@timestamp":"2026-03-0{day}T08:00:{second:02}.5Z","level":"info","n":{number}}}"#),
        1 => format!("plain line {number} of {line}"),
        2 => format!(r#"{{"msg":"user {number} did \"{line}\"","ok":true,"e":[]}}"#),
        _ => format!(r#"{{"ts":"2026-03-0{day} 09:10:{second:02}","message":"","x{}":1.50}}"#, number % 3),
    }
    .into_bytes()
}

/// What a store that took the events must give back.
pub(super) fn expected(events: &[Event]) -> Vec<Found> {
    let lines = |event: &Event| {
        let (tenant, partition, offset) = (event.tenant(), event.partition, event.offset);
        let lines = event.lines.clone().into_iter().zip(0..);
        lines.map(move |(raw, line)| (tenant, partition, offset, line, raw)).collect::<Vec<_>>()
    };
    let mut lines: Vec<Found> = events.iter().flat_map(lines).collect();
    lines.sort();
    lines
}

/// All lines of all tenants that a snapshot sees. Groups in memory may grow meanwhile, so they are counted before and
/// after; where nobody writes both counts are one.
pub(super) fn found(store: &ColumnStore) -> Vec<Found> {
    let groups = store.snapshot().groups;
    let counts =
        || (0..TENANTS).map(tenant).map(|tenant| (tenant, counted(&groups, tenant))).collect::<Vec<_>>();
    let before = counts();
    let mut lines: Vec<Found> = groups.iter().flat_map(of_group).collect();
    lines.sort();
    for ((tenant, before), (_, after)) in before.into_iter().zip(counts()) {
        let its = lines.iter().filter(|line| line.0 == tenant).count() as u64;
        assert!((before..=after).contains(&its), "{its} lines of {tenant:?}, counted {before} to {after}");
    }
    lines
}

/// The lines of a tenant, as groups have counted them.
fn counted(groups: &[GroupHandle], tenant: TenantId) -> u64 {
    let plan = Plan::new(&Filter::All).unwrap();
    let asked = CountSearch { plan: &plan, period: (i64::MIN, i64::MAX) };
    let (clock, is_cancelled) = (SystemClock::new(), AtomicBool::new(false));
    let budget = Budget::alone(&clock, &is_cancelled);
    let (total, gaps) = counts::count(tenant, groups, &asked, &budget);
    assert!(gaps.damaged.is_empty());
    total
}

pub(super) fn of_group(group: &GroupHandle) -> Vec<Found> {
    let read = group.with(|view| {
        let (earliest, latest) = view.span().unwrap();
        let mut lines = Vec::new();
        for tenant in (0..TENANTS).map(tenant) {
            let rows = view.tenant_rows(tenant).into_list();
            let everything = (i64::MIN, i64::MAX);
            assert_eq!(tally(tenant, view, &of_the_service(), everything).unwrap(), rows.len() as u64);
            let (origins, rendered) = (view.origins(&rows).unwrap(), render(view, &rows).unwrap());
            for (origin, row) in origins.into_iter().zip(rendered) {
                assert!((earliest..=latest).contains(&row.time.nanos()));
                let (partition, offset) = (origin.partition.number(), origin.offset.number());
                assert_eq!(view.arrivals()[origin.arrival as usize], arrival());
                lines.push((tenant, partition, offset, origin.line, row.raw));
            }
        }
        lines
    });
    read.unwrap()
}

pub(super) fn seal_all(store: &ColumnStore) {
    while store.seal_next().unwrap().is_some() {}
}
