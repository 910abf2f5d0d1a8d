//! How often somebody may try passwords.
//!
//! Each attempt counts for the account at this address, for the account, and for the address; a login that works takes its
//! account's count at this address back. So one who guesses is slowed down, and cannot lock somebody else out from where
//! that one always is.
//! Invariant: an attempt is counted before the password is looked at. The counts are in the cache: when it is flushed,
//! windows begin anew. It does not tell whether the account exists.

use std::time::Duration;

use antler_events::event::name;
use antler_projections::cache::port::{CacheError, Count};
use axum::http::Extensions;

use super::super::auth::Gate;
use super::super::error::ApiError;
use super::super::peer::PeerAddress;

/// Counts an attempt, or refuses it with the time to wait.
pub(super) async fn admit(gate: &Gate, typed: &str, extensions: &Extensions) -> Result<(), ApiError> {
    let limits = &gate.limits;
    let [here, account, address] = keys(typed, extensions);
    for (key, max) in [
        (here, limits.logins_per_account_and_address_max),
        (account, limits.logins_per_account_max),
        (address, limits.logins_per_address_max),
    ] {
        let counted = gate.cache.count(key.as_bytes(), limits.login_window).await;
        let Count { count, remaining } = counted.map_err(|error| unreachable_cache(&error))?;
        if count > u64::from(max) {
            let reason = "there were too many attempts to log in".to_owned();
            return Err(ApiError::TooMany { reason, retry_after_s: whole_seconds(remaining) });
        }
    }
    Ok(())
}

/// The attempt was right.
pub(super) async fn forget(gate: &Gate, typed: &str, extensions: &Extensions) {
    let [here, ..] = keys(typed, extensions);
    if let Err(error) = gate.cache.delete(here.as_bytes()).await {
        tracing::warn!(%error, "the count of failed logins stays until its window ends");
    }
}

fn keys(typed: &str, extensions: &Extensions) -> [String; 3] {
    let account = name::typed_key(typed);
    let address = extensions.get::<PeerAddress>().map_or_else(String::new, |peer| peer.0.to_string());
    [
        format!("login/here/{account}/{address}"),
        format!("login/account/{account}"),
        format!("login/address/{address}"),
    ]
}

fn whole_seconds(remaining: Duration) -> u64 {
    remaining.as_secs() + u64::from(remaining.subsec_nanos() > 0)
}

fn unreachable_cache(error: &CacheError) -> ApiError {
    tracing::error!(%error, "logins cannot be counted, so none is taken");
    ApiError::Unavailable { reason: "nobody can log in at the moment; try again soon".to_owned() }
}
