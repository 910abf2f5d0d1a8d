//! How long the lines of each tenant are kept, as the tenants' limits say.
//!
//! Invariant: a tenant with other limits than the usual ones has a rule of its own. It removes nothing.

use std::time::Duration;

use antler_events::event::tenant::Tenant;
use antler_projections::index::port::{Retention, TenantRetention};
use antler_projections::views::control::ControlViews;
use antler_projections::views::port::ViewError;

use crate::accounts::USUAL_LIMITS;

/// Tenants that are looked at together.
const PAGE: usize = 1_000;

pub(super) async fn rules(views: &ControlViews) -> Result<Retention, ViewError> {
    let mut rules = Retention { usual: of_days(USUAL_LIMITS.retention_days), ..Retention::default() };
    let mut after = None;
    loop {
        let page = views.tenants(after, PAGE).await?;
        after = page.last().map(|(tenant, _)| *tenant);
        let is_last = page.len() < PAGE;
        for (id, kept) in page {
            if let Some(days) = kept.state.as_ref().and_then(own_days) {
                rules.of_tenants.insert(id, of_days(days));
            }
        }
        if is_last {
            return Ok(rules);
        }
    }
}

fn own_days(tenant: &Tenant) -> Option<u32> {
    Some(tenant.limits.retention_days).filter(|days| *days != USUAL_LIMITS.retention_days)
}

fn of_days(days: u32) -> TenantRetention {
    TenantRetention::of_age(Duration::from_secs(u64::from(days) * 86_400))
}

#[cfg(test)]
mod tests {
    use antler_events::event::tenant::TenantLimits;

    use super::*;
    use crate::quotas::tests::{World, acme};

    #[tokio::test]
    async fn only_a_tenant_with_days_of_its_own_has_a_rule_of_its_own() {
        let mut world = World::with_lines_per_day(10).await;
        let usual = rules(&world.views).await.unwrap();
        assert_eq!(usual.usual, of_days(USUAL_LIMITS.retention_days));
        assert_eq!(usual.of_tenants.len(), 0);
        world.set_limits(TenantLimits { retention_days: 7, ..USUAL_LIMITS }).await;
        let own = rules(&world.views).await.unwrap();
        assert_eq!(own.usual, usual.usual);
        assert_eq!(own.of_tenants.into_iter().collect::<Vec<_>>(), [(acme(), of_days(7))]);
    }
}
