//! Registration: names are claimed first, then tenant, membership and account come to be in one append.
//!
//! Invariant: of two registrations with one name, one wins. If the program dies between the two appends, the names are
//! free again after a minute, because the claim's account never came. It does not log the person in.

use antler_events::event::member::{self, MemberCommand};
use antler_events::event::name::{self, Holder, NameCommand, NameRejection};
use antler_events::event::tenant::{self, TenantCommand};
use antler_events::event::{Cause, ControlEvent};
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
}

/// A tenant and its first member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    pub tenant: TenantId,
    pub user: UserId,
}

impl Accounts {
    /// Founds a tenant with its administrator. The cause may have no actor yet: the system acts.
    pub async fn register(
        &self,
        registration: Registration,
        cause: &Cause,
    ) -> Result<Registered, AccountError> {
        let tenant = TenantId::parse(&self.draw()?)?;
        let user = UserId::parse(&self.draw()?)?;
        let holder = Holder { tenant, user };
        let username = (name::username_key(&registration.username), AccountError::UsernameTaken);
        let email = (name::email_key(&registration.email), AccountError::EmailTaken);
        self.claim(holder, [username, email], cause).await?;
        self.found(tenant, user, registration, cause).await?;
        Ok(Registered { tenant, user })
    }

    /// Claims all the names together, or none.
    async fn claim(
        &self,
        holder: Holder,
        names: [(NameKey, AccountError); 2],
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let registry = name::registry();
        let mut taken = None;
        for _ in 0..ATTEMPTS_MAX {
            let mut append = Append::default();
            for (at, (key, _)) in names.iter().enumerate() {
                let (state, last) = self.state::<Names>(registry, *key).await?;
                let without_account = match &state {
                    Some(claim) => self.without_account(claim.holder.tenant, claim.holder).await?,
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
                let [username, email] = names.map(|(_, error)| error);
                return Err(if at == 0 { username } else { email });
            }
            if append.events.is_empty() || self.append(self.placement.home(registry), append).await? {
                return Ok(());
            }
        }
        Err(AccountError::Contended)
    }

    /// The holder of a name, if it has no account.
    async fn without_account(
        &self,
        tenant: TenantId,
        holder: Holder,
    ) -> Result<Option<Holder>, AccountError> {
        let (account, _) = self.state::<Members>(tenant, holder.user).await?;
        Ok(account.is_none().then_some(holder))
    }

    async fn found(
        &self,
        tenant: TenantId,
        user: UserId,
        registration: Registration,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let Registration { username, email, password, organization } = registration;
        let register = TenantCommand::Register {
            name: organization,
            founder: user,
            email: email.clone(),
            limits: self.limits,
        };
        let open = MemberCommand::OpenAccount { username, email, password };
        let founding = tenant::decide(&None, register)?.into_iter().map(ControlEvent::Tenant);
        let opening = member::decide(&None, open)?.into_iter().map(|event| ControlEvent::Member(user, event));
        let events = self.record(tenant, cause, founding.chain(opening))?;
        let expected = [Aggregate::Tenant, Aggregate::Member(user)].map(|aggregate| Expected {
            subject: Subject::control(tenant, aggregate),
            last: antler_events::ids::Offset::ZERO,
        });
        let append = Append { events, expected: expected.into() };
        match self.append(self.placement.home(tenant), append).await? {
            true => Ok(()),
            // The ids are drawn, so nobody else has them.
            false => Err(AccountError::Contended),
        }
    }
}
