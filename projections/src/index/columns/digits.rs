//! Decimal digits into a buffer, two at a time.
//!
//! Invariant: exactly the bytes that were asked for are written.
//! It does not allocate and knows no signs and no points.

/// `00` to `99`.
const PAIRS: [[u8; 2]; 100] = pairs();

/// Fills `out` with the last digits of `number`, with zeros before them.
#[inline]
pub(super) fn put(mut number: u64, out: &mut [u8]) {
    let (first, pairs) = out.as_rchunks_mut::<2>();
    for to in pairs.iter_mut().rev() {
        *to = pair((number % 100) as u32);
        number /= 100;
    }
    if let [only] = first {
        *only = b'0' + (number % 10) as u8;
    }
}

/// The two digits of a number below 100.
#[inline]
pub(super) fn pair(number: u32) -> [u8; 2] {
    PAIRS[number as usize % 100]
}

/// How many digits a number has.
#[inline]
pub(super) fn count(number: u64) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

const fn pairs() -> [[u8; 2]; 100] {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn digits_are_those_of_the_formatter(number: u64, shift in 0..64u32, width in 0..24usize) {
            let number = number >> shift;
            let expected = format!("{number:030}");
            let mut out = vec![b'x'; width];
            put(number, &mut out);
            prop_assert_eq!(&out, &expected.as_bytes()[30 - width..]);
            prop_assert_eq!(count(number), number.to_string().len());
        }
    }
}
