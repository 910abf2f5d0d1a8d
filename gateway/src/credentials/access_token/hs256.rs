//! What `jsonwebtoken` signs and verifies with: HMAC with SHA-256, and nothing else.
//!
//! The crate's own back ends bring RSA and elliptic curves, which no token here may use, and a second version of each hash.
//! Invariant: every other algorithm is refused, whatever a token or a caller asks for. It reads no tokens.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, new_error};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use sha2::Sha256;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Has the crate use this; it asks for a choice once in a process.
pub(super) fn install() {
    // Whoever comes second finds what the first installed: this.
    let _installed_before = PROVIDER.install_default();
}

/// A code over a message that begins anew with each one.
struct Hs256(Hmac<Sha256>);

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    Ok(Box::new(Hs256::new(*algorithm, key.family(), key.as_bytes())?))
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    Ok(Box::new(Hs256::new(*algorithm, key.family(), key.try_get_as_bytes()?)?))
}

impl Hs256 {
    fn new(algorithm: Algorithm, family: AlgorithmFamily, key: &[u8]) -> Result<Self, Error> {
        match (algorithm, family) {
            (Algorithm::HS256, AlgorithmFamily::Hmac) => {
                Hmac::new_from_slice(key).map(Self).map_err(|_| new_error(ErrorKind::InvalidKeyFormat))
            }
            _ => Err(new_error(ErrorKind::UnsupportedAlgorithm)),
        }
    }

    fn code_of(&self, message: &[u8]) -> Hmac<Sha256> {
        let mut code = self.0.clone();
        code.update(message);
        code
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.code_of(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], code: &Vec<u8>) -> Result<(), signature::Error> {
        self.code_of(message).verify_slice(code).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_algorithm_gets_a_signer_or_a_verifier() {
        let (encoding, decoding) = (EncodingKey::from_secret(b"k"), DecodingKey::from_secret(b"k"));
        for algorithm in
            [Algorithm::HS384, Algorithm::HS512, Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA]
        {
            assert!(signer(&algorithm, &encoding).is_err(), "{algorithm:?}");
            assert!(verifier(&algorithm, &decoding).is_err(), "{algorithm:?}");
        }
        assert!(signer(&Algorithm::HS256, &encoding).is_ok());
        assert!(verifier(&Algorithm::HS256, &DecodingKey::from_rsa_der(b"k")).is_err());
    }

    #[test]
    fn a_code_is_that_of_the_standard() {
        // RFC 4231, test case 2.
        let signer = signer(&Algorithm::HS256, &EncodingKey::from_secret(b"Jefe")).unwrap();
        let code = signer.sign(b"what do ya want for nothing?");
        assert_eq!(&code[..8], [0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e]);
    }
}
