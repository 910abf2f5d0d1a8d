//! A message: the token in it, and the line that it becomes.
//!
//! Invariant: what is made of a message holds all its text but the token. Bytes that are no UTF-8 are read as Windows-1252,
//! as devices write them that know no other. It does not look up tokens.

use std::borrow::Cow;

use antler_events::clock::Timestamp;

use crate::upload::pattern::syslog::{Messages, first_element};

/// The element of structured data that says whose a message is, alone or with a number of an enterprise behind it.
const ELEMENT: &str = "antler";

/// Words before the structured data: priority with version, time, host, application, process, kind of message.
const WORDS_BEFORE: usize = 6;

/// The token of a message, and it as JSON in one line.
pub(super) fn read<'m>(
    message: &'m [u8],
    messages: &mut Messages,
    arrival: Timestamp,
) -> (Option<String>, Cow<'m, [u8]>) {
    let (token, text) = parts(message);
    (token, Cow::Owned(line(&text, messages, arrival)))
}

/// The token of a message, and its text without that.
pub(super) fn parts(message: &[u8]) -> (Option<String>, Cow<'_, str>) {
    let message = message.strip_prefix(b"\xef\xbb\xbf").unwrap_or(message);
    let end = message.iter().rposition(|byte| !b"\n\r\0 ".contains(byte)).map_or(0, |last| last + 1);
    let message = &message[..end];
    let text = match std::str::from_utf8(message) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(message).0,
    };
    match without_token(&text) {
        (Some(token), rest) => (Some(token), Cow::Owned(rest.into_owned())),
        (None, _) => (None, text),
    }
}

/// The text of a message as JSON in one line; nothing for none.
pub(super) fn line(text: &str, messages: &mut Messages, arrival: Timestamp) -> Vec<u8> {
    if text.is_empty() { Vec::new() } else { messages.entry(text, arrival) }
}

/// Takes the token out of a message of RFC 5424.
fn without_token(text: &str) -> (Option<String>, Cow<'_, str>) {
    let unchanged = (None, Cow::Borrowed(text));
    if !text.contains(ELEMENT) {
        return unchanged;
    }
    let Some((at, _)) = text.match_indices(' ').nth(WORDS_BEFORE - 1) else { return unchanged };
    let mut start = at + 1;
    while let Some(element) = first_element(&text[start..]) {
        let end = start + element.length;
        let is_own = element.id.split('@').next() == Some(ELEMENT);
        let token = element.parameters.into_iter().find(|(name, _)| is_own && *name == "token");
        if let Some((_, token)) = token {
            let rest = &text[end..];
            let nothing = if start == at + 1 && !rest.starts_with(['[', '-']) { "-" } else { "" };
            return (Some(token.into_owned()), Cow::Owned(format!("{}{nothing}{rest}", &text[..start])));
        }
        start = end;
    }
    unchanged
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Of 2026-11-23.
    const ARRIVAL: Timestamp = Timestamp::from_nanos(1_795_392_000_000_000_000);

    fn check(message: &[u8], token: Option<&str>, expected: Value) {
        let (found, line) = read(message, &mut Messages::new(ARRIVAL), ARRIVAL);
        let line: Value = serde_json::from_slice(&line).unwrap();
        assert_eq!((found.as_deref(), line), (token, expected), "{}", String::from_utf8_lossy(message));
    }

    #[test]
    fn a_message_of_rfc_5424_is_read_with_its_structured_data() {
        let text = "<165>1 2026-11-23T10:00:00.123+02:00 web-1 shop 42 ID7 [a@1 k=\"v\\\"w\"][b x=\"2\"] \u{feff}card refused";
        check(
            text.as_bytes(),
            None,
            json!({
                "@timestamp": "2026-11-23T08:00:00.123Z", "level": "notice", "message": "card refused",
                "facility": "local4", "host": "web-1", "service": "shop", "pid": 42, "message_id": "ID7",
                "a@1.k": "v\"w", "b.x": 2, "original": text,
            }),
        );
    }

    #[test]
    fn a_message_of_rfc_3164_is_read() {
        let text = "<11>Nov 23 07:08:09 web-1 shop[42]: out of paper";
        check(
            format!("{text}\n\0").as_bytes(),
            None,
            json!({
                "@timestamp": "2026-11-23T07:08:09.000Z", "level": "error", "message": "out of paper",
                "facility": "user", "host": "web-1", "service": "shop", "pid": 42, "original": text,
            }),
        );
    }

    #[test]
    fn one_without_a_host_is_not_given_its_program_for_one() {
        let text = "<30>Nov 23 07:08:09 shop[42]: started well";
        check(
            text.as_bytes(),
            None,
            json!({
                "@timestamp": "2026-11-23T07:08:09.000Z", "level": "info", "message": "started well",
                "facility": "daemon", "service": "shop", "pid": 42, "original": text,
            }),
        );
    }

    #[test]
    fn what_is_no_syslog_is_a_message_all_the_same() {
        check(
            b"<34>up",
            None,
            json!({"level": "critical", "message": "up", "facility": "auth", "original": "<34>up"}),
        );
        check(b"no priority", None, json!({"message": "no priority"}));
        check(b"<999>beyond", None, json!({"message": "<999>beyond"}));
        check(b"caf\xe9\x01", None, json!({"message": "caf\u{e9}\u{1}"}));
        check(b"two\nlines", None, json!({"message": "two\nlines"}));
        assert_eq!(read(b" \r\n", &mut Messages::new(ARRIVAL), ARRIVAL), (None, Cow::Borrowed(&b""[..])));
    }

    #[test]
    fn the_token_is_taken_out() {
        let check = |data: &str, token: Option<&str>, left: &str| {
            let message = |data: &str| format!("<14>1 - h a - - {data} hello [antler token=\"no\"]");
            let message_with = message(data);
            let (found, line) = read(message_with.as_bytes(), &mut Messages::new(ARRIVAL), ARRIVAL);
            let line: Value = serde_json::from_slice(&line).unwrap();
            assert_eq!(
                (found.as_deref(), line["original"].as_str().unwrap()),
                (token, &*message(left)),
                "{data}"
            );
            assert!(!line.to_string().contains("k_1"), "{line}");
        };
        check("[antler token=\"k_1\"]", Some("k_1"), "-");
        check("[antler@32473 token=\"k_1\"]-", Some("k_1"), "-");
        check("[antler token=\"k_1\"][a b=\"c\"]", Some("k_1"), "[a b=\"c\"]");
        check("[a b=\"]\\\"\"][antler more=\"x\" token=\"k_1\"]", Some("k_1"), "[a b=\"]\\\"\"]");
        check("[antlers token=\"other\"]", None, "[antlers token=\"other\"]");
        check("-", None, "-");
    }
}
