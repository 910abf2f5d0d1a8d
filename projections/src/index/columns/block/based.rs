//! Blocks that are compressed on the back of another block of the same file, their *base*.
//!
//! Ids and phrases come in several columns, and a base lets the second say "as there". Invariant: a base has
//! no base itself, so that reading a block reads at most one other. It does not choose bases.

use zstd::zstd_safe::{CCtx, CParameter, DCtx, compress_bound};

/// The block on the back of its base. It is read again with the same base only.
pub(super) fn compress(raw: &[u8], base: &[u8], level: i32) -> Option<Vec<u8>> {
    let mut context = CCtx::try_create()?;
    context.set_parameter(CParameter::CompressionLevel(level)).ok()?;
    context.ref_prefix(base).ok()?;
    let mut compressed = Vec::with_capacity(compress_bound(raw.len()));
    context.compress2(&mut compressed, raw).ok()?;
    Some(compressed)
}

/// The bytes of a block of this length; nothing if it is not what was compressed.
pub(super) fn restore(stored: &[u8], length: usize, base: &[u8]) -> Option<Vec<u8>> {
    let mut context = DCtx::try_create()?;
    context.ref_prefix(base).ok()?;
    let mut restored = Vec::with_capacity(length);
    context.decompress(&mut restored, stored).ok()?;
    (restored.len() == length).then_some(restored)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_block_comes_back_on_its_base_and_on_no_other(
            base in proptest::collection::vec(any::<u8>(), 1..3_000),
            own in proptest::collection::vec(any::<u8>(), 0..200),
            (from, level) in (0usize..1_000, 1i32..20),
        ) {
            let mut raw = base[from.min(base.len() - 1)..].to_vec();
            raw.extend_from_slice(&own);
            let stored = compress(&raw, &base, level).unwrap();
            prop_assert_eq!(restore(&stored, raw.len(), &base).unwrap(), raw.clone());
            prop_assert!(raw.len() < 400 || stored.len() < own.len() + 60, "{} of {}", stored.len(), raw.len());
            prop_assert!(restore(&stored, raw.len() + 1, &base).is_none());
            prop_assert!(restore(&stored[..stored.len() / 2], raw.len(), &base).is_none());
        }
    }

    #[test]
    fn a_base_that_looks_like_a_dictionary_is_taken_as_it_is() {
        let base = [&0xEC30_A437u32.to_le_bytes()[..], &[7; 5_000]].concat();
        let stored = compress(&[7; 4_000], &base, 19).unwrap();
        assert_eq!(restore(&stored, 4_000, &base).unwrap(), [7; 4_000]);
    }
}
