//! A projection that writes down what it is given, and fails the way projections fail.
//!
//! Invariant: it takes events in order and complains about any that comes twice or too early; after a crash it has what
//! was settled. What it refuses for good it refuses every time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use antler_actors::projector::follow::Followed;
use antler_actors::projector::{Applied, ApplyError, Projection};
use antler_config::limits::LineLimits;
use antler_events::event::{self, Event};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::log::{BoxFuture, EventLog as _, Recorded};
use antler_events::wire::ChainHash;
use anyhow::{Context as _, bail, ensure};

use super::senders::POISON;
use crate::world::poll::poll_now;
use crate::world::{Fault, Faults, SimulatedLog};

/// An event is to be tried so often before it is set aside.
const ATTEMPTS_MIN: u32 = 5;

#[derive(Debug)]
pub(super) struct Ledger {
    name: &'static str,
    faults: Arc<Faults>,
    partitions: Vec<Mutex<Pages>>,
}

/// What was written down of one partition.
#[derive(Debug, Clone, Default)]
struct Pages {
    entries: BTreeMap<Offset, (TenantId, Vec<u8>)>,
    set_aside: BTreeSet<Offset>,
    applied: Offset,
    settled: Offset,
    /// How often an event was refused that has not been taken.
    refusals: BTreeMap<Offset, u32>,
    complaint: Option<String>,
}

impl Ledger {
    pub(super) fn new(name: &'static str, partitions: u16, faults: Arc<Faults>) -> Self {
        Self { name, faults, partitions: (0..partitions).map(|_| Mutex::default()).collect() }
    }

    /// All that was not settled is gone.
    pub(super) fn crash(&self) {
        for number in 0..self.partitions.len() {
            self.with(PartitionId::new(number as u16), |pages| {
                let settled = pages.settled;
                pages.entries.retain(|offset, _| *offset <= settled);
                pages.set_aside.retain(|offset| *offset <= settled);
                pages.refusals.clear();
                pages.applied = settled;
            });
        }
    }

    /// Whether everything that was taken is settled.
    pub(super) fn is_settled(&self) -> bool {
        let is_settled = |pages: &Mutex<Pages>| {
            let pages = pages.lock().expect("nothing panics while it writes");
            pages.settled == pages.applied
        };
        self.partitions.iter().all(is_settled)
    }

    /// Holds what was written down against the log.
    pub(super) fn check(&self, log: &SimulatedLog) -> anyhow::Result<()> {
        for number in 0..self.partitions.len() {
            let partition = PartitionId::new(number as u16);
            let pages = self.with(partition, |pages| pages.clone());
            pages
                .check(&lines_of(log, partition)?)
                .with_context(|| format!("{} of partition {partition}", self.name))?;
        }
        Ok(())
    }

    fn with<T>(&self, partition: PartitionId, action: impl FnOnce(&mut Pages) -> T) -> T {
        let pages = &self.partitions[usize::from(partition.number())];
        action(&mut pages.lock().expect("nothing panics while it writes"))
    }

    fn take(&self, pages: &mut Pages, event: &Followed) -> Result<(), ApplyError> {
        let offset = event.offset();
        if offset <= pages.applied {
            pages.complain(format!("event {offset} comes again behind {}", pages.applied));
            return Ok(());
        }
        let refused = |reason: &str| ApplyError::Event { offset, reason: reason.to_owned() };
        let lines = event.lines(&LineLimits::default()).map_err(|error| refused(&error.to_string()))?;
        let Some(lines) = lines else {
            pages.applied = offset;
            return Ok(());
        };
        let text = lines.batch.buffer().to_vec();
        if text.starts_with(POISON) || self.faults.strikes(Fault::EventRefused) {
            *pages.refusals.entry(offset).or_default() += 1;
            return Err(refused("it is poison"));
        }
        pages.applied = offset;
        pages.entries.insert(offset, (lines.tenant, text));
        Ok(())
    }
}

/// The lines of an event, as the log has them.
#[derive(Debug)]
pub(super) struct InLog {
    pub(super) tenant: TenantId,
    pub(super) lines: Vec<Vec<u8>>,
}

impl InLog {
    pub(super) fn text(&self) -> Vec<u8> {
        self.lines.concat()
    }
}

/// All events with lines of a partition.
pub(super) fn lines_of(
    log: &SimulatedLog,
    partition: PartitionId,
) -> anyhow::Result<BTreeMap<Offset, InLog>> {
    let mut found = BTreeMap::new();
    for Recorded { envelope, body, .. } in all_of(log, partition)? {
        // What was set aside is noted among the dead letters.
        let Event::Lines(lines) = event::decode(&envelope, &body)? else { continue };
        let lines = lines.lines().map(|line| line.raw.to_vec()).collect();
        found.insert(envelope.offset, InLog { tenant: envelope.subject.tenant, lines });
    }
    Ok(found)
}

/// The hashes of all events of a partition.
pub(super) fn hashes_of(
    log: &SimulatedLog,
    partition: PartitionId,
) -> anyhow::Result<BTreeMap<Offset, ChainHash>> {
    let events = all_of(log, partition)?;
    Ok(events.into_iter().map(|event| (event.envelope.offset, event.hash)).collect())
}

fn all_of(log: &SimulatedLog, partition: PartitionId) -> anyhow::Result<Vec<Recorded>> {
    let chunk = poll_now(log.read(partition, Offset::FIRST, usize::MAX));
    Ok(chunk.context("a log without faults waits")??.events)
}

impl Pages {
    fn complain(&mut self, complaint: String) {
        self.complaint.get_or_insert(complaint);
    }

    fn check(&self, log: &BTreeMap<Offset, InLog>) -> anyhow::Result<()> {
        if let Some(complaint) = &self.complaint {
            bail!("{complaint}");
        }
        for (offset, event) in log.range(..=self.applied) {
            match self.entries.get(offset) {
                Some(taken) => {
                    ensure!(*taken == (event.tenant, event.text()), "event {offset} was taken as another")
                }
                None => ensure!(self.set_aside.contains(offset), "event {offset} was left out"),
            }
        }
        let foreign = self.entries.keys().find(|offset| !log.contains_key(offset));
        ensure!(foreign.is_none(), "event {foreign:?} is not in the log");
        Ok(())
    }
}

impl Projection for Ledger {
    fn name(&self) -> &'static str {
        self.name
    }

    fn applied(&self, partition: PartitionId) -> Offset {
        self.with(partition, |pages| pages.applied)
    }

    fn apply<'a>(
        &'a self,
        partition: PartitionId,
        events: &'a [Followed],
    ) -> BoxFuture<'a, Result<Applied, ApplyError>> {
        Box::pin(async move {
            if self.faults.strikes(Fault::ProjectionError) {
                return Err(ApplyError::Projection { reason: "on purpose".to_owned() });
            }
            self.with(partition, |pages| {
                let before = pages.applied;
                for event in events {
                    if pages.applied > before && self.faults.strikes(Fault::ProjectionFull) {
                        return Ok(Applied { up_to: pages.applied, is_full: true });
                    }
                    match self.take(pages, event) {
                        Ok(()) => {}
                        Err(error) if pages.applied == before => return Err(error),
                        Err(_) => break,
                    }
                }
                Ok(Applied { up_to: pages.applied, is_full: false })
            })
        })
    }

    fn set_aside<'a>(
        &'a self,
        partition: PartitionId,
        event: Offset,
        _reason: &'a str,
    ) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move {
            self.with(partition, |pages| {
                let refusals = pages.refusals.remove(&event).unwrap_or_default();
                if refusals < ATTEMPTS_MIN {
                    pages.complain(format!("event {event} was set aside after {refusals} attempts"));
                }
                pages.applied = event.max(pages.applied);
                pages.set_aside.insert(event);
            });
            Ok(())
        })
    }

    fn settle(&self, partition: PartitionId) -> BoxFuture<'_, Result<(), ApplyError>> {
        Box::pin(async move {
            if self.faults.strikes(Fault::ProjectionError) {
                return Err(ApplyError::Projection { reason: "on purpose".to_owned() });
            }
            self.with(partition, |pages| pages.settled = pages.applied);
            Ok(())
        })
    }
}
