//! Randomness: a source of bytes that nobody can guess, and the one place that asks the machine for them.
//!
//! Invariant: code that draws ids or secrets takes a `Randomness`; only `SystemRandomness` asks the machine.
//! It does not make ids or secrets of the bytes: whoever draws does.

use std::fmt;

/// A source of random bytes.
pub trait Randomness: Send + Sync + fmt::Debug {
    /// Fills all bytes, or none that could be used.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError>;
}

/// The machine gives no random bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes: {reason}")]
pub struct RandomnessError {
    pub reason: String,
}

/// The machine's source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
        getrandom::fill(bytes).map_err(|error| RandomnessError { reason: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        let (mut one, mut other) = ([0; 32], [0; 32]);
        SystemRandomness.fill(&mut one).unwrap();
        SystemRandomness.fill(&mut other).unwrap();
        assert_ne!(one, other);
    }
}
