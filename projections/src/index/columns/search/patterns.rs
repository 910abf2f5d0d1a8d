//! Patterns over groups: what messages have in common, how often and when, with examples, and which are new.
//!
//! Each group tells the forms of its messages by template numbers; forms of all groups together become patterns. Several
//! groups are counted at once if others join in, and added in their order.
//! Invariant: patterns and counts do not depend on the order of groups nor on how lines are spread over them, and only
//! lines of the tenant count: a template that none of them has is not looked at. Lines are rendered for examples only,
//! and where no column tells the message.

mod examples;
mod forms;
mod local;
mod messages;
mod ranking;
mod tally;

#[cfg(test)]
mod tests;

use antler_events::clock::Timestamp;
use antler_events::ids::TenantId;
use antler_events::query::pattern::{Form, PatternId};

use self::examples::add_examples;
use self::forms::{Forms, Numbers as _, Room};
use self::local::LocalForms;
use self::ranking::rank;
use self::tally::{BYTES_PER_BUCKET, Counted, Tally};
use super::budget::{Budget, Stop};
use super::counts::{ByLevel, ValueCount};
use super::evaluate::find;
use super::lines::Hit;
use super::places::Scan;
use super::plan::Plan;
use super::select::{Period, SearchGroup, select};
use super::waves::Waves;
use crate::index::columns::block::ReadError;
use crate::index::columns::view::GroupView;
use crate::index::port::PatternOrder;

/// What groups may hold that wait to be added, beyond one.
const WAITING_BYTES_MAX: u64 = 16 << 20;

/// What is told of each pattern beside its count. Each costs a pass over a column, examples only where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PatternDetails {
    /// When the first and the last line was.
    pub seen: bool,
    /// Lines by steps of so many nanoseconds.
    pub step_nanos: Option<i64>,
    /// Lines by level.
    pub levels: bool,
    /// So many of the most frequent services.
    pub services: usize,
    /// So many of the newest lines.
    pub examples: usize,
}

/// What is asked.
#[derive(Debug)]
pub struct PatternSearch<'a> {
    /// Which lines are counted.
    pub plan: &'a Plan,
    pub period: Period,
    pub order: PatternOrder,
    pub limit: usize,
    pub details: PatternDetails,
    /// Patterns are new that no line before this moment has. Groups of the time before have to be among those that are
    /// searched; the filter does not count there.
    pub new_since: Option<Timestamp>,
    /// Only new ones.
    pub only_new: bool,
    /// How far back newness looks, and what changes are measured against. Without it newness looks back without an end,
    /// and changes are measured against the time before the period, as long as the period is.
    pub baseline: Option<Period>,
    /// Patterns that somebody has kept. Whatever they cover belongs to them, so that they keep their ids.
    pub known: &'a [Form],
    /// Of steps of time, and again of examples.
    pub bytes_max: usize,
}

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPattern {
    pub id: PatternId,
    /// What it is shown as.
    pub form: Form,
    /// Lines; their share is that of `PatternAnswer::classified`.
    pub count: u64,
    /// First and last line, if asked for.
    pub seen: Option<(Timestamp, Timestamp)>,
    /// Rising steps that have lines, each under its first nanosecond.
    pub buckets: Vec<(i64, u64)>,
    pub levels: ByLevel,
    /// The most frequent first.
    pub services: Vec<ValueCount>,
    /// The newest first.
    pub examples: Vec<Hit>,
    /// Lines of the baseline, if changes are asked for.
    pub count_before: Option<u64>,
    /// Only if `new_since` is asked.
    pub is_new: bool,
}

/// A group that could not be read.
#[derive(Debug, Clone)]
pub struct DamagedGroup {
    /// Which of the groups.
    pub group: usize,
    pub error: ReadError,
}

/// Patterns, and what is missing.
#[derive(Debug, Default)]
pub struct PatternAnswer {
    pub patterns: Vec<FoundPattern>,
    /// How many there are without the limit.
    pub patterns_found: usize,
    /// Lines of those that the limit left out.
    pub lines_left_out: u64,
    /// Lines that pass.
    pub lines: u64,
    /// Those whose pattern is known.
    pub classified: u64,
    pub without_message: u64,
    /// Lines whose message was not looked at: there are too many different ones.
    pub unclassified: u64,
    /// The same of the time that newness looks back to: what is called new may stand there.
    pub unclassified_before: u64,
    pub damaged: Vec<DamagedGroup>,
    pub stopped: Option<Stop>,
    /// Steps or examples were left out because of their size.
    pub is_cut: bool,
}

impl FoundPattern {
    /// Its part of all lines that have a pattern.
    pub fn share(&self, answer: &PatternAnswer) -> f64 {
        self.count as f64 / answer.classified.max(1) as f64
    }
}

/// The patterns of the messages that a filter lets pass.
pub fn patterns<S: SearchGroup + Sync>(
    tenant: TenantId,
    groups: &[S],
    asked: &PatternSearch<'_>,
    budget: &Budget<'_>,
) -> PatternAnswer {
    let mut walk = Walk { tenant, groups, budget, damaged: Vec::new(), stopped: None, is_cut: false };
    let mut forms = Forms::default();
    let tally = count(&mut walk, asked, &mut forms);
    let past = Past::read(&mut walk, asked, &mut forms);
    let ranked = rank(asked, &forms, &tally, &past);
    let mut answer = PatternAnswer {
        patterns_found: ranked.found,
        lines_left_out: ranked.lines_left_out,
        is_cut: tally.is_cut,
        lines: tally.lines,
        classified: tally.classified,
        without_message: tally.without_message,
        unclassified: tally.unclassified,
        unclassified_before: past.unclassified,
        ..PatternAnswer::default()
    };
    answer.patterns = add_examples(&mut walk, asked, &mut forms, &tally, ranked);
    answer.is_cut |= walk.is_cut;
    (answer.damaged, answer.stopped) = (walk.damaged, walk.stopped);
    answer
}

impl PatternSearch<'_> {
    /// The time that lines can be of.
    fn narrowed(&self) -> Period {
        let (first, last) = self.plan.period();
        (first.max(self.period.0), last.min(self.period.1))
    }

    fn counted(&self) -> Counted {
        let PatternDetails { seen, step_nanos, levels, services, .. } = self.details;
        // A line of the period may be older than what is new.
        let begins_before = self.new_since.is_some_and(|since| self.narrowed().0 < since.nanos());
        Counted {
            step_nanos,
            seen: seen || self.order == PatternOrder::NewestFirst || begins_before,
            levels,
            services: services > 0,
        }
    }

    /// The time that newness looks back to.
    fn looks_back_to(&self) -> Option<Period> {
        let before = self.new_since?.nanos().checked_sub(1)?;
        let (first, last) = self.baseline.unwrap_or((i64::MIN, i64::MAX));
        Some((first, last.min(before)))
    }

    /// The time that changes are measured against.
    fn compares_with(&self) -> Option<Period> {
        if self.order != PatternOrder::MostChanged {
            return None;
        }
        let (first, last) = self.period;
        let length = last.saturating_sub(first);
        let before = || Some((first.saturating_sub(length).saturating_sub(1), first.checked_sub(1)?));
        self.baseline.or_else(before)
    }
}

/// Counts the lines that pass.
fn count<S: SearchGroup + Sync>(
    walk: &mut Walk<'_, S>,
    asked: &PatternSearch<'_>,
    forms: &mut Forms,
) -> Tally {
    let mut tally = Tally::with_room(asked.bytes_max / BYTES_PER_BUCKET);
    let (period, counted) = (asked.narrowed(), asked.counted());
    walk.each(period, (forms, &mut tally), |tenant, view, Part { forms, tally }| {
        let selection = select(tenant, view, period)?;
        let found = find(view, selection.rows.clone(), &selection.set, asked.plan)?;
        if found.is_empty() {
            return Ok(());
        }
        let scan = Scan::new(view, selection.rows);
        if counted.is_plain() {
            scan.count_forms(&found, forms, &mut |form, lines| tally.add(0, form, lines))?;
        } else {
            let of_rows = scan.message_forms(&found, forms)?;
            tally.add_rows(0, &scan, &of_rows, counted)?;
        }
        tally.lines = u64::from(found.count());
        tally.without_message = tally.lines.saturating_sub(tally.with_message());
        Ok(())
    });
    tally
}

/// Lines of other times, by the numbers of forms.
#[derive(Debug, Default)]
struct Past {
    /// Lines that make a pattern old.
    old: Vec<u64>,
    /// Lines that changes are measured against.
    compared: Vec<u64>,
    unclassified: u64,
}

impl Past {
    fn read<S: SearchGroup + Sync>(
        walk: &mut Walk<'_, S>,
        asked: &PatternSearch<'_>,
        forms: &mut Forms,
    ) -> Self {
        let mut past = Self::default();
        if let Some(period) = asked.looks_back_to() {
            let tally = look_back(walk, period, forms);
            past.unclassified = tally.unclassified;
            past.old = counts_of(&tally);
        }
        past.compared = match asked.compares_with() {
            Some(period) if asked.looks_back_to() == Some(period) => past.old.clone(),
            Some(period) => counts_of(&look_back(walk, period, forms)),
            None => Vec::new(),
        };
        past
    }
}

fn counts_of(tally: &Tally) -> Vec<u64> {
    tally.of_forms.iter().map(|of_form| of_form.count).collect()
}

/// Counts all lines of the tenant in a time by templates.
fn look_back<S: SearchGroup + Sync>(walk: &mut Walk<'_, S>, period: Period, forms: &mut Forms) -> Tally {
    let mut tally = Tally::default();
    forms.renew_room_for_texts();
    walk.each(period, (forms, &mut tally), |tenant, view, Part { forms, tally }| {
        let selection = select(tenant, view, period)?;
        if selection.set.is_empty() {
            return Ok(());
        }
        let add = &mut |form, lines| tally.add(0, form, lines);
        Scan::new(view, selection.rows).count_forms(&selection.set, forms, add)
    });
    tally
}

/// What was found in one group.
struct Part {
    forms: LocalForms,
    tally: Tally,
}

impl Part {
    fn bytes_held(&self) -> u64 {
        (self.forms.bytes_held() + self.tally.bytes_held()) as u64
    }
}

/// Groups that are gone through, and what went wrong with them.
struct Walk<'a, S> {
    tenant: TenantId,
    groups: &'a [S],
    budget: &'a Budget<'a>,
    damaged: Vec<DamagedGroup>,
    stopped: Option<Stop>,
    is_cut: bool,
}

impl<S: SearchGroup> Walk<'_, S> {
    /// Adds what groups with lines of a time have, the latest first; of one that cannot be read nothing, and it is not
    /// asked again.
    fn each(
        &mut self,
        period: Period,
        (forms, tally): (&mut Forms, &mut Tally),
        read: impl Fn(TenantId, &dyn GroupView, &mut Part) -> Result<(), ReadError> + Sync,
    ) where
        S: Sync,
    {
        let (order, buckets, tenant, groups) =
            (self.latest_first(period), tally.buckets_left, self.tenant, self.groups);
        let part_of = |group: usize, room: Room| {
            let mut part = Part { forms: LocalForms::with_room(room), tally: Tally::with_room(buckets) };
            groups[group].with(|view| read(tenant, view, &mut part)).flatten().map(|()| part)
        };
        let waves = Waves::new(self.budget);
        let mut rest = &order[..];
        while !rest.is_empty() {
            self.stopped = self.stopped.or_else(|| self.budget.stop());
            if self.stopped.is_some() {
                return;
            }
            let room = forms.room();
            let read = |at: usize| part_of(rest[at], room);
            let held = |part: &Result<Part, ReadError>| part.as_ref().map_or(0, Part::bytes_held);
            let parts = waves.gather_first(waves.groups(rest.len()), WAITING_BYTES_MAX, read, held);
            let (now, later) = rest.split_at(parts.len());
            for (group, part) in now.iter().copied().zip(parts) {
                // The groups before may have left too little room for its texts.
                let is_other = part.as_ref().is_ok_and(|part| !part.forms.fits(forms.room()));
                match if is_other { part_of(group, forms.room()) } else { part } {
                    Ok(Part { forms: local, tally: counted }) => {
                        tally.take_in(group as u32, counted, &forms.take_in(&local));
                    }
                    Err(error) => self.damaged.push(DamagedGroup { group, error }),
                }
            }
            rest = later;
        }
    }

    /// Reads a group. False if the search has to end.
    fn read(
        &mut self,
        group: usize,
        visit: impl FnOnce(TenantId, &dyn GroupView) -> Result<(), ReadError>,
    ) -> bool {
        self.stopped = self.stopped.or_else(|| self.budget.stop());
        if self.stopped.is_some() {
            return false;
        }
        if let Ok(Err(error)) | Err(error) = self.groups[group].with(|view| visit(self.tenant, view)) {
            self.damaged.push(DamagedGroup { group, error });
        }
        true
    }

    fn latest_first(&self, (first, last): Period) -> Vec<usize> {
        let is_asked = |group: &usize| {
            let (earliest, latest) = self.groups[*group].span();
            let is_damaged = self.damaged.iter().any(|damaged| damaged.group == *group);
            earliest <= last && first <= latest && !is_damaged
        };
        let mut order: Vec<usize> = (0..self.groups.len()).filter(is_asked).collect();
        order.sort_by_key(|group| std::cmp::Reverse(self.groups[*group].span().1));
        order
    }
}
