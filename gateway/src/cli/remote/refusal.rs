//! What a server said instead of doing what it was asked.
//!
//! Invariant: it is the server's own sentence; of a wrong query the place of the first mistake is marked under its text.
//! It does not decide what to do about it.

use std::fmt;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use serde::Deserialize;

use super::client::Answer;
use crate::cli::line_text::plain;

/// A refusal, and the query that was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    status: StatusCode,
    code: String,
    message: String,
    mark: Option<Box<Mark>>,
    retry_after: Option<Duration>,
}

/// A place in a query, in UTF-16 units as the server counts them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    start: usize,
    end: usize,
    suggestion: Option<String>,
    query: String,
}

impl Mark {
    /// The query is not known yet.
    fn of(details: Details) -> Option<Box<Self>> {
        let Details { start, end, suggestion } = details;
        let start = start?;
        Some(Box::new(Self { start, end: end.unwrap_or(start), suggestion, query: String::new() }))
    }
}

#[derive(Debug, Deserialize)]
struct Body {
    error: Described,
}

#[derive(Debug, Deserialize)]
struct Described {
    code: String,
    message: String,
    #[serde(default)]
    details: Details,
}

#[derive(Debug, Default, Deserialize)]
struct Details {
    start: Option<usize>,
    end: Option<usize>,
    suggestion: Option<String>,
}

impl Refusal {
    pub(in crate::cli) fn of(answer: &Answer) -> Self {
        let status = answer.status;
        let seconds = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let retry_after = seconds.map(Duration::from_secs);
        let refusal = |code, message, mark| Self { status, code, message, mark, retry_after };
        let Ok(Body { error: Described { code, message, details } }) = serde_json::from_slice(&answer.body)
        else {
            // No server of this product: a proxy, perhaps.
            return refusal(String::new(), format!("the server answered {status}"), None);
        };
        refusal(code, plain(&message).into_owned(), Mark::of(details))
    }

    /// What was said on a socket, with the fields of an error's answer.
    pub(in crate::cli) fn told(text: &str) -> Result<Self, serde_json::Error> {
        let Described { code, message, details } = serde_json::from_str(text)?;
        let (status, message) = (StatusCode::BAD_REQUEST, plain(&message).into_owned());
        Ok(Self { status, code, message, mark: Mark::of(details), retry_after: None })
    }

    /// With the query that is to be marked.
    pub(in crate::cli) fn about(mut self, query: &str) -> Self {
        match &mut self.mark {
            Some(mark) if self.code == "invalid_query" => query.clone_into(&mut mark.query),
            _ => self.mark = None,
        }
        self
    }

    /// The question itself cannot be answered, whoever asks it and whenever.
    pub(in crate::cli) fn is_wrong_question(&self) -> bool {
        matches!(self.code.as_str(), "invalid_query" | "invalid_parameter")
    }

    /// None of the lines that were sent can be read.
    pub(in crate::cli) fn is_unreadable_lines(&self) -> bool {
        self.code == "invalid_lines"
    }

    /// It may go well in a moment.
    pub(in crate::cli) fn is_passing(&self) -> bool {
        matches!(self.status.as_u16(), 408 | 429 | 502 | 503 | 504)
    }

    pub(in crate::cli) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)?;
        let Some(Mark { start, end, suggestion, query }) =
            self.mark.as_deref().filter(|mark| !mark.query.is_empty())
        else {
            return Ok(());
        };
        // A query over several lines is shown as one, so that the mark stands under it.
        let shown: String = query.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
        let columns = |units: usize| characters_before(&shown, units);
        let (start, end) = (columns(*start), columns(*end));
        let mark = "^".repeat(end.saturating_sub(start).max(1));
        write!(out, "\n  {shown}\n  {}{mark}", " ".repeat(start))?;
        match suggestion {
            Some(suggestion) => write!(out, " try {}", plain(suggestion)),
            None => Ok(()),
        }
    }
}

/// Characters before a place that is counted in UTF-16 units.
fn characters_before(text: &str, units: usize) -> usize {
    let mut passed = 0;
    let before = text.chars().take_while(|one| {
        passed += one.len_utf16();
        passed <= units
    });
    before.count()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use bytes::Bytes;

    use super::*;

    fn refusal(status: u16, body: &'static str) -> Refusal {
        let status = StatusCode::from_u16(status).unwrap();
        let headers = HeaderMap::from_iter([(RETRY_AFTER, "3".parse().unwrap())]);
        Refusal::of(&Answer { status, headers, body: Bytes::from_static(body.as_bytes()) })
    }

    #[test]
    fn a_wrong_query_is_shown_with_its_place() {
        let body = r#"{"error":{"code":"invalid_query","message":"A field is called level.","details":{"start":6,"end":11,"suggestion":"level"}}}"#;
        let refusal = refusal(400, body).about("ü and\tlevle:x");
        assert_eq!(refusal.to_string(), "A field is called level.\n  ü and levle:x\n        ^^^^^ try level");
        assert!(refusal.is_wrong_question() && !refusal.is_passing());
        let astral = refusal.about("🦌🦌 x levle");
        assert!(astral.to_string().ends_with("\n      ^^^^^ try level"), "{astral}");
    }

    #[test]
    fn what_passes_says_when_to_come_again() {
        let busy =
            refusal(429, r#"{"error":{"code":"too_much_under_way","message":"too much","details":{}}}"#);
        assert_eq!((busy.is_passing(), busy.retry_after()), (true, Some(Duration::from_secs(3))));
        let proxy = refusal(502, "<html>").about("x");
        assert_eq!(proxy.to_string(), "the server answered 502 Bad Gateway");
    }

    #[test]
    fn a_refusal_cannot_write_on_the_terminal() {
        let shown = refusal(400, "{\"error\":{\"code\":\"x\",\"message\":\"a\\u001b[31mb\",\"details\":{}}}")
            .to_string();
        assert_eq!(shown, "a\\x1b[31mb");
    }
}
