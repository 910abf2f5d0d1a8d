//! Lines as messages: one by itself, several together.
//!
//! Invariant: a line has the fields that a search shows of it. A message is whole JSON. It sends nothing.

use antler_actors::live::frame::{FrameForm, TailLine};
use antler_actors::live::seq::Seq;
use antler_events::ids::TenantId;
use antler_projections::index::port::LineId;
use bytes::Bytes;
use serde::Serialize;

use crate::http::search::ComingLine;

/// Messages of the log stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogFrames {
    /// A single line is called `log`.
    Log,
    /// A single line is called `new_log`.
    NewLog,
}

/// Messages that tell of one line each.
#[derive(Debug, Clone, Copy)]
pub(super) struct EventFrames;

/// Writes a line behind others, with a comma between.
pub(super) fn write_line(line: &impl Serialize, out: &mut Vec<u8>) {
    if !out.is_empty() {
        out.push(b',');
    }
    serde_json::to_writer(out, line).expect("a line is a map with text keys, and memory takes it");
}

impl LogFrames {
    pub(super) fn write(self, count: u64, first: Seq, last: Seq, lines: &[u8]) -> Bytes {
        match count {
            1 => single(self.single_name(), first, lines),
            _ => {
                let head =
                    format!(r#"{{"type":"log_batch","count":{count},"first":{first},"last":{last},"data":["#);
                [head.as_bytes(), lines, b"]}"].concat().into()
            }
        }
    }

    fn single_name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::NewLog => "new_log",
        }
    }
}

fn single(name: &str, seq: Seq, line: &[u8]) -> Bytes {
    let head = format!(r#"{{"type":"{name}","seq":{seq},"data":"#);
    [head.as_bytes(), line, b"}"].concat().into()
}

fn write_coming(line: &TailLine<'_>, out: &mut Vec<u8>) {
    let TailLine { partition, seq, batch, line, arrival } = *line;
    let row = u32::try_from(seq.row()).expect("a row has 17 bits");
    let id = LineId { partition, offset: seq.offset(), line: row };
    write_line(&ComingLine { id, batch, line, arrival }, out);
}

impl FrameForm for LogFrames {
    fn name(&self) -> &'static str {
        self.single_name()
    }

    fn line(&self, _tenant: TenantId, line: &TailLine<'_>, out: &mut Vec<u8>) {
        write_coming(line, out);
    }

    fn frame(&self, count: u64, first: Seq, last: Seq, lines: &[u8]) -> Bytes {
        self.write(count, first, last, lines)
    }
}

impl FrameForm for EventFrames {
    fn name(&self) -> &'static str {
        "log_event"
    }

    fn lines_max(&self) -> usize {
        1
    }

    fn line(&self, _tenant: TenantId, line: &TailLine<'_>, out: &mut Vec<u8>) {
        write_coming(line, out);
    }

    fn frame(&self, _count: u64, first: Seq, _last: Seq, lines: &[u8]) -> Bytes {
        single(self.name(), first, lines)
    }
}
