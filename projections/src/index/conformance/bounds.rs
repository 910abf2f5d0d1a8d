//! Cases of what a question may cost: time, memory, and the patience of whoever asked.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use super::Subject;
use super::given::*;
use crate::index::port::{
    After, Bounds, ContextQuery, Export, FacetQuery, FieldsQuery, HistogramQuery, LineQuery, Order,
    PatternsQuery, Period, Resolution, SearchIndex, Total, ValueMatch, ValuesQuery, Warning,
};

const NO_TIME: Bounds = Bounds { time: Duration::ZERO, ..BOUNDS };

pub(super) async fn a_question_without_time_is_partial_and_goes_on(subject: Subject) {
    let index = subject.index();
    feed_mixed(&*index, &mixed(60, 3)).await;
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let query = LineQuery { order, wants_total: true, ..newest("*", 50) };
        let whole = page(&*index, "acme", query.clone()).await;
        let stopped = index.search(tenant("acme"), query.clone(), NO_TIME).await.expect("a page");
        assert!(stopped.coverage.is_partial && stopped.coverage.warnings.contains(&Warning::Deadline));
        assert!(matches!(stopped.total, Some(Total::AtLeast(_))), "{:?}", stopped.total);
        assert!(stopped.lines.len() < whole.lines.len());
        let next = stopped.next.expect("it can be gone on with");
        let rest = LineQuery { after: Some(After::Cursor(next)), ..query };
        let rest = page(&*index, "acme", rest).await;
        let found = [stopped.lines, rest.lines].concat();
        assert_eq!(found[..50], whole.lines, "{order:?}");
    }
    all_others_say_so(&*index).await;
}

async fn all_others_say_so(index: &dyn SearchIndex) {
    let (acme, filter, period) = (tenant("acme"), filter("*"), Period::ALWAYS);
    let said = [
        {
            let resolution = Resolution::Buckets(10);
            let query = HistogramQuery { filter: filter.clone(), period, resolution };
            index.histogram(acme, query, NO_TIME).await.expect("an answer").coverage
        },
        {
            let fields = vec![antler_events::query::tree::FieldName::named("level")];
            let query = FacetQuery { filter, period, fields, size: 5 };
            index.facets(acme, query, NO_TIME).await.expect("an answer").coverage
        },
        {
            let query = FieldsQuery { period, prefix: String::new(), size: 5 };
            index.fields(acme, query, NO_TIME).await.expect("an answer").coverage
        },
        {
            let field = antler_events::query::tree::FieldName::named("level");
            let query = ValuesQuery { field, period, like: ValueMatch::Any, size: 5 };
            index.values(acme, query, NO_TIME).await.expect("an answer").coverage
        },
        index.table(acme, table("stats count()", "*"), NO_TIME).await.expect("an answer").coverage,
        index.patterns(acme, PatternsQuery::most_frequent(5), NO_TIME).await.expect("an answer").coverage,
        index.explain(acme, newest("*", 5), NO_TIME).await.expect("an answer").coverage,
        index.tenant_statistics(acme, NO_TIME).await.expect("an answer").coverage,
        {
            let id = page(index, "acme", newest("*", 1)).await.lines[0].id();
            index.context(acme, ContextQuery::new(id, 1, 1), NO_TIME).await.expect("an answer").coverage
        },
    ];
    for (coverage, at) in said.into_iter().zip(0..) {
        assert!(coverage.is_partial, "answer {at} says that it is not all");
        assert_eq!(coverage.warnings, [Warning::Deadline], "answer {at}");
    }
}

pub(super) async fn questions_with_hardly_any_time_lose_nothing(subject: Subject) {
    let index = subject.index();
    feed_mixed(&*index, &mixed(400, 3)).await;
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let query = LineQuery { order, ..newest("not level:debug", 40) };
        let (whole, _) = by_pages(&*index, "acme", query.clone(), |_| BOUNDS).await;
        // Each question has more time than the one before, until one gets on.
        let hasty = |number: usize| Bounds {
            time: Duration::from_nanos(if number.is_multiple_of(2) { 0 } else { 1 << (number / 2 % 31) }),
            ..BOUNDS
        };
        let (paged, pages) = by_pages(&*index, "acme", query, hasty).await;
        assert!(paged == whole, "{order:?}: {} lines in {pages} pages", paged.len());
    }
}

pub(super) async fn memory_bounds_a_page(subject: Subject) {
    let index = subject.index();
    let large = "x".repeat(100_000);
    for offset in 1..=60 {
        feed(&*index, 0, vec![event("acme", offset, second(offset as i64), &[format!("{offset} {large}")])])
            .await;
    }
    let bounds = Bounds { memory_bytes: 1 << 20, ..BOUNDS };
    let page = index.search(tenant("acme"), newest("*", 100), bounds).await.expect("a page");
    assert!((1..=10).contains(&page.lines.len()), "{} lines", page.lines.len());
    assert_eq!(page.coverage.warnings, [Warning::Memory]);
    let (found, _) = by_pages(&*index, "acme", oldest("*", 100), |_| bounds).await;
    let numbers = found.iter().map(|line| line.raw.iter().position(|byte| *byte == b' ').unwrap_or(0));
    assert_eq!((found.len(), numbers.sum::<usize>()), (60, 9 + 51 * 2));
    // A line that is larger than the bound comes alone.
    let (found, pages) =
        by_pages(&*index, "acme", oldest("*", 100), |_| Bounds { memory_bytes: 1, ..BOUNDS }).await;
    assert_eq!((found.len(), pages), (60, 60));
}

pub(super) async fn a_question_that_is_dropped_harms_nothing(subject: Subject) {
    let index = subject.index();
    feed_mixed(&*index, &mixed(60, 3)).await;
    let whole = page(&*index, "acme", newest("*", 1_000)).await;
    for polled in [false, true] {
        let mut asked = pin!(index.search(tenant("acme"), newest("*", 1_000), BOUNDS));
        if polled {
            drop(asked.as_mut().poll(&mut Context::from_waker(Waker::noop())));
        }
    }
    drop(index.table(tenant("acme"), table("stats count() by level", "*"), BOUNDS));
    assert_eq!(page(&*index, "acme", newest("*", 1_000)).await, whole);
}

pub(super) async fn an_export_gives_everything_once(subject: Subject) {
    let index = subject.index();
    feed_mixed(&*index, &mixed(500, 4)).await;
    let query = oldest("not level:debug", 10_000);
    let (whole, _) = by_pages(&*index, "acme", query.clone(), |_| BOUNDS).await;
    let mut export =
        Export::new(tenant("acme"), Arc::clone(&index), LineQuery { limit: 101, ..query }, BOUNDS);
    let mut found = Vec::new();
    while let Some(page) = export.next_page().await.expect("a page") {
        assert!(page.lines.len() <= 101 && !page.coverage.is_partial);
        found.extend(page.lines);
        index.upkeep().await.expect("upkeep");
    }
    assert!(found == whole, "{} of {} lines", found.len(), whole.len());
    assert_eq!(export.next_page().await.expect("nothing more"), None);
}
