//! Tests of access tokens: each way in which somebody tries to make one, or to use an old one.

use antler_events::randomness::SystemRandomness;
use base64ct::{Base64UrlUnpadded, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Sha256, Sha512};

use super::*;

const NOW: Timestamp = Timestamp::from_nanos(1_700_000_000 * NANOS);
const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;
const GOOD: &str = r#"{"iss":"antler","aud":"antler-api","typ":"access","sub":"u","tid":"t","sid":"s","epoch":0,"iat":0,"exp":9000000000}"#;

fn key() -> TokenKey {
    TokenKey::draw(&SystemRandomness).unwrap()
}

fn tokens() -> AccessTokens {
    AccessTokens::new(&key())
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

/// A token with any header and claims, signed with HS256 and our own key.
fn signed(key: &TokenKey, header: &str, claims: &str) -> String {
    let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let mut code = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    code.update(signed.as_bytes());
    format!("{signed}.{}", Base64UrlUnpadded::encode_string(&code.finalize().into_bytes()))
}

#[test]
fn a_token_is_good_for_fifteen_minutes() {
    let tokens = tokens();
    let token = tokens.issue(&bearer(), NOW);
    assert!(token.len() < 260, "{token}");
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
    for longer in [format!("{token}="), format!("{token}."), format!("{token}A"), format!(" {token}")] {
        assert_eq!(tokens.check(&longer, NOW), Err(TokenError::Foreign), "{longer}");
    }
}

#[test]
fn no_token_chooses_its_algorithm() {
    let key = key();
    let tokens = AccessTokens::new(&key);
    assert!(tokens.check(&signed(&key, HEADER, GOOD), NOW).is_ok());
    // Under each name stands the code that HS256 makes with our key: the confusion that such headers aim at.
    for algorithm in ["none", "None", "HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "hs256", ""] {
        let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#);
        let token = signed(&key, &header, GOOD);
        assert_eq!(tokens.check(&token, NOW), Err(TokenError::Foreign), "{algorithm}");
        let (unsigned, _) = token.rsplit_once('.').unwrap();
        assert_eq!(tokens.check(&format!("{unsigned}."), NOW), Err(TokenError::Foreign), "{algorithm}");
        assert_eq!(tokens.check(unsigned, NOW), Err(TokenError::Foreign), "{algorithm}");
    }
    for header in [r#"{"typ":"JWT"}"#, "{}", "", "[]", r#"{"alg":["HS256"]}"#] {
        assert_eq!(tokens.check(&signed(&key, header, GOOD), NOW), Err(TokenError::Foreign), "{header}");
    }
}

#[test]
fn a_true_signature_of_another_algorithm_is_foreign() {
    let key = key();
    let signed = signed(&key, r#"{"alg":"HS512","typ":"JWT"}"#, GOOD);
    let (signed, _) = signed.rsplit_once('.').unwrap();
    let mut code = Hmac::<Sha512>::new_from_slice(key.as_bytes()).unwrap();
    code.update(signed.as_bytes());
    let token = format!("{signed}.{}", Base64UrlUnpadded::encode_string(&code.finalize().into_bytes()));
    assert_eq!(AccessTokens::new(&key).check(&token, NOW), Err(TokenError::Foreign));
}

#[test]
fn a_token_for_something_else_is_foreign() {
    let key = key();
    let tokens = AccessTokens::new(&key);
    let check = |claims: &str, expected| {
        assert_eq!(tokens.check(&signed(&key, HEADER, claims), NOW).err(), expected, "{claims}");
    };
    check(GOOD, None);
    check(&GOOD.replace("9000000000", "1699999999"), Some(TokenError::Expired));
    for (good, bad) in [
        ("\"antler\"", "\"x\""),
        ("antler-api", "x"),
        ("\"access\"", "\"refresh\""),
        ("\"typ\":\"access\",", ""),
        ("\"iss\":\"antler\",", ""),
        ("\"aud\":\"antler-api\",", ""),
        ("\"sub\":\"u\",", ""),
        (",\"exp\":9000000000", ""),
        ("9000000000", "\"soon\""),
        ("9000000000", "1e400"),
        ("\"tid\":\"t\"", "\"tid\":\"../t\""),
    ] {
        check(&GOOD.replacen(good, bad, 1), Some(TokenError::Foreign));
    }
}

#[test]
fn keys_are_not_shown() {
    let shown = format!("{:?}", tokens());
    assert!(shown.contains("redacted") && !shown.contains("Secret(["), "{shown}");
}
