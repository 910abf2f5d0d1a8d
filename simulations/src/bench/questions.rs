//! The usual questions: what people ask of their logs, in the words of each side, with the answers.
//!
//! Every question is about the mixed corpus; ids and what depends on the seed are picked from it. A message
//! is what fills the role, so that a phrase means the same in a store that has a column for it.
//! Invariant: an answer comes from a plain scan of all lines that shares no code with a query engine.
//! Nothing here measures: `peers` does, and whoever else asks.

mod expected;
mod naive;
mod subject;

use bytes::Bytes;

use super::reading::line_batches;
pub use expected::{Answer, Expected, Row};
use naive::{Aggregate, Naive, Scan};
use subject::{Subject, role_text};

use antler_events::line::{Line, LineBatch, Role};

/// A question, as each side asks it, and what is right.
#[derive(Debug)]
pub struct Question {
    pub name: &'static str,
    /// In Antler's query language.
    pub text: String,
    /// How many lines are wanted, newest first; none if the question asks for a table.
    pub lines: Option<usize>,
    /// In ClickHouse's, on the table of `peers/clickhouse.sql`.
    pub sql: String,
    /// A line is answered as its time in nanoseconds and its message; a group of a table as its key and its
    /// value, where a minute is its second since 1970 and a level that is not there is empty.
    pub expected: Expected,
}

/// Lines that fill a screen.
const SCREEN_LINES: usize = 100;
/// More than a needle has.
const NEEDLE_LINES_MAX: usize = 1_000;

/// The condition of each question that has one, and the only text that both sides share.
const PHRASE: &str = "context deadline exceeded";
const SERVICE: &str = "checkout";

/// Gives all lines that questions are about, again and again.
pub type Lines<'a> = dyn Fn() -> Box<dyn Iterator<Item = anyhow::Result<LineBatch>> + 'a> + 'a;

/// Questions about a whole corpus.
pub fn questions(corpus: &Bytes) -> anyhow::Result<Vec<Question>> {
    questions_of(&|| Box::new(line_batches(corpus)))
}

/// Picks the subjects from lines, scans them for the answers, and words the questions.
pub fn questions_of(lines: &Lines<'_>) -> anyhow::Result<Vec<Question>> {
    let subject = Subject::find(lines)?;
    let drafts = [searches(&subject), counts(), tables()].concat();
    let mut scans: Vec<Scan> = drafts.iter().map(|draft| Scan::new(draft.naive.clone())).collect();
    for batch in lines() {
        for line in batch?.lines() {
            scans.iter_mut().for_each(|scan| scan.take(line));
        }
    }
    let worded = drafts.into_iter().zip(scans).map(|(draft, scan)| Question {
        name: draft.name,
        text: draft.text,
        lines: draft.naive.lines_wanted(),
        sql: draft.sql,
        expected: scan.finish(),
    });
    Ok(worded.collect())
}

/// A question without its answer.
#[derive(Clone)]
struct Draft {
    name: &'static str,
    text: String,
    sql: String,
    naive: Naive,
}

impl Draft {
    fn new(name: &'static str, text: impl Into<String>, sql: impl Into<String>, naive: Naive) -> Self {
        Self { name, text: text.into(), sql: sql.into(), naive }
    }
}

/// Questions that are answered by lines.
fn searches(subject: &Subject) -> Vec<Draft> {
    let rows = "SELECT toUnixTimestamp64Nano(timestamp), body FROM logs WHERE";
    let last = format!("ORDER BY toStartOfMinute(timestamp) DESC, timestamp DESC LIMIT {SCREEN_LINES}");
    let of_trace = |id: &str| {
        let id = id.to_owned();
        Naive::newest(NEEDLE_LINES_MAX, move |line| role_text(line, Role::TraceId) == id)
    };
    let by_id = |name, id: &str| {
        Draft::new(name, format!("trace_id:{id}"), format!("{rows} trace_id = '{id}'"), of_trace(id))
    };
    vec![
        by_id("needle", &subject.trace_id),
        by_id("absent", &subject.absent_trace_id),
        Draft::new(
            "phrase_rows",
            format!("message:\"{PHRASE}\""),
            format!("{rows} body LIKE '%{PHRASE}%' LIMIT {SCREEN_LINES}"),
            Naive::any(SCREEN_LINES, |line| has_words(line, PHRASE)),
        ),
        Draft::new(
            "service_last",
            format!("service:{SERVICE}"),
            format!("{rows} service = '{SERVICE}' {last}"),
            Naive::newest(SCREEN_LINES, |line| role_text(line, Role::Service) == SERVICE),
        ),
        Draft::new(
            "three_terms_last",
            format!("level:error and service:{SERVICE} and message:failed"),
            format!("{rows} level = 'error' AND service = '{SERVICE}' AND hasToken(body, 'failed') {last}"),
            Naive::newest(SCREEN_LINES, |line| {
                subject::level(line) == "error"
                    && role_text(line, Role::Service) == SERVICE
                    && has_words(line, "failed")
            }),
        ),
    ]
}

/// Questions that are answered by one number.
fn counts() -> Vec<Draft> {
    let count = |name, condition: &str, sql: &str, test: fn(Line<'_>) -> bool| {
        let sql = format!("SELECT count() FROM logs WHERE {sql}");
        Draft::new(name, format!("{condition} | stats count()"), sql, Naive::count(test))
    };
    vec![
        count("phrase_count", &format!("message:\"{PHRASE}\""), &format!("body LIKE '%{PHRASE}%'"), |line| {
            has_words(line, PHRASE)
        }),
        count(
            "regex_literal",
            "message:/returned 503 after [0-9]{4} ms/",
            "match(body, 'returned 503 after [0-9]{4} ms')",
            |line| {
                let is_wait = |rest: &[u8]| {
                    rest.len() >= 7 && rest[..4].iter().all(u8::is_ascii_digit) && &rest[4..7] == b" ms"
                };
                subject::after(line, b"returned 503 after ").any(is_wait)
            },
        ),
        count("regex_bare", "message:/[a-z] [A-Z]{3}[0-9]/", "match(body, '[a-z] [A-Z]{3}[0-9]')", |line| {
            subject::message(line).as_bytes().windows(6).any(is_place)
        }),
    ]
}

/// Questions that are answered by a value for each group.
fn tables() -> Vec<Draft> {
    let top = |name, role: &'static str, of: fn(Line<'_>) -> Option<Vec<String>>| {
        let sql = format!(
            "SELECT {role}, count() AS lines FROM logs WHERE {role} != '' GROUP BY {role} ORDER BY lines DESC LIMIT 10"
        );
        Draft::new(name, format!("* | top 10 {role}"), sql, Naive::top(10, of))
    };
    let duration = "attributes.http.duration_ms.:Float64";
    vec![
        Draft::new(
            "histogram",
            "* | stats count() by bin(1m), level",
            "SELECT toUnixTimestamp(toStartOfMinute(timestamp)) AS minute, level, count() FROM logs GROUP BY minute, level",
            Naive::groups(|line| Some(vec![subject::minute(line), subject::level(line)]), Aggregate::Count),
        ),
        top("top_services", "service", |line| filled(role_text(line, Role::Service))),
        top("top_hosts", "host", |line| filled(role_text(line, Role::Host))),
        Draft::new(
            "p95_by_service",
            "http.duration_ms:* | stats p95(http.duration_ms) by service",
            format!(
                "SELECT service, quantile(0.95)({duration}) FROM logs WHERE {duration} IS NOT NULL GROUP BY service"
            ),
            Naive::groups(
                |line| Some(vec![role_text(line, Role::Service).into_owned()]),
                Aggregate::Percentile95("http.duration_ms"),
            ),
        ),
        Draft::new(
            "distinct_ids",
            "* | stats distinct(request_id)",
            "SELECT uniqExact(attributes.request_id.:String) FROM logs",
            Naive::groups(|_| Some(Vec::new()), Aggregate::Distinct("request_id")),
        ),
    ]
}

fn has_words(line: Line<'_>, words: &str) -> bool {
    subject::has_words(&subject::message(line), words)
}

fn filled(text: std::borrow::Cow<'_, str>) -> Option<Vec<String>> {
    (!text.is_empty()).then(|| vec![text.into_owned()])
}

/// `[a-z] [A-Z]{3}[0-9]`
fn is_place(window: &[u8]) -> bool {
    let [before, b' ', first, second, third, number] = window else { return false };
    before.is_ascii_lowercase()
        && [first, second, third].into_iter().all(u8::is_ascii_uppercase)
        && number.is_ascii_digit()
}

#[cfg(test)]
mod tests;
