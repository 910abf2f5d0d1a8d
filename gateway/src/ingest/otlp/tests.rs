//! What a batch of log records becomes, and what a broken one is told.
//!
//! Invariant: the same records in Protobuf and in JSON are the same lines.
//! It does not open a socket: how a request is answered is tried where it is answered.

use antler_config::limits::LineLimits;
use antler_events::line::LineBatch;
use serde_json::{Value, json};

use super::message::{AnyValue, KeyValue, LogRecord, Resource, Scope, ScopeLogs};
use super::*;

fn lines(body: &[u8], form: Form) -> Result<Vec<Value>, String> {
    let known = KnownNames::new(LineLimits::default());
    let decoded = decode(&Bytes::copy_from_slice(body), form, &known, Timestamp::from_nanos(0));
    let decoded = decoded.map_err(|error| error.to_string())?;
    assert!(decoded.rejected.is_empty(), "{:?}", decoded.rejected);
    let lines = decoded.batches.iter().flat_map(LineBatch::lines);
    Ok(lines.map(|line| serde_json::from_slice(line.raw()).unwrap()).collect())
}

fn of_json(body: &Value) -> Vec<Value> {
    lines(body.to_string().as_bytes(), Form::Json).unwrap()
}

fn records(records: &Value) -> Value {
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
}

#[test]
fn a_record_is_a_line_with_all_that_was_said_of_it() {
    let body = json!({"resourceLogs": [{
        "resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "checkout"}},
            {"key": "message", "value": {"stringValue": "of the resource"}},
        ]},
        "scopeLogs": [{
            "scope": {"name": "cart", "version": "2", "attributes": [{"key": "a", "value": {"boolValue": true}}]},
            "logRecords": [{
                "timeUnixNano": "1780000000123456789", "observedTimeUnixNano": 1_780_000_001_000_000_000_i64,
                "severityNumber": 17, "severityText": "ERROR", "body": {"stringValue": "card was refused"},
                "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "eee19b7ec3c1b174", "flags": 1,
                "attributes": [
                    {"key": "http.status", "value": {"intValue": "502"}},
                    {"key": "a", "value": {"arrayValue": {"values": [{"doubleValue": 0.5}, {}]}}},
                    {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"bytesValue": "AQI="}}]}}},
                ],
                "unknown": {"is": "passed over"},
            }],
        }],
    }]});
    let expected = json!({
        "@timestamp": "2026-05-28T20:26:40.123456789Z", "observed_timestamp": "2026-05-28T20:26:41.000Z",
        "level": "ERROR", "severity_number": 17, "message": "card was refused",
        "trace_id": "5b8efff798038103d269b633813fc60c", "span_id": "eee19b7ec3c1b174", "trace_flags": 1,
        "http.status": 502, "a": [0.5, null], "map": {"k": "AQI="}, "scope.name": "cart", "scope.version": "2",
        "scope.a": true, "service.name": "checkout", "resource.message": "of the resource",
    });
    assert_eq!(of_json(&body), [expected]);
}

#[test]
fn protobuf_and_json_say_the_same() {
    let text = |text: &str| Some(AnyValue { value: Some(message::Value::Text(text.to_owned())) });
    let pair = |key: &str, value: &str| KeyValue { key: key.to_owned(), value: text(value) };
    let record = LogRecord {
        observed_time_unix_nano: 1_780_000_000_000_000_000,
        severity_number: 9,
        body: text("up"),
        attributes: vec![pair("k", "v")],
        trace_id: vec![1; 16],
        ..LogRecord::default()
    };
    let scope = Scope { name: "s".to_owned(), ..Scope::default() };
    let scope_logs = vec![ScopeLogs { scope: Some(scope), log_records: vec![record.clone(), record] }];
    let resource = Some(Resource { attributes: vec![pair("host.name", "web-1")] });
    let resource_logs = vec![ResourceLogs { resource, scope_logs, library_logs: Vec::new() }];
    let by_protobuf = lines(&LogsRequest { resource_logs }.encode_to_vec(), Form::Protobuf).unwrap();
    let in_json = json!({
        "observed_time_unix_nano": "1780000000000000000", "severity_number": 9, "body": {"string_value": "up"},
        "attributes": [{"key": "k", "value": {"string_value": "v"}}], "trace_id": "01".repeat(16),
    });
    let by_json = of_json(&json!({"resource_logs": [{
        "resource": {"attributes": [{"key": "host.name", "value": {"stringValue": "web-1"}}]},
        "scope_logs": [{"scope": {"name": "s"}, "log_records": [in_json, in_json]}],
    }]}));
    assert_eq!(by_protobuf, by_json);
    assert_eq!(
        (by_json.len(), &by_json[0]["level"], &by_json[0]["host.name"]),
        (2, &json!("info"), &json!("web-1"))
    );
}

#[test]
fn a_level_is_that_of_the_text_or_else_of_the_number() {
    let check = |number: i32, text: &str, expected: Value| {
        let body = records(&json!([{"severityNumber": number, "severityText": text}]));
        assert_eq!(of_json(&body), [expected], "{number} {text}");
    };
    check(0, "", json!({}));
    check(13, "", json!({"level": "warning", "severity_number": 13}));
    check(24, "", json!({"level": "critical", "severity_number": 24}));
    check(9, "WARN", json!({"level": "WARN", "severity_number": 9}));
    check(21, "Disaster", json!({"level": "critical", "severity_text": "Disaster", "severity_number": 21}));
    check(0, "Disaster", json!({"level": "Disaster"}));
    check(99, "Disaster", json!({"level": "Disaster", "severity_number": 99}));
    check(i32::MIN, "", json!({"severity_number": i32::MIN}));
}

#[test]
fn names_that_come_twice_are_all_kept() {
    let twice = |key: &str| json!({"key": key, "value": {"intValue": 1}});
    let keys = ["level", "k", "k", "k"].map(twice);
    let line = &of_json(&records(&json!([{"severityNumber": 1, "attributes": keys}])))[0];
    let names: Vec<&String> = line.as_object().unwrap().keys().collect();
    let expected =
        ["level", "severity_number", "attributes.level", "k", "attributes.k", "attributes.attributes.k"];
    assert_eq!(names, expected);
}

#[test]
fn values_that_json_does_not_hold_are_texts() {
    let value = |value: Value| json!({"key": "k", "value": value});
    let check = |given: Value, expected: Value| {
        let line = &of_json(&records(&json!([{"attributes": [value(given)]}])))[0];
        assert_eq!(line["k"], expected);
    };
    check(json!({"doubleValue": "NaN"}), json!("NaN"));
    check(json!({"doubleValue": "-Infinity"}), json!("-inf"));
    check(json!({"doubleValue": 3}), json!(3.0));
    check(json!({"intValue": i64::MIN}), json!(i64::MIN));
    check(json!({}), Value::Null);
    let body =
        of_json(&records(&json!([{"body": {"kvlistValue": {"values": [value(json!({"intValue": 7}))]}}}])));
    assert_eq!(body, [json!({"body": {"k": 7}})]);
}

#[test]
fn a_body_that_is_no_otlp_is_refused_with_the_reason() {
    let check = |body: &[u8], form: Form, expected: &str| {
        let message = lines(body, form).unwrap_err();
        assert!(
            message.starts_with("the body is no OTLP of logs: ") && message.contains(expected),
            "{message}"
        );
    };
    check(b"{\"resourceLogs\":7}", Form::Json, "expected a sequence");
    check(b"{\"resourceLogs\":[", Form::Json, "EOF");
    let broken =
        |field: &str| format!("{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{{{field}}}]}}]}}]}}");
    check(broken("\"timeUnixNano\":\"soon\"").as_bytes(), Form::Json, "\"soon\" is no number");
    check(broken("\"traceId\":\"xyz\"").as_bytes(), Form::Json, "\"xyz\" is no hexadecimal id");
    check(b"{\"resourceLogs\":[]}", Form::Protobuf, "");
    assert_eq!(lines(b"", Form::Protobuf), Ok(Vec::new()));
    assert_eq!(of_json(&json!({})), Vec::<Value>::new());
}
