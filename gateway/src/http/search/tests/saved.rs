//! Saved searches: who sees and changes them, what can be saved, and what templates make of values.

use antler_config::limits::SearchesLimits;
use antler_events::access::{Role, Scope};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::given::each;
use super::keeping::{ANN, BOB, Keeping, OTHER_ANN, Who};
use crate::http::auth::permissions::{Asked, Permission, asked};

const PATH: &str = "/api/logs/saved-searches/";
const ADMIN: Who = (Role::Admin, "eve", "acme");

impl Keeping {
    async fn saved(&self, who: Who, body: Value) -> Value {
        let (status, saved) = self.send(who, "POST", PATH, &body).await;
        assert_eq!(status, StatusCode::CREATED, "{saved}");
        saved
    }

    async fn status(&self, who: Who, method: &str, path: &str, body: &Value) -> u16 {
        self.send(who, method, path, body).await.0.as_u16()
    }

    async fn names(&self, who: Who) -> Vec<Value> {
        each(&self.json(who, PATH).await, "name").into_iter().cloned().collect()
    }
}

fn path(saved: &Value, rest: &str) -> String {
    format!("{PATH}{}/{rest}", saved["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_search_is_saved_shown_run_changed_and_deleted() {
    let kept = Keeping::new().await;
    let body = json!({
        "name": "broken lanes", "description": "what broke", "query": "lane",
        "filters": {"level": "error", "from": "now-1h"}, "columns": ["message", "host"],
    });
    let saved = kept.saved(BOB, body).await;
    assert_eq!((&saved["name"], &saved["owner"]), (&json!("broken lanes"), &json!("bob")));
    assert_eq!(saved["filters"], json!({"level": ["error"], "from": "now-1h"}));
    assert_eq!((&saved["columns"], &saved["shared"]), (&json!(["message", "host"]), &json!(false)));
    assert_eq!((&saved["template"], &saved["syntax"]), (&json!(false), &json!("kql")));
    assert_eq!(
        (&saved["created_at"], &saved["updated_at"]),
        (&saved["updated_at"], &json!("2026-03-01T08:10:00.000Z"))
    );
    assert_eq!(saved["permalink"], format!("/dashboard/search?saved={}", saved["id"].as_str().unwrap()));
    assert_eq!(
        kept.json(BOB, &path(&saved, "").replace("/logs/saved-searches/", "/search/saved/")).await,
        saved
    );
    let (status, found) = kept.send(BOB, "POST", &path(&saved, "run/?size=2"), &Value::Null).await;
    assert_eq!((status, &found["total"], each(&found, "n").len()), (StatusCode::OK, &json!(30), 2));
    // A part is changed, and the rest stays.
    let (_, changed) =
        kept.send(BOB, "PATCH", &path(&saved, ""), &json!({"query": "n:7", "filters": {}})).await;
    assert_eq!(
        (&changed["query"], &changed["filters"], &changed["name"]),
        (&json!("n:7"), &json!({}), &saved["name"])
    );
    // The whole is replaced, as an answer has it, and what is left out is gone.
    let (_, replaced) = kept.send(BOB, "PUT", &path(&saved, ""), &saved).await;
    assert_eq!(replaced, saved);
    let (_, replaced) = kept.send(BOB, "PUT", &path(&saved, ""), &json!({"name": "n", "query": "x"})).await;
    assert_eq!(
        (&replaced["columns"], &replaced["description"], &replaced["filters"]),
        (&json!([]), &json!(""), &json!({}))
    );
    assert_eq!(kept.status(BOB, "DELETE", &path(&saved, ""), &Value::Null).await, 204);
    for method in ["GET", "DELETE", "PATCH"] {
        assert_eq!(kept.status(BOB, method, &path(&saved, ""), &Value::Null).await, 404);
    }
    assert_eq!(kept.names(BOB).await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_search_is_its_owners_until_it_is_shared_with_the_tenant() {
    let kept = Keeping::new().await;
    let saved = kept.saved(BOB, json!({"name": "mine", "query": "lane"})).await;
    kept.saved(BOB, json!({"name": "Another", "query": "x", "shared": true})).await;
    for who in [ANN, ADMIN, OTHER_ANN] {
        for (method, rest) in [("GET", ""), ("PATCH", ""), ("PUT", ""), ("DELETE", ""), ("POST", "run/")] {
            let body = json!({"name": "theirs", "query": "x"});
            assert_eq!(kept.status(who, method, &path(&saved, rest), &body).await, 404, "{who:?} {method}");
        }
    }
    assert_eq!(kept.names(BOB).await, ["Another", "mine"]);
    assert_eq!(kept.names(ANN).await, ["Another"]);
    assert_eq!(kept.status(BOB, "PATCH", &path(&saved, ""), &json!({"shared": true})).await, 200);
    assert_eq!(kept.names(ANN).await, ["Another", "mine"]);
    assert_eq!(kept.names(OTHER_ANN).await, [] as [Value; 0]);
    assert_eq!(kept.status(ANN, "POST", &path(&saved, "run/"), &Value::Null).await, 200);
    assert_eq!(kept.status(ANN, "PATCH", &path(&saved, ""), &json!({"name": "x"})).await, 403);
    assert_eq!(kept.status(ANN, "DELETE", &path(&saved, ""), &Value::Null).await, 403);
    assert_eq!(kept.status(ADMIN, "PATCH", &path(&saved, ""), &json!({"name": "ours"})).await, 200);
    let changed = kept.json(ANN, &path(&saved, "")).await;
    assert_eq!((&changed["name"], &changed["owner"]), (&json!("ours"), &json!("bob")));
    assert_eq!(kept.status(OTHER_ANN, "GET", &path(&saved, ""), &Value::Null).await, 404);
}

#[tokio::test]
async fn a_template_takes_values_and_nothing_more() {
    let kept = Keeping::new().await;
    let body = json!({"name": "t", "query": "service:${service} and n < ${n} and not level:${level}", "template": true});
    let saved = kept.saved(BOB, body).await;
    assert_eq!(saved["parameters"], json!(["level", "n", "service"]));
    let run = async |values: Value| {
        kept.send(BOB, "POST", &path(&saved, "run/"), &json!({"parameters": values})).await
    };
    let (status, found) = run(json!({"service": "web", "n": 20, "level": "error"})).await;
    assert_eq!((status, &found["total"]), (StatusCode::OK, &json!(8)), "{found}");
    let (_, found) =
        run(json!({"service": "web\" or n:* or service:\"web", "n": 20, "level": "error"})).await;
    assert_eq!(found["total"], 0);
    let check = async |values: Value, words: &str| {
        let (status, answer) = run(values).await;
        assert_eq!((status.as_u16(), &answer["error"]["details"]["field"]), (422, &json!("parameters")));
        assert!(answer["error"]["message"].as_str().unwrap().contains(words), "{answer}");
    };
    check(json!({"service": "web", "level": "info"}), "the value of ${n} is missing").await;
    check(json!({"service": "web", "n": 1, "level": "info", "m": 1}), "no place ${m}").await;
    check(json!({"service": ["web"], "n": 1, "level": "info"}), "one value").await;
    check(json!("web"), "it is an object").await;
    let plain = kept.saved(BOB, json!({"name": "p", "query": "lane"})).await;
    let (status, _) = kept.send(BOB, "POST", &path(&plain, "run/"), &json!({"parameters": {"a": 1}})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn what_cannot_be_saved_says_why() {
    let limits = SearchesLimits { saved_per_tenant_max: 2, columns_max: 2, ..SearchesLimits::default() };
    let kept = Keeping::within(limits).await;
    let good = json!({"name": "n", "query": "x"});
    let saved = kept.saved(BOB, good.clone()).await;
    let check = async |changes: Value, status: u16, field: &str, words: &str| {
        let mut body = good.clone();
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        for (method, at) in [("POST", PATH.to_owned()), ("PUT", path(&saved, ""))] {
            let (found, answer) = kept.send(BOB, method, &at, &body).await;
            let error = &answer["error"];
            let named = error["details"]["field"].as_str().unwrap_or_default();
            assert_eq!((found.as_u16(), named), (status, field), "{changes} {answer}");
            assert!(error["message"].as_str().unwrap().contains(words), "{answer}");
        }
    };
    check(json!({"name": null}), 422, "name", "it is missing").await;
    check(json!({"name": "x".repeat(300)}), 422, "name", "").await;
    check(json!({"query": null}), 422, "query", "it is missing").await;
    check(json!({"query": "x".repeat(5_000)}), 422, "query", "4096 bytes").await;
    check(json!({"description": "x".repeat(1_001)}), 422, "description", "1000 bytes").await;
    check(json!({"columns": ["a", "b", "c"]}), 422, "columns", "may be 2").await;
    check(json!({"columns": ["x".repeat(300)]}), 422, "columns", "256 bytes").await;
    check(json!({"shared": "perhaps"}), 422, "shared", "true or false").await;
    check(json!({"colour": "red"}), 422, "colour", "not known here").await;
    check(json!({"filters": {"level": "loud"}}), 422, "level", "is no level").await;
    check(json!({"query": "m:\"${x}\"", "template": true}), 422, "query", "in quotes").await;
    for query in ["level:(", "x | nothing"] {
        check(json!({"query": query}), 400, "", "").await;
    }
    let (_, answer) = kept.send(BOB, "PATCH", &path(&saved, ""), &json!({"query": "level:("})).await;
    assert_eq!(answer["error"]["code"], "invalid_query");
    kept.saved(BOB, good.clone()).await;
    let (status, answer) = kept.send(BOB, "POST", PATH, &good).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("conflict")), "{answer}");
    // Those of others do not count, and a deleted one makes room.
    kept.saved(OTHER_ANN, good.clone()).await;
    assert_eq!(kept.status(BOB, "DELETE", &path(&saved, ""), &Value::Null).await, 204);
    kept.saved(BOB, good.clone()).await;
}

#[test]
fn reading_is_for_readers_and_changing_for_writers() {
    let check = |method: Method, path: &str, scope| {
        assert_eq!(asked(&method, path), Asked::Permission(Permission::Scope(scope)), "{method} {path}");
    };
    for path in ["/api/logs/saved-searches", "/api/v1/search/saved/"] {
        check(Method::GET, path, Scope::Read);
        check(Method::POST, path, Scope::Write);
    }
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        check(method, "/api/search/saved/{id}", Scope::Write);
    }
    check(Method::POST, "/api/logs/saved-searches/{id}/run", Scope::Read);
}
