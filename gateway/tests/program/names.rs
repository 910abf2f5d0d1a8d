//! Names and bounds that users, scripts and older programs rely on, through the real binary.
//!
//! Invariant: each test sends what somebody else would, and looks at what came of it. What is behind a name is tested where
//! it is.

use serde_json::{Value, json};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;

use super::client::{PASSWORD, make_key, post_json, register, send, ship, start_with, wait_for};
use super::running::{Running, wait};
use super::socket_client::stream;
use super::uploads::{ask, ended, form, get, gzip, lines, post, status, upload};

const NDJSON: &str = "application/x-ndjson";
const OPERATOR: &str = "an operator's own token";

#[test]
fn who_registers_chooses_neither_role_nor_tenant_and_may_call_the_second_password_as_before() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, _) = register(&running, "ann");
    let tenant = get(&running, "/api/tenant/", &ann)["id"].clone();
    let body = json!({
        "username": "eve", "email": "eve@example.org", "password": PASSWORD, "password2": PASSWORD,
        "role": "superadmin", "tenant_id": tenant,
    });
    let eve = post_json(&running, "/api/auth/register/", None, &body);
    assert_eq!(eve["user"]["role"], "admin", "{eve}");
    assert_ne!(eve["tenant"]["id"], tenant, "{eve}");
    let body =
        json!({"username": "bob", "email": "bob@example.org", "password": PASSWORD, "password2": "other"});
    assert_eq!(ask(&running, "POST", "/api/auth/register/", "", &body).0, 422, "it is compared");
}

#[test]
fn defaults_of_the_address_are_found_by_every_name_of_their_filter() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, key) = register(&running, "ann");
    let defaults = "source=nginx&environment=staging&host=web-1&tags=blue,eu&service=shop&level=error";
    let headers = format!("\r\nAuthorization: Bearer {key}\r\nContent-Type: {NDJSON}");
    let body = b"{\"message\":\"one\"}\n{\"message\":\"two\",\"source\":\"own\",\"host\":\"own\",\"environment\":\"own\",\
                 \"service\":\"own\",\"tags\":[\"own\"],\"level\":\"info\"}\n";
    let sent = send(&running, "POST", &format!("/api/logs/bulk/?{defaults}"), &headers, body);
    assert!(sent.head.starts_with("HTTP/1.1 200"), "{}", sent.body);
    wait_for(&running, &ann, "*", 2);
    for (names, value) in [
        (&["source"][..], "nginx"),
        (&["environment", "env"], "staging"),
        (&["host", "hostname"], "web-1"),
        (&["service", "service_name"], "shop"),
        (&["level", "levels"], "error"),
    ] {
        for name in names {
            for path in ["/api/logs/search/", "/api/search/", "/api/v1/search", "/api/logs/"] {
                let found = get(&running, &format!("{path}?{name}={value}"), &ann);
                let messages: Vec<&Value> =
                    found["results"].as_array().unwrap().iter().map(|line| &line["message"]).collect();
                assert_eq!(messages, ["one"], "{path} {name}: {found}");
            }
        }
    }
    // Tags of the address are added to those of lines.
    for (name, value, count) in [("tags", "blue", 2), ("tag", "eu", 2), ("tag", "own", 1)] {
        let found = get(&running, &format!("/api/logs/search/?{name}={value}"), &ann);
        assert_eq!(found["total"], count, "{name}={value}: {found}");
    }
    let posted = ask(&running, "POST", "/api/search/", &ann, &json!({"query": "two", "include": "raw_log"}));
    let line = &posted.1["results"][0];
    assert_eq!((posted.0, &posted.1["total"]), (200, &json!(1)));
    assert!(line["raw_log"].as_str().unwrap().starts_with("{\"message\":\"two\"") && line["raw"].is_null());
    let detail = get(&running, &format!("/api/logs/{}/", line["id"].as_str().unwrap()), &ann);
    assert_eq!((&detail["raw"], &detail["raw_log"]), (&line["raw_log"], &line["raw_log"]));
    assert_eq!(get(&running, "/api/logs/?query=one", &ann)["total"], 1);
}

#[test]
fn a_bulk_names_its_first_hundred_errors_and_counts_all() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (_, key) = register(&running, "ann");
    let body = [&b"{\"message\":\"good\"}\n"[..], &b"{broken\n".repeat(150)].concat();
    let (status, answer) = ship(&running, &key, NDJSON, &body);
    assert_eq!((status, &answer["accepted"], &answer["rejected"]), (207, &json!(1), &json!(150)));
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!((errors.len(), &errors[0]["line"], &errors[99]["line"]), (100, &json!(2), &json!(101)));
}

#[test]
fn a_socket_is_filtered_by_where_lines_come_from_and_closed_by_its_client() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, key) = register(&running, "ann");
    let line = |text: &str, name: &str, value: &str| {
        let mut line = json!({"message": text, "source": "a", "service": "a", "environment": "a"});
        line[name] = json!(value);
        line.to_string().into_bytes()
    };
    let mut socket = stream(&running, &ann, "");
    for name in ["source", "service", "environment"] {
        socket.say(&json!({"type": "set_filters", "filters": {name: "wanted"}}));
        assert_eq!(socket.expect("filters_updated")["filters"][name], "wanted");
        let (other, wanted) = (line("other", name, "b"), line("this one", name, "wanted"));
        assert_eq!(ship(&running, &key, NDJSON, &[&other[..], &wanted].join(&b'\n')).0, 200);
        assert_eq!(socket.lines(1).0, ["this one"], "{name}");
    }
    socket.0.close(Some(CloseFrame { code: CloseCode::Normal, reason: "done".into() })).unwrap();
    assert_eq!(socket.end().0, 1000);
}

#[test]
fn a_service_account_sends_over_http_and_tcp() {
    use std::io::Write as _;
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, _) = register(&running, "ann");
    let machine = json!({"name": "shipper", "role": "developer"});
    let machine = post_json(&running, "/api/tenant/service-accounts/", Some(&ann), &machine);
    let key = json!({"name": "k", "scopes": ["ingest"], "service_account": machine["id"]});
    let key = post_json(&running, "/api/users/profile/api-keys/", Some(&ann), &key);
    let key_text = key["key"].as_str().unwrap();
    assert_eq!(ship(&running, key_text, "text/plain", b"giraffe by http\n").0, 200);
    let mut tcp = std::net::TcpStream::connect(running.port("tcp")).unwrap();
    tcp.write_all(format!("{{\"token\":\"{key_text}\"}}\ngiraffe by tcp\n").as_bytes()).unwrap();
    drop(tcp);
    wait_for(&running, &ann, "giraffe", 2);
    let keys = get(&running, "/api/users/profile/api-keys/", &ann);
    let used = keys["results"].as_array().unwrap().iter().find(|one| one["id"] == key["id"]).unwrap();
    assert!(used["last_used"].is_string() && used["last_used"] == used["last_used_at"], "{used}");
    let off = ask(
        &running,
        "PATCH",
        &format!("/api/tenant/service-accounts/{}/", machine["id"].as_str().unwrap()),
        &ann,
        &json!({"active": false}),
    );
    assert_eq!((off.0, ship(&running, key_text, "text/plain", b"giraffe\n").0), (200, 401), "{}", off.1);
}

#[test]
fn small_bodies_may_be_compressed_and_bombs_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, _) = register(&running, "ann");
    let sent = |method: &str, path: &str, encoding: &str, body: &[u8]| {
        let headers = format!(
            "\r\nAuthorization: Bearer {ann}\r\nContent-Type: application/json\r\nContent-Encoding: {encoding}"
        );
        send(&running, method, path, &headers, body)
    };
    let renamed = sent("PATCH", "/api/tenant/", "gzip", &gzip(br#"{"name":"Giraffes"}"#));
    assert_eq!(renamed.json()["name"], "Giraffes", "{}", renamed.body);
    let zstd = zstd::encode_all(&br#"{"q":"level:error"}"#[..], 1).unwrap();
    assert_eq!(sent("POST", "/api/logs/search/", "zstd", &zstd).json()["query"], "level:error");
    let bomb = gzip(&vec![b' '; 20 << 20]);
    for path in ["/api/logs/search/", "/api/auth/login/", "/api/tenant/invitations/"] {
        let refused = sent("POST", path, "gzip", &bomb);
        assert!(refused.head.starts_with("HTTP/1.1 413"), "{path}: {}", refused.head);
        assert!(
            refused.body.contains("when it is inflated") || refused.body.contains("more than"),
            "{}",
            refused.body
        );
    }
    assert!(sent("PATCH", "/api/tenant/", "br", b"x").head.starts_with("HTTP/1.1 415"));
}

#[test]
fn put_and_patch_are_both_taken_and_retention_keeps_what_a_patch_does_not_name() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, _) = register(&running, "ann");
    let asked = |method: &str, path: &str, body: Value| ask(&running, method, path, &ann, &body);
    assert_eq!(asked("PUT", "/api/tenant/", json!({"name": "Zebras"})).1["name"], "Zebras");
    let streams = json!([{"stream": "logs-nginx-*", "days": 7}]);
    let at = "/api/tenant/retention/";
    assert_eq!(asked("PUT", at, json!({"days": 30, "streams": streams})).1["days"], 30);
    let (code, patched) = asked("PATCH", at, json!({"days": 20}));
    assert_eq!((code, &patched["days"], &patched["streams"]), (200, &json!(20), &streams), "{patched}");
    assert_eq!(asked("PATCH", at, json!({"streams": []})).1["days"], 20);
    assert_eq!(
        asked("PUT", at, json!({"streams": streams})).1["days"],
        90,
        "what a PUT does not name is as ever"
    );
}

#[test]
fn a_stored_file_has_its_older_addresses_and_is_asked_for_by_all_that_is_known_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let ((ann, _), (bob, _)) = (register(&running, "ann"), register(&running, "bob"));
    let text = b"{\"time\":\"2026-03-01T08:00:00Z\",\"level\":\"error\",\"message\":\"early\"}\n\
                 {\"time\":\"2026-03-02T08:00:00Z\",\"level\":\"info\",\"message\":\"late\"}\n";
    let id =
        upload(&running, &ann, &[("service_name", "shop"), ("environment", "staging")], "a.ndjson", text);
    let other = upload(&running, &ann, &[("service_name", "other")], "b.log", b"one\n");
    [&id, &other].iter().for_each(|id| drop(ended(&running, &ann, id)));
    lines(&running, &ann, &id, 2);
    let total = |query: &str| get(&running, &format!("/api/logs/metadata/?{query}"), &ann)["total"].clone();
    for query in
        ["status=success&service_name=shop", "status=completed&service=shop", "status=SUCCESS&search=a.nd"]
    {
        assert_eq!(total(query), 1, "{query}");
    }
    for (group_by, keys) in [("environment", 2), ("day", 1), ("hour", 1)] {
        let stats = get(
            &running,
            &format!("/api/logs/metadata/stats/?group_by={group_by}&start=now-1h&end=now"),
            &ann,
        );
        let groups = stats["groups"].as_array().unwrap();
        // Midnight, or a full hour, may be between the two.
        assert!((keys..=keys + usize::from(keys == 1)).contains(&groups.len()), "{group_by}: {stats}");
        let sum: u64 = groups.iter().map(|group| group["total_uploads"].as_u64().unwrap()).sum();
        assert_eq!(sum, 2, "{stats}");
    }
    let before = get(&running, "/api/logs/metadata/stats/?start=now-2d&end=now-1d", &ann);
    assert_eq!(before["total_uploads"], 0, "{before}");
    for path in [format!("/api/logs/{id}"), format!("/api/v1/logs/metadata/{id}")] {
        let found = |query: &str| -> Vec<Value> {
            let page = get(&running, &format!("{path}/content/?{query}"), &ann);
            page["results"].as_array().unwrap().iter().map(|line| line["message"].clone()).collect()
        };
        assert_eq!(found("level=error"), ["early"]);
        assert_eq!(found("start=2026-03-02"), ["late"]);
        assert_eq!(found("end=2026-03-01"), ["early"]);
        let download = send(
            &running,
            "GET",
            &format!("{path}/download/"),
            &format!("\r\nAuthorization: Bearer {ann}"),
            b"",
        );
        assert_eq!(download.body.as_bytes(), text);
        assert_eq!(ask(&running, "GET", &format!("{path}/download/"), &bob, &Value::Null).0, 404);
    }
    let old = format!("/api/logs/{id}/");
    let change = json!({"description": "of March"});
    assert_eq!(ask(&running, "PATCH", &old, &bob, &change).0, 404);
    assert_eq!(ask(&running, "PATCH", &old, &ann, &change).1["description"], "of March");
    assert_eq!(ask(&running, "DELETE", &old, &bob, &Value::Null).0, 404);
    assert_eq!(ask(&running, "DELETE", &old, &ann, &Value::Null).0, 204);
    assert_eq!(total(""), 1);
}

#[test]
fn an_upload_is_started_retried_and_passes_and_ten_files_are_the_most_of_a_request() {
    let dir = tempfile::tempdir().unwrap();
    let settings = "[limits.upload]\njobs_max = 1\nretry_after = \"200 ms\"\n";
    let running = start_with(dir.path(), settings);
    let (ann, _) = register(&running, "ann");
    let many: Vec<(&str, &[u8])> = vec![("a.log", b"one\n"); 11];
    let (code, refused) = post(&running, &ann, "/api/logs/upload/", &form(&[], &many));
    assert_eq!(code, 413, "{refused}");
    assert!(
        refused["error"]["message"].as_str().unwrap().contains("a request may bring 10 files"),
        "{refused}"
    );
    // It keeps the only place, so that the next one waits and its file can be taken away.
    let long: Vec<u8> = (0..300_000).flat_map(|n| format!("{{\"n\":{n}}}\n").into_bytes()).collect();
    let first = upload(&running, &ann, &[], "long.ndjson", &long);
    let second = upload(&running, &ann, &[], "short.log", b"one\ntwo\n");
    let tenant = get(&running, "/api/tenant/", &ann)["id"].as_str().unwrap().to_owned();
    let (stored, away) =
        (dir.path().join("data/uploads").join(tenant).join(&second), dir.path().join("away"));
    std::fs::rename(&stored, &away).unwrap();
    wait(|| (status(&running, &ann, &first)["status"] == "STARTED").then_some(()));
    wait(|| (status(&running, &ann, &second)["status"] == "RETRY").then_some(()));
    std::fs::rename(&away, &stored).unwrap();
    let now = ended(&running, &ann, &second);
    assert_eq!((&now["status"], &now["result"]["indexed"]), (&json!("SUCCESS"), &json!(2)), "{now}");
    assert_eq!(ended(&running, &ann, &first)["status"], "SUCCESS");
}

#[test]
fn an_operator_finds_what_older_programs_ask_for_before_and_while_lines_come_in() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), &format!("[listeners]\noperator_token = \"{OPERATOR}\"\n"));
    let (ann, key) = register(&running, "ann");
    let asked = |method: &str, path: &str| ask(&running, method, path, OPERATOR, &Value::Null);
    let (code, indexes) = asked("POST", "/api/admin/initialize-indexes/");
    assert_eq!(
        (code, &indexes["created"], &indexes["existing"][0]["name"]),
        (200, &json!([]), &json!("index"))
    );
    let (code, views) = asked("POST", "/api/admin/initialize-metadata-indexes/");
    let tenants =
        views["existing"].as_array().unwrap().iter().find(|view| view["name"] == "tenants").unwrap();
    assert_eq!((code, &tenants["entries"]), (200, &json!(1)), "{views}");
    let at = "/api/logs/logstash/monitor";
    assert_eq!(asked("GET", &format!("{at}/health/")).1["status"], "ok");
    assert_eq!(ship(&running, &key, "text/plain", b"one\ntwo\n").0, 200);
    let stats = || asked("GET", &format!("{at}/stats/")).1;
    assert_eq!((&stats()["lines"], &stats()["requests"]), (&json!(2), &json!(1)));
    assert_eq!(asked("DELETE", &format!("{at}/stats/")).0, 204);
    assert_eq!(stats()["lines"], 0);
    assert_eq!(ship(&running, &key, "text/plain", b"three\n").0, 200);
    assert_eq!(stats()["lines"], 1, "counting has begun anew");
    let (_, config) = asked("GET", &format!("{at}/config/"));
    assert!(config["listeners"]["tcp"].is_string(), "{config}");
    assert!(!config.to_string().contains(OPERATOR));
    assert_eq!(asked("POST", &format!("{at}/test/")).1["success"], true);
    for path in ["health", "stats", "config"] {
        assert_eq!(ask(&running, "GET", &format!("{at}/{path}/"), &ann, &Value::Null).0, 403, "{path}");
    }
    let reader = make_key(&running, &ann, &["read"]);
    assert_eq!(ask(&running, "POST", "/api/admin/initialize-indexes/", &reader, &Value::Null).0, 403);
}
