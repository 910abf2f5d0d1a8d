//! Questions that take long, as operators and admins see them.
//!
//! Invariant: what counts as long is so short that every question does. It times nothing.

use serde_json::{Value, json};

use super::client::{register, send, start_with};
use super::running::Running;

const OPERATOR: &str = "an operator's own token";

fn listed(running: &Running, token: &str) -> Value {
    let headers = format!("\r\nAuthorization: Bearer {token}");
    send(running, "GET", "/api/admin/slow-queries/", &headers, b"").json()
}

#[test]
fn a_question_that_took_long_is_listed_for_its_tenant_and_the_operator_and_written_to_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let settings = format!(
        "[listeners]\noperator_token = \"{OPERATOR}\"\n[limits.search]\nslow_after = \"1 ms\"\nslow_kept_max = 2\n"
    );
    let running = start_with(dir.path(), &settings);
    let ((ann, _), (eve, _)) = (register(&running, "ann"), register(&running, "eve"));
    // A quick machine may answer within a millisecond, so it is asked for much.
    let ask = |token: &str, word: &str| {
        let headers = format!("\r\nAuthorization: Bearer {token}\r\nX-Request-Id: asked-{word}");
        let clauses = vec![word; 900].join(" or ");
        let body = json!({"query": clauses}).to_string();
        let headers = format!("{headers}\r\nContent-Type: application/json");
        assert!(
            send(&running, "POST", "/api/logs/search/", &headers, body.as_bytes()).head.contains(" 200 ")
        );
    };
    for word in ["one", "two", "three"] {
        ask(&ann, word);
    }
    let of_ann = listed(&running, &ann);
    let results = of_ann["results"].as_array().unwrap();
    assert!(!results.is_empty() && results.len() <= 2, "{of_ann}");
    let slow = results.last().unwrap();
    assert_eq!((&slow["path"], &slow["status"]), (&json!("/api/logs/search/"), &json!(200)), "{slow}");
    assert!(slow["request_id"].as_str().unwrap().starts_with("asked-"), "{slow}");
    assert!(slow["query"].as_str().unwrap().contains(" or "), "{slow}");
    assert_eq!((&slow["found"], &slow["partial"]), (&json!(0), &json!(false)), "{slow}");
    assert!(slow["took_ms"].as_f64().unwrap() >= 1.0, "{slow}");
    assert_eq!(of_ann["total"], results.len());
    assert_eq!(of_ann["since_start"], Value::Null, "how many there are of others is the operator's to know");
    assert_eq!(listed(&running, &eve)["results"], json!([]));
    let of_all = listed(&running, OPERATOR);
    assert_eq!(of_all["results"], of_ann["results"]);
    assert!(of_all["since_start"].as_u64().unwrap() >= results.len() as u64);
    let (_, said) = running.stop("TERM");
    assert!(said.contains("a question took long") && said.contains("asked-"), "{said}");
}
