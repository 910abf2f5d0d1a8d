//! Access tokens: JSON Web Tokens with one algorithm, HS256, issued and checked here and by nobody else.
//!
//! Invariant: claims count only after the signature holds under the one algorithm, whatever the token says of itself, and
//! with the issuer, audience and kind of this server. A token is good for minutes; that its session and epoch still count
//! is asked of the views on each request, by `http/auth.rs`. It takes the time from its caller, never from the system.

mod hs256;

use std::sync::Arc;
use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::event::member::Epoch;
use antler_events::ids::{SessionId, TenantId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::token_key::TokenKey;

/// How long a token is good.
pub const LIFETIME: Duration = Duration::from_secs(15 * 60);

const ALGORITHM: Algorithm = Algorithm::HS256;
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
pub struct AccessTokens(Arc<Keys>);

#[derive(Debug)]
struct Keys {
    signing: EncodingKey,
    checking: DecodingKey,
    asked: Validation,
}

impl AccessTokens {
    pub fn new(key: &TokenKey) -> Self {
        hs256::install();
        let mut asked = Validation::new(ALGORITHM);
        asked.set_issuer(&[ISSUER]);
        asked.set_audience(&[AUDIENCE]);
        asked.set_required_spec_claims(&["exp", "iss", "aud"]);
        // Held against the clock of the program below.
        asked.validate_exp = false;
        let (signing, checking) =
            (EncodingKey::from_secret(key.as_bytes()), DecodingKey::from_secret(key.as_bytes()));
        Self(Arc::new(Keys { signing, checking, asked }))
    }

    pub fn issue(&self, bearer: &Bearer, now: Timestamp) -> String {
        let Bearer { tenant, user, session, epoch } = *bearer;
        let iat = now.nanos() / NANOS;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            typ: KIND.to_owned(),
            sub: user,
            tid: tenant,
            sid: session,
            epoch,
            iat,
            exp: iat.saturating_add(LIFETIME.as_secs() as i64),
        };
        jsonwebtoken::encode(&Header::new(ALGORITHM), &claims, &self.0.signing)
            .expect("claims are texts and numbers, and the key is one of this algorithm")
    }

    pub fn check(&self, token: &str, now: Timestamp) -> Result<Bearer, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Foreign);
        }
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.0.checking, &self.0.asked);
        let claims = decoded.map_err(|_| TokenError::Foreign)?.claims;
        if claims.typ != KIND {
            return Err(TokenError::Foreign);
        }
        if now.nanos() / NANOS >= claims.exp {
            return Err(TokenError::Expired);
        }
        let Claims { sub: user, tid: tenant, sid: session, epoch, .. } = claims;
        Ok(Bearer { tenant, user, session, epoch })
    }
}

#[cfg(test)]
mod tests;
