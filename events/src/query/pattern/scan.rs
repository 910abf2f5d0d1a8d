//! Where the variables of a text are.
//!
//! A token that has a digit is a variable, and so are lower-case UUIDs and IPv4 addresses that stand alone.
//! Invariant: a column of templates cuts every text at the same places, which its tests prove.
//! It does not keep the variables.

use super::form::{FormBuilder, Hole};
use crate::query::text::is_token_byte;

/// More digits are no number.
const DIGITS_MAX: usize = 18;
const UUID_BYTES: usize = 36;
/// Where in a UUID its second part begins.
const UUID_SECOND: usize = 9;

/// Gives a text in pieces.
pub(super) fn scan(text: &[u8], form: &mut FormBuilder) {
    let (mut literal, mut at) = (0, 0);
    while at < text.len() {
        let length = run(&text[at..], is_token_byte(text[at]));
        let (start, end) = (at, at + length);
        at = end;
        if !text[start..end].iter().any(u8::is_ascii_digit) || !is_token_byte(text[start]) {
            continue;
        }
        let found = uuid_at(text, literal, start, end).or_else(|| address_at(text, start, end));
        let (hole, start, end) = found.unwrap_or_else(|| (kind(&text[start..end]), start, end));
        form.literal(&text[literal..start]);
        form.hole(hole);
        (literal, at) = (end, end);
    }
    form.literal(&text[literal..]);
}

/// Length of the run of bytes that are, or are not, part of a token.
fn run(bytes: &[u8], of_tokens: bool) -> usize {
    bytes.iter().position(|byte| is_token_byte(*byte) != of_tokens).unwrap_or(bytes.len())
}

fn kind(token: &[u8]) -> Hole {
    let is_number = token.len() <= DIGITS_MAX && token.iter().all(u8::is_ascii_digit);
    if is_number { Hole::Number } else { Hole::Word }
}

/// A UUID that the token begins, or whose second part it is because the first had only letters.
fn uuid_at(text: &[u8], from: usize, start: usize, end: usize) -> Option<(Hole, usize, usize)> {
    let start = match end - start {
        8 => start,
        4 => start.checked_sub(UUID_SECOND).filter(|start| *start >= from)?,
        _ => return None,
    };
    let stands_alone = start == 0 || !is_token_byte(text[start - 1]);
    let end = start + UUID_BYTES;
    let uuid = text.get(start..end)?;
    let fits = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    let is_uuid =
        uuid.iter().enumerate().all(fits) && !text.get(end).is_some_and(|byte| is_token_byte(*byte));
    (stands_alone && is_uuid).then_some((Hole::Uuid, start, end))
}

/// An address that the token begins and that is not part of a longer run of numbers and dots.
fn address_at(text: &[u8], start: usize, end: usize) -> Option<(Hole, usize, usize)> {
    let may_be = text[start..end].iter().all(u8::is_ascii_digit) && (start == 0 || text[start - 1] != b'.');
    if !may_be {
        return None;
    }
    let mut end = start;
    for part in 0..4 {
        if part > 0 {
            text.get(end).filter(|byte| **byte == b'.')?;
            end += 1;
        }
        let digits = text[end..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = &text[end..end + digits];
        let is_part = matches!(number, [_] | [b'1'..=b'9', _] | [b'1', _, _])
            || matches!(number, [b'2', b'0'..=b'4', _] | [b'2', b'5', b'0'..=b'5']);
        if !is_part {
            return None;
        }
        end += digits;
    }
    let goes_on = text.get(end).is_some_and(|byte| is_token_byte(*byte))
        || (text.get(end) == Some(&b'.') && text.get(end + 1).is_some_and(u8::is_ascii_digit));
    (!goes_on).then_some((Hole::Address, start, end))
}
