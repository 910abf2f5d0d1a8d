//! Subjects: what an event is about, and the address under which it travels.
//!
//! Invariant: `parse` of what `Display` prints gives the same subject.
//! It does not decide who may publish where.

use std::fmt;
use std::str::FromStr;

use crate::ids::{
    IdError, KeyId, MailId, NameKey, PartitionId, SearchId, SessionId, TenantId, UploadId, UserId,
};

/// The thing whose history an event belongs to. A new aggregate is one line here and in `parse`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aggregate {
    Tenant,
    Member(UserId),
    Key(KeyId),
    Name(NameKey),
    Session(SessionId),
    Search(SearchId),
    Upload(UploadId),
    Mail(MailId),
    /// What happened in a tenant and changed nothing else.
    Audit,
}

/// Line events come and go; control events are kept for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Lines,
    Control(Aggregate),
}

impl Kind {
    pub fn is_control(self) -> bool {
        matches!(self, Self::Control(_))
    }
}

/// Whose event it is, and of what kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    pub tenant: TenantId,
    pub kind: Kind,
}

/// Why a text is not a subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    #[error(
        "subject {text:?} is not <tenant>.lines, <tenant>.tenant, <tenant>.member.<user>, <tenant>.key.<key>, \
         <tenant>.name.<key>, <tenant>.session.<session>, <tenant>.search.<search>, \
         <tenant>.upload.<upload>, <tenant>.mail.<mail> or <tenant>.audit"
    )]
    Form { text: String },
    #[error("subject {text:?} has a bad part")]
    Part { text: String, source: IdError },
}

impl Subject {
    pub fn lines(tenant: TenantId) -> Self {
        Self { tenant, kind: Kind::Lines }
    }

    pub fn control(tenant: TenantId, aggregate: Aggregate) -> Self {
        Self { tenant, kind: Kind::Control(aggregate) }
    }

    /// The address of an event of this subject on a partition: `ev.<partition>.<tenant>.<kind>`.
    pub fn address(&self, partition: PartitionId) -> String {
        format!("ev.{partition}.{self}")
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenant = self.tenant;
        match self.kind {
            Kind::Lines => write!(out, "{tenant}.lines"),
            Kind::Control(Aggregate::Tenant) => write!(out, "{tenant}.tenant"),
            Kind::Control(Aggregate::Member(user)) => write!(out, "{tenant}.member.{user}"),
            Kind::Control(Aggregate::Key(key)) => write!(out, "{tenant}.key.{key}"),
            Kind::Control(Aggregate::Name(key)) => write!(out, "{tenant}.name.{key}"),
            Kind::Control(Aggregate::Session(session)) => write!(out, "{tenant}.session.{session}"),
            Kind::Control(Aggregate::Search(search)) => write!(out, "{tenant}.search.{search}"),
            Kind::Control(Aggregate::Upload(upload)) => write!(out, "{tenant}.upload.{upload}"),
            Kind::Control(Aggregate::Mail(mail)) => write!(out, "{tenant}.mail.{mail}"),
            Kind::Control(Aggregate::Audit) => write!(out, "{tenant}.audit"),
        }
    }
}

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        let shown = || text.chars().take(120).collect::<String>();
        let part = |source| SubjectError::Part { text: shown(), source };
        let mut parts = text.split('.');
        let tenant = TenantId::parse(parts.next().unwrap_or_default()).map_err(part)?;
        let kind = match (parts.next(), parts.next(), parts.next()) {
            (Some("lines"), None, None) => Kind::Lines,
            (Some("tenant"), None, None) => Kind::Control(Aggregate::Tenant),
            (Some("audit"), None, None) => Kind::Control(Aggregate::Audit),
            (Some("member"), Some(user), None) => {
                Kind::Control(Aggregate::Member(UserId::parse(user).map_err(part)?))
            }
            (Some("key"), Some(key), None) => Kind::Control(Aggregate::Key(KeyId::parse(key).map_err(part)?)),
            (Some("name"), Some(key), None) => {
                Kind::Control(Aggregate::Name(NameKey::parse(key).map_err(part)?))
            }
            (Some("session"), Some(session), None) => {
                Kind::Control(Aggregate::Session(SessionId::parse(session).map_err(part)?))
            }
            (Some("search"), Some(search), None) => {
                Kind::Control(Aggregate::Search(SearchId::parse(search).map_err(part)?))
            }
            (Some("upload"), Some(upload), None) => {
                Kind::Control(Aggregate::Upload(UploadId::parse(upload).map_err(part)?))
            }
            (Some("mail"), Some(mail), None) => {
                Kind::Control(Aggregate::Mail(MailId::parse(mail).map_err(part)?))
            }
            _ => return Err(SubjectError::Form { text: shown() }),
        };
        Ok(Self { tenant, kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_survives_its_text() {
        let tenant = TenantId::parse("acme").unwrap();
        for (subject, text) in [
            (Subject::lines(tenant), "acme.lines"),
            (Subject::control(tenant, Aggregate::Tenant), "acme.tenant"),
            (Subject::control(tenant, Aggregate::Audit), "acme.audit"),
            (Subject::control(tenant, Aggregate::Member(UserId::parse("u1").unwrap())), "acme.member.u1"),
            (Subject::control(tenant, Aggregate::Key(KeyId::parse("k1").unwrap())), "acme.key.k1"),
            (Subject::control(tenant, Aggregate::Name(NameKey::parse("n1").unwrap())), "acme.name.n1"),
            (
                Subject::control(tenant, Aggregate::Session(SessionId::parse("s1").unwrap())),
                "acme.session.s1",
            ),
            (Subject::control(tenant, Aggregate::Search(SearchId::parse("q1").unwrap())), "acme.search.q1"),
            (Subject::control(tenant, Aggregate::Upload(UploadId::parse("f1").unwrap())), "acme.upload.f1"),
            (Subject::control(tenant, Aggregate::Mail(MailId::parse("m1").unwrap())), "acme.mail.m1"),
        ] {
            assert_eq!(subject.to_string(), text);
            assert_eq!(text.parse::<Subject>().unwrap(), subject);
        }
        assert_eq!(Subject::lines(tenant).address(PartitionId::new(3)), "ev.3.acme.lines");
    }

    #[test]
    fn a_wrong_subject_is_refused_with_its_text() {
        for text in ["", "acme", "acme.rules", "acme.lines.x", "acme.member", "acme.key.k.x", "Acme.lines"] {
            assert!(
                text.parse::<Subject>().unwrap_err().to_string().contains(&format!("{text:?}")),
                "{text}"
            );
        }
    }
}
