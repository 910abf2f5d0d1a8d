//! The end of the segment that was being written: what a crash left half done.
//!
//! Invariant: bytes are torn only if nothing proves that they were durable once, and an append is kept whole or
//! not at all. It changes no file but to write the same bytes again.

use std::io;

use super::catalogue::Listed;
use super::frame::{Step, Walk, WalkFrom};
use super::header::{FRAMES_AT, HeaderFault};
use super::watermark::Watermark;
use crate::files::{File, read_full};
use crate::ids::{Offset, PartitionId};

const COPY_BYTES: u64 = 1 << 20;

/// Where the good part of the file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tail {
    pub keep: u64,
    /// Where the last frame that is kept begins.
    pub last_frame: u64,
}

/// A place where the file may have to end.
#[derive(Clone, Copy)]
struct Candidate {
    position: u64,
    last_frame: u64,
    /// Where an append begins whose last events are missing.
    open_append: Option<u64>,
}

/// `proven` bytes were durable according to the watermark; later frames may prove more.
/// The inner error names frames of another version, which must not be cut.
pub(super) fn find(from: WalkFrom, proven: u64) -> io::Result<Result<Tail, String>> {
    let end = from.end;
    let mut proven = proven;
    let half_appends_stay = from.planted.is(super::Planted::HalfAppendKept);
    let mut now = Candidate { position: from.position, last_frame: from.position, open_append: None };
    let mut candidates = Vec::new();
    let mut walk = Walk::new(from);
    loop {
        match walk.next()? {
            Step::Event(frame) => {
                proven = proven.max(frame.header.durable_through);
                now.last_frame = frame.position;
                now.position = frame.end();
                now.open_append =
                    if frame.header.follows == 0 { None } else { now.open_append.or(Some(frame.position)) };
            }
            Step::Gap(gap) => {
                if let Some(reason) = gap.fault.other_version() {
                    return Ok(Err(reason));
                }
                candidates.push(Candidate { position: gap.position, ..now });
                now.open_append = None;
            }
            Step::End => break,
        }
    }
    // Damage that reaches to the end: what was durable once stays as it is.
    let behind = Candidate { position: now.position.max(proven.min(end)), ..now };
    candidates.push(behind);
    let torn = candidates.iter().find(|candidate| candidate.position >= proven).unwrap_or(&behind);
    let whole = torn.open_append.filter(|start| *start >= proven && !half_appends_stay);
    Ok(Ok(Tail { keep: whole.unwrap_or(torn.position), last_frame: torn.last_frame }))
}

/// A segment whose making a crash interrupted: no header, no frame, and the watermark does not know it.
pub(super) fn was_never_used(
    last: &Listed,
    partition: PartitionId,
    watermark: &Watermark,
) -> io::Result<bool> {
    let headless = matches!(&last.header, Err(fault) if !matches!(fault, HeaderFault::Layout(_)));
    if !headless || watermark.base >= last.base {
        return Ok(false);
    }
    let from = WalkFrom {
        partition,
        file: std::sync::Arc::clone(&last.file),
        position: FRAMES_AT,
        end: last.size,
        expected: last.base,
        until: Offset::ZERO,
        covered: None,
        planted: super::Planted::None,
    };
    let mut walk = Walk::new(from);
    loop {
        match walk.next()? {
            Step::Event(_) => return Ok(false),
            Step::Gap(_) => {}
            Step::End => return Ok(true),
        }
    }
}

/// Reads and writes the same bytes, so that the next sync covers them.
pub(super) fn write_again(file: &dyn File, from: u64, end: u64) -> io::Result<()> {
    let mut position = from;
    let mut bytes = Vec::new();
    while position < end {
        bytes.resize((end - position).min(COPY_BYTES) as usize, 0);
        let filled = read_full(file, position, &mut bytes)?;
        file.write_at(position, &bytes[..filled])?;
        position += (filled as u64).max(1);
    }
    Ok(())
}
