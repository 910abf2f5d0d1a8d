//! The table of all routes with the permission that each needs.
//!
//! Invariant: what is not in the table is closed. A path stands here once, without its prefix of a version and without a
//! slash at its end. It does not answer requests.

use std::collections::BTreeSet;

use antler_events::access::{Role, Scope};
use axum::http::Method;

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// No credential. The handler may have its own, such as that of metrics.
    Anyone,
    /// Somebody who logged in: no API key.
    Person,
    /// A person who administers the tenant: no API key.
    Administrator,
    /// A person whose role has the scope, or a key that has it.
    Scope(Scope),
    /// The token of the settings, or a superadmin, and nobody else.
    Operator,
    /// That token, or what administers a tenant.
    AdminOrOperator,
    /// The same for a socket, whose credential may come in its first message.
    Socket(Scope),
}

/// What a key may ask that is kept to some streams, if it has the permission: all others know no streams, and would show
/// or change what is filed under others.
pub const OF_STREAMS: &[(&str, &str)] = &[
    ("POST", "/api/logs"),
    ("POST", "/api/logs/bulk"),
    ("POST", "/_bulk"),
    ("PUT", "/_bulk"),
    ("POST", "/{index}/_bulk"),
    ("PUT", "/{index}/_bulk"),
    ("POST", "/{index}/_doc"),
    ("PUT", "/{index}/_doc/{document}"),
    ("PUT", "/{index}/_create/{document}"),
    ("GET", "/_license"),
    ("GET", "/_xpack"),
    ("GET", "/_cluster/health"),
    ("GET", "/_cat/health"),
    ("GET", "/_index_template/{name}"),
    ("PUT", "/_index_template/{name}"),
    ("POST", "/v1/logs"),
    ("GET", "/api/logs"),
    ("GET", "/api/logs/search"),
    ("POST", "/api/logs/search"),
    ("GET", "/api/search"),
    ("POST", "/api/search"),
    ("GET", "/api/logs/export"),
    ("POST", "/api/logs/export"),
    ("GET", "/api/logs/histogram"),
    ("POST", "/api/logs/histogram"),
    ("GET", "/api/logs/facets"),
    ("POST", "/api/logs/facets"),
    ("GET", "/api/logs/fields/{name}/values"),
    ("POST", "/api/logs/fields/{name}/values"),
    ("GET", "/api/logs/streams"),
    ("GET", "/api/logs/patterns"),
    ("POST", "/api/logs/patterns"),
    ("GET", "/api/logs/explain"),
    ("POST", "/api/logs/explain"),
];

/// A line of the table.
type Line = (&'static str, &'static str, Permission);

use Permission::{AdminOrOperator, Administrator, Anyone, Operator, Person};

const ADMIN: Permission = Permission::Scope(Scope::Admin);
const AUDIT: Permission = Permission::Scope(Scope::Audit);
const INGEST: Permission = Permission::Scope(Scope::Ingest);
const READ: Permission = Permission::Scope(Scope::Read);
const WRITE: Permission = Permission::Scope(Scope::Write);
const SOCKET: Permission = Permission::Socket(Scope::Read);

pub const TABLE: &[Line] = &[
    ("GET", "/health", Anyone),
    ("GET", "/api/health", Anyone),
    ("GET", "/live", Anyone),
    ("GET", "/ready", Anyone),
    ("GET", "/metrics", Anyone),
    ("GET", "/api/schema", Anyone),
    ("GET", "/api/docs", Anyone),
    ("GET", "/api/docs/{file}", Anyone),
    ("GET", "/api/redoc", Anyone),
    ("GET", "/api/redoc/{file}", Anyone),
    ("POST", "/api/auth/register", Anyone),
    ("POST", "/api/auth/accept-invitation", Anyone),
    ("POST", "/api/auth/login", Anyone),
    ("POST", "/api/auth/refresh", Anyone),
    ("POST", "/api/auth/logout", Person),
    ("POST", "/api/auth/token/verify", Anyone),
    ("GET", "/api/auth/sessions", Person),
    ("DELETE", "/api/auth/sessions", Person),
    ("DELETE", "/api/auth/sessions/{id}", Person),
    ("GET", "/api/auth/user", Person),
    ("POST", "/api/auth/change-password", Person),
    ("POST", "/api/auth/password-reset", Anyone),
    ("POST", "/api/auth/password-reset/confirm", Anyone),
    ("POST", "/api/auth/verify-email", Anyone),
    ("POST", "/api/auth/verify-email/resend", Person),
    ("GET", "/api/users/me", Person),
    ("GET", "/api/users/profile", Person),
    ("PATCH", "/api/users/profile", Person),
    ("PUT", "/api/users/profile", Person),
    ("POST", "/api/users/profile/create", Person),
    ("GET", "/api/users/profile/api-keys", Person),
    ("POST", "/api/users/profile/api-keys", Person),
    ("PATCH", "/api/users/profile/api-keys/{id}", Person),
    ("PUT", "/api/users/profile/api-keys/{id}", Person),
    ("DELETE", "/api/users/profile/api-keys/{id}", Person),
    ("POST", "/api/users/profile/api-keys/{id}/regenerate", Person),
    ("GET", "/api/users/profile/quota", READ),
    ("GET", "/api/tenant", Person),
    ("PATCH", "/api/tenant", ADMIN),
    ("PUT", "/api/tenant", ADMIN),
    ("GET", "/api/tenant/retention", Person),
    ("PUT", "/api/tenant/retention", ADMIN),
    ("PATCH", "/api/tenant/retention", ADMIN),
    ("GET", "/api/tenant/demo", Person),
    ("POST", "/api/tenant/demo", ADMIN),
    ("DELETE", "/api/tenant/demo", ADMIN),
    ("POST", "/api/tenant/erase", ADMIN),
    ("GET", "/api/tenant/export", Administrator),
    ("POST", "/api/tenant/export", Administrator),
    ("GET", "/api/tenant/export/{id}", Administrator),
    ("DELETE", "/api/tenant/export/{id}", Administrator),
    ("GET", "/api/tenant/export/{id}/download", Administrator),
    ("GET", "/api/tenant/import", Administrator),
    ("POST", "/api/tenant/import", Administrator),
    ("GET", "/api/tenant/import/{id}", Administrator),
    ("GET", "/api/tenant/invitations", ADMIN),
    ("POST", "/api/tenant/invitations", ADMIN),
    ("DELETE", "/api/tenant/invitations/{id}", ADMIN),
    ("GET", "/api/tenant/users", ADMIN),
    ("GET", "/api/tenant/users/{id}", ADMIN),
    ("PATCH", "/api/tenant/users/{id}", ADMIN),
    ("PUT", "/api/tenant/users/{id}", ADMIN),
    ("DELETE", "/api/tenant/users/{id}", ADMIN),
    ("GET", "/api/tenant/service-accounts", ADMIN),
    ("POST", "/api/tenant/service-accounts", ADMIN),
    ("GET", "/api/tenant/service-accounts/{id}", ADMIN),
    ("PATCH", "/api/tenant/service-accounts/{id}", ADMIN),
    ("DELETE", "/api/tenant/service-accounts/{id}", ADMIN),
    ("GET", "/api/audit", AUDIT),
    ("GET", "/api/audit/export", AUDIT),
    ("GET", "/api/audit/{id}", AUDIT),
    ("POST", "/api/logs", INGEST),
    ("POST", "/api/logs/bulk", INGEST),
    ("POST", "/_bulk", INGEST),
    ("PUT", "/_bulk", INGEST),
    ("POST", "/{index}/_bulk", INGEST),
    ("PUT", "/{index}/_bulk", INGEST),
    ("POST", "/{index}/_doc", INGEST),
    ("PUT", "/{index}/_doc/{document}", INGEST),
    ("PUT", "/{index}/_create/{document}", INGEST),
    ("GET", "/_license", INGEST),
    ("GET", "/_xpack", INGEST),
    ("GET", "/_cluster/health", INGEST),
    ("GET", "/_cat/health", INGEST),
    ("GET", "/_index_template/{name}", INGEST),
    ("PUT", "/_index_template/{name}", INGEST),
    ("POST", "/v1/logs", INGEST),
    ("GET", "/api/logs", READ),
    ("GET", "/api/logs/search", READ),
    ("POST", "/api/logs/search", READ),
    ("GET", "/api/search", READ),
    ("POST", "/api/search", READ),
    ("GET", "/api/logs/export", READ),
    ("POST", "/api/logs/export", READ),
    ("GET", "/api/logs/stats", READ),
    ("POST", "/api/logs/stats", READ),
    ("GET", "/api/logs/histogram", READ),
    ("POST", "/api/logs/histogram", READ),
    ("GET", "/api/logs/facets", READ),
    ("POST", "/api/logs/facets", READ),
    ("GET", "/api/logs/fields", READ),
    ("GET", "/api/logs/fields/{name}/values", READ),
    ("POST", "/api/logs/fields/{name}/values", READ),
    ("GET", "/api/logs/streams", READ),
    ("GET", "/api/logs/patterns", READ),
    ("POST", "/api/logs/patterns", READ),
    ("GET", "/api/logs/validate-query", READ),
    ("POST", "/api/logs/validate-query", READ),
    ("GET", "/api/logs/explain", READ),
    ("POST", "/api/logs/explain", READ),
    ("GET", "/api/logs/{id}", READ),
    ("PATCH", "/api/logs/{id}", WRITE),
    ("DELETE", "/api/logs/{id}", WRITE),
    ("GET", "/api/logs/{id}/download", READ),
    ("GET", "/api/logs/{id}/content", READ),
    ("GET", "/api/logs/{id}/raw", READ),
    ("GET", "/api/logs/{id}/context", READ),
    ("POST", "/api/logs/upload", INGEST),
    ("POST", "/api/logs/upload/preview", INGEST),
    ("GET", "/api/logs/upload/status/{task}", READ),
    ("POST", "/api/logs/upload/{id}/cancel", INGEST),
    ("POST", "/api/logs/upload/{id}/retry", INGEST),
    ("GET", "/api/jobs", READ),
    ("GET", "/api/jobs/{id}", READ),
    ("POST", "/api/jobs/{id}/cancel", INGEST),
    ("POST", "/api/jobs/{id}/retry", INGEST),
    ("GET", "/api/logs/metadata", READ),
    ("GET", "/api/logs/metadata/stats", READ),
    ("GET", "/api/logs/metadata/recent", READ),
    ("GET", "/api/logs/metadata/task/{id}", READ),
    ("GET", "/api/logs/metadata/{id}", READ),
    ("PATCH", "/api/logs/metadata/{id}", WRITE),
    ("PUT", "/api/logs/metadata/{id}", WRITE),
    ("DELETE", "/api/logs/metadata/{id}", WRITE),
    ("GET", "/api/logs/metadata/{id}/download", READ),
    ("GET", "/api/logs/metadata/{id}/content", READ),
    ("GET", "/api/logs/dead-letters", READ),
    ("DELETE", "/api/logs/dead-letters", WRITE),
    ("GET", "/api/logs/dead-letters/{id}", READ),
    ("DELETE", "/api/logs/dead-letters/{id}", WRITE),
    ("POST", "/api/logs/dead-letters/{id}/replay", INGEST),
    ("GET", "/api/logs/search-history", Person),
    ("POST", "/api/logs/search-history", Person),
    ("DELETE", "/api/logs/search-history", Person),
    ("GET", "/api/logs/search-history/{id}", Person),
    ("DELETE", "/api/logs/search-history/{id}", Person),
    ("POST", "/api/logs/search-history/{id}/replay", Person),
    ("GET", "/api/search/history", Person),
    ("POST", "/api/search/history", Person),
    ("DELETE", "/api/search/history", Person),
    ("GET", "/api/search/history/{id}", Person),
    ("DELETE", "/api/search/history/{id}", Person),
    ("POST", "/api/search/history/{id}/replay", Person),
    ("GET", "/api/logs/saved-searches", READ),
    ("POST", "/api/logs/saved-searches", WRITE),
    ("GET", "/api/logs/saved-searches/{id}", READ),
    ("PUT", "/api/logs/saved-searches/{id}", WRITE),
    ("PATCH", "/api/logs/saved-searches/{id}", WRITE),
    ("DELETE", "/api/logs/saved-searches/{id}", WRITE),
    ("POST", "/api/logs/saved-searches/{id}/run", READ),
    ("GET", "/api/search/saved", READ),
    ("POST", "/api/search/saved", WRITE),
    ("GET", "/api/search/saved/{id}", READ),
    ("PUT", "/api/search/saved/{id}", WRITE),
    ("PATCH", "/api/search/saved/{id}", WRITE),
    ("DELETE", "/api/search/saved/{id}", WRITE),
    ("POST", "/api/search/saved/{id}/run", READ),
    ("GET", "/api/admin/profile/{id}", ADMIN),
    ("DELETE", "/api/admin/profile/{id}", ADMIN),
    ("GET", "/api/admin/actors", AdminOrOperator),
    ("GET", "/api/admin/jobs", Operator),
    ("POST", "/api/admin/jobs/{id}/run", Operator),
    ("POST", "/api/admin/initialize-indexes", Operator),
    ("POST", "/api/admin/initialize-metadata-indexes", Operator),
    ("GET", "/api/logs/logstash/monitor/health", Operator),
    ("GET", "/api/logs/logstash/monitor/stats", Operator),
    ("DELETE", "/api/logs/logstash/monitor/stats", Operator),
    ("GET", "/api/logs/logstash/monitor/config", Operator),
    ("POST", "/api/logs/logstash/monitor/test", Operator),
    ("GET", "/api/admin/slow-queries", AdminOrOperator),
    ("GET", "/api/admin/support-bundle", Operator),
    ("GET", "/api/admin/tenants", Operator),
    ("GET", "/api/admin/tenants/{id}", Operator),
    ("PATCH", "/api/admin/tenants/{id}", Operator),
    ("DELETE", "/api/admin/tenants/{id}", Operator),
    ("GET", "/api/admin/erasures", Operator),
    ("GET", "/api/admin/tenants/{id}/audit", Operator),
    ("POST", "/api/admin/tenants/{id}/suspend", Operator),
    ("POST", "/api/admin/tenants/{id}/resume", Operator),
    ("POST", "/api/admin/tenants/{id}/revive", Operator),
    ("POST", "/api/admin/tenants/{id}/superadmins/{user}", Operator),
    ("GET", "/ws/logs/stream", SOCKET),
    ("GET", "/ws/metrics", SOCKET),
    ("GET", "/ws/notifications", SOCKET),
    ("GET", "/ws/notifications/{user}", SOCKET),
];

/// What the table says of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Permission(Permission),
    /// The path is there, and does not take this method.
    OtherMethods,
    Unknown,
}

/// `path` is the pattern that the router matched.
pub fn asked(method: &Method, path: &str) -> Asked {
    asked_of(TABLE, method, path)
}

fn asked_of(table: &[Line], method: &Method, path: &str) -> Asked {
    let path = plain(path);
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let mut of_path = table.iter().filter(|(_, known, _)| *known == path).peekable();
    if of_path.peek().is_none() {
        return Asked::Unknown;
    }
    let found = of_path.find(|(known, ..)| *known == method);
    found.map_or(Asked::OtherMethods, |(.., permission)| Asked::Permission(*permission))
}

/// Does a route that answers about lines keep to some streams?
pub fn is_of_streams(method: &Method, path: &str) -> bool {
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    OF_STREAMS.contains(&(method, &*plain(path)))
}

/// What a role may do.
pub fn scopes_of(role: Role) -> BTreeSet<Scope> {
    let scopes: &[Scope] = match role {
        Role::Viewer => &[Scope::Read],
        Role::Analyst => &[Scope::Read, Scope::Write],
        Role::SecurityAdmin => &[Scope::Read, Scope::Write, Scope::Audit],
        Role::Developer => &[Scope::Ingest, Scope::Read, Scope::Write],
        Role::Admin | Role::Superadmin => &Scope::ALL,
    };
    scopes.iter().copied().collect()
}

/// The path as the table has it.
pub(super) fn plain(path: &str) -> String {
    let path = path.trim_end_matches('/');
    match path.strip_prefix("/api/v1") {
        Some(rest) => format!("/api{rest}"),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests;
