//! Rules of retention: how long the lines of each tenant are kept, by stream or by any filter.
//!
//! Invariant: a line is kept as long as the first rule that it meets says, else as long as its tenant says. It
//! removes nothing, and does not know who made the rules.

use std::collections::BTreeMap;
use std::time::Duration;

use antler_events::access::StreamPattern;
use antler_events::ids::TenantId;
use antler_events::query::tree::Filter;

/// Which lines a rule is about.
#[derive(Debug, Clone, PartialEq)]
pub enum RetentionCondition {
    /// Lines of streams with such names.
    Stream(StreamPattern),
    /// Lines that pass a filter, which says nothing about now.
    Lines(Filter),
}

/// How long some lines are kept; without an age for ever.
#[derive(Debug, Clone, PartialEq)]
pub struct RetentionRule {
    pub condition: RetentionCondition,
    pub age: Option<Duration>,
}

/// How long the lines of a tenant are kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TenantRetention {
    /// The first that a line meets counts.
    pub rules: Vec<RetentionRule>,
    /// Of lines that meet none; without it for ever.
    pub age: Option<Duration>,
}

/// How long lines are kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Retention {
    /// Of tenants without rules of their own.
    pub usual: TenantRetention,
    pub of_tenants: BTreeMap<TenantId, TenantRetention>,
}

impl TenantRetention {
    /// All lines equally long.
    pub fn of_age(age: Duration) -> Self {
        Self { rules: Vec::new(), age: Some(age) }
    }
}

impl Retention {
    pub fn of(&self, tenant: TenantId) -> &TenantRetention {
        self.of_tenants.get(&tenant).unwrap_or(&self.usual)
    }
}
