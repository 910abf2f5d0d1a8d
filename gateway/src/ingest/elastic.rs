//! Bodies of Elasticsearch's `_bulk`: a line that says what to do, and behind it the document.
//!
//! Invariant: every item of a body has an outcome under its number, and a body whose items cannot be told apart is refused
//! as a whole. A document stays as it came, but for the stream of its index, which is added to one that names none. It
//! writes nothing, and answers nobody.

use std::borrow::Cow;

use antler_events::clock::Timestamp;
use antler_events::line::KnownNames;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::decode::{DecodeError, Decoded, Decoder, Kind, decode_by};

/// What is asked for a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Create,
    Index,
    /// Lines are neither changed nor taken away.
    Update,
    Delete,
}

/// A document and what is asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub action: Action,
    /// As the sender has it.
    pub index: String,
    /// As JSON.
    pub id: Option<Box<str>>,
}

impl Item {
    pub fn new(action: Action, index: String, id: &str) -> Self {
        Self { action, index, id: Some(serde_json::Value::from(id).to_string().into()) }
    }
}

impl Action {
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Index => "index",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// A body that was taken apart. The number of a line is that of its item, counted from 1.
#[derive(Debug)]
pub struct Bulk {
    pub decoded: Decoded,
    pub items: Vec<Item>,
}

#[derive(Deserialize)]
struct ActionLine<'a> {
    #[serde(borrow)]
    create: Option<Target<'a>>,
    #[serde(borrow)]
    index: Option<Target<'a>>,
    #[serde(borrow)]
    update: Option<Target<'a>>,
    #[serde(borrow)]
    delete: Option<Target<'a>>,
}

#[derive(Deserialize)]
struct Target<'a> {
    #[serde(borrow, rename = "_index")]
    index: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "_id")]
    id: Option<&'a RawValue>,
}

/// What a document says of its stream.
#[derive(Deserialize)]
struct Said {
    data_stream: Option<IgnoredAny>,
    #[serde(rename = "data_stream.type")]
    kind: Option<IgnoredAny>,
    #[serde(rename = "data_stream.dataset")]
    dataset: Option<IgnoredAny>,
    #[serde(rename = "data_stream.namespace")]
    namespace: Option<IgnoredAny>,
}

/// What an item is as long as its action line is the same.
struct Current<'a> {
    line: &'a [u8],
    item: Item,
    /// What ends a document that names no stream.
    ending: String,
}

/// Takes a body apart. `path_index` is the index of items that name none.
pub fn decode(
    body: &Bytes,
    path_index: Option<&str>,
    known: &KnownNames,
    received_at: Timestamp,
) -> Result<Bulk, DecodeError> {
    let (decoded, items) = decode_by(body, known, received_at, |decoder| items(decoder, path_index))?;
    Ok(Bulk { decoded, items })
}

/// A body that is one document.
pub fn decode_one(
    body: &Bytes,
    item: Item,
    known: &KnownNames,
    received_at: Timestamp,
) -> Result<Bulk, DecodeError> {
    let ending = ending_for(&item.index);
    let (decoded, ()) = decode_by(body, known, received_at, |decoder| match body.trim_ascii() {
        [] => Err(DecodeError::Empty),
        document => {
            push(1, document, &ending, &mut Vec::new(), decoder);
            Ok(())
        }
    })?;
    Ok(Bulk { decoded, items: vec![item] })
}

fn items(decoder: &mut Decoder<'_>, path_index: Option<&str>) -> Result<Vec<Item>, DecodeError> {
    let body = decoder.body();
    let (mut items, mut made) = (Vec::new(), Vec::new());
    let mut current: Option<Current<'_>> = None;
    let mut lines = (1_u64..).zip(body.split(|byte| *byte == b'\n'));
    while let Some((number, line)) = lines.next() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        if current.as_ref().is_none_or(|current| current.line != line) {
            current = Some(Current::read(number, line, path_index)?);
        }
        let Some(Current { item, ending, .. }) = &current else { continue };
        items.push(item.clone());
        let document = match item.action {
            Action::Delete => continue,
            _ => lines.next().map(|(_, document)| document.trim_ascii()),
        };
        let document = document.filter(|document| !document.is_empty());
        let document = document.ok_or(DecodeError::NoDocument { line: number })?;
        if item.action != Action::Update {
            push(items.len() as u64, document, ending, &mut made, decoder);
        }
    }
    if items.is_empty() { Err(DecodeError::Empty) } else { Ok(items) }
}

impl<'a> Current<'a> {
    fn read(number: u64, line: &'a [u8], path_index: Option<&str>) -> Result<Self, DecodeError> {
        let not_action = |reason: String| DecodeError::NoAction { line: number, reason };
        let asked: ActionLine<'a> =
            serde_json::from_slice(line).map_err(|error| not_action(error.to_string()))?;
        let ActionLine { create, index, update, delete } = asked;
        let named = [
            (Action::Create, create),
            (Action::Index, index),
            (Action::Update, update),
            (Action::Delete, delete),
        ];
        let mut named = named.into_iter().filter_map(|(action, target)| Some((action, target?)));
        let (Some((action, target)), None) = (named.next(), named.next()) else {
            return Err(not_action("one of create, index, update and delete should stand there".to_owned()));
        };
        let index = target.index.as_deref().or(path_index).unwrap_or_default().to_owned();
        let ending = ending_for(&index);
        let id = target.id.map(RawValue::get).filter(|id| *id != "null").map(Box::from);
        Ok(Self { line, item: Item { action, index, id }, ending })
    }
}

fn push(number: u64, document: &[u8], ending: &str, made: &mut Vec<u8>, decoder: &mut Decoder<'_>) {
    let kept = || Bytes::copy_from_slice(document);
    let inside = document.strip_suffix(b"}").filter(|_| !ending.is_empty() && !names_stream(document));
    let Some(inside) = inside else { return decoder.push(number, document, Kind::Json, kept) };
    made.clear();
    made.extend_from_slice(inside);
    if inside.trim_ascii_end().last() != Some(&b'{') {
        made.push(b',');
    }
    made.extend_from_slice(ending.as_bytes());
    decoder.push(number, made, Kind::Json, kept);
}

fn names_stream(document: &[u8]) -> bool {
    let may = memchr::memmem::find(document, b"data_stream").is_some();
    may && serde_json::from_slice(document).is_ok_and(|said: Said| {
        let Said { data_stream, kind, dataset, namespace } = said;
        [data_stream, kind, dataset, namespace].iter().any(Option::is_some)
    })
}

/// `"data_stream":{…}}` for an index; nothing for none.
fn ending_for(index: &str) -> String {
    let Some((dataset, namespace)) = stream_of(index) else { return String::new() };
    let [dataset, namespace] = [dataset, namespace].map(serde_json::Value::from);
    format!("\"data_stream\":{{\"dataset\":{dataset},\"namespace\":{namespace}}}}}")
}

/// Dataset and namespace of an index. `logs-nginx-pt` says both; of another name, such as `filebeat-7.17.29-2026.11.20`,
/// versions and dates at its end fall off, and the rest is the dataset.
fn stream_of(index: &str) -> Option<(&str, &str)> {
    let mut name = index;
    while let Some((before, last)) = name.rsplit_once('-')
        && last.starts_with(|first: char| first.is_ascii_digit())
    {
        name = before;
    }
    let said = name.strip_prefix("logs-").map(|rest| rest.split_once('-').unwrap_or((rest, "default")));
    let (dataset, namespace) = said.unwrap_or((name, "default"));
    (!dataset.is_empty()).then_some((dataset, namespace))
}

#[cfg(test)]
mod tests {
    use antler_config::limits::LineLimits;
    use antler_events::line::LineBatch;

    use super::*;

    fn decoded(body: &str) -> Result<Bulk, DecodeError> {
        let known = KnownNames::new(LineLimits { line_bytes_max: 200, ..LineLimits::default() });
        decode(&Bytes::copy_from_slice(body.as_bytes()), None, &known, Timestamp::from_nanos(0))
    }

    fn lines(bulk: &Bulk) -> Vec<String> {
        let lines = bulk.decoded.batches.iter().flat_map(LineBatch::lines);
        lines.map(|line| String::from_utf8(line.raw().to_vec()).unwrap()).collect()
    }

    #[test]
    fn an_index_is_a_stream() {
        let check = |index: &str, expected: Option<(&str, &str)>| {
            assert_eq!(stream_of(index), expected, "{index}");
        };
        check("logs-nginx-pt", Some(("nginx", "pt")));
        check("logs-nginx", Some(("nginx", "default")));
        check("logs-app-2026.11.20", Some(("app", "default")));
        check("filebeat-7.17.29-2026.11.20", Some(("filebeat", "default")));
        check("my-shop-2026.11", Some(("my-shop", "default")));
        check("2026.11.20", Some(("2026.11.20", "default")));
        check("logs-", None);
        check("", None);
    }

    #[test]
    fn a_document_is_filed_as_its_index_unless_it_says_where() {
        let body = "{\"create\":{\"_index\":\"logs-a-b\",\"_id\":\"x\"}}\n{\"message\":\"one\"}\n\
                    {\"create\":{\"_index\":\"logs-a-b\",\"_id\":\"x\"}}\n{ }\r\n\n\
                    {\"index\":{},\"extra\":1}\n{\"m\":\"data_stream\"}\n\
                    {\"index\":{\"_index\":\"i\"}}\n{\"data_stream\":{\"dataset\":\"d\"}}\n\
                    {\"index\":{\"_index\":\"i\"}}\n{\"data_stream.namespace\":\"n\"}";
        let bulk = decoded(body).unwrap();
        let filed = "\"data_stream\":{\"dataset\":\"a\",\"namespace\":\"b\"}}";
        let expected = [
            &format!("{{\"message\":\"one\",{filed}"),
            &format!("{{ {filed}"),
            "{\"m\":\"data_stream\"}",
            "{\"data_stream\":{\"dataset\":\"d\"}}",
            "{\"data_stream.namespace\":\"n\"}",
        ];
        assert_eq!(lines(&bulk), expected);
        let first =
            Item { action: Action::Create, index: "logs-a-b".to_owned(), id: Some(Box::from("\"x\"")) };
        assert_eq!((&bulk.items[0], bulk.items.len()), (&first, 5));
        assert_eq!(bulk.items[2], Item { action: Action::Index, index: String::new(), id: None });
    }

    #[test]
    fn items_that_are_no_lines_keep_their_numbers() {
        let long = format!("{{\"m\":\"{}\"}}", "x".repeat(300));
        let body = format!(
            "{{\"index\":{{}}}}\n7\n{{\"update\":{{\"_id\":7}}}}\n{{\"doc\":{{}}}}\n{{\"delete\":{{\"_id\":\"a\"}}}}\n\
             {{\"index\":{{\"_index\":\"i\"}}}}\n{long}\n{{\"index\":{{\"_index\":\"i\"}}}}\n{{\"a\":1}}\n"
        );
        let bulk = decoded(&body).unwrap();
        let actions: Vec<Action> = bulk.items.iter().map(|item| item.action).collect();
        use Action::{Delete, Index, Update};
        assert_eq!(actions, [Index, Update, Delete, Index, Index]);
        let rejected = bulk.decoded.rejected.iter().map(|line| (line.line, line.error.code(), &line.raw[..]));
        let expected = [(1, "invalid_json", &b"7"[..]), (4, "line_too_long", long.as_bytes())];
        assert_eq!(rejected.collect::<Vec<_>>(), expected);
        assert_eq!((bulk.decoded.accepted, bulk.decoded.numbers.of(0)), (1, 5));
    }

    #[test]
    fn a_body_whose_items_cannot_be_told_apart_is_refused_with_the_line() {
        let check = |body: &str, expected: &str| {
            let message = decoded(body).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{body}: {message}");
        };
        check(" \n\n", "the body is empty");
        check("{\"message\":\"no action\"}\n", "line 1 of the body says of no document what to do");
        check("{\"index\":{}}\n{}\n{\"index\":{}\n{}\n", "line 3 of the body says of no document what to do");
        check("{\"index\":{},\"create\":{}}\n{}\n", "line 1 of the body says of no document what to do");
        check("{\"index\":{}}\n", "the document of line 1 is missing");
        check("{\"index\":{}}\n\n{\"index\":{}}\n{}\n", "the document of line 1 is missing");
    }
}
