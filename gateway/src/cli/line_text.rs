//! A log line as one line of text on a terminal: time, level, service, message.
//!
//! Invariant: what stands in a line cannot move the cursor, colour the terminal or begin a line of its own: its control
//! characters are shown as escapes. It does not choose lines.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use antler_config::client::ClientEnvironment;
use serde_json::{Map, Value};

/// A line as the API shows it.
pub(super) type ShownLine = Map<String, Value>;

/// Whether colours are welcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    Plain,
    Coloured,
}

impl Colours {
    pub(super) fn of_output() -> Self {
        match io::stdout().is_terminal() && !ClientEnvironment::of_process().no_color {
            true => Self::Coloured,
            false => Self::Plain,
        }
    }
}

/// The whole line, without an end of line.
pub(super) fn text(line: &ShownLine, colours: Colours) -> String {
    let of = |name: &str| plain_value(line.get(name));
    let level = of("level");
    let mut text = format!("{} {} {}", of("timestamp"), painted(&level, colours), of("service"));
    while text.ends_with(' ') {
        text.pop();
    }
    write!(text, "  {}", of("message")).expect("a string takes every text");
    text
}

/// Control characters as escapes.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for one in text.chars() {
        match one {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            one if !is_unsafe(one) => shown.push(one),
            one if u32::from(one) < 0x100 => {
                write!(shown, "\\x{:02x}", u32::from(one)).expect("a string takes every text");
            }
            one => shown.extend(one.escape_unicode()),
        }
    }
    Cow::Owned(shown)
}

/// Controls, and what turns the direction of writing.
fn is_unsafe(one: char) -> bool {
    one.is_control()
        || matches!(one, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// A value of JSON as plain text; nothing for none.
pub(super) fn plain_value(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => plain(text).into_owned(),
        Some(other) => plain(&other.to_string()).into_owned(),
    }
}

fn painted(level: &str, colours: Colours) -> String {
    let shown = level.to_uppercase();
    let colour = match (colours, level) {
        (Colours::Plain, _) => None,
        (_, "critical") => Some("1;31"),
        (_, "error") => Some("31"),
        (_, "warning") => Some("33"),
        (_, "info") => Some("32"),
        (_, "debug" | "trace") => Some("2"),
        _ => None,
    };
    match colour {
        Some(colour) => format!("\u{1b}[{colour}m{shown:<8}\u{1b}[0m"),
        None => format!("{shown:<8}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(json: &str) -> ShownLine {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_line_is_time_level_service_and_message() {
        let shown = line(
            r#"{"timestamp":"2026-03-01T08:00:00Z","level":"error","service":"pay","message":"no\nmoney"}"#,
        );
        assert_eq!(text(&shown, Colours::Plain), "2026-03-01T08:00:00Z ERROR    pay  no\\nmoney");
        let coloured = text(&shown, Colours::Coloured);
        assert!(coloured.contains("\u{1b}[31mERROR   \u{1b}[0m pay"), "{coloured:?}");
        assert_eq!(text(&line(r#"{"timestamp":"T","level":null,"message":"m"}"#), Colours::Plain), "T  m");
    }

    #[test]
    fn a_line_cannot_write_on_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\u{7}\u{9b}c\r\u{202e}d"), "a\\x1b[2Jb\\x07\\x9bc\\r\\u{202e}d");
        assert!(matches!(plain("grün 🦌"), Cow::Borrowed(_)));
    }
}
