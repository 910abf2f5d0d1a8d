//! A store as the first version wrote it: groups as they were sealed, with roll-ups, compacted and cold ones, and their
//! catalogue.

use std::path::Path;

use super::lines::{events, expected, found};
use super::*;

macro_rules! golden {
    ($($name:literal),*) => {
        [$(($name, include_bytes!(concat!("../../golden/store_1/", $name)) as &[u8])),*]
    };
}

const GOLDEN: [(&str, &[u8]); 10] = golden!(
    "format",
    "catalogue",
    "catalogue.copy",
    "groups/00000000000000000002.group",
    "groups/00000000000000000019.group",
    "groups/00000000000000000083.group",
    "groups/00000000000000000147.group",
    "groups/00000000000000000148.group",
    "groups/00000000000000000149.group",
    "groups/00000000000000000150.group"
);

#[test]
fn a_store_of_version_1_is_still_read_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("groups")).unwrap();
    for (name, bytes) in GOLDEN {
        std::fs::write(dir.path().join(name), bytes).unwrap();
    }
    assert!(verify(&real(), dir.path()).unwrap().unwrap().is_whole());
    let Opened { store, findings } = open(dir.path());
    assert_eq!(findings, []);
    check_kinds(&store);
    assert_eq!(found(&store), expected(&golden_events()));
    project(&store, &events(20)).unwrap();
    store.erase(events(1)[0].tenant()).unwrap();
    while store.compact_next().unwrap().is_some() {}
    let all = events(20).into_iter().chain([alike()]);
    let others: Vec<_> = all.filter(|event| event.tenant != 0).collect();
    assert_eq!(found(&store), expected(&others));
}

/// There is a group of each kind: as it was sealed, and cold with blocks that lean on others; both with a roll-up.
fn check_kinds(store: &ColumnStore) {
    let catalogue = Arc::clone(&store.state().catalogue);
    let kinds = catalogue.groups.values().map(|entry| {
        let group = store.disk.open(entry.number).unwrap();
        (entry.level, group.blocks().are_leaning(), group.directory.rollup.is_some())
    });
    let kinds: std::collections::BTreeSet<_> = kinds.collect();
    let StoreOptions { level, cold_level, .. } = store.options;
    assert!(kinds.contains(&(level, false, true)), "{kinds:?}");
    assert!(kinds.contains(&(cold_level, true, true)), "{kinds:?}");
}

fn golden_events() -> Vec<Event> {
    events(12).into_iter().chain([alike()]).collect()
}

/// Lines of a day before the others, which say their ids and those of the line before.
fn alike() -> Event {
    let mut state = 1u64;
    let mut id = || {
        state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        format!("{state:016x}{:016x}", state.rotate_left(29) ^ 0x9E37_79B9_7F4A_7C15)
    };
    let mut before = id();
    let mut line = |second: u64| {
        let parent = std::mem::replace(&mut before, id());
        let time = format!("2026-02-28T08:{:02}:{:02}Z", second / 60, second % 60);
        format!(
            r#"{{"@timestamp":"{time}","level":"warn","message":"done","parent":"{parent}","span":"{before}"}}"#
        )
    };
    let lines = (0..320).map(|second| line(second).into_bytes()).collect();
    Event { tenant: 1, partition: 2, offset: 1, lines }
}

#[test]
#[ignore = "writes the golden store anew, as long as no release has its version"]
fn write_the_golden_store() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/index/columns/golden/store_1");
    if dir.exists() {
        std::fs::remove_dir_all(&dir).unwrap();
    }
    std::fs::create_dir_all(&dir).unwrap();
    let options = StoreOptions { rows_max: 400, ..options(&dir) };
    let store = ColumnStore::open(&real(), options).unwrap().store;
    // The lines of the other days are young then.
    let now = Timestamp::from_nanos(1_772_352_000_000_000_000 + 6 * 86_400_000_000_000 + 43_200_000_000_000);
    project(&store, &[alike()]).unwrap();
    store.flush().unwrap();
    seal_all(&store);
    assert!(store.cold_next(now).unwrap().is_some());
    for some in events(12).chunks(2) {
        if some[0].offset > 5 {
            while store.compact_next().unwrap().is_some() {}
        }
        project(&store, some).unwrap();
        store.flush().unwrap();
        seal_all(&store);
    }
}
