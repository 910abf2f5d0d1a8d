//! Truncation: line events go, control events stay.
//!
//! A full segment is replaced by a compacted one that holds its control events and the last hash of each chain.
//! Invariant: no event at or above a reader's hold goes, and a power cut at any moment leaves the old segment or the
//! new one. A damaged segment is not touched. It cuts in whole segments only.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::active::{index_path, segment_path};
use super::catalogue::DRAFT_ENDING;
use super::frame::{Frame, FrameHeader, Step, Walk};
use super::header::{Compacted, FRAMES_AT, SegmentHeader, encode_carry};
use super::index::{Describes, Index};
use super::partition::{Partition, Segment};
use super::planted::Planted;
use crate::files::{Access, File};
use crate::ids::Offset;
use crate::log::TruncateError;
use crate::log::heads::Chains;

const WRITE_BYTES: usize = 1 << 20;
/// A compacted segment below this part of a full one takes in the next.
const MERGE_PART: u64 = 4;

/// Blocks on the disk.
pub(super) fn truncate(partition: &Partition, below: Offset) -> Result<Offset, TruncateError> {
    let _only_one =
        partition.truncation.lock().expect("a truncation that panicked has left the log as it was");
    let mut done = false;
    while let Some(plan) = Plan::next(partition, below) {
        match compact(partition, &plan) {
            Ok(()) => done = true,
            // What was truncated before is truncated; the next call meets the same obstacle first and names it.
            Err(_) if done => break,
            Err(reason) => {
                return Err(TruncateError::Storage { partition: partition.id, reason: reason.into() });
            }
        }
    }
    Ok(partition.bounds().lines_from)
}

/// The segments that become one.
struct Plan {
    inputs: Vec<Segment>,
    /// The offset that the result reaches up to.
    end: Offset,
}

impl Plan {
    /// The first full segment whose line events may go, and the small compacted one before it.
    fn next(partition: &Partition, below: Offset) -> Option<Self> {
        let state = partition.state();
        let held = partition.holds.lowest();
        let held = if partition.options.planted.is(Planted::HoldIgnored) { Offset::MAX } else { held };
        let at = state.segments.iter().position(|segment| segment.covered.is_none())?;
        let end = state.segments.get(at + 1)?.base;
        if end > below.min(held) {
            return None;
        }
        let small = partition.options.segment_bytes / MERGE_PART;
        let merges = at > 0 && state.segments[at - 1].frames_end < small;
        let first = if merges { at - 1 } else { at };
        Some(Self { inputs: state.segments[first..=at].to_vec(), end })
    }

    fn base(&self) -> Offset {
        self.inputs[0].base
    }
}

fn compact(partition: &Partition, plan: &Plan) -> Result<(), String> {
    let path = segment_path(partition, plan.base());
    let draft_path = path.with_extension(&DRAFT_ENDING[1..]);
    let named = |error: io::Error| format!("{}: {error}", draft_path.display());
    // A draft of an attempt that failed.
    match partition.files.remove(&draft_path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(named(error)),
        _ => {}
    }
    let file: Arc<dyn File> = partition.files.open(&draft_path, Access::Create).map_err(named)?.into();
    let mut draft = Draft::new(partition, Arc::clone(&file), plan.base());
    for (at, input) in plan.inputs.iter().enumerate() {
        let until = plan.inputs.get(at + 1).map_or(plan.end, |next| next.base);
        draft.take_segment(input, until)?;
    }
    let (segment, index, header) = draft.finish(plan.end, &path).map_err(named)?;
    partition.files.rename(&draft_path, &path).map_err(named)?;
    // Not before this: a truncation that was answered must not come back after a power cut.
    partition.files.sync_dir(&partition.dir).map_err(named)?;
    swap(partition, plan, segment);
    let size = file.size().map_err(named)?;
    leave_index(partition, &index, Describes { header: header.fingerprint(), size }, plan.base());
    remove_replaced(partition, plan).map_err(named)
}

/// The compacted segment while it is written.
struct Draft<'a> {
    partition: &'a Partition,
    file: Arc<dyn File>,
    base: Offset,
    index: Index,
    carried: Chains,
    /// Bytes that are in the file.
    length: u64,
    buffer: Vec<u8>,
}

impl<'a> Draft<'a> {
    fn new(partition: &'a Partition, file: Arc<dyn File>, base: Offset) -> Self {
        let index = Index::new(base);
        Self { partition, file, base, index, carried: Chains::new(), length: FRAMES_AT, buffer: Vec::new() }
    }

    fn take_segment(&mut self, input: &Segment, until: Offset) -> Result<(), String> {
        let named = |error: io::Error| format!("{}: {error}", input.path.display());
        let mut walk = Walk::new(input.walk_from(self.partition, input.base, until));
        loop {
            match walk.next().map_err(named)? {
                Step::Event(frame) => self.take_frame(&frame).map_err(named)?,
                Step::Gap(gap) => return Err(gap.damage(self.partition.id, &input.path).to_string()),
                Step::End => break,
            }
        }
        if input.covered.is_some() {
            let header = SegmentHeader::load(&*input.file, self.partition.id, input.base).map_err(named)?;
            let carried =
                header.map_err(|fault| format!("{}: {fault}", input.path.display()))?.carry(&*input.file);
            let damaged = || format!("{}: the carried hashes are damaged", input.path.display());
            self.carried.extend(carried.map_err(named)?.ok_or_else(damaged)?);
        }
        Ok(())
    }

    fn take_frame(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.carried.insert(frame.envelope.subject.into(), frame.hash());
        let gone = self.partition.options.planted.is(Planted::ControlTruncated);
        if !frame.envelope.subject.kind.is_control() || gone {
            return Ok(());
        }
        let position = self.length + self.buffer.len() as u64;
        let header = FrameHeader { durable_through: 0, follows: 0, ..frame.header };
        header.encode(&mut self.buffer);
        self.buffer.extend_from_slice(frame.envelope_bytes);
        self.buffer.extend_from_slice(frame.stored);
        let options = &self.partition.options;
        self.index.note_frame(&Frame { position, ..*frame }, options.index_every_bytes, options.planted);
        if self.buffer.len() >= WRITE_BYTES { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> io::Result<()> {
        self.file.write_at(self.length, &self.buffer)?;
        self.length += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// The header comes last, when everything it speaks of is there.
    fn finish(mut self, end: Offset, path: &Path) -> io::Result<(Segment, Index, SegmentHeader)> {
        self.write()?;
        let carry = encode_carry(&self.carried).map_err(io::Error::other)?;
        self.file.write_at(self.length, &carry)?;
        let compacted = Compacted { end, frames_end: self.length, carry_bytes: carry.len() as u32 };
        let header =
            SegmentHeader { partition: self.partition.id, base: self.base, compacted: Some(compacted) };
        self.file.write_at(0, &header.encode())?;
        self.file.sync()?;
        self.index.next = end;
        self.index.chains.extend(self.carried);
        let segment = Segment {
            base: self.base,
            covered: Some(end),
            path: path.to_owned(),
            file: self.file,
            frames_end: self.length,
            entries: self.index.entries.clone(),
        };
        Ok((segment, self.index, header))
    }
}

fn swap(partition: &Partition, plan: &Plan, segment: Segment) {
    let mut state = partition.state();
    let at =
        state.segments.iter().position(|other| other.base == plan.base()).expect("only truncation removes");
    state.segments.splice(at..at + plan.inputs.len(), [segment]);
}

fn leave_index(partition: &Partition, index: &Index, describes: Describes, base: Offset) {
    if let Err(error) = index.save(&*partition.files, &index_path(partition, base), describes) {
        tracing::warn!(partition = %partition.id, %error, "the index of a segment is not written");
    }
}

/// Files that the compacted segment stands for; an open removes what stays behind here.
fn remove_replaced(partition: &Partition, plan: &Plan) -> io::Result<()> {
    for input in &plan.inputs[1..] {
        for path in [index_path(partition, input.base), input.path.clone()] {
            match partition.files.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}
