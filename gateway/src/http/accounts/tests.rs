//! The routes of accounts as a client uses them, on a real log, behind the real layer of permissions.
//!
//! Invariant: a test sends requests and reads answers; it looks into nothing else. It opens no socket.

mod keys;
mod machines;
mod mails;
mod members;
mod profile;
mod sessions;
mod world;

use std::time::Duration;

use antler_config::RegistrationMode;
use axum::http::StatusCode;
use serde_json::{Value, json};

use self::world::{PASSWORD, World};
use super::handlers;
use crate::credentials::secret::DrawnSecret;
use crate::http::auth::permissions::{Asked, TABLE, asked};

#[test]
fn every_route_has_a_permission_and_every_permission_its_route() {
    for (method, path, _) in handlers() {
        let method = method.parse().unwrap();
        assert!(matches!(asked(&method, path), Asked::Permission(_)), "{method} {path} is closed");
    }
    let roots = ["/api/auth", "/api/users", "/api/tenant"];
    let elsewhere = [
        "/api/users/profile/quota",
        "/api/tenant/demo",
        "/api/tenant/erase",
        "/api/tenant/export",
        "/api/tenant/import",
    ];
    let is_of = |path: &str, roots: &[&str]| roots.iter().any(|root| path.starts_with(root));
    let is_of_accounts = |path: &str| !is_of(path, &elsewhere) && is_of(path, &roots);
    let of_accounts = TABLE.iter().filter(|(_, path, _)| is_of_accounts(path));
    for (method, path, _) in of_accounts {
        let is_there = handlers().iter().any(|(known, at, _)| (known, at) == (method, path));
        assert!(is_there, "{method} {path} has a permission and no route");
    }
}

#[tokio::test]
async fn a_person_registers_and_is_admin_of_a_tenant_of_its_own() {
    let world = World::new();
    let (status, ann) = world.register("Ann").await;
    assert_eq!(status, StatusCode::CREATED, "{ann}");
    assert_eq!(ann["user"]["username"], "Ann");
    assert_eq!(ann["user"]["email"], "ann@example.org");
    assert_eq!(ann["user"]["role"], "admin");
    assert_eq!(ann["tenant"]["name"], "org-Ann");
    assert_eq!(ann["token"], ann["access"]);
    let (_, bob) = world.register("bob").await;
    assert_ne!(ann["tenant"]["id"], bob["tenant"]["id"]);
    let (status, user) = world.asked("GET", "/api/v1/auth/user/", &ann["token"]).await;
    assert_eq!((status, &user["id"], &user["tenant"]), (StatusCode::OK, &ann["user"]["id"], &ann["tenant"]));
    let (status, profile) = world.asked("GET", "/api/users/profile", &ann["token"]).await;
    assert_eq!((status, &profile["tenant_id"]), (StatusCode::OK, &ann["tenant"]["id"]));
    assert!(profile["api_quota"]["logs_per_day"].as_u64() > Some(0) && profile["preferences"].is_object());
}

#[tokio::test]
async fn who_registers_with_the_secret_of_an_empty_server_runs_it() {
    let world = World::with(|gate| gate.settings.registration = RegistrationMode::Closed);
    let secret = DrawnSecret::draw(&*world.gate.randomness).unwrap();
    world.gate.setup.open(&secret);
    let register = async |name: &str, password: &str, token: &str| {
        let email = format!("{name}@example.org");
        let body = json!({
            "username": name, "email": email, "password": password, "password_confirm": password,
            "setup_token": token,
        });
        world.send("POST", "/api/auth/register/", None, &body).await
    };
    let (status, refused) = register("ann", PASSWORD, "a guess").await;
    assert_eq!((status.as_u16(), &refused["error"]["details"]["field"]), (422, &json!("setup_token")));
    assert_eq!(register("ann", "short", secret.text()).await.0.as_u16(), 422, "it stays good");
    let (status, ann) = register("ann", PASSWORD, secret.text()).await;
    assert_eq!((status, &ann["user"]["role"]), (StatusCode::CREATED, &json!("superadmin")), "{ann}");
    let (_, user) = world.asked("GET", "/api/auth/user/", &ann["token"]).await;
    assert_eq!(user["role"], "superadmin");
    assert_eq!(register("bob", PASSWORD, secret.text()).await.0.as_u16(), 422, "it was used");
}

#[tokio::test]
async fn a_registration_that_cannot_be_says_why() {
    let world = World::new();
    world.register("ann").await;
    let good = json!({"username": "bob", "email": "bob@example.org", "password": PASSWORD, "password_confirm": PASSWORD});
    let check = async |changes: Value, status: u16, field: &str, words: &str| {
        let mut body = good.clone();
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        let (found, answer) = world.send("POST", "/api/auth/register/", None, &body).await;
        let error = &answer["error"];
        assert_eq!((found.as_u16(), error["details"]["field"].as_str()), (status, Some(field)), "{answer}");
        assert!(error["message"].as_str().unwrap().contains(words), "{answer}");
        assert_eq!(error["request_id"], "r-test");
    };
    check(json!({"username": "ANN"}), 409, "username", "choose another").await;
    check(json!({"email": "Ann@Example.org"}), 409, "email", "use another address").await;
    check(json!({"username": null}), 422, "username", "it is missing").await;
    check(json!({"username": 7}), 422, "username", "must be a text").await;
    check(json!({"username": "a@b"}), 422, "username", "cannot have '@'").await;
    check(json!({"email": "nobody"}), 422, "email", "name@host").await;
    check(json!({"password_confirm": "x"}), 422, "password_confirm", "type both again").await;
    let both = |password: &str| json!({"password": password, "password_confirm": password});
    check(both("Qwerty1"), 422, "password", "too short").await;
    check(both("password123"), 422, "password", "most common").await;
    check(both("9038471256"), 422, "password", "digits only").await;
    check(both("bob@example.org"), 422, "password", "too similar to the e-mail address").await;
    check(both(&"x".repeat(2_000)), 422, "password", "more than 1024 bytes").await;
}

#[tokio::test]
async fn a_body_that_cannot_be_read_says_why() {
    let world = World::new();
    let check = async |body: &str, encoding: Option<&str>, status: u16, code: &str| {
        let (found, answer) = world.raw("POST", "/api/auth/login/", body, encoding).await;
        assert_eq!((found.as_u16(), answer["error"]["code"].as_str()), (status, Some(code)), "{answer}");
    };
    check("{\"username\": ", None, 400, "invalid_body").await;
    check("[1]", None, 400, "invalid_body").await;
    check("", None, 422, "invalid_field").await;
    check(&"[".repeat(5_000), None, 400, "invalid_body").await;
    check(&" ".repeat(100_000), None, 413, "body_too_large").await;
    check("{}", Some("gzip"), 400, "invalid_body").await;
    check("{}", Some("br"), 415, "unsupported_media_type").await;
}

#[tokio::test]
async fn a_login_takes_name_or_address_and_a_right_password_only() {
    let world = World::new();
    world.register("ann").await;
    for typed in ["ann", " ANN", "ann@example.org"] {
        let (status, answer) = world.log_in(typed, PASSWORD).await;
        assert_eq!((status, &answer["user"]["username"]), (StatusCode::OK, &json!("ann")), "{answer}");
    }
    let (status, wrong) = world.log_in("ann", "wrong-password").await;
    let (_, unknown) = world.log_in("nobody", "wrong-password").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong, unknown, "the answer tells nothing about which names there are");
}

#[tokio::test]
async fn guessing_is_slowed_down_for_the_one_who_guesses() {
    let world = World::new();
    world.register("ann").await;
    for _ in 0..10 {
        assert_eq!(world.log_in_from("192.0.2.1", "ann", "wrong").await.0, StatusCode::UNAUTHORIZED);
    }
    let (status, answer) = world.log_in_from("192.0.2.1", "ANN", PASSWORD).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{answer}");
    assert_eq!(answer["error"]["details"]["retry_after_s"], 900);
    assert_eq!(world.log_in_from("192.0.2.2", "ann", PASSWORD).await.0, StatusCode::OK);
    assert_eq!(world.log_in_from("192.0.2.1", "other", "wrong").await.0, StatusCode::UNAUTHORIZED);
    world.clock.pass(Duration::from_secs(901));
    assert_eq!(world.log_in_from("192.0.2.1", "ann", PASSWORD).await.0, StatusCode::OK);
}

#[tokio::test]
async fn guessing_a_name_that_nobody_has_is_slowed_down_the_same() {
    let world = World::with(|gate| gate.limits.logins_per_account_and_address_max = 2);
    world.register("ann").await;
    let mut answers = Vec::new();
    for name in ["ann", "nobody"] {
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(world.log_in_from("192.0.2.1", name, "wrong").await);
        }
        answers.push(statuses);
    }
    assert_eq!(answers[0], answers[1], "the answer tells nothing about which names there are");
    assert_eq!(answers[0][2].0, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn guessing_from_many_addresses_ends_and_locks_nobody_out_from_a_known_one() {
    let world = World::with(|gate| gate.limits.logins_per_account_max = 3);
    world.register("ann").await;
    assert_eq!(world.log_in_from("198.51.100.1", "ann", PASSWORD).await.0, StatusCode::OK);
    for last in 1..=2 {
        let from = format!("192.0.2.{last}");
        assert_eq!(world.log_in_from(&from, "ann", "wrong").await.0, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(world.log_in_from("192.0.2.9", "ann", PASSWORD).await.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(world.log_in_from("198.51.100.1", "ann", PASSWORD).await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_address_of_ipv6_counts_with_its_network() {
    let world = World::with(|gate| gate.limits.logins_per_address_max = 2);
    let guess = async |from: &str, name: &str| world.log_in_from(from, name, "wrong").await.0;
    assert_eq!(guess("2001:db8::1", "a").await, StatusCode::UNAUTHORIZED);
    assert_eq!(guess("2001:db8::2:3", "b").await, StatusCode::UNAUTHORIZED);
    assert_eq!(guess("2001:db8::ffff:0:0:4", "c").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(guess("2001:db8:0:1::1", "d").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_name_that_looks_like_another_is_refused_with_the_letter() {
    let world = World::new();
    world.register("ann").await;
    for (name, letter) in
        [("\u{430}nn", "'\u{430}'"), ("a\u{200b}nn", "'\\u{200b}'"), ("\u{ff41}nn", "'\u{ff41}'")]
    {
        let (status, answer) = world.register(name).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(&format!("the username cannot have {letter} at byte")), "{message}");
    }
}

#[tokio::test]
async fn an_address_that_looks_like_another_is_refused_with_the_letter() {
    let world = World::new();
    let body = json!({"username": "ann", "email": "\u{430}nn@example.org", "password": PASSWORD,
        "password_confirm": PASSWORD});
    let (status, answer) = world.send("POST", "/api/auth/register/", None, &body).await;
    assert_eq!((status.as_u16(), &answer["error"]["details"]["field"]), (422, &json!("email")), "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("in one script"), "{answer}");
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_a_used_one_ends_the_login() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let refresh =
        async |token: &Value| world.send("POST", "/api/auth/refresh", None, &json!({"refresh": token})).await;
    let (status, second) = refresh(&ann["refresh"]).await;
    assert_eq!(status, StatusCode::OK, "{second}");
    assert_ne!(second["refresh"], ann["refresh"]);
    assert_eq!(world.asked("GET", "/api/auth/user", &second["token"]).await.0, StatusCode::OK);
    let (status, reused) = refresh(&ann["refresh"]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(reused["error"]["message"].as_str().unwrap().contains("used before"), "{reused}");
    assert_eq!(refresh(&second["refresh"]).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(world.asked("GET", "/api/auth/user", &second["token"]).await.0, StatusCode::UNAUTHORIZED);
    for foreign in [json!("x"), json!("a.b.c"), json!("_names.x.y"), ann["token"].clone()] {
        assert_eq!(refresh(&foreign).await.0, StatusCode::UNAUTHORIZED, "{foreign}");
    }
}

#[tokio::test]
async fn an_access_token_ends_with_its_time_its_session_and_its_password() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let user = async |token: &Value| world.asked("GET", "/api/auth/user", token).await.0;
    let (_, other) = world.log_in("ann", PASSWORD).await;
    assert_eq!(world.asked("POST", "/api/auth/logout", &other["token"]).await.0, StatusCode::OK);
    assert_eq!(user(&other["token"]).await, StatusCode::UNAUTHORIZED);
    assert_eq!(user(&ann["token"]).await, StatusCode::OK);
    let new = "another-good-one-7";
    let body = json!({"old_password": "wrong-one", "new_password": new, "new_password_confirm": new});
    let (status, answer) = world.send("POST", "/api/auth/change-password/", Some(&ann["token"]), &body).await;
    assert_eq!((status.as_u16(), &answer["error"]["details"]["field"]), (422, &json!("old_password")));
    let body = json!({"old_password": PASSWORD, "new_password": new, "new_password_confirm": new});
    let (status, changed) =
        world.send("POST", "/api/auth/change-password/", Some(&ann["token"]), &body).await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    assert_eq!(user(&ann["token"]).await, StatusCode::UNAUTHORIZED);
    assert_eq!(user(&changed["token"]).await, StatusCode::OK);
    assert_eq!(world.log_in("ann", PASSWORD).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(world.log_in("ann", new).await.0, StatusCode::OK);
    world.clock.pass(Duration::from_secs(900));
    assert_eq!(user(&changed["token"]).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_key_is_shown_once_listed_without_its_secret_and_revoked() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let (_, bob) = world.register("bob").await;
    let keys = "/api/users/profile/api-keys/";
    let body = json!({"name": "bar", "scopes": ["ingest", "read"], "streams": ["logs-*-pt"], "expires_at": "2100-01-01T00:00:00Z"});
    let (status, made) = world.send("POST", keys, Some(&ann["token"]), &body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let key = made["key"].as_str().unwrap();
    assert!(key.starts_with(made["prefix"].as_str().unwrap()), "{made}");
    assert_eq!((&made["scopes"], &made["streams"]), (&json!(["ingest", "read"]), &json!(["logs-*-pt"])));
    let (_, listed) = world.asked("GET", keys, &ann["token"]).await;
    assert_eq!((&listed["total"], &listed["results"][0]["id"]), (&json!(1), &made["id"]));
    assert!(!listed.to_string().contains(key), "{listed}");
    assert_eq!(world.asked("GET", keys, &bob["token"]).await.1["total"], 0);
    let one = format!("{keys}{}", made["id"].as_str().unwrap());
    assert_eq!(world.asked("DELETE", &one, &bob["token"]).await.0, StatusCode::NOT_FOUND);
    let caller = world.gate.authenticate(key).await.unwrap();
    assert_eq!(caller.tenant.as_str(), ann["tenant"]["id"].as_str().unwrap());
    let streams = caller.kept_to().unwrap();
    assert!(streams.reach("logs-web-pt") && !streams.reach("logs-web"));
    assert_eq!(world.asked("DELETE", &one, &ann["token"]).await.0, StatusCode::NO_CONTENT);
    let refused = world.gate.authenticate(key).await.unwrap_err().to_string();
    assert!(refused.contains("revoked"), "{refused}");
    assert_eq!(world.asked("DELETE", &one, &ann["token"]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(world.asked("GET", keys, &ann["token"]).await.1["total"], 0);
}

#[tokio::test]
async fn a_key_that_cannot_be_made_says_why() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let check = async |body: Value, field: &str, words: &str| {
        let (status, answer) =
            world.send("POST", "/api/users/profile/api-keys", Some(&ann["token"]), &body).await;
        assert_eq!(
            (status.as_u16(), answer["error"]["details"]["field"].as_str()),
            (422, Some(field)),
            "{answer}"
        );
        assert!(answer["error"]["message"].as_str().unwrap().contains(words), "{answer}");
    };
    check(json!({"scopes": ["read"]}), "name", "missing").await;
    check(json!({"name": "k"}), "scopes", "list some of").await;
    check(json!({"name": "k", "scopes": []}), "scopes", "at least one").await;
    check(json!({"name": "k", "scopes": "read"}), "scopes", "list of texts").await;
    check(json!({"name": "k", "scopes": ["root"]}), "scopes", "none of ingest").await;
    check(json!({"name": "k", "scopes": ["read"], "streams": ["A B"]}), "streams", "character").await;
    check(json!({"name": "k", "scopes": ["read"], "expires_at": "soon"}), "expires_at", "a time such as")
        .await;
    check(
        json!({"name": "k", "scopes": ["read"], "expires_at": "1999-01-01T00:00:00Z"}),
        "expires_at",
        "in the past",
    )
    .await;
}

#[tokio::test]
async fn nobody_comes_in_without_a_right_credential() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let body = json!({"name": "bar", "scopes": ["admin"]});
    let (_, key) = world.send("POST", "/api/users/profile/api-keys", Some(&ann["token"]), &body).await;
    let check = async |credential: Option<&Value>, status: u16, words: &str| {
        let (found, answer) = world.send("GET", "/api/auth/user", credential, &Value::Null).await;
        assert_eq!(found.as_u16(), status, "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(words), "{answer}");
    };
    check(None, 401, "this needs a credential").await;
    check(Some(&json!("nonsense")), 401, "log in again").await;
    check(Some(&json!("antler_0_0")), 401, "API key is not known").await;
    check(Some(&key["key"]), 403, "an API key cannot do this").await;
    let (status, answer) = world.send("PUT", "/api/auth/user", None, &Value::Null).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::METHOD_NOT_ALLOWED, &json!("method_not_allowed"))
    );
}

#[tokio::test]
async fn a_route_that_the_table_does_not_name_is_closed() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let (status, answer) = world.asked("GET", "/api/forgotten", &ann["token"]).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{answer}");
}

#[tokio::test]
async fn every_form_of_the_credential_is_taken() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    for scheme in ["Bearer", "Token", "bearer"] {
        let value = format!("{scheme} {}", ann["token"].as_str().unwrap());
        assert_eq!(world.with_header("authorization", &value).await, StatusCode::OK, "{scheme}");
    }
    assert_eq!(world.with_header("x-api-key", ann["token"].as_str().unwrap()).await, StatusCode::OK);
}
