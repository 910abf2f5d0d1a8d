//! The first groups of a pipeline, summed up from what a group has counted: by time, level and service.
//!
//! Invariant: the sums and the rows that are left over make the groups that all rows would make. It asks no column.

use antler_events::clock::Timestamp;
use antler_events::ids::TenantId;
use antler_events::line::{Level, Role};
use antler_events::query::pipe::bin::Bin;
use antler_events::query::pipe::grouping::Key;
use antler_events::query::pipe::{Cell, Context, Grouping, TimeRange};
use antler_events::query::tree::FieldName;

use crate::index::columns::block::ReadError;
use crate::index::columns::rollup::{self, Minute, SERVICE_NONE};
use crate::index::columns::search::counted::Counted;
use crate::index::columns::search::plan::Plan;
use crate::index::columns::search::select::{Period, Selection};
use crate::index::columns::view::GroupView;

const NANOS_PER_MINUTE: i64 = 60_000_000_000;
const SECONDS_PER_MINUTE: i32 = 60;
/// Places of levels, and of none.
const LEVELS: usize = Level::ALL.len() + 1;

/// Lines that have one key.
pub(super) struct Sum {
    pub(super) key: Vec<Cell>,
    pub(super) values: Vec<Cell>,
    pub(super) lines: u64,
}

/// What cells say of a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Minute,
    Level,
    Service,
}

/// The sums of a tenant's rows, and the rows that are in none of them. Nothing if the group has not counted by
/// what is asked.
pub(super) fn sums(
    tenant: TenantId,
    view: &dyn GroupView,
    (plan, period): (&Plan, Period),
    grouping: &Grouping,
    context: &Context,
) -> Result<Option<(Vec<Sum>, Selection)>, ReadError> {
    let Some(asked) = Asked::new(grouping, &context.range) else { return Ok(None) };
    let Some(counted) = Counted::open(tenant, view, plan, asked.has(Part::Service))? else {
        return Ok(None);
    };
    let mut adder = Adder::new(&asked, grouping, context, &counted);
    let rest = counted.for_each(period, |cell| adder.add(cell))?;
    adder.close();
    Ok(Some((adder.sums, rest)))
}

/// What the keys and measures of a grouping ask of cells.
struct Asked {
    keys: Vec<Part>,
    measures: Vec<Option<Part>>,
}

impl Asked {
    /// Nothing if cells do not tell.
    fn new(grouping: &Grouping, range: &TimeRange) -> Option<Self> {
        let keys = grouping.keys.iter().map(|key| part_of_key(key, range)).collect::<Option<_>>()?;
        let measures = grouping.measures.iter().map(|measure| match &measure.field {
            None => Some(None),
            Some(_) if measure.function.needs_time() => None,
            Some(field) => part_of_field(field).map(Some),
        });
        Some(Self { keys, measures: measures.collect::<Option<_>>()? })
    }

    fn has(&self, part: Part) -> bool {
        self.keys.contains(&part) || self.measures.contains(&Some(part))
    }
}

/// A bin of whole minutes has all lines of a minute or none.
fn part_of_key(key: &Key, range: &TimeRange) -> Option<Part> {
    match (key.bin, &key.field) {
        (Some(Bin::Time(width)), FieldName::Role(Role::Time)) => {
            let is_whole =
                width % NANOS_PER_MINUTE == 0 && range.utc_offset_seconds % SECONDS_PER_MINUTE == 0;
            is_whole.then_some(Part::Minute)
        }
        (Some(_), _) => None,
        (None, field) => part_of_field(field),
    }
}

fn part_of_field(field: &FieldName) -> Option<Part> {
    match field {
        FieldName::Role(Role::Level) => Some(Part::Level),
        FieldName::Role(Role::Service) => Some(Part::Service),
        _ => None,
    }
}

/// Adds up the cells of one bin after the other.
struct Adder<'a> {
    asked: &'a Asked,
    grouping: &'a Grouping,
    context: &'a Context,
    services: Vec<Cell>,
    has_levels: bool,
    /// The bins of the keys, and the minute that they were cut from.
    bins: Vec<Cell>,
    minute: Option<Minute>,
    /// By service and level.
    counts: Vec<u64>,
    /// Those of the counts that are not zero.
    used: Vec<u32>,
    sums: Vec<Sum>,
}

impl<'a> Adder<'a> {
    fn new(asked: &'a Asked, grouping: &'a Grouping, context: &'a Context, counted: &Counted<'_>) -> Self {
        let text = |name: &[u8]| Cell::text(&String::from_utf8_lossy(name));
        let names: &[Box<[u8]>] = if asked.has(Part::Service) { &counted.services } else { &[] };
        let services: Vec<Cell> = names.iter().map(|name| text(name)).chain([Cell::Missing]).collect();
        Self {
            asked,
            grouping,
            context,
            counts: vec![0; services.len() * LEVELS],
            services,
            has_levels: asked.has(Part::Level),
            bins: Vec::new(),
            minute: None,
            used: Vec::new(),
            sums: Vec::new(),
        }
    }

    fn add(&mut self, cell: rollup::Cell) {
        if self.minute != Some(cell.minute) {
            self.turn_to(cell.minute);
        }
        let none = self.services.len() - 1;
        let service = if cell.service == SERVICE_NONE { none } else { none.min(cell.service as usize) };
        let level = cell.level.filter(|_| self.has_levels).map_or(0, |level| level as usize);
        let place = service * LEVELS + level;
        if self.counts[place] == 0 {
            self.used.push(place as u32);
        }
        self.counts[place] += u64::from(cell.count);
    }

    fn turn_to(&mut self, minute: Minute) {
        self.minute = Some(minute);
        let time = Cell::Time(minute.start());
        let keys = self.grouping.keys.iter().zip(&self.asked.keys).filter(|key| *key.1 == Part::Minute);
        let bins: Vec<Cell> = keys.map(|(key, _)| key.of(&time, &self.context.range)).collect();
        if bins != self.bins {
            self.close();
            self.bins = bins;
        }
    }

    /// Makes sums of the counts.
    fn close(&mut self) {
        for place in std::mem::take(&mut self.used) {
            let (service, level) = (place as usize / LEVELS, place as usize % LEVELS);
            let level = level.checked_sub(1).map_or(Cell::Missing, |at| Cell::Level(Level::ALL[at]));
            let mut bins = self.bins.iter();
            let mut cell = |part: &Part| match part {
                Part::Minute => bins.next().cloned().unwrap_or_default(),
                Part::Level => level.clone(),
                Part::Service => self.services[service].clone(),
            };
            let key = self.asked.keys.iter().map(&mut cell).collect();
            let values = self.asked.measures.iter();
            let values = values.map(|part| part.as_ref().map_or(Cell::Missing, &mut cell)).collect();
            let lines = std::mem::take(&mut self.counts[place as usize]);
            self.sums.push(Sum { key, values, lines });
        }
    }
}

impl Sum {
    /// No function that is asked for looks at the time.
    pub(super) const TIME: Timestamp = Timestamp::from_nanos(0);
}
