//! Views of dead letters, answers and searches, fed with notes as a log records them.

use antler_config::limits::LineLimits;
use antler_events::event::asked::Asked;
use antler_events::event::lines::Arrival;
use antler_events::event::note::{
    AnswerForm, DroppedLetter, EventSetAside, LettersDropped, LinesRejected, PastSearchId, RequestAnswered,
    Searched, SearchesForgotten,
};
use antler_events::line::LineError;
use antler_events::wire::{EventType, SchemaVersion};

use super::*;
use crate::index::conformance::tests::at_once;
use crate::views::answers::REMEMBERED_FOR;
use crate::views::dead_letters::LetterSource;
use crate::views::memory::MemoryViews;

const PARTITION: PartitionId = PartitionId::new(1);
const FEW: Kept = Kept {
    letters_max: 3,
    letter_bytes_max: 4_000,
    answers_max: 3,
    answer_bytes_max: 4_000,
    searches_max: 3,
    searchers_max: 2,
};

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

fn at(hours: i64) -> Timestamp {
    Timestamp::from_nanos(hours * 3_600_000_000_000)
}

fn views() -> ArrivalViews {
    ArrivalViews::new(Arc::new(MemoryViews::new())).keeping(FEW)
}

fn note(name: &str, offset: u64, time: Timestamp, note: Note) -> NoteAt {
    let hash = ChainHash::of_body(&offset.to_le_bytes());
    NoteAt {
        tenant: tenant(name),
        offset: Offset::new(offset),
        recorded_at: time,
        hash,
        note: Arc::new(note),
    }
}

fn rejected(name: &str, offset: u64, lines: &[&[u8]]) -> NoteAt {
    let arrival = Arrival { protocol: "tcp".to_owned(), origin: "::1".to_owned(), ..Arrival::default() };
    let mut rejected = LinesRejected::new(at(0), &arrival);
    for (number, line) in (1..).zip(lines) {
        rejected.push(number, LineError::Utf8 { at: 0 }, line, &LineLimits::default());
    }
    note(name, offset, at(0), Note::Rejected(rejected))
}

fn answered(name: &str, offset: u64, key: &str, hours: i64) -> NoteAt {
    let answered = RequestAnswered {
        key: RequestKey::of(key).unwrap(),
        form: AnswerForm::Many,
        answered_at: at(hours),
        events: 2,
        accepted: offset,
        rejected: 0,
        errors: Vec::new(),
    };
    note(name, offset, at(hours), Note::Answered(answered))
}

fn raws(views: &ArrivalViews, name: &str, skip: u64, limit: usize) -> (Vec<(u64, String)>, u64, u64) {
    let DeadLetters { letters, kept, total } =
        at_once(views.dead_letters(tenant(name), skip, limit)).unwrap();
    let shown = |raw: &[u8]| String::from_utf8_lossy(raw).into_owned();
    (letters.iter().map(|letter| (letter.number, shown(&letter.raw))).collect(), kept, total)
}

fn accepted(views: &ArrivalViews, name: &str, key: &str, hours: i64) -> Option<u64> {
    let key = RequestKey::of(key).unwrap();
    at_once(views.answer(tenant(name), key, at(hours))).unwrap().map(|found| found.answered.accepted)
}

#[test]
fn letters_are_listed_newest_first_and_the_oldest_go() {
    let views = views();
    at_once(views.apply(PARTITION, &[rejected("a", 5, &[b"one", b"two"]), rejected("b", 6, &[b"other"])]))
        .unwrap();
    let listed = |letters: &[(u64, &str)]| -> Vec<(u64, String)> {
        letters.iter().map(|(number, raw)| (*number, (*raw).to_owned())).collect()
    };
    assert_eq!(raws(&views, "a", 0, 10), (listed(&[(2, "two"), (1, "one")]), 2, 2));
    assert_eq!(raws(&views, "a", 1, 10).0, listed(&[(1, "one")]));
    at_once(views.apply(PARTITION, &[rejected("a", 7, &[b"three", b"four", b"five", b"six"])])).unwrap();
    assert_eq!(raws(&views, "a", 0, 10), (listed(&[(6, "six"), (5, "five"), (4, "four")]), 3, 6));
    assert_eq!(raws(&views, "a", 1, 1).0, listed(&[(5, "five")]));
    assert_eq!(raws(&views, "a", 3, 10).0, listed(&[]));
    assert_eq!(raws(&views, "b", 0, 10), (listed(&[(1, "other")]), 1, 1));
    assert_eq!(raws(&views, "c", 0, 10), (listed(&[]), 0, 0));
    // Bytes are bounded, too: each is 1,500 and something.
    let large = vec![b'x'; 1_500];
    at_once(views.apply(PARTITION, &[rejected("b", 8, &[&large, &large, &large])])).unwrap();
    assert_eq!(raws(&views, "b", 0, 10).1, 2);
}

#[test]
fn dropped_letters_are_gone_and_others_keep_their_numbers() {
    let views = views();
    at_once(views.apply(PARTITION, &[rejected("a", 5, &[b"one", b"two", b"three"])])).unwrap();
    let drop = |offset, number, length| {
        let letters = vec![DroppedLetter { number, at: at(0), length }];
        let dropped = note("a", offset, at(1), Note::Dropped(LettersDropped { letters }));
        at_once(views.apply(PARTITION, &[dropped])).unwrap();
    };
    let numbers = |skip, limit| {
        let (letters, kept, total) = raws(&views, "a", skip, limit);
        (letters.into_iter().map(|(number, _)| number).collect::<Vec<_>>(), kept, total)
    };
    drop(6, 2, 99);
    assert_eq!(numbers(0, 10), (vec![3, 2, 1], 3, 3), "number 2 is another letter");
    drop(7, 2, 3);
    assert_eq!(numbers(0, 10), (vec![3, 1], 2, 3));
    assert_eq!((numbers(1, 10).0, numbers(0, 1).0, numbers(2, 1).0), (vec![1], vec![3], vec![]));
    drop(8, 2, 3);
    assert_eq!(numbers(0, 10).1, 2, "it was gone already");
    at_once(views.apply(PARTITION, &[rejected("a", 9, &[b"four", b"five"])])).unwrap();
    assert_eq!(numbers(0, 10), (vec![5, 4, 3], 3, 5), "the dropped one has left the ones that are kept");
    assert_eq!(numbers(2, 10).0, [3]);
}

#[test]
fn a_forgotten_tenant_has_nothing_and_others_keep_what_is_theirs() {
    let views = views();
    let filled = |name: &'static str, offset| {
        let asked = Asked { query: "disk".to_owned(), ..Asked::default() };
        let by = UserId::parse("u").unwrap();
        let searched = Searched { by, asked, found: None, took_us: None };
        [
            rejected(name, offset, &[b"one"]),
            answered(name, offset + 1, "k", 0),
            note(name, offset + 2, at(0), Note::Searched(searched)),
        ]
    };
    let holds = |name| {
        let searches = at_once(views.searches(tenant(name), UserId::parse("u").unwrap())).unwrap().len();
        (raws(&views, name, 0, 10).1, accepted(&views, name, "k", 0).is_some(), searches)
    };
    at_once(views.apply(PARTITION, &filled("a", 5))).unwrap();
    at_once(views.apply(PARTITION, &filled("ab", 8))).unwrap();
    // An answer of the same fold goes, too.
    let forgotten = note("a", 12, at(0), Note::TenantForgotten);
    at_once(views.apply(PARTITION, &[answered("a", 11, "late", 0), forgotten])).unwrap();
    assert_eq!((holds("a"), holds("ab")), ((0, false, 0), (1, true, 1)));
    assert_eq!(accepted(&views, "a", "late", 0), None);
    at_once(views.apply(PARTITION, &filled("a", 13))).unwrap();
    assert_eq!(holds("a"), (1, true, 1));
}

#[test]
fn what_was_taken_before_changes_nothing() {
    let views = views();
    let notes = [rejected("a", 5, &[b"one"]), answered("a", 6, "k", 0), rejected("a", 7, &[b"two"])];
    at_once(views.apply(PARTITION, &notes[..2])).unwrap();
    at_once(views.apply(PARTITION, &notes)).unwrap();
    at_once(views.apply(PARTITION, &notes)).unwrap();
    assert_eq!(raws(&views, "a", 0, 10).2, 2);
    at_once(views.settle(PARTITION, Offset::new(100))).unwrap();
    assert_eq!(at_once(views.checkpoint(PARTITION)).unwrap(), Offset::new(100));
    at_once(views.apply(PARTITION, &[rejected("a", 99, &[b"late"])])).unwrap();
    assert_eq!(raws(&views, "a", 0, 10).2, 2);
}

#[test]
fn an_event_that_was_set_aside_is_a_letter_with_its_place() {
    let views = views();
    let (place, kind) = ((PARTITION, Offset::new(3)), (EventType(1), SchemaVersion(1)));
    let set_aside = EventSetAside::new("index", place, kind, "broken", Some(b"body"));
    at_once(views.apply(PARTITION, &[note("a", 9, at(7), Note::SetAside(set_aside))])).unwrap();
    let letters = at_once(views.dead_letters(tenant("a"), 0, 1)).unwrap().letters;
    let source =
        LetterSource::Event { projection: "index".to_owned(), partition: PARTITION, offset: Offset::new(3) };
    assert_eq!((&letters[0].source, letters[0].at, &letters[0].raw[..]), (&source, at(7), &b"body"[..]));
    assert_eq!((letters[0].code.as_str(), letters[0].message.as_str()), ("event_set_aside", "broken"));
}

#[test]
fn an_answer_holds_for_a_day_and_for_its_tenant() {
    let views = views();
    at_once(views.apply(PARTITION, &[answered("a", 7, "k", 0)])).unwrap();
    assert_eq!(accepted(&views, "a", "k", 23), Some(7));
    assert_eq!(accepted(&views, "a", "k", 24), None);
    assert_eq!(accepted(&views, "b", "k", 0), None);
    assert_eq!(accepted(&views, "a", "other", 0), None);
    let key = RequestKey::of("k").unwrap();
    let receipt = at_once(views.answer(tenant("a"), key, at(0))).unwrap().unwrap().receipt;
    assert_eq!((receipt.first, receipt.last, receipt.count), (Offset::new(5), Offset::new(7), 7));
    assert_eq!((receipt.partition, receipt.hash), (PARTITION, ChainHash::of_body(&7u64.to_le_bytes())));
    assert_eq!(REMEMBERED_FOR.as_secs(), 24 * 3_600);
}

#[test]
fn the_oldest_answers_go_when_there_are_too_many_or_they_hold_no_more() {
    let views = views();
    let notes: Vec<NoteAt> = (1..=5).map(|n| answered("a", n, &format!("k{n}"), 0)).collect();
    at_once(views.apply(PARTITION, &notes)).unwrap();
    let known = |hours| {
        (1..=7).filter(|n| accepted(&views, "a", &format!("k{n}"), hours).is_some()).collect::<Vec<i32>>()
    };
    assert_eq!(known(0), Vec::from([3, 4, 5]));
    // A key that is used again after a day keeps its new answer when the old one goes.
    at_once(views.apply(PARTITION, &[answered("a", 6, "k3", 30), answered("a", 7, "k7", 31)])).unwrap();
    assert_eq!(known(31), Vec::from([3, 7]));
    assert_eq!(accepted(&views, "a", "k3", 31), Some(6));
    let page = Page { prefix: b"order/a/", after: None, limit: 10 };
    assert_eq!(at_once(views.store.scan(ANSWERS, page)).unwrap().len(), 2);
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn searched((name, by): (&str, &str), offset: u64, seconds: i64, query: &str) -> NoteAt {
    let asked = Asked { query: query.to_owned(), ..Asked::default() };
    let searched = Searched { by: user(by), asked, found: Some(offset), took_us: None };
    note(name, offset, Timestamp::from_nanos(seconds * 1_000_000_000), Note::Searched(searched))
}

fn forgotten((name, by): (&str, &str), offset: u64, search: Option<u64>) -> NoteAt {
    let id = |offset| PastSearchId { partition: PARTITION, offset: Offset::new(offset) };
    let forgotten = SearchesForgotten { by: user(by), search: search.map(id) };
    note(name, offset, at(0), Note::Forgotten(forgotten))
}

/// Id, query and lines found.
fn history(views: &ArrivalViews, (name, by): (&str, &str)) -> Vec<(String, String, Option<u64>)> {
    let past = at_once(views.searches(tenant(name), user(by))).unwrap();
    past.into_iter().map(|past| (past.id.to_string(), past.asked.query, past.found)).collect()
}

fn listed(expected: &[(&str, &str, u64)]) -> Vec<(String, String, Option<u64>)> {
    let owned = |(id, query, found): &(&str, &str, u64)| (id.to_string(), query.to_string(), Some(*found));
    expected.iter().map(owned).collect()
}

#[test]
fn searches_are_listed_newest_first_and_each_person_has_its_own() {
    let (views, ann) = (views(), ("a", "ann"));
    let notes =
        [("ann", 0, "one"), ("bob", 1, "two"), ("ann", 2, "two"), ("ann", 3, "three"), ("ann", 4, "four")];
    let notes: Vec<NoteAt> =
        (1..).zip(notes).map(|(n, (by, at, query))| searched(("a", by), n, at, query)).collect();
    at_once(views.apply(PARTITION, &notes[..3])).unwrap();
    // What was taken before changes nothing.
    at_once(views.apply(PARTITION, &notes)).unwrap();
    at_once(views.apply(PARTITION, &notes)).unwrap();
    assert_eq!(history(&views, ann), listed(&[("1-5", "four", 5), ("1-4", "three", 4), ("1-3", "two", 3)]));
    assert_eq!(history(&views, ("a", "bob")), listed(&[("1-2", "two", 2)]));
    assert_eq!(history(&views, ("b", "ann")), listed(&[]));
}

#[test]
fn the_same_search_within_a_minute_is_one() {
    let (views, ann) = (views(), ("a", "ann"));
    for (offset, seconds, query) in [(1, 0, "x"), (2, 30, "y"), (3, 59, "x"), (4, 118, "x"), (5, 178, "x")] {
        at_once(views.apply(PARTITION, &[searched(ann, offset, seconds, query)])).unwrap();
    }
    assert_eq!(history(&views, ann), listed(&[("1-5", "x", 5), ("1-2", "y", 2), ("1-1", "x", 4)]));
    let oldest = at_once(views.searches(tenant("a"), user("ann"))).unwrap().pop().unwrap();
    assert_eq!((oldest.first_at.nanos(), oldest.last_at.nanos()), (0, 118_000_000_000));
}

#[test]
fn one_search_is_forgotten_or_all_before() {
    let (views, ann, bob) = (views(), ("a", "ann"), ("a", "bob"));
    let notes = [searched(ann, 1, 0, "x"), searched(ann, 2, 0, "y"), searched(bob, 3, 0, "z")];
    at_once(views.apply(PARTITION, &notes)).unwrap();
    at_once(views.apply(PARTITION, &[forgotten(ann, 4, Some(1)), forgotten(ann, 5, Some(3))])).unwrap();
    assert_eq!(history(&views, ann), listed(&[("1-2", "y", 2)]));
    at_once(views.apply(PARTITION, &[forgotten(ann, 6, None), searched(ann, 7, 0, "y")])).unwrap();
    assert_eq!(history(&views, ann), listed(&[("1-7", "y", 7)]));
    assert_eq!(history(&views, bob), listed(&[("1-3", "z", 3)]));
}

#[test]
fn of_too_many_people_the_one_who_began_first_is_forgotten() {
    let views = views();
    let people = ["ann", "bob", "ann", "eve"];
    for (offset, by) in (1..).zip(people) {
        at_once(views.apply(PARTITION, &[searched(("a", by), offset, offset as i64 * 100, "x")])).unwrap();
    }
    assert_eq!(history(&views, ("a", "ann")), listed(&[]));
    assert_eq!(history(&views, ("a", "bob")), listed(&[("1-2", "x", 2)]));
    assert_eq!(history(&views, ("a", "eve")), listed(&[("1-4", "x", 4)]));
    at_once(views.apply(PARTITION, &[searched(("a", "ann"), 5, 500, "y")])).unwrap();
    assert_eq!(history(&views, ("a", "ann")), listed(&[("1-5", "y", 5)]));
    assert_eq!(history(&views, ("a", "bob")), listed(&[]));
}
