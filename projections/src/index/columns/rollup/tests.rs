//! Roll-ups against counting rows, their bounds, and damaged bytes.
//!
//! Invariant: what a roll-up and the rows of the cut minutes say together is what counting says.
//! It does not compress.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const SECOND: i64 = 1_000_000_000;

type Row = (u32, Timestamp, Option<Level>, u32);
/// How many lines by level and service.
type Counts = BTreeMap<(Option<Level>, u32), u64>;

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_nanos(seconds * SECOND)
}

fn built(rows: &[Row], cells_max: usize) -> Option<Vec<u8>> {
    let mut builder = RollupBuilder::new(cells_max);
    for (tenant, time, level, service) in rows {
        builder.add(*tenant, *time, *level, *service);
        assert!(builder.bytes_held() <= cells_max * 200 + (1 << 16), "{}", builder.bytes_held());
    }
    builder.finish()
}

fn counted(rows: &[Row], tenant: u32, range: &Range<Timestamp>, has_services: bool) -> Counts {
    let mut counts = Counts::new();
    for (_, _, level, service) in rows.iter().filter(|row| row.0 == tenant && range.contains(&row.1)) {
        *counts.entry((*level, if has_services { *service } else { SERVICE_NONE })).or_default() += 1;
    }
    counts
}

/// The cells of a time and the rows of its cut minutes, added up.
fn added_up(rollup: &Rollup<'_>, rows: &[Row], tenant: u32, range: &Range<Timestamp>) -> Counts {
    let mut counts = Counts::new();
    let mut before = None;
    let cut = rollup.for_each(tenant, range.start, range.end, |cell| {
        let all = counted(rows, tenant, &minute_of(cell.minute), rollup.has_services());
        assert_eq!(all.get(&(cell.level, cell.service)), Some(&u64::from(cell.count)));
        assert!(before <= Some(cell.minute), "{before:?} before {:?}", cell.minute);
        before = Some(cell.minute);
        *counts.entry((cell.level, cell.service)).or_default() += u64::from(cell.count);
    });
    for part in cut.unwrap().ranges() {
        assert!(range.start <= part.start && part.end <= range.end && !part.is_empty());
        for (key, count) in counted(rows, tenant, &part, rollup.has_services()) {
            *counts.entry(key).or_default() += count;
        }
    }
    counts
}

fn minute_of(minute: Minute) -> Range<Timestamp> {
    minute.start()..Timestamp::from_nanos(minute.start().nanos().saturating_add(NANOS_PER_MINUTE))
}

fn sample() -> Vec<Row> {
    vec![
        (1, time(30), Some(Level::Info), 0),
        (1, time(59), Some(Level::Error), 3),
        (1, time(59), Some(Level::Info), 0),
        (1, time(60), None, SERVICE_NONE),
        (1, time(200), Some(Level::Info), 0),
        (7, time(-1), Some(Level::Critical), 70_000),
        (7, time(61), Some(Level::Trace), u32::MAX - 1),
    ]
}

fn cells(rollup: &Rollup<'_>, tenant: u32, from: i64, to: i64) -> (Vec<(i32, u32)>, CutMinutes) {
    let mut cells = Vec::new();
    let cut =
        rollup.for_each(tenant, time(from), time(to), |cell| cells.push((cell.minute.number(), cell.count)));
    (cells, cut.unwrap())
}

#[test]
fn whole_minutes_are_cells_and_cut_ones_are_named() {
    let bytes = built(&sample(), 100).unwrap();
    let rollup = Rollup::read(&bytes).unwrap();
    assert!(rollup.has_services());
    let none = CutMinutes::default;
    assert_eq!(cells(&rollup, 1, -100, 1_000), (vec![(0, 2), (0, 1), (1, 1), (3, 1)], none()));
    assert_eq!(cells(&rollup, 1, 0, 60), (vec![(0, 2), (0, 1)], none()));
    assert_eq!(cells(&rollup, 1, 60, 180), (vec![(1, 1)], none()));
    let first = CutMinutes { first: Some(time(40)..time(60)), last: None };
    assert_eq!(cells(&rollup, 1, 40, 120), (vec![(1, 1)], first));
    let both = CutMinutes { first: Some(time(40)..time(60)), last: Some(time(180)..time(190)) };
    assert_eq!(cells(&rollup, 1, 40, 190), (vec![(1, 1)], both));
    let one = CutMinutes { first: Some(time(40)..time(50)), last: None };
    assert_eq!(cells(&rollup, 1, 40, 50), (vec![], one));
    assert_eq!(cells(&rollup, 1, 130, 150), (vec![], none()));
    assert_eq!(cells(&rollup, 1, 60, 60), (vec![], none()));
    assert_eq!(cells(&rollup, 1, 90, 10), (vec![], none()));
    assert_eq!(cells(&rollup, 2, -100, 1_000), (vec![], none()));
}

#[test]
fn a_minute_is_whole_if_the_group_has_nothing_in_the_part_that_is_cut_off() {
    let rows: Vec<Row> = (100..150).map(|second| (1, time(second), None, 5)).collect();
    let bytes = built(&rows, 100).unwrap();
    let rollup = Rollup::read(&bytes).unwrap();
    assert_eq!(cells(&rollup, 1, 100, 150), (vec![(1, 20), (2, 30)], CutMinutes::default()));
    assert_eq!(cells(&rollup, 1, 99, 9_999).0, vec![(1, 20), (2, 30)]);
    let cut = CutMinutes { first: Some(time(101)..time(120)), last: Some(time(120)..time(149)) };
    assert_eq!(cells(&rollup, 1, 101, 149), (vec![], cut));
}

#[test]
fn the_ends_of_time_are_minutes_too() {
    let [first, last] = [i64::MIN, i64::MAX].map(Timestamp::from_nanos);
    let rows = [(0, first, None, 1), (0, last, None, 1), (0, last, None, 1), (u32::MAX, last, None, 1)];
    let bytes = built(&rows, 100).unwrap();
    let rollup = Rollup::read(&bytes).unwrap();
    let mut counts = Vec::new();
    let cut = rollup.for_each(0, first, last, |cell| counts.push(cell.count)).unwrap();
    assert_eq!(counts, [1]);
    assert_eq!(cut.last, Some(Minute::of(last).start()..last));
}

#[test]
fn services_are_dropped_when_there_are_too_many_cells() {
    let rows: Vec<Row> = (0..600).map(|at| (1, time(i64::from(at)), Some(Level::Info), at % 50)).collect();
    assert!(Rollup::read(&built(&rows, 500).unwrap()).unwrap().has_services());
    let bytes = built(&rows, 499).unwrap();
    let rollup = Rollup::read(&bytes).unwrap();
    assert!(!rollup.has_services());
    let range = time(0)..time(600);
    assert_eq!(added_up(&rollup, &rows, 1, &range), counted(&rows, 1, &range, false));
    assert_eq!(cells(&rollup, 1, 0, 600).0, (0..10).map(|minute| (minute, 60)).collect::<Vec<_>>());
    assert!(built(&rows, 10).is_some());
    assert_eq!(built(&rows, 9), None);
}

#[test]
fn one_minute_of_endless_services_stays_bounded() {
    let rows: Vec<Row> = (0..20_000).map(|at| (1, time(5), None, at * 7)).collect();
    let bytes = built(&rows, 100).unwrap();
    assert_eq!(cells(&Rollup::read(&bytes).unwrap(), 1, 0, 60).0, [(0, 20_000)]);
}

#[test]
fn rows_out_of_order_make_no_rollup() {
    let [mut later, mut other] = [sample(), sample()];
    later.swap(2, 4);
    other.swap(4, 5);
    assert_eq!((built(&later, 100), built(&other, 100)), (None, None));
    let mut within = sample();
    within.swap(0, 1);
    assert_eq!(built(&within, 100), built(&sample(), 100));
}

#[test]
fn a_rollup_of_nothing_says_nothing() {
    let bytes = built(&[], 100).unwrap();
    assert_eq!(bytes.len(), HEADER_BYTES);
    assert_eq!(cells(&Rollup::read(&bytes).unwrap(), 0, -100, 100), (vec![], CutMinutes::default()));
}

#[test]
fn stored_bytes_do_not_change() {
    let rows =
        [(2, time(60), Some(Level::Info), 0), (2, time(60), Some(Level::Info), 0), (5, time(130), None, 300)];
    let mut expected = vec![1, 1, 1, 1, 1, 1, 2, 1, 1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0];
    expected.extend_from_slice(&time(60).nanos().to_le_bytes());
    expected.extend_from_slice(&time(130).nanos().to_le_bytes());
    // Tenants, ends, minutes, ends, keys in two planes, counts.
    expected.extend_from_slice(&[2, 5, 1, 2, 0, 1, 1, 2, 1 << 3 | 3, 0x68, 0, 0x09, 2, 1]);
    assert_eq!(built(&rows, 100).unwrap(), expected);
}

#[test]
fn cut_and_changed_bytes_are_errors_or_other_numbers() {
    let bytes = built(&sample(), 100).unwrap();
    for cut in 0..bytes.len() {
        assert!(Rollup::read(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    let mut long = bytes.clone();
    long.push(0);
    assert_eq!(Rollup::read(&long).map(|_| ()), Err(RollupError::Long(1)));
    let changed = |at: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = byte;
        Rollup::read(&bytes).map(|_| ()).unwrap_err()
    };
    assert_eq!(changed(0, 2), RollupError::Version(2));
    assert_eq!(changed(1, 2), RollupError::Contradiction);
    assert_eq!(changed(2, 5), RollupError::Width(5));
    // More cells than there are bytes, more minutes than cells, and counts of no bytes.
    assert_eq!(changed(23, 255), RollupError::Short);
    assert_eq!(changed(19, 255), RollupError::Contradiction);
    assert_eq!(changed(7, 0), RollupError::Contradiction);
}

/// Asks everything of bytes that may be damaged; the work is bounded by their length.
fn ask_everything(bytes: &[u8]) {
    let Ok(rollup) = Rollup::read(bytes) else { return };
    for tenant in 0..10 {
        let mut cells = 0;
        let [first, last] = [i64::MIN, i64::MAX].map(Timestamp::from_nanos);
        let _errors_are_fine = rollup.for_each(tenant, first, last, |_| cells += 1);
        assert!(cells <= rollup.keys.len() && rollup.keys.len() <= bytes.len());
        let _errors_are_fine = rollup.for_each(tenant, time(1), time(100), |_| ());
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let level = (0..7usize).prop_map(|at| at.checked_sub(1).map(|at| Level::ALL[at]));
    let service = prop_oneof![0..4u32, 1_000..1_300u32, Just(SERVICE_NONE), any::<u32>()];
    let row = (0..4u32, -200..400i64, level, service);
    prop::collection::vec(row, 0..300).prop_map(|rows| {
        let mut rows: Vec<Row> = rows
            .into_iter()
            .map(|(tenant, second, level, service)| (tenant, time(second), level, service))
            .collect();
        rows.sort_unstable_by_key(|row| (row.0, row.1));
        rows
    })
}

proptest! {
    #[test]
    fn cells_and_cut_minutes_are_all_rows(rows in rows(), cells_max in 1..400usize, asked in prop::collection::vec((0..5u32, -250..450i64, -250..450i64), 8)) {
        let Some(bytes) = built(&rows, cells_max) else { return Ok(()) };
        let rollup = Rollup::read(&bytes).unwrap();
        prop_assert!(rollup.keys.len() <= cells_max);
        for (tenant, from, to) in asked {
            let range = time(from)..time(to);
            let expected = counted(&rows, tenant, &range, rollup.has_services());
            prop_assert_eq!(added_up(&rollup, &rows, tenant, &range), expected);
        }
    }

    #[test]
    fn enough_room_makes_a_rollup_with_services(rows in rows()) {
        let bytes = built(&rows, rows.len()).unwrap();
        prop_assert!(Rollup::read(&bytes).unwrap().has_services());
    }

    #[test]
    fn damaged_bytes_do_not_make_it_panic(rows in rows(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = built(&rows, 1_000).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        ask_everything(&bytes);
    }

    #[test]
    fn no_bytes_make_it_panic(widths in prop::array::uniform6(0..3u8), counts in prop::array::uniform3(0..5u8), rest in prop::collection::vec(0..20u8, 0..64)) {
        let mut bytes = vec![1, 1];
        bytes.extend_from_slice(&widths);
        bytes.extend_from_slice(&[0; 4]);
        for count in counts {
            bytes.extend_from_slice(&[count, 0, 0, 0]);
        }
        bytes.extend_from_slice(&[0; 16]);
        let [tenants, minutes, cells] = counts.map(usize::from);
        let [a, b, c, d, e, f] = widths.map(usize::from);
        bytes.extend(rest.iter().cycle().take(tenants * (a + b) + minutes * (c + d) + cells * (e + f)));
        ask_everything(&bytes);
    }
}
