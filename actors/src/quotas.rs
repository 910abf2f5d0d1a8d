//! Quotas: tenants that have sent as much today as they may, and those that may send nothing at all.
//!
//! Sums are held against limits every second, so that a tenant may send a second's worth more than its limit; taking lines
//! costs one look at a list that is usually empty.
//! Invariant: what was acknowledged stays; from midnight UTC on who was over its quota may send again, and who was suspended
//! a second after it is not any more. It counts nothing itself.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use antler_events::clock::{Clock, Timestamp};
use antler_events::event::tenant::{TenantLimits, TenantRejection};
use antler_events::ids::TenantId;
use antler_projections::views::control::ControlViews;
use antler_projections::views::port::ViewError;
use antler_projections::views::usage::{Day, Sent};
use foldhash::fast::FixedState;

use crate::usage::Usage;

/// Limits that were changed count after so long.
const LIMITS_HOLD: Duration = Duration::from_secs(10);

/// How near a tenant is to what it may send in a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    #[default]
    Fine,
    /// 80 in a hundred.
    Warning,
    /// 95 in a hundred.
    Critical,
    /// Nothing more is taken today.
    Exceeded,
}

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    Lines,
    Bytes,
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
    level: Level,
}

/// Who may not send today.
#[derive(Debug)]
pub struct Quotas {
    usage: Arc<Usage>,
    views: ControlViews,
    clock: Arc<dyn Clock>,
    judged: RwLock<HashMap<TenantId, Judged, FixedState>>,
    refused: RwLock<Refused>,
}

/// Whose lines are not taken.
#[derive(Debug, Default)]
struct Refused {
    over: HashMap<TenantId, (Day, Limited, u64), FixedState>,
    barred: HashMap<TenantId, TenantRejection, FixedState>,
    /// Of the views, when it was asked who is barred.
    changes: Option<u64>,
}

impl Quotas {
    pub fn new(usage: Arc<Usage>, views: ControlViews, clock: Arc<dyn Clock>) -> Self {
        Self { usage, views, clock, judged: RwLock::default(), refused: RwLock::default() }
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
            refused.over.keys().copied().collect()
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
        let entry =
            judged.entry(tenant).or_insert(Judged { limits, read_at: now, day: today, level: Level::Fine });
        (entry.limits, entry.read_at) = (limits, now);
        Ok(Some(limits))
    }

    fn judge_by(&self, tenant: TenantId, limits: TenantLimits) {
        let (today, sent) = (Day::of(self.clock.now()), self.usage.today(tenant));
        let (level, limited) = level_of(sent, &limits);
        let before = {
            let mut judged = self.judged.write().unwrap_or_else(PoisonError::into_inner);
            let Some(entry) = judged.get_mut(&tenant) else { return };
            let before = if entry.day == today { entry.level } else { Level::Fine };
            (entry.day, entry.level) = (today, level);
            before
        };
        if level != before {
            self.changed(tenant, level, (today, limited, limited.of(&limits)));
        }
    }

    fn changed(&self, tenant: TenantId, level: Level, refusal: (Day, Limited, u64)) {
        let (_, limited, max) = refusal;
        {
            let mut refused = self.refused.write().unwrap_or_else(PoisonError::into_inner);
            refused.over.retain(|_, (day, ..)| *day == refusal.0);
            match level {
                Level::Exceeded => drop(refused.over.insert(tenant, refusal)),
                Level::Fine | Level::Warning | Level::Critical => drop(refused.over.remove(&tenant)),
            }
        }
        match level {
            Level::Fine => {}
            Level::Warning => {
                tracing::warn!(%tenant, %limited, max, "a tenant has sent 80 % of what it may today")
            }
            Level::Critical => {
                tracing::warn!(%tenant, %limited, max, "a tenant has sent 95 % of what it may today")
            }
            Level::Exceeded => tracing::warn!(%tenant, %limited, max, "a tenant has sent what it may today"),
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
}

impl Limited {
    fn of(self, limits: &TenantLimits) -> u64 {
        match self {
            Self::Lines => limits.lines_per_day,
            Self::Bytes => limits.bytes_per_day,
        }
    }
}

impl fmt::Display for Limited {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Lines => "lines",
            Self::Bytes => "bytes",
        })
    }
}

/// The nearer of the two limits.
fn level_of(sent: Sent, limits: &TenantLimits) -> (Level, Limited) {
    let lines = (Level::of(sent.lines, limits.lines_per_day), Limited::Lines);
    let bytes = (Level::of(sent.bytes, limits.bytes_per_day), Limited::Bytes);
    if bytes.0 > lines.0 { bytes } else { lines }
}

#[cfg(test)]
pub(crate) mod tests;
