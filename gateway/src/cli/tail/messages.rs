//! What a server says on the socket of lines.
//!
//! Invariant: what is not known is passed over, so that a newer server can say more. It sends nothing.

use serde::Deserialize;
use serde_json::Value;

use crate::cli::line_text::ShownLine;
use crate::cli::remote::refusal::Refusal;

/// What came.
#[derive(Debug, PartialEq)]
pub(super) enum Message {
    /// Each with its place, if it was told.
    Lines(Vec<(Option<String>, ShownLine)>),
    /// So many lines were left out.
    Gap {
        count: u64,
    },
    /// The server takes what was asked for; its time, if it says so.
    Begun {
        at: Option<String>,
    },
    /// The server does not do what it was asked, or not all of it.
    Refused(Refusal),
    Other,
    /// Nothing more comes, for this reason.
    Ended(String),
}

#[derive(Debug, Deserialize)]
struct Said {
    #[serde(rename = "type")]
    kind: String,
    seq: Option<Value>,
    last: Option<Value>,
    #[serde(default)]
    data: Value,
    count: Option<u64>,
    server_time: Option<String>,
}

/// Reads one message.
pub(super) fn read(text: &str) -> Result<Message, serde_json::Error> {
    let said: Said = serde_json::from_str(text)?;
    Ok(match said.kind.as_str() {
        "log" | "new_log" => Message::Lines(line(said.seq, said.data).into_iter().collect()),
        "log_batch" => Message::Lines(lines(said.last, said.data)),
        "gap" => Message::Gap { count: said.count.unwrap_or_default() },
        "connection" => Message::Begun { at: said.server_time },
        "error" => Message::Refused(Refusal::told(text)?),
        _ => Message::Other,
    })
}

fn line(place: Option<Value>, data: Value) -> Option<(Option<String>, ShownLine)> {
    match data {
        Value::Object(line) => Some((place.map(text_of), line)),
        _ => None,
    }
}

/// Only the last line of a batch has a place of its own: whoever is cut off within it gets all of it again.
fn lines(last: Option<Value>, data: Value) -> Vec<(Option<String>, ShownLine)> {
    let Value::Array(items) = data else { return Vec::new() };
    let mut lines: Vec<_> = items.into_iter().filter_map(|item| line(None, item)).collect();
    if let Some((place, _)) = lines.last_mut() {
        *place = last.map(text_of);
    }
    lines
}

/// A place is a number or a text; it is given back as it came.
fn text_of(place: Value) -> String {
    match place {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_one_by_one_or_many_at_once() {
        let Message::Lines(one) = read(r#"{"type":"new_log","seq":7,"data":{"message":"a"}}"#).unwrap()
        else {
            panic!("a line");
        };
        assert_eq!((one[0].0.as_deref(), &one[0].1["message"]), (Some("7"), &Value::from("a")));
        let text = r#"{"type":"log_batch","count":2,"first":"0-5-1","last":"0-5-2","data":[{"message":"a"},{"message":"b"}]}"#;
        let Message::Lines(two) = read(text).unwrap() else { panic!("two lines") };
        let places: Vec<_> = two.iter().map(|(place, _)| place.as_deref()).collect();
        assert_eq!(places, [None, Some("0-5-2")]);
    }

    #[test]
    fn gaps_and_refusals_are_told_and_news_is_passed_over() {
        assert_eq!(read(r#"{"type":"gap","from":1,"to":9,"count":8}"#).unwrap(), Message::Gap { count: 8 });
        let refused =
            read(r#"{"type":"error","code":"invalid_query","message":"no","details":{"start":1}}"#).unwrap();
        let Message::Refused(refusal) = refused else { panic!("a refusal") };
        assert_eq!(refusal.about("a b").to_string(), "no\n  a b\n   ^");
        let begun = read(r#"{"type":"connection","connected_users":3,"server_time":"T"}"#).unwrap();
        assert_eq!(begun, Message::Begun { at: Some("T".to_owned()) });
        assert_eq!(read(r#"{"type":"caught_up","seq":3}"#).unwrap(), Message::Other);
        assert!(read("[]").is_err() && read("{}").is_err());
    }
}
