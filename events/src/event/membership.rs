//! The steps that change a tenant and an account at once: register, join, leave.
//!
//! Invariant: both sides agree, or nothing happens, so the events of one step go into one append that
//! expects the last event of both subjects. An account has the e-mail address that was invited.
//! It holds no rules of its own beyond that: the aggregates decide.

use crate::clock::Timestamp;
use crate::identity::{DisplayName, Email, PasswordHash, SecretHash, Username};
use crate::ids::UserId;

use super::ControlEvent;
use super::member::{self, MemberCommand, MemberRejection, MemberState, Profile};
use super::tenant::{self, TenantCommand, TenantLimits, TenantRejection, TenantState};

/// A person founds a tenant and becomes its administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    pub organization: DisplayName,
    pub limits: TenantLimits,
    pub user: UserId,
    pub username: Username,
    pub email: Email,
    pub password: PasswordHash,
    pub profile: Profile,
}

/// An invited person joins a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    pub user: UserId,
    pub username: Username,
    pub password: PasswordHash,
    pub profile: Profile,
    /// Of the invitation.
    pub secret: SecretHash,
    pub now: Timestamp,
}

/// Which side refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MembershipRejection {
    #[error(transparent)]
    Tenant(#[from] TenantRejection),
    #[error(transparent)]
    Member(#[from] MemberRejection),
}

type Decision = Result<Vec<ControlEvent>, MembershipRejection>;

pub fn register(tenant: &TenantState, member: &MemberState, command: Register) -> Decision {
    let Register { organization, limits, user, username, email, password, profile } = command;
    let found = TenantCommand::Register { name: organization, founder: user, email: email.clone(), limits };
    let open = MemberCommand::OpenAccount { username, email, password, profile };
    both(user, tenant::decide(tenant, found)?, member::decide(member, open)?)
}

pub fn join(tenant: &TenantState, member: &MemberState, command: Join) -> Decision {
    let Join { user, username, password, profile, secret, now } = command;
    let accepted = tenant::decide(tenant, TenantCommand::AcceptInvitation { user, secret, now })?;
    let invited = tenant.as_ref().and_then(|tenant| tenant.members.get(&user));
    let email = invited.ok_or(TenantRejection::NotInvited { user })?.email.clone();
    let open = MemberCommand::OpenAccount { username, email, password, profile };
    both(user, accepted, member::decide(member, open)?)
}

/// Ends a membership and all logins, or withdraws an invitation, which has no account yet. Who comes back
/// later is invited under a new id, because a closed account stays closed.
pub fn leave(tenant: &TenantState, member: &MemberState, user: UserId) -> Decision {
    let removed = tenant::decide(tenant, TenantCommand::RemoveMember { user })?;
    let closed = match member {
        Some(_) => member::decide(member, MemberCommand::CloseAccount)?,
        None => vec![],
    };
    both(user, removed, closed)
}

fn both(user: UserId, tenant: Vec<tenant::TenantEvent>, member: Vec<member::MemberEvent>) -> Decision {
    let tenant = tenant.into_iter().map(ControlEvent::Tenant);
    let member = member.into_iter().map(|event| ControlEvent::Member(user, event));
    Ok(tenant.chain(member).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;
    use crate::event::samples::{LATER, NOW, SECRET, email, name, password, user, username};

    const LIMITS: TenantLimits = TenantLimits {
        lines_per_day: 1_000,
        bytes_per_day: 1_000_000,
        retention_days: 7,
        seats: 5,
        calls_per_hour: 1_000,
        streams_max: 100,
    };

    /// A tenant and the account of `member`.
    #[derive(Default)]
    struct World {
        tenant: TenantState,
        member: MemberState,
    }

    impl World {
        fn founded() -> Self {
            let mut world = Self::default();
            world.take(register(&None, &None, registration("admin")).unwrap());
            world
        }

        fn with_member_invited() -> Self {
            let mut world = Self::founded();
            let invite = TenantCommand::InviteMember {
                user: user("member"),
                email: email("member@acme.example"),
                role: Role::Analyst,
                secret: SECRET,
                expires_at: LATER,
            };
            let invited = tenant::decide(&world.tenant, invite).unwrap();
            world.take(both(user("member"), invited, vec![]).unwrap());
            world
        }

        fn take(&mut self, events: Vec<ControlEvent>) {
            for event in events {
                match event {
                    ControlEvent::Tenant(event) => tenant::evolve(&mut self.tenant, &event),
                    ControlEvent::Member(id, event) if id == user("member") => {
                        member::evolve(&mut self.member, &event);
                    }
                    _ => {}
                }
            }
        }

        fn role_of_member(&self) -> Option<Role> {
            self.tenant.as_ref().unwrap().role_of(user("member"))
        }
    }

    fn registration(id: &str) -> Register {
        Register {
            organization: name("Acme"),
            limits: LIMITS,
            user: user(id),
            username: username(id),
            email: email(&format!("{id}@acme.example")),
            password: password("c2FsdA"),
            profile: Profile::default(),
        }
    }

    fn joining() -> Join {
        Join {
            user: user("member"),
            username: username("member"),
            password: password("c2FsdA"),
            profile: Profile::default(),
            secret: SECRET,
            now: NOW,
        }
    }

    #[test]
    fn a_registration_founds_a_tenant_and_opens_an_account() {
        let mut world = World::default();
        world.take(register(&None, &None, registration("member")).unwrap());
        assert_eq!(world.role_of_member(), Some(Role::Admin));
        assert_eq!(world.member.unwrap().email, email("member@acme.example"));
    }

    #[test]
    fn a_registration_that_one_side_refuses_changes_neither() {
        let world = World::founded();
        let again = register(&world.tenant, &None, registration("member"));
        assert_eq!(again, Err(TenantRejection::AlreadyRegistered.into()));
        let mut other = World::default();
        other.take(register(&None, &None, registration("member")).unwrap());
        let again = register(&None, &other.member, registration("member"));
        assert_eq!(again, Err(MemberRejection::AlreadyOpened.into()));
    }

    #[test]
    fn an_invited_person_joins_with_the_invited_address_and_role() {
        let mut world = World::with_member_invited();
        assert_eq!(world.role_of_member(), None);
        world.take(join(&world.tenant, &world.member, joining()).unwrap());
        assert_eq!(world.role_of_member(), Some(Role::Analyst));
        assert_eq!(world.member.unwrap().email, email("member@acme.example"));
    }

    #[test]
    fn nobody_joins_without_an_invitation() {
        let world = World::founded();
        let refused = join(&world.tenant, &world.member, joining());
        assert_eq!(refused, Err(TenantRejection::NotInvited { user: user("member") }.into()));
    }

    #[test]
    fn a_member_who_leaves_has_no_role_and_no_login() {
        let mut world = World::with_member_invited();
        world.take(join(&world.tenant, &world.member, joining()).unwrap());
        world.take(leave(&world.tenant, &world.member, user("member")).unwrap());
        assert_eq!(world.role_of_member(), None);
        assert!(world.member.as_ref().unwrap().closed && !world.member.unwrap().honours(0));
    }

    #[test]
    fn an_invitation_is_withdrawn_without_an_account() {
        let mut world = World::with_member_invited();
        world.take(leave(&world.tenant, &world.member, user("member")).unwrap());
        assert_eq!(world.member, None);
        let refused = join(&world.tenant, &world.member, joining());
        assert_eq!(refused, Err(TenantRejection::NotInvited { user: user("member") }.into()));
    }
}
