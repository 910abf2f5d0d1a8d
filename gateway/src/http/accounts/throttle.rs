//! How often somebody may try passwords.
//!
//! Each attempt counts for the account at this address, for the account, and for the address; a login that works takes its
//! account's count at this address back. An address from which the account was logged in to lately does not ask for the
//! account's count: so one who guesses, from however many addresses, is slowed down, and cannot lock somebody else out
//! from where that one always is. Names that nobody has are counted like others.
//! Invariant: an attempt is counted before the password is looked at. The counts are in the cache: when it is flushed,
//! windows begin anew. It does not tell whether the account exists.

use std::time::Duration;

use antler_events::event::name;
use antler_projections::cache::port::{CacheError, Count};
use axum::http::Extensions;
use bytes::Bytes;

use super::super::auth::{Attempt, Gate};
use super::super::error::ApiError;
use super::super::peer::{PeerAddress, network};

/// Counts an attempt, or refuses it with the time to wait.
pub(super) async fn admit(gate: &Gate, typed: &str, extensions: &Extensions) -> Result<(), ApiError> {
    let limits = &gate.limits;
    let Keys { here, account, address, known } = keys(typed, extensions);
    let is_known = gate.cache.value(known.as_bytes()).await.map_err(|error| unreachable_cache(&error))?;
    let account = is_known.is_none().then_some((account, limits.logins_per_account_max));
    for (key, max) in
        [(here, limits.logins_per_account_and_address_max), (address, limits.logins_per_address_max)]
            .into_iter()
            .chain(account)
    {
        let counted = gate.cache.count(key.as_bytes(), limits.login_window).await;
        let Count { count, remaining } = counted.map_err(|error| unreachable_cache(&error))?;
        if count > u64::from(max) {
            gate.attempts.note(Attempt::Refused);
            let reason = "there were too many attempts to log in".to_owned();
            return Err(ApiError::TooMany { reason, retry_after_s: whole_seconds(remaining) });
        }
    }
    gate.attempts.note(Attempt::Made);
    Ok(())
}

/// Counts a mail that somebody asks for, or refuses it with the time to wait. Accounts that nobody has count like others.
pub(super) async fn admit_mail(gate: &Gate, typed: &str, extensions: &Extensions) -> Result<(), ApiError> {
    let limits = &gate.limits;
    let Keys { account, address, .. } = keys(typed, extensions);
    let counted = [(account, limits.mails_per_account_max), (address, limits.mails_per_address_max)];
    for (key, max) in counted {
        let counted = gate.cache.count(format!("mail/{key}").as_bytes(), limits.mail_window).await;
        let Count { count, remaining } = counted.map_err(|error| unreachable_cache(&error))?;
        if count > u64::from(max) {
            let reason =
                "too many mails were asked for; look into the mailbox, also among the unwanted".to_owned();
            return Err(ApiError::TooMany { reason, retry_after_s: whole_seconds(remaining) });
        }
    }
    Ok(())
}

/// The attempt was right.
pub(super) async fn forget(gate: &Gate, typed: &str, extensions: &Extensions) {
    gate.attempts.note(Attempt::Right);
    let Keys { here, known, .. } = keys(typed, extensions);
    let forgotten = gate.cache.delete(here.as_bytes()).await;
    let remembered = gate.cache.put(known.as_bytes(), Bytes::new(), KNOWN_FOR).await;
    if let Err(error) = forgotten.and(remembered) {
        tracing::warn!(%error, "the count of failed logins stays until its window ends");
    }
}

/// How long an address is one from which the account was logged in to.
const KNOWN_FOR: Duration = Duration::from_secs(30 * 86_400);

/// What is counted, and where it is remembered that a login worked.
struct Keys {
    here: String,
    account: String,
    address: String,
    known: String,
}

fn keys(typed: &str, extensions: &Extensions) -> Keys {
    let account = name::typed_key(typed);
    let address =
        extensions.get::<PeerAddress>().map_or_else(String::new, |peer| network(peer.0).to_string());
    Keys {
        here: format!("login/here/{account}/{address}"),
        known: format!("login/known/{account}/{address}"),
        account: format!("login/account/{account}"),
        address: format!("login/address/{address}"),
    }
}

fn whole_seconds(remaining: Duration) -> u64 {
    remaining.as_secs() + u64::from(remaining.subsec_nanos() > 0)
}

fn unreachable_cache(error: &CacheError) -> ApiError {
    tracing::error!(%error, "logins cannot be counted, so none is taken");
    ApiError::Unavailable { reason: "nobody can log in at the moment; try again soon".to_owned() }
}
