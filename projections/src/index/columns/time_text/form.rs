//! The form of a time as one number: layout, digits of the fraction, zone.
//!
//! From the lowest bit: layout 6, digits of the fraction 4, comma 1, zone 4, space before the zone 1, west of
//! Greenwich 1, minutes from Greenwich 11; the rest is zero. These numbers and the order of the tables are
//! stored: both may only grow at the end.
//! Invariant: a form that exists can print every moment. It does not print and does not recognise.

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeForm(u32);

/// Most digits of a fraction: nanoseconds.
pub(super) const FRACTION_DIGITS_MAX: u32 = 9;
const MINUTES_PER_DAY: u32 = 1_440;

/// Digits after the whole second in the unit of an epoch number: s, ms, us, ns.
const EPOCH_UNITS: [u32; 4] = [0, 3, 6, 9];

/// What stands in the date and after it, as in `2026-01-02T03:04:05`.
pub(super) const YEAR_FIRST: [[u8; 2]; 8] = [*b"-T", *b"- ", *b"-t", *b"-_", *b"/ ", *b"/T", *b"/t", *b"/_"];

/// All other layouts. Y, m, H, M, S are digits, b and a the names of month and weekday, f is the fraction;
/// the day is written with a zero (d), with a space (e) or alone (j). What is first here is tried first.
pub(super) const PATTERNS: [&[u8]; 20] = [
    b"b e H:M:Sf",
    b"b d H:M:Sf",
    b"b j H:M:Sf",
    b"d/b/Y:H:M:Sf",
    b"a, d b Y H:M:Sf",
    b"a, j b Y H:M:Sf",
    b"a b e H:M:Sf Y",
    b"a b d H:M:Sf Y",
    b"a b j H:M:Sf Y",
    b"d b Y H:M:Sf",
    b"j b Y H:M:Sf",
    b"d-b-Y H:M:Sf",
    b"j-b-Y H:M:Sf",
    b"d-b-YTH:M:Sf",
    b"a, d-b-Y H:M:Sf",
    b"YmdTHMSf",
    b"YmdtHMSf",
    b"b e H:M:Sf Y",
    b"b d H:M:Sf Y",
    b"a b e H:M:Sf",
];

/// What the number of a layout stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Layout {
    /// A number of units since 1970 with so many digits in a second.
    Epoch {
        unit_digits: u32,
    },
    /// The separators of date and time.
    YearFirst([u8; 2]),
    Pattern(&'static [u8]),
}

/// How the zone is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Zone {
    #[default]
    Nothing,
    Name(&'static [u8]),
    /// `+02`
    Hours,
    /// `+0200`
    Digits,
    /// `+02:00`
    Colon,
}

const ZONES: [Zone; 9] = [
    Zone::Nothing,
    Zone::Name(b"Z"),
    Zone::Colon,
    Zone::Digits,
    Zone::Hours,
    Zone::Name(b"z"),
    Zone::Name(b"UTC"),
    Zone::Name(b"GMT"),
    Zone::Name(b"UT"),
];

/// The part of a form that follows the whole seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ending {
    pub fraction_digits: u32,
    pub comma: bool,
    pub zone: Zone,
    pub space_before_zone: bool,
    pub west: bool,
    pub minutes: u32,
}

impl TimeForm {
    /// `2026-01-02T03:04:05.678Z`.
    pub const RFC_3339_MILLIS: Self = Self(EPOCH_UNITS.len() as u32 | 3 << 6 | 1 << 11);

    /// The number to store.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The form of a stored number; nothing if no form has it.
    pub fn from_number(number: u32) -> Option<Self> {
        let form = Self(number);
        let layouts = EPOCH_UNITS.len() + YEAR_FIRST.len() + PATTERNS.len();
        let known = form.bits(0, 6) < layouts as u32 && form.bits(11, 4) < ZONES.len() as u32;
        (known && number < 1 << 28 && form.ending().is_possible(form.layout())).then_some(form)
    }

    pub(super) fn epoch(unit_digits: u32, fraction_digits: u32) -> Option<Self> {
        let place = EPOCH_UNITS.iter().position(|unit| *unit == unit_digits)?;
        Self::new(place, Ending { fraction_digits, ..Ending::default() })
    }

    pub(super) fn year_first(separators: [u8; 2], ending: Ending) -> Option<Self> {
        let place = YEAR_FIRST.iter().position(|known| *known == separators)?;
        Self::new(EPOCH_UNITS.len() + place, ending)
    }

    /// A form of the pattern at `place`.
    pub(super) fn pattern(place: usize, ending: Ending) -> Option<Self> {
        Self::new(EPOCH_UNITS.len() + YEAR_FIRST.len() + place, ending)
    }

    fn new(place: usize, ending: Ending) -> Option<Self> {
        let zone = ZONES.iter().position(|known| *known == ending.zone)?;
        let form = Self(
            place as u32
                | (ending.fraction_digits & 0xf) << 6
                | u32::from(ending.comma) << 10
                | (zone as u32) << 11
                | u32::from(ending.space_before_zone) << 15
                | u32::from(ending.west) << 16
                | (ending.minutes & 0x7ff) << 17,
        );
        ending.is_possible(form.layout()).then_some(form)
    }

    #[inline]
    pub(super) fn layout(self) -> Layout {
        let place = self.bits(0, 6) as usize;
        if let Some(unit_digits) = EPOCH_UNITS.get(place) {
            return Layout::Epoch { unit_digits: *unit_digits };
        }
        let place = place - EPOCH_UNITS.len();
        match YEAR_FIRST.get(place) {
            Some(separators) => Layout::YearFirst(*separators),
            None => Layout::Pattern(PATTERNS[place - YEAR_FIRST.len()]),
        }
    }

    #[inline]
    pub(super) fn ending(self) -> Ending {
        Ending {
            fraction_digits: self.bits(6, 4),
            comma: self.bits(10, 1) == 1,
            zone: ZONES[self.bits(11, 4) as usize],
            space_before_zone: self.bits(15, 1) == 1,
            west: self.bits(16, 1) == 1,
            minutes: self.bits(17, 11),
        }
    }

    #[inline]
    fn bits(self, from: u32, count: u32) -> u32 {
        self.0 >> from & ((1 << count) - 1)
    }
}

impl Default for TimeForm {
    fn default() -> Self {
        Self::RFC_3339_MILLIS
    }
}

impl Ending {
    /// East of Greenwich.
    #[inline]
    pub(super) fn offset_seconds(&self) -> i64 {
        let seconds = i64::from(self.minutes) * 60;
        if self.west { -seconds } else { seconds }
    }

    /// Whether everything can be printed and nothing is said that printing would not show.
    fn is_possible(&self, layout: Layout) -> bool {
        let (fraction_digits_max, may_have_zone) = match layout {
            Layout::Epoch { unit_digits } => (FRACTION_DIGITS_MAX - unit_digits, false),
            Layout::YearFirst(_) => (FRACTION_DIGITS_MAX, true),
            Layout::Pattern(pattern) => (FRACTION_DIGITS_MAX, pattern.ends_with(b"f")),
        };
        let may_have_comma = self.fraction_digits > 0 && !matches!(layout, Layout::Epoch { .. });
        let has_zone = self.zone != Zone::Nothing;
        let has_offset = matches!(self.zone, Zone::Hours | Zone::Digits | Zone::Colon);
        self.fraction_digits <= fraction_digits_max
            && (may_have_comma || !self.comma)
            && (may_have_zone || !has_zone)
            && (has_zone || !self.space_before_zone)
            && (has_offset || !self.west && self.minutes == 0)
            && (self.zone != Zone::Hours || self.minutes.is_multiple_of(60))
            && self.minutes < MINUTES_PER_DAY
    }
}
