//! Members of a tenant: inviting, joining, changing a role, leaving; and the tenant's name.
//!
//! Invariant: who joins has claimed its names before, as in a registration; who leaves has no login from then on, and its
//! names are free after a while. It sees no secret of an invitation, only its hash.

use antler_events::access::Role;
use antler_events::clock::Timestamp;
use antler_events::event::Cause;
use antler_events::event::member::{self, Account, MemberCommand, Profile};
use antler_events::event::membership::{self, Join};
use antler_events::event::name::{self, Holder, NameCommand, NameRejection};
use antler_events::event::tenant::{self, TenantCommand, TenantEvent, TenantRejection, TenantState};
use antler_events::identity::{DisplayName, Email, PasswordHash, SecretHash, Username};
use antler_events::ids::{TenantId, UserId};

use super::aggregate::{Members, Names, Tenants};
use super::{AccountError, Accounts};

/// Who is invited.
#[derive(Debug, Clone)]
pub struct Invitee {
    pub email: Email,
    pub role: Role,
    /// Of the invitation, and until when it is good.
    pub secret: SecretHash,
    pub expires_at: Timestamp,
}

/// An open invitation, as the one who has it may see it.
#[derive(Debug, Clone)]
pub struct Invited {
    pub email: Email,
    pub role: Role,
    /// What the tenant is called.
    pub organization: DisplayName,
}

/// Who accepts an invitation.
#[derive(Debug, Clone)]
pub struct Joining {
    pub user: UserId,
    /// Of the invitation.
    pub secret: SecretHash,
    pub username: Username,
    pub password: PasswordHash,
    pub profile: Profile,
}

impl Accounts {
    /// Answers the id that the person will have. An address that has an open invitation gets a new one in its place.
    pub async fn invite(
        &self,
        tenant: TenantId,
        invitee: Invitee,
        cause: &Cause,
    ) -> Result<UserId, AccountError> {
        let drawn = UserId::parse(&self.draw()?)?;
        let decide = |state: &TenantState| {
            let Invitee { email, role, secret, expires_at } = invitee.clone();
            let user = state.as_ref().and_then(|tenant| tenant.invited(&email)).unwrap_or(drawn);
            tenant::decide(state, TenantCommand::InviteMember { user, email, role, secret, expires_at })
        };
        let events = self.execute::<Tenants>(tenant, (), cause, decide).await?;
        let user = events.iter().find_map(|event| match event {
            TenantEvent::MemberInvited(invited) => Some(invited.user),
            _ => None,
        });
        // Without an event, the very same invitation was there: its secret was not drawn anew.
        user.ok_or(AccountError::Contended)
    }

    /// The invitation that a secret opens now.
    pub async fn invitation(
        &self,
        tenant: TenantId,
        user: UserId,
        secret: SecretHash,
    ) -> Result<Invited, AccountError> {
        let (state, _) = self.state::<Tenants>(tenant, ()).await?;
        tenant::decide(&state, TenantCommand::AcceptInvitation { user, secret, now: self.clock.now() })?;
        let tenant = state.ok_or(TenantRejection::NotRegistered)?;
        let member = tenant.members.get(&user).ok_or(TenantRejection::NotInvited { user })?;
        Ok(Invited { email: member.email.clone(), role: member.role, organization: tenant.name })
    }

    /// If the program dies between the two appends, the names are held for the one who was invited, who tries again.
    pub async fn join(&self, tenant: TenantId, joining: Joining, cause: &Cause) -> Result<(), AccountError> {
        let Joining { user, secret, username, password, profile } = joining;
        let invited = self.invitation(tenant, user, secret).await?;
        self.claim(Holder { tenant, user }, &username, &invited.email, cause).await?;
        let now = self.clock.now();
        let join = Join { user, username, password, profile, secret, now };
        let decide = |tenant: &_, member: &_| membership::join(tenant, member, join.clone());
        self.execute_both(tenant, user, cause, decide).await
    }

    pub async fn withdraw_invitation(
        &self,
        tenant: TenantId,
        user: UserId,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let decide = |tenant: &TenantState, member: &_| match role_of(tenant, user) {
            Some(_) => Err(TenantRejection::AlreadyMember { user }.into()),
            None => membership::leave(tenant, member, user),
        };
        self.execute_both(tenant, user, cause, decide).await
    }

    /// The member's logins end at once, and its keys stop counting.
    pub async fn remove_member(
        &self,
        tenant: TenantId,
        user: UserId,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let decide = |tenant: &TenantState, member: &_| match role_of(tenant, user) {
            Some(_) => membership::leave(tenant, member, user),
            None => Err(TenantRejection::NotMember { user }.into()),
        };
        self.execute_both(tenant, user, cause, decide).await
    }

    pub async fn change_role(
        &self,
        tenant: TenantId,
        user: UserId,
        role: Role,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let decide = |state: &_| tenant::decide(state, TenantCommand::ChangeRole { user, role });
        self.execute::<Tenants>(tenant, (), cause, decide).await?;
        Ok(())
    }

    /// Closes the accounts of all members of a tenant that ends; their names are free for others at once.
    pub async fn close_accounts(&self, tenant: TenantId, cause: &Cause) -> Result<(), AccountError> {
        let (state, _) = self.state::<Tenants>(tenant, ()).await?;
        let members = state.map(|tenant| tenant.members).unwrap_or_default();
        for user in members.into_keys() {
            let (account, _) = self.state::<Members>(tenant, user).await?;
            let Some(Account { username, email, .. }) = account else { continue };
            let close = |state: &_| member::decide(state, MemberCommand::CloseAccount);
            self.execute::<Members>(tenant, user, cause, close).await?;
            let holder = Holder { tenant, user };
            for key in [name::username_key(&username), name::email_key(&email)] {
                let release = |state: &_| match name::decide(state, NameCommand::Release { holder }) {
                    // Somebody else has it by now.
                    Err(NameRejection::NotHolder) => Ok(vec![]),
                    decided => decided,
                };
                self.execute::<Names>(name::registry(), key, cause, release).await?;
            }
        }
        Ok(())
    }

    /// Changes a tenant itself: its name, limits or standing.
    pub async fn change_tenant(
        &self,
        tenant: TenantId,
        command: TenantCommand,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let decide = |state: &_| tenant::decide(state, command.clone());
        self.execute::<Tenants>(tenant, (), cause, decide).await?;
        Ok(())
    }
}

fn role_of(tenant: &TenantState, user: UserId) -> Option<Role> {
    tenant.as_ref().and_then(|tenant| tenant.role_of(user))
}
