//! Writers, a sealer, a compactor, an eraser and readers at the same time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::lines::{Event, Found, events, expected, found};
use super::*;

/// Applies events of one partition and counts those that were.
fn write(store: &ColumnStore, events: &[Event], applied: &AtomicUsize) {
    for event in events {
        let apply =
            || store.apply(event.tenant(), event.partition(), event.offset(), &event.batch(), &arrival());
        while let Err(ApplyError::Full { .. }) = apply() {
            thread::yield_now();
        }
        applied.fetch_add(1, Ordering::SeqCst);
    }
}

/// Every line once, and all that were applied before.
fn read(store: &ColumnStore, events: &[Vec<Event>; 2], applied: &[AtomicUsize; 2]) {
    let before = [0, 1].map(|lane: usize| applied[lane].load(Ordering::SeqCst));
    let lines = found(store);
    assert!(lines.windows(2).all(|pair| pair[0] != pair[1]), "a line is there twice");
    for (events, before) in events.iter().zip(before) {
        let missing: Vec<Found> = expected(&events[..before])
            .into_iter()
            .filter(|line| lines.binary_search(line).is_err())
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}

#[test]
fn readers_see_every_line_once_while_others_write_seal_and_compact() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).store;
    let of =
        |partition| events(400).into_iter().filter(|event| event.partition == partition).collect::<Vec<_>>();
    let events = [of(0), of(1)];
    let applied: [AtomicUsize; 2] = Default::default();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let (store, events, applied, is_over) = (&store, &events, &applied, &is_over);
        let writers: Vec<_> =
            (0..2).map(|lane| scope.spawn(move || write(store, &events[lane], &applied[lane]))).collect();
        let rewrite = move |step: fn(&ColumnStore) -> bool| {
            while !is_over.load(Ordering::SeqCst) {
                if !step(store) {
                    thread::yield_now();
                }
            }
        };
        scope.spawn(move || rewrite(|store| store.seal_next().unwrap().is_some()));
        scope.spawn(move || rewrite(|store| store.compact_next().unwrap().is_some()));
        let readers: Vec<_> =
            (0..2).map(|_| scope.spawn(move || (0..10).for_each(|_| read(store, events, applied)))).collect();
        for thread in writers.into_iter().chain(readers) {
            let ended = thread.join();
            is_over.fetch_or(ended.is_err(), Ordering::SeqCst);
            ended.unwrap();
        }
        is_over.store(true, Ordering::SeqCst);
    });
    assert_eq!(found(&store), expected(&events.concat()));
    drop(store);
    let Opened { store, findings } = open(dir.path());
    assert!(!findings.iter().any(Finding::is_damage), "{findings:?}");
    project(&store, &events.concat()).unwrap();
    assert_eq!(found(&store), expected(&events.concat()));
}
