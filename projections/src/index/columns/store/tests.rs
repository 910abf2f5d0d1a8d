//! Stores that are written, killed at every step, damaged, and read again.
//!
//! Invariant: what a store gives back is what was applied, each line once and for its tenant only, or it
//! says what is missing.

mod aging;
mod at_once;
mod damage;
mod golden;
mod lines;
mod planted;
mod rewriting;

use antler_events::clock::Timestamp;
use antler_events::ids::Offset;
use proptest::prelude::*;

use self::lines::{Event, Found, arrival, events, expected, found, options, partition, real, seal_all};
use super::*;
use crate::faulty_files::FaultyFiles;

/// Applies what the store does not know yet, as a projector does, and seals on the way.
fn project(store: &ColumnStore, events: &[Event]) -> Result<(), StoreError> {
    for event in events {
        let apply =
            || store.apply(event.tenant(), event.partition(), event.offset(), &event.batch(), &arrival());
        if event.offset() <= store.applied(event.partition()) {
            continue;
        }
        if apply().is_err() {
            store.seal_next()?;
            apply().expect("a group was sealed, so there is room");
        }
    }
    Ok(())
}

fn open(dir: &std::path::Path) -> Opened {
    ColumnStore::open(&real(), options(dir)).unwrap()
}

#[test]
fn lines_are_seen_at_once_and_stay_the_same_when_they_are_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let Opened { store, findings } = open(dir.path());
    assert_eq!(findings, []);
    let events = events(30);
    for (at, event) in events.iter().enumerate() {
        let rows = event.lines.len() as u32;
        let applied = loop {
            match store.apply(event.tenant(), event.partition(), event.offset(), &event.batch(), &arrival()) {
                Ok(applied) => break applied,
                Err(ApplyError::Full { waiting }) => assert_eq!(waiting, 2),
            }
            let report = store.seal_next().unwrap().unwrap();
            assert_eq!(store.checkpoint(report.partition), report.checkpoint);
        };
        assert_eq!(applied.rows, rows);
        assert_eq!(store.applied(event.partition()), event.offset());
        assert_eq!(found(&store), expected(&events[..=at]));
    }
    store.flush().unwrap_err();
    while store.seal_next().unwrap().is_some() {
        assert_eq!(found(&store), expected(&events));
    }
    store.flush().unwrap();
    seal_all(&store);
    assert_eq!(found(&store), expected(&events));
    for number in 0..2 {
        assert_eq!(store.checkpoint(partition(number)), store.applied(partition(number)));
    }
    assert!(store.snapshot().groups.iter().all(|group| matches!(group.id(), GroupId::Sealed(_))));
    drop(store);
    let Opened { store, findings } = open(dir.path());
    assert_eq!(findings, []);
    assert_eq!(found(&store), expected(&events));
}

#[test]
fn an_event_that_comes_again_is_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let Opened { store, .. } = open(dir.path());
    let events = events(5);
    project(&store, &events).unwrap();
    for event in &events {
        let again =
            store.apply(event.tenant(), event.partition(), event.offset(), &event.batch(), &arrival());
        assert_eq!(again.unwrap().rows, 0);
    }
    assert_eq!(found(&store), expected(&events));
}

#[test]
fn a_group_that_is_open_for_long_is_sealed_and_events_without_lines_move_the_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let Opened { store, .. } = open(dir.path());
    let at = |seconds: i64| Timestamp::from_nanos(seconds * 1_000_000_000);
    assert!(!store.tick(at(0)));
    project(&store, &events(1)).unwrap();
    assert!(!store.tick(at(10)));
    assert!(!store.tick(at(309)));
    assert!(store.tick(at(310)));
    seal_all(&store);
    assert_eq!(store.checkpoint(partition(0)), Offset::new(1));
    store.pass(partition(0), Offset::new(7));
    assert!(!store.tick(at(400)));
    assert!(!store.tick(at(100)), "a clock that was put back");
    assert!(store.tick(at(400)));
    let report = store.seal_next().unwrap().unwrap();
    assert_eq!((report.groups, report.checkpoint), (vec![], Offset::new(7)));
    assert!(!store.tick(at(9_000)));
    assert_eq!(open(dir.path()).store.checkpoint(partition(0)), Offset::new(7));
}

#[test]
fn nothing_is_lost_or_doubled_by_a_death_at_any_step() {
    let events = events(60);
    let mut steps = 0;
    for changes in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let files = FaultyFiles::dying_after(changes);
        let died = ColumnStore::open(&files.shared(), options(dir.path()))
            .and_then(|opened| project(&opened.store, &events));
        let Opened { store, .. } = open(dir.path());
        project(&store, &events).unwrap();
        assert_eq!(found(&store), expected(&events), "death after {changes} changes");
        assert!(store.snapshot().missing.is_empty(), "death after {changes} changes");
        if died.is_ok() {
            steps = changes;
            break;
        }
    }
    assert!(steps > 60, "{steps}");
}

#[test]
fn an_error_of_the_disk_loses_nothing_and_a_retry_works() {
    let events = events(24);
    for change in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let files = FaultyFiles::failing_at(change);
        let Ok(Opened { store, .. }) = ColumnStore::open(&files.shared(), options(dir.path())) else {
            continue;
        };
        let mut failures = 0;
        while let Err(error) = project(&store, &events) {
            assert!(error.is_disk_full(), "{error}");
            failures += 1;
            assert!(failures < 2, "one failure, one retry");
        }
        assert_eq!(found(&store), expected(&events), "failure at {change}");
        drop(store);
        let Opened { store, .. } = open(dir.path());
        project(&store, &events).unwrap();
        assert_eq!(found(&store), expected(&events), "failure at {change}");
        if !files.has_failed() {
            break;
        }
    }
}

#[test]
fn a_snapshot_outlives_what_is_done_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let Opened { store, .. } = open(dir.path());
    let events = events(12);
    project(&store, &events).unwrap();
    let snapshot = store.snapshot();
    seal_all(&store);
    store.flush().unwrap();
    seal_all(&store);
    let lines: usize = snapshot.groups.iter().map(|group| lines::of_group(group).len()).sum();
    assert_eq!(lines, expected(&events).len());
}

#[test]
fn a_missing_or_cut_group_is_reported_and_the_rest_is_found() {
    let events = events(24);
    for cut in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let Opened { store, .. } = open(dir.path());
        project(&store, &events).unwrap();
        store.seal_next().unwrap();
        let sealed =
            store.snapshot().groups.into_iter().find(|group| matches!(group.id(), GroupId::Sealed(_)));
        let (sealed, whole) = (sealed.unwrap(), found(&store));
        let GroupId::Sealed(number) = sealed.id() else { unreachable!() };
        let lost: Vec<Found> = lines::of_group(&sealed);
        let path = dir.path().join(format!("groups/{number:020}.group"));
        if cut {
            std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(100).unwrap();
        } else {
            std::fs::remove_file(&path).unwrap();
        }
        drop(store);
        let Opened { store, findings } = open(dir.path());
        let named: Vec<_> = findings.iter().filter(|finding| finding.is_damage()).collect();
        assert!(matches!(named[..], [Finding::Group { group, .. }] if *group == number), "{findings:?}");
        project(&store, &events).unwrap();
        assert_eq!(store.snapshot().missing[0].entry.number, number);
        let rest: Vec<Found> = whole.into_iter().filter(|line| !lost.contains(line)).collect();
        assert_eq!(found(&store), rest);
        drop(store);
        let Opened { store, findings } = open(dir.path());
        assert_eq!((findings, store.snapshot().missing.len()), (vec![], 1));
    }
}

#[test]
fn a_damaged_catalogue_is_read_from_its_copy_and_without_both_the_store_is_refused() {
    let events = events(24);
    let dir = tempfile::tempdir().unwrap();
    let Opened { store, .. } = open(dir.path());
    project(&store, &events).unwrap();
    drop(store);
    let (path, copy) = (dir.path().join("catalogue"), dir.path().join("catalogue.copy"));
    let bytes = std::fs::read(&path).unwrap();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        std::fs::write(&path, &damaged).unwrap();
        let Opened { store, findings } = open(dir.path());
        assert!(matches!(findings[..], [Finding::Catalogue { .. }]), "byte {at}: {findings:?}");
        project(&store, &events).unwrap();
        assert_eq!(found(&store), expected(&events));
        drop(store);
        assert_eq!(open(dir.path()).findings, []);
        std::fs::write(&path, &bytes).unwrap();
        std::fs::write(&copy, &bytes).unwrap();
    }
    std::fs::write(&path, &bytes[..20]).unwrap();
    std::fs::write(&copy, &bytes[..20]).unwrap();
    let refused = ColumnStore::open(&real(), options(dir.path())).unwrap_err();
    assert!(refused.to_string().contains("delete the folder"), "{refused}");
    std::fs::remove_file(&path).unwrap();
    std::fs::remove_file(&copy).unwrap();
    let refused = ColumnStore::open(&real(), options(dir.path())).unwrap_err();
    assert!(refused.to_string().contains("it is missing, and there are"), "{refused}");
}

#[test]
fn another_version_is_refused_with_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    std::fs::write(dir.path().join("format"), "antler index 2\n").unwrap();
    let refused = ColumnStore::open(&real(), options(dir.path())).unwrap_err();
    assert!(
        refused.to_string().ends_with(r#"it says "antler index 2\n" and not "antler index 1""#),
        "{refused}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn lines_survive_any_order_of_sealing_and_opening(steps in proptest::collection::vec(0u8..4, 0..40)) {
        let events = events(40);
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path()).store;
        let mut next = 0;
        for step in steps {
            match step {
                0 => drop(store.seal_next().unwrap()),
                1 => drop(store.flush()),
                2 => {
                    drop(store);
                    store = open(dir.path()).store;
                    project(&store, &events[..next]).unwrap();
                }
                _ => {
                    next = (next + 3).min(events.len());
                    project(&store, &events[..next]).unwrap();
                }
            }
            prop_assert_eq!(found(&store), expected(&events[..next]));
        }
    }
}
