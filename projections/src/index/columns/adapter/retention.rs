//! Rules of retention, compiled as the store takes them.
//!
//! Invariant: the same rules are compiled once, so that the store knows what it has held against them. It does
//! not decide when: whoever hosts the index does.

use std::sync::{Arc, Mutex};

use antler_events::clock::Timestamp;
use antler_events::query::MatcherError;

use super::change::failed;
use crate::index::columns::search::plan::Plan;
use crate::index::columns::store::{self, ColumnStore};
use crate::index::port::{
    IndexError, RetainReport, Retention, RetentionCondition, RetentionRule, TenantRetention,
};

/// The rules that were asked for last, and what they were compiled to.
#[derive(Debug, Default)]
pub(super) struct KnownRules(Mutex<Option<(Retention, Arc<store::Retention>)>>);

impl KnownRules {
    pub(super) fn retain(
        &self,
        store: &ColumnStore,
        rules: Retention,
        now: Timestamp,
    ) -> Result<RetainReport, IndexError> {
        let report = store.retain(now, &self.compiled(rules)?).map_err(failed)?;
        Ok(RetainReport {
            lines: report.rows,
            stored_bytes: report.stored_bytes,
            is_upkeep_due: report.groups_due > 0,
        })
    }

    fn compiled(&self, rules: Retention) -> Result<Arc<store::Retention>, IndexError> {
        let mut known = self.0.lock().expect("nothing panics while it compiles rules");
        if let Some((_, compiled)) = known.as_ref().filter(|(asked, _)| *asked == rules) {
            return Ok(Arc::clone(compiled));
        }
        let wrong = |tenant: &str| {
            let tenant = tenant.into();
            move |source| IndexError::Rule { tenant, source }
        };
        let mut retention = store::Retention::new(of_tenant(&rules.usual).map_err(wrong("any"))?);
        for (tenant, of) in &rules.of_tenants {
            retention.set(*tenant, of_tenant(of).map_err(wrong(tenant.as_str()))?);
        }
        let compiled = Arc::new(retention);
        *known = Some((rules, Arc::clone(&compiled)));
        Ok(compiled)
    }
}

fn of_tenant(retention: &TenantRetention) -> Result<store::TenantRetention, MatcherError> {
    let rule = |rule: &RetentionRule| {
        let condition = match &rule.condition {
            RetentionCondition::Stream(pattern) => store::RetentionCondition::Stream(pattern.clone()),
            RetentionCondition::Lines(filter) => {
                store::RetentionCondition::Lines(Box::new(Plan::new(filter)?))
            }
        };
        Ok(store::RetentionRule { condition, age: rule.age })
    };
    let rules = retention.rules.iter().map(rule).collect::<Result<_, MatcherError>>()?;
    Ok(store::TenantRetention { rules, age: retention.age })
}
