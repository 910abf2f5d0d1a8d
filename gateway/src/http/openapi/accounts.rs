//! What is said of accounts: registering, logging in and out, profiles, keys.
//!
//! Invariant: it says what `http/accounts/` does, and a test of the program holds the two together. It decides nothing.

use antler_events::access::{Role, Scope};
use serde_json::{Value, json};

use super::document::Area;
use super::operation::{Content, Form, Operation, PAGES, Parameter};
use super::schema::{
    Component, flag, list, moment, nullable, object, optional, page_of, reference, text, whole, word,
};
use super::{mails, profile};

const PASSWORD: &str = "three blue otters";

pub(super) fn area() -> Area {
    Area {
        tag: "accounts",
        what: "Who somebody is: registrations, logins, profiles and API keys.",
        operations: [logins(), mails::operations(), profile::operations(), keys()].concat(),
        components: components(),
    }
}

fn logins() -> Vec<Operation> {
    let logged_in = || vec![Content::json(reference("LoggedIn"))];
    vec![
        Operation::post("/api/auth/register", "register", "Register")
            .described(
                "Founds a tenant; whoever registers is its admin. Others join it by invitation only. Who registers \
                 with the token that an empty server shows when it starts runs the platform as a superadmin.",
            )
            .body(Content::json(registration()).like(json!({
                "username": "ada", "email": "ada@example.org", "password": PASSWORD,
                "password_confirm": PASSWORD, "organization": "Engines",
            })))
            .answering(201, "The tenant is founded, and its admin is logged in.", logged_in())
            .failing(&[400, 409, 413, 415, 422, 503]),
        Operation::post("/api/auth/login", "logIn", "Log in")
            .described(
                "By name or e-mail address. Access tokens are good for 15 minutes, refresh tokens for a week. With `cookie` \
                 the browser keeps both in cookies that no script can read, and a third, `antler_csrf`, whose value goes into \
                 the header `X-CSRF-Token` of whatever may change something.",
            )
            .query(&[COOKIE])
            .body(Content::json(login()).like(json!({"username": "ada", "password": PASSWORD})))
            .answering(200, "A new session.", logged_in())
            .with("x-antler-limit", ATTEMPTS.into())
            .failing(&[400, 401, 403, 413, 415, 422, 429, 503]),
        Operation::post("/api/auth/refresh", "refresh", "Go on with a session")
            .described(
                "A refresh token is good once; who shows an old one again ends the session. Without a body, the one that the \
                 browser keeps is taken, and the browser gets new cookies.",
            )
            .body_if_any(
                Content::json(one_of_names(&["refresh", "refresh_token"], "The refresh token."))
                    .like(json!({"refresh": "antler_refresh_…"})),
            )
            .giving("New tokens of the same session.", reference("Tokens"))
            .failing(&[400, 401, 403, 413, 415, 422, 503]),
        Operation::post("/api/auth/logout", "logOut", "Log out")
            .described(
                "Ends the session of the access token; its refresh token is worthless from now on. Cookies are taken back.",
            )
            .giving("The session has ended.", object([("message", text("A word to show."))]))
            .failing(&[413, 415]),
        Operation::post("/api/auth/change-password", "changePassword", "Change the own password")
            .described("Ends all sessions, and opens a new one for whoever changed it.")
            .body(Content::json(new_password()).like(json!({
                "old_password": PASSWORD, "new_password": "four green herons",
                "new_password_confirm": "four green herons",
            })))
            .answering(200, "The password is changed, and this is the new session.", logged_in())
            .with("x-antler-limit", ATTEMPTS.into())
            .failing(&[400, 413, 415, 422, 429]),
    ]
}

const COOKIE: Parameter =
    Parameter::new(&["cookie"], Form::Flag, "true", "Has the browser keep the login in cookies.");

const ATTEMPTS: &str =
    "Passwords are tried a few times in a window, counted for the account and for the address.";

fn keys() -> Vec<Operation> {
    let one = "/api/users/profile/api-keys/{id}";
    let change = Operation::new("PATCH", one, "changeKey", "Change an API key")
        .described("What is not said stays as it is; the secret is the same.")
        .place("id", "1f9c2ab4d7e03561", "As the list has it.")
        .body(Content::json(changed_key()).like(json!({"name": "other shipper", "expires_at": null})))
        .giving("The key as it is now.", reference("Key"))
        .failing(&[400, 404, 409, 413, 415, 422]);
    vec![
        change.also("PUT", one, "changeKeyToo"),
        change,
        Operation::get("/api/users/profile/api-keys", "listKeys", "List API keys")
            .described("One's own; an admin sees all of the tenant. Those that are revoked are left out.")
            .query(PAGES)
            .giving("A page of them.", reference("KeyList"))
            .failing(&[422]),
        Operation::post("/api/users/profile/api-keys", "createKey", "Create an API key")
            .described("The key is shown in this answer and never again. It may do no more than its owner.")
            .body(Content::json(new_key()).like(json!({
                "name": "shipper", "scopes": ["ingest"], "streams": ["logs-*-pt"],
                "expires_at": "2099-12-31T00:00:00Z",
            })))
            .answering(201, "The key.", vec![Content::json(reference("NewKey"))])
            .failing(&[400, 409, 413, 415, 422]),
        Operation::post("/api/users/profile/api-keys/{id}/regenerate", "regenerateKey", "Draw a new secret")
            .described("The old secret is worthless at once; the new one is shown this once.")
            .place("id", "1f9c2ab4d7e03561", "As the list has it.")
            .giving("The key with its new secret.", reference("NewKey"))
            .failing(&[404, 409, 413, 415]),
        Operation::new("DELETE", "/api/users/profile/api-keys/{id}", "revokeKey", "Revoke an API key")
            .described("It counts no more from the next request on.")
            .place("id", "1f9c2ab4d7e03561", "As the list has it.")
            .answering(204, "It is revoked.", Vec::new())
            .failing(&[404, 409, 413, 415]),
    ]
}

fn registration() -> Value {
    let known = object([
        ("username", text("Letters, digits and . _ -; the same in capitals is the same name.")),
        ("email", text("name@host")),
        ("password", text("At least 8 characters, not common, not digits only, not like the name.")),
    ]);
    let again = text("The password once more. One of the two is needed.");
    optional(
        known,
        [
            ("password_confirm", again.clone()),
            ("password2", again),
            ("organization", nullable(text("The name of the tenant; the username if there is none."))),
            ("first_name", nullable(text("For people."))),
            ("last_name", nullable(text("For people."))),
            ("setup_token", text("Of the link that an empty server shows.")),
        ],
    )
}

fn login() -> Value {
    let by = text("Username or e-mail address. One of the two is needed.");
    let cookie = flag("Has the browser keep the login in cookies, as the parameter does.");
    let fields = [("username", by.clone()), ("email", by), ("cookie", cookie)];
    optional(object([("password", text("The password."))]), fields)
}

fn new_password() -> Value {
    let again = "The new password once more. One of the three is needed.";
    let old = "The password until now. One of the two is needed.";
    let new = "The new password. One of the two is needed.";
    let fields = [
        ("old_password", old),
        ("current_password", old),
        ("new_password", new),
        ("password", new),
        ("new_password_confirm", again),
        ("new_password2", again),
        ("confirm_password", again),
    ];
    optional(object([]), fields.map(|(name, what)| (name, text(what))))
}

/// A field that has several names.
fn one_of_names(names: &[&str], what: &str) -> Value {
    let mut schema = optional(object([]), names.iter().map(|name| (*name, text(what))));
    schema["anyOf"] = names.iter().map(|name| json!({"required": [name]})).collect();
    schema
}

fn new_key() -> Value {
    let [name, scopes, streams, expires_at] = key_fields();
    let machine = nullable(text("A service account whose key it is to be; an admin's own otherwise."));
    optional(object([name, scopes]), [streams, expires_at, ("service_account", machine)])
}

fn changed_key() -> Value {
    optional(object([]), key_fields())
}

fn key_fields() -> [(&'static str, Value); 4] {
    let scopes = list(word(&Scope::ALL.map(Scope::as_str), "What it may do."), "At least one.");
    let streams = list(
        text("A name in which * stands for anything."),
        "The streams that it is for; all if there are none.",
    );
    [
        ("name", text("For people.")),
        ("scopes", scopes),
        ("streams", nullable(streams)),
        ("expires_at", nullable(moment("Until when it counts; for ever if it is missing."))),
    ]
}

fn components() -> Vec<Component> {
    let user = json!({
        "id": "6f1c", "username": "ada", "email": "ada@example.org", "email_verified": true, "role": "admin",
        "first_name": "Ada", "last_name": null,
    });
    let tenant = json!({"id": "engines-7h2k", "name": "Engines"});
    let tokens = json!({
        "token": "eyJ…", "access": "eyJ…", "refresh": "antler_refresh_…", "expires_in": 900,
    });
    let with = |value: &Value, more: Value| {
        let mut value = value.clone();
        for (name, field) in more.as_object().expect("an example is written as an object") {
            value[name] = field.clone();
        }
        value
    };
    let me = with(&user, json!({"tenant": tenant}));
    let logged_in = with(&tokens, json!({"user": user, "tenant": tenant}));
    [
        vec![
            Component::new("User", object(user_fields()), user.clone()),
            Component::new(
                "Tenant",
                object([("id", text("Of the tenant.")), ("name", text("For people."))]),
                tenant,
            ),
            Component::new("Tokens", object(token_fields()), tokens),
            Component::new(
                "LoggedIn",
                object(
                    token_fields()
                        .into_iter()
                        .chain([("user", reference("User")), ("tenant", reference("Tenant"))]),
                ),
                logged_in,
            ),
            Component::new(
                "Me",
                object(user_fields().into_iter().chain([("tenant", reference("Tenant"))])),
                me,
            ),
            Component::new("Profile", profile::schema(), with(&user, profile::example())),
        ],
        key_components(),
    ]
    .concat()
}

pub(super) fn user_fields() -> Vec<(&'static str, Value)> {
    vec![
        ("id", text("Of the person.")),
        ("username", text("As it was registered.")),
        ("email", text("As it was registered.")),
        ("email_verified", flag("Whether a link from a mail to the address was opened.")),
        ("role", word(&Role::ALL.map(Role::as_str), "In the tenant.")),
        ("first_name", nullable(text("As the person says."))),
        ("last_name", nullable(text("As the person says."))),
    ]
}

fn token_fields() -> Vec<(&'static str, Value)> {
    vec![
        ("token", text("The access token.")),
        ("access", text("The same, by its other name.")),
        ("refresh", text("The refresh token.")),
        ("expires_in", whole("Seconds that the access token counts.")),
    ]
}

fn key_components() -> Vec<Component> {
    let fields = || {
        object([
            ("id", text("Of the key.")),
            ("name", text("For people.")),
            ("owner", text("The person or service account for which it counts.")),
            ("prefix", text("What the key begins with.")),
            ("scopes", list(word(&Scope::ALL.map(Scope::as_str), "What it may do."), "All of them.")),
            ("streams", list(text("A name in which * stands for anything."), "What it is for.")),
            ("expires_at", nullable(moment("Until when it counts."))),
            ("created_at", moment("When it was made.")),
            ("last_used_at", nullable(moment("When a request came with it last."))),
            ("last_used", nullable(moment("The same under its older name."))),
            ("active", flag("Whether it counts now.")),
        ])
    };
    let key = json!({
        "id": "1f9c2ab4d7e03561", "name": "shipper", "owner": "6f1c", "prefix": "antler_1f9c2ab4d7e03561", "scopes": ["ingest"],
        "streams": ["*"], "expires_at": null, "created_at": "2026-03-01T08:00:00.000Z",
        "last_used_at": null, "last_used": null, "active": true,
    });
    let mut new = key.clone();
    new["key"] = "antler_1f9c2ab4d7e03561_…".into();
    let mut with_key = optional(fields(), [("key", text("The key itself, which is shown this once."))]);
    with_key["required"].as_array_mut().expect("objects have required fields").push("key".into());
    let page = json!({"results": [key], "total": 1, "page": 1, "size": 1, "next": null, "previous": null});
    vec![
        Component::new("Key", fields(), key),
        Component::new("NewKey", with_key, new),
        Component::new("KeyList", page_of(reference("Key")), page),
    ]
}
