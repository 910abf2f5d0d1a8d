//! Uploaded files: from the bytes of a file to entries that the ingest takes.
//!
//! `unpack` opens what is packed, `charset` makes it UTF-8, `detect` finds out what it is, and `entries` cuts it, by lines
//! (`joining`), values (`json`) or rows (`csv`). `pattern` reads the usual forms of log lines, `time` their times.
//! Invariant: whatever a file holds, memory stays bounded and nothing of it is lost without a word. It opens no socket and
//! no file, writes nothing and knows no tenant: whoever has a file and a place for entries drives it.

mod charset;
mod csv;
mod detect;
pub mod entries;
pub mod entry;
pub mod error;
mod joining;
mod json;
mod kind;
pub mod options;
mod pattern;
pub mod preview;
mod time;
pub mod unpack;
pub mod window;
mod zip;

#[cfg(test)]
mod tests;
