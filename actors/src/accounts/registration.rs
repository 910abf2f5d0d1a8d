//! Registration: names are claimed first, then tenant, membership and account come to be in one append.
//!
//! Invariant: of two registrations with one name, one wins. If the program dies between the two appends, the names are
//! free again after a minute, because the claim's account never came. It does not log the person in.

use antler_events::event::member::{Account, Profile};
use antler_events::event::membership::{self, Register};
use antler_events::event::name::{self, Holder, NameCommand, NameRejection};
use antler_events::event::{Actor, Cause, ControlEvent};
use antler_events::identity::{DisplayName, Email, PasswordHash, Username};
use antler_events::ids::{NameKey, TenantId, UserId};
use antler_events::log::{Append, Expected};
use antler_events::subject::{Aggregate, Subject};

use super::aggregate::{Members, Names};
use super::{ATTEMPTS_MAX, AccountError, Accounts};

/// Who wants to have a tenant.
#[derive(Debug, Clone)]
pub struct Registration {
    pub username: Username,
    pub email: Email,
    pub password: PasswordHash,
    /// What the tenant is called.
    pub organization: DisplayName,
    pub profile: Profile,
}

/// A tenant and its first member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    pub tenant: TenantId,
    pub user: UserId,
}

impl Accounts {
    /// Founds a tenant with its administrator. A visitor who does it becomes the administrator.
    pub async fn register(
        &self,
        registration: Registration,
        cause: &Cause,
    ) -> Result<Registered, AccountError> {
        let tenant = TenantId::parse(&self.draw()?)?;
        let user = UserId::parse(&self.draw()?)?;
        let Registration { username, email, password, organization, profile } = registration;
        let cause = &cause.of(Actor::User(user));
        self.claim(Holder { tenant, user }, &username, &email, cause).await?;
        let limits = self.limits;
        let register = Register { organization, limits, user, username, email, password, profile };
        let decide = |tenant: &_, member: &_| membership::register(tenant, member, register.clone());
        self.execute_both(tenant, user, cause, decide).await?;
        Ok(Registered { tenant, user })
    }

    /// Claims both names together, or none.
    pub(super) async fn claim(
        &self,
        holder: Holder,
        username: &Username,
        email: &Email,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let registry = name::registry();
        let names = [name::username_key(username), name::email_key(email)];
        let mut taken = None;
        for _ in 0..ATTEMPTS_MAX {
            let mut append = Append::default();
            for (at, key) in names.iter().enumerate() {
                let (state, last) = self.state::<Names>(registry, *key).await?;
                let without_account = match &state {
                    Some(claim) => self.without_account(claim.holder.tenant, claim.holder, *key).await?,
                    None => None,
                };
                let command = NameCommand::Claim { holder, without_account, now: self.clock.now() };
                match name::decide(&state, command) {
                    Ok(events) => {
                        let events = events.into_iter().map(|event| ControlEvent::Name(*key, event));
                        append.events.extend(self.record(registry, cause, events)?);
                        let subject = Subject::control(registry, Aggregate::Name(*key));
                        append.expected.push(Expected { subject, last });
                    }
                    Err(NameRejection::Taken | NameRejection::NotHolder) => {
                        taken.get_or_insert(at);
                    }
                }
            }
            if let Some(at) = taken {
                return Err(if at == 0 { AccountError::UsernameTaken } else { AccountError::EmailTaken });
            }
            if append.events.is_empty() || self.append(self.placement.home(registry), append).await? {
                return Ok(());
            }
        }
        Err(AccountError::Contended)
    }

    /// The holder of a name, if nobody logs in with it: the account never came, was closed, or came with other names.
    async fn without_account(
        &self,
        tenant: TenantId,
        holder: Holder,
        key: NameKey,
    ) -> Result<Option<Holder>, AccountError> {
        let (account, _) = self.state::<Members>(tenant, holder.user).await?;
        let is_its = |account: &Account| {
            [name::username_key(&account.username), name::email_key(&account.email)].contains(&key)
        };
        let is_used = account.is_some_and(|account| !account.closed && is_its(&account));
        Ok((!is_used).then_some(holder))
    }
}
