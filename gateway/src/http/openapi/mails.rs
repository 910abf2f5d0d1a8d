//! What is said of links that come by mail: an address is verified, a forgotten password replaced.
//!
//! Invariant: it says what `http/accounts/mails.rs` does, and a test of the program holds the two together. It decides
//! nothing.

use serde_json::{Value, json};

use super::operation::{Content, Operation};
use super::schema::{object, optional, text};

const SENT: &str = "A few mails in an hour are sent for an account, and for an address that asks.";

pub(super) fn operations() -> Vec<Operation> {
    let token = |what| {
        Content::json(object([("token", text(what))])).like(json!({"token": "engines-7h2k.3a9f.5c0e"}))
    };
    vec![
        Operation::post("/api/auth/password-reset", "askReset", "Ask for another password")
            .described(
                "Sends a link to the address of the account. The answer is the same whether there is one, and comes \
                 after the same time.",
            )
            .body(Content::json(asked()).like(json!({"email": "ada@example.org"})))
            .answering(202, "If there is such an account, a mail is on its way.", vec![told()])
            .with("x-antler-limit", SENT.into())
            .failing(&[400, 409, 413, 415, 422, 429, 503]),
        Operation::post("/api/auth/password-reset/confirm", "resetPassword", "Choose another password")
            .described("With the token of the link, which counts once. All logins of the account end.")
            .body(Content::json(chosen()).like(json!({
                "token": "engines-7h2k.3a9f.5c0e", "new_password": "four green herons",
                "new_password_confirm": "four green herons",
            })))
            .answering(200, "The password is changed.", vec![told()])
            .failing(&[400, 409, 413, 415, 422, 503]),
        Operation::post("/api/auth/verify-email", "verifyEmail", "Verify an e-mail address")
            .body(token("Of the link that was sent to it."))
            .answering(200, "The address is verified.", vec![told()])
            .failing(&[400, 409, 413, 415, 422, 503]),
        Operation::post("/api/auth/verify-email/resend", "resendVerification", "Have the link sent again")
            .answering(202, "A mail is on its way, or the address is verified already.", vec![told()])
            .with("x-antler-limit", SENT.into())
            .failing(&[409, 413, 415, 429, 503]),
    ]
}

fn told() -> Content {
    Content::json(object([("message", text("A sentence to show."))]))
}

fn asked() -> Value {
    let by = text("E-mail address or username. One of the two is needed.");
    optional(object([]), [("email", by.clone()), ("username", by)])
}

fn chosen() -> Value {
    let new = "The new password. One of the two is needed.";
    let again = "The new password once more. One of the four is needed.";
    let fields = [
        ("new_password", new),
        ("password", new),
        ("new_password_confirm", again),
        ("password_confirm", again),
        ("password2", again),
        ("confirm_password", again),
    ];
    optional(object([("token", text("Of the link."))]), fields.map(|(name, what)| (name, text(what))))
}
