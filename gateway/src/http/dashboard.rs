//! The dashboard: its page, for every address that a page may have, and the files that the page loads.
//!
//! Invariant: it holds no data and needs no credential; the page runs only what this server sends, and what stands in a
//! file of a hashed name never changes. It knows nothing of what the pages show.

use std::collections::BTreeMap;
use std::sync::Arc;

use antler_config::BasePath;
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;

use super::listing::lists;

/// Nothing from elsewhere, no script and no style that stands in the page, no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/// Addresses of the page, as `gateway/dashboard/src/app/routes.tsx` has them.
const PAGES: &[&str] = &[
    "/",
    "/accept-invitation",
    "/dashboard",
    "/dashboard/live-logs",
    "/dashboard/search",
    "/dashboard/settings",
    "/dashboard/settings/api-keys",
    "/dashboard/settings/profile",
    "/dashboard/settings/security",
    "/dashboard/upload",
    "/dead-letters",
    "/explore",
    "/help",
    "/jobs",
    "/login",
    "/patterns",
    "/register",
    "/reset-password",
    "/settings",
    "/settings/audit",
    "/settings/keys",
    "/settings/members",
    "/settings/profile",
    "/settings/quota",
    "/settings/retention",
    "/settings/security",
    "/start",
    "/uploads",
    "/verify-email",
];

/// A file as it was built.
struct Built {
    name: &'static str,
    plain: &'static [u8],
    gzip: &'static [u8],
    brotli: &'static [u8],
}

#[cfg(feature = "dashboard")]
const FILES: &[Built] = include!(concat!(env!("OUT_DIR"), "/dashboard.rs"));
#[cfg(not(feature = "dashboard"))]
const FILES: &[Built] = &[];

const PAGE: &str = "index.html";
/// The only file whose name is the same in every build.
const LICENCES: &str = "assets/licences.md";

/// All of it, as it is sent.
#[derive(Debug)]
pub(super) struct Dashboard {
    /// None in a server that was built without.
    page: Option<Bytes>,
    files: BTreeMap<&'static str, &'static Built>,
}

impl std::fmt::Debug for Built {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} of {} bytes", self.name, self.plain.len())
    }
}

impl Dashboard {
    /// The page looks for its files, and for the API, below the base.
    pub(super) fn new(base: &BasePath) -> Arc<Self> {
        let files: BTreeMap<_, _> = FILES.iter().map(|file| (file.name, file)).collect();
        let page = files.get(PAGE).map(|page| {
            let text = std::str::from_utf8(page.plain).expect("a page is text");
            text.replace("<base href=\"/\"", &format!("<base href=\"{}/\"", base.as_str())).into()
        });
        Arc::new(Self { page, files })
    }

    /// Whether an address is one of the page, or of what it loads.
    pub(super) fn has(path: &str) -> bool {
        PAGES.contains(&page_at(path)) || path.starts_with("/assets/")
    }

    /// What stands at an address that the API does not have; none if it is no address of the dashboard either.
    pub(super) fn find(&self, method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return None;
        }
        if let Some(file) =
            path.strip_prefix('/').filter(|name| *name != PAGE).and_then(|name| self.files.get(name))
        {
            return Some(file.sent(headers));
        }
        if PAGES.contains(&page_at(path)) {
            return Some(self.page.clone().map_or_else(missing, |page| sent(page, StatusCode::OK)));
        }
        // Who mistypes an address in a browser gets a page that says so, with the ways on.
        let asks_for_page = lists(headers.get(ACCEPT), "text/html");
        let is_elsewhere = ["/api", "/ws", "/assets"].iter().any(|other| path.starts_with(other));
        (asks_for_page && !is_elsewhere)
            .then(|| self.page.clone().map(|page| sent(page, StatusCode::NOT_FOUND)))?
    }
}

fn page_at(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => "/",
        path => path,
    }
}

fn sent(page: Bytes, status: StatusCode) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-cache"),
    ];
    (status, headers, page).into_response()
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, "This server was built without a dashboard. The API is described at api/docs/.\n")
        .into_response()
}

impl Built {
    fn sent(&self, headers: &HeaderMap) -> Response {
        let takes = |name| lists(headers.get(ACCEPT_ENCODING), name);
        let (bytes, encoding) = match () {
            () if takes("br") => (self.brotli, Some("br")),
            () if takes("gzip") => (self.gzip, Some("gzip")),
            () => (self.plain, None),
        };
        let mut response = Bytes::from_static(bytes).into_response();
        let sent = response.headers_mut();
        sent.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type()));
        let keeping = if self.name == LICENCES { "no-cache" } else { "public, max-age=31536000, immutable" };
        sent.insert(CACHE_CONTROL, HeaderValue::from_static(keeping));
        sent.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(encoding) = encoding {
            sent.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }

    fn content_type(&self) -> &'static str {
        match self.name.rsplit_once('.').map_or("", |(_, end)| end) {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            "md" => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        }
    }
}

#[cfg(test)]
#[cfg(feature = "dashboard")]
mod tests {
    use super::*;

    const ROUTES: &str = include_str!("../../dashboard/src/app/routes.tsx");

    fn found(path: &str, headers: &[(axum::http::HeaderName, &'static str)]) -> Option<Response> {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        Dashboard::new(&"/logs".parse().unwrap()).find(&Method::GET, path, &headers.collect())
    }

    #[test]
    fn every_address_of_the_page_is_served_and_no_other() {
        let quoted = ROUTES.split(['(', '\n']).filter_map(|part| part.trim().strip_prefix("'/"));
        let mut known: Vec<String> =
            quoted.map(|rest| format!("/{}", rest.split('\'').next().unwrap())).collect();
        known.sort();
        assert_eq!(known, PAGES);
        for path in PAGES {
            assert_eq!(found(path, &[]).unwrap().status(), StatusCode::OK, "{path}");
        }
        assert!(
            found("/nothing", &[]).is_none() && found("/api/nothing", &[(ACCEPT, "text/html")]).is_none()
        );
        let mistyped = found("/nothing", &[(ACCEPT, "text/html,application/xhtml+xml")]).unwrap();
        assert_eq!(mistyped.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn the_page_looks_for_its_files_below_the_base() {
        let page = found("/explore/", &[]).unwrap();
        assert_eq!(page.headers()[CONTENT_SECURITY_POLICY], POLICY);
        let bytes = axum::body::to_bytes(page.into_body(), 100_000).await.unwrap();
        let text = std::str::from_utf8(&bytes).unwrap();
        assert!(text.contains("<base href=\"/logs/\""), "{text}");
        assert!(!text.contains("<style") && !text.contains("<script>"), "{text}");
    }

    #[test]
    fn a_file_comes_as_the_browser_takes_it() {
        let script = FILES.iter().find(|file| file.name.ends_with(".js")).unwrap();
        let path = format!("/{}", script.name);
        let check = |accept: &'static str, encoding: Option<&str>| {
            let response = found(&path, &[(ACCEPT_ENCODING, accept)]).unwrap();
            let sent = response.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap());
            assert_eq!(sent, encoding, "{accept}");
            assert_eq!(response.headers()[CONTENT_TYPE], "text/javascript; charset=utf-8");
        };
        check("gzip, deflate, br, zstd", Some("br"));
        check("gzip, br;q=0", Some("gzip"));
        check("identity", None);
        assert!(found("/assets/none.js", &[(ACCEPT, "text/html")]).is_none());
    }
}
