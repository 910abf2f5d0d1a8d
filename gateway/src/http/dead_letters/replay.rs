//! `POST /api/logs/dead-letters/{id}/replay/`: a rejected line is sent again, as it came or mended.
//!
//! Invariant: the letter is dropped once the line is on stable storage; a line that is refused again leaves the letter as it
//! was. A repeat after a crash between the two writes no second line.

use antler_events::event::audit::Deed;
use antler_events::event::note::RequestKey;
use antler_projections::views::dead_letters::{DeadLetter, LetterSource};
use axum::extract::{Path, Request, State};
use axum::response::Response;
use bytes::Bytes;

use super::{LettersState, find};
use crate::http::accounts::fields::Fields;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::logs::{IngestState, take_one};
use crate::http::peer::PeerAddress;

pub(super) async fn replay(
    caller: Caller,
    State(letters): State<LettersState>,
    State(ingest): State<IngestState>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let tenant = caller.tenant;
    let line_bytes_max = ingest.names.limits().line_bytes_max;
    // A byte may take six in JSON.
    let (fields, extensions) = Fields::read(request, line_bytes_max.saturating_mul(6)).await?;
    let letter = find(tenant, &letters.views, &id).await?;
    let line = match fields.optional_text("raw")? {
        Some(mended) => Bytes::copy_from_slice(mended.as_bytes()),
        None => as_it_came(&letter)?,
    };
    let name = format!("dead letter {} of {}", letter.number, letter.at.nanos());
    let key = RequestKey::of(&name).expect("it is short and printable");
    let peer = extensions.get::<PeerAddress>();
    let origin = peer.map(|PeerAddress(address)| address.to_string()).unwrap_or_default();
    let answer = take_one(tenant, &ingest, line, key, origin).await?;
    letters.note(&caller, (Deed::LetterReplayed, &id, 1), &extensions).await?;
    letters.drop(tenant, &[letter]).await?;
    Ok(answer)
}

fn as_it_came(letter: &DeadLetter) -> Result<Bytes, ApiError> {
    let refused = |reason: &str| Err(ApiError::Conflict { field: "id", reason: reason.to_owned() });
    match &letter.source {
        LetterSource::Event { .. } => refused(
            "this letter is an event that a projection could not take, and no line: its operator mends the \
             projection with antler rebuild",
        ),
        LetterSource::Line { .. } if (letter.raw.len() as u64) < letter.length => {
            refused("only the beginning of the line was kept; send the whole of it as raw")
        }
        LetterSource::Line { .. } => Ok(letter.raw.clone()),
    }
}
