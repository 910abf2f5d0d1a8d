//! What is said of the addresses that other programs' protocols have: Elasticsearch's and OpenTelemetry's.
//!
//! Invariant: it says what `http/elastic` and `http/otlp` do, and a test of the program holds them together. It decides
//! nothing.

use serde_json::{Value, json};

use super::document::Area;
use super::operation::{Content, Operation};
use super::schema::{Component, flag, list, object, optional, reference, text, whole};

pub(super) fn area() -> Area {
    Area {
        tag: "shippers",
        what: "Lines from programs as they are: those that send to Elasticsearch, and those that speak OTLP. A document is \
               a line of the stream of its index, `logs-nginx-pt`; of another index what is left of its name without \
               version and date is the dataset.",
        operations: [bulks(), documents(), asked_before(), vec![otlp()]].concat(),
        components: components(),
    }
}

fn sending(method: &'static str, path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::new(method, path, id, summary)
        .header("Content-Encoding", "identity", "identity, gzip, deflate or zstd.")
        .failing(&[400, 408, 413, 415, 422, 429])
}

fn bulks() -> Vec<Operation> {
    let lines =
        json!({"type": "string", "description": "An action and a document, each in a line of its own."});
    let example = "{\"create\":{\"_index\":\"logs-shop-default\"}}\n{\"message\":\"disk full\"}\n";
    let bulk = |operation: Operation| {
        operation
            .described(
                "Items with create or index become lines; update and delete are refused one by one. The answer leaves when \
                 the lines are on stable storage. An `_id` is given back, and not looked for in what is stored.",
            )
            .body(Content::of("application/x-ndjson", lines.clone()).like(example.into()))
            .body(Content::of("application/json", lines.clone()).like(example.into()))
            .giving("What became of each item, in their order.", reference("ElasticBulk"))
    };
    let of_index =
        |operation: Operation| operation.place("index", "logs-shop-default", "Of items that name none.");
    vec![
        bulk(sending("POST", "/_bulk", "elasticBulk", "Send documents as to Elasticsearch")),
        bulk(sending("PUT", "/_bulk", "elasticPutBulk", "The same")),
        bulk(of_index(sending("POST", "/{index}/_bulk", "elasticBulkOf", "Send documents of one index"))),
        bulk(of_index(sending("PUT", "/{index}/_bulk", "elasticPutBulkOf", "The same"))),
    ]
}

fn documents() -> Vec<Operation> {
    let document = |operation: Operation| {
        operation
            .place("index", "logs-shop-default", "Its stream.")
            .body(Content::json(json!({"type": "object"})).like(json!({"message": "disk full"})))
            .answering(201, "It is stored.", vec![Content::json(reference("ElasticItem"))])
    };
    let named =
        |operation: Operation| document(operation).place("document", "a1", "It is given back, and not kept.");
    vec![
        document(sending("POST", "/{index}/_doc", "elasticDocument", "Send a document as to Elasticsearch")),
        named(sending("PUT", "/{index}/_doc/{document}", "elasticIndex", "The same with an id")),
        named(sending("PUT", "/{index}/_create/{document}", "elasticCreate", "The same with an id")),
    ]
}

fn asked_before() -> Vec<Operation> {
    let any = || json!({"type": "object", "additionalProperties": true});
    let template =
        |operation: Operation| operation.place("name", "filebeat", "Of any template: none is needed.");
    vec![
        Operation::get("/_license", "elasticLicense", "What clients of Elasticsearch ask for: a licence")
            .giving("An active one.", any()),
        Operation::get("/_xpack", "elasticFeatures", "What they ask for: features")
            .giving("Which there are.", any()),
        Operation::get("/_cluster/health", "elasticHealth", "What they ask for: health")
            .giving("Whether lines are taken.", cluster_health()),
        Operation::get("/_cat/health", "elasticHealthLine", "The same in one line").answering(
            200,
            "Whether lines are taken.",
            vec![Content::of("text/plain", json!({"type": "string"}))],
        ),
        template(Operation::get("/_index_template/{name}", "elasticTemplate", "Look for a template"))
            .giving("It is not missing.", any()),
        template(Operation::new("PUT", "/_index_template/{name}", "elasticPutTemplate", "Bring a template"))
            .described("It is not needed and not kept.")
            .body(Content::json(any()).like(json!({"index_patterns": ["filebeat-*"]})))
            .giving("It is not needed.", object([("acknowledged", flag("Always."))])),
    ]
}

fn cluster_health() -> Value {
    let counts = ["number_of_nodes", "number_of_data_nodes", "active_primary_shards", "active_shards"];
    let counts = counts.map(|name| (name, whole("One.")));
    let none = ["relocating_shards", "initializing_shards", "unassigned_shards"];
    let none = none.map(|name| (name, whole("None.")));
    let said = [
        ("status", text("green, or red while the server stops.")),
        ("cluster_name", text("antler")),
        ("timed_out", flag("Never.")),
    ];
    object(said.into_iter().chain(counts).chain(none))
}

fn otlp() -> Operation {
    let record = json!({"timeUnixNano": "1780000000000000000", "severityText": "ERROR",
        "body": {"stringValue": "card refused"}});
    let resource = json!({"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]});
    let example = json!({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]});
    let request = optional(object([]), [("resourceLogs", json!({"type": "array"}))]);
    sending("POST", "/v1/logs", "otlpLogs", "Send log records of OpenTelemetry")
        .described(
            "`ExportLogsServiceRequest` as JSON, or as Protobuf with the content type application/x-protobuf; the answer is \
             written alike. Attributes of the record, its scope and its resource are fields of the line.",
        )
        .body(Content::json(request).like(example))
        .giving("They are stored, but for those that are counted.", reference("OtlpAnswer"))
}

fn components() -> Vec<Component> {
    let item = json!({
        "_index": "logs-shop-default", "_id": "0-17-0", "status": 201, "_version": 1, "result": "created",
        "_shards": {"total": 1, "successful": 1, "failed": 0}, "_seq_no": 17, "_primary_term": 1,
    });
    let partial = object([
        ("rejectedLogRecords", whole("How many are dead letters.")),
        ("errorMessage", text("Why, of the first.")),
    ]);
    let mut answer = optional(object([]), [("partialSuccess", partial)]);
    answer["description"] = "Empty if all are stored.".into();
    vec![
        Component::new(
            "ElasticBulk",
            bulk_schema(),
            json!({"took": 3, "errors": false, "items": [{"create": item}]}),
        ),
        Component::new("ElasticItem", item_schema(), item),
        Component::new("OtlpAnswer", answer, json!({})),
    ]
}

fn bulk_schema() -> Value {
    let item = json!({"type": "object", "additionalProperties": reference("ElasticItem")});
    object([
        ("took", whole("Milliseconds.")),
        ("errors", flag("Whether some were not taken.")),
        ("items", list(item, "Each under the name of its action.")),
    ])
}

fn item_schema() -> Value {
    let error = object([("type", text("For programs.")), ("reason", text("For people."))]);
    let shards =
        object([("total", whole("One.")), ("successful", whole("One.")), ("failed", whole("None."))]);
    optional(
        object([
            ("_index", text("As it was sent.")),
            ("_id", json!({"description": "As it was sent, else that of the line."})),
            ("status", whole("201, or why it was not taken.")),
        ]),
        [
            ("_version", whole("One.")),
            ("result", text("created")),
            ("_shards", shards),
            ("_seq_no", whole("The offset of its event.")),
            ("_primary_term", whole("One.")),
            ("error", error),
        ],
    )
}
