//! One line: with everything that is known of it, byte for byte, and among its neighbours.
//!
//! Invariant: a line of another tenant is not there. What cannot be looked for now is not said to be missing. It does not
//! search.

use antler_events::ids::TenantId;
use antler_events::line::Role;
use antler_events::query::tree::FieldName;
use antler_projections::index::port::search::PAGE_LINES_MAX;
use antler_projections::index::port::{Bounds, ContextQuery, Coverage, FoundLine, LineId, Warning};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::asking::{Asking, Tail};
use super::line::{Extras, SHOWN_ROLES, ShownLine};
use super::parameters::{Parameters, shown};
use super::refusal::{invalid, unavailable};
use super::{RequestTenant, SearchState};
use crate::http::answer::json;
use crate::http::error::ApiError;

const NEIGHBOURS: u32 = 10;

#[derive(Debug, Serialize)]
struct ContextAnswer<'a> {
    before: Vec<ShownLine<'a>>,
    line: ShownLine<'a>,
    after: Vec<ShownLine<'a>>,
    #[serde(flatten)]
    tail: Tail,
}

pub(super) async fn detail(
    RequestTenant(tenant): RequestTenant,
    State(state): State<SearchState>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let line = line_of(tenant, &state, &id).await?;
    let extras = Extras { raw: true, raw_log: true, arrival: true, ..Extras::default() };
    Ok(json(StatusCode::OK, &ShownLine { line: &line, extras: &extras }))
}

/// The line as it came.
pub(super) async fn raw(
    RequestTenant(tenant): RequestTenant,
    State(state): State<SearchState>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let line = line_of(tenant, &state, &id).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"line-{}.log\"", line.id())),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, line.raw).into_response())
}

pub(super) async fn context(
    RequestTenant(tenant): RequestTenant,
    State(state): State<SearchState>,
    Path(id): Path<String>,
    mut parameters: Parameters,
) -> Result<Response, ApiError> {
    let mut asking = Asking::new(&state);
    let before = parameters.number(&["before"], 0, PAGE_LINES_MAX)?.unwrap_or(NEIGHBOURS);
    let after = parameters.number(&["after"], 0, PAGE_LINES_MAX)?.unwrap_or(NEIGHBOURS);
    if before + after > PAGE_LINES_MAX {
        return Err(invalid("after", format!("before and after are at most {PAGE_LINES_MAX} together")));
    }
    let mut query = ContextQuery::new(id_of(&id)?, before, after);
    if let Some(same) = same(&mut parameters)? {
        query.same = same;
    }
    asking.note(parameters.unknown());
    let bounds = asking.bounds();
    // The index asks for the line, for what is before and for what is after: they share the time.
    let bounds = Bounds { time: bounds.time / 3, ..bounds };
    let found = state.index.context(tenant, query, bounds).await?;
    let line = there_is(&id, found.line, &found.coverage)?;
    asking.cover(found.coverage);
    let extras = Extras::default();
    let shown = |line| ShownLine { line, extras: &extras };
    let body = ContextAnswer {
        before: found.before.iter().map(shown).collect(),
        line: shown(&line),
        after: found.after.iter().map(shown).collect(),
        tail: asking.tail(),
    };
    Ok(json(StatusCode::OK, &body))
}

async fn line_of(tenant: TenantId, state: &SearchState, id: &str) -> Result<FoundLine, ApiError> {
    let bounds = Asking::new(state).bounds();
    let found = state.index.line(tenant, id_of(id)?, bounds).await?;
    there_is(id, found.line, &found.coverage)
}

fn id_of(id: &str) -> Result<LineId, ApiError> {
    let no_line = |hint| ApiError::NoLine { id: shown(id), hint };
    id.parse().map_err(|_| {
        no_line("; an id is written as partition, offset and line, such as 3-1024-17".to_owned())
    })
}

/// The line, or why there is none.
fn there_is(id: &str, line: Option<FoundLine>, coverage: &Coverage) -> Result<FoundLine, ApiError> {
    let has_run_out =
        coverage.warnings.iter().any(|warning| matches!(warning, Warning::Deadline | Warning::Cancelled));
    match line {
        Some(line) => Ok(line),
        None if has_run_out => Err(unavailable("the time for this question ran out")),
        None if coverage.is_partial => {
            let hint = "; a part of the index cannot be read, and it may be there".to_owned();
            Err(ApiError::NoLine { id: id.to_owned(), hint })
        }
        None => Err(ApiError::NoLine { id: id.to_owned(), hint: String::new() }),
    }
}

/// What neighbours have to say as the line does.
fn same(parameters: &mut Parameters) -> Result<Option<Vec<Role>>, ApiError> {
    let names = parameters.list(&["same"])?;
    if names.is_empty() {
        return Ok(None);
    }
    if names == ["nothing"] {
        return Ok(Some(Vec::new()));
    }
    let role = |name: &String| {
        let found = SHOWN_ROLES.into_iter().find(|role| FieldName::role_name(*role) == name);
        let bindable = found.filter(|role| *role != Role::Message && *role != Role::Level);
        bindable.ok_or_else(|| {
            invalid(
                "same",
                format!("{} is none of service, host, source, environment or nothing", shown(name)),
            )
        })
    };
    names.iter().map(role).collect::<Result<_, _>>().map(Some)
}
