//! Cases of counts: over time, by value, and of fields.

use antler_events::line::{Level, Role};
use antler_events::query::tree::{FieldName, Filter};

use super::Subject;
use super::given::*;
use super::lines::FILTERS;
use crate::index::port::{
    FacetQuery, FieldKinds, FieldsQuery, HistogramQuery, Period, Resolution, SearchError, SearchIndex,
    ValueMatch, ValuesQuery, Warning,
};
use crate::index::reference::ReferenceIndex;

pub(super) async fn a_histogram_counts_lines_by_level(subject: Subject) {
    let index = subject.index();
    let levels = ["info", "WARN", "warning", "fatal", "nonsense"];
    for (level, number) in levels.into_iter().cycle().zip(0..40) {
        let line = format!(r#"{{"ts":"{}","level":"{level}"}}"#, second(number * 10));
        feed(&*index, 0, vec![event("acme", number as u64 + 1, second(0), &[line, "plain".to_owned()])])
            .await;
    }
    for _ in 0..2 {
        let resolution = Resolution::Step(std::time::Duration::from_secs(60));
        let query = HistogramQuery { filter: filter("not plain"), period: seconds(0, 179), resolution };
        let histogram = index.histogram(tenant("acme"), query, BOUNDS).await.expect("a histogram");
        assert_eq!(histogram.step.as_secs(), 60);
        let starts: Vec<_> = histogram.buckets.iter().map(|bucket| bucket.start).collect();
        assert_eq!(starts, [0, 60, 120].map(second));
        let counts = |bucket: usize, level: Option<Level>| {
            histogram.buckets[bucket].by_level[level.map_or(0, |level| level as usize)]
        };
        assert_eq!(counts(0, Some(Level::Info)), 2);
        assert_eq!(
            (counts(0, Some(Level::Warning)), counts(0, Some(Level::Critical)), counts(0, None)),
            (2, 1, 1)
        );
        assert_eq!(histogram.buckets.iter().map(|bucket| bucket.lines()).sum::<u64>(), 18);
        assert!(!histogram.coverage.is_partial);
        index.flush().await.expect("a flush");
    }
    let query =
        HistogramQuery { filter: Filter::All, period: seconds(0, 399), resolution: Resolution::Buckets(4) };
    let histogram = index.histogram(tenant("acme"), query, BOUNDS).await.expect("a histogram");
    assert_eq!(histogram.step.as_secs(), 120);
}

pub(super) async fn a_histogram_of_too_many_buckets_is_refused(subject: Subject) {
    let index = subject.index();
    let lines = [0, 9].map(|days| format!(r#"{{"ts":"{}"}}"#, at(START + days * DAY)));
    feed(&*index, 0, vec![event("acme", 1, second(0), &lines)]).await;
    let ask = |resolution| {
        let query = HistogramQuery { filter: Filter::All, period: Period::ALWAYS, resolution };
        index.histogram(tenant("acme"), query, BOUNDS)
    };
    let refused = ask(Resolution::Step(std::time::Duration::from_secs(1))).await;
    assert!(matches!(refused, Err(SearchError::TooMany { what: "buckets", .. })), "{refused:?}");
    let whole = ask(Resolution::Buckets(u32::MAX)).await.expect("a histogram of at most the most buckets");
    assert_eq!(whole.buckets.iter().map(|bucket| bucket.lines()).sum::<u64>(), 2);
}

pub(super) async fn facets_count_values(subject: Subject) {
    let index = subject.index();
    feed_mixed(&*index, &mixed(60, 6)).await;
    let names = ["level", "service", "user", "a.b", "tags", "n", "nowhere"];
    let fields: Vec<FieldName> = names.iter().map(|name| FieldName::named(name)).collect();
    let query = FacetQuery { filter: Filter::All, period: Period::ALWAYS, fields: fields.clone(), size: 3 };
    let answer = index.facets(tenant("acme"), query, BOUNDS).await.expect("facets");
    assert_eq!(answer.facets.iter().map(|facet| facet.field.clone()).collect::<Vec<_>>(), fields);
    let shown = |at: usize| {
        let values = answer.facets[at].values.iter().map(|value| format!("{} {}", value.value, value.lines));
        (values.collect::<Vec<_>>(), answer.facets[at].others)
    };
    assert_eq!(shown(0), (vec!["debug 36".to_owned(), "error 36".to_owned(), "info 36".to_owned()], 36));
    assert_eq!(shown(6), (Vec::new(), 0));
    assert!(answer.facets[3].values.iter().any(|value| value.value == "two" && value.lines == 36));
    for bad in [FieldName::Any, FieldName::Role(Role::Time)] {
        let query = FacetQuery { filter: Filter::All, period: Period::ALWAYS, fields: vec![bad], size: 3 };
        let refused = index.facets(tenant("acme"), query, BOUNDS).await;
        assert!(matches!(refused, Err(SearchError::NoField { .. })), "{refused:?}");
    }
}

pub(super) async fn values_are_looked_up_by_their_look(subject: Subject) {
    let index = subject.index();
    let lines: Vec<String> = ["alpha", "Alphabet", "beta", "alpha", "gamma alpha"]
        .map(|name| format!(r#"{{"x":"{name}"}}"#))
        .into();
    feed(&*index, 0, vec![event("acme", 1, second(5), &lines)]).await;
    let check = async |period, like: ValueMatch, size, expected: &[(&str, u64)]| {
        let query = ValuesQuery { field: FieldName::named("x"), period, like: like.clone(), size };
        let answer = index.values(tenant("acme"), query, BOUNDS).await.expect("values");
        let found: Vec<_> =
            answer.facets[0].values.iter().map(|value| (value.value.as_str(), value.lines)).collect();
        assert_eq!(found, expected, "{like:?}");
    };
    let always = Period::ALWAYS;
    check(always, ValueMatch::Prefix("ALPHA".to_owned()), 10, &[("alpha", 2), ("Alphabet", 1)]).await;
    check(
        always,
        ValueMatch::Contains("pha".to_owned()),
        10,
        &[("alpha", 2), ("Alphabet", 1), ("gamma alpha", 1)],
    )
    .await;
    check(always, ValueMatch::Any, 1, &[("alpha", 2)]).await;
    check(seconds(0, 4), ValueMatch::Any, 10, &[]).await;
}

pub(super) async fn fields_are_listed_with_their_kinds(subject: Subject) {
    let index = subject.index();
    let lines = [
        r#"{"ts":"2026-03-01T08:00:01Z","a":{"b":[1,"x",true]},"n":null,"msg":"m"}"#,
        r#"{"a":{"b":2},"e":{},"msg":"m","ts":"no time"}"#,
        "plain",
    ];
    feed(&*index, 0, vec![event("acme", 1, second(2), &lines)]).await;
    for _ in 0..2 {
        let query = FieldsQuery { period: Period::ALWAYS, prefix: String::new(), size: 100 };
        let list = index.fields(tenant("acme"), query, BOUNDS).await.expect("fields");
        let shown: Vec<_> = list
            .fields
            .iter()
            .map(|field| (field.name.as_str(), field.kinds, field.lines, field.role))
            .collect();
        let (none, all) =
            (FieldKinds::default(), FieldKinds { text: true, number: true, flag: true, time: false });
        let text = FieldKinds { text: true, ..none };
        assert_eq!(
            shown,
            [
                ("a.b", all, 2, None),
                ("message", text, 1, Some(Role::Message)),
                ("msg", text, 2, Some(Role::Message)),
                ("ts", FieldKinds { time: true, ..text }, 2, Some(Role::Time)),
            ]
        );
        assert!(list.coverage.warnings.is_empty(), "{:?}", list.coverage);
        let query = FieldsQuery { period: seconds(0, 1), prefix: "M".to_owned(), size: 100 };
        let list = index.fields(tenant("acme"), query, BOUNDS).await.expect("fields");
        assert_eq!(list.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["msg"]);
        index.flush().await.expect("a flush");
    }
}

pub(super) async fn the_list_of_fields_is_bounded_and_says_so(subject: Subject) {
    let index = subject.index();
    let lines: Vec<String> = (0..40)
        .map(|line| {
            format!("{{{}}}", (0..20).map(|n| format!("\"f{line}_{n}\":1")).collect::<Vec<_>>().join(","))
        })
        .collect();
    feed(&*index, 0, vec![event("acme", 1, second(0), &lines)]).await;
    let query = FieldsQuery { period: Period::ALWAYS, prefix: "f1".to_owned(), size: 50 };
    let list = index.fields(tenant("acme"), query, BOUNDS).await.expect("fields");
    assert_eq!(list.fields.len(), 50);
    assert_eq!(list.coverage.warnings, [Warning::FieldsLeftOut { listed: 50 }]);
}

pub(super) async fn counts_are_those_of_looking_at_every_line(subject: Subject) {
    let (index, partitions, reference) = (subject.index(), mixed(200, 4), ReferenceIndex::new());
    feed_mixed(&*index, &partitions).await;
    feed_mixed(&reference, &partitions).await;
    for _ in 0..2 {
        for text in FILTERS {
            same_counts(&*index, &reference, text).await;
        }
        for period in [Period::ALWAYS, seconds(100, 300)] {
            let query = FieldsQuery { period, prefix: String::new(), size: 1_000 };
            let found = index.fields(tenant("acme"), query.clone(), BOUNDS).await.expect("fields");
            assert_eq!(found, reference.fields(tenant("acme"), query, BOUNDS).await.expect("fields"));
        }
        index.flush().await.expect("a flush");
    }
}

async fn same_counts(index: &dyn SearchIndex, reference: &ReferenceIndex, text: &str) {
    let (acme, filter) = (tenant("acme"), filter(text));
    for (period, resolution) in [
        (Period::ALWAYS, Resolution::Buckets(20)),
        (seconds(60, 400), Resolution::Step(std::time::Duration::from_secs(7))),
    ] {
        let query = HistogramQuery { filter: filter.clone(), period, resolution };
        let found = index.histogram(acme, query.clone(), BOUNDS).await.expect("a histogram");
        let expected = reference.histogram(acme, query, BOUNDS).await.expect("a histogram");
        assert_eq!(found, expected, "{text}");
        let names = ["level", "service", "host", "user", "a.b", "tags", "ms", "message", "ok"];
        let fields = names.iter().map(|name| FieldName::named(name)).collect();
        let query = FacetQuery { filter: filter.clone(), period, fields, size: 10 };
        let found = index.facets(acme, query.clone(), BOUNDS).await.expect("facets");
        assert_eq!(found, reference.facets(acme, query, BOUNDS).await.expect("facets"), "{text}");
    }
}
