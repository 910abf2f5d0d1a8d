//! The secret of an installation in which nobody has registered: who registers with it runs the platform.
//!
//! Invariant: it is good for one registration, in this run of the program; one that fails leaves it good. `Debug` never
//! shows it.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use antler_events::identity::SecretHash;

use super::secret::{DrawnSecret, hash};

/// What is left of it.
#[derive(Default)]
pub struct Setup(Mutex<Option<SecretHash>>);

impl fmt::Debug for Setup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Setup(***)")
    }
}

/// The secret in the hands of one registration. It goes back unless it is spent.
#[derive(Debug)]
pub struct Shown<'a> {
    setup: &'a Setup,
    secret: Option<SecretHash>,
}

impl Setup {
    pub fn open(&self, secret: &DrawnSecret) {
        *self.secret() = Some(secret.hash());
    }

    /// None if this is not the secret, or another registration has it.
    pub fn show(&self, text: &str) -> Option<Shown<'_>> {
        let given = hash(text);
        // These are hashes of a random secret: the time of the comparison tells nothing about it.
        let secret = self.secret().take_if(|secret| *secret == given)?;
        Some(Shown { setup: self, secret: Some(secret) })
    }

    fn secret(&self) -> MutexGuard<'_, Option<SecretHash>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shown<'_> {
    pub fn spend(mut self) {
        self.secret = None;
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if let Some(secret) = self.secret.take() {
            *self.setup.secret() = Some(secret);
        }
    }
}

#[cfg(test)]
mod tests {
    use antler_events::randomness::SystemRandomness;

    use super::*;

    #[test]
    fn it_is_good_for_one_registration_that_does_not_fail() {
        let setup = Setup::default();
        let secret = DrawnSecret::draw(&SystemRandomness).unwrap();
        assert!(setup.show(secret.text()).is_none(), "it is not open yet");
        setup.open(&secret);
        assert!(setup.show("another").is_none());
        let shown = setup.show(secret.text()).unwrap();
        assert!(setup.show(secret.text()).is_none(), "somebody has it");
        drop(shown);
        setup.show(secret.text()).unwrap().spend();
        assert!(setup.show(secret.text()).is_none());
    }
}
