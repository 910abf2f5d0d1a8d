//! Cases of tables: what pipes make of lines.

use antler_config::limits::PipeLimits;
use antler_events::query::pipe::Cell;
use antler_events::query::pipe::aggregate::Function;
use antler_events::query::pipe::pipeline::Warning as TableWarning;

use super::Subject;
use super::given::*;
use crate::index::port::{LineQuery, SearchError, SearchIndex, TableQuery, Warning};
use crate::index::reference::ReferenceIndex;

const PIPES: [&str; 12] = [
    "stats count()",
    "stats count(), min(ms), max(ms), avg(ms) by level | sort by level",
    "stats count() by bin(1m) | sort by timestamp",
    "stats count() by service, level | sort by service, level",
    "stats distinct(user), count() by path | sort by path",
    "top 5 user | sort by user",
    "rare 3 level | sort by level",
    "uniq host | sort by host",
    "where ms > 1 | stats count() by service | sort by service",
    "eval double = ms * 2 | where double >= 4 | stats count() by double | sort by double",
    "extract \"timeout of <id>\" | where id:* | stats count() | sort by count",
    "fields level, service | limit 7",
];

pub(super) async fn pipes_make_tables(subject: Subject) {
    let (index, partitions, reference) = (subject.index(), mixed(150, 4), ReferenceIndex::new());
    feed_mixed(&*index, &partitions).await;
    feed_mixed(&reference, &partitions).await;
    for _ in 0..2 {
        for text in PIPES {
            for of in ["*", "level:*", "not service:db", "nowhere"] {
                let found = index.table(tenant("acme"), table(text, of), BOUNDS).await.expect("a table");
                let expected =
                    reference.table(tenant("acme"), table(text, of), BOUNDS).await.expect("a table");
                assert_eq!(found, expected, "{of} | {text}");
            }
        }
        index.flush().await.expect("a flush");
    }
    let count = index.table(tenant("acme"), table("stats count()", "*"), BOUNDS).await.expect("a table");
    assert_eq!((&*count.columns[0], &count.rows[..]), ("count", &[vec![Cell::count(150 / 5 * 3 * 4)]][..]));
}

pub(super) async fn a_table_of_lines_names_them(subject: Subject) {
    let index = subject.index();
    feed_mixed(&*index, &mixed(60, 3)).await;
    let answer = index.table(tenant("acme"), table("limit 5", "*"), BOUNDS).await.expect("a table");
    let lines = answer.lines.expect("rows are lines");
    assert!(lines.with_other_fields);
    let found: Vec<_> = lines.lines.into_iter().flatten().collect();
    assert_eq!(found, page(&*index, "acme", newest("*", 5)).await.lines);
    let answer = index.table(tenant("acme"), table("sort by n desc | fields n | limit 3", "n:*"), BOUNDS);
    let answer = answer.await.expect("a table");
    assert_eq!(answer.rows.len(), 3);
    let lines = answer.lines.expect("rows are lines");
    assert!(!lines.with_other_fields && lines.lines.iter().all(Option::is_some));
    let stats = index.table(tenant("acme"), table("stats count()", "*"), BOUNDS).await.expect("a table");
    assert_eq!(stats.lines, None);
}

pub(super) async fn a_table_says_when_it_is_not_all(subject: Subject) {
    let index = subject.index();
    feed_mixed(&*index, &mixed(60, 3)).await;
    let mut query = table("stats count() by message", "*");
    query.context.limits = PipeLimits { groups_max: 3, ..PipeLimits::default() };
    let answer = index.table(tenant("acme"), query, BOUNDS).await.expect("a table");
    assert_eq!(answer.rows.len(), 3);
    assert!(matches!(answer.coverage.warnings[..], [Warning::Table(_)]), "{:?}", answer.coverage);
    let mut query = table("stats distinct(message) as messages, count()", "*");
    query.context.limits = PipeLimits { distinct_values_max: 3, ..PipeLimits::default() };
    let answer = index.table(tenant("acme"), query, BOUNDS).await.expect("a table");
    let function = Function::Distinct;
    let estimated = Warning::Table(TableWarning::Estimated { column: "messages".into(), function });
    assert_eq!((answer.coverage.is_partial, answer.coverage.warnings), (false, vec![estimated]));
    let mut query = table("fields message", "*");
    query.context.limits = PipeLimits { rows_max: 4, ..PipeLimits::default() };
    let answer = index.table(tenant("acme"), query, BOUNDS).await.expect("a table");
    assert_eq!((answer.rows.len(), answer.coverage.warnings.len()), (4, 1));
    // The period of the table is that of its context.
    let mut query = table("stats count()", "*");
    (query.context.range.from, query.context.range.to) = (second(10), second(20));
    let answer = index.table(tenant("acme"), query, BOUNDS).await.expect("a table");
    let inside = LineQuery { period: seconds(10, 19), ..newest("*", 1_000) };
    let expected = page(&*index, "acme", inside).await.lines.len();
    assert_eq!(answer.rows, [vec![Cell::count(expected as u64)]]);
}

pub(super) async fn a_pipe_that_cannot_work_is_refused(subject: Subject) {
    let index = subject.index();
    let query = TableQuery { pipes: pipes("stats count() | sort by nothing"), ..table("limit 1", "*") };
    let refused = index.table(tenant("acme"), query, BOUNDS).await;
    assert!(matches!(refused, Err(SearchError::Pipes(_))), "{refused:?}");
}
