//! The search history: what is remembered of whom, and who sees it.

use std::collections::BTreeSet;

use antler_events::access::{Scope, StreamPatterns};
use antler_events::ids::{KeyId, UserId};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::given::{each, tenant};
use super::keeping::{ANN, BOB, Keeping, OTHER_ANN, Who};
use crate::http::auth::permissions::{Asked, Permission, asked};
use crate::http::auth::{Caller, Identity};

const PATH: &str = "/api/logs/search-history/";

impl Keeping {
    /// Asks, and returns when what is remembered of it is there.
    async fn search(&self, who: Who, asked: &str) -> Value {
        let answer = self.json(who, &format!("/api/logs/search/?{asked}")).await;
        self.remembered().await;
        answer
    }

    async fn remembered(&self) {
        self.history.idle().await;
    }

    async fn save(&self, who: Who, body: Value) -> Value {
        let (status, saved) = self.send(who, "POST", PATH, &body).await;
        assert_eq!(status, StatusCode::CREATED, "{saved}");
        saved
    }

    async fn queries(&self, who: Who) -> Vec<Value> {
        each(&self.json(who, PATH).await, "query").into_iter().cloned().collect()
    }
}

#[tokio::test]
async fn a_search_of_a_person_is_remembered_with_what_was_found() {
    let kept = Keeping::new().await;
    let found = kept.search(ANN, "q=lane&level=error,warning&service=web&from=now-15m&size=1").await;
    assert_eq!(found["total"], 30);
    let listed = kept.json(ANN, "/api/v1/search/history").await;
    let one = &listed["results"][0];
    assert_eq!((&listed["total"], &listed["size"], &listed["next"]), (&json!(1), &json!(50), &Value::Null));
    assert_eq!(one["filters"], json!({"level": ["error", "warning"], "service": ["web"], "from": "now-15m"}));
    assert_eq!(
        (&one["query"], &one["syntax"], &one["results_count"]),
        (&json!("lane"), &json!("kql"), &json!(30))
    );
    assert_eq!(one["created_at"], "2026-03-01T08:10:00.000Z");
    assert!(one["execution_time_ms"].is_f64(), "{one}");
    let path = format!("/api/search/history/{}/", one["id"].as_str().unwrap());
    assert_eq!(kept.json(ANN, &path).await, *one);
}

#[tokio::test]
async fn only_first_pages_of_questions_of_people_who_want_it_are_remembered() {
    let kept = Keeping::new().await;
    kept.search(ANN, "q=n:*&size=10").await;
    kept.search(ANN, "q=n:*&size=20").await;
    let first = kept.search(ANN, "q=lane&size=10&save=false").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    for asked in
        ["", "from=now-15m", "q=hidden&save=false", "q=lane&page=2", &format!("q=lane&cursor={cursor}")]
    {
        kept.search(ANN, asked).await;
    }
    assert_eq!(kept.send(ANN, "GET", "/api/logs/search/?q=(", &Value::Null).await.0, StatusCode::BAD_REQUEST);
    kept.json(ANN, "/api/logs/?q=lane").await;
    let (user, scopes) = (UserId::parse("ann").unwrap(), BTreeSet::from([Scope::Read]));
    let identity = Identity::Key {
        id: KeyId::parse("k1").unwrap(),
        owner: user,
        scopes,
        streams: StreamPatterns::parse(["*"], &antler_config::limits::AccountLimits::default()).unwrap(),
    };
    let key = Caller { tenant: tenant("acme"), identity, is_unverified: false };
    let (status, _) = kept.send_by(key, "GET", "/api/logs/search/?q=by-key", &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    kept.remembered().await;
    assert_eq!(kept.queries(ANN).await, [json!("n:*")]);
    kept.search(ANN, "q=*%20%7C%20stats%20count()").await;
    let (status, _) = kept.send(ANN, "POST", "/api/logs/search/", &json!({"level": "error"})).await;
    assert_eq!(status, StatusCode::OK);
    kept.remembered().await;
    assert_eq!(kept.queries(ANN).await, [json!(""), json!("* | stats count()"), json!("n:*")]);
}

#[tokio::test]
async fn nobody_else_sees_a_history() {
    let kept = Keeping::new().await;
    let saved = kept.save(ANN, json!({"query": "lane"})).await;
    let path = format!("{PATH}{}/", saved["id"].as_str().unwrap());
    for who in [BOB, OTHER_ANN] {
        assert_eq!(kept.queries(who).await, [] as [Value; 0]);
        for (method, path) in
            [("GET", path.clone()), ("DELETE", path.clone()), ("POST", format!("{path}replay/"))]
        {
            let (status, answer) = kept.send(who, method, &path, &Value::Null).await;
            assert_eq!((status, &answer["error"]["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
        }
        assert_eq!(kept.send(who, "DELETE", PATH, &Value::Null).await.0, StatusCode::NO_CONTENT);
    }
    assert_eq!(kept.queries(ANN).await, [json!("lane")]);
}

#[tokio::test]
async fn a_search_is_saved_asked_again_and_forgotten() {
    let kept = Keeping::new().await;
    let body = json!({
        "query": "message:lane AND n:7", "filters": {"syntax": null, "service": "pay", "from": "now-1h"},
        "syntax": "lucene", "results_count": 12, "took": 3.25,
    });
    let saved = kept.save(ANN, body).await;
    assert_eq!((&saved["results_count"], &saved["execution_time_ms"]), (&json!(12), &json!(3.25)));
    assert_eq!(saved["filters"], json!({"service": ["pay"], "from": "now-1h"}));
    kept.save(ANN, json!({"query": "second"})).await;
    let path = format!("{PATH}{}/", saved["id"].as_str().unwrap());
    let (status, found) = kept.send(ANN, "POST", &format!("{path}replay/"), &Value::Null).await;
    assert_eq!((status, &found["total"], &found["query"]), (StatusCode::OK, &json!(1), &saved["query"]));
    // What is said anew takes the place of what was kept.
    let anew = json!({"q": "n:*", "service": "web", "size": 3});
    let (_, found) = kept.send(ANN, "POST", &format!("{path}replay"), &anew).await;
    assert_eq!((&found["total"], found["results"].as_array().unwrap().len()), (&json!(150), 3));
    kept.remembered().await;
    assert_eq!(kept.queries(ANN).await, [json!("second"), saved["query"].clone()]);
    assert_eq!(kept.send(ANN, "DELETE", &path, &Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(kept.send(ANN, "DELETE", &path, &Value::Null).await.0, StatusCode::NOT_FOUND);
    assert_eq!(kept.queries(ANN).await, [json!("second")]);
    assert_eq!(kept.send(ANN, "DELETE", PATH, &Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(kept.queries(ANN).await, [] as [Value; 0]);
}

#[tokio::test]
async fn fifty_searches_are_kept_and_paged() {
    let kept = Keeping::new().await;
    for n in 0..52 {
        kept.save(ANN, json!({"query": format!("n:{n}")})).await;
    }
    let first = kept.json(ANN, &format!("{PATH}?size=30")).await;
    assert_eq!((&first["total"], each(&first, "query")[0]), (&json!(50), &json!("n:51")));
    let second = kept.json(ANN, first["next"].as_str().unwrap()).await;
    let queries = each(&second, "query");
    assert_eq!((queries.len(), queries[19], &second["next"]), (20, &json!("n:2"), &Value::Null));
}

#[tokio::test]
async fn what_cannot_be_saved_says_why() {
    let kept = Keeping::new().await;
    let check = async |body: Value, status: u16, field: &str, words: &str| {
        let (found, answer) = kept.send(ANN, "POST", PATH, &body).await;
        let error = &answer["error"];
        assert_eq!((found.as_u16(), error["details"]["field"].as_str().unwrap_or_default()), (status, field));
        assert!(error["message"].as_str().unwrap().contains(words), "{answer}");
    };
    check(json!({}), 422, "query", "it is missing").await;
    check(json!({"filters": {"from": "now-1h"}}), 422, "query", "other than a time").await;
    check(json!({"query": "level:("}), 400, "", "").await;
    check(json!({"query": "x", "filters": {"level": "loud"}}), 422, "level", "is no level").await;
    check(
        json!({"query": "x", "filters": {"colour": "red"}}),
        422,
        "filters",
        "there is no filter \"colour\"",
    )
    .await;
    check(json!({"query": "x", "filters": "level"}), 422, "filters", "it is an object").await;
    check(json!({"query": "x", "filters": {"from": "yesterday"}}), 422, "from", "is no time").await;
    check(json!({"query": "x", "results_count": -1}), 422, "results_count", "whole number").await;
    check(json!({"query": "x", "took": "long"}), 422, "execution_time_ms", "milliseconds").await;
    check(json!({"query": "x", "name": "y"}), 422, "name", "not known here").await;
    check(json!({"query": "x".repeat(5_000)}), 422, "query", "too long").await;
    check(json!([1]), 400, "", "JSON object").await;
}

#[test]
fn a_history_is_for_people_only() {
    for path in ["/api/logs/search-history", "/api/search/history/{id}/"] {
        assert_eq!(asked(&axum::http::Method::GET, path), Asked::Permission(Permission::Person));
    }
}
