//! Filters asked of groups, open and sealed, and of the matcher, against the slow reader of filters on the lines
//! themselves.
//!
//! Invariant: the same rows pass. The grammar of lines and filters is that of the query language's own tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use antler_events::clock::{Clock, SystemClock, Timestamp};
use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::files::{Access, FileSystem, RealFiles};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::line::{Level, Role};
use antler_events::log::BoxFuture;
use antler_events::query::tree::{FieldName, Filter};
use antler_events::query::{Matcher, generate, reference};
use proptest::prelude::*;

use super::budget::{Budget, Stop};
use super::counts::{self, CountSearch};
use super::evaluate::find;
use super::lines::{self, LineSearch, Order, Position};
use super::plan::Plan;
use super::rows::RowSet;
use super::select::SearchGroup;
use super::tally::tally;
use crate::index::columns::block::ReadError;
use crate::index::columns::group::{SealedGroup, Shared};
use crate::index::columns::open::OpenGroup;
use crate::index::columns::seal::{days, seal};
use crate::index::columns::view::{GroupView, TenantRows};
use crate::index::port::{InlineWorkers, JobList, Work, WorkLost, Workers};

mod pages;

/// A batch of a tenant, with its defaults.
pub(super) type Batch = (u8, Vec<Vec<u8>>, LineDefaults);

pub(super) fn tenant(number: u8) -> TenantId {
    TenantId::parse(&format!("tenant-{number}")).unwrap()
}

pub(super) fn open(batches: &[Batch]) -> OpenGroup {
    let mut group = OpenGroup::new(PartitionId::new(0));
    for ((number, lines, defaults), offset) in batches.iter().zip(1..) {
        let arrival = Arrival { defaults: defaults.clone(), ..Arrival::default() };
        group.apply(tenant(*number), Offset::new(offset), &generate::batch(lines), &arrival);
    }
    group
}

pub(super) fn sealed(group: &OpenGroup) -> Vec<SealedGroup> {
    let dir = tempfile::tempdir().unwrap();
    let shared = Arc::new(Shared::new(1 << 20, 1 << 20));
    let open = |(number, bytes): (u64, Vec<u8>)| {
        let file = RealFiles.open(&dir.path().join(number.to_string()), Access::Create).unwrap();
        file.write_at(0, &bytes).unwrap();
        SealedGroup::open(file, number, Arc::clone(&shared)).unwrap()
    };
    let files = days(group).into_iter().map(|day| seal(group, &day.rows, 1).unwrap());
    (0..).zip(files).map(open).collect()
}

/// Offset and line of the rows of a tenant that pass.
fn found(group: &impl GroupView, tenant: TenantId, plan: &Plan) -> Vec<(u64, u32)> {
    let (rows, candidates) = match group.tenant_rows(tenant) {
        TenantRows::Range(range) => (range.clone(), RowSet::all(range.end - range.start)),
        TenantRows::List(list) => {
            let mut set = RowSet::none(group.rows());
            list.iter().for_each(|row| set.insert(*row));
            (0..group.rows(), set)
        }
    };
    let start = rows.start;
    let passing: Vec<u32> =
        find(group, rows, &candidates, plan).unwrap().iter().map(|row| row + start).collect();
    let origins = group.origins(&passing).unwrap();
    origins.iter().map(|origin| (origin.offset.number(), origin.line)).collect()
}

impl SearchGroup for SealedGroup {
    fn span(&self) -> (i64, i64) {
        GroupView::span(self).unwrap()
    }

    fn with<R>(&self, read: impl FnOnce(&dyn GroupView) -> R) -> Result<R, ReadError> {
        Ok(read(self))
    }
}

/// A line that passes, as a naive answer has it.
struct Expected {
    position: Position,
    raw: Vec<u8>,
    level: Option<Level>,
    services: Vec<String>,
}

fn expected(batches: &[Batch], of: u8, filter: &Filter) -> Vec<Expected> {
    let mut all = Vec::new();
    for ((_, lines, defaults), offset) in batches.iter().zip(1..).filter(|((other, ..), _)| *other == of) {
        let batch = generate::batch(lines);
        let passing = batch.lines().zip(0..).filter(|(line, _)| reference::matches(filter, *line, defaults));
        all.extend(passing.map(|(line, at)| {
            let said = defaults.level.as_ref().and_then(|text| Level::parse(text.as_bytes()));
            let level = if line.index_of(Role::Level).is_some() { line.level() } else { said };
            let service = line.role(Role::Service).map(|value| value.text().into_owned());
            let offset = Offset::new(offset);
            Expected {
                position: Position {
                    time: line.timestamp(),
                    partition: PartitionId::new(0),
                    offset,
                    line: at,
                },
                raw: line.raw().to_vec(),
                level,
                services: service.or_else(|| defaults.service.clone()).into_iter().collect(),
            }
        }));
    }
    all.sort_by_key(|line| line.position);
    all
}

fn check_answers(batches: &[Batch], filter: &Filter, limit: usize, cut: usize) {
    let group = open(batches);
    let groups = sealed(&group);
    let expected = expected(batches, 0, filter);
    check_lines(&groups, filter, &expected, limit, cut);
    check_counts(&groups, filter, &expected);
}

/// Searches alone, and with others who join in or do not.
pub(super) fn with_budgets(sharing: usize, check: impl Fn(&Budget<'_>)) {
    let (clock, is_cancelled) = (SystemClock::new(), AtomicBool::new(false));
    check(&Budget::alone(&clock, &is_cancelled));
    with_sharing(Sharing::ALL[sharing % 3], u64::MAX, &check);
}

/// How jobs are shared.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sharing {
    /// Nobody joins in.
    Never,
    /// From the last to the first.
    Backwards,
    /// With threads, which may come late.
    Threads,
}

impl Sharing {
    pub(super) const ALL: [Self; 3] = [Self::Never, Self::Backwards, Self::Threads];
}

impl Workers for Sharing {
    fn run(&self, work: Work) -> BoxFuture<'static, Result<(), WorkLost>> {
        InlineWorkers.run(work)
    }

    fn width(&self) -> usize {
        2
    }

    fn share(&self, count: usize, job: &(dyn Fn(usize) + Sync)) {
        let jobs = JobList::new(count);
        match self {
            Self::Never => jobs.work_off(job),
            Self::Backwards => (0..count).rev().for_each(job),
            Self::Threads => std::thread::scope(|scope| {
                scope.spawn(|| jobs.work_off(job));
                jobs.work_off(job);
            }),
        }
    }
}

/// A second passes whenever it is looked at, so that every search takes long enough to be shared.
#[derive(Debug, Default)]
struct LeapingClock(AtomicU64);

impl Clock for LeapingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(0)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

pub(super) fn with_sharing(sharing: Sharing, seconds: u64, check: impl FnOnce(&Budget<'_>)) {
    let (clock, is_cancelled) = (LeapingClock::default(), AtomicBool::new(false));
    let deadline = Duration::from_secs(seconds);
    check(&Budget { clock: &clock, deadline, is_cancelled: &is_cancelled, workers: &sharing });
}

/// `expected` are all lines that pass, sorted.
fn check_lines(groups: &[SealedGroup], filter: &Filter, expected: &[Expected], limit: usize, cut: usize) {
    let plan = Plan::new(filter).unwrap();
    let after = expected.get(cut).map(|line| line.position);
    let mut expected: Vec<&Expected> = expected.iter().collect();
    for order in [Order::OldestFirst, Order::NewestFirst] {
        let asked = LineSearch { plan: &plan, period: (i64::MIN, i64::MAX), order, limit, after };
        let behind = |line: &&&Expected| match order {
            Order::OldestFirst => after.is_none_or(|after| line.position > after),
            Order::NewestFirst => after.is_none_or(|after| line.position < after),
        };
        let first: Vec<_> = expected
            .iter()
            .filter(behind)
            .take(limit)
            .map(|line| (line.position, line.raw.clone()))
            .collect();
        with_budgets(limit % 3 + cut % 3, |budget| {
            let answer = lines::search(tenant(0), groups, &asked, budget);
            assert!(answer.damaged.is_empty() && answer.stopped.is_none());
            let found: Vec<_> = answer.hits.into_iter().map(|hit| (hit.position, hit.raw)).collect();
            assert_eq!(found, first, "{order:?}");
        });
        expected.reverse();
    }
}

fn check_counts(groups: &[SealedGroup], filter: &Filter, expected: &[Expected]) {
    let plan = Plan::new(filter).unwrap();
    let asked = CountSearch { plan: &plan, period: (i64::MIN, i64::MAX) };
    let step = 3_600_000_000_000;
    let mut buckets: BTreeMap<i64, counts::ByLevel> = BTreeMap::new();
    let mut services: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    for line in expected {
        let bucket = buckets.entry(line.position.time.nanos().div_euclid(step) * step).or_default();
        bucket[line.level.map_or(0, |level| level as usize)] += 1;
        line.services.iter().for_each(|text| *services.entry(text.clone().into_bytes()).or_default() += 1);
    }
    with_budgets(expected.len(), |budget| {
        assert_eq!(counts::count(tenant(0), groups, &asked, budget).0, expected.len() as u64);
        assert_eq!(counts::histogram(tenant(0), groups, &asked, step, budget).0, buckets);
        let field = FieldName::Role(Role::Service);
        let found = counts::values(tenant(0), groups, &asked, &field, budget).0;
        assert_eq!(
            found.into_iter().map(|(text, count)| (text.into_vec(), count)).collect::<BTreeMap<_, _>>(),
            services
        );
    });
}

/// What forms say, asked of each shape.
fn check_forms(group: &impl GroupView) {
    let (forms, shapes) = (group.forms(), group.shapes());
    for column in 0..group.columns() {
        let uses = shapes.iter().map(|shape| shape.values().filter(|other| *other == column).count() as u32);
        let expected: Vec<(u32, u32)> = (0..).zip(uses).filter(|(_, values)| *values > 0).collect();
        let told: Vec<(u32, u32)> = forms.uses(column).iter().map(|of| (of.shape, of.values)).collect();
        assert_eq!(told, expected);
        let name = |column: u32| &*group.head(column).name;
        let named: Vec<u32> = (0..group.columns()).filter(|other| name(*other) == name(column)).collect();
        assert_eq!(forms.named(name(column), name), named);
    }
    for role in Role::ALL {
        let mut expected: Vec<(u32, u32, u32)> = (0u32..)
            .zip(shapes)
            .filter_map(|(number, shape)| shape.role(role).map(|(column, nth)| (column, number, nth as u32)))
            .collect();
        expected.sort_unstable();
        let fills = forms.fills(role).iter().map(|fill| (fill.column, fill.shape, fill.nth));
        assert_eq!(fills.collect::<Vec<_>>(), expected);
    }
    assert_eq!(forms.named("no such name", |column| &*group.head(column).name), [0; 0]);
}

/// What one batch is asked: open and sealed, the groups are made once.
fn check(batches: &[Batch], filters: &[Filter]) {
    let group = open(batches);
    let groups = sealed(&group);
    let sort = |mut rows: Vec<(u64, u32)>| {
        rows.sort_unstable();
        rows
    };
    check_forms(&group);
    groups.iter().for_each(check_forms);
    for filter in filters {
        let plan = Plan::new(filter).unwrap();
        let passing = passing(batches, filter);
        for number in 0..3 {
            let of = |(other, offset, line): &(u8, u64, u32)| (*other == number).then_some((*offset, *line));
            let expected: Vec<(u64, u32)> = passing.iter().filter_map(of).collect();
            assert_eq!(
                sort(found(&group, tenant(number), &plan)),
                expected,
                "open, tenant {number}: {filter:?}"
            );
            let everything = (i64::MIN, i64::MAX);
            assert_eq!(tally(tenant(number), &group, &plan, everything).unwrap(), expected.len() as u64);
            let all = groups.iter().flat_map(|group| found(group, tenant(number), &plan)).collect();
            assert_eq!(sort(all), expected, "sealed, tenant {number}: {filter:?}");
        }
    }
}

/// Tenant, offset and line of all lines that the slow reader lets pass; the matcher must agree.
fn passing(batches: &[Batch], filter: &Filter) -> Vec<(u8, u64, u32)> {
    let matcher = Matcher::new(filter).unwrap();
    let mut passing = Vec::new();
    for ((of, lines, defaults), offset) in batches.iter().zip(1u64..) {
        let batch = generate::batch(lines);
        let bound = matcher.for_batch(&batch, defaults);
        for (line, at) in batch.lines().zip(0u32..) {
            let passes = reference::matches(filter, line, defaults);
            assert_eq!(bound.matches(line), passes, "matcher, line {at} of event {offset}: {filter:?}");
            if passes {
                passing.push((*of, offset, at));
            }
        }
    }
    passing
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn groups_find_what_the_slow_reader_finds(
        batches in proptest::collection::vec((0u8..3, generate::lines(4), generate::defaults()), 1..4),
        // Together 20,000 pairs of lines and query.
        filters in proptest::collection::vec(generate::filter(), 5),
    ) {
        check(&batches, &filters);
    }

    #[test]
    fn answers_are_those_of_sorting_and_counting_all_lines(
        batches in proptest::collection::vec((0u8..2, generate::lines(6), generate::defaults()), 1..4),
        filter in generate::filter(),
        (limit, cut) in (0usize..8, 0usize..12),
    ) {
        check_answers(&batches, &filter, limit, cut);
    }
}

#[test]
fn shared_searches_end_in_time_and_when_they_are_not_wanted() {
    let lines = |offset: u64| (0, vec![format!("line {offset}").into_bytes(); 3], LineDefaults::default());
    let groups: Vec<SealedGroup> = (0..40).flat_map(|offset| sealed(&open(&[lines(offset)]))).collect();
    let plan = Plan::new(&Filter::All).unwrap();
    let asked = CountSearch { plan: &plan, period: (i64::MIN, i64::MAX) };
    for sharing in Sharing::ALL {
        for seconds in [0, 5, 20, 1_000] {
            with_sharing(sharing, seconds, |budget| {
                let (count, gaps) = counts::count(tenant(0), &groups, &asked, budget);
                let is_whole = seconds == 1_000;
                assert_eq!(gaps.stopped, (!is_whole).then_some(Stop::Deadline), "{sharing:?}");
                assert_eq!(count == 120, is_whole, "{sharing:?}: {count} in {seconds} s");
                assert_eq!(count > 0, seconds > 0, "{sharing:?}: {count} in {seconds} s");
            });
        }
        with_sharing(sharing, u64::MAX, |budget| {
            budget.is_cancelled.store(true, Ordering::Relaxed);
            let (count, gaps) = counts::count(tenant(0), &groups, &asked, budget);
            assert_eq!((count, gaps.stopped), (0, Some(Stop::Cancelled)));
        });
    }
}
