//! Service accounts: added, given keys, disabled, removed.
//!
//! Invariant: what a key may do is asked of the gate, as a request would. It opens no socket.

use antler_events::access::Scope;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::world::{PASSWORD, World};
use crate::http::auth::permissions::Permission;

const MACHINES: &str = "/api/tenant/service-accounts/";
const KEYS: &str = "/api/users/profile/api-keys/";

async fn added(world: &World, token: &Value, name: &str, role: &str) -> Value {
    let (status, made) =
        world.send("POST", MACHINES, Some(token), &json!({"name": name, "role": role})).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    made
}

fn path(machine: &Value) -> String {
    format!("{MACHINES}{}/", machine["id"].as_str().unwrap())
}

/// Whether the key may send lines now.
async fn ships(world: &World, key: &Value) -> bool {
    let caller = world.gate.authenticate(key["key"].as_str().unwrap()).await;
    caller.is_ok_and(|caller| caller.check(Permission::Scope(Scope::Ingest)).is_ok())
}

#[tokio::test]
async fn a_service_account_works_by_its_keys_until_it_is_disabled_or_removed() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let shipper = added(&world, &ann["token"], "shipper", "developer").await;
    let body = json!({"name": "k", "scopes": ["ingest"], "service_account": shipper["id"]});
    let (status, key) = world.send("POST", KEYS, Some(&ann["token"]), &body).await;
    assert_eq!((status, &key["owner"]), (StatusCode::CREATED, &shipper["id"]), "{key}");
    assert!(ships(&world, &key).await);
    let set = async |body: Value| world.send("PATCH", &path(&shipper), Some(&ann["token"]), &body).await;
    let (_, disabled) = set(json!({"active": false})).await;
    assert_eq!((&disabled["active"], &disabled["keys"]), (&json!(false), &json!(1)));
    assert!(!ships(&world, &key).await);
    set(json!({"active": true, "role": "viewer"})).await;
    assert!(!ships(&world, &key).await, "a viewer sends nothing");
    set(json!({"role": "developer", "active": null})).await;
    assert!(ships(&world, &key).await);
    let (_, listed) = world.asked("GET", MACHINES, &ann["token"]).await;
    assert_eq!((&listed["total"], &listed["results"][0]["name"]), (&json!(1), &json!("shipper")));
    assert_eq!(world.asked("DELETE", &path(&shipper), &ann["token"]).await.0, StatusCode::NO_CONTENT);
    assert!(!ships(&world, &key).await);
    assert_eq!(world.asked("GET", &path(&shipper), &ann["token"]).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_service_account_is_no_person() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let (_, eve) = world.register("eve").await;
    let robot = added(&world, &ann["token"], "robot", "admin").await;
    assert_eq!(world.log_in("robot", PASSWORD).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(world.asked("GET", &path(&robot), &eve["token"]).await.0, StatusCode::NOT_FOUND);
    let (_, users) = world.asked("GET", "/api/tenant/users/", &ann["token"]).await;
    assert_eq!(users["total"], 1, "{users}");
    let ann_path = format!("/api/tenant/users/{}/", ann["user"]["id"].as_str().unwrap());
    let (status, refused) = world.asked("DELETE", &ann_path, &ann["token"]).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(refused["error"]["message"].as_str().unwrap().contains("last administrator"), "{refused}");
}

#[tokio::test]
async fn what_cannot_be_a_service_account_or_its_key_says_why() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let (_, bob) = world.join(&ann["token"], "bob", "developer").await;
    let reader = added(&world, &ann["token"], "reader", "viewer").await;
    let check = async |path: &str, who: &Value, body: Value, status: u16, words: &str| {
        let (found, answer) = world.send("POST", path, Some(&who["token"]), &body).await;
        assert_eq!(found.as_u16(), status, "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(words), "{answer}");
    };
    check(MACHINES, &ann, json!({"name": "reader", "role": "viewer"}), 409, "called reader already").await;
    check(MACHINES, &ann, json!({"name": "x", "role": "superadmin"}), 422, "operator").await;
    check(MACHINES, &ann, json!({"name": "x\r\nBcc: y", "role": "viewer"}), 422, "cannot have").await;
    check(MACHINES, &bob, json!({"name": "x", "role": "viewer"}), 403, "may not admin").await;
    let key = |of: &Value, scope: &str| json!({"name": "k", "scopes": [scope], "service_account": of});
    check(KEYS, &ann, key(&reader["id"], "ingest"), 422, "reader is a viewer, which may not ingest").await;
    check(KEYS, &ann, key(&json!("nobody"), "read"), 422, "no service account of this id").await;
    check(KEYS, &bob, key(&reader["id"], "read"), 403, "only an admin").await;
}
