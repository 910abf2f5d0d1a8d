//! Streams: the name under which a line is filed, `{type}-{dataset}-{namespace}` as Elasticsearch has it.
//!
//! A line says it in `data_stream.type`, `data_stream.dataset` and `data_stream.namespace`; what it does not
//! say is `logs`, its service or else `generic`, and `default`. Keys and rules of retention name streams by
//! patterns.
//! Invariant: a name has two dashes and otherwise a-z, 0-9, '_' and '.', so that its parts are told apart and
//! every name can be written as a pattern. It does not decide who may see a stream: `access` does.

use std::fmt;

use super::{Line, Role};
use crate::event::lines::LineDefaults;

/// The fields that say the parts, in their order.
pub const STREAM_FIELDS: [&str; 3] = ["data_stream.type", "data_stream.dataset", "data_stream.namespace"];

const TYPE: &str = "logs";
const DATASET: &str = "generic";
const NAMESPACE: &str = "default";
/// Longest part; the rest is cut off.
const PART_BYTES_MAX: usize = 100;

/// What a line says of its stream; nothing where it says nothing, or an empty text.
#[derive(Debug, Clone, Copy, Default)]
pub struct StreamParts<'a> {
    /// In the order of `STREAM_FIELDS`.
    pub fields: [Option<&'a str>; 3],
    /// Of the line, else what the sender said for the whole batch.
    pub service: Option<&'a str>,
}

/// The name of a stream.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName(Box<str>);

impl StreamName {
    /// The stream of a line that came with these defaults. Of a field that comes several times the first
    /// value counts.
    pub fn of_line(line: Line<'_>, defaults: &LineDefaults) -> Self {
        Self::filed(line, defaults.service.as_deref())
    }

    /// The same, of a line that came with this service.
    pub fn filed(line: Line<'_>, default_service: Option<&str>) -> Self {
        let mut said = [const { None }; 3];
        for field in line.fields().filter(|field| field.value.kind.is_scalar()) {
            if let Some(at) = STREAM_FIELDS.iter().position(|name| *name == field.name_text) {
                said[at].get_or_insert_with(|| field.value.text());
            }
        }
        let service =
            line.role(Role::Service).filter(|value| value.kind.is_scalar()).map(|value| value.text());
        let fields = said.each_ref().map(Option::as_deref);
        Self::of_parts(&StreamParts { fields, service: service.as_deref().or(default_service) })
    }

    pub fn of_parts(parts: &StreamParts<'_>) -> Self {
        let said = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let [kind, dataset, namespace] = parts.fields.map(said);
        let mut name = String::with_capacity(32);
        push_part(&mut name, kind.as_deref().unwrap_or(TYPE));
        name.push('-');
        push_part(&mut name, dataset.or_else(|| said(parts.service)).as_deref().unwrap_or(DATASET));
        name.push('-');
        push_part(&mut name, namespace.as_deref().unwrap_or(NAMESPACE));
        Self(name.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

fn push_part(name: &mut String, part: &str) {
    let allowed = |char: char| match char.to_ascii_lowercase() {
        char @ ('a'..='z' | '0'..='9' | '_' | '.') => char,
        _ => '_',
    };
    name.extend(part.chars().take(PART_BYTES_MAX).map(allowed));
}

#[cfg(test)]
mod tests {
    use antler_config::limits::{AccountLimits, LineLimits};

    use super::*;
    use crate::access::StreamPattern;
    use crate::clock::Timestamp;
    use crate::line::LineBatchBuilder;

    fn name(line: &str, service: Option<&str>) -> StreamName {
        let mut builder = LineBatchBuilder::new(LineLimits::default(), Timestamp::from_nanos(0));
        let line = line.as_bytes();
        builder.push(line).or_else(|_| builder.push_plain(line)).unwrap();
        let defaults = LineDefaults { service: service.map(str::to_owned), ..LineDefaults::default() };
        StreamName::of_line(builder.finish().line(0).unwrap(), &defaults)
    }

    #[test]
    fn a_stream_is_what_the_line_says_and_else_the_default() {
        let check = |line: &str, service, expected: &str| {
            assert_eq!(name(line, service).as_str(), expected, "{line}");
        };
        check("text", None, "logs-generic-default");
        check("text", Some("api"), "logs-api-default");
        check(r#"{"service":"Web-Front end"}"#, Some("api"), "logs-web_front_end-default");
        check(r#"{"service":null,"a":1}"#, Some("api"), "logs-api-default");
        check(r#"{"service.name":"pay"}"#, None, "logs-pay-default");
        check(r#"{"app":7}"#, None, "logs-7-default");
        check(r#"{"service":"","data_stream":{"dataset":""}}"#, None, "logs-generic-default");
        let whole =
            r#"{"data_stream":{"type":"metrics","dataset":"nginx.access","namespace":"PT"},"app":"x"}"#;
        check(whole, None, "metrics-nginx.access-pt");
        check(r#"{"data_stream.namespace":["é-1","b"]}"#, None, "logs-generic-__1");
        check(r#"{"data_stream.dataset":{},"app":"x"}"#, None, "logs-x-default");
    }

    #[test]
    fn every_name_matches_itself_and_patterns_tell_the_parts() {
        let limits = AccountLimits::default();
        let pattern = |text: &str| StreamPattern::parse(text, &limits).unwrap();
        for service in ["api", "x-pt", "☃\n\"", &"long".repeat(100)] {
            let name = name("text", Some(service));
            assert_eq!(name.as_str().matches('-').count(), 2);
            let parsed = StreamPattern::parse(
                name.as_str(),
                &AccountLimits { stream_pattern_bytes_max: 400, ..limits.clone() },
            );
            assert!(parsed.unwrap().matches(name.as_str()), "{name}");
            assert!(!pattern("logs-*-pt").matches(name.as_str()), "{name}");
        }
        let said = name(r#"{"data_stream.namespace":"pt","service":"a-b"}"#, None);
        assert!(pattern("logs-*-pt").matches(said.as_str()) && pattern("*-a_b-*").matches(said.as_str()));
    }
}
