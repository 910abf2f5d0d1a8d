//! Numbers of JSON: where they end.
//!
//! Invariant: exactly the grammar of RFC 8259 passes. It does not compute a value: the text is kept,
//! because no machine number holds every number that a line may write.

use crate::line::error::LineError;

const ONES: u64 = u64::MAX / 0xff;

/// The end of the number that begins at `at`.
#[inline(always)]
pub(super) fn end_of_number(line: &[u8], start: usize, bytes_max: u16) -> Result<usize, LineError> {
    let mut at = start + usize::from(line[start] == b'-');
    at = match line[at] {
        // A leading zero stands alone.
        b'0' => at + 1,
        _ => end_of_digits(line, at)?,
    };
    if line[at] == b'.' {
        at = end_of_digits(line, at + 1)?;
    }
    if matches!(line[at], b'e' | b'E') {
        let sign = usize::from(matches!(line[at + 1], b'+' | b'-'));
        at = end_of_digits(line, at + 1 + sign)?;
    }
    if at - start > usize::from(bytes_max) {
        return Err(LineError::NumberTooLong { at: start, max: bytes_max });
    }
    Ok(at)
}

/// Eight bytes at a time: an addition marks what is no digit, and can only carry into bytes after the first
/// of them.
#[inline(always)]
fn end_of_digits(line: &[u8], start: usize) -> Result<usize, LineError> {
    let (blocks, _) = line[start..].as_chunks::<8>();
    let mut at = start;
    for block in blocks {
        let values = u64::from_le_bytes(*block) ^ (ONES * u64::from(b'0'));
        let marked = (values.wrapping_add(ONES * (0x80 - 10)) | values) & (ONES * 0x80);
        if marked != 0 {
            at += marked.trailing_zeros() as usize / 8;
            break;
        }
        at += 8;
    }
    if at == start { Err(LineError::Syntax { at, found: line[at], expected: "a digit" }) } else { Ok(at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<usize, usize>) {
        let mut line = text.as_bytes().to_vec();
        line.extend_from_slice(&[0; 32]);
        let found = end_of_number(&line, 0, 20).map_err(|error| match error {
            LineError::Syntax { at, .. } | LineError::NumberTooLong { at, .. } => at,
            other => panic!("{other:?}"),
        });
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_number_ends_where_its_grammar_ends() {
        for text in
            ["0", "-0", "7", "1234567890", "0.5", "-12.25", "1e5", "1E+05", "2.5e-3", "12345678901234567890"]
        {
            check(text, Ok(text.len()));
        }
        check("01", Ok(1));
        check("1.5.5", Ok(3));
        check("-", Err(1));
        check("1.", Err(2));
        check("1.e5", Err(2));
        check("1e", Err(2));
        check("1e+", Err(3));
        check("--1", Err(1));
        check("123456789012345678901", Err(0));
    }
}
