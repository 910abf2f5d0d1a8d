//! The list of all events: number, name and newest schema.
//!
//! Invariant: a number is given once and never again, also when its event is no longer recorded.
//! Each aggregate has sixteen numbers of its own, so that a list read by a person stays in order.
//! It does not know the bodies: the `wire` modules do.

use crate::wire::{EventType, SchemaVersion};

/// One line of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub event_type: EventType,
    pub name: &'static str,
    /// Schemas from 1 up to this one can be read; this one is written.
    pub newest: SchemaVersion,
}

macro_rules! event_types {
    ($($constant:ident = $number:literal, $name:literal, schema $newest:literal;)*) => {
        $(pub const $constant: Entry = Entry {
            event_type: EventType($number),
            name: $name,
            newest: SchemaVersion($newest),
        };)*
        /// In the order of their numbers.
        pub const ALL: &[Entry] = &[$($constant),*];
    };
}

event_types! {
    LINES_INGESTED = 1, "lines_ingested", schema 1;
    LINES_REJECTED = 2, "lines_rejected", schema 1;
    EVENT_SET_ASIDE = 3, "event_set_aside", schema 1;
    REQUEST_ANSWERED = 4, "request_answered", schema 1;
    SEARCHED = 5, "searched", schema 1;
    SEARCHES_FORGOTTEN = 6, "searches_forgotten", schema 1;
    LETTERS_DROPPED = 7, "letters_dropped", schema 1;
    KEYS_USED = 8, "keys_used", schema 1;
    TENANT_FORGOTTEN = 12, "tenant_forgotten", schema 1;

    TENANT_REGISTERED = 16, "tenant_registered", schema 1;
    TENANT_RENAMED = 17, "tenant_renamed", schema 1;
    TENANT_LIMITS_SET = 18, "tenant_limits_set", schema 4;
    TENANT_SUSPENDED = 19, "tenant_suspended", schema 1;
    TENANT_RESUMED = 20, "tenant_resumed", schema 1;
    TENANT_CLOSED = 21, "tenant_closed", schema 1;
    MEMBER_INVITED = 22, "member_invited", schema 1;
    MEMBER_JOINED = 23, "member_joined", schema 1;
    MEMBER_ROLE_CHANGED = 24, "member_role_changed", schema 1;
    MEMBER_REMOVED = 25, "member_removed", schema 1;
    MACHINE_ADDED = 26, "machine_added", schema 1;
    MACHINE_CHANGED = 27, "machine_changed", schema 1;
    MACHINE_REMOVED = 28, "machine_removed", schema 1;
    TENANT_ERASURE_BEGUN = 29, "tenant_erasure_begun", schema 1;
    TENANT_ERASED = 30, "tenant_erased", schema 1;

    ACCOUNT_OPENED = 32, "account_opened", schema 1;
    PASSWORD_CHANGED = 33, "password_changed", schema 1;
    SESSIONS_REVOKED = 34, "sessions_revoked", schema 1;
    ACCOUNT_CLOSED = 35, "account_closed", schema 1;
    PROFILE_CHANGED = 36, "profile_changed", schema 1;
    EMAIL_VERIFIED = 37, "email_verified", schema 1;

    KEY_CREATED = 48, "key_created", schema 1;
    KEY_REVOKED = 49, "key_revoked", schema 1;
    KEY_CHANGED = 50, "key_changed", schema 1;
    KEY_SECRET_REPLACED = 51, "key_secret_replaced", schema 1;

    NAME_CLAIMED = 64, "name_claimed", schema 1;
    NAME_RELEASED = 65, "name_released", schema 1;

    SESSION_OPENED = 80, "session_opened", schema 2;
    SESSION_RENEWED = 81, "session_renewed", schema 1;
    SESSION_ENDED = 82, "session_ended", schema 1;

    SEARCH_SAVED = 96, "search_saved", schema 1;
    SEARCH_CHANGED = 97, "search_changed", schema 1;
    SEARCH_DELETED = 98, "search_deleted", schema 1;

    UPLOAD_RECEIVED = 160, "upload_received", schema 1;
    UPLOAD_PROGRESSED = 161, "upload_progressed", schema 1;
    UPLOAD_FINISHED = 162, "upload_finished", schema 1;
    UPLOAD_FAILED = 163, "upload_failed", schema 1;
    UPLOAD_CANCELLED = 164, "upload_cancelled", schema 1;
    UPLOAD_RETRIED = 165, "upload_retried", schema 1;
    UPLOAD_EDITED = 166, "upload_edited", schema 1;
    UPLOAD_DELETED = 167, "upload_deleted", schema 1;

    MAIL_PROMISED = 176, "mail_promised", schema 1;
    MAIL_SENT = 177, "mail_sent", schema 1;
    MAIL_GIVEN_UP = 178, "mail_given_up", schema 1;
    TENANT_RETENTION_SET = 188, "tenant_retention_set", schema 1;
    LOGINS_FAILED = 192, "logins_failed", schema 1;
    DEED_NOTED = 193, "deed_noted", schema 1;
}

pub fn find(event_type: EventType) -> Option<Entry> {
    ALL.iter().find(|entry| entry.event_type == event_type).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_names_differ() {
        assert!(ALL.windows(2).all(|pair| pair[0].event_type < pair[1].event_type));
        for entry in ALL {
            assert_eq!(ALL.iter().filter(|other| other.name == entry.name).count(), 1, "{}", entry.name);
            assert_eq!(find(entry.event_type), Some(*entry));
        }
    }

    #[test]
    fn a_number_never_changes_its_event() {
        let check = |number: u16, name: &str| assert_eq!(find(EventType(number)).unwrap().name, name);
        check(1, "lines_ingested");
        check(4, "request_answered");
        check(6, "searches_forgotten");
        check(16, "tenant_registered");
        check(22, "member_invited");
        check(32, "account_opened");
        check(48, "key_created");
        check(64, "name_claimed");
        check(80, "session_opened");
        check(96, "search_saved");
        check(160, "upload_received");
        check(176, "mail_promised");
        check(188, "tenant_retention_set");
        check(192, "logins_failed");
        assert_eq!(find(EventType(0)), None);
    }
}
