//! The readers of a tail, and where each of them stands.
//!
//! Invariant: a reader stands in one way at a time; whoever is forgotten is told that the tail ended. It looks at no line.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::live::queue::Queue;
use crate::live::request::ReaderId;
use crate::live::seq::Seq;

/// Where a reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Is given what comes.
    Live,
    /// Is given what comes from here on; this is where an event begins.
    Joins(Seq),
    /// Is given what the log has from here on.
    Behind(Seq),
    /// Is given nothing; goes on from here.
    Paused(Seq),
}

/// Readers who take a step together.
pub(super) type Group = Vec<(ReaderId, Arc<Queue>)>;

#[derive(Debug, Default)]
pub(super) struct Readers {
    all: BTreeMap<ReaderId, Reader>,
    added: u64,
}

#[derive(Debug)]
pub(super) struct Reader {
    pub queue: Arc<Queue>,
    pub standing: Standing,
}

impl Standing {
    pub(super) fn seq(self) -> Seq {
        match self {
            Self::Live => Seq::default(),
            Self::Joins(seq) | Self::Behind(seq) | Self::Paused(seq) => seq,
        }
    }
}

impl Readers {
    pub(super) fn add(&mut self, queue: Arc<Queue>, standing: Standing) -> ReaderId {
        self.added += 1;
        let id = ReaderId(self.added);
        self.all.insert(id, Reader { queue, standing });
        id
    }

    pub(super) fn remove(&mut self, reader: ReaderId) {
        self.all.remove(&reader);
    }

    pub(super) fn change(&mut self, reader: ReaderId, to: impl FnOnce(&Queue, Standing) -> Standing) {
        if let Some(reader) = self.all.get_mut(&reader) {
            reader.standing = to(&reader.queue, reader.standing);
        }
    }

    pub(super) fn queue(&self, reader: ReaderId) -> Option<&Arc<Queue>> {
        self.all.get(&reader).map(|reader| &reader.queue)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Reader> {
        self.all.values()
    }

    /// Those who are up to date.
    pub(super) fn live(&self) -> impl Iterator<Item = &Queue> {
        let live = self.all.values().filter(|reader| reader.standing == Standing::Live);
        live.map(|reader| &*reader.queue)
    }

    /// Whether what comes matters to anybody.
    pub(super) fn are_watching(&self) -> bool {
        self.all.values().any(|reader| matches!(reader.standing, Standing::Live | Standing::Paused(_)))
    }

    /// Whether somebody joins before this event.
    pub(super) fn joins_at(&self, first: Seq) -> bool {
        let joins = |reader: &Reader| matches!(reader.standing, Standing::Joins(seq) if seq <= first);
        self.all.values().any(joins)
    }

    /// Those who wait for this event, or one before it, are up to date now.
    pub(super) fn let_in(&mut self, first: Seq) {
        for reader in self.all.values_mut() {
            if matches!(reader.standing, Standing::Joins(seq) if seq <= first) {
                reader.standing = Standing::Live;
            }
        }
    }

    /// Those who have been given all before the next event that comes wait for it.
    pub(super) fn join(&mut self, next: Seq) {
        for reader in self.all.values_mut() {
            if let Standing::Behind(seq) = reader.standing
                && seq >= next
                && seq == Seq::first_of(seq.offset())
            {
                reader.standing = Standing::Joins(seq);
            }
        }
    }

    /// Those who were up to date have to be given what the log has from here on.
    pub(super) fn fall_behind(&mut self, next: Seq) {
        for reader in self.all.values_mut() {
            match reader.standing {
                Standing::Live => reader.standing = Standing::Behind(next),
                Standing::Joins(seq) => reader.standing = Standing::Behind(seq.max(next)),
                Standing::Behind(_) | Standing::Paused(_) => {}
            }
        }
    }

    /// Notes how far those are who are up to date.
    pub(super) fn look_at(&self, next: Seq) {
        for reader in self.all.values() {
            match reader.standing {
                Standing::Live => reader.queue.look_at(next),
                Standing::Joins(seq) => reader.queue.look_at(seq.max(next)),
                Standing::Behind(_) | Standing::Paused(_) => {}
            }
        }
    }

    /// Where the next step begins: at those who are furthest behind and have room. They take it together.
    pub(super) fn next_step(&self) -> Option<(Seq, Group)> {
        let behind = |(id, reader): (&ReaderId, &Reader)| match reader.standing {
            Standing::Behind(seq) if reader.queue.has_room() => Some((seq, (*id, Arc::clone(&reader.queue)))),
            _ => None,
        };
        let with_room: Vec<_> = self.all.iter().filter_map(behind).collect();
        let first = with_room.iter().map(|(seq, _)| *seq).min()?;
        let group = with_room.into_iter().filter(|(seq, _)| *seq == first).map(|(_, reader)| reader);
        Some((first, group.collect()))
    }

    /// Whether somebody is behind and has room. Who has none says so when there is.
    pub(super) fn can_step(&self) -> bool {
        let mut behind = self.all.values().filter(|reader| matches!(reader.standing, Standing::Behind(_)));
        behind.any(|reader| !reader.queue.want_room())
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.queue.end();
    }
}
