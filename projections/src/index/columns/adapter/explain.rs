//! How a search was answered, from what was seen while it ran.
//!
//! Invariant: each group took exactly one way in a step. It estimates nothing.

use antler_events::ids::TenantId;
use antler_events::query::print;

use super::asked::Asked;
use super::lines::nanos;
use super::traced::Trace;
use crate::index::columns::search::plan::Plan;
use crate::index::columns::search::select::SearchGroup;
use crate::index::port::{Cost, Explanation, LineQuery, Order, SearchError, Step};

/// Which way a group took.
const OUTSIDE: &str = "outside the time";
const NOT_NEEDED: &str = "not needed, because nearer ones had enough lines or time ran out";
const FOREIGN: &str = "without lines of the tenant";
const FILTERED: &str = "left out by the filter of tokens";
const ROLLED_UP: &str = "counted by the roll-up";
const PARTLY_ROLLED_UP: &str = "counted by the roll-up and by the rows beside it";
const COUNTED_BY_DICTIONARIES: &str = "counted by dictionaries and numbers, without rows";
const COUNTED_BY_TEMPLATES: &str = "counted by templates, without rows";
const BY_ROWS: &str = "answered by times and shapes of rows";
const BY_DICTIONARIES: &str = "answered by dictionaries and numbers";
const BY_TEMPLATES: &str = "answered by templates and the columns beside them";
const SCANNED: &str = "scanned: lines were rendered because columns could not tell";

impl Asked<'_> {
    pub(super) fn explain(&self, tenant: TenantId, query: &LineQuery) -> Result<Explanation, SearchError> {
        let mut page = self.page(tenant, &LineQuery { wants_total: false, ..query.clone() })?;
        let end = match query.order {
            Order::NewestFirst => "latest",
            Order::OldestFirst => "earliest",
        };
        let what = format!("find up to {} lines, the {end} groups first", query.limit);
        let mut steps = vec![self.step_done(what, query)];
        if query.wants_total {
            let plan = Plan::new(&query.filter)?;
            page.total = Some(self.total(tenant, &plan, query.period, &mut page));
            steps.push(self.step_done("count all lines".to_owned(), query));
        }
        Ok(Explanation {
            filter: print(&query.filter),
            steps,
            lines: page.lines.len() as u64,
            coverage: page.coverage,
        })
    }

    /// What was done since the last step.
    fn step_done(&self, what: String, query: &LineQuery) -> Step {
        let mut step = Step { what, ..Step::default() };
        let period = nanos(query.period);
        let mut all = Trace::default();
        for group in &self.groups {
            let trace = group.take_trace();
            let (earliest, latest) = group.span();
            let is_outside = latest < period.0 || period.1 < earliest;
            step.note(group.name(), way(&trace, is_outside), cost(&trace));
            all.tokens_asked += trace.tokens_asked;
            all.tokens_absent += trace.tokens_absent;
            all.dictionaries += trace.dictionaries;
            all.numbers += trace.numbers;
            all.templates += trace.templates;
            all.rendering_visits += trace.rendering_visits;
        }
        let looked_at = [
            ("tokens asked of filters", all.tokens_asked),
            ("of them absent", all.tokens_absent),
            ("dictionaries read", all.dictionaries),
            ("columns of numbers read", all.numbers),
            ("columns of templates read", all.templates),
            ("groups read again for the lines of the page", all.rendering_visits),
        ];
        let seen = looked_at.into_iter().filter(|(_, count)| *count > 0);
        step.looked_at = seen.map(|(what, count)| (what.to_owned(), count)).collect();
        step
    }
}

fn cost(trace: &Trace) -> Cost {
    Cost { stored_bytes_read: trace.stored_bytes, cached_bytes_read: trace.cached_bytes, took: trace.took }
}

fn way(trace: &Trace, is_outside: bool) -> &'static str {
    let reads_values = trace.templates + trace.dictionaries + trace.numbers > 0;
    match trace {
        _ if is_outside => OUTSIDE,
        trace if trace.visits == 0 => NOT_NEEDED,
        trace if !trace.asks_tenant && trace.tokens_absent > 0 => FILTERED,
        trace if !trace.has_rows => FOREIGN,
        trace if trace.scans => SCANNED,
        trace if trace.counts_by_rollup && (reads_values || trace.reads_times) => PARTLY_ROLLED_UP,
        trace if trace.counts_by_rollup => ROLLED_UP,
        trace if trace.counts_by_columns && trace.templates > 0 => COUNTED_BY_TEMPLATES,
        trace if trace.counts_by_columns => COUNTED_BY_DICTIONARIES,
        trace if trace.templates > 0 => BY_TEMPLATES,
        _ if reads_values => BY_DICTIONARIES,
        trace if trace.tokens_absent > 0 => FILTERED,
        _ => BY_ROWS,
    }
}
