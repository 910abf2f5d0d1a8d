//! The document held against the table of permissions and against OpenAPI 3.1, and the pages against their policy.
//!
//! Invariant: what is missing is named, on whichever side. Whether the document is true of the answers is a test of the
//! program.

use std::collections::BTreeSet;

use antler_config::BasePath;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

use super::document::{areas, document, security};
use super::failures;
use super::pages::routes;
use crate::http::auth::permissions::{Permission, TABLE};

/// Method, path and operation of all that the document has.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let of_path = |(path, methods): (&String, _)| {
        let methods: &Map<String, Value> = Value::as_object(methods).unwrap();
        let path = path.clone();
        methods
            .iter()
            .map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
            .collect::<Vec<_>>()
    };
    document["paths"].as_object().unwrap().iter().flat_map(of_path).collect()
}

#[test]
fn the_table_and_the_document_name_the_same_operations_with_the_same_permission() {
    let document = document("");
    let areas = areas();
    let written: BTreeSet<(&str, &str)> =
        areas.iter().flat_map(|area| &area.operations).map(|of| (of.method, of.path)).collect();
    let known: BTreeSet<(&str, &str)> = TABLE.iter().map(|(method, path, _)| (*method, *path)).collect();
    let missing: Vec<_> = known.difference(&written).collect();
    assert!(missing.is_empty(), "routes without an operation in http/openapi: {missing:?}");
    let closed: Vec<_> = written.difference(&known).collect();
    assert!(closed.is_empty(), "operations without a line in the table of permissions: {closed:?}");
    for (method, path, permission) in TABLE {
        let operation = &document["paths"][path][method.to_lowercase()];
        if (*path, *permission) == ("/metrics", Permission::Anyone) {
            // The settings can close it.
            assert_eq!(operation["security"][0], Value::Object(Map::new()));
            continue;
        }
        assert_eq!(operation["security"], security(*permission), "{method} {path}");
        let scope = match permission {
            Permission::Scope(scope) | Permission::Socket(scope) => Some(scope.as_str()),
            Permission::AdminOrOperator | Permission::Administrator => Some("admin"),
            Permission::Anyone | Permission::Person | Permission::Operator => None,
        };
        assert_eq!(operation["x-antler-scope"].as_str(), scope, "{method} {path}");
        assert_ne!(
            operation["x-antler-class"], "unknown",
            "{method} {path}: give it a class in route_class.rs"
        );
    }
}

#[test]
fn no_operation_stands_twice() {
    let areas = areas();
    let all: Vec<_> = areas.iter().flat_map(|area| &area.operations).map(|of| (of.method, of.path)).collect();
    assert_eq!(all.len(), operations(&document("")).len(), "one is written over by another: {all:?}");
    let components: Vec<_> = areas.iter().flat_map(|area| &area.components).map(|of| of.name).collect();
    assert_eq!(components.len(), components.iter().collect::<BTreeSet<_>>().len(), "{components:?}");
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let document = document("");
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in &found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for kind in ["schemas", "responses"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            let reference = format!("#/components/{kind}/{name}");
            assert!(found.contains(&reference), "{reference} is used by nobody");
        }
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn operations_are_as_openapi_has_them() {
    let document = document("");
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    let tags: Vec<&Value> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "two operations have the id {id}");
        let nothing = Vec::new();
        let parameters = operation["parameters"].as_array().unwrap_or(&nothing);
        let named: BTreeSet<(&str, &str)> = parameters
            .iter()
            .map(|one| (one["in"].as_str().unwrap(), one["name"].as_str().unwrap()))
            .collect();
        assert_eq!(named.len(), parameters.len(), "{id} has a parameter twice");
        let in_path: BTreeSet<&str> = path.split(['{', '}']).skip(1).step_by(2).collect();
        let declared: BTreeSet<&str> =
            named.iter().filter(|(place, _)| *place == "path").map(|(_, name)| *name).collect();
        assert_eq!(in_path, declared, "{id}: parts of the path");
        assert!(tags.contains(&&operation["tags"][0]), "{id}");
        assert!(
            operation["security"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|any| any.as_object().unwrap().keys())
                .all(|name| schemes.contains_key(name)),
            "{id}"
        );
        let responses = operation["responses"].as_object().unwrap();
        let is_success = |status: &String| status.starts_with(['2', '3']) || status == "101";
        assert!(responses.keys().any(is_success), "{id} has no answer that is no failure");
        for status in responses.keys().filter(|status| !is_success(status) && *status != "default") {
            assert!(failures::is_known(status.parse().unwrap()), "{id}: {status}");
        }
        let is_get = method == "GET";
        assert!(!is_get || operation["requestBody"].is_null(), "{id} has a body and is a GET");
    }
}

async fn asked(path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Bytes) {
    let router: Router = routes(&BasePath::default());
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, to_bytes(body, 4 << 20).await.unwrap())
}

fn inflated(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut out).unwrap();
    out
}

#[tokio::test]
async fn the_document_is_sent_once_and_compressed_to_those_who_take_it() {
    let (status, headers, plain) = asked("/api/schema/", &[]).await;
    assert_eq!((status, &headers["content-type"]), (StatusCode::OK, &"application/json".parse().unwrap()));
    assert_eq!(serde_json::from_slice::<Value>(&plain).unwrap(), document(""));
    let (_, of_compressed, compressed) = asked("/api/v1/schema", &[("accept-encoding", "br, gzip")]).await;
    assert_eq!(of_compressed["content-encoding"], "gzip");
    assert_eq!(inflated(&compressed), plain);
    assert_ne!(headers["etag"], of_compressed["etag"]);
    let tag = headers["etag"].to_str().unwrap();
    for known in [tag.to_owned(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let (status, _, body) = asked("/api/schema", &[("if-none-match", &known)]).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0), "{known}");
    }
    assert_eq!(asked("/api/schema", &[("if-none-match", "\"other\"")]).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_page_names_files_of_this_server_only_and_runs_no_script_of_its_own() {
    for page in ["/api/docs/", "/api/v1/redoc"] {
        let (status, headers, body) = asked(page, &[]).await;
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert_eq!(status, StatusCode::OK);
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'; script-src 'self';"), "{policy}");
        assert_eq!(text.matches("<script").count(), text.matches("<script src=\"/api/").count(), "{text}");
        assert!(!text.contains("//"), "{text}");
        let named = text.split('"').filter(|part| part.starts_with("/api/") && part.contains('.'));
        for path in named.collect::<Vec<_>>() {
            let (status, headers, body) = asked(path, &[]).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            let is_script = path.ends_with(".js");
            let kind = headers["content-type"].to_str().unwrap();
            assert!(!is_script || kind.starts_with("text/javascript"), "{path} is {kind}");
            assert!(!body.is_empty() && headers.contains_key("etag"), "{path}");
        }
    }
    assert_eq!(asked("/api/docs/nope.js", &[]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(asked("/api/redoc/swagger-ui.css", &[]).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn scripts_and_styles_are_those_of_the_packages() {
    let check = async |path: &str, digest: &str| {
        let (_, headers, body) = asked(path, &[]).await;
        assert_eq!(headers["content-encoding"], "gzip", "{path}");
        let found: String =
            Sha256::digest(inflated(&body)).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, digest, "{path}");
    };
    check(
        "/api/docs/swagger-ui-bundle.js",
        "e6a898692f2d768e807c3ba4626068a69a2c5dd960dd6c76f3e4d3a3de180af2",
    )
    .await;
    check("/api/docs/swagger-ui.css", "5ed08757e53da3e026d6cbecc61fe5d43585c9560b302d534ad56692519a273d")
        .await;
    check(
        "/api/redoc/redoc.standalone.js",
        "dcaf76612bc4a3fbcc923a8966dee2f6146a5f32e5ce1b6f02dd60cbbf89500b",
    )
    .await;
}
