//! `limit 10`, also `head 10`: the first rows.
//!
//! Invariant: no row is asked for once there are enough.
//! It does not order: after a `sort` the first rows are the greatest or least, and the sort keeps no others.

use super::Pipe;
use super::parse::{Parsed, Reader};

/// What `head` without a number takes.
const HEAD: u32 = 10;

pub(super) fn parse(reader: &mut Reader<'_, '_>) -> Parsed<Pipe> {
    match reader.count() {
        Some(rows) => Ok(Pipe::Limit(rows)),
        None => Err(reader.unexpected("a whole number of rows above 0")),
    }
}

pub(super) fn parse_head(reader: &mut Reader<'_, '_>) -> Parsed<Pipe> {
    if reader.at_end() { Ok(Pipe::Limit(HEAD)) } else { parse(reader) }
}
