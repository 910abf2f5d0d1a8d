//! Links that come by mail: an address is verified, a forgotten password replaced, an invitation brought.
//!
//! Invariant: a link is read out of the mail that was written. It opens no socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use antler_actors::post::PostOffice;
use antler_config::{Mail, MailKind};
use antler_events::access::Scope;
use axum::http::StatusCode;
use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::world::{PASSWORD, World};
use crate::http::auth::Gate;
use crate::http::auth::permissions::Permission;
use crate::mail;

const RESET: &str = "/api/auth/password-reset/";
const CONFIRM: &str = "/api/auth/password-reset/confirm/";
const VERIFY: &str = "/api/auth/verify-email/";
const NEW: &str = "another-good-one-7";

/// A server that writes its mails into a folder.
struct Posted {
    world: World,
    dir: TempDir,
}

impl Posted {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(adjust: impl FnOnce(&mut Gate)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().to_owned();
        let world = World::with(|gate| {
            gate.site = "https://logs.example.org".to_owned();
            gate.post = Some(office(gate, folder, 3));
            adjust(gate);
        });
        Self { world, dir }
    }

    async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.world.send("POST", path, None, body).await
    }

    /// Waits for so many mails with a link to this page, and answers their tokens.
    async fn tokens(&self, page: &str, count: usize) -> Vec<String> {
        let mut pause = tokio::time::interval(Duration::from_millis(5));
        loop {
            let tokens: Vec<String> =
                texts(self.dir.path()).iter().filter_map(|text| token(text, page)).collect();
            if tokens.len() >= count {
                return tokens;
            }
            pause.tick().await;
        }
    }

    async fn token(&self, page: &str) -> String {
        self.tokens(page, 1).await.remove(0)
    }

    /// A link for somebody who has forgotten its password.
    async fn forgotten(&self, typed: &str, count: usize) -> Vec<String> {
        let (status, told) = self.post(RESET, &json!({"email": typed})).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{told}");
        self.tokens("reset-password", count).await
    }
}

fn office(gate: &Gate, folder: PathBuf, waiting_max: u32) -> PostOffice {
    let settings = Mail {
        kind: MailKind::Files,
        folder,
        from: "antler@example.org".to_owned(),
        waiting_per_tenant_max: waiting_max,
        ..Mail::default()
    };
    mail::office(&settings, &gate.accounts, &gate.secrets, &gate.site).unwrap().unwrap()
}

fn texts(dir: &Path) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(dir) else { return Vec::new() };
    let paths = files.map(|entry| entry.unwrap().path());
    let whole = paths.filter(|path| path.extension().is_some_and(|end| end == "eml"));
    let mails = whole.filter_map(|path| std::fs::read_to_string(path).ok());
    mails
        .map(|mail| {
            let body: String = mail.split_once("\r\n\r\n").unwrap().1.split_whitespace().collect();
            String::from_utf8(Base64::decode_vec(&body).unwrap()).unwrap()
        })
        .collect()
}

fn token(text: &str, page: &str) -> Option<String> {
    let (_, link) = text.split_once(&format!("https://logs.example.org/{page}#token="))?;
    link.lines().next().map(str::to_owned)
}

fn confirm(token: &str) -> Value {
    json!({"token": token, "new_password": NEW, "new_password_confirm": NEW})
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_once_and_all_logins_end() {
    let posted = Posted::new();
    let (_, ann) = posted.world.register("ann").await;
    let tokens = posted.forgotten("Ann@example.org", 1).await;
    let second = posted.forgotten("ann", 2).await;
    let weak = json!({"token": tokens[0], "password": "12345678", "password_confirm": "12345678"});
    let (status, refused) = posted.post(CONFIRM, &weak).await;
    assert_eq!((status.as_u16(), &refused["error"]["details"]["field"]), (422, &json!("new_password")));
    let (status, told) = posted.post(CONFIRM, &confirm(&tokens[0])).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    for spent in &second {
        let (status, refused) = posted.post(CONFIRM, &confirm(spent)).await;
        assert_eq!((status.as_u16(), &refused["error"]["details"]["field"]), (422, &json!("token")));
    }
    assert_eq!(posted.world.asked("GET", "/api/auth/user", &ann["token"]).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(posted.world.log_in("ann", PASSWORD).await.0, StatusCode::UNAUTHORIZED);
    let (status, back) = posted.world.log_in("ann", NEW).await;
    assert_eq!((status, &back["user"]["email_verified"]), (StatusCode::OK, &json!(true)), "{back}");
}

#[tokio::test]
async fn a_reset_for_nobody_is_refused_at_once() {
    let posted = Posted::new();
    for (body, field) in
        [(json!({"email": ""}), "email"), (json!({"username": " "}), "username"), (json!({}), "email")]
    {
        let (status, said) = posted.post(RESET, &body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
        assert_eq!(said["error"]["details"]["field"], field);
    }
}

#[tokio::test]
async fn who_asks_for_a_reset_does_not_learn_which_accounts_there_are() {
    let posted = Posted::with(|gate| gate.limits.mails_per_account_max = 2);
    posted.world.register("ann").await;
    let mut answers = Vec::new();
    for typed in ["ann@example.org", "nobody@example.org"] {
        let mut of_one = Vec::new();
        for _ in 0..3 {
            let body = json!({"email": typed});
            let asked = posted.post(RESET, &body);
            tokio::pin!(asked);
            // Whoever is told that a mail is on its way is told late enough to tell nothing.
            of_one.push(match tokio::time::timeout(Duration::from_millis(200), &mut asked).await {
                Ok(early) => {
                    assert_eq!(early.0, StatusCode::TOO_MANY_REQUESTS, "{early:?}");
                    early
                }
                Err(_) => asked.await,
            });
        }
        answers.push(of_one);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0][2].0, StatusCode::TOO_MANY_REQUESTS);
    posted.tokens("reset-password", 2).await;
    assert!(!texts(posted.dir.path()).iter().any(|text| text.contains("nobody")));
}

#[tokio::test]
async fn a_link_counts_for_its_time_and_for_what_it_was_sent_for() {
    let posted = Posted::new();
    let (_, ann) = posted.world.register("ann").await;
    let verification = posted.token("verify-email").await;
    let reset = posted.forgotten("ann", 1).await.remove(0);
    let check = async |path: &str, body: Value, words: &str| {
        let (status, refused) = posted.post(path, &body).await;
        assert_eq!((status.as_u16(), &refused["error"]["details"]["field"]), (422, &json!("token")));
        assert!(refused["error"]["message"].as_str().unwrap().contains(words), "{refused}");
    };
    check(CONFIRM, confirm(&verification), "ask for a new one").await;
    check(VERIFY, json!({"token": reset}), "ask for a new one").await;
    let (head, secret) = reset.rsplit_once('.').unwrap();
    check(CONFIRM, confirm(&format!("{head}.{}", secret.replace('a', "b") + "0")), "ask for").await;
    let foreign = reset.replacen(ann["tenant"]["id"].as_str().unwrap(), "other", 1);
    check(CONFIRM, confirm(&foreign), "ask for").await;
    check(VERIFY, json!({"token": "x"}), "ask for").await;
    posted.world.clock.pass(Duration::from_secs(3_600));
    check(CONFIRM, confirm(&reset), "has expired").await;
    assert_eq!(posted.post(VERIFY, &json!({"token": verification})).await.0, StatusCode::OK);
    assert_eq!(posted.post(VERIFY, &json!({"token": verification})).await.0, StatusCode::OK);
}

#[tokio::test]
async fn where_addresses_have_to_be_verified_nobody_does_more_before() {
    let posted = Posted::with(|gate| gate.settings.require_verified_email = true);
    let world = &posted.world;
    let (status, ann) = world.register("ann").await;
    assert_eq!((status, &ann["user"]["email_verified"]), (StatusCode::CREATED, &json!(false)));
    let rename =
        async || world.send("PATCH", "/api/tenant/", Some(&ann["token"]), &json!({"name": "Engines"})).await;
    let (status, refused) = rename().await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(refused["error"]["message"].as_str().unwrap().contains("verify the e-mail address"), "{refused}");
    assert_eq!(world.asked("GET", "/api/users/profile/", &ann["token"]).await.0, StatusCode::OK);
    let body = json!({"name": "k", "scopes": ["ingest"]});
    let (_, key) = world.send("POST", "/api/users/profile/api-keys", Some(&ann["token"]), &body).await;
    let ingest = async || {
        let caller = world.gate.authenticate(key["key"].as_str().unwrap()).await.unwrap();
        caller.check(Permission::Scope(Scope::Ingest)).is_ok()
    };
    assert!(!ingest().await);
    let (status, _) = world.asked("POST", "/api/auth/verify-email/resend/", &ann["token"]).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let tokens = posted.tokens("verify-email", 2).await;
    assert_eq!(posted.post(VERIFY, &json!({"token": tokens[1]})).await.0, StatusCode::OK);
    assert_eq!(rename().await.0, StatusCode::OK);
    assert!(ingest().await);
    let (_, told) = world.asked("POST", "/api/auth/verify-email/resend/", &ann["token"]).await;
    assert_eq!(told["message"], "the address is verified already");
}

#[tokio::test]
async fn an_invitation_comes_by_mail_unless_it_was_withdrawn() {
    let posted = Posted::new();
    let (_, ann) = posted.world.register("ann").await;
    let body = json!({"email": "bob@example.org", "role": "viewer"});
    let invite =
        async || posted.world.send("POST", "/api/tenant/invitations/", Some(&ann["token"]), &body).await.1;
    let invited = invite().await;
    assert_eq!(invited["mailed"], true, "{invited}");
    let token = posted.token("accept-invitation").await;
    assert_eq!(invited["token"], token.as_str());
    assert_eq!(invited["link"], format!("https://logs.example.org/accept-invitation#token={token}"));
    let (status, bob) = posted.world.accept(&json!(token), "bob").await;
    assert_eq!((status, &bob["user"]["email_verified"]), (StatusCode::CREATED, &json!(false)));
    let text = texts(posted.dir.path()).into_iter().find(|text| text.contains("org-ann")).unwrap();
    assert!(text.contains("You are invited"), "{text}");
}

#[tokio::test]
async fn a_full_post_office_refuses_and_without_one_nothing_is_promised() {
    let gone = tempfile::tempdir().unwrap();
    let posted = Posted::with(|gate| {
        gate.post = Some(office(gate, gone.path().to_owned(), 1));
        // From now on nothing can be written there.
        std::fs::remove_dir_all(gone.path()).unwrap();
    });
    let (status, ann) = posted.world.register("ann").await;
    assert_eq!(status, StatusCode::CREATED, "the mail waits, and nobody for it");
    let (status, refused) = posted.world.asked("POST", "/api/auth/verify-email/resend/", &ann["token"]).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{refused}");
    let without = World::new();
    let (_, bob) = without.register("bob").await;
    for (path, body) in [(RESET, json!({"email": "bob"})), ("/api/auth/verify-email/resend/", Value::Null)] {
        let (status, refused) = without.send("POST", path, Some(&bob["token"]), &body).await;
        assert_eq!(status, StatusCode::CONFLICT, "{refused}");
    }
}
