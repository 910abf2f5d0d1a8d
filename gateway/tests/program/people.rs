//! People of one tenant at a real server: invited, joined, there after a restart, and out once they are removed.
//!
//! Invariant: what is asked after a restart was written before it. It does not know the rules of each field.

use serde_json::json;

use super::client::{PASSWORD, found, make_key, post_json, register, send, ship, start_with, wait_for};
use super::running::{Answer, Running};

fn asked(running: &Running, method: &str, path: &str, token: &str) -> Answer {
    send(running, method, path, &format!("\r\nAuthorization: Bearer {token}"), b"")
}

fn status(answer: &Answer) -> &str {
    &answer.head[9..12]
}

#[test]
fn an_invited_person_reads_the_tenants_lines_until_it_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), "");
    let (ann, key) = register(&running, "ann");
    assert_eq!(ship(&running, &key, "text/plain", b"a line of acme\n").0, 200);
    let body = json!({"email": "bob@example.org", "role": "developer"});
    let invited = post_json(&running, "/api/tenant/invitations/", Some(&ann), &body);
    drop(running);

    let running = start_with(dir.path(), "[accounts]\nregistration = \"invite\"\n");
    let refused = send(&running, "POST", "/api/auth/register/", "", b"{}");
    assert_eq!(status(&refused), "403", "{}", refused.body);
    let body = json!({
        "token": invited["token"], "username": "bob", "password": PASSWORD, "password_confirm": PASSWORD,
    });
    let joined = post_json(&running, "/api/auth/accept-invitation/", None, &body);
    let bob = joined["token"].as_str().unwrap();
    wait_for(&running, bob, "acme", 1);
    let key = make_key(&running, bob, &["ingest"]);
    assert_eq!(ship(&running, &key, "text/plain", b"bobs line\n").0, 200);
    wait_for(&running, &ann, "bobs", 1);

    let it = format!("/api/tenant/users/{}/", joined["user"]["id"].as_str().unwrap());
    assert_eq!(status(&asked(&running, "DELETE", &it, &ann)), "204");
    assert_eq!(status(&asked(&running, "GET", "/api/logs/search/?q=acme", bob)), "401");
    assert_eq!(ship(&running, &key, "text/plain", b"too late\n").0, 401);
    assert_eq!(found(&running, &ann, "bobs")["total"], 1, "what a member sent stays the tenant's");
    drop(running);

    let running = start_with(dir.path(), "");
    assert_eq!(status(&asked(&running, "GET", &it, &ann)), "404");
    assert_eq!(status(&asked(&running, "GET", "/api/logs/search/?q=acme", bob)), "401");
}
