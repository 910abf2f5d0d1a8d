//! The events of a saved search as they are stored: one frozen struct per version.
//!
//! Invariant: a struct here never changes. A change of an event is a new struct, a new schema number in
//! `types.rs`, a `From` for the one before it, and a golden file. It decides nothing.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::SearchEvent as Event;
use crate::codec::CodecError;
use crate::event::Cause;
use crate::event::asked::AskedV1;
use crate::event::stored::{read, write};
use crate::event::types::{self, Entry};
use crate::identity::DisplayName;
use crate::ids::UserId;
use crate::wire::SchemaVersion;

/// What somebody saved; the whole body of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchContentV1 {
    pub name: DisplayName,
    pub description: String,
    pub asked: AskedV1,
    /// Fields that are shown of each line; none: the usual ones.
    pub columns: Vec<String>,
    /// May the whole tenant see it?
    pub is_shared: bool,
    /// Does its query have places for values?
    pub is_template: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchSavedV1 {
    pub owner: UserId,
    pub content: SearchContentV1,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchDeletedV1;

/// Which event it is, and its body in the newest schema.
pub(in crate::event) fn encode(event: &Event, cause: &Cause) -> (Entry, Result<Bytes, CodecError>) {
    match event {
        Event::Saved(saved) => (types::SEARCH_SAVED, write(cause, saved)),
        Event::Changed(content) => (types::SEARCH_CHANGED, write(cause, content)),
        Event::Deleted => (types::SEARCH_DELETED, write(cause, &SearchDeletedV1)),
    }
}

/// `None` if this is not an event of a saved search.
pub(in crate::event) fn decode(
    entry: Entry,
    schema: SchemaVersion,
    body: &[u8],
) -> Result<Option<(Cause, Event)>, CodecError> {
    match (entry, schema.0) {
        (types::SEARCH_SAVED, 1) => read(body, Event::Saved),
        (types::SEARCH_CHANGED, 1) => read(body, Event::Changed),
        (types::SEARCH_DELETED, 1) => read(body, |SearchDeletedV1| Event::Deleted),
        _ => Ok(None),
    }
}
