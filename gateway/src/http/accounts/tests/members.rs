//! Inviting, joining, roles and leaving, over HTTP.
//!
//! Invariant: what a test asks of one tenant it also asks as another, which sees nothing. It opens no socket.

use std::time::Duration;

use antler_config::RegistrationMode;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::world::{PASSWORD, World};

const INVITATIONS: &str = "/api/tenant/invitations/";
const USERS: &str = "/api/tenant/users/";

/// A refusal: its status, and words of its sentence.
fn check((found, answer): &(StatusCode, Value), status: u16, words: &str) {
    assert_eq!(found.as_u16(), status, "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains(words), "{answer}");
}

fn one(list: &str, id: &Value) -> String {
    format!("{list}{}/", id.as_str().unwrap())
}

#[tokio::test]
async fn an_invited_person_joins_the_tenant_with_the_role_and_address_of_the_invitation() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let body = json!({"email": "Bob@Example.org", "role": "analyst"});
    let (status, invited) = world.send("POST", INVITATIONS, Some(&ann["token"]), &body).await;
    assert_eq!(status, StatusCode::CREATED, "{invited}");
    assert_eq!((&invited["email"], &invited["role"]), (&json!("bob@example.org"), &json!("analyst")));
    let token = invited["token"].as_str().unwrap();
    assert_eq!(invited["link"], format!("/accept-invitation#token={token}"));
    let (_, listed) = world.asked("GET", INVITATIONS, &ann["token"]).await;
    assert_eq!((&listed["total"], &listed["results"][0]["id"]), (&json!(1), &invited["id"]));
    assert!(!listed.to_string().contains(token), "{listed}");
    let (status, bob) = world.accept(&invited["token"], "bob").await;
    assert_eq!(status, StatusCode::CREATED, "{bob}");
    assert_eq!((&bob["tenant"], &bob["user"]["id"]), (&ann["tenant"], &invited["id"]));
    assert_eq!((&bob["user"]["role"], &bob["user"]["email"]), (&json!("analyst"), &json!("bob@example.org")));
    assert_eq!(world.asked("GET", INVITATIONS, &ann["token"]).await.1["total"], 0);
    let (_, users) = world.asked("GET", USERS, &ann["token"]).await;
    let named: Vec<_> = users["results"].as_array().unwrap().iter().map(|user| &user["username"]).collect();
    assert_eq!(named, ["ann", "bob"], "{users}");
    check(&world.accept(&invited["token"], "bob").await, 422, "open invitation");
    check(&world.asked("GET", USERS, &bob["token"]).await, 403, "may not admin");
    assert_eq!(world.asked("GET", "/api/tenant/", &bob["token"]).await.1["members"], 2);
}

#[tokio::test]
async fn an_invitation_that_cannot_be_made_says_why() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    world.join(&ann["token"], "bob", "viewer").await;
    let invite = async |email: &str, role: &str| {
        let body = json!({"email": email, "role": role});
        world.send("POST", INVITATIONS, Some(&ann["token"]), &body).await
    };
    check(&invite("nobody", "viewer").await, 422, "name@host");
    check(&invite("a@b.org\r\nBcc: all@b.org", "viewer").await, 422, "cannot have '\\r'");
    check(&invite("a@b.org", "root").await, 422, "none of viewer");
    check(&invite("a@b.org", "superadmin").await, 422, "operator of the server only");
    check(&invite("bob@example.org", "viewer").await, 409, "member or invited already");
    check(&invite("", "viewer").await, 422, "is empty");
}

async fn invite(world: &World, admin: &Value) -> Value {
    let body = json!({"email": "bob@example.org", "role": "viewer"});
    world.send("POST", INVITATIONS, Some(admin), &body).await.1
}

#[tokio::test]
async fn an_invitation_ends_with_its_successor_its_time_and_its_withdrawal() {
    let world = World::new();
    world.register("ann").await;
    let admin = async || world.log_in("ann", PASSWORD).await.1["token"].clone();
    let (first, second) = (invite(&world, &admin().await).await, invite(&world, &admin().await).await);
    assert_eq!(world.asked("GET", INVITATIONS, &admin().await).await.1["total"], 1);
    check(&world.accept(&first["token"], "bob").await, 422, "open invitation");
    world.clock.pass(Duration::from_secs(7 * 86_400));
    check(&world.accept(&second["token"], "bob").await, 422, "expired; ask for a new one");
    let (_, listed) = world.asked("GET", INVITATIONS, &admin().await).await;
    assert_eq!(listed["results"][0]["expired"], true, "{listed}");
    let third = invite(&world, &admin().await).await;
    let it = one(INVITATIONS, &third["id"]);
    assert_eq!(world.asked("DELETE", &it, &admin().await).await.0, StatusCode::NO_CONTENT);
    check(&world.accept(&third["token"], "bob").await, 422, "open invitation");
    check(&world.asked("DELETE", &it, &admin().await).await, 404, "no invitation");
    for token in ["", "x", "a.b.c", "_names.x.y"] {
        check(&world.accept(&json!(token), "bob").await, 422, "open invitation");
    }
}

#[tokio::test]
async fn who_joins_needs_a_free_name_and_a_good_password() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let token = invite(&world, &ann["token"]).await["token"].clone();
    check(&world.accept(&token, "ANN").await, 409, "choose another");
    check(&world.accept(&token, "\u{430}nn").await, 422, "cannot have");
    let weak = json!({"token": token, "username": "bob", "password": "bob@example.org",
        "password_confirm": "bob@example.org"});
    check(&world.send("POST", "/api/auth/accept-invitation", None, &weak).await, 422, "too similar");
    assert_eq!(world.accept(&token, "bob").await.0, StatusCode::CREATED);
    let elsewhere = json!({"email": "ann@example.org", "role": "viewer"});
    let (_, eve) = world.register("eve").await;
    let (_, invited) = world.send("POST", INVITATIONS, Some(&eve["token"]), &elsewhere).await;
    check(&world.accept(&invited["token"], "ann2").await, 409, "has an account already");
}

#[tokio::test]
async fn a_changed_role_counts_at_once() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let (_, bob) = world.join(&ann["token"], "bob", "viewer").await;
    let it = one(USERS, &bob["user"]["id"]);
    check(&world.asked("GET", USERS, &bob["token"]).await, 403, "role viewer may not admin");
    let role =
        async |role: &str, token: &Value| world.send("PATCH", &it, Some(token), &json!({"role": role})).await;
    let (status, changed) = role("admin", &ann["token"]).await;
    assert_eq!((status, &changed["role"]), (StatusCode::OK, &json!("admin")), "{changed}");
    assert_eq!(world.asked("GET", &it, &bob["token"]).await.1["role"], "admin");
    check(&role("superadmin", &bob["token"]).await, 422, "operator of the server only");
    check(&role("chief", &bob["token"]).await, 422, "none of viewer");
    let founder = one(USERS, &ann["user"]["id"]);
    let demote = json!({"role": "developer"});
    assert_eq!(world.send("PATCH", &founder, Some(&bob["token"]), &demote).await.0, StatusCode::OK);
    check(&world.asked("GET", USERS, &ann["token"]).await, 403, "role developer may not admin");
    check(&role("viewer", &bob["token"]).await, 409, "last administrator");
    check(&world.asked("DELETE", &it, &bob["token"]).await, 409, "make another member admin first");
}

#[tokio::test]
async fn who_is_removed_is_out_at_once_with_all_keys() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let (_, bob) = world.join(&ann["token"], "bob", "developer").await;
    let body = json!({"name": "shipper", "scopes": ["ingest"]});
    let (_, key) = world.send("POST", "/api/users/profile/api-keys", Some(&bob["token"]), &body).await;
    let key = key["key"].as_str().unwrap();
    assert!(world.gate.authenticate(key).await.is_ok());
    let it = one(USERS, &bob["user"]["id"]);
    assert_eq!(world.asked("DELETE", &it, &ann["token"]).await.0, StatusCode::NO_CONTENT);
    check(&world.asked("GET", "/api/auth/user", &bob["token"]).await, 401, "log in again");
    let refused = world.gate.authenticate(key).await.unwrap_err().to_string();
    assert!(refused.contains("does not belong to the tenant"), "{refused}");
    let refresh = json!({"refresh": bob["refresh"]});
    assert_eq!(world.send("POST", "/api/auth/refresh", None, &refresh).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(world.log_in("bob", PASSWORD).await.0, StatusCode::UNAUTHORIZED);
    check(&world.asked("DELETE", &it, &ann["token"]).await, 404, "no user");
    world.clock.pass(Duration::from_secs(60));
    let (status, back) = world.join(&ann["token"], "bob", "viewer").await;
    assert_eq!(status, StatusCode::CREATED, "{back}");
    assert_ne!(back["user"]["id"], bob["user"]["id"]);
}

#[tokio::test]
async fn another_tenant_sees_and_changes_nobody() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let (_, eve) = world.register("eve").await;
    let invited = invite(&world, &ann["token"]).await;
    let (member, guest) = (one(USERS, &ann["user"]["id"]), one(INVITATIONS, &invited["id"]));
    let role = json!({"role": "viewer"});
    check(&world.asked("GET", &member, &eve["token"]).await, 404, "no user");
    check(&world.send("PATCH", &member, Some(&eve["token"]), &role).await, 404, "no user");
    check(&world.asked("DELETE", &member, &eve["token"]).await, 404, "no user");
    check(&world.asked("DELETE", &guest, &eve["token"]).await, 404, "no invitation");
    // Nor is an invited person a user yet, or a member an invitation.
    check(&world.asked("DELETE", &one(USERS, &invited["id"]), &ann["token"]).await, 404, "no user");
    check(&world.asked("DELETE", &one(INVITATIONS, &ann["user"]["id"]), &ann["token"]).await, 404, "no");
    assert_eq!(world.asked("GET", USERS, &eve["token"]).await.1["total"], 1);
    assert_eq!(world.asked("GET", INVITATIONS, &eve["token"]).await.1["total"], 0);
}

#[tokio::test]
async fn an_admin_renames_the_tenant_and_others_read_its_name() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let (_, bob) = world.join(&ann["token"], "bob", "viewer").await;
    let rename = |name: &str| json!({"name": name});
    let (status, renamed) =
        world.send("PATCH", "/api/tenant/", Some(&ann["token"]), &rename(" Größe & Söhne ")).await;
    assert_eq!((status, &renamed["name"]), (StatusCode::OK, &json!("Größe & Söhne")), "{renamed}");
    let (_, tenant) = world.asked("GET", "/api/tenant", &bob["token"]).await;
    assert_eq!((&tenant["id"], &tenant["name"]), (&ann["tenant"]["id"], &renamed["name"]));
    assert_eq!((&tenant["status"], &tenant["members"]), (&json!("active"), &json!(2)));
    let path = "/api/tenant";
    check(&world.send("PATCH", path, Some(&bob["token"]), &rename("x")).await, 403, "may not admin");
    check(&world.send("PATCH", path, Some(&ann["token"]), &rename("a\nb")).await, 422, "cannot have");
    check(&world.send("PATCH", path, Some(&ann["token"]), &json!({})).await, 422, "missing");
}

#[tokio::test]
async fn a_server_by_invitation_founds_no_tenant_and_a_closed_one_takes_nobody() {
    let by_invitation = World::with(|gate| gate.settings.registration = RegistrationMode::Invite);
    check(&by_invitation.register("ann").await, 403, "ask an admin of your organization for one");
    check(&by_invitation.accept(&json!("a.b.c"), "bob").await, 422, "open invitation");
    let closed = World::with(|gate| gate.settings.registration = RegistrationMode::Closed);
    check(&closed.register("ann").await, 403, "takes nobody new");
    check(&closed.accept(&json!("a.b.c"), "bob").await, 403, "takes nobody new");
}
