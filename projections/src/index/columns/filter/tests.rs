//! The token filter: nothing is forgotten, little is found that is not there, and damage is an error.
//!
//! Invariant: hashes are as even as those of tokens. It does not hash texts.

use proptest::prelude::*;

use super::*;

/// Hashes that follow from a number: splitmix64.
fn hash(number: u64) -> u64 {
    let mut hash = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ hash >> 31
}

fn built(bits_per_token: usize, tokens_max: usize, hashes: impl IntoIterator<Item = u64>) -> Vec<u8> {
    let mut builder = FilterBuilder::new(bits_per_token, tokens_max);
    hashes.into_iter().for_each(|hash| builder.push(hash));
    assert!(builder.bytes_held() <= tokens_max * 16 + (1 << 15), "{}", builder.bytes_held());
    builder.finish()
}

/// The share of absent tokens that pass, in millionths.
fn false_positives(filter: &Filter<'_>) -> u64 {
    (0..1_000_000).filter(|number| filter.may_have(hash(number + (1 << 40)))).count() as u64
}

#[test]
fn one_of_a_hundred_absent_tokens_passes_at_ten_bits() {
    for tokens in [1_000, 20_000, 300_000] {
        let bytes = built(10, 1 << 20, (0..tokens).map(hash));
        assert!(bytes.len() as u64 * 8 <= tokens * 10 * 102 / 100 + 600, "{} bytes", bytes.len());
        let filter = Filter::read(&bytes).unwrap();
        assert!((0..tokens).all(|number| filter.may_have(hash(number))));
        assert!(false_positives(&filter) <= 10_000, "{} of a million", false_positives(&filter));
    }
}

#[test]
fn more_bits_let_fewer_pass() {
    let passing = [6, 8, 10, 12, 16].map(|bits| {
        let bytes = built(bits, 1 << 20, (0..50_000).map(hash));
        false_positives(&Filter::read(&bytes).unwrap())
    });
    assert!(passing.is_sorted_by(|fewer_bits, more_bits| fewer_bits > more_bits), "{passing:?}");
    assert!(passing[4] <= 1_500, "{passing:?}");
}

#[test]
fn a_token_of_every_line_costs_no_more_than_a_rare_one() {
    let once = built(10, 1 << 20, (0..100_000).map(hash));
    let often = built(10, 1 << 20, (0..900_000).map(|number| hash(number * 31 % 100_000)));
    let difference = once.len().abs_diff(often.len());
    assert!(difference * 50 <= once.len(), "{} and {} bytes", once.len(), often.len());
}

#[test]
fn too_many_tokens_blur_the_filter_and_lose_none() {
    let bytes = built(10, 10_000, (0..40_000).map(hash));
    assert!(bytes.len() <= 10_000 * 10 / 8 + 100);
    let filter = Filter::read(&bytes).unwrap();
    assert!((0..40_000).all(|number| filter.may_have(hash(number))));
}

#[test]
fn a_filter_that_held_few_hashes_is_folded_to_what_its_tokens_need() {
    for tokens in [900, 2_000, 5_000, 12_000, 30_000, 65_280] {
        let mut builder = FilterBuilder::holding(1_024, 8, 65_280);
        (0..8 * tokens).for_each(|number| builder.push(hash(number * 31 % tokens)));
        let bytes = builder.finish();
        assert!(bytes.len() as u64 <= tokens * 3 / 2 + 100, "{tokens} tokens, {} bytes", bytes.len());
        let filter = Filter::read(&bytes).unwrap();
        assert!((0..tokens).all(|number| filter.may_have(hash(number))));
        assert!(false_positives(&filter) <= 50_000, "{tokens}: {} of a million", false_positives(&filter));
    }
}

#[test]
fn duplicates_make_no_overflow() {
    let sharp = built(10, 10_000, (0..5_000).map(hash));
    let again = built(10, 10_000, (0..50_000).map(|number| hash(number % 5_000)));
    assert_eq!(sharp, again);
}

#[test]
fn a_filter_of_nothing_has_nothing() {
    let bytes = built(10, 1_000, []);
    assert_eq!(bytes.len(), TRAILER_BYTES);
    assert!(!Filter::read(&bytes).unwrap().may_have(0));
}

#[test]
fn hashes_that_are_not_even_are_found_too() {
    let hashes = (0..2_000).chain([u64::MAX, 1 << 63, 1_023, 1_024]).chain((0..64).map(|bit| 1 << bit));
    let bytes = built(10, 1_500, hashes.clone());
    let filter = Filter::read(&bytes).unwrap();
    assert!(hashes.into_iter().all(|hash| filter.may_have(hash)));
}

#[test]
fn stored_bytes_do_not_change() {
    let bytes = built(10, 1_000, [0x0123_4567_89ab_cdef].into_iter().chain([0; 5]));
    let mut expected = [0u8; BLOCK_BYTES + TRAILER_BYTES];
    for bit in [155, 212, 187, 243, 123, 157] {
        expected[bit / 8] |= 1 << (bit % 8);
    }
    // The hash 0 sets the first bit.
    expected[0] |= 1;
    expected[BLOCK_BYTES..].copy_from_slice(&[1, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(bytes, expected);
}

#[test]
fn one_block_is_enough_to_ask() {
    let bytes = built(10, 1 << 20, (0..5_000).map(hash));
    let (whole, shape) =
        (Filter::read(&bytes).unwrap(), FilterShape::read(bytes.last_chunk().unwrap()).unwrap());
    for hash in (0..20_000).map(hash) {
        let at = shape.block_at(hash).unwrap() as usize;
        assert_eq!(shape.may_have(bytes[at..].first_chunk().unwrap(), hash), whole.may_have(hash));
    }
    let nothing = built(10, 1_000, []);
    assert_eq!(FilterShape::read(nothing.last_chunk().unwrap()).unwrap().block_at(1), None);
}

#[test]
fn damage_is_an_error() {
    let bytes = built(10, 1_000, (0..200).map(hash));
    for cut in 0..bytes.len() {
        assert!(Filter::read(&bytes[..cut]).is_err(), "cut at {cut}");
        assert!(Filter::read(&bytes[cut + 1..]).is_err(), "begun at {}", cut + 1);
    }
    let changed = |from_end: usize, byte: u8| {
        let mut bytes = bytes.clone();
        let at = bytes.len() - from_end;
        bytes[at] = byte;
        Filter::read(&bytes).map(|_| ()).unwrap_err()
    };
    assert_eq!(changed(8, 2), FilterError::Version(2));
    assert_eq!(changed(6, 1), FilterError::Reserved);
    assert_eq!(changed(1, 255), FilterError::Length { said: 0xff00_0004, bytes: 256 });
    assert_eq!(Filter::read(&[]).map(|_| ()), Err(FilterError::Short));
}

proptest! {
    #[test]
    fn what_was_pushed_may_be_there(hashes: Vec<u64>, bits in 0..80usize, tokens_max in 0..2_000usize, spread in 0..5_000u64) {
        let hashes: Vec<u64> = hashes.into_iter().chain((0..spread).map(hash)).collect();
        let mut builder = FilterBuilder::new(bits, tokens_max);
        hashes.iter().for_each(|hash| builder.push(*hash));
        let bytes = builder.finish();
        let filter = Filter::read(&bytes).unwrap();
        prop_assert!(hashes.iter().all(|hash| filter.may_have(*hash)));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, hash: u64) {
        if let Ok(filter) = Filter::read(&bytes) {
            filter.may_have(hash);
        }
    }
}
