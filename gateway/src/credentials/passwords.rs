//! Hashing passwords with argon2id, a bounded number at once.
//!
//! Invariant: a login with an unknown name takes as long as one with a wrong password, because both hash once. Hashing
//! has threads of its own, since each takes 19 MiB and some 20 ms of a core, and these let all others go first: many
//! logins do not delay anybody's lines. It does not judge passwords: `password_rules.rs` does.

use std::sync::Arc;
use std::time::Duration;

use antler_actors::workers::WorkerThreads;
use antler_config::limits::AccountLimits;
use antler_events::identity::PasswordHash;
use antler_events::randomness::{Randomness, RandomnessError};
use antler_projections::index::port::compute;
use argon2::password_hash::phc::PasswordHash as ParsedHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

/// What OWASP asks of argon2id: memory in KiB, passes, lanes.
const COST: (u32, u32, u32) = (19_456, 2, 1);
/// Longer than this nobody waits for a permit.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a password was not hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("too many people log in at this moment; try again in some seconds")]
    Busy,
    #[error("the password cannot be hashed: {reason}")]
    Hash { reason: String },
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

/// Hashes and compares passwords.
#[derive(Debug)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    threads: WorkerThreads,
    randomness: Arc<dyn Randomness>,
    /// Of a password that nobody has.
    nobody: PasswordHash,
}

impl Passwords {
    /// `at_once`: how many may be hashed at the same time.
    pub fn new(at_once: usize, randomness: Arc<dyn Randomness>) -> Result<Self, PasswordError> {
        let mut unknown = [0; 32];
        randomness.fill(&mut unknown)?;
        let nobody = hash(&unknown, &draw_salt(&*randomness)?)?;
        let threads = WorkerThreads::start_behind("password", at_once);
        let threads = threads.map_err(|error| PasswordError::Hash { reason: error.to_string() })?;
        Ok(Self { permits: Arc::new(Semaphore::new(at_once.max(1))), threads, randomness, nobody })
    }

    pub async fn hash(&self, password: String) -> Result<PasswordHash, PasswordError> {
        let salt = draw_salt(&*self.randomness)?;
        self.run(move || hash(password.as_bytes(), &salt)).await?
    }

    /// Whether the password has the hash. Without a hash the answer is no, after the same time.
    pub async fn matches(&self, password: String, hash: Option<PasswordHash>) -> Result<bool, PasswordError> {
        let (is_known, hash) = (hash.is_some(), hash.unwrap_or_else(|| self.nobody.clone()));
        let matches = self.run(move || matches(password.as_bytes(), &hash)).await??;
        Ok(is_known && matches)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let permit = tokio::time::timeout(PATIENCE, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit.map_err(|_| PasswordError::Busy)?.expect("the semaphore is never closed");
        let work = move || {
            // Whoever asked may be gone; the work still has its permit until it ends.
            let _permit = permit;
            work()
        };
        compute(&self.threads, work).await.map_err(|lost| PasswordError::Hash { reason: lost.to_string() })
    }
}

fn draw_salt(randomness: &dyn Randomness) -> Result<[u8; 16], RandomnessError> {
    let mut salt = [0; 16];
    randomness.fill(&mut salt)?;
    Ok(salt)
}

fn argon2() -> Argon2<'static> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).expect("the cost is within the bounds of argon2");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &[u8], salt: &[u8]) -> Result<PasswordHash, PasswordError> {
    let failed = |reason: String| PasswordError::Hash { reason };
    let hashed =
        argon2().hash_password_with_salt(password, salt).map_err(|error| failed(error.to_string()))?;
    PasswordHash::parse(&hashed.to_string(), &AccountLimits::default())
        .map_err(|error| failed(error.to_string()))
}

fn matches(password: &[u8], hash: &PasswordHash) -> Result<bool, PasswordError> {
    let parsed =
        ParsedHash::new(hash.as_str()).map_err(|error| PasswordError::Hash { reason: error.to_string() })?;
    Ok(argon2().verify_password(password, &parsed).is_ok())
}

#[cfg(test)]
mod tests {
    use antler_events::randomness::SystemRandomness;

    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let passwords = Passwords::new(2, Arc::new(SystemRandomness)).unwrap();
        let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        let matches = async |password: &str, hash: Option<&PasswordHash>| {
            passwords.matches(password.to_owned(), hash.cloned()).await.unwrap()
        };
        assert!(matches("correct horse", Some(&hash)).await);
        assert!(!matches("correct hors", Some(&hash)).await);
        assert!(!matches("correct horse", None).await);
        assert_ne!(passwords.hash("correct horse".to_owned()).await.unwrap(), hash);
    }
}
