//! Notes: what is recorded beside lines and goes when lines go. Lines that were rejected, events that a projection set
//! aside, requests that were answered, searches of people, letters that were dropped, keys that were used.
//!
//! Invariant: a note stands on the lines of its tenant, so it can be recorded together with the lines that it is about;
//! who follows the log for lines passes it by. It decides nothing.

mod answered;
mod dropped;
mod rejected;
mod searched;
mod set_aside;
mod used;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use self::answered::{
    AnswerForm, KEY_BYTES_MAX, NamedError, RequestAnswered, RequestKey, RequestKeyError,
};
pub use self::dropped::{DroppedLetter, LettersDropped};
pub use self::rejected::{LinesRejected, RejectedLine};
pub use self::searched::{PastSearchId, Searched, SearchesForgotten};
pub use self::set_aside::EventSetAside;
pub use self::used::KeysUsed;
use super::types::{self, Entry};
use super::{BodyError, EventError, NewEvent};
use crate::clock::Timestamp;
use crate::codec::{self, CodecError};
use crate::ids::TenantId;
use crate::subject::Subject;
use crate::wire::EventType;

const NOTES: [Entry; 8] = [
    types::LINES_REJECTED,
    types::EVENT_SET_ASIDE,
    types::REQUEST_ANSWERED,
    types::SEARCHED,
    types::SEARCHES_FORGOTTEN,
    types::LETTERS_DROPPED,
    types::KEYS_USED,
    types::TENANT_FORGOTTEN,
];

/// A note, with its body in the newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    Rejected(LinesRejected),
    SetAside(EventSetAside),
    Answered(RequestAnswered),
    Searched(Searched),
    Forgotten(SearchesForgotten),
    Dropped(LettersDropped),
    Used(KeysUsed),
    /// All that was recorded beside the lines of the tenant is to be forgotten.
    TenantForgotten,
}

#[derive(Debug, Serialize, Deserialize)]
struct TenantForgottenV1;

impl Note {
    /// The note as the log takes it.
    pub fn record(&self, tenant: TenantId, at: Timestamp) -> Result<NewEvent, EventError> {
        let entry = self.entry();
        let encoded = self.encode();
        Ok(NewEvent {
            subject: Subject::lines(tenant),
            event_type: entry.event_type,
            schema: entry.newest,
            recorded_at: at,
            body: encoded.map_err(|source| EventError::Encode { name: entry.name, source })?,
        })
    }

    /// Is it the type of a note?
    pub fn has_type(event_type: EventType) -> bool {
        NOTES.iter().any(|entry| entry.event_type == event_type)
    }

    /// What it takes in memory, about.
    pub fn bytes_held(&self) -> usize {
        match self {
            Self::Rejected(rejected) => rejected.bytes_held(),
            Self::SetAside(set_aside) => set_aside.bytes_held(),
            Self::Answered(answered) => answered.bytes_held(),
            Self::Searched(searched) => searched.bytes_held(),
            Self::Forgotten(_) | Self::TenantForgotten => size_of::<SearchesForgotten>(),
            Self::Dropped(dropped) => dropped.bytes_held(),
            Self::Used(used) => used.bytes_held(),
        }
    }

    fn entry(&self) -> Entry {
        match self {
            Self::Rejected(_) => types::LINES_REJECTED,
            Self::SetAside(_) => types::EVENT_SET_ASIDE,
            Self::Answered(_) => types::REQUEST_ANSWERED,
            Self::Searched(_) => types::SEARCHED,
            Self::Forgotten(_) => types::SEARCHES_FORGOTTEN,
            Self::Dropped(_) => types::LETTERS_DROPPED,
            Self::Used(_) => types::KEYS_USED,
            Self::TenantForgotten => types::TENANT_FORGOTTEN,
        }
    }

    fn encode(&self) -> Result<Bytes, CodecError> {
        match self {
            Self::Rejected(rejected) => rejected.encode(),
            Self::SetAside(set_aside) => set_aside.encode(),
            Self::Answered(answered) => answered.encode(),
            Self::Searched(searched) => searched.encode(),
            Self::Forgotten(forgotten) => forgotten.encode(),
            Self::Dropped(dropped) => dropped.encode(),
            Self::Used(used) => used.encode(),
            Self::TenantForgotten => codec::encode(&TenantForgottenV1),
        }
    }

    /// `None` if it is no note.
    pub(super) fn decode(entry: Entry, body: &Bytes) -> Result<Option<Self>, BodyError> {
        Ok(match entry {
            types::LINES_REJECTED => Some(Self::Rejected(LinesRejected::decode(body)?)),
            types::EVENT_SET_ASIDE => Some(Self::SetAside(EventSetAside::decode(body)?)),
            types::REQUEST_ANSWERED => Some(Self::Answered(RequestAnswered::decode(body)?)),
            types::SEARCHED => Some(Self::Searched(Searched::decode(body)?)),
            types::SEARCHES_FORGOTTEN => Some(Self::Forgotten(SearchesForgotten::decode(body)?)),
            types::LETTERS_DROPPED => Some(Self::Dropped(LettersDropped::decode(body)?)),
            types::KEYS_USED => Some(Self::Used(KeysUsed::decode(body)?)),
            types::TENANT_FORGOTTEN => codec::decode::<TenantForgottenV1>(body)
                .map(|TenantForgottenV1| Some(Self::TenantForgotten))?,
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use antler_config::limits::LineLimits;

    use super::*;
    use crate::codec::CodecId;
    use crate::event::asked::{Asked, Syntax};
    use crate::event::lines::Arrival;
    use crate::event::samples::{NOW, key, tenant, user};
    use crate::event::{Event, decode};
    use crate::ids::{Offset, PartitionId};
    use crate::line::LineError;
    use crate::wire::{ChainHash, Envelope, SchemaVersion};

    const GOLDEN: [&[u8]; 8] = [
        include_bytes!("golden/lines_rejected_v1.bin"),
        include_bytes!("golden/event_set_aside_v1.bin"),
        include_bytes!("golden/request_answered_v1.bin"),
        include_bytes!("golden/searched_v1.bin"),
        include_bytes!("golden/searches_forgotten_v1.bin"),
        include_bytes!("golden/letters_dropped_v1.bin"),
        include_bytes!("golden/keys_used_v1.bin"),
        include_bytes!("golden/tenant_forgotten_v1.bin"),
    ];

    fn samples() -> [Note; 8] {
        let arrival =
            Arrival { protocol: "tcp".to_owned(), origin: "192.0.2.7".to_owned(), ..Arrival::default() };
        let mut rejected = LinesRejected::new(NOW, &arrival);
        let limits = LineLimits { line_bytes_max: 8, ..LineLimits::default() };
        rejected.push(3, LineError::TooLong { length: 90, max: 8 }, b"0123456789", &limits);
        rejected.push(300, LineError::Utf8 { at: 1 }, b"a\xff", &limits);
        let set_aside = EventSetAside::new(
            "index",
            (PartitionId::new(3), Offset::new(99)),
            (EventType(1), SchemaVersion(1)),
            "it is broken",
            Some(b"a body"),
        );
        let answered = RequestAnswered {
            key: RequestKey::of("order 7").unwrap(),
            form: AnswerForm::Many,
            answered_at: NOW,
            events: 2,
            accepted: 1_000,
            rejected: 1,
            errors: vec![NamedError {
                line: 7,
                code: "invalid_json".to_owned(),
                message: "byte 0 is wrong".to_owned(),
            }],
        };
        [
            Note::Rejected(rejected),
            Note::SetAside(set_aside),
            Note::Answered(answered),
            Note::Searched(searched()),
            Note::Forgotten(SearchesForgotten {
                by: user("u1"),
                search: Some(PastSearchId { partition: PartitionId::new(3), offset: Offset::new(99) }),
            }),
            Note::Dropped(LettersDropped {
                letters: vec![DroppedLetter { number: 7, at: NOW, length: 300 }],
            }),
            Note::Used(KeysUsed { keys: vec![(key(), NOW)] }),
            Note::TenantForgotten,
        ]
    }

    fn searched() -> Searched {
        let filters = [("level", vec!["error", "critical"]), ("from", vec!["now-15m"])];
        let owned = |(name, values): (&str, Vec<&str>)| {
            (name.to_owned(), values.into_iter().map(str::to_owned).collect())
        };
        let asked = Asked {
            query: "lane and order".to_owned(),
            syntax: Syntax::Lucene,
            filters: filters.map(owned).into(),
        };
        Searched { by: user("u1"), asked, found: Some(300), took_us: Some(1_250) }
    }

    fn envelope(new: &NewEvent) -> Envelope {
        Envelope {
            codec: CodecId::BincodeZstd,
            event_type: new.event_type,
            schema: new.schema,
            partition: PartitionId::new(3),
            offset: Offset::new(100),
            recorded_at: new.recorded_at,
            subject: new.subject,
            previous: ChainHash::START,
            body_stored: 0,
            body_raw: 0,
            body_crc: 0,
        }
    }

    #[test]
    fn schema_1_has_its_golden_bytes() {
        let mut differing = String::new();
        for (note, golden) in samples().iter().zip(GOLDEN) {
            let new = note.record(tenant(), NOW).unwrap();
            if new.body != golden {
                let hex: String = new.body.iter().map(|byte| format!("{byte:02x}")).collect();
                differing += &format!("{}_v1.bin differs from {hex}\n", note.entry().name);
            }
        }
        assert!(differing.is_empty(), "{differing}");
    }

    #[test]
    fn the_golden_files_are_read_as_the_notes_of_today() {
        for (note, golden) in samples().into_iter().zip(GOLDEN) {
            let new = note.record(tenant(), NOW).unwrap();
            assert_eq!(new.subject, Subject::lines(tenant()));
            let read = decode(&envelope(&new), &Bytes::from_static(golden)).unwrap();
            assert_eq!(read, Event::Note(note));
        }
    }

    #[test]
    fn a_cut_or_flipped_body_is_an_error_or_another_note() {
        for note in samples() {
            let new = note.record(tenant(), NOW).unwrap();
            for cut in 0..new.body.len() {
                let read = decode(&envelope(&new), &new.body.slice(..cut));
                assert!(matches!(read, Err(EventError::Body { .. })), "{note:?} cut at {cut}");
            }
            let mut body = new.body.to_vec();
            for bit in 0..body.len() * 8 {
                body[bit / 8] ^= 1 << (bit % 8);
                let read = decode(&envelope(&new), &body.clone().into());
                assert!(read.ok() != Some(Event::Note(note.clone())), "bit {bit} of {note:?} says nothing");
                body[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }

    #[test]
    fn a_note_stands_on_lines_only() {
        let new = samples()[0].record(tenant(), NOW).unwrap();
        let subject = Subject::control(tenant(), crate::subject::Aggregate::Tenant);
        let error = decode(&Envelope { subject, ..envelope(&new) }, &new.body).unwrap_err();
        assert!(matches!(error, EventError::Misplaced { .. }), "{error}");
    }
}
