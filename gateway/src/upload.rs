//! Uploaded files: from the bytes of a file to entries that the ingest takes.
//!
//! `unpack` opens what is packed, `charset` makes it UTF-8, `detect` finds out what it is, and `entries` cuts it, by lines
//! (`joining`), values (`json`) or rows (`csv`). `pattern` reads the usual forms of log lines, `time` their times.
//! `store` keeps the files as they were sent, and `reader` drives all this for the jobs that have lines written.
//! Invariant: whatever a file holds, memory stays bounded and nothing of it is lost without a word. It opens no socket, and
//! but for those two it opens no file and knows no tenant.

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
pub(crate) mod pattern;
pub mod preview;
pub mod reader;
pub mod store;
mod time;
pub mod unpack;
pub mod window;
mod zip;

#[cfg(test)]
mod tests;
