//! The writer of a partition: turns what waits on this node into one record, and has it stored.
//!
//! Invariant: one record of this node is on its way at a time. Each of its messages names the sequence that it must
//! follow, so it is stored there or nowhere: after a silence the server is asked what stands there, as long as it takes.
//! An append is answered when its record is stored, or when it is certain that it is not; only a stop that cannot
//! reach the server leaves it unknown, and then nothing more is taken.

use std::error::Error as _;
use std::sync::Arc;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use tokio::sync::mpsc::UnboundedReceiver;

use super::follower::look_back;
use super::partition::Partition;
use super::record::{Draft, PIECE_HEADER, Piece, Record};
use super::snapshot;
use crate::ids::Offset;
use crate::log::heads::{Chains, LastOf};
use crate::log::pending::Pending;
use crate::log::{AppendError, Appended};
use crate::wire::ChainHash;
use crate::wire::chain::ChainId;

/// After so many silences in a row who appends is told instead of kept waiting.
const SILENCES_MAX: u32 = 2;

/// Writes until the log is closed and nothing waits any more.
pub(super) async fn write(partition: Arc<Partition>, mut queue: UnboundedReceiver<Pending>) {
    let mut writer = Writer { partition: &partition, tried: 0 };
    while let Some(batch) = writer.gather(&mut queue).await {
        writer.commit(batch, &mut queue).await;
    }
    let has_news = partition.state().bytes_since_snapshot > 0;
    if has_news && partition.state().stopped.is_none() {
        writer.leave_snapshot().await;
    }
    partition.progress.send_modify(|progress| progress.ended = true);
}

struct Writer<'a> {
    partition: &'a Partition,
    /// Records that were tried.
    tried: u64,
}

/// A record that is laid out behind what is known.
struct Staged {
    verdicts: Vec<Result<Appended, AppendError>>,
    record: Record,
    pieces: Vec<Bytes>,
}

/// What became of a record.
enum Outcome {
    Stored,
    /// Another node's message stands where it should.
    Overtaken,
    Refused(AppendError),
    Unknown(Arc<str>),
}

/// What stands at the sequence that a message named.
enum Standing {
    Ours,
    Another,
    Nothing,
}

impl Writer<'_> {
    /// What is one record: what waits, and what comes while it lingers, as far as there is room.
    async fn gather(&self, queue: &mut UnboundedReceiver<Pending>) -> Option<Vec<Pending>> {
        let first = tokio::select! {
            biased;
            first = queue.recv() => first?,
            () = self.partition.closed() => {
                queue.close();
                queue.recv().await?
            }
        };
        let enough = self.partition.options.commit_bytes;
        let mut bytes = first.stored_bytes();
        let mut batch = vec![first];
        let company = async {
            while bytes < enough {
                let Some(more) = queue.recv().await else { break };
                bytes += more.stored_bytes();
                batch.push(more);
            }
        };
        // Who lingers too long goes alone.
        tokio::time::timeout(self.partition.options.linger, company).await.ok();
        Some(batch)
    }

    /// Control events and lines alone lie in records of their own, so that lines can go one day.
    async fn commit(&mut self, batch: Vec<Pending>, queue: &mut UnboundedReceiver<Pending>) {
        let has_control =
            |append: &Pending| append.events.iter().any(|event| event.subject.kind.is_control());
        let (control, lines): (Vec<_>, Vec<_>) = batch.into_iter().partition(has_control);
        let names = &self.partition.names;
        let id = self.partition.id;
        for (group, subject) in [(control, names.control(id)), (lines, names.lines(id))] {
            if !group.is_empty() {
                self.record(group, &subject, queue).await;
            }
        }
        if self.partition.state().bytes_since_snapshot >= self.partition.options.snapshot_bytes {
            self.leave_snapshot().await;
        }
    }

    async fn leave_snapshot(&self) {
        let _only_one = self.partition.shortening.lock().await;
        if let Err(error) = snapshot::leave(self.partition, Offset::FIRST).await {
            tracing::warn!(partition = %self.partition.id, %error, "no snapshot of the log is left; a start has more to read");
            // Not tried again with each record.
            self.partition.state().bytes_since_snapshot = 0;
        }
    }

    async fn record(&mut self, group: Vec<Pending>, subject: &str, queue: &mut UnboundedReceiver<Pending>) {
        loop {
            if self.partition.state().stopped.is_some() {
                return self.refuse(group, &self.partition.stopped());
            }
            let (staged, last) = self.stage(&group);
            if staged.pieces.is_empty() {
                return self.answer(group, staged.verdicts);
            }
            match self.store(subject, &staged, last, queue).await {
                Outcome::Stored => {
                    self.partition.take(staged.record);
                    return self.answer(group, staged.verdicts);
                }
                Outcome::Overtaken => self.catch_up(last).await,
                Outcome::Refused(error) => return self.refuse(group, &error),
                Outcome::Unknown(reason) => {
                    self.partition.state().stopped = Some(Arc::clone(&reason));
                    return self.refuse(group, &AppendError::Unknown { reason });
                }
            }
        }
    }

    /// Lays a record out; answers, too, behind which message.
    fn stage(&self, group: &[Pending]) -> (Staged, u64) {
        let state = self.partition.state();
        let (mut chains, mut last_of, mut next) = (Chains::new(), LastOf::new(), state.next);
        let mut draft = Draft::default();
        let mut verdicts = Vec::with_capacity(group.len());
        for append in group {
            if let Some(conflict) = append.conflict(&last_of, &state.last_of) {
                verdicts.push(Err(conflict));
                continue;
            }
            let (first, mut hash) = (next, ChainHash::START);
            for event in &append.events {
                let chain = ChainId::from(event.subject);
                let previous = chains.get(&chain).or_else(|| state.chains.get(&chain)).copied();
                let envelope = event.envelope(self.partition.id, next, previous.unwrap_or_default());
                hash = draft.push(event, envelope);
                chains.insert(chain, hash);
                if event.subject.kind.is_control() {
                    last_of.insert(event.subject, next);
                }
                next = next.plus(1);
            }
            verdicts.push(Ok(Appended { partition: self.partition.id, first, last: next.before(), hash }));
        }
        let last = state.sequence;
        drop(state);
        let (record, pieces) = draft.finish(last, self.partition.piece_bytes);
        (Staged { verdicts, record, pieces }, last)
    }

    async fn store(
        &mut self,
        subject: &str,
        staged: &Staged,
        last: u64,
        queue: &mut UnboundedReceiver<Pending>,
    ) -> Outcome {
        self.tried += 1;
        let of = staged.pieces.len() as u32;
        for (at, bytes) in staged.pieces.iter().enumerate() {
            let (writer, number) = (self.partition.options.writer, self.tried);
            let piece = Piece { writer, number, first: staged.record.first(), at: at as u32 + 1, of };
            match self.store_piece(subject, piece, bytes, last + at as u64, queue).await {
                Outcome::Stored => {}
                other => return other,
            }
        }
        Outcome::Stored
    }

    /// Has a message stored behind the sequence `last`, or finds out that it never will be.
    async fn store_piece(
        &self,
        subject: &str,
        piece: Piece,
        bytes: &Bytes,
        last: u64,
        queue: &mut UnboundedReceiver<Pending>,
    ) -> Outcome {
        let mut silences = 0;
        loop {
            if silences == 0 && !self.partition.is_connected() {
                return self.refused_for_now("the connection to NATS is lost; it is tried again".to_owned());
            }
            let error = match self.publish(subject, piece, bytes, last).await {
                Ok(sequence) if sequence == last + 1 => {
                    self.partition.state().away = None;
                    self.partition.state().full = false;
                    return Outcome::Stored;
                }
                Ok(sequence) => return Outcome::Unknown(misplaced(piece, sequence, last).into()),
                Err(error) => error,
            };
            match (error.kind(), refusal(&error)) {
                (PublishErrorKind::WrongLastSequence, _) if silences == 0 => return Outcome::Overtaken,
                (PublishErrorKind::WrongLastSequence, _) => {}
                (_, Some(code)) => return self.refused(code, &error),
                (PublishErrorKind::MaxPayloadExceeded, _) => return self.refused_for_now(error.to_string()),
                _ => {}
            }
            silences += 1;
            match self.standing(piece, last + 1).await {
                Ok(Standing::Ours) => {
                    self.partition.state().away = None;
                    return Outcome::Stored;
                }
                Ok(Standing::Another) => return Outcome::Overtaken,
                // It is sent again, and again it can stand in this one place only.
                Ok(Standing::Nothing) => {}
                Err(_) if self.partition.is_closed() => {
                    return Outcome::Unknown(format!("NATS did not answer before the stop: {error}").into());
                }
                Err(reason) if silences >= SILENCES_MAX => self.keep_away(&reason, queue),
                Err(_) => {}
            }
            self.partition.pause().await;
        }
    }

    async fn publish(
        &self,
        subject: &str,
        piece: Piece,
        bytes: &Bytes,
        last: u64,
    ) -> Result<u64, PublishError> {
        let message = PublishMessage::build()
            .header(PIECE_HEADER, piece.header())
            .message_id(piece.message_id())
            .expected_last_sequence(last)
            .payload(bytes.clone());
        let answer = self.partition.context.send_publish(subject.to_owned(), message).await?;
        Ok(answer.await?.sequence)
    }

    async fn standing(&self, piece: Piece, sequence: u64) -> Result<Standing, String> {
        self.partition.state().counters.doubts += 1;
        match self.partition.message_at(sequence).await {
            Ok(Some(message)) if message.piece == Ok(piece) => Ok(Standing::Ours),
            Ok(Some(_)) => Ok(Standing::Another),
            Ok(None) => Ok(Standing::Nothing),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Whoever waits behind a record in doubt is told, and who comes is until the server answers again.
    fn keep_away(&self, reason: &str, queue: &mut UnboundedReceiver<Pending>) {
        let reason: Arc<str> = reason.into();
        let before = self.partition.state().away.replace(Arc::clone(&reason));
        if before.is_none() {
            tracing::warn!(partition = %self.partition.id, %reason, "NATS does not answer; appends are refused meanwhile");
        }
        let error = AppendError::Away { partition: self.partition.id, reason };
        while let Ok(waiting) = queue.try_recv() {
            self.refuse(vec![waiting], &error);
        }
    }

    /// Another node's messages come to this one by its follower, too, but who writes does not wait for that.
    async fn catch_up(&self, last: u64) {
        self.partition.state().counters.overtaken += 1;
        let caught_up = match self.partition.see_all(u64::MAX).await {
            Ok(()) if self.partition.state().sequence > last => return,
            Ok(()) => look_back(self.partition, last).await,
            Err(error) => Err(error.to_string()),
        };
        if let Err(reason) = caught_up {
            tracing::warn!(partition = %self.partition.id, %reason, "what another node wrote is not seen yet");
        }
        self.partition.pause().await;
    }

    fn refused(&self, code: ErrorCode, error: &PublishError) -> Outcome {
        let full = [
            ErrorCode::STREAM_STORE_FAILED,
            ErrorCode::INSUFFICIENT_RESOURCES,
            ErrorCode::STORAGE_RESOURCES_EXCEEDED,
            ErrorCode::ACCOUNT_RESOURCES_EXCEEDED,
        ];
        if !full.contains(&code) {
            return self.refused_for_now(error.to_string());
        }
        self.partition.state().full = true;
        tracing::warn!(partition = %self.partition.id, %error, "NATS has no room; appends are refused");
        Outcome::Refused(AppendError::DiskFull)
    }

    fn refused_for_now(&self, reason: String) -> Outcome {
        Outcome::Refused(AppendError::Away { partition: self.partition.id, reason: reason.into() })
    }

    fn answer(&self, group: Vec<Pending>, verdicts: Vec<Result<Appended, AppendError>>) {
        let mut state = self.partition.state();
        let counters = &mut state.counters;
        counters.records += 1;
        for (append, verdict) in group.iter().zip(&verdicts) {
            match verdict {
                Ok(_) => {
                    counters.appends += 1;
                    counters.events += append.events.len() as u64;
                    counters.raw_bytes +=
                        append.events.iter().map(|event| u64::from(event.raw_bytes)).sum::<u64>();
                    counters.stored_bytes += append.stored_bytes() as u64;
                }
                Err(_) => counters.refused += 1,
            }
        }
        drop(state);
        for (append, verdict) in group.into_iter().zip(verdicts) {
            // A sender that went away does not want its answer.
            append.answer.send(verdict).ok();
        }
    }

    fn refuse(&self, group: Vec<Pending>, error: &AppendError) {
        self.partition.state().counters.refused += group.len() as u64;
        for append in group {
            append.answer.send(Err(error.clone())).ok();
        }
    }
}

/// What the server itself says of a message that it did not take.
fn refusal(error: &PublishError) -> Option<ErrorCode> {
    let source = error.source()?.downcast_ref::<async_nats::jetstream::Error>()?;
    Some(source.error_code())
}

fn misplaced(piece: Piece, sequence: u64, last: u64) -> String {
    let id = piece.message_id();
    format!("NATS put message {id} at {sequence}, though it was to follow {last}")
}
