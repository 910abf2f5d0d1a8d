//! The SDKs of OpenTelemetry for Python and JavaScript send log records over HTTP, in Protobuf with gzip and in JSON.

use antler_simulations::servers::scratch;
use serde_json::Value;

use super::site::{Site, Tenant, answer_of, node, numbers, python, text};

#[test]
#[ignore = "needs a release build, Python, Node and, for the first time, the network"]
fn log_records_of_opentelemetry_keep_all_that_they_say() {
    let folder = scratch().unwrap();
    let site = Site::start(folder.path());
    let (ann, bob) = (site.register("ann"), site.register("bob"));
    let environment = [
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", format!("{}/v1/logs", site.url())),
        ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", format!("Authorization=Bearer%20{}", ann.key)),
        ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", String::from("gzip")),
        ("OTEL_SERVICE_NAME", String::from("shop")),
        ("OTEL_RESOURCE_ATTRIBUTES", String::from("host.name=h1")),
    ];
    let mut python = python("opentelemetry", "otel.py");
    python.arg("py").envs(environment.clone());
    let mut node = node(folder.path(), "otel.mjs");
    node.arg("js").envs(environment);
    std::thread::scope(|scope| {
        let ann = &ann;
        scope.spawn(move || check("py", &answer_of(&mut python), ann));
        scope.spawn(move || check("js", &answer_of(&mut node), ann));
    });
    assert_eq!(bob.search("*"), Vec::<Value>::new());
}

fn check(tag: &str, answer: &Value, tenant: &Tenant) {
    let said = || answer.to_string();
    let lines = tenant.wait_for_lines(&format!("\"of {tag}\""), 100, &said);
    assert_eq!(numbers(&lines), (1..=100).collect::<Vec<u32>>(), "{tag}");
    let line = tenant.wait_for_line(&format!("\"number=7 of {tag}\""), &said);
    assert_eq!(text(&line, "message"), format!("number=7 of {tag}"));
    let about = (text(&line, "level"), text(&line, "service"), text(&line, "host"));
    assert_eq!(about, ("error", "shop", "h1"), "{line:#}");
    assert_ne!(line["timestamp"], line["received_at"], "{line:#}");
    let shown = line.to_string();
    for expected in ["basket.size", "shop.basket", "1.5", "true"] {
        assert!(shown.contains(expected), "{expected} is not in {line:#}");
    }
    for id in ["trace_id", "span_id"] {
        if let Some(id) = answer[id].as_str() {
            assert!(shown.contains(id), "{id} is not in {line:#}");
        }
    }
}
