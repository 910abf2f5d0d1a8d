//! The section `mail`: whether mails are sent, and how.
//!
//! Invariant: what passes the rules is whole: a server has a host and a sender, a folder a path. It sends nothing.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Rule;
use crate::secret::Secret;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub kind: MailKind,
    /// The address that mails come from.
    pub from: String,
    pub host: String,
    pub port: u16,
    pub security: MailSecurity,
    /// Empty: the server asks for no login.
    pub user: String,
    pub password: Secret,
    /// A file of PEM with authorities that are trusted beside those of the system.
    pub authorities: PathBuf,
    #[serde(with = "crate::duration")]
    pub timeout: Duration,
    pub folder: PathBuf,
    /// Mails that may wait to be sent, of all tenants and of one.
    pub waiting_max: u32,
    pub waiting_per_tenant_max: u32,
}

/// Where mails go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailKind {
    #[default]
    None,
    Files,
    Smtp,
}

/// How the way to the server is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    None,
    #[default]
    Starttls,
    Tls,
}

impl Mail {
    pub fn is_on(&self) -> bool {
        self.kind != MailKind::None
    }

    pub(crate) fn rules(&self) -> Vec<Rule> {
        let is = |kind| self.kind == kind;
        let has_user = !self.user.is_empty();
        let timeouts = Duration::from_secs(1)..=Duration::from_secs(300);
        vec![
            (
                !self.is_on() || is_address(&self.from),
                "mail.from",
                "an address such as \"antler@example.org\"",
            ),
            (
                !is(MailKind::Smtp) || is_host(&self.host),
                "mail.host",
                "the name of the mail server, because mail.kind is \"smtp\"",
            ),
            (self.port > 0, "mail.port", "from 1 to 65535, such as 587"),
            (has_user || !self.password.is_set(), "mail.user", "the name that mail.password belongs to"),
            (
                !has_user || self.security != MailSecurity::None || self.host == "localhost",
                "mail.security",
                "\"starttls\" or \"tls\", because a password would be sent as it is",
            ),
            (
                !is(MailKind::Files) || !self.folder.as_os_str().is_empty(),
                "mail.folder",
                "a folder, because mail.kind is \"files\"",
            ),
            (timeouts.contains(&self.timeout), "mail.timeout", "from 1 s to 5 m"),
            ((1..=10_000).contains(&self.waiting_max), "mail.waiting_max", "from 1 to 10000"),
            (
                (1..=self.waiting_max).contains(&self.waiting_per_tenant_max),
                "mail.waiting_per_tenant_max",
                "from 1 to mail.waiting_max",
            ),
        ]
    }
}

/// It stands in a header, so it has no character that could end one.
fn is_address(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && !b"<>()[],;:\\\"".contains(&byte);
    let parts = text.split_once('@');
    parts.is_some_and(|(name, host)| !name.is_empty() && is_host(host)) && text.bytes().all(allowed)
}

fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte))
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            kind: MailKind::None,
            from: String::new(),
            host: String::new(),
            port: 587,
            security: MailSecurity::Starttls,
            user: String::new(),
            password: Secret::default(),
            authorities: PathBuf::new(),
            timeout: Duration::from_secs(30),
            folder: PathBuf::new(),
            waiting_max: 10_000,
            waiting_per_tenant_max: 200,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_whole_is_named() {
        let broken = |mail: Mail| {
            let rules = mail.rules().into_iter().filter(|(holds, ..)| !holds);
            rules.map(|(_, key, _)| key).collect::<Vec<_>>()
        };
        let smtp = || Mail {
            kind: MailKind::Smtp,
            from: "antler@example.org".to_owned(),
            host: "mail.example.org".to_owned(),
            ..Mail::default()
        };
        assert_eq!(broken(Mail::default()), [""; 0]);
        assert_eq!(broken(smtp()), [""; 0]);
        assert_eq!(broken(Mail { kind: MailKind::Smtp, ..Mail::default() }), ["mail.from", "mail.host"]);
        assert_eq!(broken(Mail { kind: MailKind::Files, ..smtp() }), ["mail.folder"]);
        for from in ["antler", "a@b\r\nBcc: c@d", "A <a@b>", "@b", "a@"] {
            assert_eq!(broken(Mail { from: from.to_owned(), ..smtp() }), ["mail.from"], "{from}");
        }
        let password = Secret::new("hunter2".to_owned());
        assert_eq!(broken(Mail { password: password.clone(), ..smtp() }), ["mail.user"]);
        let user = "antler".to_owned();
        let open = Mail { user, password, security: MailSecurity::None, ..smtp() };
        assert_eq!(broken(open), ["mail.security"]);
    }
}
