//! The claim of a name: whose a username or an e-mail address is, over all tenants.
//!
//! Names are claimed before their tenant is registered, as events of one tenant that nobody owns, so that two
//! registrations cannot win the same name.
//! Invariant: a name has one holder at most. A claim whose account never came may be taken over after a while, since
//! a crash between claim and registration must not lock a name for ever; so may one whose account was closed.
//! It does not know whether the account came: whoever commands has looked.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::identity::{Email, Username};
use crate::ids::{NameKey, TenantId, UserId};

pub mod wire;

pub use wire::NameClaimedV1 as NameClaimed;

/// How old a claim must be before it may be taken over.
pub const ABANDONED_AFTER: Duration = Duration::from_secs(60);

/// `None` until the name is claimed, and after it is released.
pub type NameState = Option<Claim>;

/// Who holds a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    pub holder: Holder,
    pub at: Timestamp,
}

/// A user of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    pub tenant: TenantId,
    pub user: UserId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameCommand {
    Claim {
        holder: Holder,
        /// The one who holds the name, if it has been found to have no account that uses it.
        without_account: Option<Holder>,
        now: Timestamp,
    },
    /// Only its holder gives a name up.
    Release { holder: Holder },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameEvent {
    Claimed(NameClaimed),
    Released,
}

/// Why a command is not obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameRejection {
    #[error("the name is taken")]
    Taken,
    #[error("the name is held by another account")]
    NotHolder,
}

/// What happens on a command. A command that asks for what is so already is obeyed without an event.
pub fn decide(state: &NameState, command: NameCommand) -> Result<Vec<NameEvent>, NameRejection> {
    match (state, command) {
        (None, NameCommand::Claim { holder, now, .. }) => Ok(vec![claimed(holder, now)]),
        (Some(claim), NameCommand::Claim { holder, .. }) if claim.holder == holder => Ok(vec![]),
        (Some(claim), NameCommand::Claim { holder, without_account, now }) => {
            match without_account == Some(claim.holder) && claim.is_old(now) {
                true => Ok(vec![claimed(holder, now)]),
                false => Err(NameRejection::Taken),
            }
        }
        (None, NameCommand::Release { .. }) => Ok(vec![]),
        (Some(claim), NameCommand::Release { holder }) if claim.holder == holder => {
            Ok(vec![NameEvent::Released])
        }
        (Some(_), NameCommand::Release { .. }) => Err(NameRejection::NotHolder),
    }
}

/// Takes an event into the state.
pub fn evolve(state: &mut NameState, event: &NameEvent) {
    *state = match event {
        NameEvent::Claimed(NameClaimed { tenant, user, at }) => {
            Some(Claim { holder: Holder { tenant: *tenant, user: *user }, at: *at })
        }
        NameEvent::Released => None,
    };
}

/// The tenant on which all claims stand. Its id begins with a mark that no drawn id has.
pub fn registry() -> TenantId {
    TenantId::parse("_names").expect("the id is well-formed")
}

/// The key of a username. No username has an `@`, so it is never the key of an address.
pub fn username_key(username: &Username) -> NameKey {
    key(&username.key())
}

/// The key of an e-mail address.
pub fn email_key(email: &Email) -> NameKey {
    key(email.as_str())
}

/// The key of what somebody typed to log in: a username or an address. A text that is neither has a key that
/// nobody holds.
pub fn typed_key(text: &str) -> NameKey {
    key(&text.trim().to_lowercase())
}

/// Names are longer than ids may be and have other characters, so a hash stands for them: 152 bits, so that nobody
/// finds two names with one key.
fn key(name: &str) -> NameKey {
    let hash = blake3::hash(name.as_bytes());
    let text: String = hash.as_bytes()[..19].iter().map(|byte| format!("{byte:02x}")).collect();
    NameKey::parse(&text).expect("38 digits are an id")
}

fn claimed(holder: Holder, at: Timestamp) -> NameEvent {
    let Holder { tenant, user } = holder;
    NameEvent::Claimed(NameClaimed { tenant, user, at })
}

impl Claim {
    fn is_old(&self, now: Timestamp) -> bool {
        let age = u64::try_from(now.nanos().saturating_sub(self.at.nanos())).unwrap_or(0);
        Duration::from_nanos(age) >= ABANDONED_AFTER
    }
}

#[cfg(test)]
mod tests;
