//! Where people are logged in, ending that, and asking whether a token counts.
//!
//! Invariant: what a test does to its own sessions it also tries on another's. It opens no socket.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::world::{PASSWORD, World};

const SESSIONS: &str = "/api/auth/sessions/";

async fn listed(world: &World, token: &Value) -> Vec<Value> {
    let (status, list) = world.asked("GET", SESSIONS, token).await;
    assert_eq!(status, StatusCode::OK, "{list}");
    list["results"].as_array().unwrap().clone()
}

#[tokio::test]
async fn people_see_where_they_are_logged_in_and_which_session_asks() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    world.log_in_from("192.0.2.7", "ann", PASSWORD).await;
    let sessions = listed(&world, &ann["token"]).await;
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    let (mine, other): (Vec<_>, Vec<_>) = sessions.iter().partition(|session| session["current"] == true);
    assert_eq!((mine.len(), &mine[0]["address"]), (1, &Value::Null));
    assert_eq!((&other[0]["address"], &other[0]["user_agent"]), (&json!("192.0.2.7"), &json!("curl/8.5")));
    assert!(other[0]["created_at"].is_string() && other[0]["expires_at"].is_string(), "{other:?}");
}

#[tokio::test]
async fn a_session_that_is_ended_counts_for_no_further_request() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let (_, eve) = world.register("eve").await;
    let (_, lost) = world.log_in("ann", PASSWORD).await;
    let sessions = listed(&world, &ann["token"]).await;
    let other = sessions.iter().find(|session| session["current"] == false).unwrap();
    let it = format!("{SESSIONS}{}", other["id"].as_str().unwrap());
    assert_eq!(world.asked("DELETE", &it, &eve["token"]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(world.asked("DELETE", &it, &ann["token"]).await.0, StatusCode::NO_CONTENT);
    assert_eq!(world.asked("GET", "/api/auth/user", &lost["token"]).await.0, StatusCode::UNAUTHORIZED);
    let refresh = json!({"refresh": lost["refresh"]});
    assert_eq!(world.send("POST", "/api/auth/refresh", None, &refresh).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(world.asked("DELETE", &it, &ann["token"]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(listed(&world, &ann["token"]).await.len(), 1);
}

#[tokio::test]
async fn all_other_sessions_end_together() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let (_, eve) = world.register("eve").await;
    let others = [world.log_in("ann", PASSWORD).await.1, world.log_in("ann", PASSWORD).await.1];
    let (status, ended) = world.asked("DELETE", SESSIONS, &ann["token"]).await;
    assert_eq!((status, &ended["ended"]), (StatusCode::OK, &json!(2)), "{ended}");
    for other in others {
        assert_eq!(world.asked("GET", "/api/auth/user", &other["token"]).await.0, StatusCode::UNAUTHORIZED);
    }
    for stays in [&ann, &eve] {
        assert_eq!(listed(&world, &stays["token"]).await.len(), 1);
    }
}

#[tokio::test]
async fn a_token_tells_whose_it_is_until_it_counts_no_more() {
    let world = World::new();
    let (_, ann) = world.register("ann").await;
    let verify = async |token: &Value| {
        world.send("POST", "/api/auth/token/verify/", None, &json!({"token": token})).await
    };
    let (status, verified) = verify(&ann["token"]).await;
    assert_eq!((status, &verified["user"]), (StatusCode::OK, &ann["user"]["id"]), "{verified}");
    assert_eq!((&verified["kind"], &verified["valid"]), (&json!("access_token"), &json!(true)));
    let body = json!({"name": "shipper", "scopes": ["ingest"]});
    let (_, key) = world.send("POST", "/api/users/profile/api-keys", Some(&ann["token"]), &body).await;
    let (_, of_key) = verify(&key["key"]).await;
    assert_eq!((&of_key["kind"], &of_key["scopes"]), (&json!("api_key"), &json!(["ingest"])), "{of_key}");
    world.asked("POST", "/api/auth/logout", &ann["token"]).await;
    for wrong in [&ann["token"], &ann["refresh"], &json!("x")] {
        assert_eq!(verify(wrong).await.0, StatusCode::UNAUTHORIZED, "{wrong}");
    }
}
