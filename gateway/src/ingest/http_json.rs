//! Lines over HTTP on a port of their own: posted to any path, as to `/api/logs/bulk/`.
//!
//! Invariant: whose lines they are is said by the credential, or by the settings if there is none. It answers nothing but
//! lines: what is asked for here has no tenant to be asked of.

use std::sync::Arc;

use antler_events::ids::TenantId;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};

use super::intake::{Intake, Sender};
use crate::http::Shared;
use crate::http::auth::credential;
use crate::http::error::ApiError;
use crate::http::logs::bulk;
use crate::http::observe::observe;
use crate::http::route_class::RouteClass;
use crate::http::search::RequestTenant;

const SETTING: &str = "listeners.http_json_tenant";

/// What names the tenant of a request.
#[derive(Debug, Clone)]
struct Door {
    shared: Arc<Shared>,
    intake: Arc<Intake>,
    tenant: Option<TenantId>,
}

pub fn router(shared: &Arc<Shared>, intake: &Arc<Intake>, tenant: Option<TenantId>) -> Router {
    let door = Door { shared: Arc::clone(shared), intake: Arc::clone(intake), tenant };
    Router::new().fallback(bulk).layer(from_fn_with_state(door, around)).with_state(Arc::clone(shared))
}

async fn around(State(door): State<Door>, request: Request, next: Next) -> Response {
    observe(&door.shared, RouteClass::Ingest, request, |request| guard(&door, request, next)).await
}

async fn guard(door: &Door, mut request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        let (path, method) = (request.uri().path().to_owned(), request.method().to_string());
        let mut response = ApiError::MethodNotAllowed { path, method }.into_response();
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    match door.sender_of(request.headers()).await {
        Ok(sender) => {
            request.extensions_mut().insert(RequestTenant(sender.tenant));
            if let Some(caller) = sender.caller() {
                request.extensions_mut().insert(caller.clone());
            }
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

impl Door {
    async fn sender_of(&self, headers: &HeaderMap) -> Result<Sender, ApiError> {
        match (credential::is_given(headers), self.tenant) {
            (false, Some(tenant)) => self.intake.configured(tenant, SETTING).await,
            _ => self.intake.bearer(&credential::of(headers)?).await,
        }
    }
}
