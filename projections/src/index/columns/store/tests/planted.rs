//! Planted bugs, found by what the other tests of the store hold against it.
//!
//! Those of syncs need a power cut, and that of ages needs days that go by: only the simulation has both.

use super::lines::{Event, Found, events, expected, found, options, seal_all, tenant};
use super::*;
use crate::index::columns::block::ReadError;
use crate::index::columns::view::GroupView;

const NEED_A_SIMULATION: [Planted; 3] =
    [Planted::GroupNotSynced, Planted::FolderNotSynced, Planted::AgeOfOwnTime];

fn reopened(store: ColumnStore, planted: Planted) -> ColumnStore {
    let options = StoreOptions { planted, ..store.options.clone() };
    drop(store);
    ColumnStore::open(&real(), options).unwrap().store
}

/// Applies, seals, merges, erases and restarts; says the first thing that is not as it must be.
fn fault(planted: Planted) -> Option<&'static str> {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions { planted, rows_max: 60, ..options(dir.path()) };
    let mut store = ColumnStore::open(&real(), options).unwrap().store;
    let events = events(40);
    let mut applied = 0;
    for some in events[..30].chunks(3) {
        project(&store, some).unwrap();
        store.flush().unwrap();
        applied += some.len();
        // Lines that are in memory only while others are sealed.
        project(&store, &events[..applied + 2]).unwrap();
        seal_all(&store);
    }
    let holds = |store: &ColumnStore, lines: &[Found]| found(store) == lines;
    store = reopened(store, planted);
    project(&store, &events).unwrap();
    if !holds(&store, &expected(&events)) {
        return Some("a restart loses or doubles lines");
    }
    let event = &events[0];
    store.apply(event.tenant(), event.partition(), event.offset(), &event.batch(), &arrival()).unwrap();
    if !holds(&store, &expected(&events)) {
        return Some("a repeated event changes what is found");
    }
    store.flush().unwrap();
    seal_all(&store);
    let snapshot = store.snapshot();
    let merged = store.compact_next().unwrap().is_some();
    assert!(merged, "there are small groups");
    let rows = |group: &GroupHandle| group.with(|view: &dyn GroupView| view.rows());
    let read: Result<Vec<u32>, ReadError> = snapshot.groups.iter().map(rows).collect();
    if read.is_err() {
        return Some("a snapshot cannot be read any more");
    }
    drop(snapshot);
    if !holds(&store, &expected(&events)) {
        return Some("merging loses or doubles lines");
    }
    let events = lines::events(50);
    // Some lines of the tenant are in the newest group, others in memory.
    project(&store, &events[..45]).unwrap();
    store.flush().unwrap();
    seal_all(&store);
    project(&store, &events).unwrap();
    store.erase(tenant(1)).unwrap();
    let others = without_one(&events);
    if !holds(&store, &others) {
        return Some("erased lines are seen");
    }
    store.flush().unwrap();
    seal_all(&store);
    if !holds(&store, &others) {
        return Some("erased lines are seen after they were sealed");
    }
    let events = lines::events(60);
    project(&store, &events).unwrap();
    store.erase(tenant(1)).unwrap();
    while store.compact_next().unwrap().is_some() {}
    store = reopened(store, planted);
    project(&store, &events).unwrap();
    (!holds(&store, &without_one(&events))).then_some("erased lines come back from the log")
}

fn without_one(events: &[Event]) -> Vec<Found> {
    expected(&events.iter().filter(|event| event.tenant != 1).cloned().collect::<Vec<_>>())
}

#[test]
fn every_planted_bug_is_found_that_needs_no_simulation() {
    assert_eq!(fault(Planted::None), None);
    let found = Planted::ALL.map(|planted| (planted, fault(planted)));
    for (planted, fault) in found {
        assert_eq!(fault.is_none(), NEED_A_SIMULATION.contains(&planted), "{planted:?}: {fault:?}");
    }
}
