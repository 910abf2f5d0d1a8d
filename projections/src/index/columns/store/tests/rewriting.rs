//! Erasing, retention and compaction, also when the program dies or the disk fails in the middle.

use std::time::Duration;

use super::lines::{Event, Found, events, expected, found, of_group, options, partition, seal_all, tenant};
use super::*;

/// Seals everything that was applied.
pub(super) fn settle(store: &ColumnStore) -> Result<(), StoreError> {
    loop {
        while store.seal_next()?.is_some() {}
        if store.flush().is_ok() && store.statistics().sealing == 0 {
            return Ok(());
        }
    }
}

pub(super) fn compact_all(store: &ColumnStore) -> Result<Vec<CompactReport>, StoreError> {
    let mut reports = Vec::new();
    while let Some(report) = store.compact_next()? {
        reports.push(report);
    }
    Ok(reports)
}

/// A store with many small groups.
pub(super) fn with_small_groups(dir: &std::path::Path, events: &[Event]) -> ColumnStore {
    let store = open(dir).store;
    for some in events.chunks(3) {
        project(&store, some).unwrap();
        settle(&store).unwrap();
    }
    store
}

pub(super) fn without(tenant_number: u8, events: &[Event]) -> Vec<Found> {
    let others: Vec<Event> = events.iter().filter(|event| event.tenant != tenant_number).cloned().collect();
    expected(&others)
}

#[test]
fn small_groups_of_a_day_become_one_and_keep_every_line() {
    let dir = tempfile::tempdir().unwrap();
    let events = events(24);
    let store = with_small_groups(dir.path(), &events);
    let before = store.statistics();
    let reports = compact_all(&store).unwrap();
    assert!(!reports.is_empty());
    for report in &reports {
        assert!(report.from.len() >= 4 && report.into.len() == 1 && report.rows_removed == 0, "{report:?}");
        assert!(report.rows <= 20, "{report:?}");
    }
    let after = store.statistics();
    assert!(after.groups < before.groups, "{before:?} {after:?}");
    assert_eq!((after.rows, after.raw_bytes), (before.rows, before.raw_bytes));
    assert_eq!(found(&store), expected(&events));
    let files = std::fs::read_dir(dir.path().join("groups")).unwrap().count() as u64;
    assert_eq!((files, after.dropped), (after.groups, 0));
    drop(store);
    let Opened { store, findings } = open(dir.path());
    assert_eq!(findings, []);
    assert_eq!(found(&store), expected(&events));
}

#[test]
fn compacted_rows_are_compacted_again_with_their_origin() {
    let dir = tempfile::tempdir().unwrap();
    let events = events(24);
    let store = with_small_groups(dir.path(), &events);
    compact_all(&store).unwrap();
    // Every tenant's turn makes each group anew, without a row less for the others.
    for number in 0..3 {
        let later: Vec<Event> = events.iter().filter(|event| event.tenant > number).cloned().collect();
        store.erase(tenant(number)).unwrap();
        compact_all(&store).unwrap();
        assert_eq!(found(&store), expected(&later));
        assert!(!store.is_erasing(tenant(number)));
    }
    assert_eq!((store.statistics().rows, store.statistics().groups), (0, 0));
}

#[test]
fn a_line_that_was_taken_as_text_stays_text() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions { rows_max: 200, ..options(dir.path()) };
    let store = ColumnStore::open(&real(), options).unwrap().store;
    let lines: [&[u8]; 5] = [b"{\"a\":1}", b"  {\"level\":\"info\"}\n", b"{not json", b"text", b""];
    for number in 0..8 {
        let mut event = Event { tenant: 0, partition: 0, offset: number + 1, lines: Vec::new() };
        let mut builder = event.builder();
        for line in lines {
            builder.push_plain(line).unwrap();
            builder.push(line).or_else(|_| builder.push_plain(line)).unwrap();
        }
        event.lines = lines.iter().flat_map(|line| [line.to_vec(), line.to_vec()]).collect();
        store.apply(tenant(0), partition(0), event.offset(), &builder.finish(), &arrival()).unwrap();
        settle(&store).unwrap();
    }
    let counts = |store: &ColumnStore| {
        let mut counts = BTreeMap::new();
        for group in store.snapshot().groups {
            group
                .with(|view| {
                    for column in 0..view.columns() {
                        let head = view.head(column);
                        *counts.entry((head.name.to_string(), head.class)).or_default() +=
                            view.values(column).len();
                    }
                })
                .unwrap();
        }
        counts
    };
    let before: BTreeMap<_, usize> = counts(&store);
    assert!(!compact_all(&store).unwrap().is_empty());
    assert_eq!(counts(&store), before);
    assert_eq!(before[&("a".to_owned(), crate::index::columns::column::Class::Number)], 8);
}

#[test]
fn erased_lines_are_hidden_at_once_and_gone_after_compaction() {
    let dir = tempfile::tempdir().unwrap();
    let events = events(40);
    let store = with_small_groups(dir.path(), &events[..24]);
    project(&store, &events[24..30]).unwrap();
    let earlier = store.snapshot();
    store.erase(tenant(1)).unwrap();
    assert_eq!(found(&store), without(1, &events[..30]));
    project(&store, &events[30..]).unwrap();
    let mut left = without(1, &events[..30]);
    left.extend(expected(&events[30..]));
    left.sort();
    assert_eq!(found(&store), left, "lines that come later stay");
    settle(&store).unwrap();
    assert_eq!(found(&store), left);
    assert!(store.is_erasing(tenant(1)));
    let removed: u64 = compact_all(&store).unwrap().iter().map(|report| report.rows_removed).sum();
    let erased = expected(&events[..24]).len() - without(1, &events[..24]).len();
    assert!(removed as usize >= erased, "{removed} of {erased}");
    assert!(!store.is_erasing(tenant(1)));
    assert_eq!(found(&store), left);
    let seen: Vec<Found> = earlier.groups.iter().flat_map(of_group).collect();
    let whole = expected(&events[..30]);
    assert!(whole.iter().all(|line| seen.contains(line)), "an earlier snapshot has what it had");
    drop((store, earlier));
    assert_eq!(found(&open(dir.path()).store), left);
}

#[test]
fn lines_that_were_erased_do_not_come_back_from_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let events = events(20);
    let store = open(dir.path()).store;
    project(&store, &events).unwrap();
    store.erase(tenant(2)).unwrap();
    compact_all(&store).unwrap();
    assert!(store.is_erasing(tenant(2)), "the log may still give them again");
    drop(store);
    let store = open(dir.path()).store;
    project(&store, &events).unwrap();
    assert_eq!(found(&store), without(2, &events));
    settle(&store).unwrap();
    compact_all(&store).unwrap();
    assert!(!store.is_erasing(tenant(2)));
    assert_eq!(found(&store), without(2, &events));
}

pub(super) const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn at(day: i64) -> Timestamp {
    Timestamp::from_nanos(1_772_323_200_000_000_000 + (day - 1) * DAY.as_nanos() as i64)
}

#[test]
fn groups_that_are_too_old_go_and_others_lose_the_rows_that_are() {
    let dir = tempfile::tempdir().unwrap();
    let events = events(24);
    let store = with_small_groups(dir.path(), &events);
    let before = store.statistics();
    let retention = Arc::new(Retention::new(TenantRetention::of_age(30 * DAY)));
    let report = store.retain(at(31), &retention).unwrap();
    assert_eq!((report.groups, report.groups_due), (0, 0));
    // The first of two days is over by then, for everybody.
    let report = store.retain(at(32), &retention).unwrap();
    assert!(report.groups > 0 && report.groups_due == 0, "{report:?}");
    assert_eq!(store.statistics().rows, before.rows - report.rows);
    assert!(store.snapshot().groups.iter().all(|group| group.span().0 >= at(2).nanos()));
    let mut one = Retention::default();
    one.set(tenant(0), TenantRetention::of_age(DAY));
    let left: Vec<Found> = found(&store).into_iter().filter(|line| line.0 != tenant(0)).collect();
    let report = store.retain(at(32), &Arc::new(one)).unwrap();
    assert!(report.groups_due > 0, "{report:?}");
    compact_all(&store).unwrap();
    assert_eq!(found(&store), left);
    store.retain(at(32), &Arc::new(Retention::new(TenantRetention::of_age(DAY)))).unwrap();
    assert_eq!((found(&store), store.statistics().groups), (vec![], 0));
    assert_eq!(std::fs::read_dir(dir.path().join("groups")).unwrap().count(), 0);
    assert_eq!(open(dir.path()).findings, []);
}

/// What is done to a store in the tests below; the lines that must be there after each step.
fn rewrite(store: &ColumnStore, events: &[Event], erased: &mut bool) -> Result<(), StoreError> {
    for some in events.chunks(4) {
        project(store, some)?;
        settle(store)?;
    }
    compact_all(store)?;
    store.erase(tenant(1))?;
    *erased = true;
    compact_all(store)?;
    assert!(!store.is_erasing(tenant(1)));
    Ok(())
}

#[test]
fn a_death_at_any_step_of_rewriting_loses_and_doubles_nothing() {
    let events = events(16);
    for changes in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let files = FaultyFiles::dying_after(changes);
        let mut erased = false;
        let died = ColumnStore::open(&files.shared(), options(dir.path()))
            .and_then(|opened| rewrite(&opened.store, &events, &mut erased));
        let Opened { store, .. } = open(dir.path());
        project(&store, &events).unwrap();
        let (whole, rest) = (expected(&events), without(1, &events));
        let lines = found(&store);
        // A mark may be durable although the death came before that was said.
        assert!(lines == rest || !erased && lines == whole, "death after {changes} changes: {lines:?}");
        settle(&store).unwrap();
        compact_all(&store).unwrap();
        assert_eq!(found(&store), lines, "death after {changes} changes");
        assert!(store.snapshot().missing.is_empty() && !store.is_erasing(tenant(1)));
        if died.is_ok() {
            assert!(changes > 150, "{changes}");
            break;
        }
    }
}

#[test]
fn an_error_at_any_step_of_rewriting_loses_nothing_and_a_retry_works() {
    let events = events(16);
    for change in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let files = FaultyFiles::failing_at(change);
        let Ok(Opened { store, .. }) = ColumnStore::open(&files.shared(), options(dir.path())) else {
            continue;
        };
        let mut erased = false;
        if rewrite(&store, &events, &mut erased).is_err() {
            let (whole, rest) = (expected(&events[..16]), without(1, &events));
            let lines = found(&store);
            assert!(lines.iter().all(|line| whole.contains(line)), "failure at {change}");
            assert!(!erased || lines == rest, "failure at {change}");
            rewrite(&store, &events, &mut erased).unwrap();
        }
        assert_eq!(found(&store), without(1, &events), "failure at {change}");
        drop(store);
        let Opened { store, findings } = open(dir.path());
        assert!(!findings.iter().any(Finding::is_damage), "failure at {change}: {findings:?}");
        assert_eq!(found(&store), without(1, &events), "failure at {change}");
        seal_all(&store);
        if !files.has_failed() {
            break;
        }
    }
}

#[test]
fn a_compaction_that_failed_loses_nothing_if_the_program_ends_before_anything_else_is_durable() {
    let events = events(24);
    for change in 0.. {
        let dir = tempfile::tempdir().unwrap();
        drop(with_small_groups(dir.path(), &events));
        let files = FaultyFiles::failing_at(change);
        if let Ok(Opened { store, .. }) = ColumnStore::open(&files.shared(), options(dir.path())) {
            drop(store.compact_next());
        }
        let Opened { store, findings } = open(dir.path());
        assert!(!findings.iter().any(Finding::is_damage), "failure at {change}: {findings:?}");
        assert_eq!(found(&store), expected(&events), "failure at {change}");
        if !files.has_failed() {
            break;
        }
    }
}
