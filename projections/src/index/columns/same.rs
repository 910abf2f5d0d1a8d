//! Whether two short runs of bytes are the same.
//!
//! Texts of dictionaries and pieces of shapes are a few bytes long and are compared for every line: the call of
//! the comparison for any length would cost more than the comparison. Invariant: the answer is that of `==`.
//! It does not say which is less.

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
    // The last word overlaps the one before it where the length is no multiple.
    if let (Some(left_end), Some(right_end)) = (left.last_chunk::<8>(), right.last_chunk::<8>()) {
        let (left_words, right_words) = (left.as_chunks::<8>().0, right.as_chunks::<8>().0);
        return left_end == right_end
            && left_words.iter().zip(right_words).all(|(left, right)| left == right);
    }
    if let (Some(left_end), Some(right_end)) = (left.last_chunk::<4>(), right.last_chunk::<4>()) {
        return left_end == right_end && left.first_chunk::<4>() == right.first_chunk::<4>();
    }
    left.iter().zip(right).all(|(left, right)| left == right)
}

#[cfg(test)]
mod tests {
    use super::*;

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
