//! `GET /api/audit/export/`: all entries that a filter lets through, as JSON lines or CSV, the newest first.
//!
//! Invariant: the body asks for its next page when the client has taken the one before; one that fails breaks off, so that
//! no client takes it for whole. It holds nothing back: there is no cap.

use std::borrow::Cow;
use std::sync::Arc;

use antler_events::ids::{Offset, TenantId};
use antler_projections::views::audit::{AuditEntry, AuditFilter, AuditView};
use antler_projections::views::port::ViewError;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;

use super::shown::{ShownActor, ShownEntry, ShownObject};
use super::{asked, audit};
use crate::http::Shared;
use crate::http::base::AskedUri;
use crate::http::error::ApiError;
use crate::http::search::RequestTenant;
use crate::http::search::export::format::csv_row;

const PAGE_ENTRIES: usize = 500;

const FORMATS: [(&str, Format); 3] =
    [("ndjson", Format::JsonLines), ("jsonl", Format::JsonLines), ("csv", Format::Csv)];

const COLUMNS: [&str; 13] = [
    "id",
    "at",
    "actor_kind",
    "actor",
    "address",
    "request_id",
    "action",
    "object_kind",
    "object",
    "before",
    "after",
    "previous",
    "hash",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    JsonLines,
    Csv,
}

/// An export whose body is being sent.
struct Running {
    tenant: TenantId,
    view: AuditView,
    filter: AuditFilter,
    format: Format,
    stage: Stage,
}

enum Stage {
    Begin,
    After(Option<Offset>),
    Ended,
}

pub(super) async fn export(
    RequestTenant(tenant): RequestTenant,
    State(shared): State<Arc<Shared>>,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    let mut parameters = asked::of(&uri);
    let filter = asked::filter(&mut parameters, shared.clock.now())?;
    let format = parameters.choice(&["format"], &FORMATS)?.unwrap_or(Format::JsonLines);
    parameters.refuse_unknown()?;
    let (content_type, file) = match format {
        Format::JsonLines => ("application/x-ndjson", "attachment; filename=\"audit.ndjson\""),
        Format::Csv => ("text/csv; charset=utf-8; header=present", "attachment; filename=\"audit.csv\""),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(file)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let running = Running { tenant, view: audit(&shared), filter, format, stage: Stage::Begin };
    Ok((headers, Body::from_stream(stream::unfold(running, Running::next))).into_response())
}

impl Running {
    /// The next piece of the body.
    async fn next(mut self) -> Option<(Result<Bytes, ViewError>, Self)> {
        let after = match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Ended => return None,
            Stage::Begin => {
                self.stage = Stage::After(None);
                return Some((Ok(self.format.begin()), self));
            }
            Stage::After(after) => after,
        };
        let piece = match self.view.page(self.tenant, &self.filter, after, PAGE_ENTRIES).await {
            Ok(page) => {
                self.stage = page.next.map_or(Stage::Ended, |next| Stage::After(Some(next)));
                Ok(self.format.written(page.entries))
            }
            Err(error) => Err(error),
        };
        Some((piece, self))
    }
}

impl Format {
    fn begin(self) -> Bytes {
        let mut out = String::new();
        if self == Self::Csv {
            csv_row(COLUMNS.into_iter().map(Cow::Borrowed), &mut out);
        }
        out.into()
    }

    fn written(self, entries: Vec<AuditEntry>) -> Bytes {
        let mut out = String::new();
        for entry in entries.into_iter().map(ShownEntry::from) {
            match self {
                Self::Csv => row(entry, &mut out),
                Self::JsonLines => {
                    out.push_str(&serde_json::to_string(&entry).expect("an entry has only texts as keys"));
                    out.push('\n');
                }
            }
        }
        out.into()
    }
}

fn row(entry: ShownEntry, out: &mut String) {
    let ShownEntry {
        id,
        at,
        actor: ShownActor { kind: actor_kind, id: actor },
        address,
        request_id,
        action,
        object: ShownObject { kind, id: object },
        before,
        after,
        previous,
        hash,
    } = entry;
    let json = |values| serde_json::Value::Object(values).to_string();
    let cells = [
        id,
        at,
        actor_kind.to_owned(),
        actor.unwrap_or_default(),
        address.unwrap_or_default(),
        request_id.unwrap_or_default(),
        action,
        kind,
        object.unwrap_or_default(),
        json(before),
        json(after),
        previous.to_string(),
        hash.to_string(),
    ];
    csv_row(cells.into_iter().map(Cow::Owned), out);
}
