//! `/api/logs/dead-letters/`: lines that were rejected and events that were set aside, the newest first, and each alone; to
//! be sent again as they came or mended, and to be dropped.
//!
//! Invariant: a letter shows the bytes that came, as text or in base64; a list shows the beginning of a long one and says
//! so. A letter goes when its line is on stable storage, and a line that is sent again twice is there once.

mod replay;

use antler_actors::accounts::Accounts;
use antler_actors::notes::Notes;
use antler_events::event::audit::{Deed, DeedNoted};
use antler_events::event::note::{DroppedLetter, LettersDropped, Note};
use antler_events::ids::TenantId;
use antler_projections::views::arrivals::ArrivalViews;
use antler_projections::views::dead_letters::{DeadLetter, LetterSource};
use axum::Router;
use axum::extract::{FromRef, Path, State};
use axum::http::{Extensions, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64ct::{Base64, Encoding as _};
use serde::Serialize;

use super::addresses::in_api;
use super::answer::json;
use super::auth::{Caller, cause};
use super::base::AskedUri;
use super::error::ApiError;
use super::logs::IngestState;
use super::paging::{Page, PageAsked};
use super::search::RequestTenant;

/// A list shows so much of each letter.
const LISTED_BYTES_MAX: usize = 8 << 10;
/// So many letters are dropped by one note.
const DROPPED_AT_ONCE: usize = 500;

/// What the handlers need.
#[derive(Debug, Clone)]
pub struct LettersState {
    pub views: ArrivalViews,
    pub notes: Notes,
    pub accounts: Accounts,
}

#[derive(Debug, Serialize)]
struct List {
    /// Of those that are kept.
    #[serde(flatten)]
    page: Page<Letter>,
    /// Those that there have ever been.
    counted: u64,
}

#[derive(Debug, Serialize)]
struct Letter {
    id: String,
    at: String,
    protocol: Option<String>,
    origin: Option<String>,
    /// The number of the line, as its sender sees it.
    line: Option<u64>,
    projection: Option<String>,
    /// The event that the projection could not take.
    event: Option<String>,
    code: String,
    message: String,
    raw: String,
    encoding: &'static str,
    /// Whether `raw` is only the beginning.
    cut: bool,
    bytes: u64,
}

/// The list and one of it.
pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    LettersState: FromRef<S>,
    IngestState: FromRef<S>,
{
    let router = in_api(Router::new(), "/api/logs/dead-letters", &get(list).delete(drop_all));
    let router = in_api(router, "/api/logs/dead-letters/{id}", &get(one).delete(drop_one));
    in_api(router, "/api/logs/dead-letters/{id}/replay", &post(replay::replay))
}

async fn list(
    RequestTenant(tenant): RequestTenant,
    State(LettersState { views, .. }): State<LettersState>,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    let asked = PageAsked::of(&uri)?;
    let size = usize::try_from(asked.size).unwrap_or(usize::MAX);
    let found = views.dead_letters(tenant, asked.skip(), size).await?;
    let results = found.letters.into_iter().map(|letter| shown(letter, LISTED_BYTES_MAX)).collect();
    let page = Page::new(&uri, asked, results, found.kept);
    Ok(json(StatusCode::OK, &List { page, counted: found.total }))
}

async fn one(
    RequestTenant(tenant): RequestTenant,
    State(LettersState { views, .. }): State<LettersState>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &shown(find(tenant, &views, &id).await?, usize::MAX)))
}

async fn drop_one(
    caller: Caller,
    State(letters): State<LettersState>,
    Path(id): Path<String>,
    extensions: Extensions,
) -> Result<Response, ApiError> {
    let tenant = caller.tenant;
    let letter = find(tenant, &letters.views, &id).await?;
    letters.note(&caller, (Deed::LettersDropped, &id, 1), &extensions).await?;
    letters.drop(tenant, &[letter]).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Drops the letters that are there now; those that come meanwhile stay.
async fn drop_all(
    caller: Caller,
    State(letters): State<LettersState>,
    extensions: Extensions,
) -> Result<Response, ApiError> {
    let tenant = caller.tenant;
    let mut left = letters.views.dead_letters(tenant, 0, 1).await?.kept;
    if left > 0 {
        letters.note(&caller, (Deed::LettersDropped, "all", left), &extensions).await?;
    }
    while left > 0 {
        let skip = left.saturating_sub(DROPPED_AT_ONCE as u64);
        let oldest = letters.views.dead_letters(tenant, skip, DROPPED_AT_ONCE).await?.letters;
        letters.drop(tenant, &oldest).await?;
        left = skip;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl LettersState {
    /// Tells the audit before anything goes.
    async fn note(
        &self,
        caller: &Caller,
        (deed, object, count): (Deed, &str, u64),
        extensions: &Extensions,
    ) -> Result<(), ApiError> {
        let cause = cause(caller.actor(), extensions);
        Ok(self.accounts.note_deed(caller.tenant, DeedNoted::new(deed, object, count), &cause).await?)
    }

    async fn drop(&self, tenant: TenantId, letters: &[DeadLetter]) -> Result<(), ApiError> {
        let named = |letter: &DeadLetter| DroppedLetter {
            number: letter.number,
            at: letter.at,
            length: letter.length,
        };
        let dropped = LettersDropped { letters: letters.iter().map(named).collect() };
        self.notes.record(tenant, &Note::Dropped(dropped)).await?;
        Ok(())
    }
}

async fn find(tenant: TenantId, views: &ArrivalViews, id: &str) -> Result<DeadLetter, ApiError> {
    let found = match id.parse() {
        Ok(number) => views.dead_letter(tenant, number).await?,
        Err(_) => None,
    };
    found.ok_or_else(|| ApiError::no_such("dead letter", id))
}

fn shown(letter: DeadLetter, bytes_max: usize) -> Letter {
    let DeadLetter { number, at, source, code, message, raw, length } = letter;
    let kept = &raw[..raw.len().min(bytes_max)];
    let (text, encoding) = readable(kept, kept.len() < raw.len());
    let base = Letter {
        id: number.to_string(),
        at: at.to_string(),
        protocol: None,
        origin: None,
        line: None,
        projection: None,
        event: None,
        code,
        message,
        raw: text,
        encoding,
        cut: (kept.len() as u64) < length,
        bytes: length,
    };
    match source {
        LetterSource::Line { protocol, origin, line } => {
            Letter { protocol: Some(protocol), origin: Some(origin), line: Some(line), ..base }
        }
        LetterSource::Event { projection, partition, offset } => {
            Letter { projection: Some(projection), event: Some(format!("{partition}-{offset}")), ..base }
        }
    }
}

/// As text if it is; a cut may go through the last character, which then is left out.
fn readable(raw: &[u8], is_cut: bool) -> (String, &'static str) {
    match std::str::from_utf8(raw) {
        Ok(text) => (text.to_owned(), "text"),
        Err(error) if is_cut && error.error_len().is_none() => {
            (String::from_utf8_lossy(&raw[..error.valid_up_to()]).into_owned(), "text")
        }
        Err(_) => (Base64::encode_string(raw), "base64"),
    }
}

#[cfg(test)]
mod tests {
    use antler_events::clock::Timestamp;
    use antler_events::ids::{Offset, PartitionId};

    use super::*;

    fn letter(raw: &'static [u8], source: LetterSource) -> DeadLetter {
        let (code, message) = ("c".to_owned(), "m".to_owned());
        let (at, raw) = (Timestamp::from_nanos(0), bytes::Bytes::from_static(raw));
        DeadLetter { number: 7, at, source, code, message, length: raw.len() as u64, raw }
    }

    fn line() -> LetterSource {
        LetterSource::Line { protocol: "tcp".to_owned(), origin: "::1".to_owned(), line: 3 }
    }

    #[test]
    fn a_letter_is_shown_as_text_or_in_base64_and_a_long_one_cut() {
        let check = |raw, bytes_max, expected: (&str, &str, bool)| {
            let shown = shown(letter(raw, line()), bytes_max);
            assert_eq!((shown.raw.as_str(), shown.encoding, shown.cut), expected);
        };
        check("ä line".as_bytes(), 100, ("ä line", "text", false));
        check("ä line".as_bytes(), 3, ("ä ", "text", true));
        check("aä".as_bytes(), 2, ("a", "text", true));
        check(b"a\xff", 100, ("Yf8=", "base64", false));
        check("aä".as_bytes().split_at(2).0, 100, ("YcM=", "base64", false));
    }

    #[test]
    fn an_event_is_shown_with_its_projection_and_place() {
        let (partition, offset) = (PartitionId::new(1), Offset::new(9));
        let source = LetterSource::Event { projection: "index".to_owned(), partition, offset };
        let shown = shown(letter(b"x", source), 100);
        assert_eq!((shown.projection.as_deref(), shown.event.as_deref()), (Some("index"), Some("1-9")));
        assert_eq!((shown.id.as_str(), shown.line), ("7", None));
    }
}
