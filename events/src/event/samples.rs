//! Values that the tests of several aggregates use.
//!
//! Invariant: the golden files are made of these, so what is here stays as it is.
//! It holds no events: those stand in the tests that are about them.

use antler_config::limits::AccountLimits;

use crate::clock::Timestamp;
use crate::identity::{DisplayName, Email, PasswordHash, SecretHash, Username};
use crate::ids::{KeyId, RequestId, TenantId, UserId};

use super::upload::{UploadLabels, UploadReceived};
use super::{Actor, Cause};

/// Before every time of expiry in the tests.
pub(super) const NOW: Timestamp = Timestamp::from_nanos(1_700_000_000_000_000_000);
pub(super) const LATER: Timestamp = Timestamp::from_nanos(1_700_086_400_000_000_000);
pub(super) const SECRET: SecretHash = SecretHash::from_bytes([0xa5; 32]);

pub(super) fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

pub(super) fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

pub(super) fn key() -> KeyId {
    KeyId::parse("k1").unwrap()
}

pub(super) fn name(text: &str) -> DisplayName {
    DisplayName::parse(text, &AccountLimits::default()).unwrap()
}

pub(super) fn email(text: &str) -> Email {
    Email::parse(text, &AccountLimits::default()).unwrap()
}

pub(super) fn username(text: &str) -> Username {
    Username::parse(text, &AccountLimits::default()).unwrap()
}

pub(super) fn password(salt: &str) -> PasswordHash {
    let text = format!("$argon2id$v=19$m=19456,t=2,p=1${salt}$aGFzaA");
    PasswordHash::parse(&text, &AccountLimits::default()).unwrap()
}

pub(super) fn cause() -> Cause {
    Cause {
        actor: Actor::User(user("u1")),
        address: Some("192.0.2.7".parse().unwrap()),
        request: Some(RequestId::parse("r-1").unwrap()),
    }
}

pub(super) fn upload_received() -> UploadReceived {
    UploadReceived {
        owner: user("u1"),
        file_name: "Größe.log".to_owned(),
        file_bytes: 1 << 33,
        format: "log".to_owned(),
        source: Some("nginx".to_owned()),
        service: None,
        environment: Some("production".to_owned()),
        labels: UploadLabels { description: "of last night".to_owned(), tags: vec!["a".to_owned()] },
        options: vec![("timezone".to_owned(), "+02:00".to_owned())],
        estimated_entries: Some(70_000),
    }
}
