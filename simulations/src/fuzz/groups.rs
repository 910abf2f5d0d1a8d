//! What must hold for the file of a group, whatever became of it.
//!
//! The bytes say how a whole file is changed (`forge`): as a disk does it, or by somebody who gets every
//! checksum right. Invariant: a group that was damaged gives its own lines or errors; one that was forged gives
//! anything but a panic. Its memory is measured elsewhere.

mod forge;

use std::collections::BTreeSet;

use antler_config::limits::QueryLimits;
use antler_events::line::{LineBatch, Role};
use antler_events::query::parse;
use antler_events::query::pipe::Pipeline;
use antler_events::query::tree::{FieldName, Filter};
use antler_projections::index::columns::group::SealedGroup;
use antler_projections::index::columns::search::counts::{CountSearch, count, histogram, values};
use antler_projections::index::columns::search::lines::{LineSearch, Order, search};
use antler_projections::index::columns::search::pipeline::{PipeSearch, plan, run};
use antler_projections::index::columns::search::plan::Plan;

use forge::{Change, forged};

use super::queries::{NOW, context, pipes_of};
use super::stand::{ALWAYS, Held, batch, open_group, opened, sealed_files, tenant, with_budget};

/// What is asked of each group.
const QUESTIONS: [&str; 8] = [
    "*",
    "disk",
    "level:error and not n < 5",
    "message:\"user 7\" or message:*fail*",
    "message:/us.r [0-9]+/",
    "n:[3 TO 40} or deep.*:x",
    "* | stats count(), sum(n), p95(n), distinct(message) by level, bin(1h)",
    "* | patterns",
];

/// Panics if a group that was changed breaks a promise.
pub fn fuzz_group(bytes: &[u8]) {
    let (lines, whole) = whole();
    let Some((changed, change)) = forged(&whole, bytes) else { return };
    let Ok(group) = opened(&changed) else { return };
    let found = exercise(&group);
    if change == Change::Damage {
        let own: BTreeSet<Vec<u8>> = lines.lines().map(|line| line.raw().to_vec()).collect();
        let stray = found.iter().find(|line| !own.contains(*line));
        assert!(stray.is_none(), "a damaged group shows {stray:?}");
    }
}

/// Lines with a bit of everything that a group keeps, all of one day, and the file of their group.
pub fn whole() -> (LineBatch, Vec<u8>) {
    let lines: Vec<String> = (0..60).map(line).collect();
    let batch = batch(lines.iter().map(String::as_bytes));
    let file = sealed_files(&open_group(&batch)).into_iter().next().expect("the lines have a day");
    (batch, file)
}

fn line(number: u64) -> String {
    let (value, user) = (number * 37 % 101, number % 9);
    let seconds = 1_772_366_400 + number * 11;
    match number % 6 {
        0 => format!("plain line {number} of user {user}"),
        1 => format!("<{user}> disk {value} is full, said {number} \\ \"{user}\""),
        2 => format!(
            r#"{{"ts":{seconds},"level":"error","n":{value},"message":"user {user} failed","ip":"10.0.{user}.{value}"}}"#
        ),
        3 => format!(
            r#"{{"ts":{seconds}.5,"level":"info","service":"web","message":"","id":"{:016x}","x{user}":[]}}"#,
            number.wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ),
        4 => format!(r#"{{"msg":"user {user} did \"{value}\" in {number}.25ms","ok":true,"n":{value}.50}}"#),
        _ => format!(
            r#"{{ "ts" : {seconds} , "n":-{value}, "deep":{{"at":{number},"n":null,"t":["x",{value}]}} }}"#
        ),
    }
}

/// Asks everything that can be asked of a group, and gives back all lines that it shows.
pub(super) fn exercise(group: &Held<SealedGroup>) -> Vec<Vec<u8>> {
    // An error is as good an answer as any.
    let _ = group.0.check_blocks();
    QUESTIONS.iter().flat_map(|question| ask(group, question)).collect()
}

fn ask(group: &Held<SealedGroup>, question: &str) -> Vec<Vec<u8>> {
    let limits = QueryLimits::default();
    let query = parse(question, NOW, &limits).into_query().expect("a question without a mistake");
    let pipes = pipes_of(question, query.pipes, &limits).expect("pipes without a mistake");
    let groups = std::slice::from_ref(group);
    if !pipes.is_empty() {
        let pipeline = Pipeline::new(&pipes, &context()).expect("pipes without a mistake");
        run_pipes(groups, &query.filter, &pipeline);
        return Vec::new();
    }
    let plan = Plan::new(&query.filter).expect("a filter without errors compiles");
    let counted = CountSearch { plan: &plan, period: ALWAYS };
    with_budget(|budget| {
        let _ = count(tenant(0), groups, &counted, budget);
        let _ = histogram(tenant(0), groups, &counted, 60_000_000_000, budget);
        let _ = values(tenant(0), groups, &counted, &FieldName::Role(Role::Service), budget);
        let order = Order::NewestFirst;
        let asked = LineSearch { plan: &plan, period: ALWAYS, order, limit: 1_000, after: None };
        search(tenant(0), groups, &asked, budget).hits.into_iter().map(|hit| hit.raw).collect()
    })
}

fn run_pipes(groups: &[Held<SealedGroup>], filter: &Filter, pipeline: &Pipeline) {
    let plan = plan(filter, pipeline).expect("a filter without errors compiles");
    let context = context();
    let asked = PipeSearch { plan: &plan, period: ALWAYS, pipeline: pipeline.clone(), context: &context };
    let _ = with_budget(|budget| run(tenant(0), groups, asked, budget));
}
