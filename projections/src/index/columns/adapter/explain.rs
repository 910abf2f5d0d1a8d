//! How a search was answered, from what was seen while it ran.
//!
//! Invariant: each group is in exactly one outcome of a step. It estimates nothing.

use std::time::Duration;

use antler_events::ids::TenantId;
use antler_events::query::print;

use super::asked::Asked;
use super::lines::nanos;
use super::traced::Trace;
use crate::index::columns::search::select::SearchGroup;
use crate::index::port::{Explanation, LineQuery, Order, SearchError, Step};

/// What became of a group.
const OUTSIDE: &str = "outside the time";
const NOT_NEEDED: &str = "not needed, because nearer ones had enough lines or time ran out";
const FOREIGN: &str = "without lines of the tenant in the time";
const FILTERED: &str = "left out by the filter of tokens";
const BY_ROWS: &str = "answered by times and shapes of rows";
const BY_DICTIONARIES: &str = "answered by dictionaries and numbers";
const BY_TEMPLATES: &str = "answered by templates and the columns beside them";
const RENDERED: &str = "read as lines, for the page or because columns could not tell";

impl Asked<'_> {
    pub(super) fn explain(&self, tenant: TenantId, query: &LineQuery) -> Result<Explanation, SearchError> {
        let page = self.page(tenant, query)?;
        let end = match query.order {
            Order::NewestFirst => "latest",
            Order::OldestFirst => "earliest",
        };
        let mut step = Step {
            what: format!("find up to {} lines, the {end} groups first", query.limit),
            parts: self.groups.len() as u64,
            ..Step::default()
        };
        let period = nanos(query.period);
        for group in &self.groups {
            let trace = group.trace();
            let (earliest, latest) = group.span();
            let is_outside = latest < period.0 || period.1 < earliest;
            note(&mut step, outcome(&trace, is_outside));
            step.stored_bytes_read += trace.stored_bytes;
            step.cached_bytes_read += trace.cached_bytes;
            step.took += trace.took;
        }
        Ok(Explanation {
            filter: print(&query.filter),
            steps: vec![step, self.columns_step()],
            lines: page.lines.len() as u64,
            coverage: page.coverage,
        })
    }

    /// What was looked at inside the groups.
    fn columns_step(&self) -> Step {
        let traces: Vec<Trace> = self.groups.iter().map(|group| group.trace()).collect();
        let sum = |of: fn(&Trace) -> u64| traces.iter().map(of).sum::<u64>();
        let outcomes = [
            ("tokens asked of filters", sum(|trace| trace.tokens_asked)),
            ("of them absent", sum(|trace| trace.tokens_absent)),
            ("dictionaries read", sum(|trace| trace.dictionaries)),
            ("columns of numbers read", sum(|trace| trace.numbers)),
            ("columns of templates read", sum(|trace| trace.templates)),
        ];
        Step {
            what: "look into columns, which is part of the step before".to_owned(),
            parts: traces.iter().filter(|trace| trace.visits > 0).count() as u64,
            outcomes: outcomes.map(|(what, count)| (what.to_owned(), count)).to_vec(),
            took: Duration::ZERO,
            ..Step::default()
        }
    }
}

fn outcome(trace: &Trace, is_outside: bool) -> &'static str {
    match trace {
        _ if is_outside => OUTSIDE,
        trace if trace.visits == 0 => NOT_NEEDED,
        trace if !trace.has_rows => FOREIGN,
        trace if trace.renders => RENDERED,
        trace if trace.templates > 0 => BY_TEMPLATES,
        trace if trace.dictionaries + trace.numbers > 0 => BY_DICTIONARIES,
        trace if trace.tokens_absent > 0 => FILTERED,
        _ => BY_ROWS,
    }
}

fn note(step: &mut Step, outcome: &str) {
    match step.outcomes.iter_mut().find(|(known, _)| known == outcome) {
        Some((_, count)) => *count += 1,
        None => step.outcomes.push((outcome.to_owned(), 1)),
    }
}
