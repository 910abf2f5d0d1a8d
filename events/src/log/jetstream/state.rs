//! What this node knows of a partition: how far it is, and its newest records.
//!
//! Invariant: records are taken in once each and in the order of the stream, whether the writer of this node brings
//! them with the server's word or the follower as others wrote them. It asks nobody.

use std::collections::VecDeque;
use std::sync::Arc;

use super::places::Places;
use super::record::Record;
use crate::ids::Offset;
use crate::log::Bounds;
use crate::log::heads::{Chains, LastOf};
use crate::wire::ChainHash;
use crate::wire::chain::ChainId;

#[derive(Debug)]
pub(super) struct State {
    /// The last message of the stream that was seen, whether it counts or not.
    pub sequence: u64,
    /// The last message of the last record that counts: behind it a reader can begin without having seen more.
    pub settled: u64,
    pub next: Offset,
    /// Line events below this have been truncated.
    pub lines_from: Offset,
    pub chains: Chains,
    pub last_of: LastOf,
    pub places: Places,
    /// Bytes of records since the snapshot that was left last.
    pub bytes_since_snapshot: u64,
    /// Why there will be no more appends.
    pub stopped: Option<Arc<str>>,
    /// Why there are none just now.
    pub away: Option<Arc<str>>,
    pub full: bool,
    recent: VecDeque<Arc<Record>>,
    recent_bytes: usize,
    pub counters: Counters,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Counters {
    pub appends: u64,
    pub events: u64,
    pub refused: u64,
    /// Of this node.
    pub records: u64,
    pub raw_bytes: u64,
    pub stored_bytes: u64,
    /// Times that another node's record came first.
    pub overtaken: u64,
    /// Times that it was not known at first whether a message was taken.
    pub doubts: u64,
    /// Records that are not as they should be.
    pub alarms: u64,
}

/// How far a partition is when this node begins to follow it.
#[derive(Debug)]
pub(super) struct Beginning {
    pub sequence: u64,
    pub next: Offset,
    pub lines_from: Offset,
    pub chains: Chains,
    pub last_of: LastOf,
}

/// A record that does not follow what was there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Alarm {
    #[error("events {expected} to {} are missing before event {found}", found.before())]
    Gap { expected: Offset, found: Offset },
    #[error("event {found} is there twice: event {expected} belongs there")]
    Again { expected: Offset, found: Offset },
    #[error("event {0} does not name the event before it")]
    Chain(Offset),
}

impl State {
    pub(super) fn new(beginning: Beginning, places: Places) -> Self {
        let Beginning { sequence, next, lines_from, chains, last_of } = beginning;
        Self {
            sequence,
            settled: sequence,
            next,
            lines_from,
            chains,
            last_of,
            places,
            bytes_since_snapshot: 0,
            stopped: None,
            away: None,
            full: false,
            recent: VecDeque::new(),
            recent_bytes: 0,
            counters: Counters::default(),
        }
    }

    pub(super) fn bounds(&self) -> Bounds {
        Bounds { lines_from: self.lines_from, next: self.next }
    }

    /// Takes in the record that follows. What is wrong with it is told, and it counts all the same: the order of the
    /// stream is the truth for every node alike. One that stands there twice counts once.
    pub(super) fn take(&mut self, record: Record, recent_bytes_max: usize) -> Option<Alarm> {
        let (first, next) = (record.first(), record.next());
        self.sequence = self.sequence.max(record.ends);
        self.settled = record.ends;
        if first < self.next {
            return Some(Alarm::Again { expected: self.next, found: first });
        }
        let gap = Alarm::Gap { expected: self.next, found: first };
        let mut alarm = (first > self.next).then_some(gap);
        for event in &record.events {
            let chain = ChainId::from(event.envelope.subject);
            let previous = self.chains.insert(chain, event.hash).unwrap_or(ChainHash::START);
            if previous != event.envelope.previous {
                alarm = alarm.or(Some(Alarm::Chain(event.envelope.offset)));
            }
            if event.envelope.subject.kind.is_control() {
                self.last_of.insert(event.envelope.subject, event.envelope.offset);
            }
        }
        self.next = next;
        let bytes = record.bytes.len();
        self.places.note(first, (record.begins, record.ends), next, bytes as u64);
        self.bytes_since_snapshot += bytes as u64;
        self.keep_recent(record, recent_bytes_max);
        alarm
    }

    fn keep_recent(&mut self, record: Record, bytes_max: usize) {
        self.recent_bytes += record.bytes.len();
        self.recent.push_back(Arc::new(record));
        while self.recent_bytes > bytes_max
            && let Some(oldest) = self.recent.pop_front()
        {
            self.recent_bytes -= oldest.bytes.len();
        }
    }

    /// The newest records from an offset on, if that offset is among them, until they hold so many bytes.
    pub(super) fn recent_from(&self, from: Offset, bytes_max: usize) -> Option<Vec<Arc<Record>>> {
        let behind = self.recent.partition_point(|record| record.first() <= from);
        let at = behind.checked_sub(1)?;
        let mut room = bytes_max as u64;
        let mut records = Vec::new();
        for record in self.recent.iter().skip(at) {
            records.push(Arc::clone(record));
            // What a record restores to is what counts for readers.
            let raw: u64 = record.events.iter().map(|event| u64::from(event.envelope.body_raw)).sum();
            let passed = records.len() > 1 || record.first() == from;
            room = room.saturating_sub(if passed { raw } else { 0 });
            if room == 0 {
                break;
            }
        }
        Some(records)
    }
}
