//! What the columns of one group add to the first groups of a pipeline.
//!
//! Keys and values are small numbers row by row; combinations are counted as numbers, and become cells and states once each.
//! Invariant: the groups become those of pushing the rows one by one, if what each group adds is added in the order of
//! groups. Rows of shapes that do not tell a field are handed back, to be pushed. It does not fill groups of patterns.

use antler_config::limits::PipeLimits;
use antler_events::ids::TenantId;
use antler_events::line::Role;
use antler_events::query::pipe::aggregate::State;
use antler_events::query::pipe::bin::Bin;
use antler_events::query::pipe::grouping::Key;
use antler_events::query::pipe::{Cell, Context, Grouping, Groups};
use antler_events::query::tree::FieldName;

use super::codes::{Codes, ColumnRows, Source, columns_of, sources};
use super::measured::{SlotOf, feed, is_fed};
use super::slots::Slots;
use super::summed::{Sum, sums};
use super::tallied::{Tallies, TallySums, tallies};
use crate::index::columns::block::ReadError;
use crate::index::columns::search::evaluate::find_in;
use crate::index::columns::search::places::Scan;
use crate::index::columns::search::plan::Plan;
use crate::index::columns::search::rows::RowSet;
use crate::index::columns::search::select::{Period, select};
use crate::index::columns::search::tally::tally;
use crate::index::columns::view::GroupView;

type View<'a> = dyn GroupView + 'a;

/// Shapes times columns that are looked at ahead; a group may have many of both.
const FORESEEN_USES_MAX: usize = 1 << 20;

/// What one group adds.
#[derive(Default)]
pub(super) struct Addition {
    slots: Vec<Slot>,
    sums: Vec<Sum>,
    /// Lines of the only key, of which nothing else is measured.
    tallies: Option<Tallies>,
    /// Rows that are in neither, rising.
    untold: Vec<u32>,
}

/// Rows of one key.
struct Slot {
    key: Vec<Cell>,
    lines: u64,
    states: Vec<State>,
}

impl Addition {
    pub(super) fn bytes_held(&self) -> u64 {
        let of_cells = |cells: &[Cell]| cells.iter().map(Cell::bytes_held).sum::<usize>();
        let of_slot = |slot: &Slot| {
            let states: usize = slot.states.iter().map(State::bytes_held).sum();
            size_of::<Slot>() + of_cells(&slot.key) + states
        };
        let of_sum = |sum: &Sum| size_of::<Sum>() + of_cells(&sum.key) + of_cells(&sum.values);
        let slots: usize = self.slots.iter().map(of_slot).sum();
        let sums: usize = self.sums.iter().map(of_sum).sum();
        let tallies = self.tallies.as_ref().map_or(0, Tallies::bytes_held);
        (slots + sums + tallies + size_of_val(&self.untold[..])) as u64
    }

    /// Adds everything but the rows that are in neither, which it gives. Tallies may wait in the sums for those of later
    /// groups.
    pub(super) fn add_to(self, groups: &mut Groups, tallied: &mut TallySums) -> Vec<u32> {
        if let Some(tallies) = self.tallies {
            tallied.add(&tallies, groups);
            return Vec::new();
        }
        tallied.give(groups);
        for Slot { key, lines, states } in self.slots {
            if let Some(mine) = groups.states(&key, lines) {
                mine.iter_mut().zip(&states).for_each(|(mine, theirs)| mine.merge(theirs));
                groups.count_bytes(states.iter().map(State::bytes_held).sum());
            }
        }
        for Sum { key, values, lines } in self.sums {
            groups.add(&key, &values, lines, Sum::TIME);
        }
        self.untold
    }
}

/// What the rows of a tenant add that a plan lets through: all of them or, if there is an error, none.
pub(super) fn addition(
    tenant: TenantId,
    view: &dyn GroupView,
    (plan, period): (&Plan, Period),
    context: &Context,
    grouping: &Grouping,
) -> Result<Addition, ReadError> {
    let counted = sums(tenant, view, (plan, period), grouping, context)?;
    if counted.is_none()
        && let Some(addition) = without_rows(tenant, view, (plan, period), grouping)?
    {
        return Ok(addition);
    }
    let (sums, selection) = match counted {
        Some(counted) => counted,
        None => (Vec::new(), select(tenant, view, period)?),
    };
    let scan = Scan::new(view, selection.rows);
    let (mut found, _) = find_in(&scan, &selection.set, plan, &|| None)?;
    let mut addition = Addition { sums, ..Addition::default() };
    if !found.is_empty() {
        let mut fields = Fields::new(&scan, grouping);
        let left = scan.rows_of_shapes(&found, |shape| fields.is_untold(shape as usize))?;
        found.remove(&left);
        addition.untold.extend(left.iter().map(|row| row + scan.rows.start));
        if !found.is_empty() {
            if found.count() < view.rows() {
                fields.forget_all_but(&scan.shapes_among(&found)?);
            }
            let filling = Filling { scan: &scan, rows: &found, fields: &fields, grouping, context };
            addition.slots = filling.slots()?;
        }
    }
    Ok(addition)
}

/// The lines of each key where columns tell them without finding rows.
fn without_rows(
    tenant: TenantId,
    view: &dyn GroupView,
    (plan, period): (&Plan, Period),
    grouping: &Grouping,
) -> Result<Option<Addition>, ReadError> {
    let has_fields = grouping.measures.iter().any(|measure| measure.field.is_some());
    if !grouping.keys.is_empty() || has_fields {
        let tallies = tallies(tenant, view, (plan, period), grouping)?;
        return Ok(tallies.map(|tallies| Addition { tallies: Some(tallies), ..Addition::default() }));
    }
    let lines = tally(tenant, view, plan, period)?;
    let all = Sum { key: Vec::new(), values: vec![Cell::Missing; grouping.measures.len()], lines };
    let sums = if lines > 0 { vec![all] } else { Vec::new() };
    Ok(Some(Addition { sums, ..Addition::default() }))
}

/// The fields of a grouping, each once, with their sources.
struct Fields {
    sources: Vec<(FieldName, Vec<Source>)>,
}

impl Fields {
    fn new<'a>(scan: &Scan<'a, View<'a>>, grouping: &Grouping) -> Self {
        let of_measures = grouping.measures.iter().filter_map(|measure| measure.field.as_ref());
        let mut sources_of: Vec<(FieldName, Vec<Source>)> = Vec::new();
        for field in grouping.keys.iter().map(|key| &key.field).chain(of_measures) {
            if !sources_of.iter().any(|(known, _)| known == field) {
                sources_of.push((field.clone(), sources(scan, field)));
            }
        }
        Self { sources: sources_of }
    }

    fn is_untold(&self, shape: usize) -> bool {
        self.sources.iter().any(|(_, sources)| sources[shape] == Source::Untold)
    }

    /// No column is read for shapes that no row has.
    fn forget_all_but(&mut self, shapes: &[bool]) {
        for (source, is_there) in
            self.sources.iter_mut().flat_map(|(_, sources)| sources.iter_mut().zip(shapes))
        {
            if !is_there {
                *source = Source::Missing;
            }
        }
    }

    fn of(&self, field: &FieldName) -> &[Source] {
        self.sources.iter().find(|(known, _)| known == field).map_or(&[], |(_, sources)| sources)
    }
}

struct Filling<'f, 'a> {
    scan: &'f Scan<'a, View<'a>>,
    rows: &'f RowSet,
    fields: &'f Fields,
    grouping: &'f Grouping,
    context: &'f Context,
}

impl Filling<'_, '_> {
    fn slots(&self) -> Result<Vec<Slot>, ReadError> {
        self.foresee()?;
        let keys = self.grouping.keys.iter().map(|key| self.codes_of_key(key));
        let keys: Vec<Codes> = keys.collect::<Result<_, _>>()?;
        let mut slots = Slots::new(self.rows);
        keys.iter().for_each(|codes| slots.split(codes));
        let lines = slots.lines();
        let mut states = self.states(&lines);
        self.add_values(&slots, &mut states)?;
        let slot = |((example, lines), states): ((&u32, u64), Vec<State>)| {
            let cells = self.grouping.keys.iter().zip(&keys).map(|(key, codes)| {
                let code = codes.of_rows[*example as usize];
                key.of(&codes.cells[code as usize], &self.context.range)
            });
            Slot { key: cells.collect(), lines, states }
        };
        Ok(slots.examples.iter().zip(lines).zip(states).map(slot).collect())
    }

    /// Has the scan look at once for the rows of all columns, unless all rows have all that is asked.
    fn foresee(&self) -> Result<(), ReadError> {
        if self.grouping.keys.is_empty() && self.rows.count() == self.scan.len() {
            return Ok(());
        }
        let mut asked = Vec::new();
        for (_, sources) in &self.fields.sources {
            for column in columns_of(sources) {
                if (asked.len() + 1) * sources.len() > FORESEEN_USES_MAX {
                    break;
                }
                asked.push((column, ColumnRows::uses(self.scan, column, sources)));
            }
        }
        self.scan.foresee_occupied(asked)
    }

    fn codes_of_key(&self, key: &Key) -> Result<Codes, ReadError> {
        let is_time = key.field == FieldName::Role(Role::Time);
        match key.bin {
            Some(Bin::Time(_)) if is_time => {
                Codes::of_times(self.scan, self.rows, Some((key, &self.context.range)))
            }
            _ => self.codes(&key.field),
        }
    }

    fn codes(&self, field: &FieldName) -> Result<Codes, ReadError> {
        match field {
            FieldName::Role(Role::Time) => Codes::of_times(self.scan, self.rows, None),
            field => Codes::of_field(self.scan, self.rows, field, self.fields.of(field)),
        }
    }

    /// States of each slot that know how many lines there are.
    fn states(&self, lines: &[u64]) -> Vec<Vec<State>> {
        let limits: &PipeLimits = &self.context.limits;
        let of_slot = |lines: &u64| {
            let new = self.grouping.measures.iter().map(|measure| {
                let mut state = State::new(measure.function, limits);
                if measure.field.is_none() {
                    state.add_lines(*lines);
                }
                state
            });
            new.collect()
        };
        lines.iter().map(of_slot).collect()
    }

    /// Adds the values of every field that is measured.
    fn add_values(&self, slots: &Slots<'_>, states: &mut [Vec<State>]) -> Result<(), ReadError> {
        let measures = &self.grouping.measures;
        let mut slot_of = None;
        for (first, measure) in measures.iter().enumerate() {
            let Some(field) = &measure.field else { continue };
            if measures[..first].iter().any(|before| before.field == measure.field) {
                continue;
            }
            let same: Vec<usize> =
                (first..measures.len()).filter(|at| measures[*at].field == measure.field).collect();
            if *field == FieldName::Role(Role::Time) {
                self.add_cells(slots, &self.codes(field)?, &same, states)?;
                continue;
            }
            let slot_of = slot_of.get_or_insert_with(|| slots.by_row(self.scan.len()));
            for column in columns_of(self.fields.of(field)) {
                self.add_column((field, column), &same, (slots, slot_of), states)?;
            }
        }
        Ok(())
    }

    fn add_column(
        &self,
        (field, column): (&FieldName, u32),
        measures: &[usize],
        (slots, slot_of): (&Slots<'_>, &SlotOf),
        states: &mut [Vec<State>],
    ) -> Result<(), ReadError> {
        let (values, class) = (self.scan.group.values(column), self.scan.group.head(column).class);
        let is_fed =
            |measure: &usize| is_fed(self.grouping.measures[*measure].function, field, values, class);
        let (fed, others): (Vec<usize>, Vec<usize>) = measures.iter().copied().partition(is_fed);
        let sources = self.fields.of(field);
        if !fed.is_empty() {
            let rows = match slot_of {
                SlotOf::One => ColumnRows::of_any_row(self.scan, self.rows, column, sources)?,
                SlotOf::Each(_) => ColumnRows::new(self.scan, self.rows, column, sources)?,
            };
            if let Some(rows) = rows {
                feed(values, &rows, slot_of, &fed, states)?;
            }
        }
        if !others.is_empty() {
            let codes = Codes::of_column(self.scan, self.rows, column, field, sources)?;
            self.add_cells(slots, &codes, &others, states)?;
        }
        Ok(())
    }

    fn add_cells(
        &self,
        slots: &Slots<'_>,
        codes: &Codes,
        measures: &[usize],
        states: &mut [Vec<State>],
    ) -> Result<(), ReadError> {
        let needs_time = |measure: &usize| self.grouping.measures[*measure].function.needs_time();
        let (timed, counted): (Vec<usize>, Vec<usize>) = measures.iter().copied().partition(needs_time);
        if !counted.is_empty() {
            slots.add_counted(codes, &counted, states);
        }
        if !timed.is_empty() {
            let mut times = Vec::with_capacity(self.scan.len() as usize);
            self.scan.group.times(self.scan.rows.clone(), &mut times)?;
            slots.add_timed(codes, &times, &timed, states);
        }
        Ok(())
    }
}
