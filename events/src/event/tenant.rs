//! The tenant: its name, standing and limits, and who belongs to it in which role.
//!
//! The list of members is the tenant's and not each member's own, because its rules span members: there
//! is always an administrator, an address is invited once, seats are limited. On one subject these rules
//! hold under concurrency; on the members' subjects two administrators could demote each other at once.
//! What a member proves itself with, its name and password, is its own: see `member.rs`.
//! Invariants: a registered tenant has a joined administrator; a closed tenant stays as it is.
//! It does not ask whether the one who commands may do so: the gateway knows the caller's role.

use std::collections::BTreeMap;

use crate::access::{Role, StreamPattern};
use crate::clock::Timestamp;
use crate::identity::{DisplayName, Email, SecretHash};
use crate::ids::UserId;

mod erasure;
mod limits;
mod machine;
pub mod wire;

pub use erasure::Erasure;
pub use limits::TenantLimits;
pub use machine::{Machine, MachineCommand};
pub use wire::{
    ErasureBegunV1 as ErasureBegun, MachineAddedV1 as MachineAdded, MachineChangedV1 as MachineChanged,
    MachineRemovedV1 as MachineRemoved, MemberInvitedV1 as MemberInvited, MemberJoinedV1 as MemberJoined,
    MemberRemovedV1 as MemberRemoved, MemberRoleChangedV1 as MemberRoleChanged,
    StreamRetentionV1 as StreamRetention, TenantErasedV1 as TenantErased,
    TenantLimitsSetV4 as TenantLimitsSet, TenantRegisteredV1 as TenantRegistered,
    TenantRenamedV1 as TenantRenamed, TenantRetentionSetV1 as TenantRetention,
    TenantSuspendedV1 as TenantSuspended,
};

/// `None` until the tenant is registered.
pub type TenantState = Option<Tenant>;

/// A registered tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub name: DisplayName,
    pub standing: Standing,
    pub limits: TenantLimits,
    /// What the tenant itself has chosen.
    pub retention: TenantRetention,
    pub members: BTreeMap<UserId, Membership>,
    /// Programs that belong to it.
    pub machines: BTreeMap<UserId, Machine>,
    pub erasure: Option<Erasure>,
}

/// How the platform treats a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Active,
    /// Reads go on; lines and new members are refused with the reason.
    Suspended {
        reason: DisplayName,
    },
    Closed,
}

/// A place in the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub email: Email,
    pub role: Role,
    pub invitation: Option<Invitation>,
}

/// What an invited person shows to join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub secret: SecretHash,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenantCommand {
    Register {
        name: DisplayName,
        founder: UserId,
        email: Email,
        limits: TenantLimits,
    },
    Rename {
        name: DisplayName,
    },
    SetLimits {
        limits: TenantLimits,
    },
    /// Within the limits.
    SetRetention {
        retention: TenantRetention,
    },
    Suspend {
        reason: DisplayName,
    },
    Resume,
    Close,
    /// For a user who is invited already, this replaces the invitation.
    InviteMember {
        user: UserId,
        email: Email,
        role: Role,
        secret: SecretHash,
        expires_at: Timestamp,
    },
    AcceptInvitation {
        user: UserId,
        secret: SecretHash,
        now: Timestamp,
    },
    ChangeRole {
        user: UserId,
        role: Role,
    },
    /// Only the platform's operator sends this.
    GrantSuperadmin {
        user: UserId,
    },
    /// Ends a membership, or withdraws an invitation.
    RemoveMember {
        user: UserId,
    },
    Machine {
        user: UserId,
        command: MachineCommand,
    },
    /// Closes the tenant, too.
    BeginErasure(ErasureBegun),
    FinishErasure(TenantErased),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenantEvent {
    Registered(TenantRegistered),
    Renamed(TenantRenamed),
    LimitsSet(TenantLimitsSet),
    RetentionSet(TenantRetention),
    Suspended(TenantSuspended),
    Resumed,
    Closed,
    MemberInvited(MemberInvited),
    MemberJoined(MemberJoined),
    MemberRoleChanged(MemberRoleChanged),
    MemberRemoved(MemberRemoved),
    MachineAdded(MachineAdded),
    MachineChanged(MachineChanged),
    MachineRemoved(MachineRemoved),
    ErasureBegun(ErasureBegun),
    Erased(TenantErased),
}

/// Why a command is not obeyed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TenantRejection {
    #[error("the tenant does not exist")]
    NotRegistered,
    #[error("the tenant exists already")]
    AlreadyRegistered,
    #[error("the tenant is closed")]
    Closed,
    #[error("the tenant is not being erased")]
    NotErasing,
    #[error("the tenant is suspended: {reason}")]
    Suspended { reason: DisplayName },
    #[error("the limit {name} must be at least 1")]
    ZeroLimit { name: &'static str },
    #[error("lines can be kept from 1 to {most} days, not {days}; only the operator raises that limit")]
    RetentionBeyondLimit { days: u32, most: u32 },
    #[error("the stream {stream} stands there twice; the first would count")]
    StreamTwice { stream: String },
    #[error("user {user} is a member already")]
    AlreadyMember { user: UserId },
    #[error("{email} is a member or invited already")]
    EmailTaken { email: Email },
    #[error("all {seats} seats of the tenant are taken")]
    NoSeat { seats: u32 },
    #[error("user {user} is not a member of the tenant")]
    NotMember { user: UserId },
    #[error("user {user} has no open invitation")]
    NotInvited { user: UserId },
    #[error("the invitation has expired; ask for a new one")]
    InvitationExpired,
    #[error("the invitation has been replaced or is not for this user")]
    WrongInvitation,
    #[error("the role superadmin is granted by the operator of the platform only")]
    SuperadminReserved,
    #[error("this is the last administrator of the tenant; make another member admin first")]
    LastAdministrator,
    #[error("{user} is not a service account of the tenant")]
    NoMachine { user: UserId },
    #[error("a service account of the tenant is called {name} already")]
    MachineNameTaken { name: DisplayName },
    #[error("the tenant has {machines_max} service accounts already; remove those that nobody uses")]
    TooManyMachines { machines_max: usize },
}

type Decision = Result<Vec<TenantEvent>, TenantRejection>;

/// What happens on a command. A command that asks for what is so already is obeyed without an event.
pub fn decide(state: &TenantState, command: TenantCommand) -> Decision {
    match (state, command) {
        (None, TenantCommand::Register { name, founder, email, limits }) => {
            limits.check()?;
            let registered = TenantRegistered { name, founder, email };
            Ok(vec![TenantEvent::Registered(registered), TenantEvent::LimitsSet(limits.into())])
        }
        (None, _) => Err(TenantRejection::NotRegistered),
        (Some(tenant), command) => tenant.decide(command),
    }
}

/// Takes an event into the state. An event that does not fit changes nothing; `decide` makes none.
pub fn evolve(state: &mut TenantState, event: &TenantEvent) {
    match (state, event) {
        (state @ None, TenantEvent::Registered(registered)) => *state = Some(Tenant::founded(registered)),
        (Some(tenant), event) => tenant.evolve(event),
        (None, _) => {}
    }
}

impl Tenant {
    /// May lines come in?
    pub fn admit_lines(&self) -> Result<(), TenantRejection> {
        self.check_active()
    }

    /// How long lines are kept that are of no stream with a time of its own.
    pub fn days_kept(&self) -> u32 {
        let most = self.limits.retention_days;
        self.retention.days.map_or(most, |days| days.min(most))
    }

    /// How long lines of these streams are kept. Limits may have become tighter since they were chosen.
    pub fn streams_kept(&self) -> impl Iterator<Item = (&StreamPattern, u32)> {
        let most = self.limits.retention_days;
        self.retention.streams.iter().map(move |of| (&of.stream, of.days.min(most)))
    }

    /// The role of a member who has joined, or of a service account that is not disabled.
    pub fn role_of(&self, user: UserId) -> Option<Role> {
        let member = self.members.get(&user).filter(|member| member.has_joined());
        let machine = || self.machines.get(&user).filter(|machine| !machine.disabled);
        member.map(|member| member.role).or_else(|| machine().map(|machine| machine.role))
    }

    /// Who has an open invitation at this address.
    pub fn invited(&self, email: &Email) -> Option<UserId> {
        let mut invited = self.members.iter().filter(|(_, member)| !member.has_joined());
        invited.find(|(_, member)| member.email == *email).map(|(user, _)| *user)
    }

    fn founded(registered: &TenantRegistered) -> Self {
        let founder = Membership { email: registered.email.clone(), role: Role::Admin, invitation: None };
        Self {
            name: registered.name.clone(),
            standing: Standing::Active,
            limits: TenantLimits::NOTHING,
            retention: TenantRetention::default(),
            members: BTreeMap::from([(registered.founder, founder)]),
            machines: BTreeMap::new(),
            erasure: None,
        }
    }

    fn decide(&self, command: TenantCommand) -> Decision {
        let is_end = matches!(
            command,
            TenantCommand::Close | TenantCommand::BeginErasure(_) | TenantCommand::FinishErasure(_)
        );
        if self.standing == Standing::Closed && !is_end {
            return Err(TenantRejection::Closed);
        }
        match command {
            TenantCommand::Register { .. } => Err(TenantRejection::AlreadyRegistered),
            TenantCommand::Rename { name } if name == self.name => Ok(vec![]),
            TenantCommand::Rename { name } => Ok(vec![TenantEvent::Renamed(TenantRenamed { name })]),
            TenantCommand::SetLimits { limits } => self.decide_limits(limits),
            TenantCommand::SetRetention { retention } => self.decide_retention(retention),
            TenantCommand::Suspend { reason } => self.decide_suspension(reason),
            TenantCommand::Resume if self.standing == Standing::Active => Ok(vec![]),
            TenantCommand::Resume => Ok(vec![TenantEvent::Resumed]),
            TenantCommand::Close if self.standing == Standing::Closed => Ok(vec![]),
            TenantCommand::Close => Ok(vec![TenantEvent::Closed]),
            TenantCommand::InviteMember { user, email, role, secret, expires_at } => {
                self.decide_invitation(MemberInvited { user, email, role, secret, expires_at })
            }
            TenantCommand::AcceptInvitation { user, secret, now } => self.decide_joining(user, secret, now),
            TenantCommand::ChangeRole { role: Role::Superadmin, .. } => {
                Err(TenantRejection::SuperadminReserved)
            }
            TenantCommand::ChangeRole { user, role } => self.decide_role(user, role),
            TenantCommand::GrantSuperadmin { user } => self.decide_role(user, Role::Superadmin),
            TenantCommand::RemoveMember { user } => self.decide_removal(user),
            TenantCommand::Machine { user, command } => self.decide_machine(user, command),
            TenantCommand::BeginErasure(begun) => self.decide_erasure(begun),
            TenantCommand::FinishErasure(erased) => self.decide_end_of_erasure(erased),
        }
    }

    fn decide_limits(&self, limits: TenantLimits) -> Decision {
        limits.check()?;
        if limits == self.limits {
            return Ok(vec![]);
        }
        Ok(vec![TenantEvent::LimitsSet(limits.into())])
    }

    fn decide_retention(&self, retention: TenantRetention) -> Decision {
        let most = self.limits.retention_days;
        let all = retention.days.into_iter().chain(retention.streams.iter().map(|of| of.days));
        if let Some(days) = all.into_iter().find(|days| !(1..=most).contains(days)) {
            return Err(TenantRejection::RetentionBeyondLimit { days, most });
        }
        for (at, StreamRetention { stream, .. }) in retention.streams.iter().enumerate() {
            if retention.streams[..at].iter().any(|before| before.stream == *stream) {
                return Err(TenantRejection::StreamTwice { stream: stream.as_str().to_owned() });
            }
        }
        if retention == self.retention {
            return Ok(vec![]);
        }
        Ok(vec![TenantEvent::RetentionSet(retention)])
    }

    fn decide_suspension(&self, reason: DisplayName) -> Decision {
        let standing = Standing::Suspended { reason: reason.clone() };
        if standing == self.standing {
            return Ok(vec![]);
        }
        Ok(vec![TenantEvent::Suspended(TenantSuspended { reason })])
    }

    fn decide_invitation(&self, invited: MemberInvited) -> Decision {
        self.check_active()?;
        if invited.role == Role::Superadmin {
            return Err(TenantRejection::SuperadminReserved);
        }
        let known = self.members.get(&invited.user);
        if known.is_some_and(Membership::has_joined) {
            return Err(TenantRejection::AlreadyMember { user: invited.user });
        }
        let taken =
            |(user, member): (&UserId, &Membership)| *user != invited.user && member.email == invited.email;
        if self.members.iter().any(taken) {
            return Err(TenantRejection::EmailTaken { email: invited.email });
        }
        if known == Some(&Membership::invited(&invited)) {
            return Ok(vec![]);
        }
        if known.is_none() && self.members.len() >= self.limits.seats as usize {
            return Err(TenantRejection::NoSeat { seats: self.limits.seats });
        }
        Ok(vec![TenantEvent::MemberInvited(invited)])
    }

    fn decide_joining(&self, user: UserId, secret: SecretHash, now: Timestamp) -> Decision {
        self.check_active()?;
        let invitation = self.members.get(&user).and_then(|member| member.invitation.as_ref());
        let invitation = invitation.ok_or(TenantRejection::NotInvited { user })?;
        // These are hashes of random secrets: the time of the comparison tells nothing about a secret.
        if invitation.secret != secret {
            return Err(TenantRejection::WrongInvitation);
        }
        if now >= invitation.expires_at {
            return Err(TenantRejection::InvitationExpired);
        }
        Ok(vec![TenantEvent::MemberJoined(MemberJoined { user })])
    }

    fn decide_role(&self, user: UserId, role: Role) -> Decision {
        let member = self.members.get(&user).ok_or(TenantRejection::NotMember { user })?;
        if member.role == role {
            return Ok(vec![]);
        }
        if !role.administers() {
            self.check_replaceable(user)?;
        }
        Ok(vec![TenantEvent::MemberRoleChanged(MemberRoleChanged { user, role })])
    }

    fn decide_removal(&self, user: UserId) -> Decision {
        if !self.members.contains_key(&user) {
            return Err(TenantRejection::NotMember { user });
        }
        self.check_replaceable(user)?;
        Ok(vec![TenantEvent::MemberRemoved(MemberRemoved { user })])
    }

    fn check_active(&self) -> Result<(), TenantRejection> {
        match &self.standing {
            Standing::Active => Ok(()),
            Standing::Suspended { reason } => Err(TenantRejection::Suspended { reason: reason.clone() }),
            Standing::Closed => Err(TenantRejection::Closed),
        }
    }

    fn check_replaceable(&self, user: UserId) -> Result<(), TenantRejection> {
        let mut administrators = self.members.iter().filter(|(_, member)| member.is_administrator());
        match (administrators.next(), administrators.next()) {
            (Some((only, _)), None) if *only == user => Err(TenantRejection::LastAdministrator),
            _ => Ok(()),
        }
    }

    fn evolve(&mut self, event: &TenantEvent) {
        match event {
            TenantEvent::Registered(_) => {}
            TenantEvent::Renamed(TenantRenamed { name }) => self.name = name.clone(),
            TenantEvent::LimitsSet(limits) => self.limits = limits.into(),
            TenantEvent::RetentionSet(retention) => self.retention = retention.clone(),
            TenantEvent::Suspended(TenantSuspended { reason }) => {
                self.standing = Standing::Suspended { reason: reason.clone() };
            }
            TenantEvent::Resumed => self.standing = Standing::Active,
            TenantEvent::Closed => self.standing = Standing::Closed,
            TenantEvent::MemberInvited(invited) => {
                self.members.insert(invited.user, Membership::invited(invited));
            }
            TenantEvent::MemberJoined(MemberJoined { user }) => {
                if let Some(member) = self.members.get_mut(user) {
                    member.invitation = None;
                }
            }
            TenantEvent::MemberRoleChanged(MemberRoleChanged { user, role }) => {
                if let Some(member) = self.members.get_mut(user) {
                    member.role = *role;
                }
            }
            TenantEvent::MemberRemoved(MemberRemoved { user }) => {
                self.members.remove(user);
            }
            TenantEvent::MachineAdded(_)
            | TenantEvent::MachineChanged(_)
            | TenantEvent::MachineRemoved(_) => self.evolve_machine(event),
            TenantEvent::ErasureBegun(begun) => self.erasure = Some(Erasure::Begun(*begun)),
            TenantEvent::Erased(erased) => self.erased(erased),
        }
    }
}

impl Membership {
    pub fn has_joined(&self) -> bool {
        self.invitation.is_none()
    }

    fn is_administrator(&self) -> bool {
        self.has_joined() && self.role.administers()
    }

    fn invited(invited: &MemberInvited) -> Self {
        let invitation = Invitation { secret: invited.secret, expires_at: invited.expires_at };
        Self { email: invited.email.clone(), role: invited.role, invitation: Some(invitation) }
    }
}

#[cfg(test)]
mod tests;
