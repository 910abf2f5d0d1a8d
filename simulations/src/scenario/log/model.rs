//! What one partition of the log must hold, kept by the dumbest means.
//!
//! Invariant: the model believes an event only after the log showed it, and never lets go of it; an append
//! that nobody answered may show up once, whole, or never. It does not know files: what the log must answer
//! follows from what it was asked.

use std::collections::BTreeMap;

use antler_events::ids::{Offset, PartitionId};
use antler_events::log::segment::level_of_body;
use antler_events::log::{Append, Appended, Chunk, Expected, NewEvent, Recorded};
use antler_events::subject::Subject;
use antler_events::wire::ChainHash;
use antler_events::wire::chain::ChainId;
use anyhow::{Context as _, bail, ensure};

/// Tells appends apart: the time of the first event.
pub(super) type AppendKey = i64;

/// A partition as it should be.
#[derive(Debug)]
pub(super) struct PartitionModel {
    pub(super) id: PartitionId,
    /// Everything that was ever seen in the log, truncated or not.
    known: BTreeMap<Offset, Recorded>,
    chains: BTreeMap<ChainId, BTreeMap<Offset, ChainHash>>,
    subjects: BTreeMap<Subject, Vec<Offset>>,
    /// Appends that were handed to the log and not yet seen in it, nor refused.
    open: BTreeMap<AppendKey, Append>,
    /// Line events below this are gone.
    pub(super) lines_from: Offset,
    /// Line events below this are gone for good: a truncation said so.
    pub(super) promised: Offset,
    /// Line events below this may go: somebody asked for it and nobody held them.
    pub(super) permitted: Offset,
    /// The first event of the newest commit.
    pub(super) newest_commit: Offset,
}

impl PartitionModel {
    pub(super) fn new(id: PartitionId) -> Self {
        Self {
            id,
            known: BTreeMap::new(),
            chains: BTreeMap::new(),
            subjects: BTreeMap::new(),
            open: BTreeMap::new(),
            lines_from: Offset::FIRST,
            promised: Offset::FIRST,
            permitted: Offset::FIRST,
            newest_commit: Offset::FIRST,
        }
    }

    /// The offset of the next event that the log will show.
    pub(super) fn next(&self) -> Offset {
        self.known.last_key_value().map_or(Offset::FIRST, |(offset, _)| offset.plus(1))
    }

    pub(super) fn submit(&mut self, append: &Append) -> AppendKey {
        let key = key_of(&append.events[0]);
        self.open.insert(key, append.clone());
        key
    }

    /// The log says that nothing of the append is recorded.
    pub(super) fn refuse(&mut self, key: AppendKey) -> anyhow::Result<()> {
        self.open.remove(&key).map(drop).context("an append was refused that is in the log")
    }

    /// After a restart nothing is on its way any more: what is not in the log stays out.
    pub(super) fn forget_open(&mut self) {
        self.open.clear();
    }

    /// The log says where an append is.
    pub(super) fn acknowledge(&self, append: &Append, appended: &Appended) -> anyhow::Result<()> {
        ensure!(appended.partition == self.id, "an append was acknowledged in another partition");
        let count = append.events.len() as u64;
        ensure!(appended.first.plus(count - 1) == appended.last, "{appended:?} does not hold {count} events");
        for (at, event) in append.events.iter().enumerate() {
            let offset = appended.first.plus(at as u64);
            let found = self.known.get(&offset).context("an event was acknowledged and is not in the log")?;
            ensure!(is(found, event), "another event stands at {offset} than the acknowledged one");
        }
        ensure!(self.known[&appended.last].hash == appended.hash, "the acknowledged hash is not the event's");
        for Expected { subject, last } in &append.expected {
            let actual = self.last_before(*subject, appended.first);
            ensure!(
                actual == *last,
                "an append expected {last} of {subject}, which was {actual}, and passed"
            );
        }
        Ok(())
    }

    /// A conflict must be with something that the log held when it decided.
    pub(super) fn conflict(&self, expected: Expected, actual: Offset) -> anyhow::Result<()> {
        let Expected { subject, last } = expected;
        ensure!(actual != last, "a conflict between {last} and itself");
        let before = self.last_before(subject, self.newest_commit);
        let held = self.subjects.get(&subject).is_some_and(|offsets| offsets.contains(&actual));
        ensure!(
            actual == before || (held && actual >= self.newest_commit),
            "a conflict over {subject} names {actual}, and the last event was {before}"
        );
        Ok(())
    }

    pub(super) fn last_of(&self, subject: Subject) -> Offset {
        self.last_before(subject, Offset::new(u64::MAX))
    }

    /// Takes in what the log shows behind `next`: whole appends, in order, nothing else.
    pub(super) fn learn(&mut self, events: &[Recorded]) -> anyhow::Result<()> {
        self.newest_commit = self.next();
        let mut rest = events;
        while let [first, ..] = rest {
            let key = first.envelope.recorded_at.nanos();
            let offset = first.envelope.offset;
            let append =
                self.open.remove(&key).with_context(|| format!("nobody appends the event at {offset}"))?;
            let count = append.events.len();
            ensure!(rest.len() >= count, "of {count} events appended together at {offset} some are missing");
            for (event, found) in append.events.iter().zip(rest) {
                ensure!(is(found, event), "the event at {} is not as appended", found.envelope.offset);
                self.record(found)?;
            }
            rest = &rest[count..];
        }
        Ok(())
    }

    /// What a read answers must be what is known, without a hole, and lead on behind it.
    pub(super) fn check_read(&self, from: Offset, chunk: &Chunk) -> anyhow::Result<()> {
        let mut visible = self.visible_from(from);
        for found in &chunk.events {
            let offset = found.envelope.offset;
            let Some(known) = visible.next() else { bail!("event {offset} should not be there") };
            let expected = known.envelope.offset;
            ensure!(expected == offset, "a read shows event {offset} where {expected} should be");
            ensure!(known == found, "event {offset} is read otherwise than before");
        }
        match visible.next() {
            None => Ok(()),
            Some(next) => {
                let offset = next.envelope.offset;
                ensure!(!chunk.events.is_empty(), "a read from {from} shows nothing, and {offset} is there");
                ensure!(chunk.next <= offset, "a read leads to {} and skips {offset}", chunk.next);
                Ok(())
            }
        }
    }

    /// The event at an offset must be what is known, if anything is.
    pub(super) fn check_event(&self, found: &Recorded) -> anyhow::Result<()> {
        let offset = found.envelope.offset;
        match self.known.get(&offset) {
            Some(known) => ensure!(known == found, "event {offset} is read otherwise than before"),
            None => bail!("event {offset} is not known"),
        }
        Ok(())
    }

    /// Events that a reader must find from an offset on.
    pub(super) fn visible_from(&self, from: Offset) -> impl Iterator<Item = &Recorded> {
        let lines_from = self.lines_from;
        let visible = move |(offset, event): (&Offset, &'_ Recorded)| {
            *offset >= lines_from || event.envelope.subject.kind.is_control()
        };
        self.known
            .range(from..)
            .filter(move |(offset, event)| visible((offset, event)))
            .map(|(_, event)| event)
    }

    /// Visible events behind which their chain goes on: if one of them changes, the chain shows it.
    pub(super) fn chained(&self) -> Vec<&Recorded> {
        let goes_on = |event: &&Recorded| {
            let (last, _) =
                self.chains[&event.envelope.subject.into()].last_key_value().expect("it holds this event");
            event.envelope.offset < *last
        };
        self.visible_from(Offset::ZERO).filter(goes_on).collect()
    }

    fn last_before(&self, subject: Subject, offset: Offset) -> Offset {
        let offsets = self.subjects.get(&subject).map(Vec::as_slice).unwrap_or_default();
        let before = offsets.partition_point(|known| *known < offset);
        before.checked_sub(1).map_or(Offset::ZERO, |at| offsets[at])
    }

    fn record(&mut self, found: &Recorded) -> anyhow::Result<()> {
        let Recorded { envelope, hash, .. } = found;
        let expected = self.next();
        ensure!(envelope.offset == expected, "event {} follows event {expected}", envelope.offset);
        ensure!(
            envelope.partition == self.id,
            "event {expected} belongs to partition {}",
            envelope.partition
        );
        let chain = self.chains.entry(envelope.subject.into()).or_default();
        let previous = chain.last_key_value().map_or(ChainHash::START, |(_, hash)| *hash);
        ensure!(envelope.previous == previous, "event {expected} does not name the one before it");
        ensure!(*hash == hash_again(found)?, "event {expected} has another hash than it should");
        chain.insert(expected, *hash);
        if envelope.subject.kind.is_control() {
            self.subjects.entry(envelope.subject).or_default().push(expected);
        }
        self.known.insert(expected, found.clone());
        Ok(())
    }
}

fn key_of(event: &NewEvent) -> AppendKey {
    event.recorded_at.nanos()
}

fn is(found: &Recorded, event: &NewEvent) -> bool {
    let Recorded { envelope, body, .. } = found;
    envelope.subject == event.subject
        && envelope.event_type == event.event_type
        && envelope.schema == event.schema
        && envelope.recorded_at == event.recorded_at
        && *body == event.body
}

/// The hash of an event from what a reader gets, without asking the log.
fn hash_again(found: &Recorded) -> anyhow::Result<ChainHash> {
    let stored = zstd::bulk::compress(&found.body, level_of_body(found.body.len()))?;
    let mut envelope = Vec::new();
    found.envelope.encode(&mut envelope);
    Ok(ChainHash::of_event(&envelope, &ChainHash::of_body(&stored)))
}
