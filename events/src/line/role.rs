//! Roles: the fields that every line is asked for, whatever its sender calls them.
//!
//! Invariant: of the names of one role the first in the list wins, wherever it stands in the line; of
//! the same name the last value wins. The field stays under its own name too, as do those that lost.
//! It does not read the values: `timestamp` and `level` do.

/// What a field tells about its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Role {
    Time,
    Level,
    Message,
    Service,
    Source,
    Environment,
    Host,
    TraceId,
    SpanId,
}

impl Role {
    pub const ALL: [Self; 9] = [
        Self::Time,
        Self::Level,
        Self::Message,
        Self::Service,
        Self::Source,
        Self::Environment,
        Self::Host,
        Self::TraceId,
        Self::SpanId,
    ];

    /// The names of the role, the strongest first. The dotted ones are those of ECS.
    pub const fn synonyms(self) -> &'static [&'static str] {
        match self {
            Self::Time => &["@timestamp", "timestamp", "time", "ts", "date", "datetime", "eventTime"],
            Self::Level => &["level", "severity", "loglevel", "log_level", "log.level"],
            Self::Message => &["message", "msg", "text", "log", "body"],
            Self::Service => &["service", "service_name", "app", "service.name"],
            Self::Source => &["source"],
            Self::Environment => &["environment", "env", "service.environment"],
            Self::Host => &["host", "hostname", "host.name"],
            Self::TraceId => &["trace_id", "trace.id"],
            Self::SpanId => &["span_id", "span.id"],
        }
    }
}

/// A name's claim on a role; the lowest rank wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    pub role: Role,
    pub rank: u8,
}

impl Claim {
    pub(super) fn of(name: &str) -> Option<Self> {
        Role::ALL.into_iter().find_map(|role| {
            let rank = role.synonyms().iter().position(|synonym| *synonym == name)?;
            Some(Self { role, rank: rank as u8 })
        })
    }
}

/// Whether a path is, or leads to, a name with a role. Such paths are kept when names run out.
pub(super) fn leads_to_a_role(path: &str) -> bool {
    Role::ALL.iter().flat_map(|role| role.synonyms()).any(|synonym| {
        synonym.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_claims_its_role_with_its_rank() {
        let check = |name: &str, expected: Option<(Role, u8)>| {
            assert_eq!(Claim::of(name).map(|claim| (claim.role, claim.rank)), expected, "{name}");
        };
        check("@timestamp", Some((Role::Time, 0)));
        check("eventTime", Some((Role::Time, 6)));
        check("msg", Some((Role::Message, 1)));
        check("log.level", Some((Role::Level, 4)));
        check("Level", None);
        check("", None);
        assert!(leads_to_a_role("log") && leads_to_a_role("service.name"));
        assert!(!leads_to_a_role("") && !leads_to_a_role("serv"));
    }
}
