//! The post office: promises mails, and sends those that were promised, one after another.
//!
//! What waits to be sent is in the log and its view, not in memory: a crash loses no mail, at worst one is sent twice.
//! Invariant: a promise is answered when it is on stable storage; so many mails wait, of all tenants and of one, and no
//! more; a mail is tried until it is sent, refused for good, or its link has expired. It knows neither texts nor servers:
//! the carrier does.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use antler_config::limits::AccountLimits;
use antler_events::event::Cause;
use antler_events::event::mail::{Mail, MailCommand, MailGivenUp, MailPromised, MailStage};
use antler_events::identity::DisplayName;
use antler_events::ids::{MailId, TenantId};
use antler_events::log::BoxFuture;
use tokio::sync::{Notify, watch};

use crate::accounts::{AccountError, Accounts};
use crate::background::Background;

/// Pauses before a mail, or a server that cannot be reached, is tried again: twice as long each time.
const PAUSE_MIN: Duration = Duration::from_secs(10);
const PAUSE_MAX: Duration = Duration::from_secs(1_800);
/// Without news, it is looked so often whether something waits.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How long a stop waits for the mail that is being sent.
const STOP_MAX: Duration = Duration::from_secs(2);

/// Whoever brings a mail to its address.
pub trait Carrier: Send + Sync + fmt::Debug {
    fn carry<'a>(
        &'a self,
        tenant: TenantId,
        id: MailId,
        mail: &'a MailPromised,
    ) -> BoxFuture<'a, Result<(), Undelivered>>;
}

/// Why a mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// No mail would be.
    #[error("the mail server cannot be used: {reason}")]
    Down { reason: String },
    #[error("the mail was not taken this time: {reason}")]
    Later { reason: String },
    #[error("the mail is refused for good: {reason}")]
    Never { reason: String },
}

/// Why a mail was not promised.
#[derive(Debug, thiserror::Error)]
pub enum PromiseError {
    #[error("{waiting} mails wait to be sent already; try again later")]
    TooMany { waiting: usize },
    #[error(transparent)]
    Account(#[from] AccountError),
}

/// How many mails may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostLimits {
    pub waiting_max: usize,
    pub waiting_per_tenant_max: usize,
}

/// What became of mails since the start.
#[derive(Debug, Default)]
pub struct PostFigures {
    pub sent: AtomicU64,
    /// Attempts that did not succeed.
    pub failed: AtomicU64,
    pub given_up: AtomicU64,
    pub waiting: AtomicU64,
    /// Why no mail can be sent at the moment.
    down: Mutex<Option<String>>,
}

/// The post office.
#[derive(Debug, Clone)]
pub struct PostOffice {
    inside: Arc<Inside>,
    running: Arc<Background>,
}

#[derive(Debug)]
struct Inside {
    accounts: Accounts,
    carrier: Arc<dyn Carrier>,
    limits: PostLimits,
    figures: PostFigures,
    news: Notify,
}

/// When what is tried again. Kept in memory only: after a start everything is tried at once.
#[derive(Debug, Default)]
struct Attempts {
    of_mails: BTreeMap<(TenantId, MailId), Attempt>,
    of_server: Attempt,
}

#[derive(Debug, Clone, Copy, Default)]
struct Attempt {
    failures: u32,
    next: Duration,
}

impl PostOffice {
    /// Begins with what was promised before.
    pub fn start(accounts: Accounts, carrier: Arc<dyn Carrier>, limits: PostLimits) -> Self {
        let inside = Arc::new(Inside {
            accounts,
            carrier,
            limits,
            figures: PostFigures::default(),
            news: Notify::new(),
        });
        let running = Background::start(|stopped| Arc::clone(&inside).run(stopped));
        Self { inside, running: Arc::new(running) }
    }

    /// Promises a mail; it will be sent whatever stops the program meanwhile.
    pub async fn promise(
        &self,
        tenant: TenantId,
        id: MailId,
        promised: MailPromised,
        cause: &Cause,
    ) -> Result<(), PromiseError> {
        let (views, limits) = (&self.inside.accounts.views, &self.inside.limits);
        for (of, max) in [(Some(tenant), limits.waiting_per_tenant_max), (None, limits.waiting_max)] {
            let waiting = views.waiting_mails(of, max).await.map_err(AccountError::from)?.len();
            if waiting >= max {
                return Err(PromiseError::TooMany { waiting });
            }
        }
        self.inside.accounts.command_mail(tenant, id, MailCommand::Promise(promised), cause).await?;
        self.inside.news.notify_one();
        Ok(())
    }

    pub fn figures(&self) -> &PostFigures {
        &self.inside.figures
    }

    /// Waits a moment for the mail that is being sent; the others are sent after the next start.
    pub async fn stop(&self) {
        if !self.running.stop(STOP_MAX).await {
            tracing::warn!("a mail is cut off while it is being sent, and sent again after the next start");
        }
    }
}

impl PostFigures {
    /// Why no mail can be sent at the moment.
    pub fn down(&self) -> Option<String> {
        self.down.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_down(&self, reason: Option<String>) {
        *self.down.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }
}

impl Inside {
    async fn run(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        let mut attempts = Attempts::default();
        while !*stopped.borrow() {
            let rest = self.round(&mut attempts, &stopped).await;
            tokio::select! {
                biased;
                _ = stopped.changed() => {}
                () = self.news.notified() => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
    }

    /// Sends what is due; answers after which time there is something to do again.
    async fn round(&self, attempts: &mut Attempts, stopped: &watch::Receiver<bool>) -> Duration {
        let waiting = match self.accounts.views.waiting_mails(None, self.limits.waiting_max).await {
            Ok(waiting) => waiting,
            Err(error) => {
                tracing::error!(%error, "the mails that wait cannot be read; tried again soon");
                return PAUSE_MIN;
            }
        };
        self.figures.waiting.store(waiting.len() as u64, Ordering::Relaxed);
        attempts.of_mails.retain(|mail, _| waiting.contains(mail));
        for (tenant, id) in waiting {
            let due = attempts.of_mails.get(&(tenant, id)).copied().unwrap_or_default();
            let now = self.accounts.clock.elapsed();
            if *stopped.borrow() || now < attempts.of_server.next {
                break;
            }
            if now >= due.next
                && let Err(error) = self.send(tenant, id, attempts).await
            {
                tracing::error!(%tenant, %error, "what became of a mail cannot be noted; tried again");
                attempts.of_mails.insert((tenant, id), due.failed(now));
            }
        }
        attempts.rest(self.accounts.clock.elapsed())
    }

    async fn send(&self, tenant: TenantId, id: MailId, attempts: &mut Attempts) -> Result<(), AccountError> {
        let found = self.accounts.views.mail(tenant, id).await?.and_then(|kept| kept.state);
        let Some(Mail { promised, stage: MailStage::Waiting }) = found else { return Ok(()) };
        let carried = match promised.is_open(self.accounts.clock.now()) {
            true => self.carrier.carry(tenant, id, &promised).await,
            false => Err(Undelivered::Never { reason: "its link has expired".to_owned() }),
        };
        let now = self.accounts.clock.elapsed();
        if !matches!(carried, Err(Undelivered::Down { .. })) {
            attempts.of_server = Attempt::default();
            self.figures.set_down(None);
        }
        let command = match carried {
            Ok(()) => {
                self.figures.sent.fetch_add(1, Ordering::Relaxed);
                MailCommand::NoteSent
            }
            Err(Undelivered::Never { reason }) => {
                tracing::warn!(%tenant, mail = %id, reason, "a mail is given up");
                self.figures.given_up.fetch_add(1, Ordering::Relaxed);
                MailCommand::GiveUp(MailGivenUp { reason: shown(&reason) })
            }
            Err(later) => {
                self.figures.failed.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(%tenant, mail = %id, error = %later, "a mail is sent later");
                attempts.note(&later, (tenant, id), now);
                if let Undelivered::Down { reason } = later {
                    self.figures.set_down(Some(reason));
                }
                return Ok(());
            }
        };
        self.figures.waiting.fetch_sub(1, Ordering::Relaxed);
        self.accounts.command_mail(tenant, id, command, &Cause::SYSTEM).await
    }
}

/// What a server says may be long and of any characters.
fn shown(reason: &str) -> DisplayName {
    let plain: String = reason.chars().filter(|character| !character.is_control()).take(50).collect();
    let parsed = DisplayName::parse(&plain, &AccountLimits::default());
    parsed.unwrap_or_else(|_| {
        DisplayName::parse("no reason that can be shown", &AccountLimits::default())
            .expect("the text is short and plain")
    })
}

impl Attempt {
    fn failed(self, now: Duration) -> Self {
        let pause = PAUSE_MIN.saturating_mul(1 << self.failures.min(10)).min(PAUSE_MAX);
        Self { failures: self.failures.saturating_add(1), next: now + pause }
    }
}

impl Attempts {
    fn note(&mut self, why: &Undelivered, mail: (TenantId, MailId), now: Duration) {
        match why {
            Undelivered::Down { .. } => self.of_server = self.of_server.failed(now),
            Undelivered::Later { .. } | Undelivered::Never { .. } => {
                let attempt = self.of_mails.entry(mail).or_default();
                *attempt = attempt.failed(now);
            }
        }
    }

    fn rest(&self, now: Duration) -> Duration {
        let mails = self.of_mails.values().map(|attempt| attempt.next);
        let next = mails.min().map_or(self.of_server.next, |next| next.max(self.of_server.next));
        match next.saturating_sub(now) {
            Duration::ZERO => LOOK_EVERY,
            rest => rest.min(LOOK_EVERY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_have_an_end() {
        let mut attempt = Attempt::default();
        let mut pauses = Vec::new();
        for _ in 0..12 {
            attempt = attempt.failed(Duration::ZERO);
            pauses.push(attempt.next.as_secs());
        }
        assert_eq!(pauses[..4], [10, 20, 40, 80]);
        assert_eq!(pauses[11], 1_800);
    }

    #[test]
    fn a_server_that_is_down_keeps_all_mails_waiting_and_a_mail_only_itself() {
        let (tenant, id) = (TenantId::parse("a").unwrap(), MailId::parse("m").unwrap());
        let now = Duration::from_secs(100);
        let mut attempts = Attempts::default();
        assert_eq!(attempts.rest(now), LOOK_EVERY);
        attempts.note(&Undelivered::Later { reason: String::new() }, (tenant, id), now);
        assert_eq!((attempts.rest(now), attempts.of_server.next), (PAUSE_MIN, Duration::ZERO));
        attempts.note(&Undelivered::Down { reason: String::new() }, (tenant, id), now);
        attempts.note(&Undelivered::Down { reason: String::new() }, (tenant, id), now);
        assert_eq!(attempts.rest(now), 2 * PAUSE_MIN);
    }

    #[test]
    fn what_a_server_says_is_kept_in_one_short_line() {
        assert_eq!(shown("550 no\r\nsuch user").as_str(), "550 nosuch user");
        assert_eq!(shown(&"x".repeat(900)).as_str().len(), 50);
        assert_eq!(shown("\r\n").as_str(), "no reason that can be shown");
    }
}
