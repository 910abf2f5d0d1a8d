//! What a store must show, kept by the dumbest means: the log itself, and what may not be seen of it.
//!
//! Invariant: a line of the log is seen, or there is a reason that the model knows: it was not applied yet,
//! was erased, was old enough to go, or was in a group that is named as missing. What is gone once stays
//! gone. It knows no file: what the store must answer follows from what it was asked.

use std::collections::{BTreeMap, BTreeSet};

use antler_events::clock::Timestamp;
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_projections::index::columns::search::lines::Hit;
use anyhow::{Context as _, bail, ensure};

use super::workload::{Batch, Line, tenant};

/// Where a line is in the log: partition, offset and place in its event.
pub(super) type Place = (PartitionId, Offset, u32);

/// Up to where events of each partition are concerned.
pub(super) type Reach = BTreeMap<PartitionId, Offset>;

/// An event of the log.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) tenant: usize,
    pub(super) offset: Offset,
    /// Nothing if it is none with lines.
    pub(super) batch: Option<Batch>,
}

/// A partition of the log, and how far the store has it.
#[derive(Debug, Default)]
pub(super) struct PartitionModel {
    pub(super) events: Vec<Event>,
    /// The store has taken the events up to this one in this life.
    pub(super) applied: Offset,
    /// The highest checkpoint that the store has named: the log need not keep what is below.
    pub(super) checkpoint: Offset,
}

/// What is known of a tenant.
#[derive(Debug)]
pub(super) struct TenantModel {
    pub(super) id: TenantId,
    pub(super) lines: BTreeMap<Place, Line>,
    /// Lines up to here are erased.
    erased: Reach,
    /// Erasures that failed: each of them may be in force after the next opening.
    pub(super) doubtful: Vec<Reach>,
    /// Earlier lines may go.
    pub(super) expired_before: Timestamp,
    /// Lines that went; they must not come back.
    gone: BTreeSet<Place>,
}

/// Lines that cannot be read, with a reason that the store has given.
pub(super) type Excused = BTreeSet<Place>;

/// All of it.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) partitions: BTreeMap<PartitionId, PartitionModel>,
    pub(super) tenants: Vec<TenantModel>,
}

impl Model {
    pub(super) fn new(partitions: u16, tenants: usize) -> Self {
        let partitions = (0..partitions).map(|number| (PartitionId::new(number), PartitionModel::default()));
        let tenants = (0..tenants).map(|number| TenantModel::new(tenant(number)));
        Self { partitions: partitions.collect(), tenants: tenants.collect() }
    }

    /// How far the store has all partitions.
    pub(super) fn applied(&self) -> Reach {
        self.partitions.iter().map(|(partition, model)| (*partition, model.applied)).collect()
    }
}

impl PartitionModel {
    pub(super) fn next_offset(&self) -> Offset {
        self.events.last().map_or(Offset::FIRST, |event| event.offset.plus(1))
    }

    /// The first event that the store has not.
    pub(super) fn next_event(&self) -> Option<&Event> {
        self.events.get(self.events.partition_point(|event| event.offset <= self.applied))
    }
}

impl TenantModel {
    fn new(id: TenantId) -> Self {
        Self {
            id,
            lines: BTreeMap::new(),
            erased: Reach::new(),
            doubtful: Vec::new(),
            expired_before: Timestamp::from_nanos(i64::MIN),
            gone: BTreeSet::new(),
        }
    }

    pub(super) fn erase(&mut self, reach: &Reach) {
        for (partition, offset) in reach {
            let erased = self.erased.entry(*partition).or_default();
            *erased = (*offset).max(*erased);
        }
    }

    /// Lines that are to be seen.
    pub(super) fn visible<'m>(&'m self, applied: &'m Reach) -> impl Iterator<Item = (&'m Place, &'m Line)> {
        let lines = self.lines.iter();
        lines.filter(|(place, _)| {
            covers(applied, place) && !covers(&self.erased, place) && !self.gone.contains(place)
        })
    }

    /// Holds all lines that are seen against those that are to be seen, and notes those that went rightly.
    pub(super) fn check_seen(
        &mut self,
        applied: &Reach,
        excused: &Excused,
        hits: &[Hit],
    ) -> anyhow::Result<()> {
        let seen = places(hits)?;
        for hit in hits {
            self.check_hit(applied, hit)?;
        }
        let (mut lost, mut went) = (None, Vec::new());
        // A line that cannot be read may be there nevertheless, and be counted.
        let is_missed = |place: &Place| !seen.contains(place) && !excused.contains(place);
        for (place, line) in self.visible(applied).filter(|(place, _)| is_missed(place)) {
            if line.young_at < self.expired_before {
                went.push(*place);
            } else {
                lost = lost.or(Some(*place));
            }
        }
        if let Some(place) = lost {
            bail!("line {} of {} is not found", shown(place), self.id);
        }
        self.gone.extend(went);
        Ok(())
    }

    /// A line that is seen must be one of the tenant, as it came, and one that may be seen.
    pub(super) fn check_hit(&self, applied: &Reach, hit: &Hit) -> anyhow::Result<()> {
        let place = place_of(hit);
        let line = self.check_line(hit)?;
        ensure!(covers(applied, &place), "line {} is found and was not applied", shown(place));
        ensure!(!covers(&self.erased, &place), "line {} was erased and is found", shown(place));
        ensure!(!self.gone.contains(&place), "line {} was gone and is back", shown(place));
        ensure!(line.raw == hit.raw, "line {} is not as it came", shown(place));
        Ok(())
    }

    /// As a snapshot from before an erasure may still see it.
    pub(super) fn check_line(&self, hit: &Hit) -> anyhow::Result<&Line> {
        let place = place_of(hit);
        let line = self.lines.get(&place);
        let line = line.with_context(|| format!("line {} is none of {}", shown(place), self.id))?;
        ensure!(line.raw == hit.raw, "line {} is not as it came", shown(place));
        ensure!(line.time == hit.position.time, "line {} has another time than it should", shown(place));
        Ok(line)
    }

    /// Finds out which of the erasures that failed are in force, as far as lines that are there can tell.
    pub(super) fn settle_doubts(
        &mut self,
        applied: &Reach,
        excused: &Excused,
        hits: &[Hit],
    ) -> anyhow::Result<()> {
        let seen = places(hits)?;
        for reach in std::mem::take(&mut self.doubtful) {
            let tells = |place: &Place, line: &Line| {
                covers(&reach, place) && !excused.contains(place) && line.young_at >= self.expired_before
            };
            let telling = || self.visible(applied).filter(|(place, line)| tells(place, line));
            let (is_told, is_seen) =
                (telling().next().is_some(), telling().any(|(place, _)| seen.contains(place)));
            if !is_told {
                self.doubtful.push(reach);
            } else if !is_seen {
                self.erase(&reach);
            }
        }
        Ok(())
    }
}

/// The places of the lines of an answer, each once and in the order that was asked for: the newest first.
fn places(hits: &[Hit]) -> anyhow::Result<BTreeSet<Place>> {
    for pair in hits.windows(2) {
        let (one, next) = (pair[0].position, pair[1].position);
        ensure!(one != next, "line {} is found twice", shown(place_of(&pair[0])));
        ensure!(one > next, "line {} comes after an older one", shown(place_of(&pair[1])));
    }
    let places: BTreeSet<Place> = hits.iter().map(place_of).collect();
    ensure!(places.len() == hits.len(), "a line is found twice, at two times");
    Ok(places)
}

pub(super) fn place_of(hit: &Hit) -> Place {
    (hit.position.partition, hit.position.offset, hit.position.line)
}

pub(super) fn covers(reach: &Reach, place: &Place) -> bool {
    reach.get(&place.0).is_some_and(|last| place.1 <= *last)
}

pub(super) fn shown((partition, offset, line): Place) -> String {
    format!("{line} of event {offset} in partition {partition}")
}
