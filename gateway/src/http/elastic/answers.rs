//! What is answered of documents: of each whether it was taken, and where it stands.
//!
//! Invariant: the answers stand in the order of the items. It decides nothing: it joins what was read with what was written.

use std::collections::BTreeMap;
use std::time::Duration;

use antler_actors::system::Taken;
use antler_events::line::LineNumbers;
use antler_events::wire::Receipt;
use antler_projections::index::port::LineId;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::http::answer::json;
use crate::ingest::decode::Decoded;
use crate::ingest::elastic::{Action, Item};

/// Items on their way, and what is known of them.
pub(super) struct Taking {
    items: Vec<Item>,
    /// Lines of each batch.
    lengths: Vec<usize>,
    numbers: LineNumbers,
    written: BTreeMap<u64, LineId>,
    failed: BTreeMap<u64, Failed>,
    receipt: Option<Receipt>,
}

/// Why an item was not taken.
#[derive(Debug, Clone, Serialize)]
struct Failed {
    #[serde(rename = "type")]
    kind: String,
    reason: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    took: u64,
    errors: bool,
    items: Vec<BTreeMap<&'static str, Outcome<'a>>>,
}

/// What became of an item.
#[derive(Serialize)]
struct Outcome<'a> {
    #[serde(rename = "_index")]
    index: &'a str,
    #[serde(rename = "_id")]
    id: Option<Box<RawValue>>,
    status: u16,
    #[serde(flatten)]
    created: Option<Created>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failed>,
}

#[derive(Serialize)]
struct Created {
    #[serde(rename = "_version")]
    version: u8,
    result: &'static str,
    #[serde(rename = "_shards")]
    shards: Shards,
    #[serde(rename = "_seq_no")]
    sequence: u64,
    #[serde(rename = "_primary_term")]
    term: u8,
}

#[derive(Serialize)]
struct Shards {
    total: u8,
    successful: u8,
    failed: u8,
}

impl Taking {
    pub(super) fn of(decoded: &Decoded, items: Vec<Item>) -> Self {
        let rejected = decoded.rejected.iter().map(|rejected| {
            let (kind, reason) = (rejected.error.code().to_owned(), rejected.error.to_string());
            (rejected.line, Failed { kind, reason })
        });
        let failed = (1..).zip(&items).filter_map(|(number, item)| Some((number, Failed::of(item.action)?)));
        Self {
            lengths: decoded.batches.iter().map(antler_events::line::LineBatch::len).collect(),
            numbers: decoded.numbers.clone(),
            failed: rejected.chain(failed).collect(),
            written: BTreeMap::new(),
            receipt: None,
            items,
        }
    }

    /// The lines are written, but for those that were refused.
    pub(super) fn taken(&mut self, Taken { receipt, refused }: Taken) {
        let named: BTreeMap<u64, &str> =
            refused.errors.iter().map(|error| (error.line, error.message.as_str())).collect();
        for number in &refused.numbers {
            let reason = named.get(number).copied().unwrap_or("the tenant has as many streams as it may");
            let (kind, reason) = ("too_many_streams".to_owned(), reason.to_owned());
            self.failed.insert(*number, Failed { kind, reason });
        }
        self.place(&receipt);
        self.receipt = Some(receipt);
    }

    /// Batches stand in the log one behind the other, without those of which nothing was taken.
    fn place(&mut self, receipt: &Receipt) {
        let (mut place, mut offset) = (0, receipt.first);
        for length in &self.lengths {
            let mut line = 0;
            for _ in 0..*length {
                let number = self.numbers.of(place);
                place += 1;
                if !self.failed.contains_key(&number) {
                    self.written.insert(number, LineId { partition: receipt.partition, offset, line });
                    line += 1;
                }
            }
            if line > 0 {
                offset = offset.plus(1);
            }
        }
    }

    pub(super) fn answer(&self, took: Duration) -> Response {
        let items = (1..)
            .zip(&self.items)
            .map(|(number, item)| BTreeMap::from([(item.action.name(), self.outcome(number, item))]));
        let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let answer = Answer { took, errors: !self.failed.is_empty(), items: items.collect() };
        json(StatusCode::OK, &answer)
    }

    /// Of a request with one document, which was taken.
    pub(super) fn answer_of_one(&self) -> Response {
        let outcome = self.items.first().map(|item| self.outcome(1, item));
        json(StatusCode::CREATED, &outcome)
    }

    fn outcome<'a>(&self, number: u64, item: &'a Item) -> Outcome<'a> {
        let written = self.written.get(&number);
        let own = item.id.as_deref().and_then(|id| RawValue::from_string(id.to_owned()).ok());
        let made = || serde_json::value::to_raw_value(&written?.to_string()).ok();
        let created = written.zip(self.receipt.as_ref()).map(|(id, _)| Created {
            version: 1,
            result: "created",
            shards: Shards { total: 1, successful: 1, failed: 0 },
            sequence: id.offset.number(),
            term: 1,
        });
        Outcome {
            index: &item.index,
            id: own.or_else(made),
            status: if created.is_some() { StatusCode::CREATED } else { StatusCode::BAD_REQUEST }.as_u16(),
            created,
            error: self.failed.get(&number).cloned(),
        }
    }
}

impl Failed {
    /// What is not done with lines.
    fn of(action: Action) -> Option<Self> {
        let reason = match action {
            Action::Create | Action::Index => return None,
            Action::Update => "lines are not changed; send another with create",
            Action::Delete => "lines are not taken away one by one; retention or an erasure does that",
        };
        Some(Self { kind: "illegal_argument_exception".to_owned(), reason: reason.to_owned() })
    }
}
