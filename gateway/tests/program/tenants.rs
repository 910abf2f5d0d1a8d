//! Tenants as operators see and change them, and what their people then meet.
//!
//! Invariant: a change is waited for where it counts within seconds. It does not test what an aggregate decides.

use serde_json::{Value, json};

use super::client::{register, send, ship, start_with};
use super::running::{Answer, Running, wait};

const OPERATOR: &str = "an operator's own token";

fn start(dir: &std::path::Path) -> Running {
    start_with(dir, &format!("[listeners]\noperator_token = \"{OPERATOR}\"\n"))
}

fn asked(running: &Running, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let headers = format!("\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    send(running, method, path, &headers, body.as_bytes())
}

fn status(answer: &Answer) -> u16 {
    answer.head[9..12].parse().unwrap()
}

fn tenant_of(running: &Running, token: &str) -> (String, String) {
    let me = asked(running, token, "GET", "/api/auth/user/", &Value::Null).json();
    (me["tenant"]["id"].as_str().unwrap().to_owned(), me["id"].as_str().unwrap().to_owned())
}

#[test]
fn all_tenants_are_a_list_in_pages() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    ["ann", "bob", "eve"].iter().for_each(|name| drop(register(&running, name)));
    let list = |path: &str| asked(&running, OPERATOR, "GET", path, &Value::Null).json();
    let all = list("/api/admin/tenants/");
    let ids = |page: &Value| -> Vec<Value> {
        page["results"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
    };
    assert_eq!((&all["total"], &all["page"], &all["next"]), (&json!(3), &json!(1), &Value::Null), "{all}");
    let suspend = format!("/api/admin/tenants/{}/suspend/", ids(&all)[0].as_str().unwrap());
    asked(&running, OPERATOR, "POST", &suspend, &json!({"reason": "unpaid"}));
    let first = list("/api/admin/tenants/?size=2");
    assert_eq!((&first["total"], ids(&first)), (&json!(3), ids(&all)[..2].to_vec()), "{first}");
    for second in [list(first["next"].as_str().unwrap()), list("/api/admin/tenants/?size=2&page=2")] {
        assert_eq!((&second["page"], ids(&second)), (&json!(2), ids(&all)[2..].to_vec()), "{second}");
        assert_eq!(second["previous"], "/api/admin/tenants/?page=1&size=2");
    }
    assert_eq!(ids(&list("/api/admin/tenants/?size=2&page=7")), Vec::<Value>::new());
}

#[test]
fn a_suspended_tenant_reads_and_sends_nothing_until_it_is_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    let ((ann, ann_key), (_, bob_key)) = (register(&running, "ann"), register(&running, "bob"));
    let (tenant, _) = tenant_of(&running, &ann);
    let at = format!("/api/admin/tenants/{tenant}");
    let suspended =
        asked(&running, OPERATOR, "POST", &format!("{at}/suspend/"), &json!({"reason": "the bill is open"}));
    assert_eq!((status(&suspended), suspended.json()["status"].as_str()), (200, Some("suspended")));
    let (refused, body) = ship(&running, &ann_key, "text/plain", b"one\n");
    assert_eq!(refused, 403, "{body}");
    assert!(body.to_string().contains("the tenant is suspended: the bill is open"), "{body}");
    assert_eq!(ship(&running, &bob_key, "text/plain", b"one\n").0, 200, "others go on");
    assert_eq!(status(&asked(&running, &ann, "GET", "/api/logs/search/?q=*", &Value::Null)), 200);
    let invited = asked(
        &running,
        &ann,
        "POST",
        "/api/tenant/invitations/",
        &json!({"email": "c@example.org", "role": "viewer"}),
    );
    assert!(status(&invited) == 409 && invited.body.contains("the bill is open"), "{}", invited.body);
    running.stop("TERM");
    let running = start(dir.path());
    wait(|| (ship(&running, &ann_key, "text/plain", b"one\n").0 == 403).then_some(()));
    let resumed = asked(&running, OPERATOR, "POST", &format!("{at}/resume/"), &Value::Null);
    assert_eq!((status(&resumed), resumed.json()["status"].as_str()), (200, Some("active")));
    assert_eq!(ship(&running, &ann_key, "text/plain", b"one\n").0, 200);
}

#[test]
fn a_tenant_that_has_sent_what_it_may_is_refused_with_the_time_to_wait() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    let (ann, ann_key) = register(&running, "ann");
    let (tenant, _) = tenant_of(&running, &ann);
    let at = format!("/api/admin/tenants/{tenant}/");
    let changed = asked(&running, OPERATOR, "PATCH", &at, &json!({"logs_per_day": 3, "name": "Engines"}));
    assert_eq!(status(&changed), 200, "{}", changed.body);
    let shown = changed.json();
    assert_eq!((&shown["limits"]["logs_per_day"], &shown["name"]), (&json!(3), &json!("Engines")));
    assert_eq!(ship(&running, &ann_key, "text/plain", b"one\ntwo\nthree\n").0, 200);
    let headers = format!("\r\nX-API-Key: {ann_key}\r\nContent-Type: text/plain");
    let refused = wait(|| {
        let answer = send(&running, "POST", "/api/logs/bulk/", &headers, b"four\n");
        (status(&answer) == 429).then_some(answer)
    });
    assert!(refused.head.to_lowercase().contains("retry-after: "), "{}", refused.head);
    assert!(refused.body.contains("what it may in a day, 3 lines"), "{}", refused.body);
    asked(&running, OPERATOR, "PATCH", &at, &json!({"logs_per_day": 1_000}));
    wait(|| (ship(&running, &ann_key, "text/plain", b"four\n").0 == 200).then_some(()));
}

#[test]
fn only_operators_see_tenants_and_a_superadmin_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    let ((ann, _), (bob, _)) = (register(&running, "ann"), register(&running, "bob"));
    let ((of_ann, ann_id), (of_bob, _)) = (tenant_of(&running, &ann), tenant_of(&running, &bob));
    let list = "/api/admin/tenants/";
    for token in [&ann, &bob] {
        let refused = asked(&running, token, "GET", list, &Value::Null);
        assert!(status(&refused) == 403 && refused.body.contains("the operator's"), "{}", refused.body);
    }
    let granted = format!("{list}{of_ann}/superadmins/{ann_id}/");
    assert_eq!(status(&asked(&running, &bob, "POST", &granted, &Value::Null)), 403);
    assert_eq!(status(&asked(&running, OPERATOR, "POST", &granted, &Value::Null)), 200);
    let first = asked(&running, &ann, "GET", &format!("{list}?size=1"), &Value::Null).json();
    let second = asked(&running, &ann, "GET", first["next"].as_str().unwrap(), &Value::Null).json();
    let mut ids: Vec<_> = [&first, &second].map(|page| page["results"][0]["id"].clone()).into();
    ids.sort_by_key(Value::to_string);
    let mut expected = vec![json!(of_ann), json!(of_bob)];
    expected.sort_by_key(Value::to_string);
    assert_eq!(ids, expected);
    let check = |method: &str, path: &str, body: Value, code: u16, words: &str| {
        let answer = asked(&running, &ann, method, path, &body);
        assert!(status(&answer) == code && answer.body.contains(words), "{} {}", answer.head, answer.body);
    };
    check("GET", "/api/admin/tenants/nobody/", Value::Null, 404, r#"no tenant \"nobody\""#);
    check("GET", &format!("{list}?size=0"), Value::Null, 422, "from 1 to 1000");
    let at = format!("{list}{of_bob}/");
    check("PATCH", &at, json!({"seats": 0}), 409, "the limit seats must be at least 1");
    check("PATCH", &at, json!({"seats": "many"}), 422, "whole number");
    check("POST", &format!("{at}suspend/"), json!({}), 422, "reason");
    check("POST", &format!("{list}{of_bob}/superadmins/{ann_id}/"), Value::Null, 404, "no member");
}

#[test]
fn an_empty_server_shows_the_link_for_its_first_superadmin_and_one_with_people_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    register(&running, "ann");
    let (_, said) = running.stop("TERM");
    assert!(said.contains("/register?setup_token="), "{said}");
    let (_, said) = start(dir.path()).stop("TERM");
    assert!(!said.contains("setup_token"), "{said}");
}

#[test]
fn an_admin_chooses_how_long_lines_are_kept_within_what_the_operator_lets() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    let (ann, _) = register(&running, "ann");
    let at = "/api/tenant/retention/";
    let usual = asked(&running, &ann, "GET", at, &Value::Null).json();
    assert_eq!(usual, json!({"days": 90, "days_max": 90, "streams": []}));
    let wanted = json!({"days": 30, "streams": [{"stream": "logs-nginx-*", "days": 7}]});
    let chosen = asked(&running, &ann, "PUT", at, &wanted);
    assert_eq!(status(&chosen), 200, "{}", chosen.body);
    let check = |body: Value, words: &str| {
        let answer = asked(&running, &ann, "PUT", at, &body);
        assert!(status(&answer) == 422 && answer.body.contains(words), "{} {}", answer.head, answer.body);
    };
    check(json!({"days": 91}), "from 1 to 90 days, not 91; only the operator raises that limit");
    check(json!({"streams": [{"stream": "logs/x", "days": 7}]}), "entry 1: stream pattern");
    check(json!({"streams": [{"stream": "a", "days": 7}, {"stream": "a", "days": 8}]}), "stands there twice");
    check(json!({"streams": [{"stream": "a"}]}), "entry 1 has no whole number days");
    check(json!({"streams": "a"}), "a list of objects");
    let (tenant, _) = tenant_of(&running, &ann);
    let tighter = json!({"retention_days": 20});
    asked(&running, OPERATOR, "PATCH", &format!("/api/admin/tenants/{tenant}/"), &tighter);
    running.stop("KILL");
    let running = start(dir.path());
    let now = asked(&running, &ann, "GET", "/api/tenant/", &Value::Null).json();
    let expected = json!({"days": 20, "days_max": 20, "streams": [{"stream": "logs-nginx-*", "days": 7}]});
    assert_eq!(now["retention"], expected);
}
