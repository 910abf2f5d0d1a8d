//! Cursors: where a page ended, as a text that a client gives back.
//!
//! Written in hexadecimal digits: version, the moment the first page was asked for, the fingerprint of the
//! question, the line, and a check of all that. Invariant: a text that was changed, or that is of another
//! question, is refused with the reason; it gives no access to anything, because the tenant comes from elsewhere.
//! It is not encrypted, and it holds nothing but numbers.

use std::fmt;

use antler_events::clock::Timestamp;
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::query::tree::Filter;

use super::line::{LineId, Position};
use super::search::{Order, Period};

const VERSION: u8 = 1;
const CHECK_BYTES: usize = 4;
const BYTES: usize = 1 + 8 + 8 + 8 + 2 + 8 + 4 + CHECK_BYTES;

/// Where to go on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    asked_at: Timestamp,
    fingerprint: Fingerprint,
    behind: Position,
}

/// Tells questions apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 8]);

/// Why a cursor cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    #[error("the cursor is not one that was given out: use `next_cursor` of an answer as it is")]
    Damaged,
    #[error("the cursor is of version {0}, which is not known here: ask for the first page again")]
    Version(u8),
    #[error("the cursor belongs to another question: filter, time and order must be those of its first page")]
    OtherQuery,
}

impl Cursor {
    pub(super) fn new(asked_at: Timestamp, fingerprint: Fingerprint, behind: Position) -> Self {
        Self { asked_at, fingerprint, behind }
    }

    /// The moment that relative times of the question are counted from, so that it is the same question again.
    pub fn asked_at(&self) -> Timestamp {
        self.asked_at
    }

    /// Reads what `Display` wrote.
    pub fn parse(text: &str) -> Result<Self, CursorError> {
        let bytes = from_hex(text).ok_or(CursorError::Damaged)?;
        let (said, check) = bytes.split_at(BYTES - CHECK_BYTES);
        if check != check_of(said) {
            return Err(CursorError::Damaged);
        }
        if said[0] != VERSION {
            return Err(CursorError::Version(said[0]));
        }
        Self::read(&said[1..]).ok_or(CursorError::Damaged)
    }

    fn read(mut said: &[u8]) -> Option<Self> {
        let asked_at = Timestamp::from_nanos(i64::from_be_bytes(take(&mut said)?));
        let fingerprint = Fingerprint(take(&mut said)?);
        let time = Timestamp::from_nanos(i64::from_be_bytes(take(&mut said)?));
        let partition = PartitionId::new(u16::from_be_bytes(take(&mut said)?));
        let offset = Offset::new(u64::from_be_bytes(take(&mut said)?));
        let line = u32::from_be_bytes(take(&mut said)?);
        Some(Self {
            asked_at,
            fingerprint,
            behind: Position { time, id: LineId { partition, offset, line } },
        })
    }

    /// The line behind which to go on, if the cursor is of this question.
    pub(super) fn open(&self, question: Fingerprint) -> Result<Position, CursorError> {
        if self.fingerprint == question { Ok(self.behind) } else { Err(CursorError::OtherQuery) }
    }
}

impl Fingerprint {
    pub(super) fn of(tenant: TenantId, filter: &Filter, period: Period, order: Order) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[tenant.as_str().len() as u8]);
        hasher.update(tenant.as_str().as_bytes());
        hasher.update(&period.first.nanos().to_be_bytes());
        hasher.update(&period.last.nanos().to_be_bytes());
        hasher.update(&[u8::from(order == Order::OldestFirst)]);
        // Not as it is printed: one text may stand for two filters.
        hasher.update(format!("{filter:?}").as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        Self(first)
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

fn check_of(said: &[u8]) -> [u8; CHECK_BYTES] {
    crc32fast::hash(said).to_be_bytes()
}

fn from_hex(text: &str) -> Option<[u8; BYTES]> {
    if text.len() != BYTES * 2 {
        return None;
    }
    let mut bytes = [0; BYTES];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().as_chunks::<2>().0) {
        *byte = digit(digits[0])? << 4 | digit(digits[1])?;
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LineId { partition, offset, line } = self.behind.id;
        let mut said = vec![VERSION];
        said.extend_from_slice(&self.asked_at.nanos().to_be_bytes());
        said.extend_from_slice(&self.fingerprint.0);
        said.extend_from_slice(&self.behind.time.nanos().to_be_bytes());
        said.extend_from_slice(&partition.number().to_be_bytes());
        said.extend_from_slice(&offset.number().to_be_bytes());
        said.extend_from_slice(&line.to_be_bytes());
        let check = check_of(&said);
        said.iter().chain(&check).try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Cursor({:?})", self.behind)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Fingerprint({:016x})", u64::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use antler_events::query::tree::{FieldName, Test};

    use super::*;

    fn tenant(name: &str) -> TenantId {
        TenantId::parse(name).unwrap()
    }

    fn position() -> Position {
        let id = LineId { partition: PartitionId::new(3), offset: Offset::new(1 << 40), line: 7 };
        Position { time: Timestamp::from_nanos(-5), id }
    }

    fn cursor() -> Cursor {
        let question = Fingerprint::of(tenant("acme"), &Filter::All, Period::ALWAYS, Order::NewestFirst);
        Cursor::new(Timestamp::from_nanos(9), question, position())
    }

    #[test]
    fn a_cursor_survives_its_text() {
        let text = cursor().to_string();
        assert_eq!(text.len(), 2 * BYTES);
        assert_eq!(Cursor::parse(&text), Ok(cursor()));
        assert_eq!(cursor().asked_at(), Timestamp::from_nanos(9));
    }

    #[test]
    fn a_changed_text_is_refused() {
        let text = cursor().to_string();
        for at in 0..text.len() {
            for other in ["0", "f", "F", "g", "\u{e9}"] {
                let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
                assert!(changed == text || Cursor::parse(&changed).is_err(), "{changed}");
            }
            assert_eq!(Cursor::parse(&text[..at]), Err(CursorError::Damaged));
        }
        assert_eq!(Cursor::parse(&"0".repeat(1 << 20)), Err(CursorError::Damaged));
    }

    #[test]
    fn a_text_of_another_version_says_so() {
        let mut said = from_hex(&cursor().to_string()).unwrap();
        said[0] = 2;
        let check = check_of(&said[..BYTES - CHECK_BYTES]);
        said[BYTES - CHECK_BYTES..].copy_from_slice(&check);
        let text: String = said.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(Cursor::parse(&text), Err(CursorError::Version(2)));
    }

    #[test]
    fn a_cursor_opens_its_own_question_only() {
        let (acme, all, newest) = (tenant("acme"), Filter::All, Order::NewestFirst);
        let check = |tenant, filter: &Filter, period, order, expected| {
            let question = Fingerprint::of(tenant, filter, period, order);
            assert_eq!(cursor().open(question), expected, "{filter:?} {period:?} {order:?}");
        };
        let other = || Err(CursorError::OtherQuery);
        check(acme, &all, Period::ALWAYS, newest, Ok(position()));
        check(tenant("acme2"), &all, Period::ALWAYS, newest, other());
        check(acme, &Filter::is(FieldName::Any, Test::Exists), Period::ALWAYS, newest, other());
        let period = Period { first: Timestamp::from_nanos(0), ..Period::ALWAYS };
        check(acme, &all, period, newest, other());
        check(acme, &all, Period::ALWAYS, Order::OldestFirst, other());
    }
}
