//! The view of tenants: name, standing, limits and members of each.
//!
//! Invariant: a document holds the whole tenant, so that a request asks for one; beside it stands who may not send lines.
//! It keeps no list of all tenants.

use antler_events::access::Role;
use antler_events::clock::Timestamp;
use antler_events::codec::CodecError;
use antler_events::event::ControlEvent;
use antler_events::event::tenant::{
    self, Erasure, ErasureBegun, Invitation, Machine, Membership, Standing, Tenant, TenantErased,
    TenantEvent, TenantLimits, TenantRetention,
};
use antler_events::identity::{DisplayName, Email, SecretHash};
use antler_events::ids::{TenantId, UserId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::fold::Folded;
use super::port::{ViewName, ViewWrite};

#[derive(Debug)]
pub(super) struct Tenants;

/// A tenant has one aggregate, so its id is the same for all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Itself;

impl AsRef<str> for Itself {
    fn as_ref(&self) -> &str {
        "itself"
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TenantDocument {
    name: DisplayName,
    standing: StandingDocument,
    lines_per_day: u64,
    bytes_per_day: u64,
    retention_days: u32,
    seats: u32,
    calls_per_hour: u64,
    streams_max: u64,
    retention_chosen: TenantRetention,
    members: Vec<MemberDocument>,
    machines: Vec<MachineDocument>,
    erasure: Option<ErasureDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
enum ErasureDocument {
    Begun(ErasureBegun),
    Done(TenantErased),
}

#[derive(Debug, Serialize, Deserialize)]
enum StandingDocument {
    Active,
    Suspended(DisplayName),
    Closed,
}

#[derive(Debug, Serialize, Deserialize)]
struct MemberDocument {
    user: UserId,
    email: Email,
    role: Role,
    invitation: Option<(SecretHash, Timestamp)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct MachineDocument {
    user: UserId,
    name: DisplayName,
    role: Role,
    disabled: bool,
}

impl Folded for Tenants {
    const VIEW: ViewName = ViewName::in_form("tenants", 7);
    /// For the receipt.
    const IS_KEPT: bool = true;
    type Id = Itself;
    type State = Tenant;
    type Event = TenantEvent;
    type Document = TenantDocument;

    fn id(text: &str) -> Option<Itself> {
        (text == Itself.as_ref()).then_some(Itself)
    }

    fn event(event: &ControlEvent) -> Option<(Itself, &TenantEvent)> {
        match event {
            ControlEvent::Tenant(event) => Some((Itself, event)),
            _ => None,
        }
    }

    fn evolve(state: &mut Option<Tenant>, event: &TenantEvent) {
        tenant::evolve(state, event);
    }

    fn store(tenant: &Tenant) -> TenantDocument {
        let Tenant { name, standing, limits, retention, members, machines, erasure } = tenant;
        let TenantLimits { lines_per_day, bytes_per_day, retention_days, seats, calls_per_hour, streams_max } =
            *limits;
        let standing = match standing {
            Standing::Active => StandingDocument::Active,
            Standing::Suspended { reason } => StandingDocument::Suspended(reason.clone()),
            Standing::Closed => StandingDocument::Closed,
        };
        let members = members.iter().map(|(user, member)| store_member(*user, member)).collect();
        let machines = machines.iter().map(|(user, machine)| store_machine(*user, machine)).collect();
        let erasure = erasure.clone().map(|erasure| match erasure {
            Erasure::Begun(begun) => ErasureDocument::Begun(begun),
            Erasure::Done(erased) => ErasureDocument::Done(erased),
        });
        TenantDocument {
            name: name.clone(),
            standing,
            lines_per_day,
            bytes_per_day,
            retention_days,
            seats,
            calls_per_hour,
            streams_max,
            retention_chosen: retention.clone(),
            members,
            machines,
            erasure,
        }
    }

    fn restore(document: TenantDocument) -> Tenant {
        let TenantDocument {
            lines_per_day,
            bytes_per_day,
            retention_days,
            seats,
            calls_per_hour,
            streams_max,
            ..
        } = document;
        let erasure = document.erasure.map(|erasure| match erasure {
            ErasureDocument::Begun(begun) => Erasure::Begun(begun),
            ErasureDocument::Done(erased) => Erasure::Done(erased),
        });
        let standing = match document.standing {
            StandingDocument::Active => Standing::Active,
            StandingDocument::Suspended(reason) => Standing::Suspended { reason },
            StandingDocument::Closed => Standing::Closed,
        };
        let limits =
            TenantLimits { lines_per_day, bytes_per_day, retention_days, seats, calls_per_hour, streams_max };
        let members = document.members.into_iter().map(restore_member).collect();
        let machines = document.machines.into_iter().map(restore_machine).collect();
        let retention = document.retention_chosen;
        Tenant { name: document.name, standing, limits, retention, members, machines, erasure }
    }

    fn beside(
        tenant: TenantId,
        _: Itself,
        before: Option<&Tenant>,
        after: Option<&Tenant>,
    ) -> Result<Vec<ViewWrite>, CodecError> {
        let is_barred = |tenant: Option<&Tenant>| tenant.is_some_and(|tenant| tenant.admit_lines().is_err());
        let key = barred_key(tenant);
        Ok(match (is_barred(before), is_barred(after)) {
            (false, true) => vec![ViewWrite::Put { key, document: Bytes::new() }],
            (true, false) => vec![ViewWrite::Delete { key }],
            _ => Vec::new(),
        })
    }
}

/// What the keys of tenants begin with that may not send lines.
pub(super) const BARRED: &[u8] = b"barred/";

fn barred_key(tenant: TenantId) -> Bytes {
    [BARRED, tenant.as_str().as_bytes()].concat().into()
}

/// Whose key that is.
pub(super) fn barred(key: &[u8]) -> Option<TenantId> {
    TenantId::parse(std::str::from_utf8(key.strip_prefix(BARRED)?).ok()?).ok()
}

fn store_member(user: UserId, member: &Membership) -> MemberDocument {
    let Membership { email, role, invitation } = member.clone();
    let invitation = invitation.map(|invitation| (invitation.secret, invitation.expires_at));
    MemberDocument { user, email, role, invitation }
}

fn restore_member(document: MemberDocument) -> (UserId, Membership) {
    let MemberDocument { user, email, role, invitation } = document;
    let invitation = invitation.map(|(secret, expires_at)| Invitation { secret, expires_at });
    (user, Membership { email, role, invitation })
}

fn store_machine(user: UserId, machine: &Machine) -> MachineDocument {
    let Machine { name, role, disabled } = machine.clone();
    MachineDocument { user, name, role, disabled }
}

fn restore_machine(document: MachineDocument) -> (UserId, Machine) {
    let MachineDocument { user, name, role, disabled } = document;
    (user, Machine { name, role, disabled })
}
