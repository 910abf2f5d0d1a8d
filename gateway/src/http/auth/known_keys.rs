//! API keys that were looked up lately: a sender of many small requests shows the same one each time.
//!
//! Invariant: what is answered is what the views would say now. An entry counts only while nothing about accounts has
//! changed since it was looked up, and before its key expires. It looks nothing up itself.

use std::fmt;

use antler_events::clock::Timestamp;
use antler_events::identity::SecretHash;
use antler_events::ids::KeyId;
use quick_cache::sync::Cache;

use super::Caller;

/// More keys than that in use at once are looked up again now and then.
const KEYS: usize = 20_000;

/// Callers by their keys.
pub(super) struct KnownKeys(Cache<(KeyId, SecretHash), Known>);

#[derive(Clone)]
struct Known {
    caller: Caller,
    expires_at: Option<Timestamp>,
    /// Of the views, from before the key was looked up.
    changes: u64,
}

impl KnownKeys {
    pub(super) fn new() -> Self {
        Self(Cache::new(KEYS))
    }

    /// Whose key it is, if that is known and the views still have as many changes.
    pub(super) fn caller(
        &self,
        key: KeyId,
        secret: SecretHash,
        changes: u64,
        now: Timestamp,
    ) -> Option<Caller> {
        let known = self.0.get(&(key, secret))?;
        let is_live = known.expires_at.is_none_or(|expires_at| now < expires_at);
        (known.changes == changes && is_live).then_some(known.caller)
    }

    /// Remembers what was looked up after the views had so many changes.
    pub(super) fn remember(
        &self,
        (key, secret): (KeyId, SecretHash),
        caller: Caller,
        expires_at: Option<Timestamp>,
        changes: u64,
    ) {
        self.0.insert((key, secret), Known { caller, expires_at, changes });
    }
}

impl fmt::Debug for KnownKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "KnownKeys({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use antler_events::access::StreamPatterns;
    use antler_events::ids::{TenantId, UserId};

    use super::super::Identity;
    use super::*;

    #[test]
    fn a_key_is_known_until_something_changes_or_it_expires() {
        let keys = KnownKeys::new();
        let (id, secret) = (KeyId::parse("k1").unwrap(), SecretHash::from_bytes([1; 32]));
        let caller = Caller {
            tenant: TenantId::parse("a").unwrap(),
            identity: Identity::Key {
                id,
                owner: UserId::parse("u1").unwrap(),
                scopes: BTreeSet::new(),
                streams: StreamPatterns::default(),
            },
            is_unverified: false,
        };
        let at = Timestamp::from_nanos;
        keys.remember((id, secret), caller.clone(), Some(at(100)), 7);
        assert_eq!(keys.caller(id, secret, 7, at(99)), Some(caller));
        assert_eq!(keys.caller(id, secret, 7, at(100)), None);
        assert_eq!(keys.caller(id, secret, 8, at(99)), None);
        assert_eq!(keys.caller(id, SecretHash::from_bytes([2; 32]), 7, at(99)), None);
    }
}
