//! The usual escapes of JSON: the ones that most libraries write, so that a text gives its escapes again.
//!
//! Invariant: `resolve` accepts only what `write` would write. Anything else (`\/`, `\u00e9`, upper-case
//! digits) is kept as it was written.

use memchr::memchr;

/// Appends the text that was escaped; leaves nothing and says no if it would not be escaped the same again.
pub fn resolve(escaped: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let mut rest = escaped;
    while let Some(at) = memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let Some((byte, length)) = escaped_byte(&rest[at..]) else {
            out.truncate(start);
            return false;
        };
        out.push(byte);
        rest = &rest[at + length..];
    }
    out.extend_from_slice(rest);
    true
}

/// The byte that an escape stands for, and how long the escape is.
fn escaped_byte(escape: &[u8]) -> Option<(u8, usize)> {
    let byte = match escape.get(1)? {
        b'"' => b'"',
        b'\\' => b'\\',
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'f' => 12,
        b'u' => {
            let digits = std::str::from_utf8(escape.get(2..6)?).ok()?;
            let byte = u8::from_str_radix(digits.strip_prefix("00")?, 16).ok()?;
            let mut written = Vec::with_capacity(6);
            write(&[byte], &mut written);
            return (written == escape[..6]).then_some((byte, 6));
        }
        _ => return None,
    };
    Some((byte, 2))
}

/// Appends a text with its escapes.
pub fn write(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        let short = match byte {
            b'"' | b'\\' => *byte,
            b'\n' => b'n',
            b'\t' => b't',
            b'\r' => b'r',
            8 => b'b',
            12 => b'f',
            0..0x20 => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
                continue;
            }
            _ => {
                out.push(*byte);
                continue;
            }
        };
        out.extend([b'\\', short]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn unusual_escapes_are_left_alone() {
        let check = |escaped: &str, expected: Option<&str>| {
            let mut out = b"before".to_vec();
            let resolved =
                resolve(escaped.as_bytes(), &mut out).then(|| String::from_utf8(out.split_off(6)).unwrap());
            assert_eq!((resolved.as_deref(), &out[..6]), (expected, &b"before"[..]), "{escaped}");
        };
        check(r#"a\n\tb\\ \"c\" \u001b[0m"#, Some("a\n\tb\\ \"c\" \u{1b}[0m"));
        check("größe", Some("größe"));
        check(r"\/", None);
        check(r"\u00e9", None);
        check(r"\u001B", None);
        check(r"\u000a", None);
        check(r"\u0041", None);
        check("\\", None);
        check(r"\u00", None);
        check(r"a\x", None);
    }

    proptest! {
        #[test]
        fn what_is_resolved_is_written_again(text in proptest::collection::vec(any::<u8>(), 0..50)) {
            let mut escaped = Vec::new();
            write(&text, &mut escaped);
            let mut resolved = Vec::new();
            prop_assert!(resolve(&escaped, &mut resolved));
            prop_assert_eq!(resolved, text);
        }

        #[test]
        fn what_would_change_is_refused(escaped in r#"(a|\\[ntrbfu/"\\]|00|1[fF]|0a)*"#) {
            let mut resolved = Vec::new();
            if resolve(escaped.as_bytes(), &mut resolved) {
                let mut written = Vec::new();
                write(&resolved, &mut written);
                prop_assert_eq!(written, escaped.into_bytes());
            }
        }
    }
}
