//! Rules of retention: how long the lines of each tenant are kept, by stream or by any filter.
//!
//! Invariant: a line is kept as long as the first rule that it meets says, else as long as its tenant says;
//! its age counts from the time that it tells, or from its arrival if that was later, so that old lines stay that came
//! today; and a row is too old when the latest row of its group is, so nothing goes before its time, and everything within
//! a day of it but what shares its day with lines that came later. It removes nothing: `retain` and `compact` do.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use antler_events::access::StreamPattern;
use antler_events::clock::Timestamp;
use antler_events::ids::TenantId;

use crate::index::columns::block::ReadError;
use crate::index::columns::catalogue::GroupEntry;
use crate::index::columns::group::SealedGroup;
use crate::index::columns::search::evaluate::find;
use crate::index::columns::search::plan::Plan;
use crate::index::columns::search::rows::RowSet;
use crate::index::columns::search::streams::Streams;

/// Which lines a rule is about.
#[derive(Debug)]
pub enum RetentionCondition {
    /// Lines of streams with such names.
    Stream(StreamPattern),
    /// Lines that pass a filter, which says nothing about now.
    Lines(Box<Plan>),
}

/// How long some lines are kept; without an age for ever.
#[derive(Debug)]
pub struct RetentionRule {
    pub condition: RetentionCondition,
    pub age: Option<Duration>,
}

/// How long the lines of a tenant are kept.
#[derive(Debug, Default)]
pub struct TenantRetention {
    /// The first that a line meets counts.
    pub rules: Vec<RetentionRule>,
    /// Of lines that meet none; without it for ever.
    pub age: Option<Duration>,
}

/// How long the lines of all tenants are kept.
#[derive(Debug, Default)]
pub struct Retention {
    tenants: BTreeMap<TenantId, TenantRetention>,
    /// Of tenants that have no rules of their own.
    others: TenantRetention,
    /// Nobody's lines go earlier.
    shortest: Option<Duration>,
}

/// What is too old in a group.
#[derive(Debug)]
pub(super) struct Aged {
    pub(super) rows: RowSet,
    /// Until then it stays so.
    pub(super) until: i64,
}

impl TenantRetention {
    /// All lines equally long.
    pub fn of_age(age: Duration) -> Self {
        Self { rules: Vec::new(), age: Some(age) }
    }

    fn ages(&self) -> impl Iterator<Item = Duration> {
        self.rules.iter().map(|rule| rule.age).chain([self.age]).flatten()
    }
}

impl Retention {
    pub fn new(others: TenantRetention) -> Self {
        let shortest = others.ages().min();
        Self { tenants: BTreeMap::new(), others, shortest }
    }

    /// Gives a tenant rules of its own.
    pub fn set(&mut self, tenant: TenantId, retention: TenantRetention) {
        self.shortest = retention.ages().chain(self.shortest).min();
        self.tenants.insert(tenant, retention);
    }

    pub fn of(&self, tenant: TenantId) -> &TenantRetention {
        self.tenants.get(&tenant).unwrap_or(&self.others)
    }

    /// Whether the age of anything in the group can be over. Without looking into the group.
    pub(super) fn may_concern(&self, entry: &GroupEntry, now: Timestamp) -> bool {
        self.shortest.is_some_and(|age| is_over(entry.latest, age, now))
    }

    /// The rows of a group that are too old, if the youngest of it is of this time. Lines are read only where columns do not
    /// tell.
    pub(super) fn aged(&self, latest: i64, group: &SealedGroup, now: Timestamp) -> Result<Aged, ReadError> {
        let mut aged = Aged { rows: RowSet::none(group.directory.rows), until: i64::MAX };
        let mut start = 0;
        for (tenant, end) in &group.directory.tenants {
            let retention = self.of(*tenant);
            let later =
                retention.ages().filter(|age| !is_over(latest, *age, now)).map(|age| end_of(latest, age));
            aged.until = later.fold(aged.until, i64::min);
            let rows = start..*end;
            start = *end;
            if retention.ages().any(|age| is_over(latest, age, now)) {
                let over = |age: Option<Duration>| age.is_some_and(|age| is_over(latest, age, now));
                add_aged(*tenant, group, rows, &mut aged.rows, (retention, &over))?;
            }
        }
        Ok(aged)
    }
}

/// The time from which the age of the youngest row of a group counts.
pub(super) fn youngest(entry: &GroupEntry, group: &SealedGroup) -> Result<i64, ReadError> {
    Ok(entry.latest.max(group.directory.events.latest_received(group.blocks())?.nanos()))
}

/// Adds those rows of a tenant, which are `rows`, whose age is over.
fn add_aged(
    tenant: TenantId,
    group: &SealedGroup,
    rows: Range<u32>,
    aged: &mut RowSet,
    (retention, is_over): (&TenantRetention, &dyn Fn(Option<Duration>) -> bool),
) -> Result<(), ReadError> {
    // Rules behind the last one that differs from the tenant's own age decide nothing.
    let same = |rule: &&RetentionRule| is_over(rule.age) == is_over(retention.age);
    let rules = retention.rules.len() - retention.rules.iter().rev().take_while(same).count();
    let mut open = RowSet::all(rows.end - rows.start);
    let mut add = |found: &RowSet| found.iter().for_each(|row| aged.insert(rows.start + row));
    for rule in &retention.rules[..rules] {
        if open.is_empty() {
            break;
        }
        let met = rule.condition.met(tenant, group, rows.clone(), &open)?;
        if is_over(rule.age) {
            add(&met);
        }
        open.remove(&met);
    }
    if is_over(retention.age) {
        add(&open);
    }
    Ok(())
}

impl RetentionCondition {
    /// Those of the candidates, which count from the start of the tenant's rows, that the rule is about.
    fn met(
        &self,
        tenant: TenantId,
        group: &SealedGroup,
        rows: Range<u32>,
        candidates: &RowSet,
    ) -> Result<RowSet, ReadError> {
        match self {
            Self::Stream(pattern) => {
                let streams = Streams::read(tenant, group, candidates)?;
                Ok(streams.passing(candidates, |name| pattern.matches(name)))
            }
            Self::Lines(plan) => find(group, rows, candidates, plan),
        }
    }
}

/// Whether rows of this age are too old in a group with such a latest one.
fn is_over(latest: i64, age: Duration, now: Timestamp) -> bool {
    end_of(latest, age) < now.nanos()
}

/// The last moment at which they are not.
fn end_of(latest: i64, age: Duration) -> i64 {
    latest.saturating_add(i64::try_from(age.as_nanos()).unwrap_or(i64::MAX))
}
