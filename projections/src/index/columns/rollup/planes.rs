//! A column of numbers as planes: all lowest bytes, then all second bytes, and so on, as many as needed.
//!
//! Invariant: planes that exist are wholly there, so that a number in them is read without an error.
//! It does not compress: planes are what a compressor of bytes likes.

/// Numbers in stored bytes, which are not copied.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planes<'a> {
    bytes: &'a [u8],
    length: usize,
    width: usize,
}

impl<'a> Planes<'a> {
    /// Takes planes from the beginning of `bytes`; nothing if they are not all there.
    pub(super) fn take(bytes: &mut &'a [u8], length: usize, width: u8) -> Option<Self> {
        let width = usize::from(width);
        let (taken, rest) = bytes.split_at_checked(length.checked_mul(width)?)?;
        *bytes = rest;
        Some(Self { bytes: taken, length, width })
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// The number at a place before the length.
    #[inline]
    pub(super) fn at(&self, at: usize) -> u64 {
        debug_assert!(at < self.length, "place {at} of {}", self.length);
        (0..self.width)
            .fold(0, |number, plane| number | u64::from(self.bytes[plane * self.length + at]) << (8 * plane))
    }
}

/// Bytes that the largest of the numbers needs.
pub(super) fn width(numbers: &[u64]) -> u8 {
    let all = numbers.iter().fold(0, |all, number| all | number);
    (u64::BITS - all.leading_zeros()).div_ceil(8) as u8
}

/// Appends the planes of numbers that need at most `width` bytes.
pub(super) fn write(numbers: &[u64], width: u8, out: &mut Vec<u8>) {
    for plane in 0..width {
        out.extend(numbers.iter().map(|number| (number >> (8 * plane)) as u8));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(numbers: Vec<u64>, shift in 0..64u32) {
            let numbers: Vec<u64> = numbers.into_iter().map(|number| number >> shift).collect();
            let width = width(&numbers);
            let mut bytes = Vec::new();
            write(&numbers, width, &mut bytes);
            bytes.push(7);
            let mut rest = &bytes[..];
            let planes = Planes::take(&mut rest, numbers.len(), width).unwrap();
            prop_assert_eq!(rest, &[7]);
            prop_assert!((0..planes.len()).map(|at| planes.at(at)).eq(numbers.iter().copied()));
            prop_assert!(Planes::take(&mut &bytes[..], numbers.len() + 2, 8).is_none());
        }
    }

    #[test]
    fn lengths_beyond_memory_are_refused() {
        assert!(Planes::take(&mut &[0; 16][..], usize::MAX, 5).is_none());
        assert_eq!(Planes::take(&mut &[][..], 1 << 20, 0).unwrap().at(5), 0);
    }
}
