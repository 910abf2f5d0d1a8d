//! The roll-up of a file: level and service of each row, as the query language reads them.
//!
//! Invariant: a row is counted in a cell only if its level is a known one or missing, and its service a text
//! or missing; all other rows are named as not counted. It makes no cell for a text: texts of a dictionary are
//! read once, however many rows have them.

use antler_events::clock::Timestamp;
use antler_events::ids::TenantId;
use antler_events::line::{Level, Role, Value, ValueKind};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::FILTER_SHARE;
use crate::index::columns::block::BlockWriter;
use crate::index::columns::column::Class;
use crate::index::columns::open::OpenGroup;
use crate::index::columns::open::columns::{OpenColumn, OpenValues};
use crate::index::columns::rollup::{RollupBuilder, SERVICE_NONE, SealedRollup};
use crate::index::columns::search::fields::TextNumbers;
use crate::index::columns::shape::Shape;

/// A roll-up has at most one cell for so many rows, or this many.
const ROWS_PER_CELL: usize = 8;
const CELLS_FREE: usize = 4_096;
/// And one row that is not counted for so many rows, or this many.
const ROWS_PER_UNCOUNTED: usize = 16;
const UNCOUNTED_FREE: usize = 64;

/// Codes of rows: nothing there, only the line tells, or one more than a number.
const MISSING: u32 = 0;
const UNTOLD: u32 = u32::MAX;

/// Counts the rows of a file; nothing if there would be too many cells, or rows that no cell counts.
pub(super) fn write(
    group: &OpenGroup,
    rows: &[u32],
    tenants: &[(TenantId, u32)],
    blocks: &mut BlockWriter,
) -> Option<SealedRollup> {
    if rows.len() * FILTER_SHARE < group.rows() {
        return None;
    }
    let levels = codes(group, Role::Level, &mut |class, text| level_code(class, text));
    let mut names = TextNumbers::default();
    let services = codes(group, Role::Service, &mut |class, text| service_code(&mut names, class, text));
    let mut builder = RollupBuilder::new((rows.len() / ROWS_PER_CELL).max(CELLS_FREE));
    let uncounted_max = (rows.len() / ROWS_PER_UNCOUNTED).max(UNCOUNTED_FREE);
    let mut uncounted = Vec::new();
    let mut tenant = 0;
    for (place, row) in rows.iter().enumerate() {
        while tenants[tenant].1 as usize <= place {
            tenant += 1;
        }
        let row = *row as usize;
        let (time, level, service) = (group.times[row], levels[row], services[row]);
        // Times are asked for up to one that is not asked for.
        if level == UNTOLD || service == UNTOLD || time == i64::MAX {
            uncounted.push(place as u32);
            continue;
        }
        let level = level.checked_sub(1).map(|at| Level::ALL[at as usize]);
        let service = service.checked_sub(1).unwrap_or(SERVICE_NONE);
        builder.add(tenant as u32, Timestamp::from_nanos(time), level, service);
    }
    let cells = builder.finish().filter(|_| uncounted.len() <= uncounted_max)?;
    let names = (0..names.len() as u32).map(|number| names.text(number));
    SealedRollup::write(&cells, names, &uncounted, blocks)
}

/// Only texts that a cell holds as they are have a number.
fn service_code(names: &mut TextNumbers, class: Class, text: &[u8]) -> u32 {
    let kind = match class {
        Class::Text => ValueKind::String,
        Class::EscapedText => ValueKind::EscapedString,
        _ => return UNTOLD,
    };
    let said = Value { kind, raw: text }.text();
    let is_whole = class == Class::EscapedText || said.as_bytes() == text;
    if is_whole { names.number(said.as_bytes()) + 1 } else { UNTOLD }
}

fn level_code(class: Class, text: &[u8]) -> u32 {
    let kind = if class == Class::EscapedText { ValueKind::EscapedString } else { ValueKind::String };
    let level = Level::parse(Value { kind, raw: text }.text().as_bytes());
    level.map_or(UNTOLD, |level| level as u32)
}

/// For each row of the open group the code of the value that fills a role.
fn codes(group: &OpenGroup, role: Role, code: &mut dyn FnMut(Class, &[u8]) -> u32) -> Vec<u32> {
    let places: Vec<Place> =
        group.shapes.shapes().iter().map(|shape| Place::of(group, shape, role)).collect();
    let mut codes = vec![MISSING; group.rows()];
    if places.contains(&Place::Untold) {
        for (code, shape) in codes.iter_mut().zip(&group.shape_of) {
            if places[*shape as usize] == Place::Untold {
                *code = UNTOLD;
            }
        }
    }
    let column = |place: &Place| if let Place::At(column, _) = place { Some(*column) } else { None };
    let mut columns: Vec<u32> = places.iter().filter_map(column).collect();
    columns.sort_unstable();
    columns.dedup();
    for number in columns {
        let column = &group.columns[number];
        let of_values = codes_of_values(column, code);
        let (mut before, mut nth) = (u32::MAX, 0);
        for (row, code) in column.rows.iter().zip(of_values) {
            nth = if row == before { nth + 1 } else { 0 };
            before = row;
            if places[group.shape_of[row as usize] as usize] == Place::At(number, nth) {
                codes[row as usize] = code;
            }
        }
    }
    codes
}

fn codes_of_values(column: &OpenColumn, code: &mut dyn FnMut(Class, &[u8]) -> u32) -> Vec<u32> {
    match &column.values {
        OpenValues::Dictionary(values) => {
            let texts = 0..values.texts() as u32;
            let of_texts: Vec<u32> = texts.map(|id| code(column.head.class, values.text(id))).collect();
            values.ids(0..values.len()).into_iter().map(|id| of_texts[id as usize]).collect()
        }
        OpenValues::Numbers(values) => {
            let mut known = HashMap::<(i64, u8), u32, FixedState>::default();
            let mut text = Vec::new();
            let of_value = |at| {
                let number = values.at(at);
                *known.entry((number.mantissa(), number.scale())).or_insert_with(|| {
                    text.clear();
                    number.write(&mut text);
                    code(Class::Number, &text)
                })
            };
            (0..values.len()).map(of_value).collect()
        }
        OpenValues::Template(values) => vec![UNTOLD; values.count() as usize],
    }
}

/// Where rows of a shape have the value that fills a role.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Missing,
    Untold,
    /// In a column, and which of the values that the row has there.
    At(u32, u32),
}

impl Place {
    fn of(group: &OpenGroup, shape: &Shape, role: Role) -> Self {
        let class = |column: u32| group.columns[column].head.class;
        if shape.columns().any(|column| class(column) == Class::Whole) {
            return Self::Untold;
        }
        match shape.role(role) {
            None => Self::Missing,
            Some((column, _)) if class(column) == Class::Time => Self::Untold,
            Some((column, nth)) => Self::At(column, nth as u32),
        }
    }
}
