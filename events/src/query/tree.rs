//! The tree of a filter: what must hold of a line.
//!
//! Invariant: this page is the meaning of the language. Front ends build it, back ends obey it.
//! It has no spans, no times relative to now and no sugar: those end in the front end.
//!
//! **Fields.** A line has values under dotted names, several under one name where it has arrays or repeats
//! a key. A condition holds if *some* value of its field passes the test. `Not` turns the whole condition
//! around, so `not a:x` also holds for a line without `a`. What the sender said once for a whole batch
//! (its defaults) are values of the line too, under the first name of their role, where the line itself
//! does not fill the role; default tags are values of `tags`.
//!
//! **Roles.** `timestamp` (also `@timestamp`), `level`, `message`, `service`, `source`, `environment`, `host`,
//! `trace_id` and `span_id` mean the value that fills the role, whatever its sender calls it; every other
//! name means the field of exactly that name. Names are compared with their case, values without.
//! The time of a line always exists: without one of its own it is the arrival.
//!
//! **Values.** A string is its text with escapes resolved, a number also its number, `true` and `false` are
//! words, null and empty containers are no values: they do not even exist.

use std::fmt;
use std::net::IpAddr;
use std::ops::Bound;
use std::sync::Arc;

use crate::access::StreamPatterns;
use crate::clock::Timestamp;
use crate::line::{Level, Role};

/// What must hold of a line.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Every line.
    All,
    /// All of them; at least two.
    And(Vec<Filter>),
    /// One of them; at least two.
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Is(Condition),
    /// It is filed under one of these streams. No query says that: it stands around those of a key.
    Filed(StreamPatterns),
}

/// Something about one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub field: FieldName,
    pub test: Test,
}

/// Whose values are tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldName {
    /// All values of the line but the one that tells its time: that is asked for by ranges. The bytes of the
    /// line beside its values are not searched, except in a line that is cut (it has fields beyond a
    /// limit): there a text also counts if it is found in the line as it came.
    Any,
    Role(Role),
    Named(Arc<str>),
    /// All names that the wildcard matches, case included.
    Like(Wildcard),
}

/// What a value must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// There is a value.
    Exists,
    /// The value says this. A number equals it as a number, if it is one. A text is compared without case:
    /// - a *message*, and any value under `FieldName::Any`, contains it as words: it stands there with no
    ///   letter, digit or `_` of a longer word on either side;
    /// - any other value *is* it, or has white space in it and contains it as words. So `service:api` does
    ///   not find `api-gateway`, and `error:timeout` finds `read timeout`.
    Text(Arc<str>),
    /// The pattern matches, without case: the whole value for a field; for a message and under
    /// `FieldName::Any` the value or, if the pattern has no white space, any run without white space in it,
    /// or any word of it.
    Like(Wildcard),
    /// The expression matches somewhere in the value, with case unless it says `(?i)`.
    Regex(Arc<str>),
    /// The value lies between. Kinds that cannot be compared do not lie there.
    Range(Bound<Scalar>, Bound<Scalar>),
    /// The value is an address in the network.
    Network(Network),
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Compares with numbers, and with texts that are a number as a whole.
    Number(f64),
    /// Compares with times: the time of the line, and texts and numbers that can be read as a time.
    Time(Timestamp),
    /// Nanoseconds. Compares with texts that are a duration (`1.5s`, `200ms`, `1h30m`), and with numbers in the
    /// unit that the last part of the name tells (`_ms`, `_us`, `_ns`, `_s`, `_sec`, `_seconds`, `_millis`, …),
    /// milliseconds if it tells none.
    Duration(i64),
    /// Bytes. Compares with texts that are a size (`10MB`, `4KiB`), and with numbers in the unit that the last
    /// part of the name tells (`_kb`, `_mb`, …), bytes if it tells none.
    Size(f64),
    /// Compares with levels by how bad they are.
    Level(Level),
    /// An address; compares by number with addresses of the same family.
    Address(IpAddr),
    /// Compares with texts by their folded characters.
    Text(Arc<str>),
}

/// A pattern in which `*` stands for any run of characters and `?` for one. `\` makes the next character stand for itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Wildcard {
    /// As it was written.
    pub source: Arc<str>,
}

/// A network of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// Its first address.
    pub address: IpAddr,
    pub prefix_bits: u8,
}

impl Filter {
    /// All of them, flat: `And` within is opened, `All` left out.
    pub fn all_of(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::All => {}
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Self::All,
            1 => flat.remove(0),
            _ => Self::And(flat),
        }
    }

    /// One of them, flat: `Or` within is opened; `All` if one of them is. One of none is nothing.
    pub fn any_of(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::All => return Self::All,
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Self::nothing(),
            1 => flat.remove(0),
            _ => Self::Or(flat),
        }
    }

    /// No line.
    pub fn nothing() -> Self {
        Self::Not(Box::new(Self::All))
    }

    /// The contrary; twice is none.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    pub fn is(field: FieldName, test: Test) -> Self {
        Self::Is(Condition { field, test })
    }
}

impl Wildcard {
    /// The pattern that only the text itself fits.
    pub fn literally(text: &str) -> Self {
        let mut source = String::with_capacity(text.len());
        for character in text.chars() {
            if matches!(character, '\\' | '*' | '?') {
                source.push('\\');
            }
            source.push(character);
        }
        Self { source: source.into() }
    }
}

impl FieldName {
    /// The field of a name: a role if the name is that of one.
    pub fn named(name: &str) -> Self {
        match Role::ALL.into_iter().find(|role| Self::role_name(*role) == name) {
            Some(role) => Self::Role(role),
            None if name == "@timestamp" => Self::Role(Role::Time),
            None => Self::Named(name.into()),
        }
    }

    /// The name of a role in queries and answers.
    pub const fn role_name(role: Role) -> &'static str {
        match role {
            Role::Time => "timestamp",
            Role::Level => "level",
            Role::Message => "message",
            Role::Service => "service",
            Role::Source => "source",
            Role::Environment => "environment",
            Role::Host => "host",
            Role::TraceId => "trace_id",
            Role::SpanId => "span_id",
        }
    }
}

impl fmt::Debug for Wildcard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Wildcard({})", self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Filter {
        Filter::is(FieldName::Any, Test::Text(text.into()))
    }

    #[test]
    fn trees_are_flat() {
        let (a, b, c) = (word("a"), word("b"), word("c"));
        let inner = Filter::all_of([a.clone(), b.clone()]);
        assert_eq!(
            Filter::all_of([inner, Filter::All, c.clone()]),
            Filter::And(vec![a.clone(), b.clone(), c.clone()])
        );
        assert_eq!(Filter::all_of([]), Filter::All);
        assert_eq!(Filter::any_of([a.clone()]), a);
        assert_eq!(Filter::any_of([Filter::any_of([a.clone(), b.clone()]), c.clone()]), {
            Filter::Or(vec![a, b.clone(), c])
        });
        assert_eq!(Filter::any_of([b, Filter::All]), Filter::All);
        assert_eq!(Filter::any_of([]), Filter::nothing());
        assert_eq!(word("a").negated().negated(), word("a"));
    }

    #[test]
    fn a_literal_pattern_has_no_joker() {
        assert_eq!(&*Wildcard::literally(r"C:\logs\*.lo?").source, r"C:\\logs\\\*.lo\?");
    }

    #[test]
    fn the_names_of_roles_mean_the_role_and_no_other() {
        assert_eq!(FieldName::named("service"), FieldName::Role(Role::Service));
        assert_eq!(FieldName::named("@timestamp"), FieldName::Role(Role::Time));
        assert_eq!(FieldName::named("msg"), FieldName::Named("msg".into()));
        for role in Role::ALL {
            assert_eq!(FieldName::named(FieldName::role_name(role)), FieldName::Role(role));
        }
    }
}
