//! Whole lines of an input, about a megabyte at a time.
//!
//! Invariant: every byte of the input is in one batch, and no line in two; a line longer than a batch may be is cut there, so
//! that memory is bounded, and the server says what it thinks of it. It does not send.

use std::io::{self, Read};

use bytes::{Bytes, BytesMut};

const BATCH_BYTES: usize = 1 << 20;
/// The longest line that is sent as one; longer than any server takes.
const LINE_BYTES_MAX: usize = 8 << 20;
const READ_BYTES: usize = 128 << 10;

/// Lines that are sent together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Batch {
    pub bytes: Bytes,
    /// The number of its first line in the input, from 1.
    pub first_line: u64,
    /// Those with something in them.
    pub lines: u64,
}

pub(super) struct Batches {
    input: Box<dyn Read>,
    read: BytesMut,
    has_ended: bool,
    next_line: u64,
}

impl Batches {
    pub(super) fn new(input: Box<dyn Read>) -> Self {
        Self { input, read: BytesMut::new(), has_ended: false, next_line: 1 }
    }

    /// The next lines; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Batch>> {
        loop {
            while !self.has_ended && self.end_of_lines().is_none() && self.read.len() < LINE_BYTES_MAX {
                self.fill()?;
            }
            if self.read.is_empty() {
                return Ok(None);
            }
            let end = self.end_of_lines().unwrap_or(self.read.len());
            let batch = self.split(end);
            if batch.lines > 0 {
                return Ok(Some(batch));
            }
        }
    }

    fn split(&mut self, end: usize) -> Batch {
        let bytes = self.read.split_to(end).freeze();
        let first_line = self.next_line;
        self.next_line += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
        Batch { bytes, first_line, lines: lines as u64 }
    }

    /// The end of the last whole line, once there is a batch of them.
    fn end_of_lines(&self) -> Option<usize> {
        if self.read.len() < BATCH_BYTES {
            return None;
        }
        let in_a_batch = memchr::memrchr(b'\n', &self.read[..BATCH_BYTES]);
        in_a_batch.or_else(|| memchr::memchr(b'\n', &self.read)).map(|end| end + 1)
    }

    fn fill(&mut self) -> io::Result<()> {
        let before = self.read.len();
        self.read.resize(before + READ_BYTES, 0);
        let read = loop {
            match self.input.read(&mut self.read[before..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.read.truncate(before + *read.as_ref().unwrap_or(&0));
        self.has_ended = read? == 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batches(text: &[u8]) -> Vec<Batch> {
        let mut batches = Batches::new(Box::new(io::Cursor::new(text.to_vec())));
        std::iter::from_fn(|| batches.next().unwrap()).collect()
    }

    #[test]
    fn every_line_is_in_one_batch_and_whole() {
        let text: Vec<u8> =
            (0..60_000).flat_map(|n| format!("line {n} of the file, and a bit\n").into_bytes()).collect();
        let found = batches(&text);
        assert_eq!(found.len(), 2);
        assert_eq!(found.iter().flat_map(|batch| batch.bytes.to_vec()).collect::<Vec<_>>(), text);
        assert!(found.iter().all(|batch| batch.bytes.ends_with(b"\n") && batch.bytes.len() <= BATCH_BYTES));
        assert_eq!(found[1].first_line, found[0].lines + 1);
        assert_eq!(found.iter().map(|batch| batch.lines).sum::<u64>(), 60_000);
    }

    #[test]
    fn empty_lines_count_for_places_and_not_as_lines() {
        let found = batches(b"\n\na\n \nb");
        assert_eq!((found.len(), found[0].first_line, found[0].lines), (1, 1, 2));
        assert!(batches(b"\n \n").is_empty() && batches(b"").is_empty());
    }

    #[test]
    fn a_line_without_an_end_is_cut_and_the_rest_goes_on() {
        let mut text = vec![b'x'; LINE_BYTES_MAX + READ_BYTES];
        text.extend_from_slice(b"\nlast\n");
        let found = batches(&text);
        assert!(
            found.len() >= 2 && found.iter().all(|batch| batch.bytes.len() <= LINE_BYTES_MAX + READ_BYTES)
        );
        assert_eq!(found.iter().map(|batch| batch.bytes.len()).sum::<usize>(), text.len());
    }
}
