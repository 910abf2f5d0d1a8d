//! What the log gives to a store: batches of lines of some tenants, and the filters that users ask with.
//!
//! Invariant: a line is told apart from every other one of its world by its bytes, and whether a filter wants
//! it was decided by the matcher before the store saw it. It does not know what the store should answer.

use antler_config::limits::{LineLimits, QueryLimits};
use antler_events::clock::Timestamp;
use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::ids::TenantId;
use antler_events::line::{LineBatch, LineBatchBuilder};
use antler_events::query::{Matcher, parse};
use antler_projections::index::columns::search::plan::Plan;
use anyhow::{Context as _, anyhow, ensure};

use crate::world::Rng;

const HOUR_NANOS: u64 = 3_600_000_000_000;

/// What users ask. The first one wants everything.
const FILTERS: [&str; 5] =
    ["", "level:error", "n > 500", "\"user 7\" or disk", "not service:api and message:*"];

/// A filter as the store takes it, and as the model does.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) plan: Plan,
    matcher: Matcher,
}

/// A line as the log has it.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) time: Timestamp,
    /// Its age counts from then on: its time, or its arrival if that was later.
    pub(super) young_at: Timestamp,
    pub(super) raw: Vec<u8>,
    /// Bit n: the question n wants it.
    wanted: u8,
}

/// A batch as the log has it.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) lines: LineBatch,
    pub(super) arrival: Arrival,
}

/// Draws batches.
#[derive(Debug)]
pub(super) struct Workload {
    pub(super) questions: Vec<Question>,
    lines_made: u64,
}

impl Line {
    pub(super) fn is_wanted(&self, question: usize) -> bool {
        self.wanted & (1 << question) != 0
    }
}

impl Workload {
    pub(super) fn new() -> anyhow::Result<Self> {
        let questions = FILTERS.iter().map(|text| question(text)).collect::<anyhow::Result<_>>()?;
        Ok(Self { questions, lines_made: 0 })
    }

    pub(super) fn batch(&mut self, rng: &mut Rng, now: Timestamp) -> anyhow::Result<Batch> {
        let arrival = arrival(rng);
        let mut builder = LineBatchBuilder::new(LineLimits::default(), now);
        for _ in 0..rng.between(1, 12) {
            self.lines_made += 1;
            let line = text(rng, now, self.lines_made);
            builder.push(line.as_bytes()).context("a line is refused")?;
        }
        let lines = builder.finish();
        Ok(Batch { lines, arrival })
    }

    /// The lines of a batch with what is known of them.
    pub(super) fn lines(&self, batch: &Batch) -> Vec<Line> {
        let matchers = self.questions.iter().map(|question| &question.matcher);
        let bound: Vec<_> =
            matchers.map(|matcher| matcher.for_batch(&batch.lines, &batch.arrival.defaults)).collect();
        let lines = batch.lines.lines().map(|line| {
            let wanted = bound.iter().enumerate();
            let wanted = wanted.map(|(at, matcher)| u8::from(matcher.matches(line)) << at).sum();
            let time = line.timestamp();
            Line { time, young_at: time.max(batch.lines.received_at()), raw: line.raw().to_vec(), wanted }
        });
        lines.collect()
    }
}

pub(super) fn tenant(number: usize) -> TenantId {
    TenantId::parse(&format!("tenant-{number}")).expect("a name of letters and digits")
}

fn question(text: &'static str) -> anyhow::Result<Question> {
    let parsed = parse(text, Timestamp::from_nanos(0), &QueryLimits::default());
    let query = parsed.into_query().map_err(|wrong| anyhow!("the question {text:?} is wrong: {wrong:?}"))?;
    ensure!(query.pipes.is_none(), "a question here has no pipes");
    Ok(Question { plan: Plan::new(&query.filter)?, matcher: Matcher::new(&query.filter)? })
}

fn arrival(rng: &mut Rng) -> Arrival {
    let service = rng.chance(500).then(|| "api".to_owned());
    let defaults = LineDefaults { service, ..LineDefaults::default() };
    let protocol = *rng.pick(&["http", "tcp"]);
    Arrival { protocol: protocol.to_owned(), origin: String::new(), defaults }
}

/// Lines of a few shapes, of the last day and a half and the next twelve hours.
fn text(rng: &mut Rng, now: Timestamp, number: u64) -> String {
    let (value, user) = (rng.below(1_000), rng.below(9));
    let nanos = now.nanos() + rng.below(48 * HOUR_NANOS) as i64 - 36 * HOUR_NANOS as i64;
    let seconds = nanos / 1_000_000_000;
    match rng.below(6) {
        0 => format!("plain line {number} of user {user}"),
        1 => format!("<{user}> disk {value} is full, said {number} \\ \"{user}\""),
        2 => format!(
            r#"{{"ts":{seconds},"level":"error","n":{value},"message":"user {user} failed","at":{number}}}"#
        ),
        3 => format!(
            r#"{{"ts":{seconds}.5,"level":"info","service":"web","message":"","at":{number},"x{user}":[]}}"#
        ),
        4 => format!(r#"{{"msg":"user {user} did \"{value}\"","ok":true,"at":{number},"n":{value}.50}}"#),
        _ => format!(
            r#"{{ "ts" : {seconds} , "n":-{value}, "deep":{{"at":{number},"n":null}}, "service":"db"}}"#
        ),
    }
}
