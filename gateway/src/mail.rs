//! Mails: what the platform writes to people, and the two ways on which it goes.
//!
//! Invariant: a link's secret exists only while its mail is written; nothing that somebody else chose stands in a header. It
//! does not decide who gets a mail, nor when it is tried again.

mod folder;
mod letter;
mod smtp;

use std::fmt;
use std::sync::Arc;

use antler_actors::accounts::Accounts;
use antler_actors::post::{Carrier, PostLimits, PostOffice, Undelivered};
use antler_actors::quotas::Limited;
use antler_config::{Mail, MailKind};
use antler_events::clock::{Clock, Timestamp};
use antler_events::event::audit::Deed;
use antler_events::event::described::Value;
use antler_events::event::mail::{MailKind as Kind, MailPromised};
use antler_events::files::RealFiles;
use antler_events::ids::{MailId, TenantId};
use antler_events::log::BoxFuture;
use antler_projections::views::audit::{AuditEntry, AuditFilter};
use antler_projections::views::control::ControlViews;
use antler_projections::views::port::ViewError;
use antler_projections::views::usage::Day;

use self::folder::Folder;
use self::letter::Letter;
use self::smtp::Smtp;
use crate::credentials::mail_secrets::MailSecrets;

/// A way to somebody's mailbox.
trait Transport: Send + Sync + fmt::Debug {
    /// `message` is whole, with its headers.
    fn hand_over<'a>(
        &'a self,
        id: MailId,
        to: &'a str,
        message: &'a str,
    ) -> BoxFuture<'a, Result<(), Undelivered>>;
}

/// Why mails cannot be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("the folder of mail.folder cannot be used")]
    Folder(#[source] std::io::Error),
    #[error("the file of mail.authorities cannot be read")]
    Authorities(#[source] std::io::Error),
    #[error("the mail server's address or authorities cannot be used")]
    Smtp(#[source] lettre::transport::smtp::Error),
}

/// The post office of these settings; none if no mail is to be sent. `site` is what all links begin with.
pub fn office(
    settings: &Mail,
    accounts: &Accounts,
    secrets: &MailSecrets,
    site: &str,
) -> Result<Option<PostOffice>, MailError> {
    let transport: Box<dyn Transport> = match settings.kind {
        MailKind::None => return Ok(None),
        MailKind::Files => Box::new(Folder::open(Arc::new(RealFiles), &settings.folder)?),
        MailKind::Smtp => Box::new(Smtp::new(settings)?),
    };
    let (views, clock) = (accounts.views.clone(), Arc::clone(&accounts.clock));
    let (secrets, site, from) = (secrets.clone(), site.to_owned(), settings.from.clone());
    let carrier = MailCarrier { views, clock, secrets, site, from, transport };
    let limits = PostLimits {
        waiting_max: settings.waiting_max as usize,
        waiting_per_tenant_max: settings.waiting_per_tenant_max as usize,
    };
    Ok(Some(PostOffice::start(accounts.clone(), Arc::new(carrier), limits)))
}

/// Writes mails and hands them over.
#[derive(Debug)]
struct MailCarrier {
    views: ControlViews,
    clock: Arc<dyn Clock>,
    secrets: MailSecrets,
    /// What all links begin with.
    site: String,
    from: String,
    transport: Box<dyn Transport>,
}

impl MailCarrier {
    /// What is to be said, or why it need not be any more.
    async fn letter(
        &self,
        tenant: TenantId,
        id: MailId,
        mail: &MailPromised,
    ) -> Result<Result<Letter, &'static str>, ViewError> {
        let secret = self.secrets.of(tenant, id);
        let found = self.views.tenant(tenant).await?.and_then(|kept| kept.state);
        let Some(found) = found else { return Ok(Err("the tenant is gone")) };
        if mail.kind == Kind::Invitation {
            let open = found.members.get(&mail.user).and_then(|member| member.invitation.as_ref());
            let is_it = open.is_some_and(|invitation| invitation.secret == secret.hash());
            let token = secret.invitation_token(tenant, mail.user);
            let written = is_it.then(|| Letter::invitation(&self.site, &found.name, &token, mail.expires_at));
            return Ok(written.ok_or("the invitation was withdrawn, replaced or accepted"));
        }
        let account = self.views.account(tenant, mail.user).await?.and_then(|kept| kept.state);
        let is_its = |account: &antler_events::event::member::Account| {
            !account.closed && account.email == mail.to && account.epoch >= mail.epoch
        };
        let Some(account) = account.filter(is_its) else { return Ok(Err("the account is gone")) };
        let token = secret.mail_token(tenant, id);
        Ok(match mail.kind {
            Kind::Verification if account.email_verified => Err("the address is verified already"),
            Kind::PasswordReset if account.epoch != mail.epoch => Err("the password has been changed"),
            Kind::QuotaWarning => {
                let steps = self.steps_of_day(tenant, mail.at).await?;
                Ok(Letter::quota_warning(&self.site, &found.name, &steps))
            }
            Kind::PasswordReset => {
                Ok(Letter::password_reset(&self.site, &account.username, &token, mail.expires_at))
            }
            _ => Ok(Letter::verification(&self.site, &account.username, &token, mail.expires_at)),
        })
    }
}

impl MailCarrier {
    /// How much of which limits was used, as the tenant was told on the day.
    async fn steps_of_day(&self, tenant: TenantId, at: Timestamp) -> Result<Vec<(Limited, u64)>, ViewError> {
        let day = Day::of(at);
        let filter = AuditFilter {
            from: Some(day.start()),
            to: Some(day.plus(1).start()),
            action: Some(Deed::QuotaWarned.as_str().to_owned()),
            ..AuditFilter::default()
        };
        let told = self.views.audit().page(tenant, &filter, None, STEPS_OF_DAY).await?;
        let step = |entry: &AuditEntry| {
            let percent = entry.after.iter().find_map(|(_, value)| match value {
                Value::Whole(percent) => Some(*percent),
                _ => None,
            });
            Limited::named(&entry.object).zip(percent)
        };
        let mut steps: Vec<(Limited, u64)> = Vec::new();
        // The newest first, which is the highest of its limit.
        for (limited, percent) in told.entries.iter().filter_map(step) {
            if steps.iter().all(|(known, _)| *known != limited) {
                steps.push((limited, percent));
            }
        }
        Ok(steps)
    }
}

/// Three of each of four limits.
const STEPS_OF_DAY: usize = 12;

impl Carrier for MailCarrier {
    fn carry<'a>(
        &'a self,
        tenant: TenantId,
        id: MailId,
        mail: &'a MailPromised,
    ) -> BoxFuture<'a, Result<(), Undelivered>> {
        Box::pin(async move {
            let letter = self.letter(tenant, id, mail).await;
            let letter = letter.map_err(|error| Undelivered::Later { reason: error.to_string() })?;
            let letter = letter.map_err(|reason| Undelivered::Never { reason: reason.to_owned() })?;
            let message = letter.message(&self.from, &mail.to, id, self.clock.now());
            self.transport.hand_over(id, mail.to.as_str(), &message).await
        })
    }
}
