//! Numbers in as few bytes as they need, seven bits in each.
//!
//! Invariant: a number that was written is read again, and nothing is read past the end.
//! It does not ask for the shortest form.

/// Seven bits in each of ten bytes hold any number.
const BYTES_MAX: usize = 10;

pub(super) fn push(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes a number from the front; nothing if there is none.
pub(super) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let length = bytes.iter().take(BYTES_MAX).position(|byte| *byte < 0x80)? + 1;
    let (number, rest) = bytes.split_at(length);
    *bytes = rest;
    Some(number.iter().rev().fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f)))
}

/// Small numbers of both signs as small numbers without one.
pub(super) fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

pub(super) fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_come_back() {
        for number in [0, 1, 127, 128, 1 << 35, u64::MAX] {
            let mut bytes = Vec::new();
            push(number, &mut bytes);
            for cut in 0..bytes.len() {
                assert_eq!(take(&mut &bytes[..cut]), None, "{number}");
            }
            bytes.push(7);
            let mut rest = &bytes[..];
            assert_eq!((take(&mut rest), rest), (Some(number), &[7][..]), "{number}");
            assert_eq!(zigzag(unzigzag(number)), number);
        }
        assert_eq!(take(&mut &[0x80; 20][..]), None);
        assert_eq!((zigzag(0), zigzag(-1), zigzag(1)), (0, 1, 2));
    }
}
