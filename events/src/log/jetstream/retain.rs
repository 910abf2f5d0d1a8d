//! Truncation: records of lines alone go, control events stay.
//!
//! Invariant: no event at or above a reader's hold goes. A snapshot first says where lines begin and what the chains
//! were, then the server removes; so a crash between leaves lines that nobody reads. It cuts in whole records only.

use std::fmt::Display;

use super::partition::Partition;
use super::pieces::{Message, NoMessage, WINDOW};
use super::snapshot;
use crate::ids::Offset;
use crate::log::TruncateError;

/// Where lines are cut: the first offset that stays, and the message it begins at.
#[derive(Debug, Clone, Copy)]
struct Cut {
    offset: Offset,
    sequence: u64,
}

pub(super) async fn truncate(partition: &Partition, below: Offset) -> Result<Offset, TruncateError> {
    let _only_one = partition.shortening.lock().await;
    let failed = |reason: &dyn Display| TruncateError::Storage {
        partition: partition.id,
        reason: reason.to_string().into(),
    };
    let (next, lines_from) = {
        let state = partition.state();
        (state.next, state.lines_from)
    };
    let below = below.min(partition.holds.lowest()).min(next);
    if below <= lines_from {
        return Ok(lines_from);
    }
    let cut = cut_before(partition, below, next).await.map_err(|error| failed(&error))?;
    if cut.offset <= lines_from {
        return Ok(lines_from);
    }
    snapshot::leave(partition, cut.offset).await.map_err(|error| failed(&error))?;
    partition.state().places.cut(cut.offset);
    let lines = partition.names.lines(partition.id);
    let purged = partition.stream.purge().filter(lines).sequence(cut.sequence).await;
    purged.map_err(|error| failed(&error))?;
    Ok(partition.state().lines_from)
}

/// The last beginning of a record at or before an offset.
async fn cut_before(partition: &Partition, offset: Offset, next: Offset) -> Result<Cut, NoMessage> {
    if offset == next {
        let sequence = partition.state().sequence + 1;
        return Ok(Cut { offset, sequence });
    }
    let mut sequence = partition.sequence_before(offset).await?;
    let mut cut = Cut { offset: Offset::FIRST, sequence: 1 };
    loop {
        let messages = partition.messages_from(sequence, WINDOW).await?;
        let Some(last) = messages.last() else { return Ok(cut) };
        sequence = last.sequence + 1;
        for Message { sequence, piece, .. } in messages {
            match piece {
                Ok(piece) if piece.first > offset => return Ok(cut),
                Ok(piece) if piece.at == 1 => cut = Cut { offset: piece.first, sequence },
                _ => {}
            }
        }
    }
}
