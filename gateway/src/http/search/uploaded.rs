//! The lines of one uploaded file: a search that is bound to it, and how many lines are bad.
//!
//! Invariant: whatever is asked, only lines of the file are answered. It does not know whose the file is.

use antler_events::ids::{TenantId, UploadId};
use antler_events::line::Level;
use antler_events::query::tree::{FieldName, Filter, Test, Wildcard};
use antler_projections::index::port::{HistogramQuery, Period, Resolution};
use axum::response::Response;

use super::SearchState;
use super::asking::Asking;
use super::page;
use super::parameters::Parameters;
use super::question::{QUERY, UPLOAD};
use super::refusal::invalid;
use crate::http::error::ApiError;

/// `asked`: the parameters of a search, and `search` as another name of the query.
pub(crate) async fn lines(
    tenant: TenantId,
    state: &SearchState,
    upload: UploadId,
    asked: &str,
) -> Result<Response, ApiError> {
    let mut parameters = Parameters::of_form(asked.as_bytes());
    if parameters.has(UPLOAD) {
        return Err(invalid(UPLOAD[0], "the address names the file already; leave it out"));
    }
    let search = parameters.text(&["search"])?;
    parameters.put(QUERY[0], search.map(Into::into));
    parameters.put(UPLOAD[0], Some(upload.as_str().into()));
    page::of_parameters(tenant, state, parameters).await
}

/// How many lines of the file are errors, or worse, and how many are warnings, of those that are still there.
pub(crate) async fn errors_and_warnings(
    tenant: TenantId,
    state: &SearchState,
    upload: UploadId,
) -> Result<(u64, u64), ApiError> {
    let exactly = Test::Like(Wildcard::literally(upload.as_str()));
    let filter = Filter::is(FieldName::named(UPLOAD[0]), exactly);
    let query = HistogramQuery { filter, period: Period::ALWAYS, resolution: Resolution::Buckets(1) };
    let found = state.index.histogram(tenant, query, Asking::new(state).bounds()).await?;
    let of_level =
        |level: Level| -> u64 { found.buckets.iter().map(|bucket| bucket.by_level[level as usize]).sum() };
    Ok((of_level(Level::Error) + of_level(Level::Critical), of_level(Level::Warning)))
}
