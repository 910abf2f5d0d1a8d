//! Failed logins on their way to the audit: the first of an account at once, and those of each minute after it together.
//!
//! Invariant: of an account one event a minute is written at most, whatever is tried, and no attempt waits for it, so that
//! the time of an answer does not tell which accounts exist. It refuses nobody: the gateway's throttle does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use antler_config::limits::CredentialLimits;
use antler_events::clock::Timestamp;
use antler_events::event::Cause;
use antler_events::event::audit::LoginsFailed;
use antler_events::ids::{TenantId, UserId};
use tokio::sync::{Semaphore, watch};

use crate::accounts::Accounts;

/// How long a stop waits for what is not written yet.
const STOP_MAX: Duration = Duration::from_secs(1);

/// The failed logins of all accounts.
#[derive(Debug, Clone)]
pub struct FailedLogins(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    accounts: Accounts,
    told_every: Duration,
    accounts_max: u32,
    /// Accounts of which the audit has heard within the last minute, with what it has not heard yet.
    failing: Mutex<BTreeMap<(TenantId, UserId), Option<Failing>>>,
    telling: Semaphore,
    stopping: watch::Sender<bool>,
}

/// Attempts that are told together.
#[derive(Debug, Clone, Copy)]
struct Failing {
    count: u64,
    since: Timestamp,
    /// Of the last one.
    cause: Cause,
}

impl FailedLogins {
    pub fn new(accounts: Accounts, limits: &CredentialLimits) -> Self {
        Self(Arc::new(Parts {
            accounts,
            told_every: limits.failed_logins_told_every,
            accounts_max: limits.failing_accounts_max,
            failing: Mutex::default(),
            telling: Semaphore::new(limits.failing_accounts_max as usize),
            stopping: watch::Sender::new(false),
        }))
    }

    /// Counts an attempt with a wrong password.
    pub fn note(&self, tenant: TenantId, user: UserId, cause: Cause) {
        let one = Failing { count: 1, since: self.0.accounts.clock.now(), cause };
        let mut failing = self.0.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(untold) = failing.get_mut(&(tenant, user)) {
            let before = untold.unwrap_or(Failing { count: 0, ..one });
            *untold = Some(Failing { count: before.count + 1, cause, ..before });
            return;
        }
        if failing.len() >= self.0.accounts_max as usize || *self.0.stopping.borrow() {
            tracing::warn!(%tenant, %user, "a failed login is not in the audit: those of too many accounts are counted");
            return;
        }
        failing.insert((tenant, user), None);
        drop(failing);
        tokio::spawn(self.clone().tell(tenant, user, one));
    }

    /// Tells the audit, and again after each minute in which there were more.
    async fn tell(self, tenant: TenantId, user: UserId, first: Failing) {
        let _telling = self.0.telling.acquire().await;
        let mut stopping = self.0.stopping.subscribe();
        let mut next = Some(first);
        while let Some(Failing { count, since, cause }) = next {
            let failed = LoginsFailed { user, count, since };
            if let Err(error) = self.0.accounts.note_failed_logins(tenant, failed, &cause).await {
                tracing::error!(%tenant, %user, count, %error, "failed logins are missing in the audit");
            }
            let stop = stopping.wait_for(|stopping| *stopping);
            let _either_will_do = tokio::time::timeout(self.0.told_every, stop).await;
            next = self.untold(tenant, user);
        }
    }

    /// What came meanwhile; if nothing did, the account is forgotten.
    fn untold(&self, tenant: TenantId, user: UserId) -> Option<Failing> {
        let mut failing = self.0.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let untold = failing.get_mut(&(tenant, user)).and_then(Option::take);
        if untold.is_none() {
            failing.remove(&(tenant, user));
        }
        untold
    }

    /// Has all that is counted told, and waits a moment for that.
    pub async fn stop(&self) {
        self.0.stopping.send_replace(true);
        let idle = self.0.telling.acquire_many(self.0.accounts_max);
        if tokio::time::timeout(STOP_MAX, idle).await.is_err() {
            tracing::warn!("some failed logins could not be written into the audit in time");
        }
    }
}
