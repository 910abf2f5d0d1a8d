//! What is said of service accounts.
//!
//! Invariant: it says what `http/accounts/machines.rs` does, and a test of the program holds the two together. It decides
//! nothing.

use antler_events::access::Role;
use serde_json::{Value, json};

use super::operation::{Content, Operation, PAGES};
use super::schema::{Component, flag, object, optional, page_of, reference, text, whole, word};

pub(super) fn operations() -> Vec<Operation> {
    let of_one = |operation: Operation| operation.place("id", "8e2d", "As the list has it.").failing(&[404]);
    let (all, one) = ("/api/tenant/service-accounts", "/api/tenant/service-accounts/{id}");
    vec![
        Operation::get(all, "listMachines", "List service accounts")
            .query(PAGES)
            .giving("A page of them, by name.", reference("ServiceAccountList"))
            .failing(&[422]),
        Operation::post(all, "addMachine", "Add a service account")
            .described(
                "A member that is a program: it has a role and keys, and neither password nor login. It takes no seat, and \
                 is never the administrator that a tenant has to have.",
            )
            .body(Content::json(object(said())).like(json!({"name": "shipper", "role": "developer"})))
            .answering(201, "The service account.", vec![Content::json(reference("ServiceAccount"))])
            .failing(&[400, 409, 413, 415, 422]),
        of_one(Operation::get(one, "machine", "One of them"))
            .giving("The service account.", reference("ServiceAccount")),
        of_one(Operation::new("PATCH", one, "changeMachine", "Change a service account"))
            .described("One that is not active has no role, and its keys do not count until it is active again.")
            .body(Content::json(changed()).like(json!({"active": false})))
            .giving("The service account as it is now.", reference("ServiceAccount"))
            .failing(&[400, 409, 413, 415, 422]),
        of_one(Operation::new("DELETE", one, "removeMachine", "Remove a service account"))
            .answering(204, "Its keys count no more.", Vec::new())
            .failing(&[409, 413, 415]),
    ]
}

fn said() -> [(&'static str, Value); 2] {
    [
        ("name", text("For people; no other has it.")),
        ("role", word(&Role::ALL.map(Role::as_str), "In the tenant.")),
    ]
}

fn changed() -> Value {
    optional(object([]), said().into_iter().chain([("active", flag("Whether it may do anything."))]))
}

pub(super) fn components() -> Vec<Component> {
    let example = json!({"id": "8e2d", "name": "shipper", "role": "developer", "active": true, "keys": 1});
    let page =
        json!({"results": [example], "total": 1, "page": 1, "size": 50, "next": null, "previous": null});
    let schema = object([("id", text("Of the service account."))].into_iter().chain(said()).chain([
        ("active", flag("Whether it may do anything.")),
        ("keys", whole("Keys of it that are not revoked.")),
    ]));
    vec![
        Component::new("ServiceAccount", schema, example),
        Component::new("ServiceAccountList", page_of(reference("ServiceAccount")), page),
    ]
}
