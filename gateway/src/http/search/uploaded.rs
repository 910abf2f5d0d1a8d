//! The lines of one uploaded file: a search that is bound to it.
//!
//! Invariant: whatever is asked, only lines of the file are answered. It does not know whose the file is.

use antler_events::ids::{TenantId, UploadId};
use axum::response::Response;

use super::SearchState;
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
