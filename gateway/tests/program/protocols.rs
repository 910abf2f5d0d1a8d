//! Lines by the protocols of other programs, through the real binary: Elasticsearch's `_bulk`, OTLP, syslog. The programs
//! themselves send in the tests of `simulations`.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{found, post_json, register, send, start_with, wait_for};
use super::running::{Answer, Running, wait};

/// Far above what a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(60);
const NDJSON: &str = "\r\nContent-Type: application/x-ndjson";

fn ask(running: &Running, key: &str, asked: (&str, &str), headers: &str, body: &str) -> Answer {
    let headers = format!("{headers}\r\nAuthorization: ApiKey {key}");
    send(running, asked.0, asked.1, &headers, body.as_bytes())
}

fn status(answer: &Answer) -> &str {
    &answer.head[9..12]
}

#[test]
fn each_item_of_a_bulk_is_answered_and_its_id_leads_to_the_line() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, key) = register(&running, "ann");
    let (bob, _) = register(&running, "bob");
    let body = "{\"create\":{\"_index\":\"logs-zoo-pt\"}}\n{\"message\":\"a hippo\",\"level\":\"error\"}\n\
                {\"index\":{\"_index\":\"filebeat-7.17.29-2026.11.23\",\"_id\":\"own\"}}\n7\n\
                {\"update\":{\"_id\":\"x\"}}\n{\"doc\":{}}\n\
                {\"index\":{\"_index\":\"filebeat-7.17.29-2026.11.23\",\"_id\":\"own\"},\"extra\":null}\n{\"message\":\"another hippo\"}\n";
    let accept = "\r\nAccept: application/vnd.elasticsearch+json; compatible-with=9";
    let kind = "\r\nContent-Type: application/vnd.elasticsearch+x-ndjson; compatible-with=9";
    let answer = ask(&running, &key, ("PUT", "/_bulk?refresh=true"), &format!("{kind}{accept}"), body);
    assert_eq!(status(&answer), "200", "{}", answer.body);
    assert!(answer.head.contains("\r\nx-elastic-product: Elasticsearch"), "{}", answer.head);
    assert!(answer.head.contains("application/vnd.elasticsearch+json; compatible-with=9"), "{}", answer.head);
    let answer = answer.json();
    assert_eq!(answer["errors"], true);
    let items = answer["items"].as_array().unwrap();
    let statuses: Vec<u64> = items
        .iter()
        .map(|item| item.as_object().unwrap().values().next().unwrap()["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [201, 400, 400, 201], "{answer}");
    assert_eq!(
        (&items[1]["index"]["error"]["type"], &items[3]["index"]["_id"]),
        (&json!("invalid_json"), &json!("own"))
    );
    assert!(items[2]["update"]["error"]["reason"].as_str().unwrap().contains("not changed"), "{answer}");

    wait_for(&running, &ann, "hippo", 2);
    assert_eq!(found(&running, &bob, "hippo")["total"], 0);
    assert_eq!(found(&running, &ann, "data_stream.dataset:filebeat")["total"], 1);
    let id = items[0]["create"]["_id"].as_str().unwrap();
    let line = ask(&running, &ann, ("GET", &format!("/api/logs/{id}/")), "", "").json();
    assert_eq!(
        (&line["message"], &line["arrival"]["protocol"]),
        (&json!("a hippo"), &json!("elasticsearch")),
        "{line}"
    );
    let letters = ask(&running, &ann, ("GET", "/api/logs/dead-letters/"), "", "").json();
    assert_eq!((&letters["total"], &letters["results"][0]["line"]), (&json!(1), &json!(2)), "{letters}");
}

#[test]
fn a_bulk_that_cannot_be_taken_apart_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, key) = register(&running, "ann");
    let check = |asked: (&str, &str), body: &str, expected: &str, part: &str| {
        let answer = ask(&running, &key, asked, NDJSON, body);
        assert_eq!(status(&answer), expected, "{asked:?} {body}: {}", answer.body);
        assert!(answer.body.contains(part), "{asked:?} {body}: {}", answer.body);
    };
    check(
        ("POST", "/_bulk"),
        "{\"index\":{}}\n{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n",
        "400",
        "line 3 of the body",
    );
    check(("POST", "/_bulk"), "{\"index\":{}}\n", "400", "the document of line 1 is missing");
    check(("POST", "/logs-a-b/_bulk"), "", "400", "the body is empty");
    check(("POST", "/logs-a-b/_doc"), "7", "400", "7");
    check(("GET", "/_bulk"), "", "405", "does not take GET");
    assert_eq!(found(&running, &ann, "*")["total"], 0);
    check(("POST", "/logs-a-b/_doc"), "{\"message\":\"a gnu\"}", "201", "\"result\":\"created\"");
    check(("PUT", "/logs-a-b/_create/7"), "{\"message\":\"a gnu\"}", "201", "\"_id\":\"7\"");
    wait_for(&running, &ann, "gnu", 2);
    let answer = send(&running, "POST", "/_bulk", NDJSON, b"{}");
    assert_eq!(status(&answer), "401", "{}", answer.body);
}

#[test]
fn a_key_that_is_kept_to_streams_writes_to_no_other_index() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, _) = register(&running, "ann");
    let key = json!({"name": "kept", "scopes": ["ingest"], "streams": ["logs-*-pt"]});
    let key = post_json(&running, "/api/users/profile/api-keys/", Some(&ann), &key);
    let key = key["key"].as_str().unwrap();
    let document = |index: &str| {
        ask(&running, key, ("POST", &format!("/{index}/_doc")), "", "{\"message\":\"a rhino\"}")
    };
    assert_eq!(status(&document("logs-shop-pt")), "201");
    for other in ["logs-shop-en", "logs-shop", "shop"] {
        assert_eq!(status(&document(other)), "403", "{other}");
    }
    wait_for(&running, &ann, "rhino", 1);
}

#[test]
fn what_clients_of_elasticsearch_ask_first_is_answered_and_a_browser_gets_the_page() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (_, key) = register(&running, "ann");
    let greeting = ask(&running, &key, ("GET", "/"), "\r\nAccept: application/json", "");
    assert!(greeting.head.contains("\r\nx-elastic-product: Elasticsearch"), "{}", greeting.head);
    assert_eq!(greeting.json()["version"]["build_flavor"], "default");
    let page = ask(&running, &key, ("GET", "/"), "\r\nAccept: text/html,application/json", "");
    assert!(!page.head.contains("x-elastic-product"), "{}", page.head);
    let asked = |path: &str| ask(&running, &key, ("GET", path), "", "");
    assert_eq!(asked("/_license").json()["license"]["status"], "active");
    assert_eq!(asked("/_xpack").json()["features"]["ilm"]["available"], false);
    assert_eq!(asked("/_cluster/health?wait_for_status=yellow").json()["status"], "green");
    assert!(asked("/_cat/health").body.contains(" green "));
    assert_eq!(status(&ask(&running, &key, ("HEAD", "/_index_template/filebeat"), "", "")), "200");
    let put = ask(&running, &key, ("PUT", "/_index_template/filebeat"), "", "{}");
    assert_eq!(put.json(), json!({"acknowledged": true}));
    assert_eq!(status(&send(&running, "GET", "/_license", "", b"")), "401");
}

#[test]
fn log_records_of_otlp_are_lines() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, key) = register(&running, "ann");
    let record = |message: &str| json!({"severityNumber": 17, "body": {"stringValue": message}});
    let request = |records: Value| {
        let resource = json!({"attributes": [{"key": "service.name", "value": {"stringValue": "zoo"}}]});
        json!({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}]}]}).to_string()
    };
    let export = |kind: &str, body: &str| {
        ask(&running, &key, ("POST", "/v1/logs"), &format!("\r\nContent-Type: {kind}"), body)
    };
    let answer = export("application/json", &request(json!([record("a hippo"), record("two hippos")])));
    assert_eq!((status(&answer), answer.body.as_str()), ("200", "{}"));
    wait_for(&running, &ann, "hippo*%20level:error%20service:zoo", 2);
    let long = export("application/json", &request(json!([record("a gnu"), record(&"x".repeat(3 << 20))])));
    let partial = &long.json()["partialSuccess"];
    assert_eq!(partial["rejectedLogRecords"], 1, "{partial}");
    assert!(partial["errorMessage"].as_str().unwrap().starts_with("record 2: the line has"), "{partial}");
    wait_for(&running, &ann, "gnu", 1);
    let answer = export("application/x-protobuf", "");
    assert_eq!((status(&answer), answer.body.as_str()), ("200", ""));
    assert!(answer.head.contains("application/x-protobuf"), "{}", answer.head);
    let refused = |kind: &str, body: &str, expected: &str| {
        assert_eq!(status(&export(kind, body)), expected, "{kind} {body}")
    };
    refused("application/x-protobuf", "no protobuf", "400");
    refused("application/json", "[1]", "400");
    refused("text/plain", "{}", "415");
}

/// Sends everything, says that this was all, and reads the answer to its end.
fn tell(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn message(key: &str, text: &str) -> String {
    format!("<11>1 2026-11-23T10:00:00Z web-1 shop 42 - [antler token=\"{key}\"] {text}")
}

#[test]
fn syslog_belongs_to_the_tenant_of_the_token_in_it_and_the_token_is_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, ann_key) = register(&running, "ann");
    let (bob, bob_key) = register(&running, "bob");
    let hippo = message(&ann_key, "a hippo\nof two lines");
    let stream = format!(
        "{} {hippo}{}\n{}\n{}",
        hippo.len(),
        message(&bob_key, "a rhino"),
        message(&ann_key, "another hippo"),
        message(&ann_key, &"x".repeat(3 << 20)),
    );
    assert_eq!(tell(running.port("syslog"), stream.as_bytes()), "");
    wait_for(&running, &ann, "hippo%20host:web-1%20service:shop%20level:error", 2);
    wait_for(&running, &bob, "rhino", 1);
    assert_eq!(found(&running, &bob, "hippo")["total"], 0);
    let lines = ask(&running, &ann, ("GET", "/api/logs/search/?include=raw&q=hippo"), "", "");
    assert!(lines.body.contains("of two lines") && !lines.body.contains(&ann_key), "{}", lines.body);
    let letters = ask(&running, &ann, ("GET", "/api/logs/dead-letters/"), "", "").json();
    assert_eq!(
        (&letters["total"], &letters["results"][0]["code"]),
        (&json!(1), &json!("line_too_long")),
        "{letters}"
    );
    let letter = letters["results"][0]["id"].as_str().unwrap();
    let letter = ask(&running, &ann, ("GET", &format!("/api/logs/dead-letters/{letter}/")), "", "").body;
    assert!(letter.contains("xxx") && !letter.contains(&ann_key), "{}", &letter[..200]);

    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(message(&ann_key, "a gnu").as_bytes(), running.port("syslog")).unwrap();
    wait_for(&running, &ann, "gnu", 1);
    let figures = wait(|| {
        let text = send(&running, "GET", "/metrics", "", b"").body;
        Some(text).filter(|text| text.contains("antler_ingest_lines_total{protocol=\"syslog_udp\"} 1"))
    });
    assert!(figures.contains("antler_ingest_lines_total{protocol=\"syslog_tcp\"} 3"), "{figures}");
}

#[test]
fn syslog_of_nobody_is_refused_unless_the_listener_is_a_tenants() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(&dir.path().join("data"), &[]);
    let (ann, key) = register(&running, "ann");
    let plain = b"<30>Nov 23 10:00:00 web-1 cron[7]: a hippo\n";
    let refused: Value = serde_json::from_str(&tell(running.port("syslog"), plain)).unwrap();
    assert_eq!(refused["error"]["code"], "unauthorized");
    assert!(refused["error"]["message"].as_str().unwrap().contains("listeners.syslog_tenant"), "{refused}");
    let wrong = message("antler_no_key", "a hippo");
    let good = message(&key, "a tapir before a wrong token");
    let both = format!("{good}\n{wrong}\n{good}\n");
    assert!(tell(running.port("syslog"), both.as_bytes()).contains("unauthorized"));
    wait_for(&running, &ann, "tapir", 1);
    let tenant =
        ask(&running, &ann, ("GET", "/api/tenant/"), "", "").json()["id"].as_str().unwrap().to_owned();
    drop(running);

    let running = start_with(dir.path(), &format!("[listeners]\nsyslog_tenant = {tenant:?}\n"));
    assert_eq!(tell(running.port("syslog"), plain), "");
    wait_for(&running, &ann, "hippo%20service:cron", 1);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(b"from a device that knows no syslog", running.port("syslog")).unwrap();
    wait_for(&running, &ann, "device", 1);
}
