//! A store as the first version wrote it: two groups, one of them compacted, and their catalogue.

use super::lines::{events, expected, found};
use super::*;

const GOLDEN: [(&str, &[u8]); 4] = [
    ("format", b"antler index 1\n"),
    ("catalogue", include_bytes!("../../golden/store_1/catalogue")),
    ("groups/00000000000000000001.group", include_bytes!("../../golden/store_1/sealed.group")),
    ("groups/00000000000000000011.group", include_bytes!("../../golden/store_1/compacted.group")),
];

#[test]
fn a_store_of_version_1_is_still_read() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("groups")).unwrap();
    for (name, bytes) in GOLDEN {
        std::fs::write(dir.path().join(name), bytes).unwrap();
    }
    let Opened { store, findings } = open(dir.path());
    assert_eq!(findings, []);
    assert_eq!(found(&store), expected(&events(12)));
    assert!(verify(&real(), dir.path()).unwrap().unwrap().is_whole());
}
