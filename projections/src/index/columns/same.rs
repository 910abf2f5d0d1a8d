//! Short runs of bytes: whether two are the same, and one behind others or among them.
//!
//! Texts of dictionaries, pieces of shapes and literals of templates are a few bytes long and are compared and
//! copied for every line: the call of what does it for any length would cost more than the work. Invariant: the
//! results are those of `==` and `extend_from_slice`. It does not say which is less.

use std::ops::Range;

/// Longer runs are worth the call.
const SHORT_BYTES_MAX: usize = 32;

#[inline(always)]
pub(super) fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    if left.len() > SHORT_BYTES_MAX {
        return left == right;
    }
    // The last bytes overlap the first where there are not twice as many.
    if let (Some(left_end), Some(right_end)) = (left.last_chunk::<16>(), right.last_chunk::<16>()) {
        return left_end == right_end && left.first_chunk::<16>() == right.first_chunk::<16>();
    }
    if let (Some(left_end), Some(right_end)) = (left.last_chunk::<8>(), right.last_chunk::<8>()) {
        return left_end == right_end && left.first_chunk::<8>() == right.first_chunk::<8>();
    }
    if let (Some(left_end), Some(right_end)) = (left.last_chunk::<4>(), right.last_chunk::<4>()) {
        return left_end == right_end && left.first_chunk::<4>() == right.first_chunk::<4>();
    }
    left.iter().zip(right).all(|(left, right)| left == right)
}

/// The run of this number among runs without anything between them, of which is known where they end.
#[inline]
pub(super) fn run_at<'a>(runs: &'a [u8], ends: &[u32], number: usize) -> &'a [u8] {
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &runs[start as usize..ends[number] as usize]
}

/// A part of a text with no more bytes is copied together with what follows it there.
const CHUNK_BYTES: usize = 16;

/// Appends a part of a text.
#[inline(always)]
pub(super) fn push_short(text: &[u8], part: Range<usize>, out: &mut Vec<u8>) {
    let length = part.len();
    match text.get(part.start..).and_then(|rest| rest.first_chunk::<CHUNK_BYTES>()) {
        Some(chunk) if length <= CHUNK_BYTES => {
            let end = out.len() + length;
            out.extend_from_slice(chunk);
            out.truncate(end);
        }
        _ => out.extend_from_slice(&text[part]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_appended_wherever_they_stand() {
        let text: Vec<u8> = (0..40).collect();
        for start in 0..=text.len() {
            for end in start..=text.len() {
                let mut out = b"before".to_vec();
                push_short(&text, start..end, &mut out);
                assert_eq!(out, [b"before", &text[start..end]].concat());
            }
        }
    }

    #[test]
    fn every_byte_counts() {
        let text: Vec<u8> = (0..70).collect();
        for length in 0..text.len() {
            let text = &text[..length];
            assert!(same(text, &Vec::from(text)));
            assert!(!same(text, &[text, b"x"].concat()));
            for at in 0..length {
                let mut other = text.to_vec();
                other[at] ^= 0x80;
                assert!(!same(text, &other), "byte {at} of {length}");
            }
        }
    }
}
