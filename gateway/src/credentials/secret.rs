//! Secrets that are drawn: API keys and refresh tokens, and the hashes that the log keeps of them.
//!
//! An API key is `antler_<prefix>_<secret>`: the prefix is the key's id and may be shown; people and scanners of leaked
//! secrets know the beginning. A refresh token is `<tenant>.<session>.<secret>`, so that it leads to its session; that of
//! an invitation is `<tenant>.<user>.<secret>`, that of another mail `<tenant>.<mail>.<secret>`.
//! Invariant: a secret has 256 random bits, and `Debug` never shows it. It keeps nothing.

use std::fmt;

use antler_events::identity::SecretHash;
use antler_events::ids::{KeyId, MailId, SessionId, TenantId, UserId};
use antler_events::randomness::{Randomness, RandomnessError};
use sha2::{Digest as _, Sha256};

const KEY_START: &str = "antler_";
/// Longer texts are no credential of ours.
const TEXT_BYTES_MAX: usize = 256;

/// A drawn secret.
#[derive(Clone, PartialEq, Eq)]
pub struct DrawnSecret(String);

impl fmt::Debug for DrawnSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("DrawnSecret(***)")
    }
}

impl DrawnSecret {
    pub fn draw(randomness: &dyn Randomness) -> Result<Self, RandomnessError> {
        draw_hex::<32>(randomness).map(Self)
    }

    /// One that is as good, because whoever has not the key it was made with cannot tell it from a drawn one.
    pub(super) fn made(bytes: &[u8]) -> Self {
        Self(hex(bytes))
    }

    /// What the log keeps.
    pub fn hash(&self) -> SecretHash {
        hash(&self.0)
    }

    /// For a link that is shown once.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The API key as its owner sees it once.
    pub fn api_key(&self, id: KeyId) -> String {
        format!("{KEY_START}{id}_{}", self.0)
    }

    pub fn refresh_token(&self, tenant: TenantId, session: SessionId) -> String {
        format!("{tenant}.{session}.{}", self.0)
    }

    /// What an invited person shows; `user` is the id that it will have.
    pub fn invitation_token(&self, tenant: TenantId, user: UserId) -> String {
        format!("{tenant}.{user}.{}", self.0)
    }

    /// What somebody shows who got a mail.
    pub fn mail_token(&self, tenant: TenantId, mail: MailId) -> String {
        format!("{tenant}.{mail}.{}", self.0)
    }
}

/// Hash of a secret as it was drawn.
pub fn hash(secret: &str) -> SecretHash {
    SecretHash::from_bytes(Sha256::digest(secret.as_bytes()).into())
}

/// A new id of an API key: short, because people read it, and all of digits and letters.
pub fn draw_key_id(randomness: &dyn Randomness) -> Result<KeyId, RandomnessError> {
    let text = draw_hex::<6>(randomness)?;
    Ok(KeyId::parse(&text).expect("twelve digits are an id"))
}

/// The id and the secret's hash of a text that has the form of an API key.
pub fn parse_api_key(text: &str) -> Option<(KeyId, SecretHash)> {
    let (id, secret) =
        text.strip_prefix(KEY_START).filter(|_| text.len() <= TEXT_BYTES_MAX)?.split_once('_')?;
    Some((KeyId::parse(id).ok()?, hash(secret)))
}

/// The session and the secret's hash of a text that has the form of a refresh token.
pub fn parse_refresh_token(text: &str) -> Option<(TenantId, SessionId, SecretHash)> {
    let (tenant, session, secret) = three_parts(text)?;
    Some((tenant, SessionId::parse(session).ok()?, secret))
}

/// The person and the secret's hash of a text that has the form of an invitation's token.
pub fn parse_invitation_token(text: &str) -> Option<(TenantId, UserId, SecretHash)> {
    let (tenant, user, secret) = three_parts(text)?;
    Some((tenant, UserId::parse(user).ok()?, secret))
}

/// The mail and the secret's hash of a text that has the form of a token from a mail.
pub fn parse_mail_token(text: &str) -> Option<(TenantId, MailId, SecretHash)> {
    let (tenant, mail, secret) = three_parts(text)?;
    Some((tenant, MailId::parse(mail).ok()?, secret))
}

fn three_parts(text: &str) -> Option<(TenantId, &str, SecretHash)> {
    let mut parts = Some(text).filter(|text| text.len() <= TEXT_BYTES_MAX)?.split('.');
    let (tenant, id, secret) = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then_some((TenantId::parse(tenant).ok()?, id, hash(secret)))
}

fn draw_hex<const BYTES: usize>(randomness: &dyn Randomness) -> Result<String, RandomnessError> {
    let mut bytes = [0; BYTES];
    randomness.fill(&mut bytes)?;
    Ok(hex(&bytes))
}

/// For people and addresses: two digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use antler_events::randomness::SystemRandomness;

    use super::*;

    #[test]
    fn an_api_key_leads_to_its_id_and_hash() {
        let secret = DrawnSecret::draw(&SystemRandomness).unwrap();
        let id = draw_key_id(&SystemRandomness).unwrap();
        let key = secret.api_key(id);
        assert_eq!(key.len(), "antler_".len() + 12 + 1 + 64);
        assert_eq!(parse_api_key(&key), Some((id, secret.hash())));
        assert_ne!(secret, DrawnSecret::draw(&SystemRandomness).unwrap());
        assert_eq!(format!("{secret:?}"), "DrawnSecret(***)");
    }

    #[test]
    fn a_refresh_token_leads_to_its_session() {
        let secret = DrawnSecret::draw(&SystemRandomness).unwrap();
        let (tenant, session) = (TenantId::parse("a").unwrap(), SessionId::parse("s").unwrap());
        let token = secret.refresh_token(tenant, session);
        assert_eq!(parse_refresh_token(&token), Some((tenant, session, secret.hash())));
    }

    #[test]
    fn the_token_of_an_invitation_leads_to_the_person() {
        let secret = DrawnSecret::draw(&SystemRandomness).unwrap();
        let (tenant, user) = (TenantId::parse("a").unwrap(), UserId::parse("u").unwrap());
        let token = secret.invitation_token(tenant, user);
        assert_eq!(parse_invitation_token(&token), Some((tenant, user, secret.hash())));
    }

    #[test]
    fn other_texts_are_no_credentials() {
        let long = format!("antler_a_{}", "x".repeat(300));
        for text in
            ["", "antler_", "antler_A_b", "antler_ab", "antler__b", "a.b", "a.b.c.d", "..", "A.b.c", &long]
        {
            assert_eq!(parse_api_key(text), None, "{text}");
            assert_eq!(parse_refresh_token(text), None, "{text}");
            assert_eq!(parse_invitation_token(text), None, "{text}");
            assert_eq!(parse_mail_token(text), None, "{text}");
        }
    }

    #[test]
    fn the_hash_is_sha_256() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let hex: String = hash("abc").as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, expected);
    }
}
