//! Counts of forms: how often each comes, when, at which levels and in which services.
//!
//! Rows of a sealed group are in the order of time, so counts of one step of time are gathered before they are added.
//! Invariant: every row with a form is counted once, under the number of its form; counts do not depend on the order
//! of rows or groups. It does not know patterns.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use antler_events::line::Role;
use antler_events::query::tree::FieldName;
use foldhash::fast::FixedState;

use super::forms::{NO_MESSAGE, UNKNOWN};
use super::messages::RowForms;
use crate::index::columns::block::ReadError;
use crate::index::columns::search::counts::{ByLevel, levels_of};
use crate::index::columns::search::fields::TextNumbers;
use crate::index::columns::search::places::Scan;
use crate::index::columns::view::GroupView;

/// What a step of time of one form costs.
pub(super) const BYTES_PER_BUCKET: usize = 48;
/// Pairs of a form and a service that are counted.
const SERVICE_PAIRS_MAX: usize = 1 << 18;

/// What is counted beside the rows; each costs a pass over a column.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counted {
    pub(super) step_nanos: Option<i64>,
    pub(super) seen: bool,
    pub(super) levels: bool,
    pub(super) services: bool,
}

impl Counted {
    /// Whether counts are enough, so that no row has to be looked at.
    pub(super) fn is_plain(self) -> bool {
        self.step_nanos.is_none() && !self.seen && !self.levels && !self.services
    }
}

/// Counts of all forms.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By the number of the form.
    pub(super) of_forms: Vec<FormTally>,
    pub(super) services: TextNumbers,
    /// Lines by form and service.
    of_services: HashMap<(u32, u32), u64, FixedState>,
    pub(super) lines: u64,
    pub(super) without_message: u64,
    pub(super) classified: u64,
    pub(super) unclassified: u64,
    /// Steps of time of forms that there is room for, and whether there was too little.
    pub(super) buckets_left: usize,
    pub(super) is_cut: bool,
}

/// Counts of one form.
#[derive(Debug, Clone, Default)]
pub(super) struct FormTally {
    pub(super) count: u64,
    pub(super) seen: Option<(i64, i64)>,
    pub(super) buckets: BTreeMap<i64, u64>,
    pub(super) levels: ByLevel,
    /// The groups that have it.
    pub(super) groups: Vec<u32>,
}

impl Tally {
    /// One that has room for so many steps of time of forms.
    pub(super) fn with_room(buckets: usize) -> Self {
        Self { buckets_left: buckets, ..Self::default() }
    }

    /// Adds lines of a form in a group.
    pub(super) fn add(&mut self, group: u32, form: u32, lines: u64) {
        if form == UNKNOWN {
            self.unclassified += lines;
            return;
        }
        self.classified += lines;
        let of_form = self.of_form(form);
        of_form.count += lines;
        if of_form.groups.last() != Some(&group) {
            of_form.groups.push(group);
        }
    }

    /// Adds rows of a group with whatever is to be counted of them.
    pub(super) fn add_rows<G: GroupView + ?Sized>(
        &mut self,
        group: u32,
        scan: &Scan<'_, G>,
        found: &RowForms<'_>,
        counted: Counted,
    ) -> Result<(), ReadError> {
        let needs_times = counted.seen || counted.step_nanos.is_some();
        let mut times = Vec::new();
        if needs_times {
            scan.group.times(scan.rows.clone(), &mut times)?;
        }
        let time_of = |row: u32| times.get(row as usize).copied().unwrap_or_default();
        let mut run = Run::new(counted.step_nanos);
        for row in found.rows.iter() {
            match found.of_rows[row as usize] {
                NO_MESSAGE => {}
                UNKNOWN => self.unclassified += 1,
                form => {
                    let time = time_of(row);
                    if !run.bucket.contains(&time) {
                        run.end(self, group, needs_times);
                        run.begin(time);
                    }
                    run.count(form, time);
                }
            }
        }
        run.end(self, group, needs_times);
        if counted.levels {
            self.add_levels(scan, found)?;
        }
        if counted.services { self.add_services(scan, found) } else { Ok(()) }
    }

    /// Adds what was counted in one group, whose forms have these numbers here.
    pub(super) fn take_in(&mut self, group: u32, local: Self, numbers: &[u32]) {
        self.lines += local.lines;
        self.without_message += local.without_message;
        self.is_cut |= local.is_cut;
        self.add(group, UNKNOWN, local.unclassified);
        for (of_form, number) in local.of_forms.into_iter().zip(numbers) {
            if of_form.count > 0 {
                self.take_in_form(group, *number, of_form);
            }
        }
        let mut of_services: Vec<((u32, u32), u64)> = local.of_services.into_iter().collect();
        of_services.sort_unstable();
        for ((form, service), lines) in of_services {
            let form = numbers.get(form as usize).copied().unwrap_or(UNKNOWN);
            if form < UNKNOWN {
                let service = self.services.number(local.services.text(service));
                add_pair(&mut self.of_services, (form, service), lines);
            }
        }
    }

    fn take_in_form(&mut self, group: u32, number: u32, of_form: FormTally) {
        self.add(group, number, of_form.count);
        if number == UNKNOWN {
            return;
        }
        let mine = &mut self.of_forms[number as usize];
        if let Some((first, last)) = of_form.seen {
            let seen = mine.seen.get_or_insert((first, last));
            *seen = (seen.0.min(first), seen.1.max(last));
        }
        mine.levels.iter_mut().zip(of_form.levels).for_each(|(sum, lines)| *sum += lines);
        for (start, lines) in of_form.buckets {
            self.is_cut |= !add_bucket(&mut mine.buckets, &mut self.buckets_left, start, lines);
        }
    }

    pub(super) fn bytes_held(&self) -> usize {
        let of_form = |of_form: &FormTally| size_of::<FormTally>() + of_form.buckets.len() * BYTES_PER_BUCKET;
        let of_forms: usize = self.of_forms.iter().map(of_form).sum();
        of_forms + self.of_services.capacity() * size_of::<((u32, u32), u64)>()
    }

    /// Lines that have a form or an unknown one.
    pub(super) fn with_message(&self) -> u64 {
        self.classified + self.unclassified
    }

    /// Services of forms with their lines.
    pub(super) fn services_of(&self) -> impl Iterator<Item = (u32, &[u8], u64)> {
        self.of_services.iter().map(|((form, service), lines)| (*form, self.services.text(*service), *lines))
    }

    fn of_form(&mut self, form: u32) -> &mut FormTally {
        if self.of_forms.len() <= form as usize {
            self.of_forms.resize(form as usize + 1, FormTally::default());
        }
        &mut self.of_forms[form as usize]
    }

    fn add_levels<G: GroupView + ?Sized>(
        &mut self,
        scan: &Scan<'_, G>,
        found: &RowForms<'_>,
    ) -> Result<(), ReadError> {
        let levels = levels_of(scan, found.rows)?;
        for row in found.rows.iter() {
            let form = found.of_rows[row as usize];
            if form < UNKNOWN {
                self.of_forms[form as usize].levels[usize::from(levels[row as usize])] += 1;
            }
        }
        Ok(())
    }

    fn add_services<G: GroupView + ?Sized>(
        &mut self,
        scan: &Scan<'_, G>,
        found: &RowForms<'_>,
    ) -> Result<(), ReadError> {
        let Self { services, of_services, .. } = self;
        let mut add = |pair, lines| add_pair(of_services, pair, lines);
        let mut last = ((UNKNOWN, 0), 0);
        scan.field(&FieldName::Role(Role::Service), found.rows, services, &mut |row, service| {
            let pair = (found.of_rows[row as usize], service);
            if pair.0 < UNKNOWN && pair == last.0 {
                last.1 += 1;
            } else if pair.0 < UNKNOWN {
                let (pair, lines) = std::mem::replace(&mut last, (pair, 1));
                if lines > 0 {
                    add(pair, lines);
                }
            }
        })?;
        if last.1 > 0 {
            add(last.0, last.1);
        }
        Ok(())
    }
}

/// Adds lines to a step of time, if it is there or there is room for it.
fn add_bucket(buckets: &mut BTreeMap<i64, u64>, left: &mut usize, start: i64, lines: u64) -> bool {
    match buckets.get_mut(&start) {
        Some(sum) => *sum += lines,
        None if *left > 0 => {
            *left -= 1;
            buckets.insert(start, lines);
        }
        None => return false,
    }
    true
}

/// Adds lines of a form and a service, if they are there or there is room for them.
fn add_pair(of_services: &mut HashMap<(u32, u32), u64, FixedState>, pair: (u32, u32), lines: u64) {
    if of_services.len() < SERVICE_PAIRS_MAX || of_services.contains_key(&pair) {
        *of_services.entry(pair).or_default() += lines;
    }
}

/// Rows of one step of time.
struct Run {
    step: Option<i64>,
    bucket: Range<i64>,
    /// By the number of the form: rows, and when the first and the last were.
    counts: Vec<(u64, i64, i64)>,
    touched: Vec<u32>,
}

impl Run {
    fn new(step: Option<i64>) -> Self {
        let bucket = if step.is_some() { 0..0 } else { i64::MIN..i64::MAX };
        Self { step: step.map(|step| step.max(1)), bucket, counts: Vec::new(), touched: Vec::new() }
    }

    fn begin(&mut self, time: i64) {
        if let Some(step) = self.step {
            let start = time.div_euclid(step).saturating_mul(step);
            self.bucket = start..start.saturating_add(step);
        }
    }

    #[inline]
    fn count(&mut self, form: u32, time: i64) {
        if self.counts.len() <= form as usize {
            self.counts.resize(form as usize + 1, (0, i64::MAX, i64::MIN));
        }
        let (count, first, last) = &mut self.counts[form as usize];
        if *count == 0 {
            self.touched.push(form);
        }
        *count += 1;
        (*first, *last) = (time.min(*first), time.max(*last));
    }

    fn end(&mut self, tally: &mut Tally, group: u32, is_timed: bool) {
        for form in self.touched.drain(..) {
            let (count, first, last) =
                std::mem::replace(&mut self.counts[form as usize], (0, i64::MAX, i64::MIN));
            tally.add(group, form, count);
            let of_form = &mut tally.of_forms[form as usize];
            if is_timed {
                let seen = of_form.seen.get_or_insert((first, last));
                *seen = (seen.0.min(first), seen.1.max(last));
            }
            if self.step.is_some() {
                let (buckets, left) = (&mut of_form.buckets, &mut tally.buckets_left);
                tally.is_cut |= !add_bucket(buckets, left, self.bucket.start, count);
            }
        }
    }
}
