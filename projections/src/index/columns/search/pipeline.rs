//! Pipes over groups: the table that a pipeline makes of the lines that a filter lets through.
//!
//! Rows are taken newest first, rendered, read again and pushed, until the pipeline has enough; groups that a pipeline
//! begins with are filled from columns where those tell (`grouped`).
//! Invariant: the table is that of pushing every passing line, newest first, unless the answer says what is missing.
//! It does not render the lines of an answer before they are asked for: `hits` does.

mod codes;
mod grouped;
mod measured;
mod newest;
mod numbering;
mod slots;
mod summed;
mod tallied;

#[cfg(test)]
mod tests;

use antler_events::ids::TenantId;
use antler_events::query::matcher::MatcherError;
use antler_events::query::pipe::{Cell, Context, Flow, LineKey, Pipeline, Table};
use antler_events::query::tree::Filter;

use self::grouped::fill;
use self::newest::Newest;
use super::budget::{Budget, Stop};
use super::evaluate::read_lines;
use super::lines::{Hit, hits_of};
use super::plan::Plan;
use super::select::{Period, SearchGroup};
use crate::index::columns::block::ReadError;
use crate::index::columns::view::GroupView;

/// Rows of the first chunk, which may be enough, and of the later ones.
const CHUNK_ROWS_MIN: usize = 64;
const CHUNK_ROWS_MAX: usize = 1_024;

/// Which of the groups, and which of its rows.
type Place = (usize, u32);

/// What is asked.
#[derive(Debug)]
pub struct PipeSearch<'a> {
    /// Of the query and the pipeline, as `plan` makes it.
    pub plan: &'a Plan,
    pub period: Period,
    /// A fresh one.
    pub pipeline: Pipeline,
    /// What it was made with.
    pub context: &'a Context,
}

/// A table, and what is missing from it.
#[derive(Debug)]
pub struct PipeAnswer {
    /// The keys of its lines are for `hits`.
    pub table: Table,
    /// Groups could not be read.
    pub damaged: Vec<ReadError>,
    pub stopped: Option<Stop>,
}

/// The plan of what a query and its pipes ask of lines.
pub fn plan(filter: &Filter, pipeline: &Pipeline) -> Result<Plan, MatcherError> {
    Plan::new(&Filter::all_of(vec![filter.clone(), pipeline.filter().clone()]))
}

/// Sends the lines of a tenant through pipes.
pub fn run<S: SearchGroup>(
    tenant: TenantId,
    groups: &[S],
    asked: PipeSearch<'_>,
    budget: &Budget<'_>,
) -> PipeAnswer {
    match asked.pipeline.first_groups().filter(|first| !first.of_patterns) {
        Some(_) => run_grouped(tenant, groups, asked, budget),
        None => run_rows(tenant, groups, asked, budget),
    }
}

/// Pushes rows newest first.
fn run_rows<S: SearchGroup>(
    tenant: TenantId,
    groups: &[S],
    asked: PipeSearch<'_>,
    budget: &Budget<'_>,
) -> PipeAnswer {
    let PipeSearch { plan, period, mut pipeline, .. } = asked;
    let mut rows = Newest::new(tenant, groups, plan, period);
    let mut damaged = Vec::new();
    let mut chunk_rows = CHUNK_ROWS_MIN;
    let mut stopped = budget.stop();
    while stopped.is_none() {
        let chunk = rows.take(chunk_rows, budget);
        let places: Vec<Place> = chunk.iter().map(|found| (found.group, found.row)).collect();
        if chunk.is_empty() || push(groups, &places, &mut pipeline, &mut damaged) == Flow::Enough {
            break;
        }
        chunk_rows = (chunk_rows * 2).min(CHUNK_ROWS_MAX);
        stopped = budget.stop();
    }
    stopped = stopped.or(rows.stopped);
    damaged.extend(rows.damaged);
    PipeAnswer { table: pipeline.finish(), damaged, stopped }
}

/// Fills the first groups from columns, and pushes only the rows of which these do not tell.
fn run_grouped<S: SearchGroup>(
    tenant: TenantId,
    groups: &[S],
    asked: PipeSearch<'_>,
    budget: &Budget<'_>,
) -> PipeAnswer {
    let PipeSearch { plan, period, mut pipeline, context } = asked;
    let (first, last) = plan.period();
    let period = (first.max(period.0), last.min(period.1));
    let (mut damaged, mut stopped) = (Vec::new(), None);
    'groups: for (number, group) in groups.iter().enumerate() {
        if group.span().0 > period.1 || period.0 > group.span().1 {
            continue;
        }
        stopped = budget.stop();
        if stopped.is_some() {
            break;
        }
        let Some(groups_of_first) = pipeline.first_groups_mut() else { break };
        let untold = match group.with(|view| fill(tenant, view, (plan, period), context, groups_of_first)) {
            Ok(Ok(untold)) => untold,
            Ok(Err(error)) | Err(error) => {
                damaged.push(error);
                continue;
            }
        };
        for rows in untold.chunks(CHUNK_ROWS_MAX) {
            stopped = budget.stop();
            if stopped.is_some() {
                break 'groups;
            }
            let places: Vec<Place> = rows.iter().map(|row| (number, *row)).collect();
            push(groups, &places, &mut pipeline, &mut damaged);
        }
    }
    PipeAnswer { table: pipeline.finish(), damaged, stopped }
}

/// The lines of keys of an answer, found in the same groups; none where a group cannot be read.
pub fn hits<S: SearchGroup>(
    groups: &[S],
    keys: &[LineKey],
    damaged: &mut Vec<ReadError>,
) -> Vec<Option<Hit>> {
    let places: Vec<Place> = keys.iter().map(|key| place_of(*key)).collect();
    by_group(groups, &places, damaged, hits_of)
}

/// Where a line stands as a key: which of the groups, and which of its rows.
fn key_of(group: usize, row: u32) -> LineKey {
    (group as u128) << u32::BITS | u128::from(row)
}

fn place_of(key: LineKey) -> Place {
    ((key >> u32::BITS) as usize, key as u32)
}

/// Pushes rows in their order. Those that cannot be read are left out.
fn push<S: SearchGroup>(
    groups: &[S],
    places: &[Place],
    pipeline: &mut Pipeline,
    damaged: &mut Vec<ReadError>,
) -> Flow {
    let all = if pipeline.reads().is_empty() {
        vec![Some(Vec::new()); places.len()]
    } else {
        by_group(groups, places, damaged, |view, rows| cells_of(view, rows, pipeline))
    };
    for ((group, row), cells) in places.iter().zip(all) {
        let Some(cells) = cells else { continue };
        if pipeline.push_row(key_of(*group, *row), cells) == Flow::Enough {
            return Flow::Enough;
        }
    }
    Flow::More
}

/// The cells that a pipeline reads of rising rows.
fn cells_of(group: &dyn GroupView, rows: &[u32], pipeline: &Pipeline) -> Result<Vec<Vec<Cell>>, ReadError> {
    let mut all = Vec::with_capacity(rows.len());
    for (origin, row) in read_lines(group, rows)? {
        let batch = row.parsed(origin.received_at)?;
        let line = batch.line(0).ok_or(ReadError::directory("a line"))?;
        let arrival = group.arrivals().get(origin.arrival as usize);
        let defaults = &arrival.ok_or(ReadError::directory("the arrival of a row"))?.defaults;
        let reads = pipeline.reads().iter();
        all.push(reads.map(|read| Cell::of_line(line, defaults, &read.field)).collect());
    }
    Ok(all)
}

/// What `read` gives for the rows of each group, in the order of the places.
fn by_group<S: SearchGroup, T>(
    groups: &[S],
    places: &[Place],
    damaged: &mut Vec<ReadError>,
    read: impl Fn(&dyn GroupView, &[u32]) -> Result<Vec<T>, ReadError>,
) -> Vec<Option<T>> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_unstable_by_key(|at| places[*at]);
    let mut found: Vec<Option<T>> = places.iter().map(|_| None).collect();
    for of_one in order.chunk_by(|one, other| places[*one].0 == places[*other].0) {
        let Some(group) = groups.get(places[of_one[0]].0) else { continue };
        let rows: Vec<u32> = of_one.iter().map(|at| places[*at].1).collect();
        match group.with(|view| read(view, &rows)) {
            Ok(Ok(some)) => of_one.iter().zip(some).for_each(|(at, one)| found[*at] = Some(one)),
            Ok(Err(error)) | Err(error) => damaged.push(error),
        }
    }
    found
}
