//! Cases of patterns: how often and when they come, which are new, and that they are those of the tenant.

use std::time::Duration;

use antler_events::line::Level;
use antler_events::query::pattern::Form;

use super::Subject;
use super::given::*;
use super::lines::FILTERS;
use crate::index::port::{
    Bounds, PatternDetails, PatternOrder, Patterns, PatternsQuery, Period, Resolution, SearchError,
    SearchIndex, ValueCount, Warning,
};
use crate::index::reference::ReferenceIndex;

const EVERYTHING: PatternDetails = PatternDetails {
    seen: true,
    over_time: Some(Resolution::Step(Duration::from_secs(60))),
    levels: true,
    services: 5,
    examples: 2,
};

fn line(seconds: i64, service: &str, message: &str) -> String {
    let time = second(seconds);
    format!(r#"{{"ts":"{time}","level":"info","service":"{service}","message":"{message}"}}"#)
}

async fn ask(index: &dyn SearchIndex, name: &str, query: PatternsQuery) -> Patterns {
    index.patterns(tenant(name), query, BOUNDS).await.expect("patterns")
}

fn shown(patterns: &Patterns) -> Vec<(String, u64)> {
    patterns.patterns.iter().map(|pattern| (pattern.form.to_string(), pattern.lines)).collect()
}

/// Logins of one tenant through three minutes, a restart late in them, and the same messages of another.
async fn feed_logins(index: &dyn SearchIndex) {
    for number in 0..18 {
        let service = ["api", "web", "api"][number as usize % 3];
        let lines = [line(number * 10, service, &format!("login of user {number} took {} ms", number * 7))];
        feed(index, 0, vec![event("acme", 1 + 2 * number as u64, second(number * 10), &lines)]).await;
        let foreign = [line(number * 10, "other", &format!("login of user {number} took 1 ms"))];
        feed(index, 0, vec![event("bolt", 2 + 2 * number as u64, second(number * 10), &foreign)]).await;
    }
    let lines = [line(150, "api", "restarting now"), r#"{"no":"message"}"#.to_owned()];
    feed(index, 1, vec![event("acme", 1, second(151), &lines)]).await;
    let older = [line(5, "api", "restarting now")];
    feed(index, 1, vec![event("bolt", 2, second(151), &older)]).await;
}

pub(super) async fn patterns_have_counts_times_and_examples(subject: Subject) {
    let index = subject.index();
    feed_logins(&*index).await;
    for _ in 0..2 {
        let query = PatternsQuery { details: EVERYTHING, ..PatternsQuery::most_frequent(10) };
        let answer = ask(&*index, "acme", query.clone()).await;
        assert_eq!(
            (answer.lines, answer.classified, answer.without_message, answer.unclassified),
            (20, 19, 1, 0)
        );
        assert_eq!(
            (answer.others, answer.step, &answer.coverage.warnings[..]),
            (0, Duration::from_secs(60), &[][..])
        );
        let [login, restart] = &answer.patterns[..] else { panic!("{:?}", shown(&answer)) };
        assert_eq!(
            (login.lines, restart.lines, restart.form.to_string()),
            (18, 1, "restarting now".to_owned())
        );
        assert_eq!((login.id, Form::parse(&login.form.to_string())), (login.form.id(), login.form.clone()));
        assert_eq!(login.seen, Some(seconds(0, 170)));
        let buckets: Vec<_> = login.buckets.iter().map(|bucket| (bucket.start, bucket.lines)).collect();
        assert_eq!(buckets, [(second(0), 6), (second(60), 6), (second(120), 6)]);
        let levels = login.by_level.expect("levels are asked for");
        assert_eq!((levels[Level::Info as usize], levels.iter().sum::<u64>()), (18, 18));
        let service = |value: &str, lines| ValueCount { value: value.to_owned(), lines };
        assert_eq!(login.services, [service("api", 12), service("web", 6)]);
        let newest = ["login of user 17 took 119 ms", "login of user 16 took 112 ms"];
        let expected = [line(170, "api", newest[0]), line(160, "web", newest[1])];
        assert_eq!(texts(&login.examples), expected);
        let page = page(&*index, "acme", newest_logins()).await;
        assert_eq!(login.examples, page.lines, "an example is the line that a search finds");
        let some = PatternsQuery { filter: filter("service:web"), period: seconds(60, 119), ..query };
        assert_eq!(ask(&*index, "acme", some).await.patterns[0].lines, 2);
        index.flush().await.expect("a flush");
    }
}

fn newest_logins() -> crate::index::port::LineQuery {
    newest("login", 2)
}

pub(super) async fn what_was_not_there_before_is_new(subject: Subject) {
    let index = subject.index();
    feed_logins(&*index).await;
    for _ in 0..2 {
        let since = |seconds| PatternsQuery {
            period: Period { first: second(100), ..Period::ALWAYS },
            new_since: Some(second(seconds)),
            ..PatternsQuery::most_frequent(10)
        };
        let answer = ask(&*index, "acme", since(100)).await;
        let new: Vec<_> = answer.patterns.iter().map(|pattern| (pattern.lines, pattern.is_new)).collect();
        assert_eq!(new, [(8, false), (1, true)], "what bolt said before is nothing to acme");
        let only = PatternsQuery { only_new: true, ..since(100) };
        assert_eq!(shown(&ask(&*index, "acme", only.clone()).await), [("restarting now".to_owned(), 1)]);
        assert_eq!(
            shown(&ask(&*index, "acme", PatternsQuery { new_since: Some(second(151)), ..only }).await),
            []
        );
        // The filter does not count in the past.
        let filtered = PatternsQuery { filter: filter("service:web"), only_new: true, ..since(100) };
        assert_eq!(shown(&ask(&*index, "acme", filtered).await), []);
        let lately = PatternsQuery { baseline: Some(seconds(90, 99)), only_new: true, ..since(100) };
        assert_eq!(ask(&*index, "acme", lately).await.patterns.len(), 1);
        let never = PatternsQuery { baseline: Some(seconds(91, 99)), only_new: true, ..since(100) };
        assert_eq!(ask(&*index, "acme", never).await.patterns.len(), 2);
        assert!(
            ask(&*index, "acme", PatternsQuery::most_frequent(10)).await.patterns.iter().all(|of| !of.is_new)
        );
        index.flush().await.expect("a flush");
    }
}

pub(super) async fn patterns_are_bounded_and_the_rest_is_counted(subject: Subject) {
    let index = subject.index();
    let words = ["alpha", "beta beta", "gamma gamma gamma", "delta of delta to delta"];
    let all = (0..10).flat_map(|_| words.into_iter().enumerate());
    for ((number, message), offset) in all.zip(1..) {
        let lines = vec![message; number + 1];
        feed(&*index, 0, vec![event("acme", offset, second(offset as i64), &lines)]).await;
    }
    for _ in 0..2 {
        let answer = ask(&*index, "acme", PatternsQuery::most_frequent(2)).await;
        let most = [(words[3].to_owned(), 40), (words[2].to_owned(), 30)];
        assert_eq!((shown(&answer), answer.others, answer.others_lines), (most.to_vec(), 2, 30));
        assert_eq!((answer.lines, answer.coverage.is_partial), (100, false));
        let rare = PatternsQuery { order: PatternOrder::Rarest, ..PatternsQuery::most_frequent(1) };
        let answer = ask(&*index, "acme", rare).await;
        assert_eq!((shown(&answer), answer.others_lines), (vec![(words[0].to_owned(), 10)], 90));
        let none = ask(&*index, "acme", PatternsQuery::most_frequent(0)).await;
        assert_eq!((none.patterns.len(), none.others, none.others_lines), (0, 4, 100));
        index.flush().await.expect("a flush");
    }
}

pub(super) async fn kept_patterns_keep_what_they_cover(subject: Subject) {
    let index = subject.index();
    let lines = ["login of root from 5", "login of root from 6", "login failed"];
    feed(&*index, 0, vec![event("acme", 1, second(0), &lines)]).await;
    for _ in 0..2 {
        let known = vec![Form::parse("login of <*>"), Form::parse("login of <*> from <ip>")];
        let ids = [known[1].id(), Form::parse("login failed").id()];
        let answer = ask(&*index, "acme", PatternsQuery { known, ..PatternsQuery::most_frequent(9) }).await;
        assert_eq!(answer.patterns.iter().map(|pattern| pattern.id).collect::<Vec<_>>(), ids);
        index.flush().await.expect("a flush");
    }
}

pub(super) async fn patterns_are_those_of_looking_at_every_line(subject: Subject) {
    let index = subject.index();
    let (partitions, reference) = (mixed(120, 3), ReferenceIndex::new());
    feed_mixed(&*index, &partitions).await;
    feed_mixed(&reference, &partitions).await;
    let orders = [
        PatternOrder::MostFrequent,
        PatternOrder::Rarest,
        PatternOrder::NewestFirst,
        PatternOrder::MostChanged,
    ];
    for _ in 0..2 {
        for (text, number) in FILTERS.iter().zip(0..) {
            let query = PatternsQuery {
                filter: filter(text),
                period: [Period::ALWAYS, seconds(50, 250)][number % 2],
                order: orders[number / 2 % 4],
                limit: [3, 100][number / 3 % 2],
                details: [EVERYTHING, PatternDetails::default()][number / 5 % 2],
                new_since: (number % 3 == 0).then(|| second(100)),
                only_new: false,
                baseline: (number % 4 == 3).then(|| seconds(0, 90)),
                known: Vec::new(),
            };
            let expected = ask(&reference, "acme", query.clone()).await;
            let found = ask(&*index, "acme", query.clone()).await;
            assert!(found == expected, "{query:?}: {:?}, and not {:?}", shown(&found), shown(&expected));
        }
        index.flush().await.expect("a flush");
    }
}

pub(super) async fn too_much_of_patterns_is_refused(subject: Subject) {
    let index = subject.index();
    let details = PatternDetails { examples: u32::MAX, ..PatternDetails::default() };
    let known = vec![Form::parse("x"); 2_000];
    let asked = PatternsQuery::most_frequent;
    for query in [asked(u32::MAX), PatternsQuery { details, ..asked(1) }, PatternsQuery { known, ..asked(1) }]
    {
        let refused = index.patterns(tenant("acme"), query, BOUNDS).await;
        assert!(matches!(refused, Err(SearchError::TooMany { .. })), "{refused:?}");
    }
}

pub(super) async fn memory_bounds_examples_of_patterns(subject: Subject) {
    let index = subject.index();
    let large = "x".repeat(50_000);
    for offset in 1..=90 {
        let lines = [format!("took {offset} ms {large}")];
        feed(&*index, 0, vec![event("acme", offset, second(offset as i64), &lines)]).await;
    }
    let details = PatternDetails { examples: 90, ..PatternDetails::default() };
    let query = PatternsQuery { details, ..PatternsQuery::most_frequent(9) };
    let bounds = Bounds { memory_bytes: 1 << 20, ..BOUNDS };
    let answer = index.patterns(tenant("acme"), query, bounds).await.expect("patterns");
    let given = answer.patterns.iter().map(|pattern| pattern.examples.len()).sum::<usize>();
    assert!((1..=60).contains(&given), "{given} lines");
    assert_eq!((answer.lines, &answer.coverage.warnings[..]), (90, &[Warning::Memory][..]));
}
