//! What becomes of groups as they grow old: the cold step, retention by rules, and that each is rewritten once.

use std::collections::BTreeMap;

use antler_config::limits::AccountLimits;
use antler_events::access::StreamPattern;
use antler_events::clock::Timestamp;
use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::ids::TenantId;
use antler_events::line::{Line, StreamName};
use antler_events::query::tree::Filter;
use antler_events::query::{generate, reference};

use super::lines::{Event, Found, events, expected, found, options, partition, tenant};
use super::rewriting::{DAY, at, compact_all, settle, with_small_groups, without};
use super::*;
use crate::index::columns::render::render;
use crate::index::columns::search::plan::Plan;
use crate::index::columns::view::{GroupView, Origin, TenantRows};

fn cool_all(store: &ColumnStore, now: Timestamp) -> Result<Vec<CompactReport>, StoreError> {
    let mut reports = Vec::new();
    while let Some(report) = store.cold_next(now)? {
        reports.push(report);
    }
    Ok(reports)
}

fn kept_for(days: u32) -> Arc<Retention> {
    Arc::new(Retention::new(TenantRetention::of_age(days * DAY)))
}

#[test]
fn old_groups_are_compressed_once_more_and_give_the_same_lines() {
    let dir = tempfile::tempdir().unwrap();
    let events = events(60);
    let options = StoreOptions { rows_max: 200, ..options(dir.path()) };
    let store = ColumnStore::open(&real(), options.clone()).unwrap().store;
    project(&store, &events).unwrap();
    settle(&store).unwrap();
    let before = store.statistics();
    assert_eq!(cool_all(&store, at(8)).unwrap(), [], "nothing is a week old");
    let first = cool_all(&store, at(9)).unwrap();
    assert!(!first.is_empty() && store.statistics().cold_groups < before.groups, "the first day is");
    let second = cool_all(&store, at(30)).unwrap();
    assert!(first.iter().chain(&second).all(|report| report.rows_removed == 0), "{first:?} {second:?}");
    let after = store.statistics();
    assert_eq!((after.cold_groups, after.cold_bytes), (after.groups, after.stored_bytes));
    assert_eq!((after.rows, after.raw_bytes), (before.rows, before.raw_bytes));
    assert!(after.stored_bytes < before.stored_bytes, "{before:?} {after:?}");
    assert_eq!(found(&store), expected(&events));
    assert_eq!((cool_all(&store, at(40)).unwrap(), compact_all(&store).unwrap()), (vec![], vec![]));
    drop(store);
    assert!(verify(&real(), dir.path()).unwrap().unwrap().is_whole());
    let Opened { store, findings } = ColumnStore::open(&real(), options).unwrap();
    assert_eq!((findings, found(&store)), (vec![], expected(&events)));
    assert_eq!(store.statistics().cold_groups, after.groups);
}

#[test]
fn a_cold_group_can_be_searched_while_it_is_made_and_merged_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let events = events(40);
    let store = with_small_groups(dir.path(), &events[..30]);
    let earlier = store.snapshot();
    cool_all(&store, at(30)).unwrap();
    let seen: usize = earlier.groups.iter().map(|group| lines::of_group(group).len()).sum();
    assert_eq!(seen, expected(&events[..30]).len());
    drop(earlier);
    project(&store, &events[30..]).unwrap();
    settle(&store).unwrap();
    compact_all(&store).unwrap();
    store.erase(tenant(1)).unwrap();
    compact_all(&store).unwrap();
    assert_eq!(found(&store), without(1, &events));
    cool_all(&store, at(30)).unwrap();
    assert_eq!(found(&store), without(1, &events));
}

#[test]
fn a_group_that_is_erased_too_old_and_cold_at_once_is_rewritten_once() {
    for first_cold in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let events = events(40);
        let options = StoreOptions { rows_max: 500, ..options(dir.path()) };
        let store = ColumnStore::open(&real(), options).unwrap().store;
        project(&store, &events).unwrap();
        settle(&store).unwrap();
        let groups: Vec<u64> = store.state().catalogue.groups.keys().copied().collect();
        let mut rules = Retention::default();
        rules.set(tenant(0), TenantRetention::of_age(DAY));
        store.erase(tenant(1)).unwrap();
        let report = store.retain(at(30), &Arc::new(rules)).unwrap();
        assert_eq!((report.groups_due, report.groups), (groups.len() as u64, 0));
        let mut reports = if first_cold { cool_all(&store, at(30)).unwrap() } else { Vec::new() };
        reports.extend(compact_all(&store).unwrap());
        reports.extend(cool_all(&store, at(30)).unwrap());
        let mut from: Vec<u64> = reports.iter().flat_map(|report| report.from.clone()).collect();
        from.sort_unstable();
        assert_eq!(from, groups, "each once: {reports:?}");
        let statistics = store.statistics();
        assert_eq!((statistics.cold_groups, statistics.erasing), (statistics.groups, 0));
        let others: Vec<_> = events.iter().filter(|event| event.tenant == 2).cloned().collect();
        assert_eq!(found(&store), expected(&others));
    }
}

#[test]
fn a_row_moves_a_few_times_in_its_life_for_being_in_a_small_group() {
    let dir = tempfile::tempdir().unwrap();
    let events = events(256);
    let options = StoreOptions { rows_max: 10_000, ..options(dir.path()) };
    let store = ColumnStore::open(&real(), options).unwrap().store;
    let mut moved = 0;
    for some in events.chunks(2) {
        project(&store, some).unwrap();
        settle(&store).unwrap();
        moved += compact_all(&store).unwrap().iter().map(|report| report.rows).sum::<u64>();
    }
    let rows = store.statistics().rows;
    assert_eq!(found(&store).len() as u64, rows);
    // 128 small groups of each day, and four make one: seven halves at most.
    assert!(moved <= 5 * rows, "{moved} rows were moved for {rows}");
    assert!(store.statistics().groups <= 24, "{:?}", store.statistics());
}

#[test]
fn a_group_is_held_against_the_rules_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = with_small_groups(dir.path(), &events(24));
    let groups = store.statistics().groups;
    let mut rules = Retention::new(TenantRetention::of_age(40 * DAY));
    rules.set(tenant(0), TenantRetention::of_age(20 * DAY));
    rules.set(tenant(7), TenantRetention::of_age(DAY));
    let rules = Arc::new(rules);
    let read = |day| store.retain(at(day), &rules).unwrap().groups_read;
    assert_eq!((read(10), read(10), read(15)), (groups, 0, 0), "tenant 7 has no rows");
    let due = read(25);
    assert!(0 < due && due < groups, "only those with rows of tenant 0: {due} of {groups}");
    assert_eq!(read(26), 0);
    // Groups of tenant 0 alone are gone.
    let left = store.statistics().groups;
    let again = store.retain(at(26), &Arc::new(Retention::new(TenantRetention::of_age(DAY)))).unwrap();
    assert_eq!((again.groups_read, again.groups), (left, left), "other rules");
}

#[test]
fn a_clock_that_is_put_back_takes_nothing_before_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let events = events(24);
    let store = with_small_groups(dir.path(), &events);
    compact_all(&store).unwrap();
    let mut rules = Retention::default();
    rules.set(tenant(0), TenantRetention::of_age(5 * DAY));
    let rules = Arc::new(rules);
    assert!(store.retain(at(30), &rules).unwrap().groups_due > 0);
    store.retain(at(4), &rules).unwrap();
    assert_eq!(compact_all(&store).unwrap(), []);
    assert_eq!(found(&store), expected(&events));
    assert!(store.retain(at(30), &rules).unwrap().groups_due > 0);
    assert!(!compact_all(&store).unwrap().is_empty());
    assert_eq!(found(&store), without(0, &events));
}

#[test]
fn old_lines_that_came_today_are_as_old_as_today() {
    let dir = tempfile::tempdir().unwrap();
    let line = br#"{"@timestamp":"2001-02-03T04:05:06Z","message":"from a box in the cellar"}"#;
    let event = Event { tenant: 0, partition: 0, offset: 1, lines: vec![line.to_vec()] };
    let events = [event];
    let store = with_small_groups(dir.path(), &events);
    let groups = |day| store.retain(at(day), &kept_for(30)).unwrap().groups;
    assert_eq!(groups(30), 0);
    assert_eq!(found(&store), expected(&events));
    assert_eq!(groups(32), 1);
    assert_eq!(found(&store), expected(&[]));
}

/// Makes everything cold and then removes the older of the two days.
fn grow_old(store: &ColumnStore, events: &[Event]) -> Result<(), StoreError> {
    project(store, events)?;
    settle(store)?;
    cool_all(store, at(9))?;
    cool_all(store, at(30))?;
    store.retain(at(32), &kept_for(30))?;
    compact_all(store)?;
    Ok(())
}

#[test]
fn a_death_at_any_step_of_growing_old_loses_and_doubles_nothing() {
    let events = events(16);
    let is_newer = |line: &Found| String::from_utf8_lossy(&line.4).contains("2026-03-02");
    for changes in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let files = FaultyFiles::dying_after(changes);
        let died = ColumnStore::open(&files.shared(), options(dir.path()))
            .and_then(|opened| grow_old(&opened.store, &events));
        let Opened { store, findings } = open(dir.path());
        assert!(!findings.iter().any(Finding::is_damage), "death after {changes}: {findings:?}");
        let checkpoint = |event: &&Event| event.offset() <= store.checkpoint(event.partition());
        let durable = expected(&events.iter().filter(checkpoint).cloned().collect::<Vec<_>>());
        let newer: Vec<Found> = durable.iter().filter(|line| is_newer(line)).cloned().collect();
        let lines = found(&store);
        assert!(newer.iter().all(|line| lines.contains(line)), "death after {changes} changes");
        assert!(lines.iter().all(|line| durable.contains(line)), "death after {changes} changes");
        grow_old(&store, &events).unwrap();
        assert!(found(&store).iter().filter(|line| is_newer(line)).count() >= newer.len());
        if died.is_ok() {
            assert!(changes > 60, "{changes}");
            break;
        }
    }
}

#[test]
fn an_error_at_any_step_of_growing_old_loses_nothing_and_a_retry_works() {
    let events = events(16);
    let whole = tempfile::tempdir().unwrap();
    let sound = open(whole.path()).store;
    grow_old(&sound, &events).unwrap();
    for change in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let files = FaultyFiles::failing_at(change);
        let Ok(Opened { store, .. }) = ColumnStore::open(&files.shared(), options(dir.path())) else {
            continue;
        };
        if grow_old(&store, &events).is_err() {
            grow_old(&store, &events).unwrap();
        }
        assert_eq!(found(&store), found(&sound), "failure at {change}");
        drop(store);
        let Opened { store, findings } = open(dir.path());
        assert!(!findings.iter().any(Finding::is_damage), "failure at {change}: {findings:?}");
        assert_eq!(found(&store), found(&sound), "failure at {change}");
        if !files.has_failed() {
            break;
        }
    }
}

/// A rule as the model knows it.
#[derive(Debug, Clone)]
enum Met {
    Stream(&'static str),
    Lines(Filter),
}

/// Rules of a tenant with their days, and the days of all its other lines.
#[derive(Debug, Clone)]
struct Kept {
    rules: Vec<(Met, Option<u32>)>,
    days: Option<u32>,
}

/// What a tenant sent at once.
type Sent = (u8, LineDefaults, Vec<Vec<u8>>);

/// Where a line is known by: its tenant, its event and its place there.
type Row = (TenantId, u64, u32);

const PATTERNS: [&str; 8] =
    ["logs-*-default", "*-pt", "metrics-*", "logs-api-*", "*", "logs-generic-default", "*_b-*", "logs-x-pt"];

fn pattern(text: &str) -> StreamPattern {
    StreamPattern::parse(text, &AccountLimits::default()).unwrap()
}

fn kept() -> impl Strategy<Value = Kept> {
    let met = prop_oneof![
        3 => proptest::sample::select(&PATTERNS[..]).prop_map(Met::Stream),
        1 => generate::filter().prop_map(Met::Lines)
    ];
    let days = || proptest::option::weighted(0.8, 1u32..9);
    (proptest::collection::vec((met, days()), 0..4), days()).prop_map(|(rules, days)| Kept { rules, days })
}

/// A line of one of three days that says something of its stream.
fn filed_line() -> impl Strategy<Value = Vec<u8>> {
    let part =
        || proptest::sample::select(&["\"pt\"", "\"a-b\"", "null", "[\"x\",\"pt\"]", "7", "\"\"", "{}"][..]);
    let service = proptest::sample::select(&["\"api\"", "null", "\"\"", "3", "[\"x\"]", "\"é\""][..]);
    let form = (0..4u8, 1..4u8, 0..9u8);
    (form, service, part(), part()).prop_map(|((form, day, hour), service, dataset, namespace)| {
        let time = format!("\"time\":\"2026-03-0{day}T0{hour}:00:00Z\"");
        let line = match form {
            0 => format!("{{{time},\"service\":{service}}}"),
            1 => format!(
                "{{{time},\"app\":{service},\"data_stream\":{{\"dataset\":{dataset},\"namespace\":{namespace}}}}}"
            ),
            2 => format!("{{\"data_stream.type\":\"metrics\",{time},\"data_stream.namespace\":{namespace}}}"),
            _ => format!(
                "{{\"data_stream.namespace\":{namespace},{time},\"data_stream\":{{\"namespace\":{dataset}}}}}"
            ),
        };
        line.into_bytes()
    })
}

fn sent() -> impl Strategy<Value = Sent> {
    let line = prop_oneof![3 => filed_line(), 1 => generate::line()];
    (0..3u8, generate::defaults(), proptest::collection::vec(line, 1..12))
}

fn retention(kept: &[Kept]) -> Arc<Retention> {
    let age = |days: Option<u32>| days.map(|days| days * DAY);
    let mut retention = Retention::default();
    for (number, kept) in (0..).zip(kept) {
        let condition = |met: &Met| match met {
            Met::Stream(text) => RetentionCondition::Stream(pattern(text)),
            Met::Lines(filter) => RetentionCondition::Lines(Box::new(Plan::new(filter).unwrap())),
        };
        let rule =
            |(met, days): &(Met, Option<u32>)| RetentionRule { condition: condition(met), age: age(*days) };
        let rules = kept.rules.iter().map(rule).collect();
        retention.set(tenant(number), TenantRetention { rules, age: age(kept.days) });
    }
    Arc::new(retention)
}

/// How long a line is kept, by looking at it.
fn naive_days(kept: &Kept, line: Line<'_>, defaults: &LineDefaults) -> Option<u32> {
    let meets = |met: &Met| match met {
        Met::Stream(text) => pattern(text).matches(StreamName::of_line(line, defaults).as_str()),
        Met::Lines(filter) => reference::matches(filter, line, defaults),
    };
    kept.rules.iter().find(|(met, _)| meets(met)).map_or(kept.days, |(_, days)| *days)
}

fn rows_of(store: &ColumnStore) -> BTreeMap<Row, Vec<u8>> {
    let mut rows = BTreeMap::new();
    for group in store.snapshot().groups {
        let mut read = |view: &dyn GroupView| {
            for tenant in (0..3).map(tenant) {
                let TenantRows::Range(range) = view.tenant_rows(tenant) else { panic!("it is sealed") };
                let range: Vec<u32> = range.collect();
                let (origins, lines) = (view.origins(&range).unwrap(), render(view, &range).unwrap());
                let row = |origin: Origin| (tenant, origin.offset.number(), origin.line);
                rows.extend(origins.into_iter().map(row).zip(lines.into_iter().map(|line| line.raw)));
            }
        };
        group.with(&mut read).unwrap();
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]
    #[test]
    fn lines_go_when_their_rule_says_and_neither_before_nor_much_later(
        sent in proptest::collection::vec(sent(), 1..14),
        kept in proptest::collection::vec(kept(), 3),
        (rows_max, cools, erased) in (8u32..60, any::<bool>(), proptest::option::weighted(0.3, 0..3u8)),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let options = StoreOptions { rows_max, cold_after: 2 * DAY, ..options(dir.path()) };
        let store = ColumnStore::open(&real(), options).unwrap().store;
        let mut model = BTreeMap::new();
        for ((number, defaults, lines), offset) in sent.iter().zip(1..) {
            let arrival = Arrival { defaults: defaults.clone(), ..Arrival::default() };
            let batch = generate::batch(lines);
            store.apply(tenant(*number), partition(0), Offset::new(offset), &batch, &arrival).unwrap();
            settle(&store).unwrap();
            for (line, at) in batch.lines().zip(0..) {
                let days = naive_days(&kept[usize::from(*number)], line, defaults);
                model.insert((tenant(*number), offset, at), (line.raw().to_vec(), line.timestamp().nanos(), days));
            }
        }
        let rules = retention(&kept);
        if let Some(number) = erased {
            store.erase(tenant(number)).unwrap();
            model.retain(|row, _| row.0 != tenant(number));
        }
        for now in [3, 5, 8, 13].map(at) {
            store.retain(now, &rules).unwrap();
            if cools {
                cool_all(&store, now).unwrap();
            }
            compact_all(&store).unwrap();
            let rows = rows_of(&store);
            for (row, (raw, time, days)) in &model {
                let day = DAY.as_nanos() as i64;
                let age = days.map(|days| i64::from(days) * day);
                match rows.get(row) {
                    Some(found) => {
                        prop_assert_eq!(found, raw);
                        let latest = (time.div_euclid(day) + 1) * day;
                        prop_assert!(age.is_none_or(|age| latest + age >= now.nanos()), "{row:?} stays");
                    }
                    None => prop_assert!(age.is_some_and(|age| time + age < now.nanos()), "{row:?} is gone"),
                }
            }
            model.retain(|row, _| rows.contains_key(row));
            prop_assert_eq!(rows.len(), model.len());
        }
        prop_assert!(verify(&real(), dir.path()).unwrap().unwrap().is_whole());
    }
}
