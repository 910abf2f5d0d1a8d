//! Reading a partition.
//!
//! Invariant: every event between two events of an answer is either in it or was truncated; damage ends an answer
//! and begins the next one as an error. It does not cache: the operating system does.

use std::io;
use std::path::Path;

use super::frame::{Frame, FrameFault, Gap, Step, Walk};
use super::partition::{Partition, Place};
use crate::ids::Offset;
use crate::log::body::Restorer;
use crate::log::{Chunk, Damage, ReadError, Recorded};

/// Blocks on the disk.
pub(super) fn read(partition: &Partition, from: Offset, bytes_max: usize) -> Result<Chunk, ReadError> {
    let from = from.max(Offset::FIRST);
    let chunk = Chunk { events: Vec::new(), next: from };
    let mut reading = Reading { partition, chunk, room: bytes_max, restorer: Restorer::new() };
    while let Some(place) = partition.place_of(reading.chunk.next) {
        if let Flow::Stop = reading.read_segment(place)? {
            break;
        }
    }
    Ok(reading.chunk)
}

enum Flow {
    GoOn,
    Stop,
}

struct Reading<'a> {
    partition: &'a Partition,
    /// `next` is the event that is looked for.
    chunk: Chunk,
    room: usize,
    restorer: Restorer,
}

impl Reading<'_> {
    fn read_segment(&mut self, place: Place) -> Result<Flow, ReadError> {
        let Place { walk, path, base, until } = place;
        if self.chunk.next < base {
            let fault = FrameFault::SegmentMissing;
            let gap = Gap { position: 0, first: self.chunk.next, last: base.before(), fault };
            return self.stop_at(gap.damage(self.partition.id, &path));
        }
        let mut walk = Walk::new(walk);
        loop {
            let flow = match walk.next().map_err(|error| self.storage(&path, &error))? {
                Step::Event(frame) => self.take(&path, &frame)?,
                Step::Gap(gap) => self.meet(gap.damage(self.partition.id, &path))?,
                Step::End => break,
            };
            if let Flow::Stop = flow {
                return Ok(Flow::Stop);
            }
        }
        self.chunk.next = self.chunk.next.max(until);
        Ok(Flow::GoOn)
    }

    fn take(&mut self, path: &Path, frame: &Frame<'_>) -> Result<Flow, ReadError> {
        let offset = frame.envelope.offset;
        if offset < self.chunk.next {
            return Ok(Flow::GoOn);
        }
        if !self.chunk.events.is_empty() && self.room == 0 {
            return Ok(Flow::Stop);
        }
        let body = match self.restorer.restore(&frame.envelope, frame.stored) {
            Ok(body) => body,
            Err(fault) => {
                let fault = fault.into();
                let gap = Gap { position: frame.position, first: offset, last: offset, fault };
                return self.meet(gap.damage(self.partition.id, path));
            }
        };
        self.room = self.room.saturating_sub(body.len());
        self.chunk.events.push(Recorded { envelope: frame.envelope, hash: frame.hash(), body });
        self.chunk.next = offset.plus(1);
        Ok(Flow::GoOn)
    }

    /// Damage before the event that is looked for has been seen by the reader, who decided to go on.
    fn meet(&self, damage: Damage) -> Result<Flow, ReadError> {
        if damage.last < self.chunk.next { Ok(Flow::GoOn) } else { self.stop_at(damage) }
    }

    fn stop_at(&self, damage: Damage) -> Result<Flow, ReadError> {
        if self.chunk.events.is_empty() { Err(ReadError::Damaged(damage)) } else { Ok(Flow::Stop) }
    }

    fn storage(&self, path: &Path, error: &io::Error) -> ReadError {
        let reason = format!("{}: {error}", path.display()).into();
        ReadError::Storage { partition: self.partition.id, reason }
    }
}
