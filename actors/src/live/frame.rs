//! Frames: lines of a tail, written once for all its readers.
//!
//! Invariant: a frame has at least one line and no more lines or bytes than the bounds say, but for a single line that is
//! longer; its lines rise. What a frame looks like is decided by a form, which comes from outside.

use std::sync::Arc;

use antler_events::event::lines::Arrival;
use antler_events::ids::{PartitionId, TenantId};
use antler_events::line::{Line, LineBatch};
use bytes::Bytes;

use super::budget::ReaderBudget;
use super::seq::Seq;

/// Lines as they are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub bytes: Bytes,
    pub lines: u64,
    pub first: Seq,
    pub last: Seq,
}

/// A line that a filter wants.
#[derive(Debug, Clone, Copy)]
pub struct TailLine<'a> {
    pub partition: PartitionId,
    pub seq: Seq,
    pub batch: &'a LineBatch,
    pub line: Line<'a>,
    pub arrival: &'a Arrival,
}

/// What frames look like.
pub trait FrameForm: Send + Sync + std::fmt::Debug + 'static {
    /// Readers of one filter and one form share frames.
    fn name(&self) -> &'static str;

    /// So many lines fit one frame of this form.
    fn lines_max(&self) -> usize {
        usize::MAX
    }

    /// Writes a line behind others of the frame.
    fn line(&self, tenant: TenantId, line: &TailLine<'_>, out: &mut Vec<u8>);

    /// Makes a frame of what was written.
    fn frame(&self, count: u64, first: Seq, last: Seq, lines: &[u8]) -> Bytes;
}

/// Bounds of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameBounds {
    pub lines_max: usize,
    pub bytes_max: usize,
}

/// A frame that is being written.
#[derive(Debug, Default)]
pub struct FrameDraft {
    lines: Vec<u8>,
    count: u64,
    first: Seq,
    last: Seq,
}

impl FrameDraft {
    pub fn push(&mut self, tenant: TenantId, form: &dyn FrameForm, line: &TailLine<'_>) {
        if self.count == 0 {
            self.first = line.seq;
        }
        self.last = line.seq;
        self.count += 1;
        form.line(tenant, line, &mut self.lines);
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn is_full(&self, form: &dyn FrameForm, bounds: FrameBounds) -> bool {
        let lines_max = bounds.lines_max.min(form.lines_max()) as u64;
        self.count >= lines_max || self.lines.len() >= bounds.bytes_max
    }

    /// The frame, if there is a line in it; the next one can be begun then.
    pub fn take(&mut self, form: &dyn FrameForm, budget: &Arc<ReaderBudget>) -> Option<Frame> {
        if self.count == 0 {
            return None;
        }
        let (lines, first, last) = (self.count, self.first, self.last);
        let bytes = budget.charge(form.frame(lines, first, last, &self.lines));
        self.lines.clear();
        self.count = 0;
        Some(Frame { bytes, lines, first, last })
    }
}
