//! One life of the program: from an opened log to its clean end, its death or a power cut.
//!
//! Invariant: every answer of the log is compared with the model before the next step.
//! It does not look into files: what it knows, a user of the log knows.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use antler_events::ids::{Offset, PartitionId};
use antler_events::log::segment::{Committer, SegmentLog};
use antler_events::log::{
    Append, AppendError, Appended, BoxFuture, EventLog as _, Expected, Hold, ReadError, Recorded,
};
use antler_events::subject::Subject;
use anyhow::{Context as _, bail, ensure};

use super::model::{AppendKey, PartitionModel};
use super::workload::Workload;
use crate::world::poll::{poll_now, poll_once};
use crate::world::{Fault, World};

/// Faults that strike while the log works, and how often they do when they are armed.
const ARMED: [(Fault, u16); 10] = [
    (Fault::SyncError, 150),
    (Fault::WriteError, 60),
    (Fault::SyncDirError, 200),
    (Fault::CreateError, 200),
    (Fault::RenameError, 300),
    (Fault::RemoveError, 300),
    (Fault::ReadError, 100),
    (Fault::BitFlipInRead, 100),
    (Fault::SlowDisk, 300),
    (Fault::ShortRead, 300),
];

/// The outside of a life: what outlives it.
pub(super) struct Around<'w> {
    pub(super) world: &'w mut World,
    pub(super) models: &'w mut [PartitionModel],
    pub(super) workload: &'w mut Workload,
}

/// A running log with its users.
pub(super) struct Life<'a, 'w> {
    around: Around<'w>,
    log: &'a SegmentLog,
    committers: Vec<Committer>,
    appends: Vec<RunningAppend<'a>>,
    holds: Vec<Held>,
    followers: Vec<Follower<'a>>,
    /// Partitions whose writer has stopped.
    stopped: Vec<bool>,
    /// Whether anything may have gone wrong since the log was opened.
    harmed: bool,
}

struct RunningAppend<'a> {
    partition: usize,
    key: AppendKey,
    append: Append,
    answer: BoxFuture<'a, Result<Appended, AppendError>>,
}

struct Held {
    partition: usize,
    position: Offset,
    hold: Box<dyn Hold>,
}

/// Somebody who waits for an event.
struct Follower<'a> {
    partition: usize,
    from: Offset,
    woken: Arc<Woken>,
    arrival: BoxFuture<'a, Result<(), ReadError>>,
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<'a, 'w> Life<'a, 'w> {
    pub(super) fn new(around: Around<'w>, log: &'a SegmentLog, committers: Vec<Committer>) -> Self {
        let stopped = vec![false; around.models.len()];
        Self {
            around,
            log,
            committers,
            appends: Vec::new(),
            holds: Vec::new(),
            followers: Vec::new(),
            stopped,
            harmed: false,
        }
    }

    pub(super) fn steps(&mut self, count: u64) -> anyhow::Result<()> {
        // Short reads are legal at any time and no reason to fail.
        self.around.world.faults.arm(Fault::ShortRead, 100);
        for _ in 0..count {
            self.step()?;
        }
        Ok(())
    }

    /// Goes on until the program dies in the middle of something: of a commit, a roll or a truncation.
    pub(super) fn die_inside(&mut self) -> anyhow::Result<()> {
        let changes = self.around.world.rng.between(1, 40);
        self.around.world.trace.note(format_args!("dies after {changes} changes"));
        self.around.world.files.die_after(changes);
        self.harmed = true;
        for _ in 0..30 {
            let partition = self.around.world.rng.index(self.committers.len());
            match self.around.world.rng.below(10) {
                0..5 => self.append(partition)?,
                5..8 => self.commit(partition)?,
                _ => self.truncate(partition)?,
            }
        }
        Ok(())
    }

    /// Whether anything may have gone wrong in this life.
    pub(super) fn is_harmed(&self) -> bool {
        self.harmed
    }

    /// Ends in good order: everything is answered, and a log that was not harmed left nothing behind.
    pub(super) fn close(mut self) -> anyhow::Result<()> {
        self.settle()?;
        self.log.close();
        let committers = std::mem::take(&mut self.committers);
        committers.into_iter().for_each(Committer::finish);
        let late = self.around.workload.append(&mut self.around.world.rng);
        match poll_now(self.log.append(PartitionId::new(0), late)) {
            Some(Err(AppendError::Stopped { .. })) => Ok(()),
            other => bail!("a closed log answers an append with {other:?}"),
        }
    }

    /// Makes the disk good and lets everything that waits finish. A writer that runs must take appends again.
    pub(super) fn settle(&mut self) -> anyhow::Result<()> {
        self.around.world.faults.disarm_all();
        self.around.world.files.set_free(None);
        for partition in 0..self.committers.len() {
            self.finish_appends(partition)?;
        }
        let harmed = std::mem::take(&mut self.harmed);
        for partition in 0..self.committers.len() {
            if !self.stopped[partition] {
                let append = self.around.workload.append(&mut self.around.world.rng);
                self.start(partition, append)?;
                self.finish_appends(partition)?;
                ensure!(!self.stopped[partition], "the writer of partition {partition} stops on a good disk");
            }
        }
        self.harmed = harmed;
        Ok(())
    }

    fn finish_appends(&mut self, partition: usize) -> anyhow::Result<()> {
        while self.appends.iter().any(|running| running.partition == partition) {
            let waiting = self.appends.len();
            // The first one may only make room for appends that wait to enter.
            self.commit(partition)?;
            self.commit(partition)?;
            ensure!(self.appends.len() < waiting, "appends wait for ever");
        }
        Ok(())
    }

    fn step(&mut self) -> anyhow::Result<()> {
        let partition = self.around.world.rng.index(self.committers.len());
        match self.around.world.rng.below(100) {
            0..40 => self.append(partition),
            40..62 => self.commit(partition),
            62..78 => self.read(partition),
            78..82 => self.follow(partition),
            82..86 => self.truncate(partition),
            86..90 => self.hold(partition),
            90..93 => self.drop_append(),
            93..95 => self.pass_time(),
            _ => self.change_faults(),
        }
    }

    fn append(&mut self, partition: usize) -> anyhow::Result<()> {
        let Around { world, models, workload } = &mut self.around;
        let mut append = workload.append(&mut world.rng);
        let control = append.events.iter().map(|event| event.subject).find(|it| it.kind.is_control());
        if let Some(subject) = control.filter(|_| world.rng.chance(800)) {
            let mut last = models[partition].last_of(subject);
            if world.rng.chance(150) {
                last = Offset::new(world.rng.below(models[partition].next().number() + 1));
            }
            append.expected.push(Expected { subject, last });
        }
        self.start(partition, append)
    }

    fn start(&mut self, partition: usize, append: Append) -> anyhow::Result<()> {
        let key = self.around.models[partition].submit(&append);
        let count = append.events.len();
        self.around.world.trace.note(format_args!("append {key}: {count} events to {partition}"));
        let answer = self.log.append(PartitionId::new(partition as u16), append.clone());
        let mut running = RunningAppend { partition, key, append, answer };
        match poll_once(running.answer.as_mut()) {
            Poll::Pending => self.appends.push(running),
            Poll::Ready(answer) => self.answered(&running, answer)?,
        }
        Ok(())
    }

    fn commit(&mut self, partition: usize) -> anyhow::Result<()> {
        let count = self.committers[partition].commit_queued();
        self.around.world.trace.note(format_args!("commit of {count} in {partition}"));
        // Who was told why the writer stops may have gone away.
        let stopped = self.log.statistics()[partition].stopped.clone();
        ensure!(stopped.is_none() || self.harmed, "a writer stops without a reason: {stopped:?}");
        self.stopped[partition] = stopped.is_some();
        self.learn(partition)?;
        let mut first_error = Ok(());
        let (waiting, others): (Vec<_>, Vec<_>) =
            self.appends.drain(..).partition(|running| running.partition == partition);
        self.appends = others;
        for mut running in waiting {
            match poll_once(running.answer.as_mut()) {
                Poll::Pending => self.appends.push(running),
                Poll::Ready(answer) => first_error = first_error.and(self.answered(&running, answer)),
            }
        }
        first_error?;
        self.check_followers(partition)
    }

    /// Looks at what has become durable, without the faults of the disk.
    fn learn(&mut self, partition: usize) -> anyhow::Result<()> {
        let Around { world, models, .. } = &mut self.around;
        let model = &mut models[partition];
        let bounds = self.log.bounds(model.id)?;
        let events = world.faults.without(|| read_range(self.log, model.id, model.next(), bounds.next))?;
        if !events.is_empty() {
            world.trace.note(format_args!("{} events up to {} in {partition}", events.len(), bounds.next));
            model.learn(&events).with_context(|| format!("partition {partition}"))?;
        }
        ensure!(
            model.next() == bounds.next,
            "the log ends at {}, and {} is known",
            bounds.next,
            model.next()
        );
        Ok(())
    }

    fn answered(
        &mut self,
        running: &RunningAppend<'_>,
        answer: Result<Appended, AppendError>,
    ) -> anyhow::Result<()> {
        let RunningAppend { partition, key, append, .. } = running;
        let model = &mut self.around.models[*partition];
        self.around.world.trace.note(format_args!("append {key}: {answer:?}"));
        let harmed = self.harmed;
        match answer {
            Ok(appended) => {
                ensure!(!self.stopped[*partition], "a writer that has stopped acknowledges append {key}");
                model.acknowledge(append, &appended).with_context(|| format!("append {key}"))
            }
            Err(AppendError::Conflict { subject, expected, actual }) => {
                model.refuse(*key)?;
                model.conflict(Expected { subject, last: expected }, actual)
            }
            Err(AppendError::DiskFull) if harmed => model.refuse(*key),
            Err(AppendError::Stopped { .. }) if self.stopped[*partition] => model.refuse(*key),
            Err(AppendError::Unknown { .. }) if harmed && self.stopped[*partition] => Ok(()),
            Err(error) => bail!("append {key} to partition {partition} fails without a reason: {error}"),
        }
    }

    fn read(&mut self, partition: usize) -> anyhow::Result<()> {
        let Around { world, models, .. } = &mut self.around;
        let model = &models[partition];
        let from = Offset::new(world.rng.below(model.next().number() + 2));
        let bytes_max = *world.rng.pick(&[0, 1, 1_000, 100_000]);
        let answer = poll_now(self.log.read(model.id, from, bytes_max)).context("a read waits")?;
        match answer {
            Ok(chunk) => {
                let count = chunk.events.len();
                world.trace.note(format_args!("read {partition} from {from}: {count}, then {}", chunk.next));
                model.check_read(from, &chunk).with_context(|| format!("partition {partition}"))
            }
            Err(ReadError::Storage { .. } | ReadError::Damaged(_)) if self.harmed => {
                world.trace.note(format_args!("read {partition} from {from} fails"));
                Ok(())
            }
            Err(error) => bail!("a read from {from} fails without a reason: {error}"),
        }
    }

    fn follow(&mut self, partition: usize) -> anyhow::Result<()> {
        let Around { world, models, .. } = &mut self.around;
        let next = models[partition].next();
        let from = Offset::new(next.number().saturating_sub(1) + world.rng.below(3));
        let woken = Arc::new(Woken::default());
        let mut arrival = self.log.wait(models[partition].id, from);
        match poll_with(&mut arrival, &woken) {
            Poll::Ready(Ok(())) => ensure!(from < next, "the wait for {from} ends before it is there"),
            Poll::Ready(Err(error)) => bail!("the wait for {from} fails: {error}"),
            Poll::Pending => {
                ensure!(from >= next, "the wait for {from} goes on, and it is there");
                self.followers.push(Follower { partition, from, woken, arrival });
            }
        }
        Ok(())
    }

    /// Who waits for something that is there now must have been woken.
    fn check_followers(&mut self, partition: usize) -> anyhow::Result<()> {
        let next = self.around.models[partition].next();
        for mut follower in std::mem::take(&mut self.followers) {
            if follower.partition != partition || follower.from >= next {
                self.followers.push(follower);
                continue;
            }
            ensure!(follower.woken.0.load(Ordering::Relaxed), "nobody wakes who waits for {}", follower.from);
            let arrived = poll_with(&mut follower.arrival, &follower.woken);
            ensure!(matches!(arrived, Poll::Ready(Ok(()))), "the wait for {} does not end", follower.from);
        }
        Ok(())
    }

    fn truncate(&mut self, partition: usize) -> anyhow::Result<()> {
        let Around { world, models, .. } = &mut self.around;
        let model = &mut models[partition];
        let below = Offset::new(world.rng.below(model.next().number() + 5));
        let holds = self.holds.iter().filter(|held| held.partition == partition);
        let allowed = holds.map(|held| held.position).min().map_or(below, |held| held.min(below));
        model.permitted = model.permitted.max(allowed);
        let answer = poll_now(self.log.truncate(model.id, below)).context("a truncation waits")?;
        let lines_from = self.log.bounds(model.id)?.lines_from;
        world.trace.note(format_args!("truncate {partition} below {below}: {answer:?}"));
        ensure!(lines_from >= model.lines_from, "truncated lines are back from {lines_from} on");
        ensure!(
            lines_from <= model.permitted,
            "lines up to {lines_from} are gone, allowed is {}",
            model.permitted
        );
        model.lines_from = lines_from;
        match answer {
            Ok(answer) => {
                ensure!(answer == lines_from, "truncation says {answer}, and it is {lines_from}");
                model.promised = answer;
            }
            Err(error) => ensure!(self.harmed, "a truncation fails without a reason: {error}"),
        }
        Ok(())
    }

    fn hold(&mut self, partition: usize) -> anyhow::Result<()> {
        let Around { world, models, .. } = &mut self.around;
        if self.holds.is_empty() || world.rng.chance(500) {
            let model = &models[partition];
            let position = Offset::new(world.rng.below(model.next().number() + 1));
            self.holds.push(Held { partition, position, hold: self.log.hold(model.id, position)? });
            return Ok(());
        }
        let at = world.rng.index(self.holds.len());
        if world.rng.chance(400) {
            self.holds.swap_remove(at);
        } else {
            let held = &mut self.holds[at];
            let to = held.position.plus(world.rng.below(20));
            held.hold.advance(to);
            held.position = to;
        }
        Ok(())
    }

    /// The sender goes away; its append may be recorded all the same.
    fn drop_append(&mut self) -> anyhow::Result<()> {
        if !self.appends.is_empty() {
            let at = self.around.world.rng.index(self.appends.len());
            let dropped = self.appends.swap_remove(at);
            self.around.world.faults.count(Fault::AppendDropped);
            self.around.world.trace.note(format_args!("append {} is dropped", dropped.key));
        }
        Ok(())
    }

    fn pass_time(&mut self) -> anyhow::Result<()> {
        let World { clock, rng, .. } = &mut *self.around.world;
        clock.advance_up_to(Duration::from_secs(60));
        if rng.chance(300) {
            clock.jump();
        }
        Ok(())
    }

    fn change_faults(&mut self) -> anyhow::Result<()> {
        let World { faults, files, rng, trace, .. } = &mut *self.around.world;
        match rng.below(4) {
            0 => {
                faults.disarm_all();
                files.set_free(None);
                trace.note(format_args!("the disk is good"));
            }
            1 => {
                let free = rng.below(8_000);
                files.set_free(Some(free));
                self.harmed = true;
                trace.note(format_args!("the disk has room for {free} bytes"));
            }
            _ => {
                let (fault, per_mille) = *rng.pick(&ARMED);
                faults.arm(fault, per_mille);
                self.harmed |= !matches!(fault, Fault::SlowDisk | Fault::ShortRead);
                trace.note(format_args!("armed: {}", fault.name()));
            }
        }
        Ok(())
    }
}

/// All events from one offset up to another, in small reads.
pub(super) fn read_range(
    log: &SegmentLog,
    partition: PartitionId,
    from: Offset,
    to: Offset,
) -> anyhow::Result<Vec<Recorded>> {
    let mut events = Vec::new();
    let mut next = from;
    while next < to {
        let chunk = poll_now(log.read(partition, next, 16_000)).context("a read waits")??;
        ensure!(chunk.next > next, "a read from {next} leads nowhere");
        next = chunk.next;
        events.extend(chunk.events);
    }
    Ok(events)
}

fn poll_with<T>(future: &mut BoxFuture<'_, T>, woken: &Arc<Woken>) -> Poll<T> {
    let waker = Waker::from(Arc::clone(woken));
    Pin::as_mut(future).poll(&mut Context::from_waker(&waker))
}

/// Whether the log agrees on the last event of every control subject that was ever used.
pub(super) fn check_subjects(log: &SegmentLog, model: &PartitionModel) -> anyhow::Result<()> {
    let subjects: std::collections::BTreeSet<Subject> =
        model.visible_from(Offset::ZERO).map(|event| event.envelope.subject).collect();
    for subject in subjects.into_iter().filter(|subject| subject.kind.is_control()) {
        let (found, expected) = (log.last_of(model.id, subject)?, model.last_of(subject));
        ensure!(found == expected, "the last event of {subject} is {expected}, and the log says {found}");
    }
    Ok(())
}
