//! Warnings: a tenant that comes near what it may send or ask, or reaches it, is told so.
//!
//! What was told is noted in the audit, which therefore knows after a restart what need not be told again.
//! Invariant: each step of each limit is told once a day, to whoever watches and by mail to the admins that want it; nobody
//! who sends or asks waits for that. It measures nothing: quotas and calls do.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use antler_events::event::Cause;
use antler_events::event::audit::{Deed, DeedNoted};
use antler_events::event::described::Value;
use antler_events::event::mail::{MailKind, MailPromised};
use antler_events::event::member::Account;
use antler_events::event::member::profile::AlertThreshold;
use antler_events::ids::{TenantId, UserId};
use antler_projections::views::audit::AuditFilter;
use antler_projections::views::usage::Day;
use tokio::sync::{mpsc, watch};

use crate::accounts::{AccountError, Accounts};
use crate::background::Background;
use crate::post::{PostOffice, PromiseError};
use crate::quotas::{Level, Limited};

/// Warnings that wait to be told. What finds no room is only in the server's own log.
const WAITING_MAX: usize = 10_000;
/// A warning that cannot be told is tried again so often, after so long.
const TRIES_MAX: u32 = 5;
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// How long a stop waits.
const STOP_MAX: Duration = Duration::from_secs(1);
/// Steps of one limit.
const STEPS: usize = 3;

/// How near a tenant is to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warning {
    pub tenant: TenantId,
    pub limited: Limited,
    pub level: Level,
    pub used: u64,
    pub max: u64,
}

/// Where warnings are raised.
#[derive(Debug, Clone)]
pub struct Warnings(mpsc::Sender<Warning>);

/// Warnings that were raised.
#[derive(Debug)]
pub struct Raised(mpsc::Receiver<Warning>);

/// Who is told of warnings at once.
pub trait WarningWatcher: Send + Sync + fmt::Debug {
    fn warned(&self, warning: &Warning);
}

/// What telling needs of the program.
#[derive(Debug)]
pub struct WarningParts {
    pub accounts: Accounts,
    /// None: no mail is sent.
    pub post: Option<PostOffice>,
    pub watcher: Arc<dyn WarningWatcher>,
}

/// Tells warnings, one after another.
#[derive(Debug)]
pub struct WarningTeller(Background);

pub fn warnings() -> (Warnings, Raised) {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    (Warnings(sender), Raised(receiver))
}

impl fmt::Display for Warning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limited, level, used, max, .. } = self;
        let (percent, what, relief) = (level.percent(), limited.what(), limited.relief());
        let (used, max) = (grouped(*used), grouped(*max));
        write!(out, "{percent} % of {what} are used: {used} of {max}; {relief}")
    }
}

/// With a comma before every three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Warnings {
    pub fn raise(&self, warning: Warning) {
        let Warning { tenant, limited, level, used, max } = warning;
        tracing::warn!(%tenant, %limited, used, max, level = level.name(), "a tenant is near what it may use, or has used it");
        if self.0.try_send(warning).is_err() {
            tracing::error!(%tenant, "a warning to a tenant is not told: too many wait, or nobody tells them");
        }
    }
}

#[cfg(test)]
impl Raised {
    /// All that were raised since this was asked last.
    pub(crate) fn all(&mut self) -> Vec<Warning> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }
}

impl WarningTeller {
    pub fn start(parts: WarningParts, raised: Raised) -> Self {
        Self(Background::start(|stopped| parts.run(raised, stopped)))
    }

    /// Warnings that wait are raised again after the next start, if the limit is still near then.
    pub async fn stop(&self) {
        if !self.0.stop(STOP_MAX).await {
            tracing::warn!("a warning is cut off while it is told, and may be told again");
        }
    }
}

impl WarningParts {
    async fn run(self, mut raised: Raised, mut stopped: watch::Receiver<bool>) {
        let telling = async {
            while let Some(warning) = raised.0.recv().await {
                self.tell_patiently(warning).await;
            }
        };
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => {}
            () = telling => {}
        }
    }

    async fn tell_patiently(&self, warning: Warning) {
        for _ in 0..TRIES_MAX {
            match self.tell(warning).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::error!(tenant = %warning.tenant, %error, "a warning cannot be told; tried again");
                    tokio::time::sleep(RETRY_AFTER).await;
                }
            }
        }
    }

    async fn tell(&self, warning: Warning) -> Result<(), AccountError> {
        let Warning { tenant, limited, level, .. } = warning;
        if self.is_told(warning).await? {
            return Ok(());
        }
        let noted = DeedNoted::new(Deed::QuotaWarned, &limited.to_string(), level.percent());
        self.accounts.note_deed(tenant, noted, &Cause::SYSTEM).await?;
        self.watcher.warned(&warning);
        if let Some(post) = &self.post {
            for (user, account) in self.admins(tenant).await? {
                if wants_mail(&account, level)
                    && let Err(error) = self.promise(tenant, post, user, &account).await
                {
                    tracing::error!(%tenant, %user, %error, "an admin gets no mail about the quota");
                }
            }
        }
        Ok(())
    }

    /// Was this step told today?
    async fn is_told(&self, Warning { tenant, limited, level, .. }: Warning) -> Result<bool, AccountError> {
        let filter = AuditFilter {
            from: Some(Day::of(self.accounts.clock.now()).start()),
            action: Some(Deed::QuotaWarned.as_str().to_owned()),
            object: Some(limited.to_string()),
            ..AuditFilter::default()
        };
        let told = self.accounts.views.audit().page(tenant, &filter, None, STEPS).await?;
        let step = ("count".to_owned(), Value::Whole(level.percent()));
        Ok(told.entries.iter().any(|entry| entry.after.contains(&step)))
    }

    async fn admins(&self, tenant: TenantId) -> Result<Vec<(UserId, Account)>, AccountError> {
        let views = &self.accounts.views;
        let found = views.tenant(tenant).await?.and_then(|kept| kept.state);
        let mut admins = Vec::new();
        for (user, member) in found.into_iter().flat_map(|tenant| tenant.members) {
            if member.has_joined() && member.role.administers() {
                let account = views.account(tenant, user).await?.and_then(|kept| kept.state);
                admins.extend(account.filter(|account| !account.closed).map(|account| (user, account)));
            }
        }
        Ok(admins)
    }

    async fn promise(
        &self,
        tenant: TenantId,
        post: &PostOffice,
        user: UserId,
        account: &Account,
    ) -> Result<(), PromiseError> {
        let at = self.accounts.clock.now();
        let (kind, to, epoch) = (MailKind::QuotaWarning, account.email.clone(), account.epoch);
        // Nobody wants to read tomorrow that today was nearly full.
        let expires_at = Day::of(at).plus(1).start();
        let promised = MailPromised { kind, user, to, epoch, at, expires_at };
        post.promise(tenant, self.accounts.new_mail_id()?, promised, &Cause::SYSTEM).await
    }
}

/// Does somebody want to be written to about something as grave as this?
fn wants_mail(account: &Account, level: Level) -> bool {
    let severity = match level {
        Level::Fine => AlertThreshold::Low,
        Level::Warning => AlertThreshold::Medium,
        Level::Critical => AlertThreshold::High,
        Level::Exceeded => AlertThreshold::Critical,
    };
    let place = |of: AlertThreshold| AlertThreshold::ALL.iter().position(|known| *known == of);
    let profile = &account.profile;
    profile.email && profile.email_alerts && place(profile.alert_threshold) <= place(severity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_can_be_read() {
        let read = [0, 7, 999, 1_000, 80_000, 1_000_000, u64::MAX].map(grouped);
        assert_eq!(read, ["0", "7", "999", "1,000", "80,000", "1,000,000", "18,446,744,073,709,551,615"]);
    }
}
