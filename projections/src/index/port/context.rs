//! The lines around a line: those just before and just after it, of the same service and host.
//!
//! Invariant: the lines are neighbours of the line in the order of all lines that say the same as it does in the
//! fields that bind them, or say nothing there either. It knows no adapter: it searches twice.

use antler_events::event::lines::LineDefaults;
use antler_events::ids::TenantId;
use antler_events::line::{Line, Role};
use antler_events::query::pipe::Cell;
use antler_events::query::tree::{FieldName, Filter, Test, Wildcard};

use super::answer::Coverage;
use super::error::{SearchError, within};
use super::line::{FoundLine, LineId, Position};
use super::search::{After, LineQuery, Order, PAGE_LINES_MAX};
use super::{Bounds, SearchIndex};

/// Whose neighbours, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextQuery {
    pub id: LineId,
    pub before: u32,
    pub after: u32,
    /// What neighbours must say as the line does; nothing for all lines of the tenant.
    pub same: Vec<Role>,
}

impl ContextQuery {
    /// Of the same service and host.
    pub fn new(id: LineId, before: u32, after: u32) -> Self {
        Self { id, before, after, same: vec![Role::Service, Role::Host] }
    }
}

/// A line among its neighbours, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    pub before: Vec<FoundLine>,
    /// None if there is no such line; then there are no neighbours either.
    pub line: Option<FoundLine>,
    pub after: Vec<FoundLine>,
    pub coverage: Coverage,
}

/// The context of a line by two searches from it.
pub async fn by_searching<I: SearchIndex + ?Sized>(
    tenant: TenantId,
    index: &I,
    query: ContextQuery,
    bounds: Bounds,
) -> Result<Context, SearchError> {
    within("lines", u64::from(query.before) + u64::from(query.after), u64::from(PAGE_LINES_MAX))?;
    let found = index.line(tenant, query.id, bounds).await?;
    let mut coverage = found.coverage;
    let Some(line) = found.line else { return Ok(Context { coverage, ..Context::default() }) };
    let filter = filter_of(&line, &query.same);
    let mut sides = [Vec::new(), Vec::new()];
    let wanted = [(Order::NewestFirst, query.before), (Order::OldestFirst, query.after)];
    for (side, (order, limit)) in sides.iter_mut().zip(wanted) {
        if limit > 0 {
            let asked = neighbours(&filter, line.position, order, limit);
            let page = index.search(tenant, asked, bounds).await?;
            coverage.add(page.coverage);
            *side = page.lines;
        }
    }
    let [mut before, after] = sides;
    before.reverse();
    Ok(Context { before, line: Some(line), after, coverage })
}

fn neighbours(filter: &Filter, of: Position, order: Order, limit: u32) -> LineQuery {
    LineQuery {
        filter: filter.clone(),
        order,
        after: Some(After::Position(of)),
        asked_at: of.time,
        ..LineQuery::newest(limit)
    }
}

/// What a line says in some roles, as a filter.
fn filter_of(line: &FoundLine, same: &[Role]) -> Filter {
    let Ok(batch) = line.parsed() else { return Filter::All };
    let Some(parsed) = batch.line(0) else { return Filter::All };
    Filter::all_of(same.iter().map(|role| says_the_same(parsed, &line.arrival.defaults, *role)))
}

fn says_the_same(line: Line<'_>, defaults: &LineDefaults, role: Role) -> Filter {
    let field = FieldName::Role(role);
    let said = match line.role(role) {
        Some(value) => value.text().into_owned(),
        None => match Cell::of_line(line, defaults, &field) {
            Cell::Missing => return Filter::is(field, Test::Exists).negated(),
            cell => cell.to_string(),
        },
    };
    Filter::is(field, Test::Like(Wildcard::literally(&said)))
}
