//! The key that receipts of erasures are signed with (Ed25519), and the proof that outsiders make with its public half.
//!
//! Invariant: a receipt is proved by its text, the key and the signature alone, without this server. The key is drawn once
//! and outlives restarts. It does not know what a receipt says.

use std::fmt;
use std::path::Path;

use antler_events::event::tenant::TenantErased;
use antler_events::randomness::Randomness;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use super::token_key::{TokenKey, TokenKeyError};

const FILE: &str = "receipt.key";

/// A key pair.
pub struct ReceiptKey(Ed25519KeyPair);

impl fmt::Debug for ReceiptKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ReceiptKey(***)")
    }
}

impl ReceiptKey {
    /// The key of a data folder; drawn if there is none yet.
    pub fn open_or_create(dir: &Path, randomness: &dyn Randomness) -> Result<Self, TokenKeyError> {
        let seed = TokenKey::open_or_create_as(dir, FILE, randomness)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_bytes()).expect("any 32 bytes are a seed");
        Ok(Self(pair))
    }

    pub fn public(&self) -> [u8; 32] {
        self.0.public_key().as_ref().try_into().expect("a public key of Ed25519 has 32 bytes")
    }

    pub fn sign(&self, receipt: String) -> TenantErased {
        let signature = self.0.sign(receipt.as_bytes()).as_ref().to_vec();
        TenantErased { receipt, key: self.public(), signature }
    }
}

/// Was the receipt signed with the key that it names?
pub fn is_signed(TenantErased { receipt, key, signature }: &TenantErased) -> bool {
    UnparsedPublicKey::new(&ED25519, key).verify(receipt.as_bytes(), signature).is_ok()
}

#[cfg(test)]
mod tests {
    use antler_events::randomness::SystemRandomness;

    use super::*;

    #[test]
    fn a_receipt_is_proved_by_the_key_that_outlives_a_restart_and_by_no_other_text() {
        let dir = tempfile::tempdir().unwrap();
        let key = ReceiptKey::open_or_create(dir.path(), &SystemRandomness).unwrap();
        let signed = key.sign("{\"tenant\":\"acme\"}".to_owned());
        assert!(is_signed(&signed));
        assert!(!is_signed(&TenantErased { receipt: "{\"tenant\":\"acmf\"}".to_owned(), ..signed.clone() }));
        let other = TenantErased { key: [7; 32], ..signed.clone() };
        assert!(!is_signed(&other));
        let again = ReceiptKey::open_or_create(dir.path(), &SystemRandomness).unwrap();
        assert_eq!(again.public(), signed.key);
    }
}
