//! A question put to the column store in the words of the query language.
//!
//! Invariant: the whole way is gone each time, from the text to the lines or the table; nothing is kept
//! between two questions but what the store itself keeps. It does not judge the answer.

use std::sync::atomic::AtomicBool;

use antler_config::limits::{LineLimits, PipeLimits, QueryLimits};
use antler_events::clock::{Clock as _, SystemClock, Timestamp};
use antler_events::line::LineBatchBuilder;
use antler_events::query::pipe::aggregate::Function;
use antler_events::query::pipe::pipeline::Warning;
use antler_events::query::pipe::{self, Cell, Context, Pipeline, TimeRange};
use antler_events::query::{self, Diagnostics, Query};
use antler_projections::index::columns::search::budget::Budget;
use antler_projections::index::columns::search::lines::{self, Hit, LineSearch, Order};
use antler_projections::index::columns::search::pipeline::{self, PipeSearch};
use antler_projections::index::columns::search::plan::Plan;
use anyhow::{Context as _, anyhow, ensure};

use crate::bench::crew::Crew;
use crate::bench::questions::{Answer, Question, Row};
use crate::bench::store::filled::{Filled, tenant};

const ALL_TIME: (i64, i64) = (i64::MIN, i64::MAX);

/// How often a question is asked at least; the median counts.
pub const QUESTION_ROUNDS: usize = 9;
/// What is answered quickly is asked as often as fits so many milliseconds, but no more than so often.
const QUICK_MS: f64 = 200.0;
const QUICK_ROUNDS_MAX: usize = 99;

/// What each time cost that a question was asked, in milliseconds, and the last answer.
#[derive(Debug, Default)]
pub struct AskedOften {
    /// Of all who worked on it.
    pub cpu_ms: Vec<f64>,
    pub wall_ms: Vec<f64>,
    pub answer: Answer,
}

/// Asks a question several times.
pub fn ask_often(filled: &Filled, question: &Question, crew: &Crew) -> anyhow::Result<AskedOften> {
    let (mut asked, clock) = (AskedOften::default(), SystemClock::new());
    while is_asked_again(&asked.cpu_ms) {
        let (cpu_before, before) = (crew.cpu_seconds(), clock.elapsed());
        let answer = ask(filled, question, crew);
        asked.answer = answer.with_context(|| format!("{} cannot be asked", question.name))?;
        asked.wall_ms.push((clock.elapsed() - before).as_secs_f64() * 1e3);
        asked.cpu_ms.push((crew.cpu_seconds() - cpu_before) * 1e3);
    }
    Ok(asked)
}

/// The first time does not count: it finds nothing in memory.
fn is_asked_again(cpu_ms: &[f64]) -> bool {
    let (rounds, spent_ms) = (cpu_ms.len(), cpu_ms.iter().skip(1).sum::<f64>());
    rounds < QUESTION_ROUNDS || rounds < QUICK_ROUNDS_MAX && spent_ms < QUICK_MS
}

fn ask(filled: &Filled, question: &Question, crew: &Crew) -> anyhow::Result<Answer> {
    let limits = QueryLimits::default();
    let now = Timestamp::from_nanos(0);
    let parsed = query::parse(&question.text, now, &limits);
    let asked = parsed.into_query().map_err(|errors| anyhow!("{errors:?}"))?;
    match question.lines {
        Some(limit) => ask_lines(filled, &asked, limit, crew),
        None => ask_table(filled, question, &asked, (now, &limits), crew),
    }
}

fn ask_lines(filled: &Filled, asked: &Query, limit: usize, crew: &Crew) -> anyhow::Result<Answer> {
    let plan = Plan::new(&asked.filter)?;
    let search = LineSearch { plan: &plan, period: ALL_TIME, order: Order::NewestFirst, limit, after: None };
    let groups = filled.store.snapshot().groups;
    let answer = with_budget(crew, |budget| lines::search(tenant(0), &groups, &search, budget));
    ensure!(answer.damaged.is_empty() && answer.stopped.is_none(), "the answer is not whole");
    answer.hits.iter().map(row_of).collect()
}

/// Time and message of a line, read as the page that shows it would.
fn row_of(hit: &Hit) -> anyhow::Result<Row> {
    let mut builder = LineBatchBuilder::new(LineLimits::default(), hit.received_at);
    builder.push_again(&hit.raw, hit.is_plain)?;
    let batch = builder.finish();
    let message = batch.line(0).and_then(|line| line.message()).unwrap_or_default().into_owned();
    Ok(vec![hit.position.time.nanos().to_string(), message])
}

fn ask_table(
    filled: &Filled,
    question: &Question,
    asked: &Query,
    (now, limits): (Timestamp, &QueryLimits),
    crew: &Crew,
) -> anyhow::Result<Answer> {
    let mut diagnostics = Diagnostics::new(8);
    let from = asked.pipes.map_or(question.text.len(), |span| span.start);
    let pipes = pipe::parse(&question.text, from, now, limits, &mut diagnostics);
    let pipes: Vec<_> = pipes.into_iter().map(|(pipe, _)| pipe).collect();
    let range = TimeRange {
        from: Timestamp::from_nanos(i64::MIN),
        to: Timestamp::from_nanos(i64::MAX),
        utc_offset_seconds: 0,
    };
    let context = Context { range, limits: PipeLimits::default() };
    let fresh = Pipeline::new(&pipes, &context)?;
    let plan = pipeline::plan(&asked.filter, &fresh)?;
    let search = PipeSearch { plan: &plan, period: ALL_TIME, pipeline: fresh, context: &context };
    let groups = filled.store.snapshot().groups;
    let answer = with_budget(crew, |budget| pipeline::run(tenant(0), &groups, search, budget));
    ensure!(answer.damaged.is_empty() && answer.stopped.is_none(), "the answer is not whole");
    // A top list tells shares too, which the other sides do not.
    let told: Vec<bool> = answer.table.columns.iter().map(|column| **column != *"percent").collect();
    let row = |row: &Vec<Cell>| {
        row.iter().zip(&told).filter(|(_, told)| **told).map(|(cell, _)| shown(cell)).collect()
    };
    let is_count =
        |warning: &Warning| matches!(warning, Warning::Estimated { function: Function::Distinct, .. });
    let is_estimate = answer.table.warnings.iter().any(is_count);
    Ok(Answer { rows: answer.table.rows.iter().map(row).collect(), is_estimate })
}

/// Cells as the answers have them: a time as seconds, nothing as an empty text.
fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Missing => String::new(),
        Cell::Time(time) => (time.nanos() / 1_000_000_000).to_string(),
        other => other.to_string(),
    }
}

/// Without an end, and with those who join in.
pub(super) fn with_budget<T>(crew: &Crew, run: impl FnOnce(&Budget<'_>) -> T) -> T {
    let (clock, is_cancelled) = (SystemClock::new(), AtomicBool::new(false));
    run(&Budget { workers: crew, ..Budget::alone(&clock, &is_cancelled) })
}
