//! Exports: all lines of a question as a file, as many as there are, and the tables of pipes.
//!
//! Invariant: the body asks for its next page when the client has taken the one before, so memory is that of a page and
//! who hangs up stops the work. An export that lacks lines says so in its last line; one that fails says so and breaks off,
//! so that no client takes it for whole. It does not know how a format is written: `format` does.

pub(crate) mod format;

use antler_events::clock::Timestamp;
use antler_events::ids::TenantId;
use antler_projections::index::port::{
    Bounds, Coverage, Cursor, Export, FieldsQuery, LinePage, LineQuery, Period, SearchError, Warning,
};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;

use self::format::{FORMATS, Format, Writer};
use super::asking::Asking;
use super::columns::USUAL;
use super::line::Extras;
use super::page::order;
use super::parameters::Parameters;
use super::question::Question;
use super::refusal::invalid;
use super::table::table_of;
use super::{RequestTenant, SearchState};
use crate::http::error::ApiError;

/// Lines of a page, and what they may take.
const PAGE_LINES: u32 = 1_000;
const PAGE_BYTES_MAX: usize = 8 << 20;
const COLUMNS_MAX: usize = 1_000;
/// Pages without a line and without progress before an export is given up.
const STANDSTILLS_MAX: u32 = 3;

/// Why an export broke off.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error("the time of a page ran out again and again without a line; ask for less")]
    Standstill,
}

pub(super) async fn export(
    RequestTenant(tenant): RequestTenant,
    State(state): State<SearchState>,
    mut parameters: Parameters,
) -> Result<Response, ApiError> {
    let mut asking = Asking::new(&state);
    let question = Question::read(&mut parameters, asking.now())?;
    let format = parameters.choice(&["format"], &FORMATS)?.unwrap_or(Format::Csv);
    let order = order(&mut parameters)?;
    let columns = parameters.list(&["columns", "fields"])?;
    let (columns, left_out) = columns_of(tenant, &state, &asking, columns, question.period).await?;
    let included = parameters.list(&["include"])?;
    let has = |name: &str| included.iter().any(|included| included == name);
    let headers = headers(format, asking.now());
    let extras = Extras { raw: has("raw"), raw_log: has("raw_log"), ..Extras::default() };
    if !question.pipes.is_empty() {
        let table = table_of(tenant, &state, &mut asking, &question).await?;
        let told = asking.tail().into_warnings();
        return Ok((headers, format::table(format, &table, &told)).into_response());
    }
    let query = LineQuery {
        filter: question.filter,
        period: question.period,
        order,
        asked_at: question.asked_at,
        after: question.cursor.map(antler_projections::index::port::After::Cursor),
        ..LineQuery::newest(PAGE_LINES)
    };
    let bounds = asking.bounds();
    let bounds =
        Bounds { time: state.limits.time_max, memory_bytes: bounds.memory_bytes.min(PAGE_BYTES_MAX) };
    let mut export = Export::new(tenant, state.index.clone(), query, bounds);
    // What is wrong with the question itself still has a status of its own.
    let first = export.next_page().await?;
    let writer = Writer::new(format, columns, extras);
    let running = Running::new(export, first, writer, left_out);
    Ok((headers, Body::from_stream(stream::unfold(running, Running::next))).into_response())
}

/// The columns that were asked for; `*` is for all that the tenant's lines have.
async fn columns_of(
    tenant: TenantId,
    state: &SearchState,
    asking: &Asking<'_>,
    asked: Vec<String>,
    period: Period,
) -> Result<(Option<Vec<String>>, Coverage), ApiError> {
    if asked.len() > COLUMNS_MAX {
        return Err(invalid("columns", format!("there are {}, and at most {COLUMNS_MAX} fit", asked.len())));
    }
    if asked != ["*"] {
        return Ok((Some(asked).filter(|asked| !asked.is_empty()), Coverage::whole()));
    }
    let query = FieldsQuery { period, prefix: String::new(), size: COLUMNS_MAX as u32 };
    let found = state.index.fields(tenant, query, asking.bounds()).await?;
    let others = found.fields.into_iter().filter(|field| field.role.is_none()).map(|field| field.name);
    let others = others.filter(|name| !USUAL.contains(&name.as_str()));
    Ok((Some(USUAL.iter().map(|name| (*name).to_owned()).chain(others).collect()), found.coverage))
}

fn headers(format: Format, now: Timestamp) -> HeaderMap {
    let time: String = now.to_string().chars().take(19).filter(|character| *character != ':').collect();
    let file = format!("attachment; filename=\"logs-{time}Z.{}\"", format.extension());
    let file = HeaderValue::try_from(file).expect("a time has digits and letters only");
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static(format.content_type())),
        (header::CONTENT_DISPOSITION, file),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ])
}

/// An export whose body is being sent.
struct Running {
    export: Export,
    /// A page that is there already.
    ready: Option<LinePage>,
    writer: Writer,
    lacking: Coverage,
    last: Option<Cursor>,
    standstills: u32,
    stage: Stage,
}

enum Stage {
    Begin,
    Lines,
    /// The last line was sent; now the connection breaks off.
    Break(ExportError),
    Ended,
}

impl Running {
    fn new(export: Export, ready: Option<LinePage>, writer: Writer, lacking: Coverage) -> Self {
        Self { export, ready, writer, lacking, last: None, standstills: 0, stage: Stage::Begin }
    }

    /// The next piece of the body.
    async fn next(mut self) -> Option<(Result<Bytes, ExportError>, Self)> {
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Ended => None,
            Stage::Break(error) => Some((Err(error), self)),
            Stage::Begin => {
                self.stage = Stage::Lines;
                let begin = self.writer.begin();
                Some((Ok(begin), self))
            }
            Stage::Lines => {
                let piece = match self.page().await {
                    Ok(Some(page)) => {
                        self.stage = Stage::Lines;
                        self.writer.lines(&page.lines)
                    }
                    Ok(None) => self.writer.end(&sentences(&self.lacking)),
                    Err(error) => {
                        let last = self.writer.broken(&format!("The export broke off: {error}."));
                        self.stage = Stage::Break(error);
                        last
                    }
                };
                Some((Ok(piece), self))
            }
        }
    }

    async fn page(&mut self) -> Result<Option<LinePage>, ExportError> {
        let page = match self.ready.take() {
            Some(page) => page,
            None => match self.export.next_page().await? {
                Some(page) => page,
                None => return Ok(None),
            },
        };
        let is_standing = page.lines.is_empty() && page.next.is_some() && page.next == self.last;
        self.standstills = if is_standing { self.standstills + 1 } else { 0 };
        if self.standstills >= STANDSTILLS_MAX {
            return Err(ExportError::Standstill);
        }
        self.last = page.next;
        let has_more = page.next.is_some();
        for warning in &page.coverage.warnings {
            // What time or memory cut off comes with the next page.
            if !(has_more && matches!(warning, Warning::Deadline | Warning::Memory)) {
                self.lacking.note(warning.clone());
            }
        }
        Ok(Some(page))
    }
}

fn sentences(lacking: &Coverage) -> Vec<String> {
    lacking.warnings.iter().map(ToString::to_string).collect()
}
