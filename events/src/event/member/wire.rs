//! The events of an account as they are stored: one frozen struct per version.
//!
//! Invariant: a struct here never changes. A change of an event is a new struct, a new schema number in
//! `types.rs`, a `From` for the one before it, and a golden file. It decides nothing.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::MemberEvent as Event;
use super::profile::{Prose, TimeZone, WebAddress};
use crate::codec::CodecError;
use crate::event::Cause;
use crate::event::stored::{read, write};
use crate::event::types::{self, Entry};
use crate::identity::{DisplayName, Email, PasswordHash, Username};
use crate::wire::SchemaVersion;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountOpenedV1 {
    pub username: Username,
    pub email: Email,
    pub password: PasswordHash,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordChangedV1 {
    pub password: PasswordHash,
    /// The account's epoch from now on.
    pub epoch: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionsRevokedV1 {
    /// The account's epoch from now on.
    pub epoch: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountClosedV1 {
    /// The account's epoch from now on.
    pub epoch: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailVerifiedV1 {
    pub email: Email,
}

/// The whole profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileChangedV1 {
    pub first_name: Option<DisplayName>,
    pub last_name: Option<DisplayName>,
    pub avatar: Option<WebAddress>,
    pub bio: Option<Prose>,
    pub theme: ThemeV1,
    /// None: UTC.
    pub timezone: Option<TimeZone>,
    /// Where to be told of things.
    pub email: bool,
    pub browser: bool,
    pub slack: bool,
    pub default_dashboard: Option<DisplayName>,
    pub email_alerts: bool,
    pub push_notifications: bool,
    pub alert_threshold: AlertThresholdV1,
    /// Under names of the person's own.
    pub metadata: BTreeMap<DisplayName, DisplayName>,
}

/// Stored by position, so new ones only come at the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThemeV1 {
    #[default]
    System,
    Light,
    Dark,
}

/// The least severity of an alert that somebody is told of. Stored by position, so new ones only come at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlertThresholdV1 {
    Low,
    Medium,
    High,
    Critical,
}

/// Which event it is, and its body in the newest schema.
pub(in crate::event) fn encode(event: &Event, cause: &Cause) -> (Entry, Result<Bytes, CodecError>) {
    match event {
        Event::AccountOpened(opened) => (types::ACCOUNT_OPENED, write(cause, opened)),
        Event::PasswordChanged(changed) => (types::PASSWORD_CHANGED, write(cause, changed)),
        Event::SessionsRevoked(revoked) => (types::SESSIONS_REVOKED, write(cause, revoked)),
        Event::AccountClosed(closed) => (types::ACCOUNT_CLOSED, write(cause, closed)),
        Event::ProfileChanged(profile) => (types::PROFILE_CHANGED, write(cause, profile)),
        Event::EmailVerified(verified) => (types::EMAIL_VERIFIED, write(cause, verified)),
    }
}

/// `None` if this is not an event of an account.
pub(in crate::event) fn decode(
    entry: Entry,
    schema: SchemaVersion,
    body: &[u8],
) -> Result<Option<(Cause, Event)>, CodecError> {
    match (entry, schema.0) {
        (types::ACCOUNT_OPENED, 1) => read(body, Event::AccountOpened),
        (types::PASSWORD_CHANGED, 1) => read(body, Event::PasswordChanged),
        (types::SESSIONS_REVOKED, 1) => read(body, Event::SessionsRevoked),
        (types::ACCOUNT_CLOSED, 1) => read(body, Event::AccountClosed),
        (types::PROFILE_CHANGED, 1) => read(body, Event::ProfileChanged),
        (types::EMAIL_VERIFIED, 1) => read(body, Event::EmailVerified),
        _ => Ok(None),
    }
}
