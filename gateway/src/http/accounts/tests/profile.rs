//! Profiles: what is said, what stays, and what is refused.
//!
//! Invariant: a refusal names the field with all its parts. It opens no socket.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::world::{PASSWORD, World};

const PROFILE: &str = "/api/users/profile/";

#[tokio::test]
async fn names_are_given_at_the_registration_or_later() {
    let world = World::new();
    let body = json!({"username": "ann", "email": "ann@example.org", "password": PASSWORD,
        "password_confirm": PASSWORD, "first_name": "Ann", "last_name": "Größe"});
    let (status, ann) = world.send("POST", "/api/auth/register/", None, &body).await;
    assert_eq!((status, &ann["user"]["first_name"]), (StatusCode::CREATED, &json!("Ann")), "{ann}");
    let (_, user) = world.asked("GET", "/api/users/me/", &ann["token"]).await;
    assert_eq!(user["last_name"], "Größe");
    let (_, bob) = world.join(&ann["token"], "bob", "viewer").await;
    assert_eq!(bob["user"]["first_name"], Value::Null);
    let (_, changed) = world.send("PATCH", PROFILE, Some(&bob["token"]), &json!({"first_name": "Bob"})).await;
    assert_eq!((&changed["first_name"], &changed["role"]), (&json!("Bob"), &json!("viewer")));
    let mut twice = body;
    (twice["username"], twice["first_name"]) = (json!("ann2"), json!("a\r\nBcc: b"));
    let (status, refused) = world.send("POST", "/api/auth/register/", None, &twice).await;
    assert_eq!((status.as_u16(), &refused["error"]["details"]["field"]), (422, &json!("first_name")));
}

#[tokio::test]
async fn a_patch_keeps_what_it_does_not_name_and_a_put_does_not() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let set = async |method: &str, body: Value| {
        let (status, answer) = world.send(method, PROFILE, Some(&ann["token"]), &body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    };
    let (_, fresh) = world.asked("GET", PROFILE, &ann["token"]).await;
    assert_eq!(
        (&fresh["preferences"]["theme"], &fresh["preferences"]["timezone"]),
        (&json!("system"), &json!("UTC"))
    );
    set(
        "PATCH",
        json!({"bio": "one\ntwo", "avatar": "https://example.org/a.png", "metadata": {"desk": "4.12"}}),
    )
    .await;
    let changed = set(
        "PATCH",
        json!({
            "preferences": {"theme": "dark", "timezone": "Europe/Lisbon", "notifications": {"slack": true}},
            "notification_preferences": {"alert_threshold": "critical", "email_alerts": false},
        }),
    )
    .await;
    assert_eq!((&changed["bio"], &changed["metadata"]), (&json!("one\ntwo"), &json!({"desk": "4.12"})));
    let notifications = json!({"email": true, "browser": true, "slack": true});
    let preferences = json!({
        "theme": "dark", "timezone": "Europe/Lisbon", "notifications": notifications, "default_dashboard": null,
    });
    assert_eq!(changed["preferences"], preferences);
    let alerts = json!({"email_alerts": false, "push_notifications": true, "alert_threshold": "critical"});
    assert_eq!(changed["notification_preferences"], alerts);
    assert_eq!(world.asked("GET", PROFILE, &ann["token"]).await.1, changed);
    assert_eq!(set("PATCH", json!({"bio": null})).await["bio"], Value::Null);
    let replaced = set("PUT", json!({"last_name": "Ann"})).await;
    assert_eq!((&replaced["last_name"], &replaced["avatar"]), (&json!("Ann"), &Value::Null));
    assert_eq!(replaced["preferences"], fresh["preferences"]);
}

#[tokio::test]
async fn a_field_that_cannot_be_taken_is_named_and_nothing_changes() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let check = async |body: Value, field: &str, words: &str| {
        let (status, answer) = world.send("PATCH", PROFILE, Some(&ann["token"]), &body).await;
        let error = &answer["error"];
        assert_eq!((status.as_u16(), &error["code"]), (422, &json!("invalid_field")), "{answer}");
        assert_eq!(error["details"]["field"], field, "{answer}");
        assert!(error["message"].as_str().unwrap().contains(words), "{answer}");
    };
    check(json!({"role": "superadmin"}), "role", "nobody chooses that in a profile").await;
    check(json!({"bio": "kept?", "tenant_id": "x"}), "tenant_id", "nobody chooses that").await;
    check(json!({"email": "eve@example.org"}), "email", "nobody chooses that").await;
    check(json!({"is_staff": true}), "is_staff", "no field of a profile").await;
    check(json!({"preferences": {"colour": "red"}}), "preferences.colour", "no field").await;
    check(json!({"preferences": {"theme": "neon"}}), "preferences.theme", "system, light, dark").await;
    check(json!({"preferences": {"timezone": "+3"}}), "preferences.timezone", "Europe/Lisbon").await;
    check(json!({"preferences": [1]}), "preferences", "an object").await;
    let slack = json!({"preferences": {"notifications": {"slack": "yes"}}});
    check(slack, "preferences.notifications.slack", "true or false").await;
    check(json!({"avatar": "javascript:alert(1)"}), "avatar", "https://").await;
    check(json!({"bio": 7}), "bio", "must be a text").await;
    check(json!({"metadata": {"a": 1}}), "metadata", "must be a text").await;
    let many: serde_json::Map<_, _> = (0..51).map(|number| (format!("m{number}"), json!("x"))).collect();
    check(json!({"metadata": many}), "metadata", "more than 50").await;
    assert_eq!(world.asked("GET", PROFILE, &ann["token"]).await.1["bio"], Value::Null);
}

#[tokio::test]
async fn a_profile_comes_back_as_it_was_shown_and_its_quota_cannot_be_chosen() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let (_, shown) = world.asked("GET", PROFILE, &ann["token"]).await;
    assert_eq!(
        (&shown["subscription"], &shown["api_quota"]["usage"]),
        (
            &json!({"plan": "standard", "expires_at": null}),
            &json!({"logs_today": 0, "bytes_today": 0, "seats": 1}),
        )
    );
    assert!(shown["api_quota"]["api_calls_per_hour"].as_u64() > Some(0), "{shown}");
    let mut wished = shown.clone();
    wished["bio"] = json!("an admin");
    wished["api_quota"]["logs_per_day"] = json!(u64::MAX);
    wished["subscription"]["plan"] = json!("free for ever");
    let (status, answer) = world.send("PUT", PROFILE, Some(&ann["token"]), &wished).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["bio"], "an admin");
    assert_eq!(
        (&answer["api_quota"], &answer["subscription"]),
        (&shown["api_quota"], &shown["subscription"])
    );
    let create = "/api/users/profile/create/";
    let (status, created) = world.send("POST", create, Some(&ann["token"]), &json!({"bio": "new"})).await;
    assert_eq!((status, &created["bio"]), (StatusCode::CREATED, &json!("new")));
}

#[tokio::test]
async fn an_admin_sees_the_profile_of_a_member_and_removes_it_by_the_older_address() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let (_, eve) = world.register("eve").await;
    let (_, bob) = world.join(&ann["token"], "bob", "viewer").await;
    let it = format!("/api/admin/profile/{}/", bob["user"]["id"].as_str().unwrap());
    let (status, shown) = world.asked("GET", &it, &ann["token"]).await;
    assert_eq!((status, &shown["username"]), (StatusCode::OK, &json!("bob")), "{shown}");
    assert_eq!(world.asked("GET", &it, &eve["token"]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(world.asked("DELETE", &it, &eve["token"]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(world.asked("GET", &it, &bob["token"]).await.0, StatusCode::FORBIDDEN);
    assert_eq!(world.asked("DELETE", &it, &ann["token"]).await.0, StatusCode::NO_CONTENT);
    assert_eq!(world.asked("GET", PROFILE, &bob["token"]).await.0, StatusCode::UNAUTHORIZED);
}
