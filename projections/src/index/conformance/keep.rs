//! Cases of keeping: erasure, retention, figures, and proof.

use std::collections::BTreeMap;
use std::time::Duration;

use antler_config::limits::AccountLimits;
use antler_events::access::StreamPattern;
use antler_events::clock::Timestamp;
use antler_events::ids::Offset;

use super::Subject;
use super::given::*;
use crate::index::port::{
    After, LineQuery, Retention, RetentionCondition, RetentionRule, SearchIndex, TenantRetention,
    TenantStatistics,
};
use crate::index::reference::ReferenceIndex;

pub(super) async fn erased_lines_are_gone_and_others_stay(subject: Subject) {
    let index = subject.index();
    let partitions = mixed(90, 3);
    let [first, second] = &partitions;
    let half = [first[..25].to_vec(), second[..25].to_vec()];
    feed_mixed(&*index, &half).await;
    index.flush().await.expect("a flush");
    feed_mixed(&*index, &[first[..30].to_vec(), second[..30].to_vec()]).await;
    let others = page(&*index, "bolt", newest("*", 10_000)).await.lines;
    index.erase(tenant("acme"), Vec::new()).await.expect("an erasure");
    for _ in 0..3 {
        assert_eq!(page(&*index, "acme", newest("*", 10_000)).await.lines, []);
        assert_eq!(page(&*index, "bolt", newest("*", 10_000)).await.lines, others);
        index.upkeep().await.expect("upkeep");
    }
    // Lines that come later are as any others.
    feed_mixed(&*index, &partitions).await;
    let later = page(&*index, "acme", newest("*", 10_000)).await.lines;
    let expected = partitions.iter().flat_map(|events| &events[30..]);
    let expected: usize = expected
        .filter_map(|event| event.lines.as_ref())
        .filter(|lines| lines.tenant == tenant("acme"))
        .map(|lines| lines.batch.len())
        .sum();
    assert_eq!(later.len(), expected);
    index.flush().await.expect("a flush");
    keep_up(&*index).await;
    assert_eq!(page(&*index, "acme", newest("*", 10_000)).await.lines, later);
}

pub(super) async fn erased_lines_do_not_come_again(subject: Subject) {
    let index = subject.index();
    let line = |offset| event("acme", offset, second(0), &[format!("line {offset}")]);
    feed(&*index, 0, vec![line(1), line(2)]).await;
    index
        .erase(tenant("acme"), vec![(partition(0), Offset::new(5)), (partition(1), Offset::new(3))])
        .await
        .expect("an erasure");
    feed(&*index, 0, vec![line(3), line(5), event("bolt", 6, second(0), &["b"]), line(7)]).await;
    feed(&*index, 1, vec![line(2), line(4)]).await;
    assert_eq!(index.applied(partition(0)), Offset::new(7));
    assert_eq!(texts(&page(&*index, "acme", oldest("*", 10)).await.lines), ["line 7", "line 4"]);
    assert_eq!(texts(&page(&*index, "bolt", oldest("*", 10)).await.lines), ["b"]);
}

pub(super) async fn erasure_reaches_pages_to_come(subject: Subject) {
    let index = subject.index();
    feed_mixed(&*index, &mixed(90, 3)).await;
    let query = newest("*", 20);
    let first = page(&*index, "acme", query.clone()).await;
    assert_eq!(first.lines.len(), 20);
    index.erase(tenant("acme"), Vec::new()).await.expect("an erasure");
    let next = LineQuery { after: first.next.map(After::Cursor), ..query };
    let rest = page(&*index, "acme", next).await;
    assert_eq!((rest.lines, rest.next, rest.coverage.is_partial), (vec![], None, false));
    let found = index.line(tenant("acme"), first.lines[0].id(), BOUNDS).await.expect("an answer");
    assert_eq!(found.line, None);
}

pub(super) async fn an_erasure_holds_after_a_reopen(subject: Subject) {
    let partitions = mixed(90, 3);
    let index = subject.index();
    feed_mixed(&*index, &partitions).await;
    let others = page(&*index, "bolt", newest("*", 10_000)).await.lines;
    index.erase(tenant("acme"), Vec::new()).await.expect("an erasure");
    drop(index);
    let Some(index) = subject.reopen() else { return };
    for (events, number) in partitions.iter().zip(0..) {
        feed(&*index, number, events.clone()).await;
    }
    assert_eq!(page(&*index, "acme", newest("*", 10_000)).await.lines, []);
    assert_eq!(page(&*index, "bolt", newest("*", 10_000)).await.lines, others);
}

pub(super) async fn old_lines_go_and_young_ones_stay(subject: Subject) {
    let index = subject.index();
    let mut offset = 0;
    for days in 0..6 {
        for name in ["acme", "bolt"] {
            offset += 1;
            let time = at(START + days * DAY);
            let lines: Vec<String> = (0..5).map(|line| format!("day {days} line {line}")).collect();
            feed(&*index, 0, vec![event(name, offset, time, &lines)]).await;
        }
    }
    index.flush().await.expect("a flush");
    // Now is day 6; days 0, 1 and 2 are older than three days and the day that lines may stay longer.
    let rules = Retention {
        of_tenants: BTreeMap::from([(tenant("acme"), TenantRetention::of_age(days(3)))]),
        ..Retention::default()
    };
    index.retain(rules, at(START + 6 * DAY + SECOND)).await.expect("retention");
    keep_up(&*index).await;
    let days_of = |lines: Vec<String>| {
        lines.iter().filter_map(|text| text.as_bytes().get(4).copied()).collect::<Vec<_>>()
    };
    let mut left = days_of(texts(&page(&*index, "acme", oldest("*", 100)).await.lines));
    assert_eq!(left.iter().filter(|day| **day >= b'4').count(), 10, "lines of the last days stay");
    left.dedup();
    assert!(!left.contains(&b'0') && !left.contains(&b'1'), "lines of the first days are gone: {left:?}");
    assert_eq!(
        page(&*index, "bolt", oldest("*", 100)).await.lines.len(),
        30,
        "another tenant has its own rule"
    );
}

fn days(number: u64) -> Duration {
    Duration::from_secs(number * 86_400)
}

pub(super) async fn the_first_rule_that_a_line_meets_keeps_it(subject: Subject) {
    let index = subject.index();
    let line = |service: &str, level: &str| {
        format!(r#"{{"service":"{service}","level":"{level}","message":"{service} {level}"}}"#)
    };
    let services = ["web", "web-old", "pay", "cron"];
    let lines: Vec<String> =
        services.iter().flat_map(|of| ["debug", "error"].map(|level| line(of, level))).collect();
    for name in ["acme", "bolt"] {
        feed(&*index, 0, vec![event(name, if name == "acme" { 1 } else { 2 }, second(0), &lines)]).await;
    }
    index.flush().await.expect("a flush");
    let rule = |condition, age| RetentionRule { condition, age };
    let stream = |text: &str| {
        let pattern = StreamPattern::parse(text, &AccountLimits::default());
        RetentionCondition::Stream(pattern.expect("a good pattern"))
    };
    let of_acme = TenantRetention {
        rules: vec![
            rule(RetentionCondition::Lines(filter("level:error service:pay")), None),
            rule(stream("logs-web-*"), Some(days(20))),
            rule(RetentionCondition::Lines(filter("level:debug")), Some(days(2))),
        ],
        age: Some(days(10)),
    };
    let rules = Retention {
        usual: TenantRetention::of_age(days(40)),
        of_tenants: BTreeMap::from([(tenant("acme"), of_acme)]),
    };
    // By their places: a debug and an error line of each service.
    let kept: [(i64, &[usize]); 4] = [(4, &[0, 1, 3, 5, 7]), (12, &[0, 1, 5]), (22, &[5]), (60, &[5])];
    for (day, kept) in kept {
        let expected: Vec<String> = kept.iter().map(|at| lines[*at].clone()).collect();
        index.retain(rules.clone(), at(START + day * DAY)).await.expect("retention");
        keep_up(&*index).await;
        assert_eq!(texts(&page(&*index, "acme", oldest("*", 100)).await.lines), expected, "on day {day}");
        let of_bolt = texts(&page(&*index, "bolt", oldest("*", 100)).await.lines);
        assert_eq!(of_bolt, if day < 40 { &lines[..] } else { &[] }, "on day {day}");
    }
}

pub(super) async fn cooling_changes_no_answer(subject: Subject) {
    let index = subject.index();
    let partitions = mixed(120, 3);
    feed_mixed(&*index, &partitions).await;
    index.flush().await.expect("a flush");
    let before = page(&*index, "acme", newest("*", 10_000)).await.lines;
    let figures_before = figures(&*index, "acme").await;
    while index.cool(at(START + 400 * DAY)).await.expect("a cold step") {}
    assert_eq!(page(&*index, "acme", newest("*", 10_000)).await.lines, before);
    let after = figures(&*index, "acme").await;
    assert!(after.stored_bytes <= figures_before.stored_bytes);
    assert_eq!(TenantStatistics { stored_bytes: figures_before.stored_bytes, ..after }, figures_before);
    assert!(index.verify().await.expect("a proof").is_whole());
}

pub(super) async fn statistics_are_those_of_the_tenant(subject: Subject) {
    let (index, partitions, reference) = (subject.index(), mixed(100, 3), ReferenceIndex::new());
    assert_eq!(figures(&*index, "acme").await, TenantStatistics::default());
    feed_mixed(&*index, &partitions).await;
    feed_mixed(&reference, &partitions).await;
    let check = async || {
        for name in ["acme", "bolt", "cord", "nobody"] {
            let expected = TenantStatistics { stored_bytes: 0, ..figures(&reference, name).await };
            let found = figures(&*index, name).await;
            assert_eq!(TenantStatistics { stored_bytes: 0, ..found }, expected, "{name}");
        }
    };
    check().await;
    index.flush().await.expect("a flush");
    check().await;
    for erased in [&*index, &reference as &dyn SearchIndex] {
        erased.erase(tenant("acme"), Vec::new()).await.expect("an erasure");
    }
    check().await;
    assert_eq!(figures(&*index, "acme").await, TenantStatistics::default());
    keep_up(&*index).await;
    check().await;
    let all = index.statistics();
    assert_eq!((all.lines, all.raw_bytes), (reference.statistics().lines, reference.statistics().raw_bytes));
    assert_eq!(all.set_aside, [""; 0]);
}

async fn figures(index: &dyn SearchIndex, name: &str) -> TenantStatistics {
    let figures = index.tenant_statistics(tenant(name), BOUNDS).await.expect("figures");
    assert!(!figures.coverage.is_partial);
    figures
}

pub(super) async fn an_undamaged_index_is_whole(subject: Subject) {
    let index = subject.index();
    assert!(index.verify().await.expect("a proof").is_whole());
    feed_mixed(&*index, &mixed(100, 3)).await;
    index.flush().await.expect("a flush");
    keep_up(&*index).await;
    let verification = index.verify().await.expect("a proof");
    assert!(verification.is_whole(), "{:?}", verification.findings);
    assert_eq!(verification.lines, 300);
    assert!(!index.tick(Timestamp::from_nanos(START)), "nothing is due");
}
