//! What is said of profiles: what people say of themselves and prefer, and who they are.
//!
//! Invariant: it says what `http/accounts/profile.rs` does, and a test of the program holds the two together. It decides
//! nothing.

use antler_events::event::member::profile::{AlertThreshold, Theme};
use serde_json::{Value, json};

use super::accounts::user_fields;
use super::operation::{Content, Operation};
use super::schema::{flag, map, moment, nullable, object, optional, reference, text, whole, word};

const SAID: &str = "What is null is as if it had never been said. Who somebody is (`username`, `email`, `role`, `tenant_id`, \
                    `organization`) is refused unless it is sent as it is; `api_quota`, `subscription`, `created_at`, \
                    `updated_at` and `last_login` are passed over. Anything else is refused by its name.";

pub(super) fn operations() -> Vec<Operation> {
    let me = || reference("Me");
    let set = |method, path, id, summary| {
        Operation::new(method, path, id, summary)
            .described(SAID)
            .body(Content::json(fields()).like(body()))
            .failing(&[400, 409, 413, 415, 422])
    };
    let profile = || vec![Content::json(reference("Profile"))];
    vec![
        Operation::get("/api/auth/user", "user", "Who am I").giving("The person of the access token.", me()),
        Operation::get("/api/users/me", "me", "Who am I, by its other name")
            .giving("The person of the access token.", me()),
        Operation::get("/api/users/profile", "profile", "The own profile")
            .giving("The person, its tenant, and what that may use.", reference("Profile")),
        set("PATCH", "/api/users/profile", "changeProfile", "Change fields of the own profile").answering(
            200,
            "The profile as it is now.",
            profile(),
        ),
        set("PUT", "/api/users/profile", "replaceProfile", "Set the own profile").answering(
            200,
            "The profile as it is now; what was not named is as in a new one.",
            profile(),
        ),
        set("POST", "/api/users/profile/create", "createProfile", "Set the own profile, by its older name")
            .answering(201, "The profile as it is now.", profile()),
        Operation::get("/api/admin/profile/{id}", "memberProfile", "The profile of somebody of the tenant")
            .place("id", "6f1c", "Of the person, as the list of them has it.")
            .giving("The person, its tenant, and what that may use.", reference("Profile"))
            .failing(&[404]),
        Operation::new(
            "DELETE",
            "/api/admin/profile/{id}",
            "removeMemberToo",
            "Remove somebody, by the older name",
        )
        .place("id", "6f1c", "Of the person, as the list of them has it.")
        .answering(204, "The person does not belong to the tenant any more.", Vec::new())
        .failing(&[404, 409, 413, 415]),
    ]
}

fn notifications() -> [(&'static str, Value); 3] {
    ["email", "browser", "slack"].map(|name| (name, flag("Whether notes go there.")))
}

fn preferences() -> [(&'static str, Value); 4] {
    [
        ("theme", word(&Theme::ALL.map(Theme::as_str), "Of the dashboard.")),
        ("timezone", text("In which times are shown, as the IANA calls it.")),
        ("notifications", optional(object([]), notifications())),
        ("default_dashboard", nullable(text("The one that is opened first."))),
    ]
}

fn alerts() -> [(&'static str, Value); 3] {
    let thresholds = AlertThreshold::ALL.map(AlertThreshold::as_str);
    [
        ("email_alerts", flag("Whether alerts come by mail.")),
        ("push_notifications", flag("Whether they come to the browser.")),
        ("alert_threshold", word(&thresholds, "The least severity that is told.")),
    ]
}

fn said() -> Vec<(&'static str, Value)> {
    vec![
        ("avatar", nullable(text("Where a picture is, by https or http."))),
        ("bio", nullable(text("A text of some lines."))),
        ("metadata", map(text("Whatever it is."), "Texts under names of one's own.")),
    ]
}

/// What can be sent.
fn fields() -> Value {
    let more = [
        ("first_name", nullable(text("For people."))),
        ("last_name", nullable(text("For people."))),
        ("preferences", optional(object([]), preferences())),
        ("notification_preferences", optional(object([]), alerts())),
    ];
    optional(object([]), said().into_iter().chain(more))
}

fn body() -> Value {
    json!({
        "first_name": "Ada", "bio": "I look after the engines.", "avatar": "https://example.org/ada.png",
        "preferences": {"theme": "dark", "timezone": "Europe/Lisbon", "notifications": {"slack": true}},
        "notification_preferences": {"alert_threshold": "high"}, "metadata": {"desk": "4.12"},
    })
}

pub(super) fn schema() -> Value {
    let [theme, timezone, _, dashboard] = preferences();
    let preferences = object([theme, timezone, ("notifications", object(notifications())), dashboard]);
    let usage = object([
        ("logs_today", whole("Lines that the tenant has stored since midnight UTC.")),
        ("bytes_today", whole("Bytes of them.")),
        ("seats", whole("Members and open invitations.")),
    ]);
    let quota = object([
        ("logs_per_day", whole("Lines that the tenant may store in a day.")),
        ("bytes_per_day", whole("Bytes of them.")),
        ("retention_days", whole("How long they are kept.")),
        ("seats", whole("People of the tenant.")),
        ("api_calls_per_hour", whole("Requests but those that bring lines.")),
        ("streams_max", whole("Streams that lines are filed under.")),
        ("usage", usage),
    ]);
    let plans = word(&["standard", "custom"], "Custom once the operator has set other limits.");
    let subscription =
        object([("plan", plans), ("expires_at", nullable(moment("Null: it does not end by itself.")))]);
    object(user_fields().into_iter().chain(said()).chain([
        ("user_id", text("The same as id.")),
        ("tenant_id", text("Of the tenant.")),
        ("organization", text("The name of the tenant.")),
        ("preferences", preferences),
        ("notification_preferences", object(alerts())),
        ("api_quota", quota),
        ("subscription", subscription),
        ("created_at", moment("When the account was made.")),
        ("updated_at", moment("When it was changed.")),
        ("last_login", nullable(moment("When a login began last."))),
    ]))
}

pub(super) fn example() -> Value {
    json!({
        "user_id": "6f1c", "tenant_id": "engines-7h2k", "organization": "Engines",
        "avatar": "https://example.org/ada.png", "bio": "I look after the engines.", "metadata": {"desk": "4.12"},
        "preferences": {
            "theme": "system", "timezone": "UTC", "default_dashboard": null,
            "notifications": {"email": true, "browser": true, "slack": false},
        },
        "notification_preferences": {
            "email_alerts": true, "push_notifications": true, "alert_threshold": "medium",
        },
        "api_quota": {
            "logs_per_day": 1_000_000, "bytes_per_day": 1_000_000_000, "retention_days": 30, "seats": 5,
            "api_calls_per_hour": 10_000, "streams_max": 1_000, "usage": {"logs_today": 90, "bytes_today": 12_000, "seats": 1},
        },
        "subscription": {"plan": "standard", "expires_at": null},
        "created_at": "2026-03-01T08:00:00.000Z", "updated_at": "2026-03-01T08:00:00.000Z",
        "last_login": "2026-03-01T08:00:00.000Z",
    })
}
