//! The tenant's events as they are stored: one frozen struct per version, and the way to the newest.
//!
//! Invariant: a struct here never changes. A change of an event is a new struct, a new schema number in
//! `types.rs`, a `From` for the one before it, and a golden file. It decides nothing.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{TenantEvent as Event, TenantLimits};
use crate::access::{Role, StreamPattern};
use crate::clock::Timestamp;
use crate::codec::CodecError;
use crate::event::Cause;
use crate::event::stored::{read, write};
use crate::event::types::{self, Entry};
use crate::identity::{DisplayName, Email, SecretHash};
use crate::ids::UserId;
use crate::wire::SchemaVersion;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantRegisteredV1 {
    pub name: DisplayName,
    /// Its first member and administrator.
    pub founder: UserId,
    pub email: Email,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantRenamedV1 {
    pub name: DisplayName,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantLimitsSetV1 {
    pub lines_per_day: u64,
    pub retention_days: u32,
    pub seats: u32,
}

/// Since schema 2 a tenant's bytes are limited too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantLimitsSetV2 {
    pub lines_per_day: u64,
    pub bytes_per_day: u64,
    pub retention_days: u32,
    pub seats: u32,
}

/// Since schema 3 its calls are limited too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantLimitsSetV3 {
    pub lines_per_day: u64,
    pub bytes_per_day: u64,
    pub retention_days: u32,
    pub seats: u32,
    pub calls_per_hour: u64,
}

/// Since schema 4 its streams are limited too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantLimitsSetV4 {
    pub lines_per_day: u64,
    pub bytes_per_day: u64,
    pub retention_days: u32,
    pub seats: u32,
    pub calls_per_hour: u64,
    pub streams_max: u64,
}

/// How long a tenant wants its lines to be kept, within its limits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantRetentionSetV1 {
    /// Of lines that no stream below has; without it as long as the limits say.
    pub days: Option<u32>,
    /// The first that a line's stream matches counts.
    pub streams: Vec<StreamRetentionV1>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamRetentionV1 {
    pub stream: StreamPattern,
    pub days: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantSuspendedV1 {
    pub reason: DisplayName,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantResumedV1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantClosedV1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberInvitedV1 {
    pub user: UserId,
    pub email: Email,
    pub role: Role,
    /// Of the secret that the invitation carries.
    pub secret: SecretHash,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberJoinedV1 {
    pub user: UserId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRoleChangedV1 {
    pub user: UserId,
    pub role: Role,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRemovedV1 {
    pub user: UserId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineAddedV1 {
    pub user: UserId,
    pub name: DisplayName,
    pub role: Role,
}

/// The whole of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineChangedV1 {
    pub user: UserId,
    pub name: DisplayName,
    pub role: Role,
    pub disabled: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineRemovedV1 {
    pub user: UserId,
}

/// What there was when the erasure began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureBegunV1 {
    pub at: Timestamp,
    pub lines: u64,
    /// Of the lines as they came.
    pub bytes: u64,
    pub files: u64,
    pub members: u64,
    pub dead_letters: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantErasedV1 {
    /// The receipt, byte for byte as it was signed.
    pub receipt: String,
    /// The public key of the server, and its signature (Ed25519).
    pub key: [u8; 32],
    pub signature: Vec<u8>,
}

/// Which event it is, and its body in the newest schema.
pub(in crate::event) fn encode(event: &Event, cause: &Cause) -> (Entry, Result<Bytes, CodecError>) {
    match event {
        Event::Registered(registered) => (types::TENANT_REGISTERED, write(cause, registered)),
        Event::Renamed(renamed) => (types::TENANT_RENAMED, write(cause, renamed)),
        Event::LimitsSet(limits) => (types::TENANT_LIMITS_SET, write(cause, limits)),
        Event::RetentionSet(retention) => (types::TENANT_RETENTION_SET, write(cause, retention)),
        Event::Suspended(suspended) => (types::TENANT_SUSPENDED, write(cause, suspended)),
        Event::Resumed => (types::TENANT_RESUMED, write(cause, &TenantResumedV1)),
        Event::Closed => (types::TENANT_CLOSED, write(cause, &TenantClosedV1)),
        Event::MemberInvited(invited) => (types::MEMBER_INVITED, write(cause, invited)),
        Event::MemberJoined(joined) => (types::MEMBER_JOINED, write(cause, joined)),
        Event::MemberRoleChanged(changed) => (types::MEMBER_ROLE_CHANGED, write(cause, changed)),
        Event::MemberRemoved(removed) => (types::MEMBER_REMOVED, write(cause, removed)),
        Event::MachineAdded(added) => (types::MACHINE_ADDED, write(cause, added)),
        Event::MachineChanged(changed) => (types::MACHINE_CHANGED, write(cause, changed)),
        Event::MachineRemoved(removed) => (types::MACHINE_REMOVED, write(cause, removed)),
        Event::ErasureBegun(begun) => (types::TENANT_ERASURE_BEGUN, write(cause, begun)),
        Event::Erased(erased) => (types::TENANT_ERASED, write(cause, erased)),
    }
}

/// `None` if this is not an event of a tenant.
pub(in crate::event) fn decode(
    entry: Entry,
    schema: SchemaVersion,
    body: &[u8],
) -> Result<Option<(Cause, Event)>, CodecError> {
    match (entry, schema.0) {
        (types::TENANT_REGISTERED, 1) => read(body, Event::Registered),
        (types::TENANT_RENAMED, 1) => read(body, Event::Renamed),
        (types::TENANT_LIMITS_SET, 1) => {
            read(body, |v1: TenantLimitsSetV1| limits_set(TenantLimitsSetV2::from(v1)))
        }
        (types::TENANT_LIMITS_SET, 2) => read(body, |v2: TenantLimitsSetV2| limits_set(v2)),
        (types::TENANT_LIMITS_SET, 3) => read(body, |v3: TenantLimitsSetV3| Event::LimitsSet(v3.into())),
        (types::TENANT_LIMITS_SET, 4) => read(body, Event::LimitsSet),
        (types::TENANT_RETENTION_SET, 1) => read(body, Event::RetentionSet),
        (types::TENANT_SUSPENDED, 1) => read(body, Event::Suspended),
        (types::TENANT_RESUMED, 1) => read(body, |TenantResumedV1| Event::Resumed),
        (types::TENANT_CLOSED, 1) => read(body, |TenantClosedV1| Event::Closed),
        (types::MEMBER_INVITED, 1) => read(body, Event::MemberInvited),
        (types::MEMBER_JOINED, 1) => read(body, Event::MemberJoined),
        (types::MEMBER_ROLE_CHANGED, 1) => read(body, Event::MemberRoleChanged),
        (types::MEMBER_REMOVED, 1) => read(body, Event::MemberRemoved),
        (types::MACHINE_ADDED, 1) => read(body, Event::MachineAdded),
        (types::MACHINE_CHANGED, 1) => read(body, Event::MachineChanged),
        (types::MACHINE_REMOVED, 1) => read(body, Event::MachineRemoved),
        (types::TENANT_ERASURE_BEGUN, 1) => read(body, Event::ErasureBegun),
        (types::TENANT_ERASED, 1) => read(body, Event::Erased),
        _ => Ok(None),
    }
}

fn limits_set(older: impl Into<TenantLimitsSetV3>) -> Event {
    Event::LimitsSet(older.into().into())
}

impl From<TenantLimitsSetV1> for TenantLimitsSetV2 {
    /// Schema 1 promised lines and left bytes open.
    fn from(v1: TenantLimitsSetV1) -> Self {
        let TenantLimitsSetV1 { lines_per_day, retention_days, seats } = v1;
        Self { lines_per_day, bytes_per_day: u64::MAX, retention_days, seats }
    }
}

impl From<TenantLimitsSetV2> for TenantLimitsSetV3 {
    /// Schema 2 left calls open.
    fn from(v2: TenantLimitsSetV2) -> Self {
        let TenantLimitsSetV2 { lines_per_day, bytes_per_day, retention_days, seats } = v2;
        Self { lines_per_day, bytes_per_day, retention_days, seats, calls_per_hour: u64::MAX }
    }
}

impl From<TenantLimitsSetV3> for TenantLimitsSetV4 {
    /// Schema 3 left streams open.
    fn from(v3: TenantLimitsSetV3) -> Self {
        let TenantLimitsSetV3 { lines_per_day, bytes_per_day, retention_days, seats, calls_per_hour } = v3;
        let streams_max = u64::MAX;
        Self { lines_per_day, bytes_per_day, retention_days, seats, calls_per_hour, streams_max }
    }
}

impl From<TenantLimits> for TenantLimitsSetV4 {
    fn from(limits: TenantLimits) -> Self {
        let TenantLimits { lines_per_day, bytes_per_day, retention_days, seats, calls_per_hour, streams_max } =
            limits;
        Self { lines_per_day, bytes_per_day, retention_days, seats, calls_per_hour, streams_max }
    }
}

impl From<&TenantLimitsSetV4> for TenantLimits {
    fn from(set: &TenantLimitsSetV4) -> Self {
        let TenantLimitsSetV4 {
            lines_per_day,
            bytes_per_day,
            retention_days,
            seats,
            calls_per_hour,
            streams_max,
        } = *set;
        Self { lines_per_day, bytes_per_day, retention_days, seats, calls_per_hour, streams_max }
    }
}
