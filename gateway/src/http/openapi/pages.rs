//! The document as bytes, the two pages that show it, and their files.
//!
//! The scripts and styles are those of the packages `swagger-ui-dist` 5.35.0 and `redoc` 2.5.4 of npm, compressed by
//! `gzip -9n`; to renew them, put the new ones in their place and change the digests in the tests.
//! Invariant: a page loads nothing from elsewhere and runs no script that stands in it. What a browser has already is not
//! sent again. Scripts are only kept compressed, as every browser takes them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use antler_config::BasePath;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::document::document;
use crate::credentials::secret::hex;
use crate::http::addresses::in_api;
use crate::http::error::ApiError;
use crate::http::listing::lists;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Both pages write styles while they run, and ReDoc searches in a worker that it makes of its own text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src data:; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Something that is served as it is.
#[derive(Debug, Clone)]
struct File {
    content_type: &'static str,
    bytes: Bytes,
    is_compressed: bool,
    /// Of the bytes.
    tag: HeaderValue,
}

/// All of it.
#[derive(Debug)]
struct Pages {
    schema: File,
    schema_compressed: File,
    docs: File,
    redoc: File,
    of_docs: BTreeMap<&'static str, File>,
    of_redoc: BTreeMap<&'static str, File>,
}

/// The document, the pages and their files, for a router of any state.
pub fn routes<S: Clone + Send + Sync + 'static>(base: &BasePath) -> Router<S> {
    let mut router = in_api(Router::new(), "/api/schema", &get(schema));
    router = in_api(router, "/api/docs", &get(docs));
    router = in_api(router, "/api/docs/{file}", &get(docs_file));
    router = in_api(router, "/api/redoc", &get(redoc));
    router = in_api(router, "/api/redoc/{file}", &get(redoc_file));
    router.with_state(Arc::new(Pages::new(base.as_str())))
}

async fn schema(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response {
    let mut response = match lists(headers.get(ACCEPT_ENCODING), "gzip") {
        true => pages.schema_compressed.sent(&headers),
        false => pages.schema.sent(&headers),
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    response
}

async fn docs(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response {
    pages.docs.sent(&headers)
}

async fn redoc(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response {
    pages.redoc.sent(&headers)
}

async fn docs_file(
    State(pages): State<Arc<Pages>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    one_of(&pages.of_docs, &name, &headers)
}

async fn redoc_file(
    State(pages): State<Arc<Pages>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    one_of(&pages.of_redoc, &name, &headers)
}

fn one_of(files: &BTreeMap<&str, File>, name: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    match files.get(name) {
        Some(file) => Ok(file.sent(headers)),
        None => Err(ApiError::NoRoute { path: name.chars().take(60).collect() }),
    }
}

impl Pages {
    fn new(base: &str) -> Self {
        let json = serde_json::to_vec(&document(base)).expect("the document is JSON");
        Self {
            schema_compressed: File::compressed("application/json", gzip(&json).into()),
            schema: File::plain("application/json", json.into()),
            docs: File::below(base, HTML, include_str!("assets/swagger.html")),
            redoc: File::below(base, HTML, include_str!("assets/redoc.html")),
            of_docs: BTreeMap::from([
                (
                    "swagger-ui-bundle.js",
                    File::kept(SCRIPT, include_bytes!("assets/swagger-ui-bundle.js.gz")),
                ),
                ("swagger-ui.css", File::kept(STYLE, include_bytes!("assets/swagger-ui.css.gz"))),
                ("begin.js", File::below(base, SCRIPT, include_str!("assets/swagger.js"))),
                ("licences.txt", File::of(TEXT, include_bytes!("assets/swagger-licences.txt"))),
            ]),
            of_redoc: BTreeMap::from([
                ("redoc.standalone.js", File::kept(SCRIPT, include_bytes!("assets/redoc.standalone.js.gz"))),
                ("begin.js", File::below(base, SCRIPT, include_str!("assets/redoc.js"))),
                ("licences.txt", File::of(TEXT, include_bytes!("assets/redoc-licences.txt"))),
            ]),
        }
    }
}

impl File {
    fn plain(content_type: &'static str, bytes: Bytes) -> Self {
        let digest = hex(&Sha256::digest(&bytes)[..16]);
        let tag = HeaderValue::try_from(format!("\"{digest}\"")).expect("digits and quotes are plain");
        Self { content_type, bytes, is_compressed: false, tag }
    }

    fn compressed(content_type: &'static str, bytes: Bytes) -> Self {
        Self { is_compressed: true, ..Self::plain(content_type, bytes) }
    }

    /// Names addresses, which begin with the base.
    fn below(base: &str, content_type: &'static str, text: &str) -> Self {
        Self::plain(content_type, text.replace("\"/api/", &format!("\"{base}/api/")).into())
    }

    fn of(content_type: &'static str, bytes: &'static [u8]) -> Self {
        Self::plain(content_type, Bytes::from_static(bytes))
    }

    fn kept(content_type: &'static str, compressed: &'static [u8]) -> Self {
        Self::compressed(content_type, Bytes::from_static(compressed))
    }

    /// The file, or that the browser has it already.
    fn sent(&self, headers: &HeaderMap) -> Response {
        let has =
            headers.get(IF_NONE_MATCH).is_some_and(|value| names(value.as_bytes(), self.tag.as_bytes()));
        let mut response = match has {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => self.bytes.clone().into_response(),
        };
        let sent = response.headers_mut();
        sent.insert(ETAG, self.tag.clone());
        sent.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        sent.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if self.is_compressed {
            sent.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if self.content_type == HTML {
            sent.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        }
        response
    }
}

/// Whether a header names a tag, perhaps among others.
fn names(header: &[u8], tag: &[u8]) -> bool {
    header.split(|byte| *byte == b',').any(|one| {
        let one = one.trim_ascii();
        one == tag || one.strip_prefix(b"W/") == Some(tag) || one == b"*"
    })
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("a vector takes everything")
}
