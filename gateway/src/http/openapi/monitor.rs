//! What is said of the addresses that older programs look after a server by.
//!
//! Invariant: it says what `http/admin/monitor` and `http/admin/initialize` do, and a test of the program holds them together.
//! It decides nothing.

use serde_json::{Value, json};

use super::operation::{Content, Operation};
use super::schema::{Component, flag, list, map, moment, number, object, reference, text, whole};

pub(super) fn operations() -> Vec<Operation> {
    let initialize = |path, id, summary| {
        Operation::post(path, id, summary)
            .described("The server makes all that it needs at its first start, so nothing is made here.")
            .giving("What was there already.", reference("Initialized"))
    };
    let test = object([
        ("success", flag("Whether the log takes lines.")),
        ("latency_ms", number("How long it took to ask.")),
        ("message", text("For people.")),
    ]);
    let settings = object([
        ("listeners", map(text("Its address, or why there is none."), "By their names.")),
        ("limits", map(json!({"type": "object"}), "The settings of `limits.ingest` and `limits.upload`.")),
    ]);
    vec![
        initialize("/api/admin/initialize-indexes", "initializeIndexes", "Is the search index there?"),
        initialize("/api/admin/initialize-metadata-indexes", "initializeMetadata", "Are the views there?"),
        Operation::get("/api/logs/logstash/monitor/health", "monitorHealth", "Health, for the operator")
            .giving("It works.", reference("Health"))
            .answering(503, "Something necessary does not.", vec![Content::json(reference("Health"))]),
        Operation::get("/api/logs/logstash/monitor/stats", "monitorStats", "How lines come in")
            .giving("Counts since the start, or since they were reset.", reference("MonitorStats")),
        Operation::new("DELETE", "/api/logs/logstash/monitor/stats", "resetMonitor", "Count anew").answering(
            204,
            "Counting begins now. Other figures stay.",
            Vec::new(),
        ),
        Operation::get("/api/logs/logstash/monitor/config", "monitorConfig", "How lines are taken")
            .giving("Listeners and limits; no secrets.", settings),
        Operation::post("/api/logs/logstash/monitor/test", "monitorTest", "Would lines be written now?")
            .described("No line is written.")
            .giving("Whether, and why.", test),
    ]
}

pub(super) fn components() -> [Component; 2] {
    let existing = object([
        ("name", text("Of the index or view.")),
        ("entries", whole("Groups of the index, documents of a view.")),
    ]);
    let initialized = object([
        ("created", list(text("A name."), "Always empty.")),
        ("existing", list(existing, "What is there.")),
        ("message", text("For people.")),
    ]);
    let stats = object([
        ("since", moment("When counting began.")),
        ("requests", whole("With lines that were written.")),
        ("lines", whole("That were written.")),
        ("lines_per_second", number("On average.")),
        ("refused", map(whole("Requests."), "Whose lines were not taken, by reason.")),
    ]);
    [
        Component::new("Initialized", initialized, initialized_example()),
        Component::new("MonitorStats", stats, stats_example()),
    ]
}

fn initialized_example() -> Value {
    json!({
        "created": [], "existing": [{"name": "index", "entries": 3}],
        "message": "the search index was there already: the server makes it at its first start",
    })
}

fn stats_example() -> Value {
    json!({
        "since": "2026-03-01T08:00:00.000Z", "requests": 17, "lines": 1_700, "lines_per_second": 12.5,
        "refused": {"over_quota": 1},
    })
}
