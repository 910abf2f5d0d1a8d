//! Messages of a stream by their sequence.
//!
//! Invariant: a message that was seen once and was not removed is found, though a replica that is asked first may not
//! have it yet. A foreign message is told apart, not skipped. It does not put records together.

use std::sync::Arc;

use async_nats::HeaderMap;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{DirectGetErrorKind, RawMessageErrorKind};
use bytes::Bytes;
use futures_util::future::try_join_all;

use super::partition::Partition;
use super::record::{Assembly, PIECE_HEADER, Piece, RecordFault};
use crate::ids::Offset;

/// Messages that are asked for at once.
pub(super) const WINDOW: u64 = 16;

/// A message of the stream of a partition.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub sequence: u64,
    pub piece: Result<Piece, RecordFault>,
    pub bytes: Bytes,
}

/// The server did not answer, or not what was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[error("NATS does not give message {sequence}: {reason}")]
pub(super) struct NoMessage {
    sequence: u64,
    reason: Arc<str>,
}

/// What the headers of a message say of its piece.
pub(super) fn piece_of(headers: Option<&HeaderMap>) -> Result<Piece, RecordFault> {
    let text = headers.and_then(|headers| headers.get(PIECE_HEADER)).map_or("", |value| value.as_str());
    text.parse()
}

impl Partition {
    /// The first message at or behind a sequence; none if there is none.
    pub(super) async fn message_from(&self, sequence: u64) -> Result<Option<Message>, NoMessage> {
        let subject = self.names.records(self.id);
        match self.stream.direct_get_next_for_subject(subject.as_str(), Some(sequence)).await {
            Ok(message) => Ok(Some(message_of(message))),
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => {
                self.message_of_leader(&subject, sequence).await
            }
            Err(error) => Err(NoMessage { sequence, reason: error.to_string().into() }),
        }
    }

    async fn message_of_leader(&self, subject: &str, sequence: u64) -> Result<Option<Message>, NoMessage> {
        let asked = self.stream.raw_message_builder().sequence(sequence).next_by_subject(subject);
        match asked.send().await {
            Ok(message) => Ok(Some(message_of(message))),
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(NoMessage { sequence, reason: error.to_string().into() }),
        }
    }

    /// The message at a sequence, as the leader of the stream has it.
    pub(super) async fn message_at(&self, sequence: u64) -> Result<Option<Message>, NoMessage> {
        match self.stream.get_raw_message(sequence).await {
            Ok(message) => Ok(Some(message_of(message))),
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(NoMessage { sequence, reason: error.to_string().into() }),
        }
    }

    /// Some messages from a sequence on, in order; none if there are none.
    pub(super) async fn messages_from(&self, sequence: u64, count: u64) -> Result<Vec<Message>, NoMessage> {
        let asks = (sequence..sequence + count.max(1)).map(|sequence| self.message_from(sequence));
        let mut messages: Vec<Message> = try_join_all(asks).await?.into_iter().flatten().collect();
        messages.dedup_by_key(|message| message.sequence);
        Ok(messages)
    }

    /// Takes in all that follows what this node has seen, up to a sequence or the end.
    pub(super) async fn see_all(&self, until: u64) -> Result<(), NoMessage> {
        let (mut assembly, mut sequence) = (Assembly::default(), self.state().settled + 1);
        while sequence <= until {
            let messages = self.messages_from(sequence, WINDOW).await?;
            let Some(last) = messages.last() else { break };
            sequence = last.sequence + 1;
            for message in messages {
                self.see(&mut assembly, message.sequence, message.piece, message.bytes);
            }
        }
        Ok(())
    }

    /// A message at or before the record that holds an offset: the first of a record, if nobody was interrupted there.
    pub(super) async fn sequence_before(&self, offset: Offset) -> Result<u64, NoMessage> {
        let (before, behind) = self.state().places.around(offset);
        let mut found = before.map_or(1, |place| place.sequence);
        let (mut low, mut high) = (found, behind.sequence);
        while high.saturating_sub(low) > WINDOW {
            let middle = low + (high - low) / 2;
            match self.message_from(middle).await? {
                Some(Message { sequence, piece: Ok(piece), .. })
                    if sequence < high && piece.first <= offset =>
                {
                    low = sequence;
                    found = sequence - u64::from(piece.at - 1);
                }
                _ => high = middle,
            }
        }
        Ok(found)
    }
}

fn message_of(message: StreamMessage) -> Message {
    let StreamMessage { sequence, headers, payload, .. } = message;
    Message { sequence, piece: piece_of(Some(&headers)), bytes: payload }
}
