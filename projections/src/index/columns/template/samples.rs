//! Texts for property tests: any bytes, and what looks like variables.
//!
//! Invariant: every kind of hole, escapes and texts of equal templates occur. It does not imitate real logs.

use proptest::prelude::*;

pub(super) fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        proptest::collection::vec(0u8..8, 0..4),
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}".prop_map(String::into_bytes),
        "[0-9.:]{1,20}".prop_map(String::into_bytes),
        "\"[a-z0-9 ]{0,9}\" ?".prop_map(String::into_bytes),
        "[a-z0-9_ -]{1,70}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}
