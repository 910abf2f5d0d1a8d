//! What is said on sockets beside lines, and what clients say.
//!
//! Invariant: every message is one JSON object with a `type`; a client's message that is none is refused with a sentence.
//! It does not know what messages bring about.

use antler_actors::live::queue::Gap;
use antler_actors::live::seq::Seq;
use antler_events::line::Level;
use antler_projections::live::{Rates, SecondCounts};
use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::error::ApiError;

/// What the server says.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Said {
    Connection {
        connected_users: usize,
        tenant_id: String,
        user_id: String,
        server_time: String,
        /// Of the filters in the address.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<String>,
    },
    FiltersUpdated {
        filters: Map<String, Value>,
        warnings: Vec<String>,
    },
    Pong {
        timestamp: String,
    },
    Error {
        code: &'static str,
        message: String,
        details: Map<String, Value>,
    },
    Gap {
        from: u64,
        to: u64,
        /// None if nobody knows how many.
        count: Option<u64>,
        reason: &'static str,
    },
    Paused {
        pending: u64,
    },
    Resumed,
    /// What came before this has been told; from here on lines come as they are written.
    CaughtUp {
        seq: u64,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<String>,
    },
    MetricsUpdate(Box<Metrics>),
    MetricsHistory {
        interval_s: u32,
        data: Vec<Point>,
    },
    SubscriptionUpdated {
        topics: Vec<&'static str>,
    },
    System {
        code: &'static str,
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<u64>,
    },
}

#[derive(Debug, Serialize)]
pub(super) struct Metrics {
    pub timestamp: String,
    pub logs_per_second: f64,
    pub errors_per_minute: u64,
    pub warnings_per_minute: u64,
    pub criticals_per_minute: u64,
    pub connected_users: usize,
    pub top_sources: Vec<SourceCount>,
    pub level_distribution: Map<String, Value>,
}

#[derive(Debug, Serialize)]
pub(super) struct SourceCount {
    source: String,
    count: u64,
}

/// One second.
#[derive(Debug, Serialize)]
pub(super) struct Point {
    /// Seconds since 1970.
    time: i64,
    logs: u32,
    warnings: u32,
    errors: u32,
    criticals: u32,
}

/// What a client says.
#[derive(Debug)]
pub(super) struct Heard {
    pub kind: String,
    pub rest: Map<String, Value>,
}

impl Said {
    pub(super) fn text(&self) -> Utf8Bytes {
        serde_json::to_string(self).expect("messages are objects with text keys").into()
    }

    pub(super) fn error(error: &ApiError) -> Self {
        Self::Error { code: error.code(), message: error.to_string(), details: error.details() }
    }

    pub(super) fn wrong(code: &'static str, message: impl Into<String>) -> Self {
        Self::Error { code, message: message.into(), details: Map::new() }
    }

    pub(super) fn gap(gap: Gap) -> Self {
        let Gap { from, to, count } = gap;
        let reason = if count.is_some() { "slow_reader" } else { "no_longer_kept" };
        Self::Gap { from: from.number(), to: to.number(), count, reason }
    }

    pub(super) fn caught_up(seq: Seq, warnings: Vec<String>) -> Self {
        Self::CaughtUp { seq: seq.before().number(), warnings }
    }

    pub(super) fn history(seconds: &[SecondCounts]) -> Self {
        let point = |counts: &SecondCounts| {
            let SecondCounts { second, lines, warnings, errors, criticals } = *counts;
            Point { time: second, logs: lines, warnings, errors, criticals }
        };
        Self::MetricsHistory { interval_s: 1, data: seconds.iter().map(point).collect() }
    }
}

impl Metrics {
    pub(super) fn new(timestamp: String, rates: Rates, connected_users: usize) -> Self {
        let levels = Level::ALL.into_iter().map(|level| (level.as_str(), rates.levels.of(Some(level))));
        let all = levels.chain([("unknown", rates.levels.of(None))]);
        let sources = rates.top_sources.into_iter();
        Self {
            timestamp,
            logs_per_second: rates.lines_per_second,
            errors_per_minute: rates.errors_per_minute,
            warnings_per_minute: rates.warnings_per_minute,
            criticals_per_minute: rates.criticals_per_minute,
            connected_users,
            top_sources: sources
                .map(|(source, count)| SourceCount { source: source.into(), count })
                .collect(),
            level_distribution: all.map(|(name, count)| (name.to_owned(), count.into())).collect(),
        }
    }
}

impl Heard {
    pub(super) fn read(text: &str) -> Result<Self, Said> {
        let wrong = |reason: String| Said::wrong("invalid_message", reason);
        let example = r#"send one JSON object with a type, such as {"type":"ping"}"#;
        let read: Result<Map<String, Value>, _> = serde_json::from_str(text);
        let mut rest =
            read.map_err(|error| wrong(format!("the message cannot be read: {error}; {example}")))?;
        match rest.remove("type") {
            Some(Value::String(kind)) => Ok(Self { kind, rest }),
            _ => Err(wrong(format!("the message has no type; {example}"))),
        }
    }

    pub(super) fn unknown(&self, known: &str) -> Said {
        let kind: String = self.kind.chars().take(40).collect();
        Said::wrong("unknown_message", format!("there is no message {kind:?} here; there are {known}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_a_client_is_an_object_with_a_type() {
        let read = |text: &str| match Heard::read(text) {
            Ok(heard) => heard.kind,
            Err(said) => said.text().to_string(),
        };
        assert_eq!(read(r#"{"type":"ping","x":1}"#), "ping");
        for wrong in ["", "[]", "{", "{}", r#"{"type":1}"#, &"[".repeat(60_000), "\u{0}"] {
            let said = read(wrong);
            assert!(said.starts_with(r#"{"type":"error","code":"invalid_message""#), "{said}");
            assert!(said.contains("send one JSON object with a type") && said.len() < 400, "{said}");
        }
    }

    #[test]
    fn messages_have_the_names_of_the_interface() {
        let check = |said: &Said, expected: &str| assert_eq!(said.text().as_str(), expected);
        check(&Said::Resumed, r#"{"type":"resumed"}"#);
        check(&Said::Paused { pending: 3 }, r#"{"type":"paused","pending":3}"#);
        let seq = |number| Seq::from_number(number).unwrap();
        check(
            &Said::gap(Gap { from: seq(5), to: seq(9), count: Some(3) }),
            r#"{"type":"gap","from":5,"to":9,"count":3,"reason":"slow_reader"}"#,
        );
    }
}
