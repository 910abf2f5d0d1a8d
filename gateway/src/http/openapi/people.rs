//! What is said of the people of a tenant: the tenant itself, invitations, members, logins, and what it may still send.
//!
//! Invariant: it says what `http/accounts/` and `http/quota` do, and a test of the program holds them together. It decides
//! nothing.

use antler_events::access::{Role, Scope};
use serde_json::{Value, json};

use super::accounts::user_fields;
use super::document::Area;
use super::machines;
use super::operation::{Content, Form, Operation, PAGES, Parameter};
use super::schema::{
    Component, flag, list, moment, nullable, number, object, optional, page_of, reference, text, whole, word,
};

const DAYS: &[Parameter] =
    &[Parameter::new(&["days"], Form::Whole(1, 92), "7", "How many days are listed, today included.")];

pub(super) fn area() -> Area {
    Area {
        tag: "people",
        what: "The tenant, who belongs to it and from where they are logged in.",
        operations: [tenant(), invitations(), members(), machines::operations(), sessions()].concat(),
        components: [components(), machines::components()].concat(),
    }
}

fn tenant() -> Vec<Operation> {
    let rename = Operation::new("PATCH", "/api/tenant", "renameTenant", "Rename the tenant")
        .body(Content::json(object([("name", text("For people."))])).like(json!({"name": "Engines Ltd"})))
        .giving("The tenant as it is now.", reference("OwnTenant"))
        .failing(&[400, 409, 413, 415, 422]);
    let change_retention =
        Operation::new("PATCH", "/api/tenant/retention", "changeRetention", "Change how long lines are kept")
            .described("As by PUT, and what is not said stays as it is.")
            .body(Content::json(retention_chosen()).like(json!({"days": 20})))
            .giving("What counts now.", reference("Retention"))
            .failing(&[400, 409, 413, 415, 422]);
    vec![
        rename.also("PUT", "/api/tenant", "renameTenantToo"),
        rename,
        change_retention,
        Operation::get("/api/tenant", "tenant", "The own tenant")
            .giving("Its name, standing and limits.", reference("OwnTenant")),
        Operation::get("/api/tenant/retention", "retention", "How long lines are kept")
            .giving("What counts now.", reference("Retention")),
        Operation::new("PUT", "/api/tenant/retention", "chooseRetention", "Choose how long lines are kept")
            .described(
                "Nothing is kept longer than `days_max`, which is the operator's. Without `days` that is what counts. Old \
                 lines go within an hour; those that went do not come back.",
            )
            .body(Content::json(retention_chosen()).like(json!({
                "days": 30, "streams": [{"stream": "logs-nginx-*", "days": 7}],
            })))
            .giving("What counts now.", reference("Retention"))
            .failing(&[400, 409, 413, 415, 422]),
        Operation::get("/api/tenant/demo", "demo", "The demo that plays")
            .giving("What it is doing.", reference("Demo")),
        Operation::post("/api/tenant/demo", "startDemo", "Play example lines")
            .described(
                "The traffic of a shop with incidents in it goes into the own tenant as lines of its own would, for a while: \
                 first what was before, then as time goes on. The lines count as any others, and stand in streams of their \
                 own, which are kept for a day unless something else was decided for them. One that plays already goes on as \
                 it is.",
            )
            .body_if_any(Content::json(demo_wanted()).like(json!({"minutes": 1, "past_minutes": 0})))
            .giving("What it is doing.", reference("Demo"))
            .failing(&[400, 409, 413, 415, 422, 429]),
        Operation::new("DELETE", "/api/tenant/demo", "stopDemo", "Stop the demo")
            .described("Answered when its last line is stored. What it played stays until its day is over.")
            .giving("What it is doing: nothing.", reference("Demo")),
        Operation::get("/api/users/profile/quota", "quota", "What the tenant has sent, and may")
            .described(
                "Days begin at midnight UTC, and hours of calls at the full hour. At 80 and 95 % the status warns; at 100 % \
                 lines are refused with 429 until the next day, and other requests until the next hour; of streams, lines that \
                 would begin another one are dead letters. Lines and bytes are held against their limits every second and \
                 streams every few seconds, or seldomer where there is much to count or much room is left, so that a \
                 tenant may use as much more as it sends meanwhile.",
            )
            .query(DAYS)
            .giving("Today's use, the limits, and the days before.", reference("QuotaUse"))
            .failing(&[422]),
    ]
}

fn invitations() -> Vec<Operation> {
    vec![
        Operation::get("/api/tenant/invitations", "listInvitations", "List open invitations")
            .query(PAGES)
            .giving("A page of them.", reference("InvitationList"))
            .failing(&[422]),
        Operation::post("/api/tenant/invitations", "invite", "Invite somebody")
            .described(
                "The token is shown in this answer and never again; an address has one invitation at a time.",
            )
            .body(
                Content::json(object([("email", text("name@host")), ("role", role())]))
                    .like(json!({"email": "newcomer@example.org", "role": "analyst"})),
            )
            .answering(201, "The invitation.", vec![Content::json(reference("NewInvitation"))])
            .failing(&[400, 409, 413, 415, 422]),
        Operation::new(
            "DELETE",
            "/api/tenant/invitations/{id}",
            "withdrawInvitation",
            "Withdraw an invitation",
        )
        .place("id", "6f1c", "As the list has it.")
        .answering(204, "Its token is worthless.", Vec::new())
        .failing(&[404, 409, 413, 415]),
        Operation::post("/api/auth/accept-invitation", "acceptInvitation", "Accept an invitation")
            .described("Joins the tenant that invited, in the role that was given.")
            .body(Content::json(acceptance()).like(json!({
                "token": "antler_invite_…", "username": "newcomer", "password": "four green herons",
                "password_confirm": "four green herons",
            })))
            .answering(
                201,
                "The person is a member and logged in.",
                vec![Content::json(reference("LoggedIn"))],
            )
            .failing(&[400, 403, 409, 413, 415, 422, 503]),
    ]
}

fn members() -> Vec<Operation> {
    let of_member = |operation: Operation| {
        operation.place("id", "6f1c", "Of the person, as the list has it.").failing(&[404])
    };
    let change = of_member(Operation::new(
        "PATCH",
        "/api/tenant/users/{id}",
        "changeRole",
        "Give somebody another role",
    ))
    .described("The last administrator keeps its role; nobody gives a role above the own one.")
    .body(Content::json(object([("role", role())])).like(json!({"role": "developer"})))
    .giving("The person as it is now.", reference("Member"))
    .failing(&[400, 409, 413, 415, 422]);
    vec![
        change.also("PUT", "/api/tenant/users/{id}", "changeRoleToo"),
        change,
        Operation::get("/api/tenant/users", "listMembers", "List the people of the tenant")
            .query(PAGES)
            .giving("A page of them.", reference("MemberList"))
            .failing(&[422]),
        of_member(Operation::get("/api/tenant/users/{id}", "member", "One of them"))
            .giving("The person.", reference("Member")),
        of_member(Operation::new("DELETE", "/api/tenant/users/{id}", "removeMember", "Remove somebody"))
            .described("Its logins end at once and its keys count no more.")
            .answering(204, "The person does not belong to the tenant any more.", Vec::new())
            .failing(&[409, 413, 415]),
    ]
}

fn sessions() -> Vec<Operation> {
    vec![
        Operation::get("/api/auth/sessions", "listSessions", "List the own logins")
            .query(PAGES)
            .giving("A page of them, the one renewed last first.", reference("SessionList"))
            .failing(&[422]),
        Operation::new("DELETE", "/api/auth/sessions", "endOtherSessions", "End all own logins but this one")
            .giving("How many have ended.", object([("ended", whole("Logins that counted until now."))]))
            .failing(&[413, 415]),
        Operation::new("DELETE", "/api/auth/sessions/{id}", "endSession", "End one of the own logins")
            .place("id", "6f1c", "As the list has it.")
            .answering(204, "It counts no more from the next request on.", Vec::new())
            .failing(&[404, 413, 415]),
        Operation::post("/api/auth/token/verify", "verifyToken", "Whose credential is it")
            .body(
                Content::json(object([("token", text("An access token or an API key."))]))
                    .like(json!({"token": "eyJ…"})),
            )
            .giving("It counts.", reference("Verified"))
            .failing(&[400, 401, 413, 415, 422]),
    ]
}

fn role() -> Value {
    word(&Role::ALL.map(Role::as_str), "In the tenant.")
}

fn acceptance() -> Value {
    let known = object([
        ("token", text("Of the invitation.")),
        ("username", text("Letters, digits and . _ -; the same in capitals is the same name.")),
        ("password", text("At least 8 characters, not common, not digits only, not like the name.")),
    ]);
    let again = text("The password once more. One of the two is needed.");
    let name = || nullable(text("For people."));
    let names = [("first_name", name()), ("last_name", name())];
    optional(known, names.into_iter().chain([("password_confirm", again.clone()), ("password2", again)]))
}

fn components() -> Vec<Component> {
    let page = |of: &Value| json!({"results": [of], "total": 1, "page": 1, "size": 50, "next": null, "previous": null});
    let invitation = json!({
        "id": "6f1c", "email": "newcomer@example.org", "role": "analyst", "expires_at": "2026-03-08T08:00:00.000Z",
        "expired": false,
    });
    let mut new = invitation.clone();
    (new["token"], new["link"]) =
        ("antler_invite_…".into(), "https://logs.example.org/accept-invitation#token=antler_invite_…".into());
    new["mailed"] = false.into();
    let member = json!({
        "id": "6f1c", "username": "ada", "email": "ada@example.org", "email_verified": true, "role": "admin",
        "first_name": "Ada", "last_name": null, "joined_at": "2026-03-01T08:00:00.000Z", "last_login": "2026-03-02T08:00:00.000Z",
    });
    let session = session_example();
    vec![
        Component::new("OwnTenant", own_tenant(), own_tenant_example()),
        Component::new("Retention", retention(), retention_example()),
        Component::new("Demo", demo(), demo_example()),
        Component::new("QuotaUse", quota_use(), quota_example()),
        Component::new("Invitation", object(invitation_fields()), invitation.clone()),
        Component::new(
            "NewInvitation",
            object(invitation_fields().into_iter().chain([
                ("token", text("What the person shows; it is in this answer only.")),
                ("link", text("The page for it on this server.")),
                ("mailed", flag("Whether the person gets it by mail.")),
            ])),
            new,
        ),
        Component::new("InvitationList", page_of(reference("Invitation")), page(&invitation)),
        Component::new(
            "Member",
            object(user_fields().into_iter().chain([
                ("joined_at", moment("When the account was made.")),
                ("last_login", nullable(moment("When a login began last."))),
            ])),
            member.clone(),
        ),
        Component::new("MemberList", page_of(reference("Member")), page(&member)),
        Component::new("Session", session_schema(), session.clone()),
        Component::new("SessionList", page_of(reference("Session")), page(&session)),
        Component::new(
            "Verified",
            verified(),
            json!({
                "valid": true, "kind": "access_token", "tenant": "engines-7h2k", "user": "6f1c", "scopes": ["read"],
            }),
        ),
    ]
}

fn invitation_fields() -> Vec<(&'static str, Value)> {
    vec![
        ("id", text("Of the person, once it has joined.")),
        ("email", text("Who is invited.")),
        ("role", role()),
        ("expires_at", moment("Until when it is good.")),
        ("expired", flag("Whether it is too late.")),
    ]
}

pub(super) fn own_tenant() -> Value {
    let limits = object([
        ("logs_per_day", whole("Lines that it may store in a day.")),
        ("bytes_per_day", whole("Bytes of them.")),
        ("retention_days", whole("How long they are kept.")),
        ("seats", whole("Members and open invitations.")),
        ("api_calls_per_hour", whole("Requests but those that bring lines.")),
        ("streams_max", whole("Streams that lines are filed under.")),
    ]);
    object([
        ("id", text("Of the tenant.")),
        ("name", text("For people.")),
        ("status", word(&["active", "suspended", "closed"], "How the platform treats it.")),
        ("reason", nullable(text("Why it is suspended."))),
        ("limits", limits),
        ("retention", reference("Retention")),
        ("members", whole("People who have joined.")),
        ("open_invitations", whole("People who have not.")),
        ("created_at", moment("When it was founded.")),
        ("updated_at", moment("When it was changed.")),
    ])
}

pub(super) fn own_tenant_example() -> Value {
    json!({
        "id": "engines-7h2k", "name": "Engines", "status": "active", "reason": null,
        "limits": {
            "logs_per_day": 1_000_000, "bytes_per_day": 1_000_000_000, "retention_days": 30, "seats": 5,
            "api_calls_per_hour": 10_000, "streams_max": 1_000,
        },
        "retention": retention_example(), "members": 1, "open_invitations": 0,
        "created_at": "2026-03-01T08:00:00.000Z", "updated_at": "2026-03-01T08:00:00.000Z",
    })
}

fn retained_streams() -> Value {
    let of_stream = object([
        ("stream", text("A name in which * stands for anything.")),
        ("days", whole("How long its lines are kept.")),
    ]);
    list(of_stream, "The first that matches counts.")
}

fn retention_chosen() -> Value {
    optional(object([]), [("days", whole("Of lines of no stream below.")), ("streams", retained_streams())])
}

fn retention() -> Value {
    object([
        ("days", whole("Of lines of no stream below.")),
        ("days_max", whole("As the operator lets it.")),
        ("streams", retained_streams()),
    ])
}

fn retention_example() -> Value {
    json!({"days": 30, "days_max": 90, "streams": [{"stream": "logs-nginx-*", "days": 7}]})
}

fn quota_use() -> Value {
    let status = || word(&["ok", "warning", "critical", "exceeded"], "From 80, 95 and 100 % on.");
    let share = |what: &str| {
        let mut share = object([
            ("used", whole("So far.")),
            ("limit", whole("At most.")),
            ("percentage_used", number("Of the limit.")),
            ("status", status()),
        ]);
        share["description"] = what.into();
        share
    };
    let mut calls = share("Requests of this hour but those that bring lines.");
    calls["properties"]["reset_at"] = moment("When counting begins anew.");
    calls["required"].as_array_mut().expect("a share has fields").push("reset_at".into());
    let day = object([
        ("day", moment("When it began.")),
        ("lines", whole("Sent on it.")),
        ("bytes", whole("Of the lines as they came.")),
    ]);
    object([
        ("used", whole("Lines of today.")),
        ("limit", whole("Lines of a day.")),
        ("percentage_used", number("Of the limit that is nearer.")),
        ("status", status()),
        ("reset_at", moment("When counting begins anew.")),
        ("lines", share("Lines of today.")),
        ("bytes", share("Bytes of today.")),
        ("seats", share("Members and open invitations.")),
        ("calls", calls),
        ("sockets", share("Sockets that are open, such as live views.")),
        ("streams", share("Streams that its lines are filed under, as they were counted last.")),
        ("retention_days", whole("How long lines are kept.")),
        ("days", list(day, "Today first.")),
    ])
}

fn quota_example() -> Value {
    let share = json!({"used": 1, "limit": 100, "percentage_used": 1.0, "status": "ok"});
    let mut calls = share.clone();
    calls["reset_at"] = "2026-03-01T09:00:00.000Z".into();
    json!({
        "used": 1, "limit": 100, "percentage_used": 1.0, "status": "ok", "reset_at": "2026-03-02T00:00:00.000Z",
        "lines": share, "bytes": share, "seats": share, "calls": calls, "sockets": share, "streams": share,
        "retention_days": 30,
        "days": [{"day": "2026-03-01T00:00:00.000Z", "lines": 1, "bytes": 120}],
    })
}

fn session_schema() -> Value {
    object([
        ("id", text("Of the login.")),
        ("created_at", moment("When it began.")),
        ("renewed_at", moment("When its refresh token was used last.")),
        ("expires_at", moment("Until when it can be gone on with.")),
        ("address", nullable(text("From where it began."))),
        ("user_agent", nullable(text("What the browser or program called itself."))),
        ("current", flag("Whether it is the one that asks.")),
    ])
}

fn session_example() -> Value {
    json!({
        "id": "6f1c", "created_at": "2026-03-01T08:00:00.000Z", "renewed_at": "2026-03-01T08:00:00.000Z",
        "expires_at": "2026-03-08T08:00:00.000Z", "address": "127.0.0.1", "user_agent": "curl/8.5.0",
        "current": true,
    })
}

fn verified() -> Value {
    object([
        ("valid", flag("It always is; what does not count is refused with 401.")),
        ("kind", word(&["access_token", "api_key"], "What it is.")),
        ("tenant", text("For which tenant.")),
        ("user", text("Of the person, or of the key's owner.")),
        ("scopes", list(word(&Scope::ALL.map(Scope::as_str), "What it may do."), "All of them.")),
    ])
}

fn demo_wanted() -> Value {
    optional(
        object([]),
        [
            ("minutes", whole("For how long, from 1 to 60; 15 unless it is said.")),
            ("past_minutes", whole("What has been before, up to 60; 30 unless it is said.")),
        ],
    )
}

fn demo() -> Value {
    object([
        ("playing", flag("Whether there is one.")),
        ("since", nullable(moment("When it began."))),
        ("until", nullable(moment("When it ends by itself; null if it does not, and if there is none."))),
        ("lines", whole("That it has played.")),
        ("streams", text("The pattern of the streams of its lines.")),
    ])
}

fn demo_example() -> Value {
    json!({
        "playing": true, "since": "2026-03-01T08:00:00.000Z", "until": "2026-03-01T08:15:00.000Z", "lines": 81_214,
        "streams": "logs-*-demo",
    })
}
