//! The corpus as batches of lines: what every side of a comparison takes in.
//!
//! A plain line tells no time, so when a batch arrives decides what is found in a minute. Invariant: each
//! batch arrives at the latest time that a line before it told, so that all who read a corpus here agree on
//! the time of every line. It does not measure what reading costs: the bench `parse` does.

use antler_config::limits::LineLimits;
use antler_events::clock::Timestamp;
use antler_events::line::{LineBatch, LineBatchBuilder};
use anyhow::Context as _;
use bytes::Bytes;

use super::batches;

pub const BATCH_BYTES: usize = 1_000_000;
/// 2026-03-01T08:00:00Z, when the first batch arrives.
const FIRST_ARRIVAL: Timestamp = Timestamp::from_nanos(1_772_352_000_000_000_000);

/// All lines of the corpus, in its order.
pub fn line_batches(corpus: &Bytes) -> impl Iterator<Item = anyhow::Result<LineBatch>> {
    line_batches_of(corpus, BATCH_BYTES)
}

/// The same in batches of about so many bytes.
pub fn line_batches_of(corpus: &Bytes, bytes: usize) -> impl Iterator<Item = anyhow::Result<LineBatch>> {
    let mut arrival = FIRST_ARRIVAL;
    batches(corpus, bytes).into_iter().map(move |bytes| {
        let batch = read(&bytes, arrival)?;
        arrival = batch.lines().filter_map(|line| line.own_timestamp()).fold(arrival, Timestamp::max);
        Ok(batch)
    })
}

fn read(bytes: &[u8], arrival: Timestamp) -> anyhow::Result<LineBatch> {
    let mut builder = LineBatchBuilder::new(LineLimits::default(), arrival);
    builder.reserve(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let shown = || format!("the corpus has a line that is refused: {:?}", String::from_utf8_lossy(line));
        builder.push(line).with_context(shown)?;
    }
    Ok(builder.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_arrives_when_the_last_line_before_it_was_written() {
        let line = |second: u32, bytes: usize| {
            format!("{{\"time\":\"2026-03-01T08:00:{second:02}Z\",\"a\":\"{}\"}}\n", "x".repeat(bytes))
        };
        let corpus =
            [line(7, 600_000), line(3, 600_000), "plain\n".to_owned(), line(9, 1_200_000), line(1, 9)];
        let batches: Vec<LineBatch> =
            line_batches(&corpus[..3].concat().into()).collect::<anyhow::Result<_>>().unwrap();
        let seconds =
            |batch: &LineBatch| (batch.received_at().nanos() - FIRST_ARRIVAL.nanos()) / 1_000_000_000;
        assert_eq!(batches.iter().map(LineBatch::len).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(batches.iter().map(seconds).collect::<Vec<_>>(), [0, 7]);
        assert_eq!(batches[1].line(0).unwrap().timestamp(), batches[1].received_at());
        let refused = line_batches(&corpus[3..].concat().into()).find_map(Result::err).unwrap();
        assert!(refused.to_string().starts_with("the corpus has a line that is refused"), "{refused}");
    }
}
