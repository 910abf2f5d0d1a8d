//! Credentials: passwords, access tokens, refresh tokens and API keys, as text from outside and as hashes inside.
//!
//! Invariant: no secret is logged, printed or kept; what is compared is compared in constant time or is the hash of a
//! random secret. It does not know requests: `http/auth.rs` does.

pub mod access_token;
pub mod mail_secrets;
pub mod page_code;
pub mod password_rules;
pub mod passwords;
pub mod receipt_key;
pub mod secret;
pub mod setup;
pub mod token_key;
