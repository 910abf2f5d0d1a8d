//! What each route leaves in the audit of its tenant, and each socket when it is opened.
//!
//! Invariant: a route that may change something leaves an entry unless it is named here, and a test of the program holds all
//! of them against what they do. It writes nothing.

use antler_config::audit::ReadKind;
use axum::http::Method;

use super::permissions::plain;

/// What a request leaves that was answered well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Audited {
    Nothing,
    /// An entry for what it changed; none if all was so already.
    Changes,
    /// An entry if the settings name this kind.
    Reads(ReadKind),
}

/// They ask with a body, or take lines, which are a history of their own; a history of searches is its person's alone, and
/// upkeep comes by itself, too. Figures of the server are no tenant's.
const CHANGE_NOTHING: [&str; 22] = [
    "/api/admin/jobs/{id}/run",
    "/api/admin/initialize-indexes",
    "/api/admin/initialize-metadata-indexes",
    "/api/logs/logstash/monitor/stats",
    "/api/logs/logstash/monitor/test",
    "/api/auth/token/verify",
    "/api/logs",
    "/api/logs/bulk",
    "/_bulk",
    "/{index}/_bulk",
    "/{index}/_doc",
    "/{index}/_doc/{document}",
    "/{index}/_create/{document}",
    "/_index_template/{name}",
    "/v1/logs",
    "/api/logs/upload/preview",
    "/api/logs/validate-query",
    "/api/logs/explain",
    "/api/logs/search-history",
    "/api/logs/search-history/{id}",
    "/api/search/history",
    "/api/search/history/{id}",
];

/// `path` is the pattern that the router matched.
pub(in crate::http) fn audited(method: &Method, path: &str) -> Audited {
    let path = plain(path);
    match reads(method, &path) {
        Some(kind) => Audited::Reads(kind),
        None if method.is_safe() || CHANGE_NOTHING.contains(&path.as_str()) => Audited::Nothing,
        None => Audited::Changes,
    }
}

fn reads(method: &Method, path: &str) -> Option<ReadKind> {
    Some(match (method, path) {
        (
            &Method::GET,
            "/api/logs"
            | "/api/logs/{id}"
            | "/api/logs/{id}/context"
            | "/api/logs/fields"
            | "/api/logs/streams",
        )
        | (
            _,
            "/api/logs/search"
            | "/api/search"
            | "/api/logs/stats"
            | "/api/logs/histogram"
            | "/api/logs/facets"
            | "/api/logs/fields/{name}/values"
            | "/api/logs/patterns"
            | "/api/logs/search-history/{id}/replay"
            | "/api/search/history/{id}/replay"
            | "/api/logs/saved-searches/{id}/run"
            | "/api/search/saved/{id}/run"
            | "/ws/logs/stream"
            | "/ws/metrics"
            | "/ws/notifications"
            | "/ws/notifications/{user}",
        ) => ReadKind::Search,
        (_, "/api/logs/export") => ReadKind::Export,
        (
            _,
            "/api/logs/{id}/raw"
            | "/api/logs/{id}/download"
            | "/api/logs/{id}/content"
            | "/api/logs/metadata/{id}/download"
            | "/api/logs/metadata/{id}/content"
            | "/api/tenant/export/{id}/download",
        ) => ReadKind::Download,
        (
            &Method::GET,
            "/api/tenant/users"
            | "/api/tenant/users/{id}"
            | "/api/tenant/invitations"
            | "/api/tenant/service-accounts"
            | "/api/tenant/service-accounts/{id}"
            | "/api/admin/profile/{id}",
        ) => ReadKind::Members,
        (&Method::GET, "/api/logs/dead-letters" | "/api/logs/dead-letters/{id}") => ReadKind::DeadLetters,
        (_, "/api/audit" | "/api/audit/{id}" | "/api/audit/export" | "/api/admin/tenants/{id}/audit") => {
            ReadKind::Audit
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_judged_in_all_its_spellings() {
        let check =
            |method, path: &str, expected| assert_eq!(audited(&method, path), expected, "{method} {path}");
        check(Method::POST, "/api/v1/logs/search/", Audited::Reads(ReadKind::Search));
        check(Method::GET, "/api/logs/", Audited::Reads(ReadKind::Search));
        check(Method::POST, "/api/logs/", Audited::Nothing);
        check(Method::GET, "/health", Audited::Nothing);
        check(Method::PATCH, "/api/tenant", Audited::Changes);
        check(Method::DELETE, "/api/logs/dead-letters/{id}", Audited::Changes);
        check(Method::POST, "/api/anything/new", Audited::Changes);
    }
}
