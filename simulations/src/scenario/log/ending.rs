//! How a world ends: with a proof that the log is whole, or with damage that has to be noticed.
//!
//! Invariant: an event that was acknowledged and cannot be read is named by a finding or by the read; what can be
//! read is right; nothing else is called damaged. It repairs nothing: after an ending the world is over.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use antler_events::clock::Timestamp;
use antler_events::files::FileSystem as _;
use antler_events::ids::Offset;
use antler_events::log::segment::{Committer, Finding, Opened, SegmentLog};
use antler_events::log::{Append, Damage, EventLog as _, ReadError, Recorded};
use anyhow::{Context as _, bail, ensure};

use super::life::{Around, Life};
use super::model::PartitionModel;
use super::{Course, End, open_log};
use crate::world::files::Flip;
use crate::world::poll::{poll_now, poll_once};
use antler_events::subject::Subject;

impl Course<'_> {
    pub(super) fn end(mut self) -> anyhow::Result<()> {
        let ending = self.world.rng.below(10);
        if ending == 0 {
            return self.flip_after_a_crash();
        }
        if self.last_end == End::Rough {
            let verification = self.verify()?;
            ensure!(
                verification.is_whole(),
                "nothing was damaged, and verify finds {:?}",
                verification.findings
            );
        }
        let Opened { log, committers, findings } = self.open()?;
        self.check_opened(&log, &findings)?;
        if ending < 3 {
            return self.flip_under_readers(&log);
        }
        let Self { world, models, workload, .. } = &mut self;
        Life::new(Around { world, models, workload }, &log, committers).close()?;
        let verification = self.verify()?;
        ensure!(
            verification.findings.is_empty(),
            "a clean log, and verify finds {:?}",
            verification.findings
        );
        self.last_end = End::Clean;
        match ending {
            3..7 => self.flip_and_open(),
            7..9 => self.tamper(),
            _ => Ok(()),
        }
    }

    fn flip_after_a_crash(&mut self) -> anyhow::Result<()> {
        let Opened { log, committers, findings } = self.open()?;
        self.check_opened(&log, &findings)?;
        let Self { world, models, workload, .. } = self;
        let mut life = Life::new(Around { world, models, workload }, &log, committers);
        life.settle()?;
        drop(life);
        self.world.files.cut_power();
        self.last_end = End::Rough;
        self.flip_and_open()
    }

    /// Bits change while the log is open.
    fn flip_under_readers(&mut self, log: &SegmentLog) -> anyhow::Result<()> {
        self.flip(|path| path.extension().is_some_and(|extension| extension == "seg"))?;
        for model in &self.models {
            let scan = Scan::of(log, model)?;
            scan.check_missing(model, |_| false)?;
        }
        Ok(())
    }

    fn flip_and_open(&mut self) -> anyhow::Result<()> {
        let flips = self.flip(|_| true)?;
        let verification = self.verify();
        let Opened { log, mut committers, findings } = match open_log(self.world, &self.options) {
            Ok(opened) => opened,
            Err(_) if flips.iter().any(|flip| name(&flip.path) == "layout") => return Ok(()),
            Err(error) => bail!("after {flips:?} the log cannot be opened: {error:#}"),
        };
        let verification = verification.context("the log can be opened and not verified")?;
        for finding in &findings {
            self.world.trace.note(format_args!("found: {finding}"));
        }
        for (model, committer) in self.models.iter().zip(&mut committers) {
            let dir = self.options.dir.join(format!("p{:03}", model.id.number()));
            let damage = Flipped::new(&flips, &dir, self.last_end);
            let of_partition = |all: &[Finding]| -> Vec<Finding> {
                all.iter().filter(|finding| partition_of(finding) == model.id).cloned().collect()
            };
            damage
                .check(&log, model, &of_partition(&findings), &of_partition(&verification.findings))
                .with_context(|| format!("partition {} after {flips:?}", model.id))?;
            append_behind_damage(&log, model, committer)?;
        }
        Ok(())
    }

    /// Rewrites history with right checksums: only the chain can tell.
    fn tamper(&mut self) -> anyhow::Result<()> {
        let world = &mut *self.world;
        let model = world.rng.pick(&self.models);
        let chained = model.chained();
        if chained.is_empty() {
            return Ok(());
        }
        let event = world.rng.pick(&chained);
        let dir = self.options.dir.join(format!("p{:03}", model.id.number()));
        rewrite(&world.files, &dir, event)?;
        let verification = self.verify()?;
        let offset = event.envelope.offset;
        ensure!(!verification.is_whole(), "event {offset} was rewritten, and verify finds nothing");
        Ok(())
    }

    fn flip(&mut self, concerns: impl Fn(&Path) -> bool) -> anyhow::Result<Vec<Flip>> {
        let count = self.world.rng.between(1, 4);
        let mut flips: Vec<Flip> = Vec::new();
        for _ in 0..count {
            // A bit that is flipped back would be no damage.
            let hit = |path: &Path| flips.iter().any(|flip| flip.path == path);
            let Some(flip) = self.world.files.flip_at_rest(|path| concerns(path) && !hit(path)) else {
                break;
            };
            self.world.trace.note(format_args!("{flip:?}"));
            flips.push(flip);
        }
        Ok(flips)
    }
}

/// What bits were flipped in the folder of one partition, and what follows from that.
struct Flipped {
    segments: bool,
    anything: bool,
    /// The log knows how far it was durable.
    proven: bool,
}

impl Flipped {
    fn new(flips: &[Flip], dir: &Path, last_end: End) -> Self {
        let inside: Vec<&Flip> = flips.iter().filter(|flip| flip.path.starts_with(dir)).collect();
        let watermark = inside.iter().any(|flip| name(&flip.path) == "durable");
        Self {
            segments: inside.iter().any(|flip| name(&flip.path).ends_with(".seg")),
            anything: !inside.is_empty(),
            proven: last_end == End::Clean && !watermark,
        }
    }

    fn check(
        &self,
        log: &SegmentLog,
        model: &PartitionModel,
        found: &[Finding],
        verified: &[Finding],
    ) -> anyhow::Result<()> {
        let scan = Scan::of(log, model)?;
        let torn = found.iter().any(|finding| matches!(finding, Finding::TornTail { .. }));
        let reported: Vec<&Damage> = found.iter().filter_map(damage_of).collect();
        scan.check_missing(model, |offset| {
            let torn_off = torn && !self.proven && offset >= model.newest_commit;
            torn_off || reported.iter().any(|damage| damage.first <= offset && offset <= damage.last)
        })?;
        if !self.anything {
            let quiet = scan.lost.is_empty() && reported.is_empty() && verified.iter().all(is_torn);
            ensure!(quiet, "no bit was flipped here, and damage is reported: {found:?} {verified:?}");
        }
        if self.proven {
            let next = log.bounds(model.id)?.next;
            ensure!(!torn, "durable events are taken for a torn tail: {found:?}");
            ensure!(next >= model.next(), "offsets from {next} on would be given out again");
            let noticed = !verified.iter().all(is_torn);
            ensure!(!self.segments || noticed, "a bit of a segment was flipped, and verify does not notice");
        }
        Ok(())
    }
}

/// Everything that can be read from a partition with damage in it.
struct Scan {
    read: BTreeSet<Offset>,
    /// First and last offset of what reads call lost.
    lost: BTreeMap<Offset, Offset>,
}

impl Scan {
    fn of(log: &SegmentLog, model: &PartitionModel) -> anyhow::Result<Self> {
        let mut scan = Self { read: BTreeSet::new(), lost: BTreeMap::new() };
        let end = log.bounds(model.id)?.next;
        let mut at = Offset::ZERO;
        while at < end {
            at = match poll_now(log.read(model.id, at, 10_000)).context("a read waits")? {
                Ok(chunk) => {
                    ensure!(chunk.next > at, "a read from {at} leads nowhere");
                    for event in &chunk.events {
                        model.check_event(event)?;
                        scan.read.insert(event.envelope.offset);
                    }
                    chunk.next
                }
                Err(ReadError::Damaged(damage)) => {
                    ensure!(damage.last >= at, "a read from {at} stops at damage before it: {damage}");
                    scan.lost.insert(damage.first, damage.last);
                    damage.last.plus(1)
                }
                Err(error) => bail!("a read from {at} fails: {error}"),
            };
        }
        Ok(scan)
    }

    fn check_missing(&self, model: &PartitionModel, reported: impl Fn(Offset) -> bool) -> anyhow::Result<()> {
        for event in model.visible_from(Offset::ZERO) {
            let offset = event.envelope.offset;
            let lost = self.lost.range(..=offset).any(|(_, last)| *last >= offset);
            let known = self.read.contains(&offset) || lost || reported(offset);
            ensure!(known, "event {offset} is silently gone");
        }
        Ok(())
    }
}

/// The log goes on, and does not give an offset to two events.
fn append_behind_damage(
    log: &SegmentLog,
    model: &PartitionModel,
    committer: &mut Committer,
) -> anyhow::Result<()> {
    let Some(example) = model.visible_from(Offset::ZERO).last() else { return Ok(()) };
    let next = log.bounds(model.id)?.next;
    let event = antler_events::log::NewEvent {
        subject: Subject::lines(example.envelope.subject.tenant),
        event_type: example.envelope.event_type,
        schema: example.envelope.schema,
        recorded_at: Timestamp::from_nanos(-1),
        body: example.body.clone(),
    };
    let mut answer = log.append(model.id, Append { events: vec![event], expected: Vec::new() });
    ensure!(poll_once(answer.as_mut()).is_pending(), "an append is answered before its commit");
    committer.commit_queued();
    let appended = poll_now(answer).context("an append has no answer after its commit")??;
    ensure!(appended.first == next, "event {} was appended behind damage, not {next}", appended.first);
    let chunk = poll_now(log.read(model.id, next, 0)).context("a read waits")??;
    ensure!(chunk.events.len() == 1 && chunk.events[0].body == example.body, "the new event is not readable");
    Ok(())
}

/// Changes the time of an event, in place, with a right checksum.
fn rewrite(files: &crate::world::SimulatedFiles, dir: &Path, event: &Recorded) -> anyhow::Result<()> {
    let mut original = Vec::new();
    event.envelope.encode(&mut original);
    let mut changed = Vec::new();
    let mut envelope = event.envelope;
    envelope.recorded_at = Timestamp::from_nanos(envelope.recorded_at.nanos() ^ (1 << 40));
    envelope.encode(&mut changed);
    let segments: Vec<PathBuf> = files.list(dir)?.iter().map(|name| dir.join(name)).collect();
    for path in segments {
        let mut bytes = files.bytes(&path).context("a listed file is there")?;
        if let Some(at) = bytes.windows(original.len()).position(|window| window == original) {
            bytes[at..at + changed.len()].copy_from_slice(&changed);
            files.place(&path, &bytes);
            return Ok(());
        }
    }
    bail!("event {} is in no segment", event.envelope.offset)
}

fn damage_of(finding: &Finding) -> Option<&Damage> {
    match finding {
        Finding::Damaged(damage) => Some(damage),
        Finding::TornTail { .. } => None,
    }
}

fn is_torn(finding: &Finding) -> bool {
    damage_of(finding).is_none()
}

fn partition_of(finding: &Finding) -> antler_events::ids::PartitionId {
    match finding {
        Finding::TornTail { partition, .. } => *partition,
        Finding::Damaged(damage) => damage.partition,
    }
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}
