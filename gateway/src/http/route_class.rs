//! Classes of routes, the labels of what is counted about requests.
//!
//! Invariant: there are as many classes as variants here, whatever addresses come from outside. They decide nothing.

use axum::http::Method;

use super::dashboard::Dashboard;

/// Requests with similar work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RouteClass {
    Accounts,
    Admin,
    /// The document of the API, and the pages that show it.
    Documents,
    Health,
    Ingest,
    Metrics,
    /// Lines by a question or an id, and what stands around them.
    Search,
    /// Histograms, statistics, facets, fields and values.
    Counts,
    Patterns,
    Export,
    /// Questions about a query, not about lines.
    Queries,
    /// Work in the background.
    Jobs,
    Sockets,
    /// The dashboard and what it loads.
    Pages,
    Unknown,
}

impl RouteClass {
    #[cfg(test)]
    pub(super) const ALL: [Self; 15] = [
        Self::Accounts,
        Self::Admin,
        Self::Documents,
        Self::Health,
        Self::Ingest,
        Self::Metrics,
        Self::Search,
        Self::Counts,
        Self::Patterns,
        Self::Export,
        Self::Queries,
        Self::Jobs,
        Self::Sockets,
        Self::Pages,
        Self::Unknown,
    ];

    pub fn of(method: &Method, asked: &str) -> Self {
        if !asked.starts_with("/api/") && Dashboard::has(asked) {
            return Self::Pages;
        }
        let path = asked.trim_end_matches('/');
        if path == "/v1/logs" || is_elastic(path) {
            return Self::Ingest;
        }
        let path = path.strip_prefix("/api/v1").or_else(|| path.strip_prefix("/api")).unwrap_or(path);
        let (first, rest) = path
            .strip_prefix('/')
            .unwrap_or_default()
            .split_once('/')
            .unwrap_or((&path[path.len().min(1)..], ""));
        match first {
            "health" | "live" | "ready" if rest.is_empty() => Self::Health,
            "metrics" if rest.is_empty() => Self::Metrics,
            "auth" | "users" if !rest.is_empty() => Self::Accounts,
            "tenant" | "audit" => Self::Accounts,
            "jobs" => Self::Jobs,
            "admin" if !rest.is_empty() => Self::Admin,
            "schema" if rest.is_empty() => Self::Documents,
            "docs" | "redoc" => Self::Documents,
            "ws" if !rest.is_empty() => Self::Sockets,
            "logs" => Self::of_logs(method, rest),
            "search" => Self::Search,
            _ => Self::Unknown,
        }
    }

    /// Whether requests are counted against what callers may ask in an hour. Lines are held by quotas, sockets by their
    /// number, and who probes the server is not held up.
    pub fn is_counted(self) -> bool {
        match self {
            Self::Accounts
            | Self::Admin
            | Self::Documents
            | Self::Search
            | Self::Counts
            | Self::Patterns
            | Self::Export
            | Self::Queries
            | Self::Jobs => true,
            Self::Health | Self::Ingest | Self::Metrics | Self::Sockets | Self::Pages | Self::Unknown => {
                false
            }
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Admin => "admin",
            Self::Documents => "documents",
            Self::Health => "health",
            Self::Ingest => "ingest",
            Self::Metrics => "metrics",
            Self::Search => "search",
            Self::Counts => "counts",
            Self::Patterns => "patterns",
            Self::Export => "export",
            Self::Queries => "queries",
            Self::Jobs => "jobs",
            Self::Sockets => "sockets",
            Self::Pages => "pages",
            Self::Unknown => "unknown",
        }
    }

    fn of_logs(method: &Method, rest: &str) -> Self {
        let (first, _) = rest.split_once('/').unwrap_or((rest, ""));
        match first {
            "" if *method == Method::POST => Self::Ingest,
            "bulk" | "upload" => Self::Ingest,
            "stats" | "histogram" | "facets" | "fields" | "streams" => Self::Counts,
            "patterns" => Self::Patterns,
            "export" => Self::Export,
            "validate-query" | "explain" => Self::Queries,
            "logstash" => Self::Admin,
            _ => Self::Search,
        }
    }
}

/// Whether an address is one of those that programs know which send to Elasticsearch.
fn is_elastic(path: &str) -> bool {
    let mut parts = path.split('/').skip(1);
    let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let of_all = ["_bulk", "_license", "_xpack", "_cluster", "_cat", "_index_template"];
    of_all.contains(&first) || ["_bulk", "_doc", "_create"].contains(&second)
}

#[cfg(test)]
mod tests {
    use super::super::auth::permissions::TABLE;
    use super::*;

    #[test]
    fn each_path_has_a_class_and_paths_from_outside_share_one() {
        let check = |path: &str, class| assert_eq!(RouteClass::of(&Method::GET, path), class, "{path}");
        check("/health", RouteClass::Health);
        check("/api/v1/health/", RouteClass::Health);
        check("/metrics/", RouteClass::Metrics);
        check("/api/v1/auth/login/", RouteClass::Accounts);
        check("/api/users/profile/api-keys/k1", RouteClass::Accounts);
        check("/api/tenant/", RouteClass::Accounts);
        check("/api/v1/tenant/users/u1/", RouteClass::Accounts);
        check("/api/admin/actors/", RouteClass::Admin);
        check("/ws/logs/stream/", RouteClass::Sockets);
        check("/api/schema/", RouteClass::Documents);
        check("/api/redoc/begin.js", RouteClass::Documents);
        check("/api/logs/", RouteClass::Search);
        check("/api/v1/logs/search", RouteClass::Search);
        check("/api/logs/0-1-2/context/", RouteClass::Search);
        check("/api/search/history/0-1/", RouteClass::Search);
        check("/api/logs/search-history", RouteClass::Search);
        check("/api/logs/fields/service/values/", RouteClass::Counts);
        check("/api/logs/export/", RouteClass::Export);
        check("/api/logs/explain", RouteClass::Queries);
        check("/authority", RouteClass::Unknown);
        check("/", RouteClass::Pages);
        check("/jobs/", RouteClass::Pages);
        check("/assets/index-1a2b.js", RouteClass::Pages);
        check("/apihealth", RouteClass::Unknown);
        check("/health/x", RouteClass::Unknown);
        check("/wp-login.php", RouteClass::Unknown);
    }

    /// What is not counted is told by its path, so that a new route is counted unless somebody says here that it is not.
    #[test]
    fn every_route_has_a_class_and_only_lines_sockets_and_probes_are_not_counted() {
        let uncounted = ["/health", "/api/health", "/live", "/ready", "/metrics"];
        for (method, path, _) in TABLE {
            let class = RouteClass::of(&method.parse().unwrap(), path);
            assert_ne!(class, RouteClass::Unknown, "{method} {path}: give it a class");
            let brings_lines = *method == "POST"
                && (["/api/logs", "/api/logs/bulk"].contains(path) || path.starts_with("/api/logs/upload"));
            let is_of_programs = ["/_", "/{index}/", "/v1/"].iter().any(|place| path.starts_with(place));
            let is_free =
                is_of_programs || uncounted.contains(path) || path.starts_with("/ws/") || brings_lines;
            let is_status = path.starts_with("/api/logs/upload/status");
            assert_eq!(class.is_counted(), !is_free && !is_status, "{method} {path} is {}", class.name());
        }
    }

    #[test]
    fn lines_that_are_sent_are_of_another_class_than_lines_that_are_asked_for() {
        assert_eq!(RouteClass::of(&Method::POST, "/api/logs/"), RouteClass::Ingest);
        assert_eq!(RouteClass::of(&Method::POST, "/api/logs/bulk"), RouteClass::Ingest);
        assert_eq!(RouteClass::of(&Method::POST, "/api/logs/search/"), RouteClass::Search);
    }
}
