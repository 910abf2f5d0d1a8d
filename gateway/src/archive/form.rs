//! What stands in an archive, as JSON: names of members, and the form of each.
//!
//! Invariant: a line is given back byte for byte, and what was said for its batch with it. No secret has a place here: no
//! hash of a password or key, no invitation. It packs and reads nothing.

use antler_events::clock::Timestamp;
use antler_events::event::asked::Asked;
use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::event::search::SearchContent;
use antler_events::event::upload::{UploadFinished, UploadReceived};
use antler_events::line::StreamName;
use antler_projections::index::port::FoundLine;
use base64ct::{Base64, Encoding as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::credentials::secret::hex;

/// What every manifest says first, with the version of the form.
pub const KIND: &str = "antler tenant archive";
pub const VERSION: u32 = 1;

pub const MANIFEST: &str = "manifest.json";
pub const SETTINGS: &str = "settings.ndjson";
pub const END: &str = "end.json";

/// The first member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub kind: String,
    pub version: u32,
    pub tenant: Origin,
    pub made_at: String,
    pub from: Option<String>,
    pub to: String,
    pub streams: Vec<String>,
    pub include: Vec<String>,
}

/// The tenant that an archive is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub id: String,
    pub name: String,
}

/// A member with the sum of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

/// The last member: all others, and what is in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub members: Vec<Member>,
    pub lines: u64,
    pub files: u64,
    pub searches: u64,
    /// What is missing, and why.
    pub warnings: Vec<String>,
    /// The SHA-256 of all this, with nothing in this place.
    pub sha256: String,
}

impl End {
    #[must_use]
    pub fn sealed(self) -> Self {
        let unsealed = Self { sha256: String::new(), ..self };
        let sha256 = hex(&Sha256::digest(json_line(&unsealed)));
        Self { sha256, ..unsealed }
    }
}

/// A line of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Setting {
    Tenant {
        name: String,
    },
    Limits {
        logs_per_day: u64,
        bytes_per_day: u64,
        retention_days: u32,
        seats: u32,
        api_calls_per_hour: u64,
        /// Archives of before do not say it.
        streams_max: Option<u64>,
    },
    Retention {
        days: Option<u32>,
        streams: Vec<StreamDays>,
    },
    Member {
        email: String,
        role: String,
        joined: bool,
    },
    ServiceAccount {
        name: String,
        role: String,
    },
    Search {
        content: SavedSearch,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamDays {
    pub stream: String,
    pub days: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedSearch {
    pub name: String,
    pub description: String,
    pub asked: Asked,
    pub columns: Vec<String>,
    pub shared: bool,
    pub template: bool,
}

/// What is known of a file, before its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    pub received: UploadReceived,
    pub finished: UploadFinished,
}

/// A line with all that it came with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineRecord {
    /// For people; what counts is in the line, or is when it was received.
    pub time: String,
    pub received_at: String,
    pub received_at_ns: i64,
    pub stream: String,
    pub protocol: String,
    pub origin: String,
    pub defaults: LineDefaults,
    /// Whether it was taken as text and not as JSON.
    pub plain: bool,
    /// None for a line that is no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub raw: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub raw_base64: Option<String>,
}

impl LineRecord {
    pub fn of(line: &FoundLine) -> Self {
        let FoundLine { position, received_at, raw, is_plain, arrival } = line;
        let parsed = line.parsed().ok();
        let stream = parsed.as_ref().and_then(|batch| batch.line(0));
        let stream = stream.map(|line| StreamName::of_line(line, &arrival.defaults).as_str().to_owned());
        let (text, bytes) = match std::str::from_utf8(raw) {
            Ok(text) => (Some(text.to_owned()), None),
            Err(_) => (None, Some(Base64::encode_string(raw))),
        };
        Self {
            time: position.time.to_string(),
            received_at: received_at.to_string(),
            received_at_ns: received_at.nanos(),
            stream: stream.unwrap_or_default(),
            protocol: arrival.protocol.clone(),
            origin: arrival.origin.clone(),
            defaults: arrival.defaults.clone(),
            plain: *is_plain,
            raw: text,
            raw_base64: bytes,
        }
    }

    /// The line as it came; none if there is no such.
    pub fn raw(&self) -> Option<Vec<u8>> {
        match (&self.raw, &self.raw_base64) {
            (Some(text), None) => Some(text.clone().into_bytes()),
            (None, Some(bytes)) => Base64::decode_vec(bytes).ok(),
            _ => None,
        }
    }

    pub fn received_at(&self) -> Timestamp {
        Timestamp::from_nanos(self.received_at_ns)
    }

    pub fn arrival(&self) -> Arrival {
        let Self { protocol, origin, defaults, .. } = self;
        Arrival { protocol: protocol.clone(), origin: origin.clone(), defaults: defaults.clone() }
    }
}

impl From<&SearchContent> for SavedSearch {
    fn from(content: &SearchContent) -> Self {
        let SearchContent { name, description, asked, columns, is_shared, is_template } = content.clone();
        let name = name.as_str().to_owned();
        Self { name, description, asked, columns, shared: is_shared, template: is_template }
    }
}

/// The name of a page of lines, counted from 1.
pub fn lines_name(number: u64) -> String {
    format!("lines/{number:06}.ndjson.zst")
}

/// JSON, with a newline at its end.
pub fn json_line(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(value).expect("it has only texts, numbers and lists");
    bytes.push(b'\n');
    bytes
}
