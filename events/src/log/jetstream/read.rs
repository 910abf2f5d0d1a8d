//! Reading a partition: from the newest records in memory, or from the server.
//!
//! Invariant: every event between two events of an answer is either in it or was truncated; what is missing or cannot
//! be read ends an answer and begins the next one as an error. Lines below the truncation are never answered, though
//! the server may still have them.

use std::sync::Arc;

use super::partition::Partition;
use super::pieces::{NoMessage, WINDOW};
use super::record::{Assembly, Event, Record};
use super::snapshot;
use crate::ids::Offset;
use crate::log::body::Restorer;
use crate::log::{Chunk, Damage, ReadError};

pub(super) async fn read(partition: &Partition, from: Offset, bytes_max: usize) -> Result<Chunk, ReadError> {
    let from = from.max(Offset::FIRST);
    let (recent, end, lines_from) = {
        let state = partition.state();
        let recent = if from < state.next { state.recent_from(from, bytes_max) } else { Some(Vec::new()) };
        (recent, state.next, state.lines_from)
    };
    let chunk = Chunk { events: Vec::new(), next: from };
    let mut reading =
        Reading { partition, chunk, end, lines_from, room: bytes_max, restorer: Restorer::new() };
    match recent {
        Some(records) => reading.take_all(&records).await?,
        None => reading.of_server().await?,
    }
    Ok(reading.chunk)
}

struct Reading<'a> {
    partition: &'a Partition,
    /// `next` is the event that is looked for.
    chunk: Chunk,
    /// What is read was there when the reading began.
    end: Offset,
    lines_from: Offset,
    room: usize,
    restorer: Restorer,
}

enum Flow {
    GoOn,
    Stop,
}

impl Reading<'_> {
    async fn take_all(&mut self, records: &[Arc<Record>]) -> Result<(), ReadError> {
        for record in records {
            if let Flow::Stop = self.take(record).await? {
                break;
            }
        }
        Ok(())
    }

    async fn of_server(&mut self) -> Result<(), ReadError> {
        let partition = self.partition;
        let failed = |error: NoMessage| ReadError::Storage {
            partition: partition.id,
            reason: error.to_string().into(),
        };
        let mut sequence = partition.sequence_before(self.chunk.next).await.map_err(failed)?;
        let (mut assembly, mut count) = (Assembly::default(), 1);
        while self.chunk.next < self.end {
            let messages = partition.messages_from(sequence, count).await.map_err(failed)?;
            let Some(last) = messages.last() else { return self.nothing_more().await };
            sequence = last.sequence + 1;
            for message in messages {
                // What is no record was told when it was seen first, and leaves a gap if it was one.
                let taken = message
                    .piece
                    .and_then(|piece| assembly.take(partition.id, message.sequence, piece, message.bytes));
                if let Ok(Some(record)) = taken
                    && let Flow::Stop = self.take(&record).await?
                {
                    return Ok(());
                }
            }
            count = (count * 2).min(WINDOW);
        }
        Ok(())
    }

    /// All that the server still had was read.
    async fn nothing_more(&mut self) -> Result<(), ReadError> {
        match self.missing_before(self.end).await? {
            Flow::GoOn => self.chunk.next = self.chunk.next.max(self.end),
            Flow::Stop => {}
        }
        Ok(())
    }

    async fn take(&mut self, record: &Record) -> Result<Flow, ReadError> {
        if record.next() <= self.chunk.next {
            return Ok(Flow::GoOn);
        }
        if let Flow::Stop = self.missing_before(record.first()).await? {
            return Ok(Flow::Stop);
        }
        for event in &record.events {
            if let Flow::Stop = self.take_event(record, event)? {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::GoOn)
    }

    fn take_event(&mut self, record: &Record, event: &Event) -> Result<Flow, ReadError> {
        let offset = event.envelope.offset;
        if offset < self.chunk.next {
            return Ok(Flow::GoOn);
        }
        if offset < self.lines_from && !event.envelope.subject.kind.is_control() {
            self.chunk.next = offset.plus(1);
            return Ok(Flow::GoOn);
        }
        if offset >= self.end || !self.chunk.events.is_empty() && self.room == 0 {
            return Ok(Flow::Stop);
        }
        match record.restore(event, &mut self.restorer) {
            Ok(recorded) => {
                self.room = self.room.saturating_sub(recorded.body.len());
                self.chunk.events.push(recorded);
                self.chunk.next = offset.plus(1);
                Ok(Flow::GoOn)
            }
            Err(fault) => self.stop_at(self.damage(record.begins, (offset, offset), fault.to_string())),
        }
    }

    /// Whether only truncated lines lie between what is looked for and an event that was found.
    async fn missing_before(&mut self, found: Offset) -> Result<Flow, ReadError> {
        if found <= self.chunk.next.max(self.lines_from) {
            return Ok(Flow::GoOn);
        }
        // Another node may have truncated since.
        let partition = self.partition;
        let failed = |error: snapshot::SnapshotError| ReadError::Storage {
            partition: partition.id,
            reason: error.to_string().into(),
        };
        self.lines_from = snapshot::learn_of_truncation(partition).await.map_err(failed)?;
        let first = self.chunk.next.max(self.lines_from);
        if found <= first {
            return Ok(Flow::GoOn);
        }
        let reason = "the stream does not have them any more".to_owned();
        self.stop_at(self.damage(0, (first, found.before()), reason))
    }

    fn damage(&self, sequence: u64, (first, last): (Offset, Offset), reason: String) -> Damage {
        let file = self.partition.names.stream(self.partition.id);
        Damage { partition: self.partition.id, file, position: sequence, first, last, reason }
    }

    /// Damage before the event that is looked for has been seen by the reader, who decided to go on.
    fn stop_at(&self, damage: Damage) -> Result<Flow, ReadError> {
        if self.chunk.events.is_empty() { Err(ReadError::Damaged(damage)) } else { Ok(Flow::Stop) }
    }
}
