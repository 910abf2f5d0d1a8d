//! The document: all operations with what the tables say of them, and the components.
//!
//! Invariant: permission and class of an operation are those by which requests are let in and counted, because they are
//! read from the same tables. It is made once, at the start.

use antler_events::access::Scope;
use axum::http::Method;
use serde_json::{Map, Value, json};

use super::operation::Operation;
use super::schema::Component;
use super::{
    accounts, archives, audit, failures, ingest, jobs, kept, live, operating, people, roles, search,
    shippers, tenants, uploads,
};
use crate::http::auth::audited::{Audited, audited};
use crate::http::auth::permissions::{Asked, Permission, asked};
use crate::http::route_class::RouteClass;

/// Operations that belong together, and the schemas of their bodies.
pub(super) struct Area {
    pub tag: &'static str,
    pub what: &'static str,
    pub operations: Vec<Operation>,
    pub components: Vec<Component>,
}

const ABOUT: &str = "A log platform for many tenants: it takes lines in, finds them in milliseconds and shows them live.

A slash at the end of a path is optional, and `/api/v1/…` is the same as `/api/…`. A body may be \
compressed with gzip, deflate or zstd, which `Content-Encoding` says; forms with files are not, but their files may be. Every answer has the header `X-Request-Id`; a request may bring its own. Times are RFC 3339, in UTC.

`x-antler-scope` is the scope that a key needs, and a person's role has to have. `x-antler-class` is the class under which \
requests are counted in `/metrics`. What may be answered 429 is counted by the hour, and tells in `X-RateLimit-Limit`, \
`X-RateLimit-Remaining` and `X-RateLimit-Reset` (seconds since 1970), and in `RateLimit` and `RateLimit-Policy`, what is left. `x-antler-audit` says what a request leaves in the audit: `changes`, or `reads:KIND` where the setting `audit.reads` \
names the kind. `x-antler-limit` says what is limited beside what a tenant may store.";

fn about() -> String {
    format!(
        "{ABOUT}\n\nA role may do what its scopes allow; superadmins and the operator also run the platform. Nobody gives an \
         API key a scope that its own role has not, and a key whose owner loses a scope loses it too.\n\n{}",
        roles::table()
    )
}

pub(super) fn areas() -> Vec<Area> {
    vec![
        accounts::area(),
        people::area(),
        ingest::area(),
        shippers::area(),
        uploads::area(),
        jobs::area(),
        search::area(),
        kept::area(),
        live::area(),
        operating::area(),
        tenants::area(),
        archives::area(),
        audit::area(),
    ]
}

/// `base`: what all addresses begin with.
pub(super) fn document(base: &str) -> Value {
    let areas = areas();
    let tags: Vec<Value> =
        areas.iter().map(|area| json!({"name": area.tag, "description": area.what})).collect();
    let components = areas.iter().flat_map(|area| &area.components);
    let error = failures::component();
    let schemas: Map<String, Value> =
        components.chain([&error]).map(|component| (component.name.to_owned(), component.shown())).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Antler", "version": env!("CARGO_PKG_VERSION"), "description": about(),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": if base.is_empty() { "/" } else { base }, "description": "This server."}],
        "tags": tags,
        "paths": paths(&areas),
        "components": {
            "schemas": schemas,
            "responses": failures::responses(),
            "securitySchemes": security_schemes(),
        },
    })
}

fn paths(areas: &[Area]) -> Map<String, Value> {
    let mut paths: Map<String, Value> = Map::new();
    for area in areas {
        for operation in &area.operations {
            // What the table does not name is closed, and a test finds it.
            if let Some(shown) = shown(area.tag, operation) {
                paths.entry(operation.path).or_insert_with(|| json!({}))[operation.method.to_lowercase()] =
                    shown;
            }
        }
    }
    paths
}

fn shown(tag: &str, operation: &Operation) -> Option<Value> {
    let method: Method = operation.method.parse().expect("methods are written as HTTP has them");
    let Asked::Permission(permission) = asked(&method, operation.path) else { return None };
    let class = RouteClass::of(&method, operation.path);
    let mut more = Map::from_iter([
        ("security".to_owned(), security(permission)),
        ("x-antler-class".to_owned(), class.name().into()),
    ]);
    match audited(&method, operation.path) {
        Audited::Nothing => {}
        Audited::Changes => drop(more.insert("x-antler-audit".to_owned(), "changes".into())),
        Audited::Reads(kind) => {
            drop(more.insert("x-antler-audit".to_owned(), format!("reads:{kind}").into()))
        }
    }
    if let Some(scope) = scope(permission) {
        more.insert("x-antler-scope".to_owned(), scope.as_str().into());
    }
    let failures: &[u16] = match permission {
        Permission::Anyone => &[],
        // Credentials of sockets are refused on the open socket.
        Permission::Socket(_) => &[403, 426, 503],
        _ => &[401, 403, 503],
    };
    let too_many: &[u16] = if class.is_counted() { &[429] } else { &[] };
    Some(operation.shown(tag, more, &[failures, too_many].concat()))
}

fn scope(permission: Permission) -> Option<Scope> {
    match permission {
        Permission::Scope(scope) | Permission::Socket(scope) => Some(scope),
        Permission::AdminOrOperator | Permission::Administrator => Some(Scope::Admin),
        Permission::Anyone | Permission::Person | Permission::Operator => None,
    }
}

/// Credentials any of which will do.
pub(super) fn security(permission: Permission) -> Value {
    let of_tenant = |scope: Scope| {
        vec![("accessToken", Some(scope)), ("apiKey", Some(scope)), ("sessionCookie", Some(scope))]
    };
    let any: Vec<(&str, Option<Scope>)> = match permission {
        Permission::Anyone => Vec::new(),
        Permission::Person => vec![("accessToken", None), ("sessionCookie", None)],
        Permission::Administrator => {
            vec![("accessToken", Some(Scope::Admin)), ("sessionCookie", Some(Scope::Admin))]
        }
        Permission::Scope(scope) => [of_tenant(scope), vec![("basic", Some(scope))]].concat(),
        Permission::Operator => vec![("operatorToken", None)],
        Permission::AdminOrOperator => [of_tenant(Scope::Admin), vec![("operatorToken", None)]].concat(),
        Permission::Socket(scope) => [vec![("socketToken", Some(scope))], of_tenant(scope)].concat(),
    };
    any.into_iter()
        .map(|(name, scope)| json!({name: scope.map(Scope::as_str).into_iter().collect::<Vec<_>>()}))
        .collect()
}

fn security_schemes() -> Value {
    json!({
        "accessToken": {"type": "http", "scheme": "bearer", "description":
            "The `token` of a login, or an API key. `Token X` and `ApiKey X` in place of `Bearer X` mean the same."},
        "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description":
            "An API key of `/api/users/profile/api-keys/`."},
        "sessionCookie": {"type": "apiKey", "in": "cookie", "name": "antler_session", "description":
            "Set by a login with `cookie=true`. What may change something then needs the value of the cookie `antler_csrf` \
             in the header `X-CSRF-Token`. A socket takes it only from pages of this server and of `server.cors_origins`."},
        "basic": {"type": "http", "scheme": "basic", "description":
            "For shippers that know nothing else: any name, and an API key as the password."},
        "operatorToken": {"type": "http", "scheme": "bearer", "description":
            "What is set as `listeners.operator_token`; for `/metrics`, as `listeners.metrics_token`."},
        "socketToken": {"type": "apiKey", "in": "query", "name": "token", "description":
            "An access token or an API key. Or the first message, within 10 s: `{\"type\":\"auth\",\"token\":…}`."},
    })
}
