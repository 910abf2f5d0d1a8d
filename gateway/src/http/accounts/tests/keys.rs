//! Changing API keys, and giving them new secrets.
//!
//! Invariant: what a key may do is asked of the gate, as a request would. It opens no socket.

use std::time::Duration;

use antler_events::access::Scope;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::world::World;

const KEYS: &str = "/api/users/profile/api-keys/";

async fn created(world: &World, token: &Value) -> Value {
    let body = json!({"name": "ci", "scopes": ["ingest"], "streams": ["logs-a"]});
    let (status, key) = world.send("POST", KEYS, Some(token), &body).await;
    assert_eq!(status, StatusCode::CREATED, "{key}");
    key
}

fn path(key: &Value, rest: &str) -> String {
    format!("{KEYS}{}/{rest}", key["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_key_gets_what_is_named_and_keeps_the_rest() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let key = created(&world, &ann["token"]).await;
    let change = async |body: Value| world.send("PATCH", &path(&key, ""), Some(&ann["token"]), &body).await;
    let body = json!({"scopes": ["read", "write"], "expires_at": "2100-01-01T00:00:00Z"});
    let (status, changed) = change(body).await;
    assert_eq!((status, &changed["scopes"]), (StatusCode::OK, &json!(["read", "write"])), "{changed}");
    assert_eq!((&changed["name"], &changed["streams"]), (&json!("ci"), &json!(["logs-a"])));
    assert_eq!((&changed["expires_at"].is_string(), &changed["key"]), (&true, &Value::Null));
    let (_, changed) = change(json!({"name": "deploy", "expires_at": null})).await;
    assert_eq!((&changed["name"], &changed["expires_at"]), (&json!("deploy"), &Value::Null));
    let caller = world.gate.authenticate(key["key"].as_str().unwrap()).await.unwrap();
    assert_eq!(caller.scopes(), [Scope::Read, Scope::Write].into());
    for (body, field) in [
        (json!({"scopes": []}), "scopes"),
        (json!({"name": "a\r\nb"}), "name"),
        (json!({"expires_at": "1999-01-01T00:00:00Z"}), "expires_at"),
    ] {
        let (status, refused) = change(body).await;
        assert_eq!((status.as_u16(), &refused["error"]["details"]["field"]), (422, &json!(field)));
    }
}

#[tokio::test]
async fn a_new_secret_makes_the_old_one_worthless_at_once() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let key = created(&world, &ann["token"]).await;
    assert!(world.gate.authenticate(key["key"].as_str().unwrap()).await.is_ok());
    let (status, renewed) = world.asked("POST", &path(&key, "regenerate/"), &ann["token"]).await;
    assert_eq!((status, &renewed["id"]), (StatusCode::OK, &key["id"]), "{renewed}");
    assert_ne!(renewed["key"], key["key"]);
    let refused = world.gate.authenticate(key["key"].as_str().unwrap()).await.unwrap_err().to_string();
    assert!(refused.contains("not known"), "{refused}");
    let caller = world.gate.authenticate(renewed["key"].as_str().unwrap()).await.unwrap();
    assert_eq!(caller.scopes(), [Scope::Ingest].into());
}

#[tokio::test]
async fn nobody_changes_keys_of_others_or_gives_them_more_than_the_own_role() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let (_, eve) = world.register("eve").await;
    let (_, bob) = world.join(&ann["token"], "bob", "developer").await;
    let (of_ann, of_bob) = (created(&world, &ann["token"]).await, created(&world, &bob["token"]).await);
    let rename = json!({"name": "mine"});
    for stranger in [&eve["token"], &bob["token"]] {
        let changed = world.send("PATCH", &path(&of_ann, ""), Some(stranger), &rename).await;
        assert_eq!(changed.0, StatusCode::NOT_FOUND, "{}", changed.1);
        let renewed = world.asked("POST", &path(&of_ann, "regenerate"), stranger).await;
        assert_eq!(renewed.0, StatusCode::NOT_FOUND, "{}", renewed.1);
    }
    let admin = json!({"scopes": ["admin"]});
    let own = world.send("PATCH", &path(&of_bob, ""), Some(&bob["token"]), &admin).await;
    assert_eq!(own.0, StatusCode::FORBIDDEN, "{}", own.1);
    // An admin may set it, and the owner's role still bounds what the key does.
    assert_eq!(world.send("PATCH", &path(&of_bob, ""), Some(&ann["token"]), &admin).await.0, StatusCode::OK);
    let caller = world.gate.authenticate(of_bob["key"].as_str().unwrap()).await.unwrap();
    assert_eq!(caller.scopes(), [].into());
    world.asked("DELETE", &path(&of_bob, ""), &bob["token"]).await;
    let gone = world.asked("POST", &path(&of_bob, "regenerate"), &bob["token"]).await;
    assert_eq!(gone.0, StatusCode::NOT_FOUND, "{}", gone.1);
}

#[tokio::test]
async fn a_key_shows_when_it_was_used_last_and_reading_it_is_no_use() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let keys = "/api/users/profile/api-keys/";
    let body = json!({"name": "k", "scopes": ["ingest"]});
    let (_, made) = world.send("POST", keys, Some(&ann["token"]), &body).await;
    let listed =
        async || world.asked("GET", keys, &ann["token"]).await.1["results"][0]["last_used_at"].clone();
    assert_eq!((&made["last_used_at"], listed().await), (&Value::Null, Value::Null));
    let key = made["key"].as_str().unwrap();
    world.gate.authenticate(key).await.unwrap();
    assert_eq!(listed().await, "2023-11-14T22:13:20.000Z");
    world.clock.pass(Duration::from_secs(60));
    world.gate.authenticate(key).await.unwrap();
    assert_eq!(listed().await, "2023-11-14T22:14:20.000Z");
    let wrong = format!("{key}0");
    world.clock.pass(Duration::from_secs(60));
    assert!(world.gate.authenticate(&wrong).await.is_err());
    assert_eq!(listed().await, "2023-11-14T22:14:20.000Z");
}
