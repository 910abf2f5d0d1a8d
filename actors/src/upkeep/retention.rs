//! How long the lines of each tenant are kept: as the tenant chose, within what its limits say.
//!
//! Invariant: a tenant for which not just the usual limits count has rules of its own; and rules that were set before the
//! start count from the first time on, although views may be behind the log then. It removes nothing.

use std::sync::Arc;
use std::time::Duration;

use antler_events::event::tenant::Tenant;
use antler_events::ids::{Offset, PartitionId};
use antler_events::log::{EventLog, ReadError};
use antler_projections::index::port::{Retention, RetentionCondition, RetentionRule, TenantRetention};
use antler_projections::views::control::ControlViews;
use antler_projections::views::port::ViewError;

use crate::accounts::USUAL_LIMITS;
use crate::planted::Planted;
use crate::progress::Progress;

/// Tenants that are looked at together.
const PAGE: usize = 1_000;

/// Where rules are read.
#[derive(Debug)]
pub(super) struct Rules {
    views: ControlViews,
    /// How far the views are, and where the log ended at the start.
    progress: Option<Arc<Progress>>,
    ends: Vec<(PartitionId, Offset)>,
    planted: Planted,
}

impl Rules {
    pub(super) fn new(
        views: &ControlViews,
        log: &dyn EventLog,
        progress: Option<Arc<Progress>>,
        planted: Planted,
    ) -> Result<Self, ReadError> {
        Ok(Self { views: views.clone(), progress, ends: log.ends()?, planted })
    }

    /// Whether the views have all that was set before the start. What is set since is answered when they have it.
    pub(super) fn are_known(&self) -> bool {
        let has = |progress: &Arc<Progress>| {
            self.ends.iter().all(|(partition, end)| progress.at(*partition) >= *end)
        };
        self.planted.is(Planted::RulesOfOldViews) || self.progress.as_ref().is_none_or(has)
    }

    pub(super) async fn read(&self) -> Result<Retention, ViewError> {
        let mut rules = rules(&self.views).await?;
        if self.planted.is(Planted::StreamRulesForgotten) {
            rules.of_tenants.values_mut().for_each(|of| of.rules.clear());
        }
        Ok(rules)
    }
}

async fn rules(views: &ControlViews) -> Result<Retention, ViewError> {
    let usual = TenantRetention::of_age(days(USUAL_LIMITS.retention_days));
    let mut rules = Retention { usual, ..Retention::default() };
    let mut after = None;
    loop {
        let page = views.tenants(after, PAGE).await?;
        after = page.last().map(|(tenant, _)| *tenant);
        let is_last = page.len() < PAGE;
        for (id, kept) in page {
            let own = kept.state.as_ref().map(own).filter(|own| *own != rules.usual);
            rules.of_tenants.extend(own.map(|own| (id, own)));
        }
        if is_last {
            return Ok(rules);
        }
    }
}

fn own(tenant: &Tenant) -> TenantRetention {
    let rule = |(stream, kept): (&_, u32)| RetentionRule {
        condition: RetentionCondition::Stream(Clone::clone(stream)),
        age: Some(days(kept)),
    };
    TenantRetention { rules: tenant.streams_kept().map(rule).collect(), age: Some(days(tenant.days_kept())) }
}

fn days(days: u32) -> Duration {
    Duration::from_secs(u64::from(days) * 86_400)
}

#[cfg(test)]
mod tests {
    use antler_config::limits::AccountLimits;
    use antler_events::access::StreamPattern;
    use antler_events::event::tenant::{StreamRetention, TenantEvent, TenantLimits};

    use super::*;
    use crate::quotas::tests::{World, acme};

    #[tokio::test]
    async fn only_a_tenant_with_days_of_its_own_has_rules_of_its_own() {
        let mut world = World::with_lines_per_day(10).await;
        let usual = rules(&world.views).await.unwrap();
        assert_eq!(usual.usual, TenantRetention::of_age(days(USUAL_LIMITS.retention_days)));
        assert_eq!(usual.of_tenants.len(), 0);
        world.set_limits(TenantLimits { retention_days: 7, ..USUAL_LIMITS }).await;
        let own = rules(&world.views).await.unwrap();
        assert_eq!(own.usual, usual.usual);
        let expected = [(acme(), TenantRetention::of_age(days(7)))];
        assert_eq!(own.of_tenants.into_iter().collect::<Vec<_>>(), expected);
    }

    #[tokio::test]
    async fn what_a_tenant_chose_for_its_streams_comes_before_its_own_days() {
        let mut world = World::with_lines_per_day(10).await;
        let stream = StreamPattern::parse("logs-nginx-*", &AccountLimits::default()).unwrap();
        let streams = vec![StreamRetention { stream: stream.clone(), days: 3 }];
        let chosen = antler_events::event::tenant::TenantRetention { days: Some(30), streams };
        world.take(TenantEvent::RetentionSet(chosen)).await;
        let own = rules(&world.views).await.unwrap().of_tenants.remove(&acme()).unwrap();
        let condition = RetentionCondition::Stream(stream);
        let rule = RetentionRule { condition, age: Some(days(3)) };
        assert_eq!(own, TenantRetention { rules: vec![rule], age: Some(days(30)) });
    }
}
