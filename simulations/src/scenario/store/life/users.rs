//! What users ask of a store while it works, also on a bad disk: filters, counts, snapshots kept for long.
//!
//! Invariant: an answer that does not say that something is missing has everything; one that does has
//! nothing wrong. A group that could not be read is reported, as a search does it.

use antler_projections::index::columns::store::Snapshot;
use anyhow::{Context as _, ensure};

use super::super::model::{Excused, Place, place_of};
use super::super::sight::{ALL, ask, ask_count};
use super::{Around, Life};

/// A snapshot that somebody reads for long, with the lines that were in it for each tenant.
pub(super) struct Held {
    snapshot: Snapshot,
    lines: Vec<Vec<Place>>,
}

impl Life<'_, '_> {
    /// Takes a snapshot to keep, or looks at one that was kept and lets go of it.
    pub(super) fn hold(&mut self) -> anyhow::Result<()> {
        if self.held.len() < 2 && self.around.world.rng.chance(600) {
            let held = self.take_snapshot();
            self.held.push(held);
            return Ok(());
        }
        if self.held.is_empty() {
            return Ok(());
        }
        let at = self.around.world.rng.index(self.held.len());
        let held = self.held.swap_remove(at);
        self.check_held(&held)
    }

    fn take_snapshot(&mut self) -> Held {
        let Around { world, model, workload, .. } = &mut self.around;
        let snapshot = self.store.snapshot();
        world.trace.note(format_args!("a snapshot of {} groups is kept", snapshot.groups.len()));
        let seen = |id| ask(id, &snapshot.groups, &workload.questions[0].plan, ALL, &world.clock);
        let lines = world.faults.without(|| {
            let tenants = model.tenants.iter();
            tenants.map(|tenant| seen(tenant.id).hits.iter().map(place_of).collect()).collect()
        });
        Held { snapshot, lines }
    }

    /// It still has what it had, whatever became of the groups.
    fn check_held(&mut self, held: &Held) -> anyhow::Result<()> {
        let Around { world, model, workload, stock } = &mut self.around;
        let taken_out = self.store.snapshot().missing;
        let harmed = taken_out.iter().map(|group| group.entry.number).chain(stock.flipped.iter().copied());
        let excused: Excused = harmed.flat_map(|number| stock.lines_of(number)).copied().collect();
        for (tenant, before) in model.tenants.iter().zip(&held.lines) {
            let plan = &workload.questions[0].plan;
            let answer =
                world.faults.without(|| ask(tenant.id, &held.snapshot.groups, plan, ALL, &world.clock));
            let seen: Excused = answer.hits.iter().map(place_of).collect();
            ensure!(seen.len() == answer.hits.len(), "a kept snapshot shows a line twice");
            for hit in &answer.hits {
                tenant.check_line(hit).context("in a kept snapshot")?;
            }
            let lost = before.iter().find(|place| !seen.contains(place) && !excused.contains(place));
            ensure!(lost.is_none(), "a kept snapshot of {} has lost line {lost:?}", tenant.id);
        }
        world.trace.note(format_args!("a kept snapshot of {} groups is whole", held.snapshot.groups.len()));
        Ok(())
    }

    /// Asks with a filter, on the disk as it is.
    pub(super) fn question(&mut self) -> anyhow::Result<()> {
        let number = self.around.world.rng.index(self.around.model.tenants.len());
        self.check_tenant(number)?;
        let Around { world, model, workload, stock } = &mut self.around;
        let question = world.rng.index(workload.questions.len());
        let (tenant, plan) = (&model.tenants[number], &workload.questions[question].plan);
        let limit = if world.rng.chance(500) { ALL } else { 1 + world.rng.index(20) };
        let snapshot = self.store.snapshot();
        let missing = stock.missing(&snapshot)?;
        let answer = ask(tenant.id, &snapshot.groups, plan, limit, &world.clock);
        let applied = model.applied();
        let mut wanted: Vec<_> = (tenant.visible(&applied))
            .filter(|(place, line)| line.is_wanted(question) && !missing.contains(place))
            .map(|(place, line)| (line.time, *place))
            .collect();
        wanted.sort_unstable_by(|a, b| b.cmp(a));
        for hit in &answer.hits {
            tenant.check_hit(&applied, hit)?;
        }
        let seen: Vec<_> = answer.hits.iter().map(|hit| (hit.position.time, place_of(hit))).collect();
        let (count, gaps) = ask_count(tenant.id, &snapshot.groups, plan, &world.clock);
        world.trace.note(format_args!("question {question} of {}: {} of {count}", tenant.id, seen.len()));
        if answer.damaged.is_empty() {
            ensure!(seen.iter().eq(wanted.iter().take(limit)), "an answer has other lines than were wanted");
        } else {
            let stray = seen.iter().find(|line| !wanted.contains(line));
            ensure!(stray.is_none(), "an answer has a line that was not wanted: {stray:?}");
        }
        if gaps.damaged.is_empty() {
            ensure!(
                count == wanted.len() as u64,
                "{count} lines are counted, and there are {}",
                wanted.len()
            );
        }
        let is_whole = answer.damaged.is_empty() && gaps.damaged.is_empty();
        if is_whole && world.rng.chance(900) { Ok(()) } else { self.report(&snapshot) }
    }

    /// Reports the groups that cannot be read.
    fn report(&mut self, snapshot: &Snapshot) -> anyhow::Result<()> {
        for group in &snapshot.groups {
            let Around { world, model, workload, .. } = &mut self.around;
            let tenant = model.tenants[0].id;
            let groups = std::slice::from_ref(group);
            let answer = ask(tenant, groups, &workload.questions[0].plan, ALL, &world.clock);
            if answer.damaged.is_empty() {
                continue;
            }
            world.trace.note(format_args!("{group:?}: {:?}", answer.damaged));
            match self.store.report_damage(group) {
                Ok(is_out) => world.trace.note(format_args!("{group:?} is taken out: {is_out}")),
                Err(error) => self.failed("taking out a group", &error)?,
            }
        }
        Ok(())
    }
}
