//! The lines of a page cut into what is written together: those that came in the same way.
//!
//! Invariant: the same page is always cut in the same way, so that a piece that was written is known again; each line is in
//! one piece, with its own time of arrival. It writes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use antler_actors::ingest_shard::Arrived;
use antler_config::limits::LineLimits;
use antler_events::clock::Timestamp;
use antler_events::event::lines::Arrival;
use antler_events::line::{LineBatch, LineBatchBuilder};

use super::form::LineRecord;

/// A piece is closed when it has so many bytes of lines, so many lines, or so many batches.
const PIECE_BYTES: usize = 1 << 20;
const PIECE_LINES: usize = 5_000;
const PIECE_BATCHES: usize = 500;

/// A piece that grows.
struct Growing {
    arrival: Arc<Arrival>,
    batches: Vec<Arc<LineBatch>>,
    bytes: usize,
    lines: usize,
}

/// All pieces of a page, each of lines that are written together, and how many lines are too long to be taken.
pub(super) fn pieces(records: &[LineRecord]) -> (Vec<Arrived>, u64) {
    let mut ways: BTreeMap<String, BTreeMap<Timestamp, Vec<&LineRecord>>> = BTreeMap::new();
    for record in records {
        let way = serde_json::to_string(&(&record.protocol, &record.origin, &record.defaults));
        let way = way.expect("it has only texts and lists");
        ways.entry(way).or_default().entry(record.received_at()).or_default().push(record);
    }
    let (mut pieces, mut refused) = (Vec::new(), 0);
    for times in ways.into_values() {
        let arrival = times.values().flatten().next().map(|record| Arc::new(record.arrival()));
        let Some(arrival) = arrival else { continue };
        let mut growing = Growing::new(arrival);
        for (received_at, records) in times {
            refused += growing.add(received_at, &records, &mut pieces);
        }
        growing.close(&mut pieces);
    }
    (pieces, refused)
}

impl Growing {
    fn new(arrival: Arc<Arrival>) -> Self {
        Self { arrival, batches: Vec::new(), bytes: 0, lines: 0 }
    }

    /// Adds lines that arrived together; says how many cannot be taken.
    fn add(&mut self, received_at: Timestamp, records: &[&LineRecord], pieces: &mut Vec<Arrived>) -> u64 {
        let new = || LineBatchBuilder::new(LineLimits::default().for_lines_taken_before(), received_at);
        let (mut builder, mut refused) = (new(), 0);
        for record in records {
            let taken = record.raw().is_some_and(|raw| builder.push_again(&raw, record.plain).is_ok());
            refused += u64::from(!taken);
            let (bytes, lines) = (self.bytes + builder.bytes(), self.lines + builder.len());
            if bytes >= PIECE_BYTES || lines >= PIECE_LINES {
                self.push(std::mem::replace(&mut builder, new()));
                self.close(pieces);
            }
        }
        self.push(builder);
        if self.batches.len() >= PIECE_BATCHES {
            self.close(pieces);
        }
        refused
    }

    fn push(&mut self, builder: LineBatchBuilder) {
        if builder.is_empty() {
            return;
        }
        (self.bytes, self.lines) = (self.bytes + builder.bytes(), self.lines + builder.len());
        self.batches.push(Arc::new(builder.finish()));
    }

    fn close(&mut self, pieces: &mut Vec<Arrived>) {
        let arrival = Arc::clone(&self.arrival);
        let Self { arrival, batches, .. } = std::mem::replace(self, Self::new(arrival));
        if !batches.is_empty() {
            pieces.push(Arrived { batches, arrival, ..Arrived::default() });
        }
    }
}
