//! Pipes over groups: the table that a pipeline makes of the lines that a filter lets through.
//!
//! Rows are taken newest first, rendered, read again and pushed, until the pipeline has enough; groups that a pipeline
//! begins with are filled from columns where those tell (`grouped`). Others may join in: they find and read rows and sum
//! up groups, and what they give is pushed and added in its order.
//! Invariant: the table is that of pushing every passing line, newest first, unless the answer says what is missing; it is
//! the same however many work on it.
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
use antler_events::query::pipe::{Cell, Context, Flow, LineKey, Pipeline, Read, Table};
use antler_events::query::tree::Filter;

use self::grouped::{Addition, addition};
use self::newest::Newest;
use self::tallied::TallySums;
use super::budget::{Budget, Stop};
use super::evaluate::read_lines;
use super::lines::{Hit, hits_of};
use super::plan::Plan;
use super::select::{Period, SearchGroup};
use super::waves::Waves;
use crate::index::columns::block::ReadError;
use crate::index::columns::view::GroupView;

/// Rows of the first chunk, which may be enough, and of the later ones.
const CHUNK_ROWS_MIN: usize = 64;
const CHUNK_ROWS_MAX: usize = 1_024;
/// Fewer rows of a group are not divided among several who read them.
const SHARED_ROWS_MIN: usize = 256;
/// Of the memory of groups so much may wait to be added to them: what one more of so many holds.
const WAITING_SHARE: u64 = 4;

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
pub fn run<S: SearchGroup + Sync>(
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
fn run_rows<S: SearchGroup + Sync>(
    tenant: TenantId,
    groups: &[S],
    asked: PipeSearch<'_>,
    budget: &Budget<'_>,
) -> PipeAnswer {
    let PipeSearch { plan, period, mut pipeline, .. } = asked;
    let waves = Waves::new(budget);
    let mut rows = Newest::new(tenant, groups, plan, period);
    rows.are_all_wanted = pipeline.is_divisible();
    let mut damaged = Vec::new();
    let mut chunk_rows = CHUNK_ROWS_MIN;
    let mut stopped = budget.stop();
    while stopped.is_none() {
        let chunk = rows.take(chunk_rows, &waves);
        let places: Vec<Place> = chunk.iter().map(|found| (found.group, found.row)).collect();
        if chunk.is_empty() || push(groups, &places, &mut pipeline, (&waves, &mut damaged)) == Flow::Enough {
            break;
        }
        chunk_rows = (chunk_rows * 2).min(CHUNK_ROWS_MAX * waves.width());
        stopped = budget.stop();
    }
    stopped = stopped.or(rows.stopped);
    damaged.extend(rows.damaged);
    PipeAnswer { table: pipeline.finish(), damaged, stopped }
}

/// Fills the first groups from columns, and pushes only the rows of which these do not tell.
fn run_grouped<S: SearchGroup + Sync>(
    tenant: TenantId,
    groups: &[S],
    asked: PipeSearch<'_>,
    budget: &Budget<'_>,
) -> PipeAnswer {
    let (first, last) = asked.plan.period();
    let period = (first.max(asked.period.0), last.min(asked.period.1));
    let overlaps = |group: &usize| groups[*group].span().0 <= period.1 && period.0 <= groups[*group].span().1;
    let numbers: Vec<usize> = (0..groups.len()).filter(overlaps).collect();
    let waves = Waves::new(budget);
    let (mut pipeline, mut damaged, mut stopped) = (asked.pipeline, Vec::new(), None);
    let (mut rest, mut tallied) = (&numbers[..], TallySums::default());
    while let Some(first) = pipeline.first_groups().filter(|_| !rest.is_empty() && stopped.is_none()) {
        let add = |number: usize| {
            let of_group = |view: &dyn GroupView| {
                addition(tenant, view, (asked.plan, period), asked.context, &first.grouping)
            };
            groups[number].with(of_group).flatten()
        };
        let wave = additions(rest, &waves, asked.context.limits.group_bytes_max / WAITING_SHARE, &add);
        for addition in wave {
            let to = (&mut pipeline, &mut tallied);
            stopped = add_rows(groups, rest[0], addition, to, (&waves, &mut damaged));
            rest = &rest[1..];
            if stopped.is_some() {
                break;
            }
        }
        stopped = stopped.or_else(|| budget.stop().filter(|_| !rest.is_empty()));
    }
    pipeline.first_groups_mut().into_iter().for_each(|groups| tallied.give(groups));
    PipeAnswer { table: pipeline.finish(), damaged, stopped }
}

/// What the first of some groups add, in their order; not of all if the search has to end, or if they hold too much.
fn additions(
    groups: &[usize],
    waves: &Waves<'_>,
    bytes_max: u64,
    add: &(impl Fn(usize) -> Result<Addition, ReadError> + Sync),
) -> Vec<Result<Addition, ReadError>> {
    let held = |addition: &Result<Addition, ReadError>| addition.as_ref().map_or(0, Addition::bytes_held);
    waves.gather_first(waves.groups(groups.len()), bytes_max, |at| add(groups[at]), held)
}

/// Adds what a group adds, then its other rows. Says why it ended early.
fn add_rows<S: SearchGroup + Sync>(
    groups: &[S],
    number: usize,
    addition: Result<Addition, ReadError>,
    (pipeline, tallied): (&mut Pipeline, &mut TallySums),
    (waves, damaged): (&Waves<'_>, &mut Vec<ReadError>),
) -> Option<Stop> {
    let untold = match addition {
        Ok(addition) => pipeline.first_groups_mut().map(|groups| addition.add_to(groups, tallied)),
        Err(error) => {
            damaged.push(error);
            None
        }
    };
    let untold = untold.unwrap_or_default();
    for rows in untold.chunks(CHUNK_ROWS_MAX * waves.width()) {
        let stopped = waves.budget().stop();
        if stopped.is_some() {
            return stopped;
        }
        let places: Vec<Place> = rows.iter().map(|row| (number, *row)).collect();
        push(groups, &places, pipeline, (waves, damaged));
    }
    None
}

/// The lines of keys of an answer, found in the same groups; none where a group cannot be read.
pub fn hits<S: SearchGroup>(
    groups: &[S],
    keys: &[LineKey],
    damaged: &mut Vec<ReadError>,
) -> Vec<Option<Hit>> {
    let places: Vec<Place> = keys.iter().map(|key| place_of(*key)).collect();
    let mut found: Vec<Option<Hit>> = places.iter().map(|_| None).collect();
    let order = in_order(&places);
    for of_one in order.chunk_by(|one, other| places[*one].0 == places[*other].0) {
        let hits = read_places(groups, (&places, of_one), hits_of);
        put(of_one, hits, &mut found, damaged);
    }
    found
}

/// Where a line stands as a key: which of the groups, and which of its rows.
fn key_of(group: usize, row: u32) -> LineKey {
    (group as u128) << u32::BITS | u128::from(row)
}

fn place_of(key: LineKey) -> Place {
    ((key >> u32::BITS) as usize, key as u32)
}

/// Pushes rows in their order. Those that cannot be read are left out.
fn push<S: SearchGroup + Sync>(
    groups: &[S],
    places: &[Place],
    pipeline: &mut Pipeline,
    (waves, damaged): (&Waves<'_>, &mut Vec<ReadError>),
) -> Flow {
    let all = if pipeline.reads().is_empty() {
        vec![Some(Vec::new()); places.len()]
    } else {
        read_cells(groups, places, pipeline.reads(), (waves, damaged))
    };
    for ((group, row), cells) in places.iter().zip(all) {
        let Some(cells) = cells else { continue };
        if pipeline.push_row(key_of(*group, *row), cells) == Flow::Enough {
            return Flow::Enough;
        }
    }
    Flow::More
}

/// The cells of rows, in their order.
fn read_cells<S: SearchGroup + Sync>(
    groups: &[S],
    places: &[Place],
    reads: &[Read],
    (waves, damaged): (&Waves<'_>, &mut Vec<ReadError>),
) -> Vec<Option<Vec<Cell>>> {
    let mut found: Vec<Option<Vec<Cell>>> = places.iter().map(|_| None).collect();
    let order = in_order(places);
    let width = waves.width();
    // Whoever works alone reads a page once.
    let most = if width == 1 { usize::MAX } else { places.len().div_ceil(width).max(SHARED_ROWS_MIN) };
    let of_groups = order.chunk_by(|one, other| places[*one].0 == places[*other].0);
    let jobs: Vec<&[usize]> = of_groups.flat_map(|of_one| of_one.chunks(most.min(of_one.len()))).collect();
    let read = |at: usize| read_places(groups, (places, jobs[at]), |view, rows| cells_of(view, rows, reads));
    let cells = if width == 1 { (0..jobs.len()).map(read).collect() } else { waves.gather(jobs.len(), read) };
    jobs.iter().zip(cells).for_each(|(job, cells)| put(job, cells, &mut found, damaged));
    found
}

/// The cells of rising rows.
fn cells_of(group: &dyn GroupView, rows: &[u32], reads: &[Read]) -> Result<Vec<Vec<Cell>>, ReadError> {
    let mut all = Vec::with_capacity(rows.len());
    for (origin, row) in read_lines(group, rows)? {
        let batch = row.parsed(origin.received_at)?;
        let line = batch.line(0).ok_or(ReadError::directory("a line"))?;
        let arrival = group.arrivals().get(origin.arrival as usize);
        let defaults = &arrival.ok_or(ReadError::directory("the arrival of a row"))?.defaults;
        all.push(reads.iter().map(|read| Cell::of_line(line, defaults, &read.field)).collect());
    }
    Ok(all)
}

/// Places by groups and rows, as their numbers.
fn in_order(places: &[Place]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_unstable_by_key(|at| places[*at]);
    order
}

/// What `read` gives for the rows of some places, which are all of one group.
fn read_places<S: SearchGroup, T>(
    groups: &[S],
    (places, of_one): (&[Place], &[usize]),
    read: impl Fn(&dyn GroupView, &[u32]) -> Result<Vec<T>, ReadError>,
) -> Result<Vec<T>, ReadError> {
    let rows: Vec<u32> = of_one.iter().map(|at| places[*at].1).collect();
    let group = of_one.first().and_then(|at| groups.get(places[*at].0));
    group.map_or_else(|| Ok(Vec::new()), |group| group.with(|view| read(view, &rows)).flatten())
}

/// Puts what was read to its places.
fn put<T>(
    of_one: &[usize],
    read: Result<Vec<T>, ReadError>,
    found: &mut [Option<T>],
    damaged: &mut Vec<ReadError>,
) {
    match read {
        Ok(some) => of_one.iter().zip(some).for_each(|(at, one)| found[*at] = Some(one)),
        Err(error) => damaged.push(error),
    }
}
