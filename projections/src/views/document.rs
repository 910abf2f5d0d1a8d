//! Documents of views: values as they are stored under keys.
//!
//! Invariant: what cannot be read is named by its view. It knows no view.

use antler_events::codec::{self, CodecError};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::fold::ControlViewError;
use super::port::{ViewError, ViewName, ViewStore, ViewWrite};

pub(super) fn decode<'de, T: Deserialize<'de>>(view: ViewName, document: &'de [u8]) -> Result<T, ViewError> {
    let damaged = |error: CodecError| ViewError::Damaged { view, reason: error.to_string() };
    codec::decode(document).map_err(damaged)
}

pub(super) fn encode(view: ViewName, value: &impl Serialize) -> Result<Bytes, ControlViewError> {
    codec::encode(value).map_err(|source| ControlViewError::Document { view, source })
}

pub(super) fn put(view: ViewName, key: Bytes, value: &impl Serialize) -> Result<ViewWrite, ControlViewError> {
    Ok(ViewWrite::Put { key, document: encode(view, value)? })
}

pub(super) async fn read<T: for<'de> Deserialize<'de>>(
    view: ViewName,
    store: &dyn ViewStore,
    key: &[u8],
) -> Result<Option<T>, ViewError> {
    let document = store.document(view, key).await?;
    document.map(|document| decode(view, &document)).transpose()
}
