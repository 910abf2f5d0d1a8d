//! What is said of the sockets: how they are opened, and the messages of both sides.
//!
//! Invariant: it says what `socket` does, and a test of the program holds the two together. OpenAPI has no words for
//! messages, so they stand in `x-antler-socket`. It decides nothing.

use serde_json::{Value, json};

use super::document::Area;
use super::operation::{Form, Operation, Parameter};
use super::search;

const TOKEN: Parameter = Parameter::new(
    &["token"],
    Form::Text,
    "eyJ…",
    "An access token or an API key. It may also come in the head of the request, or in the first message.",
);

const STREAM: &[Parameter] = &[
    Parameter::new(
        &["event"],
        Form::Word(&["log", "new_log"]),
        "log",
        "What a message of one line is called.",
    ),
    Parameter::new(&["resume"], Form::Text, "0", "Goes on behind this `seq` with nothing lost or doubled."),
];

const OPENS: &str = "The connection becomes a WebSocket.";

pub(super) fn area() -> Area {
    Area {
        tag: "live",
        what: "What happens now, over WebSockets. Messages are JSON objects with a `type`.",
        operations: vec![
            stream(),
            metrics(),
            notifications("/ws/notifications", "notifications", "Notifications"),
            notifications(
                "/ws/notifications/{user}",
                "notificationsOf",
                "Notifications, with one's own id in the path",
            )
            .place("user", "6f1c", "One's own id."),
        ],
        components: Vec::new(),
    }
}

fn socket(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::get(path, id, summary).query(&[TOKEN]).answering(101, OPENS, Vec::new())
}

fn stream() -> Operation {
    let client = vec![
        said(
            json!({"type": "set_filters", "filters": {"level": "error", "query": "disk"}}),
            "filters_updated",
        ),
        said(json!({"type": "pause"}), "paused"),
        said(json!({"type": "resume"}), "resumed"),
        said(json!({"type": "ping"}), "pong"),
    ];
    let line = json!({"id": "0-17-0", "level": "warning", "message": "disk 91 % full"});
    let server = vec![
        json!({"type": "log", "seq": 2_228_224, "data": line}),
        json!({"type": "log_batch", "count": 2, "first": 2_228_225, "last": 2_228_226, "data": [line, line]}),
        json!({"type": "filters_updated", "filters": {"level": "error"}, "warnings": []}),
        json!({"type": "paused", "pending": 3}),
        json!({"type": "resumed"}),
        json!({"type": "gap", "from": 2_228_224, "to": 2_359_296, "count": 41, "reason": "slow_reader"}),
        json!({"type": "caught_up", "seq": 2_359_296}),
    ];
    let watching = search::watching();
    socket("/ws/logs/stream", "streamLines", "Lines as they come")
        .described(
            "Filters are those of searches, in the address or in `set_filters`. Lines are as Line has it.",
        )
        .query(STREAM)
        .query(&watching)
        .with("x-antler-socket", messages(client, server))
}

fn metrics() -> Operation {
    let client =
        vec![said(json!({"type": "refresh"}), "metrics_history"), said(json!({"type": "ping"}), "pong")];
    let server = vec![
        json!({"type": "metrics_history", "interval_s": 1, "data": [
            {"time": 1_772_352_000, "logs": 12, "warnings": 1, "errors": 0, "criticals": 0},
        ]}),
        json!({
            "type": "metrics_update", "timestamp": "2026-03-01T08:00:00.000Z", "logs_per_second": 12.0,
            "errors_per_minute": 0, "warnings_per_minute": 4, "criticals_per_minute": 0, "connected_users": 1,
            "top_sources": [{"source": "nginx", "count": 700}],
            "level_distribution": {"info": 716, "warning": 4},
        }),
    ];
    socket("/ws/metrics", "watchMetrics", "How busy the tenant is, every second")
        .with("x-antler-socket", messages(client, server))
}

fn notifications(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    let client = vec![
        said(json!({"type": "subscribe", "topics": ["log_event", "system"]}), "subscription_updated"),
        said(json!({"type": "ping"}), "pong"),
    ];
    let line = json!({"id": "0-17-0", "level": "error", "message": "out of paper"});
    let upload = json!({
        "type": "upload_status", "upload_id": "6f1c", "task_id": "6f1c", "filename": "disks.ndjson",
        "status": "STARTED", "progress": 40, "total": 5000, "indexed": 4998, "failed": 2,
    });
    let quota = "80 % of the lines of a day are used: 800,000 of 1,000,000";
    let stopping = "the server is stopping; connect again in a moment";
    let server = vec![
        json!({"type": "subscription_updated", "topics": ["log_event", "system"]}),
        json!({"type": "log_event", "seq": 2_228_224, "data": line}),
        upload,
        json!({"type": "system", "code": "quota_warning", "message": quota}),
        json!({"type": "system", "code": "stopping", "message": stopping}),
    ];
    socket(path, id, summary)
        .described("Errors as they come in, how far files are read, and notes for all people of the tenant or for oneself. \
            It begins with all topics: `alert`, `log_event`, `system`, `upload_status`. Codes of `system` are \
            `stopping`, `quota_warning`, `quota_critical`, `quota_exceeded`, `log_events_left_out` and \
            `notifications_left_out`.")
        .with("x-antler-socket", messages(client, server))
}

/// A message of a client, and the type of what comes back.
fn said(message: Value, answered_by: &str) -> Value {
    let mut said = json!({"answered_by": answered_by});
    said["message"] = message;
    said
}

/// What both sides say, with what all sockets have.
fn messages(client: Vec<Value>, server: Vec<Value>) -> Value {
    let hello = json!({"type": "connection", "connected_users": 1, "tenant_id": "engines-7h2k", "user_id": "6f1c",
        "server_time": "2026-03-01T08:00:00.000Z"});
    let everywhere = [
        json!({"type": "pong", "timestamp": "2026-03-01T08:00:00.000Z"}),
        json!({"type": "error", "code": "invalid_message", "message": "the message has no type", "details": {}}),
    ];
    let server: Vec<Value> = [hello].into_iter().chain(server).chain(everywhere).collect();
    let mut messages = json!({
        "closes": {
            "1001": "The server is stopping.",
            "1008": "What was sent cannot be served; the reason says why.",
            "1009": "A message was too large.",
            "1011": "Something failed.",
            "1013": "Come again later.",
            "4001": "There is no credential, or it does not count (any more).",
            "4003": "The credential may not do this.",
        },
    });
    messages["client"] = client.into();
    messages["server"] = server.into();
    messages
}
