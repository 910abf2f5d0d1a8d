//! Patterns of groups against the same patterns made line by line, in plain code.
//!
//! Invariant: open and sealed groups, in any order, whole or in pieces, give the patterns of the naive way.
//! Lines come from the grammar of the query language's own tests, and from one of messages that vary.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use antler_events::clock::SystemClock;
use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::ids::{Offset, PartitionId};
use antler_events::line::{Level, Role};
use antler_events::query::pattern::merge;
use antler_events::query::tree::Filter;
use antler_events::query::{generate, reference};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::index::columns::group::SealedGroup;
use crate::index::columns::open::OpenGroup;
use crate::index::columns::search::lines::Position;
use crate::index::columns::search::tests::{Batch, Sharing, sealed, tenant, with_sharing};

const MINUTE: i64 = 60_000_000_000;
const ALL_TIME: Period = (i64::MIN, i64::MAX);

/// A group, open or sealed.
enum Group {
    Open(Box<OpenGroup>),
    Sealed(Box<SealedGroup>),
    Damaged,
}

impl SearchGroup for Group {
    fn span(&self) -> (i64, i64) {
        match self {
            Self::Open(group) => GroupView::span(&**group).unwrap(),
            Self::Sealed(group) => GroupView::span(&**group).unwrap(),
            Self::Damaged => ALL_TIME,
        }
    }

    fn with<R>(&self, read: impl FnOnce(&dyn GroupView) -> R) -> Result<R, ReadError> {
        match self {
            Self::Open(group) => Ok(read(&**group)),
            Self::Sealed(group) => Ok(read(&**group)),
            Self::Damaged => Err(ReadError::NoBlock { block: 7 }),
        }
    }
}

/// Batches with the offsets they have in the whole.
fn numbered(batches: &[Batch]) -> Vec<(u64, &Batch)> {
    (1..).zip(batches).collect()
}

fn open_group(batches: &[(u64, &Batch)]) -> OpenGroup {
    let mut group = OpenGroup::new(PartitionId::new(0));
    for (offset, (of, lines, defaults)) in batches {
        let arrival = Arrival { defaults: defaults.clone(), ..Arrival::default() };
        group.apply(tenant(*of), Offset::new(*offset), &generate::batch(lines), &arrival);
    }
    group
}

fn open_groups(batches: &[(u64, &Batch)]) -> Vec<Group> {
    let group = open_group(batches);
    if GroupView::rows(&group) == 0 { Vec::new() } else { vec![Group::Open(Box::new(group))] }
}

fn sealed_groups(batches: &[(u64, &Batch)]) -> Vec<Group> {
    sealed(&open_group(batches)).into_iter().map(|group| Group::Sealed(Box::new(group))).collect()
}

/// A line as the naive way sees it.
struct Seen {
    position: Position,
    form: Option<Form>,
    level: usize,
    service: Option<String>,
    raw: Vec<u8>,
    passes: bool,
}

fn seen(batches: &[Batch], filter: &Filter) -> Vec<Seen> {
    let mut all = Vec::new();
    for (offset, (_, lines, defaults)) in numbered(batches).into_iter().filter(|(_, batch)| batch.0 == 0) {
        let batch = generate::batch(lines);
        all.extend(batch.lines().zip(0..).map(|(line, at)| {
            let said = defaults.level.as_ref().and_then(|text| Level::parse(text.as_bytes()));
            let level = if line.index_of(Role::Level).is_some() { line.level() } else { said };
            let service = line.role(Role::Service).map(|value| value.text().into_owned());
            Seen {
                position: Position {
                    time: line.timestamp(),
                    partition: PartitionId::new(0),
                    offset: Offset::new(offset),
                    line: at,
                },
                form: line.message().map(|message| Form::of_text(message.as_bytes())),
                level: level.map_or(0, |level| level as usize),
                service: service.or_else(|| defaults.service.clone()),
                raw: line.raw().to_vec(),
                passes: reference::matches(filter, line, defaults),
            }
        }));
    }
    all
}

/// The patterns as the naive way makes them.
fn expected(asked: &PatternSearch<'_>, lines: &[Seen]) -> PatternAnswer {
    let mut answer = PatternAnswer::default();
    let is_inside = |seen: &Seen| (asked.period.0..=asked.period.1).contains(&seen.position.time.nanos());
    let passing: Vec<&Seen> = lines.iter().filter(|seen| seen.passes && is_inside(seen)).collect();
    let back = asked.looks_back_to();
    let is_old =
        |seen: &&Seen| back.is_some_and(|(first, last)| (first..=last).contains(&seen.position.time.nanos()));
    let forms =
        passing.iter().copied().chain(lines.iter().filter(is_old)).filter_map(|seen| seen.form.as_ref());
    let patterns = merge(forms.clone());
    let of_form: BTreeMap<String, u32> =
        forms.zip(&patterns.of_form).map(|(form, of)| (form.to_string(), *of)).collect();
    let of = |seen: &Seen| seen.form.as_ref().and_then(|form| of_form.get(&form.to_string())).copied();
    answer.lines = passing.len() as u64;
    answer.without_message = passing.iter().filter(|seen| seen.form.is_none()).count() as u64;
    answer.classified = answer.lines - answer.without_message;
    for (form, number) in patterns.patterns.iter().zip(0..) {
        let mut rows: Vec<&Seen> = passing.iter().copied().filter(|seen| of(seen) == Some(number)).collect();
        rows.sort_by_key(|seen| std::cmp::Reverse(seen.position));
        let (Some(last), Some(first)) = (rows.first(), rows.last()) else { continue };
        let is_older = |seen: &Seen| {
            of(seen) == Some(number)
                && asked.new_since.is_some_and(|since| seen.position.time < since)
                && (is_old(&seen) || (seen.passes && is_inside(seen)))
        };
        let mut found = FoundPattern {
            id: form.id(),
            form: form.clone(),
            count: rows.len() as u64,
            seen: Some((first.position.time, last.position.time)),
            buckets: Vec::new(),
            levels: ByLevel::default(),
            services: Vec::new(),
            examples: Vec::new(),
            count_before: None,
            is_new: asked.new_since.is_some() && !lines.iter().any(is_older),
        };
        let (mut buckets, mut services) = (BTreeMap::new(), BTreeMap::new());
        for row in &rows {
            *buckets.entry(row.position.time.nanos().div_euclid(MINUTE) * MINUTE).or_insert(0) += 1;
            found.levels[row.level] += 1;
            if let Some(service) = &row.service {
                *services.entry(service.clone().into_bytes()).or_insert(0) += 1;
            }
        }
        found.buckets = buckets.into_iter().collect();
        found.services = services.into_iter().map(|(text, count)| (text.into(), count)).collect();
        found.services.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        answer.patterns.push(found);
    }
    answer.patterns.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.form.cmp(&other.form)));
    answer
}

/// All that is told of patterns but examples.
fn told(answer: &PatternAnswer) -> Vec<(String, FoundPattern)> {
    let without_examples = |pattern: &FoundPattern| FoundPattern { examples: Vec::new(), ..pattern.clone() };
    answer.patterns.iter().map(|pattern| (pattern.form.to_string(), without_examples(pattern))).collect()
}

/// Asks alone, and with others who join in; all say the same.
fn ask(groups: &[Group], asked: &PatternSearch<'_>) -> PatternAnswer {
    let (clock, is_cancelled) = (SystemClock::new(), AtomicBool::new(false));
    let alone = patterns(tenant(0), groups, asked, &Budget::alone(&clock, &is_cancelled));
    let counts = |answer: &PatternAnswer| {
        let damaged: Vec<usize> = answer.damaged.iter().map(|damaged| damaged.group).collect();
        let unclassified = (answer.unclassified, answer.unclassified_before);
        (answer.lines, answer.classified, answer.without_message, unclassified, answer.is_cut, damaged)
    };
    let ways = if groups.len() > 2 { &Sharing::ALL[..] } else { &Sharing::ALL[2..] };
    for sharing in ways {
        with_sharing(*sharing, u64::MAX, |budget| {
            let shared = patterns(tenant(0), groups, asked, budget);
            assert_eq!(shared.patterns, alone.patterns, "{sharing:?}");
            assert_eq!(counts(&shared), counts(&alone), "{sharing:?}");
        });
    }
    alone
}

fn all_of(plan: &Plan) -> PatternSearch<'_> {
    PatternSearch {
        plan,
        period: ALL_TIME,
        order: PatternOrder::MostFrequent,
        limit: usize::MAX,
        details: PatternDetails::default(),
        new_since: None,
        only_new: false,
        baseline: None,
        known: &[],
        bytes_max: usize::MAX,
    }
}

const EVERYTHING: PatternDetails =
    PatternDetails { seen: true, step_nanos: Some(MINUTE), levels: true, services: usize::MAX, examples: 2 };

fn check_examples(answer: &PatternAnswer, lines: &[Seen], period: Period) {
    let of_pattern = |form: &Form| {
        let covers = |seen: &&Seen| seen.form.as_ref().is_some_and(|of| form.covers(of));
        let is_inside = |seen: &&Seen| (period.0..=period.1).contains(&seen.position.time.nanos());
        let mut rows: Vec<&Seen> =
            lines.iter().filter(|seen| seen.passes).filter(is_inside).filter(covers).collect();
        rows.sort_by_key(|seen| std::cmp::Reverse(seen.position));
        rows
    };
    for pattern in &answer.patterns {
        assert_eq!(pattern.examples.len() as u64, pattern.count.min(2), "{}", pattern.form);
        let rows = of_pattern(&pattern.form);
        if rows.len() as u64 == pattern.count {
            let found: Vec<_> = pattern.examples.iter().map(|hit| (hit.position, &hit.raw)).collect();
            let expected: Vec<_> = rows.iter().take(2).map(|seen| (seen.position, &seen.raw)).collect();
            assert_eq!(found, expected, "{}", pattern.form);
        }
    }
}

fn check(batches: &[Batch], filter: &Filter, cut: usize, period: Period, since: Option<i64>) {
    let plan = Plan::new(filter).unwrap();
    let new_since = since.map(Timestamp::from_nanos);
    let asked = PatternSearch { period, details: EVERYTHING, new_since, ..all_of(&plan) };
    let lines = seen(batches, filter);
    let expected = expected(&asked, &lines);
    let all = numbered(batches);
    let (one, other) = all.split_at(cut.min(all.len()));
    let in_pieces = || sealed_groups(other).into_iter().chain(open_groups(one));
    let ways: [Vec<Group>; 4] =
        [open_groups(&all), sealed_groups(&all), in_pieces().collect(), in_pieces().rev().collect()];
    for groups in ways {
        let answer = ask(&groups, &asked);
        assert!(answer.damaged.is_empty() && answer.stopped.is_none());
        assert_eq!(told(&answer), told(&expected));
        assert_eq!(
            (answer.lines, answer.classified, answer.without_message, answer.unclassified),
            (expected.lines, expected.classified, expected.without_message, 0)
        );
        assert_eq!(answer.patterns_found, expected.patterns.len());
        check_examples(&answer, &lines, period);
        let plain = ask(&groups, &PatternSearch { details: PatternDetails::default(), ..asked });
        let counts = |answer: &PatternAnswer| {
            let count = |pattern: &FoundPattern| (pattern.id, pattern.count, pattern.is_new);
            answer.patterns.iter().map(count).collect::<Vec<_>>()
        };
        assert_eq!(counts(&plain), counts(&answer));
        assert_eq!((plain.lines, plain.without_message), (answer.lines, answer.without_message));
    }
}

/// Lines whose messages vary as those of programs do.
fn message_line() -> impl Strategy<Value = Vec<u8>> {
    let message = prop_oneof![
        (select(vec!["root", "eve", "bob", "zoe"]), 0u32..300)
            .prop_map(|(user, number)| format!("password of {user} from 10.0.0.{number}")),
        (0u32..9, select(vec!["ms", "s", "x7"])).prop_map(|(number, unit)| format!("took {number} {unit}")),
        select(vec!["GET /a", "GET /b 7", ""]).prop_map(|path| format!("says \\\"{path}\\\" twice")),
        "[a-c ]{0,4}",
    ];
    let level = select(vec!["info", "error", "nothing"]);
    let service = select(vec!["api", "web", "job"]);
    let minute = 0u32..4;
    (message, level, service, minute).prop_map(|(message, level, service, minute)| {
        let time = format!("2026-03-01T11:5{minute}:00Z");
        format!(
            "{{\"time\":\"{time}\",\"level\":\"{level}\",\"service\":\"{service}\",\"message\":\"{message}\"}}"
        )
        .into_bytes()
    })
}

fn any_batches() -> impl Strategy<Value = Vec<Batch>> {
    let line = prop_oneof![3 => message_line(), 1 => generate::line()];
    let lines = prop::collection::vec(line, 1..8);
    prop::collection::vec((0u8..2, lines, generate::defaults()), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn groups_give_the_patterns_of_their_lines(
        batches in any_batches(),
        filter in prop_oneof![2 => Just(Filter::All), 1 => generate::filter()],
        cut in 0usize..5,
        from in prop::option::of(0i64..4),
        since in prop::option::of(0i64..5),
    ) {
        let minute = |number: i64| generate::ARRIVAL.nanos() - (10 - number) * MINUTE;
        let period = from.map_or(ALL_TIME, |from| (minute(from), i64::MAX));
        check(&batches, &filter, cut, period, since.map(minute));
    }
}

fn batch(of: u8, messages: &[&str]) -> Batch {
    (of, messages.iter().map(|message| message.as_bytes().to_vec()).collect(), LineDefaults::default())
}

fn shown(answer: &PatternAnswer) -> Vec<(String, u64)> {
    answer.patterns.iter().map(|pattern| (pattern.form.to_string(), pattern.count)).collect()
}

fn check_shown(groups: &[Group], asked: &PatternSearch<'_>, expected: &[(&str, u64)]) {
    let expected: Vec<(String, u64)> =
        expected.iter().map(|(text, count)| ((*text).to_owned(), *count)).collect();
    assert_eq!(shown(&ask(groups, asked)), expected);
}

#[test]
fn what_only_other_tenants_say_is_not_shown() {
    let plan = Plan::new(&Filter::All).unwrap();
    let batches = [
        batch(1, &["secret of alice is 5", "secret of carol is 6", "secret of dave is 7", "password of x 5"]),
        batch(0, &["secret of bob is 8"]),
        batch(1, &["secret of bob is 9"]),
    ];
    for groups in [open_groups(&numbered(&batches)), sealed_groups(&numbered(&batches))] {
        for details in [PatternDetails::default(), EVERYTHING] {
            let since = Some(Timestamp::from_nanos(i64::MAX));
            let asked = PatternSearch { details, new_since: since, ..all_of(&plan) };
            check_shown(&groups, &asked, &[("secret of bob is <num>", 1)]);
        }
    }
}

#[test]
fn kept_patterns_keep_their_ids() {
    let plan = Plan::new(&Filter::All).unwrap();
    let batches = [batch(0, &["login of root from 5", "login of root from 6", "login failed"])];
    let groups = sealed_groups(&numbered(&batches));
    check_shown(&groups, &all_of(&plan), &[("login of root from <num>", 2), ("login failed", 1)]);
    let known = [Form::parse("login of <*>"), Form::parse("login of <*> from <ip>")];
    let answer = ask(&groups, &PatternSearch { known: &known, ..all_of(&plan) });
    let ids: Vec<PatternId> = answer.patterns.iter().map(|pattern| pattern.id).collect();
    assert_eq!(ids, [known[1].id(), Form::parse("login failed").id()]);
}

fn timed(minute: u32, message: &str) -> String {
    format!("{{\"time\":\"2026-03-01T10:{minute:02}:00Z\",\"message\":\"{message}\"}}")
}

#[test]
fn orders_say_what_stands_first() {
    let plan = Plan::new(&Filter::All).unwrap();
    let lines = [
        timed(1, "old and often"),
        timed(2, "old and often"),
        timed(11, "old and often"),
        timed(12, "old and often"),
        timed(13, "late"),
        timed(14, "rises"),
        timed(15, "rises"),
        timed(16, "rises"),
        timed(3, "rises"),
    ];
    let batches = [batch(0, &lines.iter().map(String::as_str).collect::<Vec<_>>())];
    let groups = sealed_groups(&numbered(&batches));
    let hour = generate::ARRIVAL.nanos() - 120 * MINUTE;
    let check = |order, period, expected: &[(&str, u64)]| {
        check_shown(&groups, &PatternSearch { order, period, ..all_of(&plan) }, expected);
    };
    check(PatternOrder::MostFrequent, ALL_TIME, &[("old and often", 4), ("rises", 4), ("late", 1)]);
    check(PatternOrder::Rarest, ALL_TIME, &[("late", 1), ("old and often", 4), ("rises", 4)]);
    check(PatternOrder::NewestFirst, ALL_TIME, &[("late", 1), ("rises", 4), ("old and often", 4)]);
    let second = (hour + 10 * MINUTE, hour + 20 * MINUTE - 1);
    check(PatternOrder::MostChanged, second, &[("rises", 3), ("late", 1), ("old and often", 2)]);
    let since = Some(Timestamp::from_nanos(second.0));
    let new = PatternSearch { only_new: true, new_since: since, ..all_of(&plan) };
    check_shown(&groups, &new, &[("late", 1)]);
    let one = PatternSearch { limit: 1, ..all_of(&plan) };
    assert_eq!((ask(&groups, &one).patterns.len(), ask(&groups, &one).patterns_found), (1, 3));
}

#[test]
fn what_is_missing_is_said() {
    let plan = Plan::new(&Filter::All).unwrap();
    let batches = [batch(0, &["still here"])];
    let mut groups = sealed_groups(&numbered(&batches));
    groups.insert(0, Group::Damaged);
    let since = Some(Timestamp::from_nanos(i64::MAX));
    let asked = PatternSearch { details: EVERYTHING, new_since: since, ..all_of(&plan) };
    let answer = ask(&groups, &asked);
    assert_eq!(shown(&answer), [("still here".to_owned(), 1)]);
    assert_eq!(answer.damaged.iter().map(|damaged| damaged.group).collect::<Vec<_>>(), [0]);
    let (clock, is_cancelled) = (SystemClock::new(), AtomicBool::new(false));
    let late = Budget { deadline: Duration::ZERO, ..Budget::alone(&clock, &is_cancelled) };
    let answer = patterns(tenant(0), &groups, &asked, &late);
    assert_eq!((answer.patterns.len(), answer.stopped), (0, Some(Stop::Deadline)));
    is_cancelled.store(true, Ordering::Relaxed);
    assert_eq!(patterns(tenant(0), &groups, &asked, &late).stopped, Some(Stop::Cancelled));
}

#[test]
fn hostile_messages_are_shown_harmlessly() {
    let plan = Plan::new(&Filter::All).unwrap();
    let long = "word ".repeat(30_000);
    let wide = "ab/".repeat(50_000);
    let batches = [batch(0, &["\u{1b}[31mred \u{7}", &long, &wide, &long, "\u{202e} \u{9b}x"])];
    for groups in [open_groups(&numbered(&batches)), sealed_groups(&numbered(&batches))] {
        let answer = ask(&groups, &PatternSearch { details: EVERYTHING, ..all_of(&plan) });
        assert_eq!((answer.classified, answer.patterns.len()), (5, 4));
        for (text, _) in shown(&answer) {
            assert!(text.len() < 400 && !text.chars().any(char::is_control), "{text:?}");
        }
    }
}

/// A message of letters alone.
fn words(number: u32) -> String {
    let letter = |place: u32| char::from(b'a' + (number >> (4 * place) & 15) as u8);
    (0..5).map(letter).map(String::from).collect::<Vec<_>>().join(" x")
}

#[test]
fn limits_cut_the_same_whoever_joins_in() {
    let plan = Plan::new(&Filter::All).unwrap();
    let messages: Vec<String> = (0..70_000).map(words).collect();
    let texts: Vec<&str> = messages.iter().map(String::as_str).collect();
    let batches: Vec<Batch> = texts.chunks(9_000).map(|texts| batch(0, texts)).collect();
    let groups: Vec<Group> = (1..).zip(&batches).flat_map(|numbered| open_groups(&[numbered])).collect();
    let details = PatternDetails { examples: 0, ..EVERYTHING };
    let answer = ask(&groups, &PatternSearch { details, bytes_max: 48 * 1_000, ..all_of(&plan) });
    assert!(answer.unclassified > 0 && answer.is_cut);
    assert_eq!(answer.classified + answer.unclassified, 70_000);
}

#[test]
fn too_many_different_messages_are_counted_as_such() {
    let plan = Plan::new(&Filter::All).unwrap();
    let messages: Vec<String> = (0..70_000).map(words).collect();
    let texts: Vec<&str> = messages.iter().map(String::as_str).collect();
    let groups = open_groups(&[(1, &batch(0, &texts))]);
    let answer = ask(&groups, &all_of(&plan));
    assert!(answer.unclassified > 0 && answer.classified > 0);
    assert_eq!(answer.classified + answer.unclassified, 70_000);
}
