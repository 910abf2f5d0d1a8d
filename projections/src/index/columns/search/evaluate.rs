//! Asking a group: conditions become sets of rows, and the filter joins them.
//!
//! Each part of a filter gives two sets, the rows that surely pass and those that may; they differ only where
//! columns cannot tell. Invariant: a row that passes is in the second set, a row of the first passes; rows
//! between are rendered and held against the matcher.

use std::ops::Range;

use antler_events::query::matcher::Target;

use super::budget::Stop;
use super::exclude::Untold;
use super::places::Scan;
use super::plan::{Leaf, Node, Plan};
use super::rows::RowSet;
use super::streams::Streams;
use super::values::{Check, passing};
use crate::index::columns::block::ReadError;
use crate::index::columns::column::ColumnHead;
use crate::index::columns::render::{RenderedRow, render};
use crate::index::columns::view::{GroupView, Origin, pages};

/// Rows that are rendered together.
pub(super) const READ_TOGETHER: usize = 1_024;

/// The rows of `candidates` that pass; both count from the start of `rows`.
pub fn find<G: GroupView + ?Sized>(
    group: &G,
    rows: Range<u32>,
    candidates: &RowSet,
    plan: &Plan,
) -> Result<RowSet, ReadError> {
    find_until(group, rows, candidates, plan, &|| None).map(|(found, _)| found)
}

/// The same until it is told to stop: then it says why, and rows that pass are missing.
pub(super) fn find_until<G: GroupView + ?Sized>(
    group: &G,
    rows: Range<u32>,
    candidates: &RowSet,
    plan: &Plan,
    stop: &dyn Fn() -> Option<Stop>,
) -> Result<(RowSet, Option<Stop>), ReadError> {
    find_in(&Scan::new(group, rows), candidates, plan, stop)
}

/// The same in the rows of a scan, which has read some of them then.
pub(super) fn find_in<G: GroupView + ?Sized>(
    scan: &Scan<'_, G>,
    candidates: &RowSet,
    plan: &Plan,
    stop: &dyn Fn() -> Option<Stop>,
) -> Result<(RowSet, Option<Stop>), ReadError> {
    let group = scan.group;
    if candidates.is_empty() || !plan.may_pass(group)? {
        return Ok((RowSet::none(candidates.range_len()), None));
    }
    let Bounds { mut sure, mut maybe } = scan.node(&plan.root, candidates)?;
    maybe.remove(&sure);
    let open: Vec<u32> = maybe.iter().collect();
    for some in open.chunks(READ_TOGETHER) {
        let stopped = stop();
        if stopped.is_some() {
            return Ok((sure, stopped));
        }
        let rows: Vec<u32> = some.iter().map(|row| row + scan.rows.start).collect();
        for row in verified(group, &rows, plan)? {
            sure.insert(row - scan.rows.start);
        }
    }
    Ok((sure, None))
}

/// What is known of the rows.
#[derive(Debug)]
struct Bounds {
    sure: RowSet,
    maybe: RowSet,
}

impl Bounds {
    fn exactly(rows: RowSet) -> Self {
        Self { sure: rows.clone(), maybe: rows }
    }
}

impl<G: GroupView + ?Sized> Scan<'_, G> {
    /// Only candidates are in the sets.
    fn node(&self, node: &Node, candidates: &RowSet) -> Result<Bounds, ReadError> {
        match node {
            Node::All => Ok(Bounds::exactly(candidates.clone())),
            Node::And(parts) => self.all_of(parts, candidates),
            Node::Or(parts) => self.any_of(parts, candidates),
            Node::Not(inner) => {
                let inner = self.node(inner, candidates)?;
                let without = |rows: &RowSet| {
                    let mut rest = candidates.clone();
                    rest.remove(rows);
                    rest
                };
                Ok(Bounds { sure: without(&inner.maybe), maybe: without(&inner.sure) })
            }
            Node::Is(leaf) => self.leaf(leaf, candidates),
            Node::Filed(patterns) => {
                let (streams, untold) = Streams::told(self, candidates)?;
                let mut told = candidates.clone();
                told.remove(&untold);
                let sure = streams.passing(&told, |name| patterns.reach(name));
                let mut maybe = sure.clone();
                maybe.unite(&untold);
                Ok(Bounds { sure, maybe })
            }
        }
    }

    fn all_of(&self, parts: &[Node], candidates: &RowSet) -> Result<Bounds, ReadError> {
        let (mut sure, mut maybe) = (candidates.clone(), candidates.clone());
        for part in parts {
            if maybe.is_empty() {
                break;
            }
            let found = self.node(part, &maybe)?;
            maybe.intersect(&found.maybe);
            sure.intersect(&found.sure);
        }
        Ok(Bounds { sure, maybe })
    }

    fn any_of(&self, parts: &[Node], candidates: &RowSet) -> Result<Bounds, ReadError> {
        let (mut sure, mut maybe) = (RowSet::none(self.len()), RowSet::none(self.len()));
        let mut open = candidates.clone();
        for part in parts {
            let found = self.node(part, &open)?;
            sure.unite(&found.sure);
            maybe.unite(&found.maybe);
            open.remove(&found.sure);
        }
        Ok(Bounds { sure, maybe })
    }

    fn leaf(&self, leaf: &Leaf, candidates: &RowSet) -> Result<Bounds, ReadError> {
        if let Target::Period(first, last) = leaf.condition.target {
            return self.period(first, last, candidates).map(Bounds::exactly);
        }
        let mut sure = RowSet::none(self.len());
        let texts_may_have = leaf.may_have_all(self.group)?;
        for column in leaf.columns(self.forms(), self.group, texts_may_have) {
            let head = self.group.head(column);
            if leaf.may_pass(head.class) {
                sure.unite(&self.column(leaf, column, head, candidates)?);
            }
        }
        sure.intersect(candidates);
        let mut maybe = self.untold(leaf, candidates)?;
        sure.remove(&maybe);
        maybe.unite(&sure);
        Ok(Bounds { sure, maybe })
    }

    /// Only pages are read that lie partly inside.
    fn period(&self, first: i64, last: i64, candidates: &RowSet) -> Result<RowSet, ReadError> {
        let mut found = RowSet::none(self.len());
        let mut times = Vec::new();
        for (page, rows) in pages(self.rows.clone()) {
            let here = rows.start - self.rows.start..rows.end - self.rows.start;
            match self.group.page_span(page) {
                Some((earliest, latest)) if latest < first || last < earliest => {}
                Some((earliest, latest)) if first <= earliest && latest <= last => found.insert_range(here),
                _ => {
                    times.clear();
                    self.group.times(rows, &mut times)?;
                    let inside = here.zip(&times).filter(|(_, time)| (first..=last).contains(time));
                    inside.for_each(|(row, _)| found.insert(row));
                }
            }
        }
        found.intersect(candidates);
        Ok(found)
    }

    /// Rows with a value of the column that passes.
    fn column(
        &self,
        leaf: &Leaf,
        column: u32,
        head: &ColumnHead,
        candidates: &RowSet,
    ) -> Result<RowSet, ReadError> {
        let none = RowSet::none(self.len());
        let uses = match leaf.role() {
            Some(role) => self.uses_in_role(column, role),
            None => self.uses(column),
        };
        if uses.iter().all(|of| of.ignored || of.values == 0) {
            return Ok(none);
        }
        let occupied = self.occupied(column, &uses)?;
        let ranks = match &occupied {
            Some(occupied) => occupied.ranks.clone(),
            None => self.ranks(column, &uses)?,
        };
        if ranks.is_empty() {
            return Ok(none);
        }
        // Knowing which values are wanted costs as much as a cheap test, and pays when few are.
        let wanted = if candidates.count() * 4 < self.len() {
            match &occupied {
                Some(occupied) => occupied.values_of(candidates),
                None => self.values_of(column, &uses, &ranks, candidates)?,
            }
        } else {
            RowSet::all(ranks.end - ranks.start)
        };
        if wanted.is_empty() {
            return Ok(none);
        }
        let found = passing(Check { leaf, head }, self.group.values(column), &ranks, wanted)?;
        match occupied {
            _ if found.is_empty() => Ok(none),
            Some(occupied) => Ok(occupied.rows_of(&found)),
            None => self.rows_of(column, &uses, &ranks, &found),
        }
    }

    /// Rows of shapes whose columns do not tell.
    fn untold(&self, leaf: &Leaf, candidates: &RowSet) -> Result<RowSet, ReadError> {
        match leaf.untold(self.forms(), self.group) {
            Untold::All => Ok(candidates.clone()),
            Untold::Some(shapes) if shapes.is_empty() => Ok(RowSet::none(self.len())),
            Untold::Some(shapes) => {
                self.rows_of_shapes(candidates, |shape| shapes.binary_search(&shape).is_ok())
            }
        }
    }
}

/// Those of the rows that the matcher lets pass.
fn verified<G: GroupView + ?Sized>(group: &G, rows: &[u32], plan: &Plan) -> Result<Vec<u32>, ReadError> {
    let mut passing = Vec::new();
    for (origin, row) in read_lines(group, rows)? {
        let batch = row.parsed(origin.received_at)?;
        let arrival = group.arrivals().get(origin.arrival as usize);
        let arrival = arrival.ok_or(ReadError::directory("the arrival of a row"))?;
        let matcher = plan.matcher.for_batch(&batch, &arrival.defaults);
        if batch.lines().any(|line| matcher.matches(line)) {
            passing.push(row.row);
        }
    }
    Ok(passing)
}

/// Rows as lines, with where they came from.
pub(super) fn read_lines<G: GroupView + ?Sized>(
    group: &G,
    rows: &[u32],
) -> Result<Vec<(Origin, RenderedRow)>, ReadError> {
    let origins = group.origins(rows)?;
    Ok(origins.into_iter().zip(render(group, rows)?).collect())
}
