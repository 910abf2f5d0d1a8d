//! The audit of a tenant as its people, its operator and `antler verify` see it.
//!
//! Invariant: what is expected follows from what was done in the test, entry by entry.

use antler_events::files::RealFiles;
use antler_events::ids::{Offset, PartitionId};
use antler_projections::index::port::InlineWorkers;
use antler_projections::views::port::{Document, Fold, Page, ViewName, ViewStore as _, ViewWrite};
use antler_projections::views::redb::RedbViews;
use serde_json::{Value, json};

use super::client::{PASSWORD, make_key, path_text, post_json, register, send, start_with};
use super::running::{Running, wait};
use super::socket_client::{Socket, stream};

const OPERATOR: &str = "an operator's own token";

fn bearer(token: &str) -> String {
    format!("\r\nAuthorization: Bearer {token}")
}

/// The newest first.
fn audit(running: &Running, token: &str, query: &str) -> Vec<Value> {
    page(running, token, "/api/audit/", query)["results"].as_array().unwrap().clone()
}

fn page(running: &Running, token: &str, path: &str, query: &str) -> Value {
    let answer = send(running, "GET", &format!("{path}?{query}"), &bearer(token), b"");
    assert!(answer.head.starts_with("HTTP/1.1 200"), "{} {}", answer.head, answer.body);
    answer.json()
}

fn log_in(running: &Running, name: &str, password: &str) -> u16 {
    let body = json!({"username": name, "password": password}).to_string();
    let answer = send(running, "POST", "/api/auth/login/", "", body.as_bytes());
    answer.head[9..12].parse().unwrap()
}

#[test]
fn an_entry_says_who_did_what_by_which_request_and_the_chain_holds() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), &format!("[listeners]\noperator_token = \"{OPERATOR}\"\n"));
    let (admin, _) = register(&running, "ann");
    let headers =
        format!("{}\r\nContent-Type: application/json\r\nX-Request-Id: Req.Seven_7", bearer(&admin));
    let renamed = send(&running, "PATCH", "/api/tenant/", &headers, br#"{"name":"Engines"}"#);
    assert!(renamed.head.starts_with("HTTP/1.1 200"), "{}", renamed.body);
    let entries = audit(&running, &admin, "request_id=Req.Seven_7");
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(
        (&entry["action"], &entry["object"]),
        (&json!("tenant_renamed"), &json!({"kind": "tenant", "id": null}))
    );
    assert_eq!((&entry["before"], &entry["after"]), (&json!({"name": "ann"}), &json!({"name": "Engines"})));
    let user = send(&running, "GET", "/api/auth/user/", &bearer(&admin), b"").json()["id"].clone();
    assert_eq!(
        (&entry["actor"], &entry["address"]),
        (&json!({"kind": "person", "id": user}), &json!("127.0.0.1"))
    );
    let alone = page(&running, &admin, &format!("/api/audit/{}/", entry["id"].as_str().unwrap()), "");
    assert_eq!(alone, *entry);
    let tenant = send(&running, "GET", "/api/tenant/", &bearer(&admin), b"").json()["id"].clone();
    let suspend = format!("/api/admin/tenants/{}/suspend/", tenant.as_str().unwrap());
    send(&running, "POST", &suspend, &bearer(OPERATOR), br#"{"reason":"unpaid"}"#);
    let by_operator = audit(&running, &admin, "actor=operator");
    assert_eq!(by_operator[0]["after"], json!({"standing": "suspended", "reason": "unpaid"}));
    let all = page(&running, &admin, "/api/audit/", "size=1000");
    let entries = all["results"].as_array().unwrap();
    for pair in entries.windows(2) {
        assert_eq!(pair[0]["previous"], pair[1]["hash"], "{pair:?}");
    }
    assert_eq!((&all["head"]["hash"], &all["head"]["entries"]), (&entries[0]["hash"], &json!(entries.len())));
    let numbered =
        |page: &Value| (page["total"].clone(), page["page"].clone(), page["results"][0]["id"].clone());
    let first = page(&running, &admin, "/api/audit/", "size=1");
    let second = page(&running, &admin, "/api/audit/", "size=1&page=2");
    assert_eq!(numbered(&second), (json!(entries.len()), json!(2), entries[1]["id"].clone()));
    let (path, query) = first["next"].as_str().unwrap().split_once('?').unwrap();
    assert_eq!(numbered(&page(&running, &admin, path, query)), numbered(&second), "both ways lead there");
    let of_one = page(&running, &admin, "/api/audit/", "action=tenant_renamed");
    assert_eq!((&of_one["total"], &of_one["previous"]), (&json!(1), &Value::Null));
    let seen = page(
        &running,
        OPERATOR,
        &format!("/api/admin/tenants/{}/audit/", tenant.as_str().unwrap()),
        "size=1000",
    );
    assert_eq!(seen["results"], all["results"]);
    let receipt = all["head"]["receipt"].to_string();
    assert_eq!(running.stop("TERM").0, Some(0));
    let data = dir.path().join("data");
    let verify = ["verify", "--data", path_text(&data), "--receipt", &receipt];
    super::check(&verify, 0, "proved");
    super::check(&verify, 0, "every entry of the audit is what the log says");
}

#[test]
fn failed_logins_of_an_account_are_told_together() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (admin, _) = register(&running, "ann");
    for _ in 0..5 {
        assert_eq!(log_in(&running, "ann", "wrong horse battery staple"), 401);
    }
    assert_eq!(log_in(&running, "nobody", PASSWORD), 401);
    let failed = wait(|| Some(audit(&running, &admin, "action=logins_failed")).filter(|all| !all.is_empty()));
    assert_eq!((failed.len(), &failed[0]["after"]["count"]), (1, &json!(1)));
    assert_eq!(
        (&failed[0]["actor"]["kind"], &failed[0]["address"]),
        (&json!("visitor"), &json!("127.0.0.1"))
    );
    assert_eq!(log_in(&running, "ann", PASSWORD), 200);
    assert_eq!(audit(&running, &admin, "action=session_opened").len(), 2);
    // What a minute has gathered is told at a stop, too.
    assert_eq!(running.stop("TERM").0, Some(0));
    let running = Running::start(dir.path(), &[]);
    let failed = audit(&running, &admin, "action=logins_failed");
    assert_eq!((failed.len(), &failed[0]["after"]["count"]), (2, &json!(4)));
}

#[test]
fn reads_are_noted_as_the_settings_say_and_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), "[audit]\nreads = [\"search\", \"members\"]\n");
    let (admin, _) = register(&running, "ann");
    let key = make_key(&running, &admin, &["read"]);
    for path in ["/api/logs/search/?q=disk", "/api/logs/export/?q=disk", "/api/logs/search/?q=%28"] {
        send(&running, "GET", path, &bearer(&key), b"");
    }
    let post = |path: &str, media: &str, body: &[u8]| {
        let headers = format!("{}\r\nContent-Type: {media}", bearer(&key));
        let answer = send(&running, "POST", path, &headers, body);
        assert!(answer.head.starts_with("HTTP/1.1 200"), "{}", answer.body);
    };
    post("/api/logs/search/", "application/json", br#"{"q":"fan speed","level":["error","critical"]}"#);
    post("/api/logs/histogram/?from=now-1h", "application/x-www-form-urlencoded", b"q=fan");
    post("/api/logs/export/", "application/json", br#"{"q":"fan"}"#);
    let mut open = stream(&running, &key, "&query=pump");
    open.say(&json!({"type": "ping"}));
    open.expect("pong");
    let mut metrics = Socket::open(&running, "/ws/metrics/");
    metrics.say(&json!({"type": "auth", "token": key}));
    assert_eq!(metrics.hear()["type"], "connection");
    assert_eq!(Socket::open(&running, "/ws/notifications/?token=nonsense").end().0, 4001);
    send(&running, "GET", "/api/tenant/users/", &bearer(&admin), b"");
    let read = audit(&running, &admin, "object=request");
    let told: Vec<_> = read
        .iter()
        .map(|entry| (&entry["action"], &entry["object"]["id"], &entry["actor"]["kind"]))
        .collect();
    let members = (&json!("members_read"), &json!("/api/tenant/users/"), &json!("person"));
    let questions = [
        "/ws/metrics/",
        "/ws/logs/stream/?query=pump",
        "/api/logs/histogram/?from=now-1h&q=fan",
        "/api/logs/search/?q=fan+speed&level=%5B%22error%22%2C%22critical%22%5D",
        "/api/logs/search/?q=disk",
    ];
    let (questions, searched, by_key) = (questions.map(Value::from), json!("lines_searched"), json!("key"));
    let searched = questions.iter().map(|question| (&searched, question, &by_key));
    assert_eq!(told, std::iter::once(members).chain(searched).collect::<Vec<_>>());
}

#[test]
fn an_export_has_every_entry_and_no_formula() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (admin, _) = register(&running, "ann");
    // More than the export reads at once.
    for number in 0..600 {
        let body = json!({"name": format!("=search {number}"), "query": "disk"});
        post_json(&running, "/api/logs/saved-searches/", Some(&admin), &body);
    }
    let export =
        |query: &str| send(&running, "GET", &format!("/api/audit/export/?{query}"), &bearer(&admin), b"");
    let lines = dechunked(&export("format=ndjson").body);
    let entries: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let head = page(&running, &admin, "/api/audit/", "size=1")["head"].clone();
    assert_eq!((json!(entries.len()), &entries[0]["hash"]), (head["entries"].clone(), &head["hash"]));
    let csv = dechunked(&export("format=csv&action=search_saved&object=search").body);
    assert_eq!(csv.lines().count(), 601, "{csv}");
    assert!(
        csv.starts_with("id,at,actor_kind,actor,address,request_id,action,object_kind,object,before"),
        "{csv}"
    );
    for cell in csv.split(',') {
        assert!(!cell.trim_start_matches('"').starts_with(['=', '+', '@']), "{cell}");
    }
    assert!(!lines.contains("argon2") && !lines.contains("secret"), "a secret is in the audit");
}

/// The pieces of a body put together.
fn dechunked(body: &str) -> String {
    let (mut rest, mut out) = (body, String::new());
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return out;
        }
        out.push_str(&after[..size]);
        rest = &after[size + 2..];
    }
    panic!("the body breaks off: {}", &body[body.len().saturating_sub(200)..]);
}

#[test]
fn verify_names_an_entry_that_somebody_changed_and_rebuild_mends_it() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    register(&running, "ann");
    assert_eq!(running.stop("TERM").0, Some(0));
    let data = path_text(dir.path());
    super::check(&["verify", "--data", data], 0, "every entry of the audit is what the log says");
    forge(dir.path());
    super::check(&["verify", "--data", data], 1, "is not what the log says");
    super::check(&["verify", "--data", data], 1, "faults of the audit: 1");
    super::check(&["rebuild", "audit", "--data", data], 1, "was wrong and has been replaced");
    super::check(&["verify", "--data", data], 0, "every entry of the audit is what the log says");
}

/// Changes the last byte of an entry behind the back of the program.
fn forge(data: &std::path::Path) {
    let views =
        RedbViews::open(&RealFiles, &data.join("views/views.redb"), std::sync::Arc::new(InlineWorkers))
            .unwrap();
    let view = ViewName::in_form("audit", 2);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let page = Page { prefix: b"entry/", after: None, limit: 1 };
        let Document { key, document } = views.scan(view, page).await.unwrap().remove(0);
        let mut forged = document.to_vec();
        *forged.last_mut().unwrap() ^= 1;
        let writes = vec![ViewWrite::Put { key, document: forged.into() }];
        let fold = Fold { partition: PartitionId::new(999), next: Offset::new(2), writes };
        assert!(views.apply(view, fold).await.unwrap());
        views.flush().await.unwrap();
    });
}
