//! `/api/users/profile/api-keys/`: creating, listing, changing and revoking API keys.
//!
//! Invariant: a secret is shown once, when it is drawn, and nobody gives a key a scope that the own role has not. An admin
//! sees and changes all keys of the tenant, others their own. It does not note when a key is used: the gate does.

use std::collections::BTreeSet;
use std::sync::Arc;

use antler_actors::accounts::NewKey;
use antler_events::access::{Scope, StreamPatterns};
use antler_events::clock::Timestamp;
use antler_events::event::key::{Key, KeyChanged};
use antler_events::event::tenant::Machine;
use antler_events::identity::DisplayName;
use antler_events::ids::{KeyId, TenantId, UserId};
use antler_events::line::timestamp;
use antler_projections::views::control::Kept;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::super::answer::json;
use super::super::auth::{Caller, Gate, cause, permissions};
use super::super::base::AskedUri;
use super::super::error::ApiError;
use super::super::paging::{Page, PageAsked};
use super::fields::Fields;
use super::machines;
use super::registration::wrong;
use crate::credentials::secret::{self, DrawnSecret};

#[derive(Debug, Serialize)]
struct KeyAnswer {
    id: KeyId,
    name: String,
    /// The person or service account for which it counts.
    owner: UserId,
    prefix: String,
    scopes: Vec<&'static str>,
    streams: Vec<String>,
    expires_at: Option<String>,
    created_at: String,
    /// None: never, or so long ago that nobody knows.
    last_used_at: Option<String>,
    /// The same under its older name.
    last_used: Option<String>,
    active: bool,
    /// Only in the answer to the request that drew its secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

pub(super) async fn list(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    let asked = PageAsked::of(&uri)?;
    let now = gate.accounts.clock.now();
    let keys = unrevoked(caller.tenant, &gate).await?;
    let mine: Vec<_> = keys.into_iter().filter(|(_, _, key)| may_see(&caller, key)).collect();
    let (total, mut results) = (mine.len() as u64, Vec::new());
    for (id, kept, key) in asked.cut(mine) {
        results.push(shown(caller.tenant, &gate, (id, &kept, &key), now).await?);
    }
    Ok(json(StatusCode::OK, &Page::new(&uri, asked, results, total)))
}

pub(super) async fn create(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let now = gate.accounts.clock.now();
    let name = DisplayName::parse(fields.text("name")?, &gate.account_limits).map_err(wrong("name"))?;
    let scopes = scopes(&caller, &fields)?;
    let streams = streams(&gate, &fields)?;
    let expires_at = expiry(&fields, now)?;
    let max = gate.limits.keys_per_tenant_max;
    if unrevoked(caller.tenant, &gate).await?.len() >= max as usize {
        let reason = format!("the tenant has {max} API keys already; revoke those that nobody uses");
        return Err(ApiError::Conflict { field: "key", reason });
    }
    let drawn = DrawnSecret::draw(&*gate.randomness)?;
    let id = secret::draw_key_id(&*gate.randomness)?;
    let (owner, secret) = (owner(&caller, &gate, &fields, &scopes).await?, drawn.hash());
    let new = NewKey { id, name, owner, secret, scopes, streams, expires_at };
    gate.accounts.create_key(caller.tenant, new, &cause(caller.actor(), &extensions)).await?;
    Ok(json(StatusCode::CREATED, &answer(caller.tenant, &gate, id, Some(drawn)).await?))
}

pub(super) async fn revoke(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (_, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let (id, _) = visible(caller.tenant, &gate, &caller, &id).await?;
    gate.accounts.revoke_key(caller.tenant, id, &cause(caller.actor(), &extensions)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What the request does not name stays as it is.
pub(super) async fn change(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let (id, key) = visible(caller.tenant, &gate, &caller, &id).await?;
    let Key { mut name, mut scopes, mut streams, mut expires_at, .. } = key;
    if let Some(text) = fields.optional_text("name")? {
        name = DisplayName::parse(text, &gate.account_limits).map_err(wrong("name"))?;
    }
    if fields.has("scopes") {
        scopes = self::scopes(&caller, &fields)?;
    }
    if fields.has("streams") {
        streams = self::streams(&gate, &fields)?;
    }
    if fields.has("expires_at") {
        expires_at = expiry(&fields, gate.accounts.clock.now())?;
    }
    let changed = KeyChanged { name, scopes, streams, expires_at };
    gate.accounts.change_key(caller.tenant, id, changed, &cause(caller.actor(), &extensions)).await?;
    Ok(json(StatusCode::OK, &answer(caller.tenant, &gate, id, None).await?))
}

/// A new secret for a key; the old one is worthless from then on.
pub(super) async fn regenerate(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (_, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let (id, _) = visible(caller.tenant, &gate, &caller, &id).await?;
    let drawn = DrawnSecret::draw(&*gate.randomness)?;
    let cause = cause(caller.actor(), &extensions);
    gate.accounts.replace_key_secret(caller.tenant, id, drawn.hash(), &cause).await?;
    Ok(json(StatusCode::OK, &answer(caller.tenant, &gate, id, Some(drawn)).await?))
}

/// A key that counts, or would but for its time, and that the caller may see.
async fn visible(tenant: TenantId, gate: &Gate, caller: &Caller, id: &str) -> Result<(KeyId, Key), ApiError> {
    let missing = || ApiError::no_such("API key", id);
    let key = KeyId::parse(id).map_err(|_| missing())?;
    let kept = gate.accounts.views.key(tenant, key).await?.and_then(|kept| kept.state);
    let found = kept.filter(|found| may_see(caller, found) && !found.revoked);
    Ok((key, found.ok_or_else(missing)?))
}

/// A key as it is now, with its secret if that was drawn just now.
async fn answer(
    tenant: TenantId,
    gate: &Gate,
    id: KeyId,
    drawn: Option<DrawnSecret>,
) -> Result<KeyAnswer, ApiError> {
    let mut kept = gate.accounts.views.key(tenant, id).await?.ok_or(ApiError::Internal)?;
    let key = kept.state.take().ok_or(ApiError::Internal)?;
    let shown = shown(tenant, gate, (id, &kept, &key), gate.accounts.clock.now()).await?;
    Ok(KeyAnswer { key: drawn.map(|drawn| drawn.api_key(id)), ..shown })
}

fn may_see(caller: &Caller, key: &Key) -> bool {
    key.owner == caller.user() || caller.scopes().contains(&Scope::Admin)
}

/// Keys of a tenant that are not revoked.
async fn unrevoked(tenant: TenantId, gate: &Gate) -> Result<Vec<(KeyId, Kept<Key>, Key)>, ApiError> {
    let keys = gate.accounts.views.keys(tenant).await?.into_iter();
    let unrevoked = keys.filter_map(|(id, mut kept)| {
        let key = kept.state.take().filter(|key| !key.revoked)?;
        Some((id, kept, key))
    });
    Ok(unrevoked.collect())
}

fn scopes(caller: &Caller, fields: &Fields) -> Result<BTreeSet<Scope>, ApiError> {
    let refused = |reason: String| ApiError::Field { field: "scopes", reason };
    let listed = fields.optional_texts("scopes")?;
    let listed = listed
        .ok_or_else(|| refused("it is missing: list some of ingest, read, write, admin, audit".to_owned()))?;
    let parsed = listed.iter().map(|text| text.parse::<Scope>()).collect::<Result<BTreeSet<_>, _>>();
    let scopes = parsed.map_err(|error| refused(error.to_string()))?;
    if scopes.is_empty() {
        return Err(refused("a key needs at least one scope".to_owned()));
    }
    match scopes.difference(&caller.scopes()).next() {
        None => Ok(scopes),
        Some(scope) => Err(ApiError::Forbidden {
            reason: format!("your role may not {scope} here, so your API keys cannot either; ask an admin"),
        }),
    }
}

/// Whose key it is to be: the caller's, or that of a service account that an admin names.
async fn owner(
    caller: &Caller,
    gate: &Gate,
    fields: &Fields,
    scopes: &BTreeSet<Scope>,
) -> Result<UserId, ApiError> {
    let Some(id) = fields.optional_text("service_account")? else { return Ok(caller.user()) };
    if !caller.scopes().contains(&Scope::Admin) {
        let reason = "only an admin makes keys of service accounts".to_owned();
        return Err(ApiError::Forbidden { reason });
    }
    let refused = |reason: String| ApiError::Field { field: "service_account", reason };
    let found = machines::find(caller.tenant, gate, id).await;
    let (user, machine) = found.map_err(|_| refused("there is no service account of this id".to_owned()))?;
    match scopes.difference(&permissions::scopes_of(machine.role)).next() {
        None => Ok(user),
        Some(scope) => {
            let Machine { name, role, .. } = machine;
            Err(refused(format!("{name} is a {role}, which may not {scope}; give it another role first")))
        }
    }
}

fn streams(gate: &Gate, fields: &Fields) -> Result<StreamPatterns, ApiError> {
    let listed = fields.optional_texts("streams")?.unwrap_or_else(|| vec!["*"]);
    StreamPatterns::parse(listed, &gate.account_limits)
        .map_err(|error| ApiError::Field { field: "streams", reason: error.to_string() })
}

fn expiry(fields: &Fields, now: Timestamp) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = fields.optional_text("expires_at")? else { return Ok(None) };
    let refused = |reason: &str| ApiError::Field { field: "expires_at", reason: reason.to_owned() };
    let wrong = || refused("it must be a time such as 2030-01-31T12:00:00Z");
    let end = timestamp::parse(text.as_bytes(), now).ok_or_else(wrong)?;
    match end > now {
        true => Ok(Some(end)),
        false => Err(refused("it is in the past; choose a later time, or leave it out")),
    }
}

async fn shown(
    tenant: TenantId,
    gate: &Gate,
    (id, kept, key): (KeyId, &Kept<Key>, &Key),
    now: Timestamp,
) -> Result<KeyAnswer, ApiError> {
    let last_used = gate.key_use.last(tenant, id).await?.map(|at| at.to_string());
    Ok(KeyAnswer {
        id,
        name: key.name.as_str().to_owned(),
        owner: key.owner,
        prefix: format!("antler_{id}"),
        scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
        streams: key.streams.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
        expires_at: key.expires_at.map(|end| end.to_string()),
        created_at: kept.created_at.to_string(),
        last_used_at: last_used.clone(),
        last_used,
        active: key.is_live(now),
        key: None,
    })
}
