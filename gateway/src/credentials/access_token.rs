//! Access tokens: JSON Web Tokens with one algorithm, HS256, signed and checked here and by nobody else.
//!
//! There is one header, and a token with any other is refused before anything else is looked at; so no token can choose
//! its algorithm. Invariant: claims are read only after the signature holds. A token is good for minutes; that its
//! session and epoch still count is asked of the views on each request, by `http/auth.rs`.

use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::event::member::Epoch;
use antler_events::ids::{SessionId, TenantId, UserId};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::token_key::TokenKey;

/// How long a token is good.
pub const LIFETIME: Duration = Duration::from_secs(15 * 60);

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
const ISSUER: &str = "antler";
const AUDIENCE: &str = "antler-api";
const KIND: &str = "access";
const TOKEN_BYTES_MAX: usize = 2_048;
const NANOS: i64 = 1_000_000_000;

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    pub tenant: TenantId,
    pub user: UserId,
    pub session: SessionId,
    pub epoch: Epoch,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    typ: String,
    sub: UserId,
    tid: TenantId,
    sid: SessionId,
    epoch: Epoch,
    iat: i64,
    exp: i64,
}

/// Why a text is not a token that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the access token is not one of this server; log in again")]
    Foreign,
    #[error("the access token has expired; get a new one with the refresh token, or log in again")]
    Expired,
}

/// Makes and checks tokens.
#[derive(Debug, Clone)]
pub struct AccessTokens {
    key: TokenKey,
}

impl AccessTokens {
    pub fn new(key: TokenKey) -> Self {
        Self { key }
    }

    pub fn issue(&self, bearer: &Bearer, now: Timestamp) -> String {
        let Bearer { tenant, user, session, epoch } = *bearer;
        let iat = now.nanos() / NANOS;
        let exp = iat.saturating_add(LIFETIME.as_secs() as i64);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            typ: KIND.to_owned(),
            sub: user,
            tid: tenant,
            sid: session,
            epoch,
            iat,
            exp,
        };
        let claims = serde_json::to_vec(&claims).expect("claims are texts and numbers");
        self.sign(HEADER, &claims)
    }

    pub fn check(&self, token: &str, now: Timestamp) -> Result<Bearer, TokenError> {
        let claims = self.claims(token).ok_or(TokenError::Foreign)?;
        let is_ours = claims.iss == ISSUER && claims.aud == AUDIENCE && claims.typ == KIND;
        if !is_ours {
            return Err(TokenError::Foreign);
        }
        if now.nanos() / NANOS >= claims.exp {
            return Err(TokenError::Expired);
        }
        let Claims { sub: user, tid: tenant, sid: session, epoch, .. } = claims;
        Ok(Bearer { tenant, user, session, epoch })
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        let (signed, signature) =
            Some(token).filter(|token| token.len() <= TOKEN_BYTES_MAX)?.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        if header != Base64UrlUnpadded::encode_string(HEADER.as_bytes()) {
            return None;
        }
        let signature = Base64UrlUnpadded::decode_vec(signature).ok()?;
        self.code(signed).verify_slice(&signature).ok()?;
        serde_json::from_slice(&Base64UrlUnpadded::decode_vec(claims).ok()?).ok()
    }

    fn sign(&self, header: &str, claims: &[u8]) -> String {
        let encode = Base64UrlUnpadded::encode_string;
        let signed = format!("{}.{}", encode(header.as_bytes()), encode(claims));
        let signature = encode(&self.code(&signed).finalize().into_bytes());
        format!("{signed}.{signature}")
    }

    fn code(&self, signed: &str) -> Hmac<Sha256> {
        let mut code =
            Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).expect("a key of any length will do");
        code.update(signed.as_bytes());
        code
    }
}

#[cfg(test)]
mod tests {
    use antler_events::randomness::SystemRandomness;

    use super::*;

    const NOW: Timestamp = Timestamp::from_nanos(1_700_000_000 * NANOS);

    fn tokens() -> AccessTokens {
        AccessTokens::new(TokenKey::draw(&SystemRandomness).unwrap())
    }

    fn bearer() -> Bearer {
        Bearer {
            tenant: TenantId::parse("t1").unwrap(),
            user: UserId::parse("u1").unwrap(),
            session: SessionId::parse("s1").unwrap(),
            epoch: 3,
        }
    }

    fn later(seconds: i64) -> Timestamp {
        Timestamp::from_nanos(NOW.nanos() + seconds * NANOS)
    }

    #[test]
    fn a_token_is_good_for_fifteen_minutes() {
        let tokens = tokens();
        let token = tokens.issue(&bearer(), NOW);
        assert_eq!(tokens.check(&token, NOW), Ok(bearer()));
        assert_eq!(tokens.check(&token, later(899)), Ok(bearer()));
        assert_eq!(tokens.check(&token, later(900)), Err(TokenError::Expired));
    }

    #[test]
    fn a_token_of_another_key_is_foreign() {
        assert_eq!(tokens().check(&tokens().issue(&bearer(), NOW), NOW), Err(TokenError::Foreign));
    }

    #[test]
    fn any_changed_character_makes_a_token_foreign() {
        let tokens = tokens();
        let token = tokens.issue(&bearer(), NOW);
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(tokens.check(&changed, NOW), Err(TokenError::Foreign), "at {at}");
            assert_eq!(tokens.check(&token[..at], NOW), Err(TokenError::Foreign), "cut at {at}");
        }
    }

    #[test]
    fn no_token_chooses_its_algorithm() {
        let tokens = tokens();
        let claims = tokens.issue(&bearer(), NOW).split('.').nth(1).unwrap().to_owned();
        let claims = Base64UrlUnpadded::decode_vec(&claims).unwrap();
        for header in [
            r#"{"alg":"none","typ":"JWT"}"#,
            r#"{"alg":"HS512","typ":"JWT"}"#,
            r#"{"alg":"RS256","typ":"JWT"}"#,
            r#"{"typ":"JWT","alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"JWT","kid":"x"}"#,
        ] {
            assert_eq!(
                tokens.check(&tokens.sign(header, &claims), NOW),
                Err(TokenError::Foreign),
                "{header}"
            );
        }
    }

    #[test]
    fn a_token_for_something_else_is_foreign() {
        let tokens = tokens();
        let text = r#"{"iss":"antler","aud":"antler-api","typ":"access","sub":"u","tid":"t","sid":"s","epoch":0,"iat":0,"exp":9000000000}"#;
        assert!(tokens.check(&tokens.sign(HEADER, text.as_bytes()), NOW).is_ok());
        for (good, bad) in
            [("\"antler\"", "\"x\""), ("antler-api", "x"), ("access", "refresh"), ("\"sub\":\"u\",", "")]
        {
            let other = text.replacen(good, bad, 1);
            assert_eq!(tokens.check(&tokens.sign(HEADER, other.as_bytes()), NOW), Err(TokenError::Foreign));
        }
    }
}
