//! What is said of tenants as operators see them.
//!
//! Invariant: it says what `http/admin/tenants` does, and a test of the program holds the two together. It decides nothing.

use serde_json::{Value, json};

use super::document::Area;
use super::operation::{Content, Form, Operation, PAGES, Parameter};
use super::people::{own_tenant, own_tenant_example};
use super::schema::{
    Component, nullable, object, optional, page_example, page_of, reference, text, whole, word,
};

const AFTER: &[Parameter] = &[Parameter::new(
    &["after"],
    Form::Text,
    "engines-0000",
    "The tenant that the page begins after: quicker.",
)];

pub(super) fn area() -> Area {
    Area {
        tag: "tenants",
        what: "All tenants, for operators: those who have the operator's token, and superadmins.",
        operations: [operations(), erasures()].concat(),
        components: components(),
    }
}

fn operations() -> Vec<Operation> {
    let of_tenant = |operation: Operation| {
        operation
            .place("id", "engines-7h2k", "Of the tenant.")
            .giving("The tenant as it is now.", reference("AnyTenant"))
            .failing(&[404])
    };
    let changing = |operation: Operation| of_tenant(operation).failing(&[409]);
    let reason = object([("reason", text("What its people are told."))]);
    vec![
        Operation::get("/api/admin/tenants", "listTenants", "List all tenants")
            .query(PAGES)
            .query(AFTER)
            .giving("A page of them, in the order of their ids.", reference("TenantList"))
            .failing(&[422]),
        of_tenant(Operation::get("/api/admin/tenants/{id}", "oneTenant", "One tenant")),
        changing(Operation::new("PATCH", "/api/admin/tenants/{id}", "changeTenant", "Change name or limits"))
            .described("What the body does not name stays. New limits count within ten seconds.")
            .body(Content::json(changes()).like(json!({"logs_per_day": 5_000_000, "retention_days": 30})))
            .failing(&[400, 413, 415, 422]),
        changing(Operation::post("/api/admin/tenants/{id}/suspend", "suspendTenant", "Suspend a tenant"))
            .described("Its people go on reading; lines and new members are refused with the reason.")
            .body(Content::json(reason).like(json!({"reason": "the bill of May is open"})))
            .failing(&[400, 413, 415, 422]),
        changing(Operation::post("/api/admin/tenants/{id}/resume", "resumeTenant", "Let it go on"))
            .described("Ends a suspension."),
        changing(Operation::post(
            "/api/admin/tenants/{id}/superadmins/{user}",
            "grantSuperadmin",
            "Let a member run the platform",
        ))
        .place("user", "6f1c", "Of the member."),
    ]
}

fn erasures() -> Vec<Operation> {
    let asked = |operation: Operation, fields: Value, example: Value| {
        operation
            .described(
                "The name has to be repeated, and it cannot be taken back. The tenant is closed at once: its people and keys \
                 are refused everywhere. What it has is removed in the background, also over a restart, and a signed receipt \
                 says what is gone, what goes later and what stays.",
            )
            .body(Content::json(fields).like(example))
            .answering(202, "It is closed and being erased.", vec![Content::json(reference("ErasureBegun"))])
            .failing(&[400, 409, 413, 415, 422])
    };
    let name = || ("name", text("Of the tenant, as it is."));
    let own = object([name(), ("password", text("Of the person who asks."))]);
    let example = json!({"name": "Engines Ltd", "password": "three blue otters"});
    vec![
        asked(
            Operation::new("DELETE", "/api/admin/tenants/{id}", "eraseTenant", "Erase a tenant")
                .place("id", "engines-7h2k", "Of the tenant.")
                .failing(&[404]),
            object([name()]),
            json!({"name": "Engines Ltd"}),
        ),
        asked(
            Operation::post("/api/tenant/erase", "eraseOwnTenant", "Erase the own tenant"),
            own,
            example,
        )
        .failing(&[429]),
        Operation::get("/api/admin/erasures", "listErasures", "Erased tenants and their receipts")
            .described(
                "A receipt is JSON, to be kept byte for byte: `signature` is that of its bytes under `key` (Ed25519).",
            )
            .query(PAGES)
            .giving("A page of them, in the order of their ids.", reference("ErasureList"))
            .failing(&[422]),
    ]
}

fn erasure_components() -> [Component; 2] {
    let status = |what| word(&["erasing", "erased"], what);
    let begun = object([("tenant", text("Its id.")), ("status", status("How far it is."))]);
    let one = object([
        ("tenant", text("Its id.")),
        ("status", status("How far it is.")),
        ("receipt", nullable(text("What was signed; null until it is erased."))),
        ("key", nullable(text("The public key of the server, in hexadecimal digits."))),
        ("signature", nullable(text("In hexadecimal digits."))),
    ]);
    let erasing = json!({"tenant": "engines-7h2k", "status": "erasing"});
    let mut shown = erasing.clone();
    for name in ["receipt", "key", "signature"] {
        shown[name] = Value::Null;
    }
    [
        Component::new("ErasureBegun", begun, erasing),
        Component::new("ErasureList", page_of(one), page_example(shown)),
    ]
}

fn changes() -> Value {
    optional(
        object([]),
        [
            ("name", text("For people.")),
            ("logs_per_day", whole("Lines that it may store in a day.")),
            ("bytes_per_day", whole("Bytes of them.")),
            ("retention_days", whole("How long they are kept.")),
            ("seats", whole("Members and open invitations.")),
            ("api_calls_per_hour", whole("Requests but those that bring lines.")),
            ("streams_max", whole("Streams that lines are filed under.")),
        ],
    )
}

fn components() -> Vec<Component> {
    let today = object([("lines", whole("Sent since midnight UTC.")), ("bytes", whole("Of these lines."))]);
    let mut tenant = own_tenant();
    let streams = nullable(whole("How many it has; null until they are counted, soon after the start."));
    for (name, schema) in [("today", today), ("streams", streams)] {
        tenant["properties"][name] = schema;
        tenant["required"].as_array_mut().expect("a tenant has fields").push(name.into());
    }
    let mut example = own_tenant_example();
    example["today"] = json!({"lines": 17, "bytes": 4_020});
    example["streams"] = json!(3);
    vec![
        Component::new("AnyTenant", tenant, example.clone()),
        Component::new("TenantList", page_of(reference("AnyTenant")), page_example(example)),
    ]
    .into_iter()
    .chain(erasure_components())
    .collect()
}
