//! Plain lines: text that is not a JSON object is a message.
//!
//! Bytes that are not UTF-8 are kept as they are; `Value::text` shows a replacement character for them,
//! `raw` does not. NUL bytes and control characters are text like any other.
//! Invariant: the message is the line without the one line end that closes it. It does not look for a
//! time or a level inside the text: the pipeline of a tenant does.

/// The message of a plain line.
pub(super) fn message(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether a line is meant to be JSON: an object begins after spaces.
pub(super) fn looks_like_json(line: &[u8]) -> bool {
    let first = line.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    first == Some(&b'{')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_loses_one_line_end() {
        for (line, expected) in
            [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("a\r", "a"), ("\n", ""), ("", "")]
        {
            assert_eq!(message(line.as_bytes()), expected.as_bytes(), "{line:?}");
        }
    }

    #[test]
    fn only_an_object_looks_like_json() {
        for line in ["{", " {}", "\t\r\n{\"a\":1}"] {
            assert!(looks_like_json(line.as_bytes()), "{line:?}");
        }
        for line in ["", " ", "[{}]", "a {}", "\0{}", "\u{feff}{}"] {
            assert!(!looks_like_json(line.as_bytes()), "{line:?}");
        }
    }
}
