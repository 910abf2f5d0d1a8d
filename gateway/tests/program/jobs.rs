//! Work in the background, as its tenant and the operator see it.
//!
//! Invariant: a job is waited for, with a bound. What a job does is tested where it is done.

use serde_json::{Value, json};

use super::client::{register, send, start_with};
use super::running::{Answer, Running, wait};

const OPERATOR: &str = "an operator's own token";

fn start(dir: &std::path::Path) -> Running {
    start_with(dir, &format!("[listeners]\noperator_token = \"{OPERATOR}\"\n"))
}

fn asked(running: &Running, token: &str, method: &str, path: &str) -> Answer {
    send(running, method, path, &format!("\r\nAuthorization: Bearer {token}"), b"")
}

fn upload(running: &Running, token: &str, name: &str, content: &str) -> String {
    let headers =
        format!("\r\nAuthorization: Bearer {token}\r\nContent-Type: multipart/form-data; boundary=b");
    let part = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"");
    let body = format!("--b\r\n{part}\r\n\r\n{content}\r\n--b--\r\n");
    let answer = send(running, "POST", "/api/logs/upload/", &headers, body.as_bytes());
    answer.json()["task_id"].as_str().unwrap_or_else(|| panic!("{}", answer.body)).to_owned()
}

#[test]
fn an_upload_is_a_job_of_its_tenant_and_stays_listed_when_it_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    let ((ann, _), (eve, _)) = (register(&running, "ann"), register(&running, "eve"));
    let id = upload(&running, &ann, "disks.log", "one\ntwo\n");
    let at = format!("/api/jobs/{id}/");
    let job = wait(|| {
        let job = asked(&running, &ann, "GET", &at).json();
        (job["state"] == "succeeded").then_some(job)
    });
    assert_eq!((&job["name"], &job["progress"]), (&json!("disks.log"), &json!(100)), "{job}");
    assert_eq!(job["result"], json!({"total": 2, "indexed": 2, "failed": 0}));
    let list = |token: &str, query: &str| asked(&running, token, "GET", &format!("/api/jobs/{query}")).json();
    assert_eq!(list(&ann, "")["results"], json!([job]));
    assert_eq!((&list(&ann, "?state=failed")["total"], &list(&eve, "")["total"]), (&json!(0), &json!(0)));
    let wrong = asked(&running, &ann, "GET", "/api/jobs/?state=done");
    assert!(wrong.body.contains("none of pending, running, retrying"), "{}", wrong.body);
    for method_and_path in
        [("GET", at.clone()), ("POST", format!("{at}cancel/")), ("POST", format!("{at}retry/"))]
    {
        let (method, path) = method_and_path;
        let foreign = asked(&running, &eve, method, &path);
        assert!(foreign.head.starts_with("HTTP/1.1 404"), "{method} {path}: {}", foreign.head);
        let own = asked(&running, &ann, method, &path);
        assert_eq!(own.json()["state"], "succeeded", "a job that has ended stays so: {}", own.body);
    }
}

#[test]
fn the_operator_sees_when_upkeep_was_done_and_has_it_done_now() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    let (ann, _) = register(&running, "ann");
    let retention = || {
        let list = asked(&running, OPERATOR, "GET", "/api/admin/jobs/").json();
        let all = list["results"].as_array().unwrap().clone();
        all.into_iter().find(|job| job["id"] == "retention").unwrap()
    };
    let first = wait(|| Some(retention()).filter(|job| job["done"] == 1));
    assert_eq!(first["last"]["result"], "no line was too old", "{first}");
    assert_ne!(first["next_at"], Value::Null);
    let asked_for = asked(&running, OPERATOR, "POST", "/api/admin/jobs/retention/run/");
    assert!(asked_for.head.starts_with("HTTP/1.1 202"), "{} {}", asked_for.head, asked_for.body);
    wait(|| (retention()["done"] == 2).then_some(()));
    assert!(
        asked(&running, OPERATOR, "POST", "/api/admin/jobs/laundry/run/").head.starts_with("HTTP/1.1 404")
    );
    assert!(asked(&running, &ann, "GET", "/api/admin/jobs/").head.starts_with("HTTP/1.1 403"));
}
