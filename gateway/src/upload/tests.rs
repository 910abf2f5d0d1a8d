//! Files as users send them, from bytes to entries.
//!
//! Invariant: each case is a whole file with what becomes of each part of it. It does not repeat the tests of the parts.

mod hostile;
mod speed;
mod whole;

use std::io::{Cursor, Read};

use antler_config::ByteSize;
use antler_config::limits::UploadLimits;
use antler_events::clock::Timestamp;

use super::entries::Entries;
use super::entry::Content;
use super::error::UploadError;
use super::options::ReadOptions;
use super::unpack::{Part, Parts};

/// 2026-01-02T03:04:05Z.
const ARRIVAL: Timestamp = Timestamp::from_nanos(1_767_323_045_000_000_000);
const LINE_BYTES_MAX: u32 = 1_000;

fn limits() -> UploadLimits {
    UploadLimits { joined_lines_max: 5, sample_bytes: ByteSize::kib(4), ..UploadLimits::default() }
}

fn options(said: &[(&str, &str)]) -> ReadOptions {
    let mut options = ReadOptions::default();
    for (name, value) in said {
        assert!(options.set(name, value).unwrap(), "{name}");
    }
    options
}

/// Each item as a line: the entry, or what was rejected, and the problem.
fn items(entries: &mut Entries<'_>) -> Result<Vec<String>, UploadError> {
    let mut shown = Vec::new();
    while let Some(item) = entries.next_item()? {
        let problem =
            item.problem.map(|problem| format!(" !{} {}: {}", problem.line, problem.code, problem.message));
        let content = match item.content {
            Content::Entry(json) => {
                assert!(serde_json::from_slice::<serde_json::Value>(json).unwrap().is_object());
                assert!(!json.contains(&b'\n'));
                String::from_utf8(json.to_vec()).unwrap()
            }
            Content::Rejected(raw) => format!("rejected {}", String::from_utf8_lossy(raw)),
        };
        shown.push(content + &problem.unwrap_or_default());
    }
    Ok(shown)
}

/// What becomes of a file that comes in pieces of so many bytes.
fn read_in_pieces(
    name: &str,
    file: &[u8],
    said: &[(&str, &str)],
    piece: usize,
) -> Result<Vec<String>, UploadError> {
    struct Pieces<R>(R, usize);
    impl<R: Read> Read for Pieces<R> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let length = out.len().min(self.1);
            self.0.read(&mut out[..length])
        }
    }
    let mut parts = Parts::open(Cursor::new(file), name, &limits())?;
    let mut found = Vec::new();
    while let Some(part) = parts.next_part()? {
        let reader = Box::new(Pieces(part.reader, piece));
        let part = Part { name: part.name, reader };
        found.extend(items(&mut Entries::open(part, &options(said), &limits(), LINE_BYTES_MAX, ARRIVAL)?)?);
    }
    Ok(found)
}

fn read(name: &str, file: &[u8], said: &[(&str, &str)]) -> Vec<String> {
    read_in_pieces(name, file, said, usize::MAX).unwrap_or_else(|error| vec![error.to_string()])
}

fn check(name: &str, file: &str, said: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(read(name, file.as_bytes(), said), expected, "{file}");
}
