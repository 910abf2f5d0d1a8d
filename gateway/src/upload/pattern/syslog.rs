//! Syslog: the priority before a line, and lines of RFC 5424 with their structured data.
//!
//! Invariant: a field that a sender leaves out with a dash is left out. It reads what stands in files; the protocol over a
//! network is not its business.

use std::borrow::Cow;

use super::super::time::Times;
use super::Match;

pub(super) const NAME: &str = "syslog_rfc5424";

const SEVERITIES: [&str; 8] =
    ["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"];
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];

/// Reads `<34>`: level and facility; how long it is.
pub(super) fn priority(text: &str, found: &mut Match<'_>) -> Option<usize> {
    let digits = text.strip_prefix('<')?.bytes().take_while(u8::is_ascii_digit).count();
    let number: usize = text.get(1..=digits).filter(|digits| digits.len() <= 3)?.parse().ok()?;
    let facility = FACILITIES.get(number / 8)?;
    if !text[1 + digits..].starts_with('>') {
        return None;
    }
    found.level = Some(SEVERITIES[number % 8]);
    found.fields.push((Cow::Borrowed("facility"), Cow::Borrowed(facility)));
    Some(digits + 2)
}

/// `<165>1 2003-10-11T22:14:15.003Z host app pid id [data key="value"] message`.
pub(super) fn read<'t>(line: &'t str, times: &Times) -> Option<Match<'t>> {
    let mut found = Match { pattern: NAME, ..Match::default() };
    let length = priority(line, &mut found)?;
    let mut rest = line[length..].strip_prefix("1 ")?;
    rest = match rest.strip_prefix("- ") {
        Some(rest) => rest,
        None => {
            let (time, length) = times.leading(rest)?;
            found.time = Some(time);
            rest[length..].strip_prefix(' ')?
        }
    };
    for name in ["host", "service", "pid", "message_id"] {
        let (word, after) = rest.split_once(' ')?;
        if word != "-" {
            found.fields.push((Cow::Borrowed(name), Cow::Borrowed(word)));
        }
        rest = after;
    }
    rest = match rest.strip_prefix('-') {
        Some(rest) => rest,
        None => structured(rest, &mut found)?,
    };
    let message = rest.strip_prefix(' ').unwrap_or(rest);
    found.message = message.strip_prefix('\u{feff}').unwrap_or(message);
    Some(found)
}

/// `[id key="value" …]`, one or several; what follows them.
fn structured<'t>(mut text: &'t str, found: &mut Match<'t>) -> Option<&'t str> {
    while let Some(element) = text.strip_prefix('[') {
        let (id, mut rest) = element.split_at(element.find([' ', ']'])?);
        while let Some(parameter) = rest.strip_prefix(' ') {
            let (key, value) = parameter.split_once("=\"")?;
            let end = end_of_value(value)?;
            let (value, after) = value.split_at(end);
            found.fields.push((Cow::Owned(format!("{id}.{key}")), unescaped(value)));
            rest = &after[1..];
        }
        text = rest.strip_prefix(']')?;
    }
    text.starts_with(' ').then_some(text).or_else(|| text.is_empty().then_some(text))
}

/// Where the quote stands that closes a value.
fn end_of_value(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        closes
    })
}

fn unescaped(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars().peekable();
    while let Some(char) = chars.next() {
        match chars.peek() {
            Some(next @ ('"' | '\\' | ']')) if char == '\\' => {
                out.push(*next);
                chars.next();
            }
            _ => out.push(char),
        }
    }
    Cow::Owned(out)
}
