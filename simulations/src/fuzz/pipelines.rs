//! What must hold for a query that is run on lines, whatever both are.
//!
//! The first line of the bytes is the query, the others are lines. Invariant: groups, open and sealed, give the
//! table of the pipes fed with every line that the matcher lets pass, newest first. It judges no text: the
//! body of queries does.

use antler_config::limits::QueryLimits;
use antler_events::event::lines::LineDefaults;
use antler_events::line::LineBatch;
use antler_events::query::pipe::{Cell, Flow, Pipeline, Table};
use antler_events::query::tree::{FieldName, Filter};
use antler_events::query::{Matcher, parse};
use antler_projections::index::columns::search::pipeline::{PipeSearch, plan, run};
use antler_projections::index::columns::search::select::SearchGroup;

use super::queries::{NOW, context, pipes_of};
use super::stand::{ALWAYS, Held, batch, open_group, opened, sealed_files, tenant, with_budget};

/// Panics if the answer to a query is not that of its lines one by one.
pub fn fuzz_pipeline(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let text = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let limits = QueryLimits::default();
    let Ok(query) = parse(&text, NOW, &limits).into_query() else { return };
    let Ok(pipes) = pipes_of(&text, query.pipes, &limits) else { return };
    let pipeline = Pipeline::new(&pipes, &context()).expect("pipes that were checked can work");
    let batch = batch(parts.next().unwrap_or_default().split(|byte| *byte == b'\n'));
    if batch.is_empty() {
        return;
    }
    let expected = shown(&naive(&batch, &query.filter, pipeline.clone()));
    let open = Held(open_group(&batch));
    let sealed: Vec<_> =
        sealed_files(&open.0).iter().map(|bytes| opened(bytes).expect("a sealed group opens")).collect();
    assert_eq!(shown(&asked(&[open], &query.filter, &pipeline)), expected, "open, {text:?}");
    assert_eq!(shown(&asked(&sealed, &query.filter, &pipeline)), expected, "sealed, {text:?}");
}

/// What a reader sees of a table. What is no number is not equal to itself.
fn shown(table: &Table) -> String {
    format!("{:?} {:?} {:?}", table.columns, table.rows, table.warnings)
}

fn asked<G: SearchGroup + Sync>(groups: &[G], filter: &Filter, pipeline: &Pipeline) -> Table {
    let plan = plan(filter, pipeline).expect("a filter without errors compiles");
    let context = context();
    let asked = PipeSearch { plan: &plan, period: ALWAYS, pipeline: pipeline.clone(), context: &context };
    let answer = with_budget(|budget| run(tenant(0), groups, asked, budget));
    assert!(answer.damaged.is_empty(), "a whole group cannot be read: {:?}", answer.damaged);
    answer.table
}

fn naive(batch: &LineBatch, filter: &Filter, mut pipeline: Pipeline) -> Table {
    let defaults = LineDefaults::default();
    let filter = Filter::all_of(vec![filter.clone(), pipeline.filter().clone()]);
    let matcher = Matcher::new(&filter).expect("a filter without errors compiles");
    let bound = matcher.for_batch(batch, &defaults);
    let mut passing: Vec<_> = batch.lines().enumerate().filter(|(_, line)| bound.matches(*line)).collect();
    passing.sort_by_key(|(at, line)| std::cmp::Reverse((line.timestamp(), *at)));
    let fields: Vec<FieldName> = pipeline.reads().iter().map(|read| read.field.clone()).collect();
    for (at, line) in passing {
        let cells = fields.iter().map(|field| Cell::of_line(line, &defaults, field));
        if pipeline.push_row(at as u128, cells) == Flow::Enough {
            break;
        }
    }
    pipeline.finish()
}
