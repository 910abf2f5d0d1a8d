//! Quotas: tenants that have sent as much today as they may, and those that may send nothing at all.
//!
//! Sums are held against limits every second, so that a tenant may send a second's worth more than its limit; taking lines
//! costs one look at a list that is usually empty. Streams are counted every few seconds, or seldomer where that takes long or a
//! tenant has much room, and judged then: a tenant may begin more of them meanwhile than its limit says.
//! Invariant: what was acknowledged stays; from midnight UTC on who was over its quota may send again, and who was suspended
//! a second after it is not any more. It counts nothing itself.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use antler_events::clock::{Clock, Timestamp};
use antler_events::event::tenant::{TenantLimits, TenantRejection};
use antler_events::ids::TenantId;
use antler_events::line::StreamName;
use antler_projections::views::control::ControlViews;
use antler_projections::views::port::ViewError;
use antler_projections::views::usage::{Day, Sent};
use foldhash::fast::FixedState;

use crate::streams::{FullStreams, StreamCounts};
use crate::usage::Usage;
use crate::warnings::{Warning, Warnings};

/// Limits that were changed count after so long.
const LIMITS_HOLD: Duration = Duration::from_secs(10);

/// How near a tenant is to what it may use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    #[default]
    Fine,
    /// 80 in a hundred.
    Warning,
    /// 95 in a hundred.
    Critical,
    /// Nothing more is taken: of lines today, of streams none that is new.
    Exceeded,
}

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    Lines,
    Bytes,
    /// Requests but those that bring lines.
    Calls,
    /// Names that lines are filed under.
    Streams,
}

/// Why a tenant's lines are not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    #[error(transparent)]
    OverQuota(OverQuota),
    #[error("{0}; lines are not taken")]
    Barred(TenantRejection),
}

/// What a tenant has sent too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the tenant has sent what it may in a day, {max} {limited}; lines are taken again from {until} on, or when \
     the operator raises the limit"
)]
pub struct OverQuota {
    pub limited: Limited,
    pub max: u64,
    pub until: Timestamp,
    pub seconds_left: u64,
}

/// Limits of a tenant, and how near it was to them.
#[derive(Debug, Clone, Copy)]
struct Judged {
    limits: TenantLimits,
    read_at: Duration,
    day: Day,
    levels: Levels,
}

/// Of each of what is judged here.
type Levels = [Level; JUDGED.len()];
const JUDGED: [Limited; 3] = [Limited::Lines, Limited::Bytes, Limited::Streams];

/// Who may not send today.
#[derive(Debug)]
pub struct Quotas {
    usage: Arc<Usage>,
    views: ControlViews,
    clock: Arc<dyn Clock>,
    judged: RwLock<HashMap<TenantId, Judged, FixedState>>,
    refused: RwLock<Refused>,
    streams: StreamCounts,
    warnings: Warnings,
}

/// Whose lines are not taken.
#[derive(Debug, Default)]
struct Refused {
    over: HashMap<TenantId, (Day, Limited, u64), FixedState>,
    barred: HashMap<TenantId, TenantRejection, FixedState>,
    /// Of these only lines of streams that they have are taken.
    full: HashMap<TenantId, Arc<FullStreams>, FixedState>,
    /// Of the views, when it was asked who is barred.
    changes: Option<u64>,
}

impl Quotas {
    pub fn new(usage: Arc<Usage>, views: ControlViews, clock: Arc<dyn Clock>, warnings: Warnings) -> Self {
        let (judged, refused, streams) = (RwLock::default(), RwLock::default(), StreamCounts::default());
        Self { usage, views, clock, judged, refused, streams, warnings }
    }

    pub fn usage(&self) -> &Arc<Usage> {
        &self.usage
    }

    /// Whether lines of a tenant are taken now.
    pub fn admit(&self, tenant: TenantId) -> Result<(), NotAdmitted> {
        let refused = self.refused.read().unwrap_or_else(PoisonError::into_inner);
        if refused.over.is_empty() && refused.barred.is_empty() {
            return Ok(());
        }
        if let Some(why) = refused.barred.get(&tenant) {
            return Err(NotAdmitted::Barred(why.clone()));
        }
        let now = self.clock.now();
        match refused.over.get(&tenant) {
            Some((day, limited, max)) if *day == Day::of(now) => {
                let until = day.plus(1).start();
                let left = Duration::from_nanos(until.nanos().saturating_sub(now.nanos()).unsigned_abs());
                let seconds_left = left.as_secs() + 1;
                let over = OverQuota { limited: *limited, max: *max, until, seconds_left };
                Err(NotAdmitted::OverQuota(over))
            }
            _ => Ok(()),
        }
    }

    /// The streams of a tenant that may begin no other; none if it may.
    pub fn full_streams(&self, tenant: TenantId) -> Option<Arc<FullStreams>> {
        self.refused.read().unwrap_or_else(PoisonError::into_inner).full.get(&tenant).cloned()
    }

    /// How many streams a tenant has; none before they were counted.
    pub fn streams(&self, tenant: TenantId) -> Option<u64> {
        self.streams.of(tenant)
    }

    /// Somebody is to count the streams of these tenants.
    pub fn streams_are_due(&self, tenants: &[TenantId]) {
        self.streams.are_due(tenants, self.clock.elapsed());
    }

    /// Takes the tenants whose streams are to be counted now.
    pub fn due_for_streams(&self) -> Vec<TenantId> {
        self.streams.take_due(self.clock.elapsed())
    }

    /// Holds the streams that a tenant has against its limit, if all were counted, and else those that were.
    pub async fn streams_counted(
        &self,
        tenant: TenantId,
        counted: (BTreeSet<StreamName>, bool),
    ) -> Result<(), ViewError> {
        match self.limits(tenant).await? {
            Some(limits) => {
                self.streams.put(tenant, counted, limits.streams_max, self.clock.elapsed());
                self.judge_by(tenant, limits);
            }
            None => self.streams.forget(tenant),
        }
        Ok(())
    }

    /// If anything about tenants or accounts has changed: looks who may not send lines, and reads the limits of those anew
    /// that are over them.
    pub async fn look_again(&self) -> Result<(), ViewError> {
        let changes = self.views.changes();
        if self.refused.read().unwrap_or_else(PoisonError::into_inner).changes == Some(changes) {
            return Ok(());
        }
        let barred = self.views.barred().await?.into_iter().collect();
        let over: Vec<TenantId> = {
            let mut refused = self.refused.write().unwrap_or_else(PoisonError::into_inner);
            (refused.barred, refused.changes) = (barred, Some(changes));
            refused.over.keys().chain(refused.full.keys()).copied().collect()
        };
        for tenant in over {
            if let Some(limits) = self.read_limits(tenant).await? {
                self.judge_by(tenant, limits);
            }
        }
        Ok(())
    }

    /// Holds what tenants have sent against their limits.
    pub async fn judge(&self, tenants: &[TenantId]) -> Result<(), ViewError> {
        self.streams_are_due(tenants);
        for tenant in tenants {
            if let Some(limits) = self.limits(*tenant).await? {
                self.judge_by(*tenant, limits);
            }
        }
        Ok(())
    }

    /// What a tenant may send; none of one that is not registered.
    async fn limits(&self, tenant: TenantId) -> Result<Option<TenantLimits>, ViewError> {
        let now = self.clock.elapsed();
        let judged = self.judged.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).copied();
        if let Some(known) = judged.filter(|known| now.saturating_sub(known.read_at) < LIMITS_HOLD) {
            return Ok(Some(known.limits));
        }
        self.read_limits(tenant).await
    }

    async fn read_limits(&self, tenant: TenantId) -> Result<Option<TenantLimits>, ViewError> {
        let now = self.clock.elapsed();
        let found = self.views.tenant(tenant).await?.and_then(|kept| kept.state);
        let Some(limits) = found.map(|tenant| tenant.limits) else { return Ok(None) };
        let today = Day::of(self.clock.now());
        let mut judged = self.judged.write().unwrap_or_else(PoisonError::into_inner);
        let entry = judged.entry(tenant).or_insert(Judged {
            limits,
            read_at: now,
            day: today,
            levels: Levels::default(),
        });
        (entry.limits, entry.read_at) = (limits, now);
        Ok(Some(limits))
    }

    fn judge_by(&self, tenant: TenantId, limits: TenantLimits) {
        let (today, sent) = (Day::of(self.clock.now()), self.usage.today(tenant));
        let streams = self.streams.of(tenant).unwrap_or_default();
        let levels = JUDGED.map(|limited| Level::of(limited.used(sent, streams), limited.of(&limits)));
        self.keep_to_streams(tenant, limits.streams_max);
        let before = {
            let mut judged = self.judged.write().unwrap_or_else(PoisonError::into_inner);
            let Some(entry) = judged.get_mut(&tenant) else { return };
            let before = if entry.day == today { entry.levels } else { Levels::default() };
            (entry.day, entry.levels) = (today, levels);
            before
        };
        if levels == before {
            return;
        }
        // Of two that are as near, lines are named.
        let [lines, bytes, _] = levels;
        let (level, limited) = if bytes > lines { (bytes, Limited::Bytes) } else { (lines, Limited::Lines) };
        self.changed(tenant, level, (today, limited, limited.of(&limits)));
        for ((limited, level), before) in JUDGED.into_iter().zip(levels).zip(before) {
            if level > before {
                let (used, max) = (limited.used(sent, streams), limited.of(&limits));
                self.warnings.raise(Warning { tenant, limited, level, used, max });
            }
        }
    }

    /// Whoever has as many streams as it may is kept to those.
    fn keep_to_streams(&self, tenant: TenantId, max: u64) {
        let (full, known) = (self.streams.full(tenant, max).map(Arc::new), self.full_streams(tenant));
        if full == known {
            return;
        }
        let mut refused = self.refused.write().unwrap_or_else(PoisonError::into_inner);
        match full {
            Some(full) => drop(refused.full.insert(tenant, full)),
            None => drop(refused.full.remove(&tenant)),
        }
    }

    fn changed(&self, tenant: TenantId, level: Level, refusal: (Day, Limited, u64)) {
        let mut refused = self.refused.write().unwrap_or_else(PoisonError::into_inner);
        refused.over.retain(|_, (day, ..)| *day == refusal.0);
        match level {
            Level::Exceeded => drop(refused.over.insert(tenant, refusal)),
            Level::Fine | Level::Warning | Level::Critical => drop(refused.over.remove(&tenant)),
        }
    }
}

impl Level {
    pub fn of(used: u64, max: u64) -> Self {
        let reaches = |percent: u128| u128::from(used) * 100 >= u128::from(max) * percent;
        [(100, Self::Exceeded), (95, Self::Critical), (80, Self::Warning)]
            .into_iter()
            .find_map(|(percent, level)| reaches(percent).then_some(level))
            .unwrap_or_default()
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Exceeded => "exceeded",
        }
    }

    /// From which part of the limit on it is so.
    pub fn percent(self) -> u64 {
        match self {
            Self::Fine => 0,
            Self::Warning => 80,
            Self::Critical => 95,
            Self::Exceeded => 100,
        }
    }
}

impl Limited {
    fn of(self, limits: &TenantLimits) -> u64 {
        match self {
            Self::Lines => limits.lines_per_day,
            Self::Bytes => limits.bytes_per_day,
            Self::Calls => limits.calls_per_hour,
            Self::Streams => limits.streams_max,
        }
    }

    /// Calls are counted elsewhere.
    fn used(self, sent: Sent, streams: u64) -> u64 {
        match self {
            Self::Lines => sent.lines,
            Self::Bytes => sent.bytes,
            Self::Calls => 0,
            Self::Streams => streams,
        }
    }

    /// For people.
    pub fn what(self) -> &'static str {
        match self {
            Self::Lines => "the lines that the tenant may send in a day",
            Self::Bytes => "the bytes that the tenant may send in a day",
            Self::Calls => "the requests that the tenant may make in an hour",
            Self::Streams => "the streams that the tenant may have",
        }
    }

    /// How what is used becomes less.
    pub fn relief(self) -> &'static str {
        match self {
            Self::Lines | Self::Bytes => "counting begins anew at midnight UTC",
            Self::Calls => "counting begins anew with the next hour",
            Self::Streams => "a stream counts until its last line is gone",
        }
    }

    /// The limit of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Lines, Self::Bytes, Self::Calls, Self::Streams]
            .into_iter()
            .find(|known| known.to_string() == name)
    }
}

impl fmt::Display for Limited {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Lines => "lines",
            Self::Bytes => "bytes",
            Self::Calls => "calls",
            Self::Streams => "streams",
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
