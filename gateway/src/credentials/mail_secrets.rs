//! The secrets in the links of mails.
//!
//! A secret is made of the mail's id with a key of the server, so it need not be kept: it is made again when the mail is
//! sent, after a crash too, and when somebody shows it. The log has neither it nor its hash.
//! Invariant: a secret belongs to one mail and cannot be made without the key. It does not say until when it counts.

use antler_events::ids::{MailId, TenantId};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::secret::DrawnSecret;
use super::token_key::TokenKey;

/// Keeps these secrets apart from everything else that is made with the key.
const PURPOSE: &[u8] = b"link of a mail\0";

/// Makes them.
#[derive(Clone)]
pub struct MailSecrets(Hmac<Sha256>);

impl std::fmt::Debug for MailSecrets {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("MailSecrets(***)")
    }
}

impl MailSecrets {
    pub fn new(key: &TokenKey) -> Self {
        let mut secrets = Hmac::new_from_slice(key.as_bytes()).expect("a key of any length will do");
        secrets.update(PURPOSE);
        Self(secrets)
    }

    pub fn of(&self, tenant: TenantId, mail: MailId) -> DrawnSecret {
        let mut secret = self.0.clone();
        // No id has a slash, so no two pairs are one text.
        secret.update(format!("{tenant}/{mail}").as_bytes());
        DrawnSecret::made(&secret.finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use antler_events::randomness::SystemRandomness;

    use super::*;

    #[test]
    fn a_secret_is_that_of_one_mail_and_of_one_key() {
        let secrets = || MailSecrets::new(&TokenKey::draw(&SystemRandomness).unwrap());
        let (tenant, mail) = (TenantId::parse("a").unwrap(), MailId::parse("m").unwrap());
        let (one, other) = (secrets(), secrets());
        let secret = one.of(tenant, mail);
        assert_eq!(secret, one.of(tenant, mail));
        assert_ne!(secret, other.of(tenant, mail));
        assert_ne!(secret, one.of(tenant, MailId::parse("m2").unwrap()));
        assert_ne!(secret, one.of(TenantId::parse("b").unwrap(), mail));
        assert_eq!(format!("{secret:?} {one:?}"), "DrawnSecret(***) MailSecrets(***)");
    }
}
