//! Cases of pages: in order, once each, whatever comes meanwhile.

use antler_events::clock::Timestamp;

use super::Subject;
use super::given::*;
use crate::index::port::{
    After, Cursor, CursorError, LineQuery, Order, Period, SearchError, SearchIndex, Total,
};

pub(super) async fn pages_of_any_size_make_one_list(subject: Subject) {
    let index = subject.index();
    let partitions = mixed(2_000, 9);
    feed_mixed(&*index, &partitions).await;
    for query in [newest("*", 10_000), oldest("*", 10_000)] {
        let (whole, _) = by_pages(&*index, "acme", query.clone(), |_| BOUNDS).await;
        assert_eq!(whole.len(), 2_000 / 5 * 3 * 9);
        let is_sorted = whole.is_sorted_by(|one, other| match query.order {
            Order::NewestFirst => one.position > other.position,
            Order::OldestFirst => one.position < other.position,
        });
        assert!(is_sorted, "lines of {:?} are in order, and each is there once", query.order);
        for limit in [997, 3_331] {
            let (paged, pages) =
                by_pages(&*index, "acme", LineQuery { limit, ..query.clone() }, |_| BOUNDS).await;
            assert!(paged == whole, "pages of {limit} are the whole list");
            assert_eq!(pages, whole.len().div_ceil(limit as usize));
        }
    }
    let few = LineQuery { period: seconds(0, 60), ..newest("*", 1) };
    let (whole, _) = by_pages(&*index, "acme", LineQuery { limit: 10_000, ..few.clone() }, |_| BOUNDS).await;
    for limit in [1, 2, 7] {
        let (paged, _) = by_pages(&*index, "acme", LineQuery { limit, ..few.clone() }, |_| BOUNDS).await;
        assert_eq!(paged, whole, "pages of {limit}");
    }
}

pub(super) async fn paging_goes_across_lines_of_one_time(subject: Subject) {
    let index = subject.index();
    for offset in 1..=60 {
        let lines: Vec<String> = (0..3).map(|line| format!("line {offset} {line}")).collect();
        feed(&*index, (offset % 2) as u16, vec![event("acme", offset, second(5), &lines)]).await;
        if offset == 40 {
            index.flush().await.expect("a flush");
        }
    }
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let query = |limit| LineQuery { order, ..newest("line", limit) };
        let whole = page(&*index, "acme", query(1_000)).await;
        assert_eq!((whole.lines.len(), whole.next), (180, None));
        for limit in [1, 2, 7, 179, 180] {
            let (paged, _) = by_pages(&*index, "acme", query(limit), |_| BOUNDS).await;
            assert_eq!(paged, whole.lines, "pages of {limit}, {order:?}");
        }
    }
}

pub(super) async fn lines_that_come_do_not_move_pages(subject: Subject) {
    let index = subject.index();
    let first: Vec<_> = (1..=40).map(|n| event("acme", n, second(n as i64), &[format!("old {n}")])).collect();
    feed(&*index, 0, first).await;
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let next_offset = index.applied(partition(1)).number() + 1;
        let mut query = LineQuery { order, ..newest("*", 7) };
        let mut found = Vec::new();
        for round in 0.. {
            let page = page(&*index, "acme", query.clone()).await;
            found.extend(texts(&page.lines));
            let Some(next) = page.next else { break };
            query.after = Some(After::Cursor(next));
            let between = [-5, 3, 11, 21, 39, 100].map(|seconds: i64| {
                format!(r#"{{"ts":"{}","message":"new {order:?} {round} {seconds}"}}"#, second(seconds))
            });
            feed(&*index, 1, vec![event("acme", next_offset + round, second(0), &between)]).await;
        }
        let mut old: Vec<_> = found.iter().filter(|text| text.starts_with("old")).cloned().collect();
        if order == Order::NewestFirst {
            old.reverse();
        }
        assert_eq!(old, (1..=40).map(|n| format!("old {n}")).collect::<Vec<_>>(), "{order:?}");
        let mut all = found.clone();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), found.len(), "no line comes twice");
    }
}

pub(super) async fn a_cursor_survives_upkeep(subject: Subject) {
    let index = subject.index();
    let partitions = mixed(300, 4);
    feed_mixed(&*index, &partitions).await;
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let whole = page(&*index, "acme", LineQuery { order, ..newest("*", 10_000) }).await.lines;
        let mut query = LineQuery { order, ..newest("*", 97) };
        let mut found = Vec::new();
        loop {
            let page = page(&*index, "acme", query.clone()).await;
            found.extend(page.lines);
            let Some(next) = page.next else { break };
            query.after = Some(After::Cursor(next));
            index.upkeep().await.expect("upkeep");
            if found.len() > whole.len() / 2 {
                index.flush().await.expect("a flush");
                keep_up(&*index).await;
            }
        }
        assert_eq!(found, whole, "{order:?}");
    }
}

pub(super) async fn a_cursor_survives_its_text(subject: Subject) {
    let index = subject.index();
    feed_some(&*index).await;
    let first = page(&*index, "acme", newest("*", 3)).await;
    let text = first.next.expect("there are more").to_string();
    let cursor = Cursor::parse(&text).expect("what was given out");
    assert_eq!(cursor.asked_at(), second(0));
    let query = LineQuery { after: Some(After::Cursor(cursor)), ..newest("*", 2) };
    assert_eq!(texts(&page(&*index, "acme", query).await.lines), ["line 7", "line 6"]);
}

pub(super) async fn a_cursor_of_another_question_is_refused(subject: Subject) {
    let index = subject.index();
    feed_some(&*index).await;
    let query = newest("line", 3);
    let cursor = page(&*index, "acme", query.clone()).await.next.expect("there are more");
    let others = [
        ("bolt", query.clone()),
        ("acme", newest("lines", 3)),
        ("acme", LineQuery { order: Order::OldestFirst, ..query.clone() }),
        ("acme", LineQuery { period: seconds(0, 5), ..query.clone() }),
    ];
    for (name, other) in others {
        let other = LineQuery { after: Some(After::Cursor(cursor)), ..other };
        let refused = index.search(tenant(name), other.clone(), BOUNDS).await;
        assert!(
            matches!(refused, Err(SearchError::Cursor(CursorError::OtherQuery))),
            "{name} {other:?}: {refused:?}"
        );
    }
    // Another size is the same question.
    let larger = LineQuery { after: Some(After::Cursor(cursor)), limit: 100, ..query };
    assert_eq!(page(&*index, "acme", larger).await.lines.len(), 7);
}

pub(super) async fn the_last_page_has_no_cursor(subject: Subject) {
    let index = subject.index();
    assert_eq!(page(&*index, "acme", newest("*", 10)).await.next, None);
    feed_some(&*index).await;
    for (limit, has_more) in [(9, true), (10, false), (11, false)] {
        assert_eq!(page(&*index, "acme", newest("*", limit)).await.next.is_some(), has_more, "{limit}");
    }
    assert_eq!(page(&*index, "acme", newest("nowhere", 10)).await.next, None);
}

pub(super) async fn a_total_counts_all_lines(subject: Subject) {
    let index = subject.index();
    feed_some(&*index).await;
    let check = async |query: LineQuery, expected| {
        let page = page(&*index, "acme", LineQuery { wants_total: true, ..query }).await;
        assert_eq!(page.total, Some(Total::Exactly(expected)));
        page.next
    };
    let next = check(newest("*", 3), 10).await.expect("there are more");
    check(LineQuery { after: Some(After::Cursor(next)), ..newest("*", 3) }, 10).await;
    check(LineQuery { period: seconds(2, 4), ..oldest("line", 1) }, 3).await;
    check(newest("nowhere", 3), 0).await;
    check(newest("*", 0), 10).await;
    assert_eq!(page(&*index, "acme", newest("*", 3)).await.total, None);
}

pub(super) async fn both_ends_of_a_period_belong_to_it(subject: Subject) {
    let index = subject.index();
    feed_some(&*index).await;
    let check = async |period, expected: &[&str]| {
        let found = page(&*index, "acme", LineQuery { period, ..oldest("*", 100) }).await.lines;
        assert_eq!(texts(&found), expected, "{period:?}");
    };
    check(seconds(3, 5), &["line 3", "line 4", "line 5"]).await;
    check(seconds(10, 10), &["line 10"]).await;
    check(seconds(5, 4), &[]).await;
    let edge = |nanos: i64| Timestamp::from_nanos(second(4).nanos() + nanos);
    check(Period { first: edge(-1), last: edge(0) }, &["line 4"]).await;
    check(Period { first: edge(1), last: edge(1) }, &[]).await;
    check(Period { first: second(9), ..Period::ALWAYS }, &["line 9", "line 10"]).await;
}

pub(super) async fn too_large_a_page_is_refused(subject: Subject) {
    let index = subject.index();
    let refused = index.search(tenant("acme"), newest("*", 10_001), BOUNDS).await;
    assert!(matches!(refused, Err(SearchError::TooMany { .. })), "{refused:?}");
}

/// Ten lines, a second after the other, and one of somebody else.
async fn feed_some(index: &dyn SearchIndex) {
    let mut events: Vec<_> =
        (1..=10).map(|n| event("acme", n, second(n as i64), &[format!("line {n}")])).collect();
    events.push(event("bolt", 11, second(3), &["line of bolt"]));
    feed(index, 0, events).await;
}
