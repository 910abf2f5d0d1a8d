//! The account of a demo that plays by itself: a tenant of its own, and the password to it.
//!
//! Invariant: the password is drawn once for a data folder and kept where only its owner reads it; nobody else's account is
//! taken for it. It plays nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use antler_actors::accounts::{AccountError, Registration};
use antler_config::limits::AccountLimits;
use antler_events::event::member::Profile;
use antler_events::event::{Actor, Cause};
use antler_events::identity::{DisplayName, Email, IdentityError, Username};
use antler_events::ids::TenantId;
use antler_events::randomness::{Randomness, RandomnessError};

use super::TooManyDemos;
use crate::credentials::passwords::PasswordError;
use crate::credentials::token_key::write_private;
use crate::http::auth::Gate;

pub(super) const USERNAME: &str = "demo";
const EMAIL: &str = "demo@example.org";
const ORGANIZATION: &str = "Demo";
/// The file of the password among the credentials.
const PASSWORD_FILE: &str = "demo.password";
/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("the password of the demo, {}, cannot be read or written", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(
        "somebody else has the name demo in this data folder; play the demo in another one, such as --data ./antler-demo"
    )]
    NameTaken,
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    #[error("the account of the demo cannot be made")]
    Account(#[from] AccountError),
    #[error("the password of the demo cannot be hashed")]
    Password(#[from] PasswordError),
    #[error("the account of the demo has a name that is not allowed")]
    Name(#[from] IdentityError),
    #[error(transparent)]
    TooMany(#[from] TooManyDemos),
}

/// The tenant of the demo, and the password to it.
pub(super) async fn account(gate: &Gate, credentials: &Path) -> Result<(TenantId, String), DemoError> {
    let path = credentials.join(PASSWORD_FILE);
    let kept = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        read => Some(read.map_err(|source| DemoError::File { path: path.clone(), source })?),
    };
    let found = gate.accounts.find_login(USERNAME).await?;
    match (found, kept) {
        (Some(found), Some(password)) => Ok((found.tenant, password.trim().to_owned())),
        (Some(_), None) => Err(DemoError::NameTaken),
        // The password is kept before there is an account, so that a crash leaves no account without one.
        (None, Some(password)) => register(gate, password.trim().to_owned()).await,
        (None, None) => {
            let password = draw(&*gate.randomness)?;
            write_private(credentials, &path, password.as_bytes())
                .map_err(|source| DemoError::File { path: path.clone(), source })?;
            register(gate, password).await
        }
    }
}

async fn register(gate: &Gate, password: String) -> Result<(TenantId, String), DemoError> {
    let limits = AccountLimits::default();
    let registration = Registration {
        username: Username::parse(USERNAME, &limits)?,
        email: Email::parse(EMAIL, &limits)?,
        password: gate.passwords.hash(password.clone()).await?,
        organization: DisplayName::parse(ORGANIZATION, &limits)?,
        profile: Profile::default(),
    };
    let cause = Cause { actor: Actor::System, address: None, request: None };
    let registered = gate.accounts.register(registration, &cause).await?;
    Ok((registered.tenant, password))
}

/// Four groups of four letters and digits that are not mistaken for each other.
fn draw(randomness: &dyn Randomness) -> Result<String, RandomnessError> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 16];
    randomness.fill(&mut bytes)?;
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    let groups = bytes.chunks(4).map(|group| group.iter().map(letter).collect::<String>());
    Ok(groups.collect::<Vec<_>>().join("-"))
}

#[cfg(test)]
mod tests {
    use antler_events::randomness::SystemRandomness;

    use super::*;

    #[test]
    fn passwords_can_be_typed_and_differ() {
        let password = draw(&SystemRandomness).unwrap();
        assert_eq!((password.len(), password.matches('-').count()), (19, 3), "{password}");
        assert_ne!(password, draw(&SystemRandomness).unwrap());
    }
}
