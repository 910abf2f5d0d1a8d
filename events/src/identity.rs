//! What tenants, people and keys are called, and the hashes that prove who they are.
//!
//! Invariant: a value that was parsed is within the limits of its time. A value that is read back from
//! the log is not measured again: a limit that is lowered later must not make history unreadable.
//! It does not hash and does not compare passwords: the gateway does.

use std::fmt;

use antler_config::limits::AccountLimits;
use serde::{Deserialize, Serialize};

/// Why a text is not the name, address or hash it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("the {kind} is empty")]
    Empty { kind: &'static str },
    #[error("the {kind} has {length} bytes, more than {max}")]
    TooLong { kind: &'static str, length: usize, max: u16 },
    #[error("the {kind} cannot have {character:?} at byte {at}")]
    BadCharacter { kind: &'static str, character: char, at: usize },
    #[error("the e-mail address does not have the form name@host")]
    EmailForm,
    #[error(
        "the e-mail address mixes letters of the Latin script with {character:?} at byte {at}, which looks like one; \
         write each part of it in one script"
    )]
    MixedScripts { character: char, at: usize },
    #[error("the password hash is not argon2id in PHC form")]
    PasswordHashForm,
    #[error("the address does not begin with https:// or http:// and a host")]
    WebAddressForm,
    #[error("the time zone has not the form of one, such as Europe/Lisbon or UTC")]
    TimeZoneForm,
    #[error("it has to be one of {choices}")]
    NoneOf { choices: &'static str },
}

/// An e-mail address in lower case, so that one mailbox is one address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Email(Box<str>);

impl Email {
    const KIND: &'static str = "e-mail address";

    pub fn parse(text: &str, limits: &AccountLimits) -> Result<Self, IdentityError> {
        let text = text.trim().to_lowercase();
        check_length(Self::KIND, &text, limits.email_bytes_max)?;
        check_characters(Self::KIND, &text, |character| {
            !character.is_whitespace()
                && !character.is_control()
                && !MISLEADING.contains(&character)
                && !is_wide(character)
                && !"<>()[],;:\\\"".contains(character)
        })?;
        check_scripts(&text)?;
        let (name, host) = text.rsplit_once('@').ok_or(IdentityError::EmailForm)?;
        let labels_fit = host.split('.').all(is_host_label);
        if name.is_empty() || name.contains('@') || !labels_fit {
            return Err(IdentityError::EmailForm);
        }
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_host_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|character| character.is_alphanumeric() || character == '-')
}

/// The name a member logs in with. Never holds an `@`, so that it cannot be taken for an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Username(Box<str>);

impl Username {
    const KIND: &'static str = "username";

    pub fn parse(text: &str, limits: &AccountLimits) -> Result<Self, IdentityError> {
        let text = text.trim();
        check_length(Self::KIND, text, limits.username_bytes_max)?;
        check_characters(Self::KIND, text, |character| {
            character.is_ascii_alphanumeric() || "._+-".contains(character)
        })?;
        Ok(Self(text.into()))
    }

    /// As it was chosen.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// In lower case. Two usernames with the same key are the same name.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// A text that people read: the name of a tenant or key, the reason of a suspension.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DisplayName(Box<str>);

impl DisplayName {
    const KIND: &'static str = "name";

    pub fn parse(text: &str, limits: &AccountLimits) -> Result<Self, IdentityError> {
        let text = text.trim();
        check_length(Self::KIND, text, limits.display_name_bytes_max)?;
        check_characters(Self::KIND, text, |character| {
            !character.is_control() && !MISLEADING.contains(&character)
        })?;
        Ok(Self(text.into()))
    }

    /// What stands in the place of a name that is not known any more.
    pub fn forgotten() -> Self {
        Self("erased".into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Somebody logs in with an address, so one must not look like another: no part of it has letters of the Latin script beside
/// such as look the same, of the Greek, Cyrillic, Armenian or Cherokee.
fn check_scripts(address: &str) -> Result<(), IdentityError> {
    let mut begin = 0;
    for part in address.split_inclusive(['@', '.']) {
        let is_latin = part.chars().any(|character| character.is_ascii_alphabetic());
        if let Some((at, character)) = part.char_indices().find(|(_, other)| is_latin && looks_latin(*other))
        {
            return Err(IdentityError::MixedScripts { character, at: begin + at });
        }
        begin += part.len();
    }
    Ok(())
}

fn looks_latin(character: char) -> bool {
    matches!(u32::from(character),
        0x370..=0x3ff | 0x1f00..=0x1fff            // Greek
        | 0x400..=0x52f | 0x1c80..=0x1c8f | 0xa640..=0xa69f // Cyrillic
        | 0x530..=0x58f                            // Armenian
        | 0x13a0..=0x13ff | 0xab70..=0xabbf        // Cherokee
    )
}

/// Letters of ASCII once more, as wide as those of East Asia or as signs of mathematics.
fn is_wide(character: char) -> bool {
    matches!(u32::from(character), 0xff01..=0xff5e | 0x1d400..=0x1d7ff)
}

/// What is not seen, ends of lines and changes of direction, which make a text look like another.
const MISLEADING: [char; 17] = [
    '\u{ad}', '\u{200b}', '\u{2060}', '\u{feff}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{202a}',
    '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

impl fmt::Display for Email {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Display for Username {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// An argon2id hash in PHC form. Never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash(Box<str>);

impl PasswordHash {
    const KIND: &'static str = "password hash";

    pub fn parse(text: &str, limits: &AccountLimits) -> Result<Self, IdentityError> {
        check_length(Self::KIND, text, limits.password_hash_bytes_max)?;
        if !text.starts_with("$argon2id$") || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(IdentityError::PasswordHashForm);
        }
        Ok(Self(text.into()))
    }

    /// For the comparison with a password, and for nothing else.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PasswordHash(***)")
    }
}

/// SHA-256 of a random 256-bit secret: of an API key or an invitation. Such a secret cannot be guessed,
/// so its hash needs no salt and no slow function. Never printed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecretHash(***)")
    }
}

pub(crate) fn check_length(kind: &'static str, text: &str, max: u16) -> Result<(), IdentityError> {
    match text.len() {
        0 => Err(IdentityError::Empty { kind }),
        length if length > usize::from(max) => Err(IdentityError::TooLong { kind, length, max }),
        _ => Ok(()),
    }
}

pub(crate) fn check_characters(
    kind: &'static str,
    text: &str,
    allowed: impl Fn(char) -> bool,
) -> Result<(), IdentityError> {
    match text.char_indices().find(|(_, character)| !allowed(*character)) {
        Some((at, character)) => Err(IdentityError::BadCharacter { kind, character, at }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> AccountLimits {
        AccountLimits::default()
    }

    /// The parsed text, or the message of the refusal.
    fn shown<T: fmt::Display>(parsed: Result<T, IdentityError>) -> String {
        parsed.map_or_else(|error| error.to_string(), |value| value.to_string())
    }

    #[test]
    fn an_email_address_is_lowered_and_checked() {
        let check = |text: &str, expected: &str| assert_eq!(shown(Email::parse(text, &limits())), expected);
        check(" Admin@Example.ORG ", "admin@example.org");
        check("admin+logs@mail.example.org", "admin+logs@mail.example.org");
        check("root@localhost", "root@localhost");
        check("größe@straße.de", "größe@straße.de");
        check("  ", "the e-mail address is empty");
        for text in
            ["admin", "@example.org", "admin@", "a@b@c.org", "admin@-x.org", "admin@a..b", "admin@a_b.org"]
        {
            check(text, "the e-mail address does not have the form name@host");
        }
        check("a da@b.org", "the e-mail address cannot have ' ' at byte 1");
        check("a\r\nbcc:x@b.org", "the e-mail address cannot have '\\r' at byte 1");
        check("почта@пример.рф", "почта@пример.рф");
        check("почта@example.org", "почта@example.org");
        for (text, at) in
            [("\u{430}dmin@example.org", 0), ("admin@ex\u{430}mple.org", 8), ("admin@a.\u{3bf}rg", 8)]
        {
            let character = text[at..].chars().next().unwrap();
            check(
                text,
                &format!(
                    "the e-mail address mixes letters of the Latin script with {character:?} at byte {at}, which looks \
                     like one; write each part of it in one script"
                ),
            );
        }
        check("adm\u{200b}in@b.org", "the e-mail address cannot have '\\u{200b}' at byte 3");
        check("\u{ff41}dmin@b.org", "the e-mail address cannot have '\u{ff41}' at byte 0");
        check(&format!("{}@b.org", "x".repeat(250)), "the e-mail address has 256 bytes, more than 254");
    }

    #[test]
    fn a_username_keeps_its_spelling_and_has_one_key() {
        let check =
            |text: &str, expected: &str| assert_eq!(shown(Username::parse(text, &limits())), expected);
        check("Admin.L-1_x+y", "Admin.L-1_x+y");
        check("", "the username is empty");
        check("admin@x", "the username cannot have '@' at byte 5");
        check("аda", "the username cannot have 'а' at byte 0");
        let (one, other) = (Username::parse("Admin", &limits()), Username::parse("aDMIN", &limits()));
        assert_eq!(one.unwrap().key(), other.unwrap().key());
    }

    #[test]
    fn a_name_is_trimmed_and_has_no_control_characters() {
        let check =
            |text: &str, expected: &str| assert_eq!(shown(DisplayName::parse(text, &limits())), expected);
        check("  Größe & Söhne ", "Größe & Söhne");
        check("\t\n", "the name is empty");
        check("a\u{1b}[31m", "the name cannot have '\\u{1b}' at byte 1");
        check("a\r\nBcc: b", "the name cannot have '\\r' at byte 1");
        check("a\u{202e}b", "the name cannot have '\\u{202e}' at byte 1");
        check("a\u{200b}b", "the name cannot have '\\u{200b}' at byte 1");
        check(&"x".repeat(201), "the name has 201 bytes, more than 200");
    }

    #[test]
    fn hashes_are_never_printed() {
        let hash = PasswordHash::parse("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", &limits()).unwrap();
        assert_eq!(format!("{hash:?}"), "PasswordHash(***)");
        assert_eq!(format!("{:?}", SecretHash::from_bytes([7; 32])), "SecretHash(***)");
    }

    #[test]
    fn a_password_hash_is_argon2id_and_nothing_else() {
        for text in ["hunter2", "$2b$12$abc", "$argon2i$v=19$x", "$argon2id$ a"] {
            assert_eq!(PasswordHash::parse(text, &limits()), Err(IdentityError::PasswordHashForm), "{text}");
        }
    }

    #[test]
    fn a_lowered_limit_does_not_make_history_unreadable() {
        let email = Email::parse("admin@example.org", &limits()).unwrap();
        let body = crate::codec::encode(&email).unwrap();
        let lowered = AccountLimits { email_bytes_max: 5, ..limits() };
        assert!(Email::parse(email.as_str(), &lowered).is_err());
        assert_eq!(crate::codec::decode::<Email>(&body).unwrap(), email);
    }
}
