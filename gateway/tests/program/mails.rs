//! Mails of a real server: promised, written, sent again after a restart, and taken by a real mail server.
//!
//! Invariant: a link is read out of the mail, as its reader would. It does not know the rules of accounts.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::client::{Mails, PASSWORD, body_of, path_text, post_json, register, send, start_with, token_of};
use super::running::{Answer, Running, wait};
use super::services;

const NEW: &str = "four green herons";

fn post(running: &Running, path: &str, body: &Value) -> Answer {
    send(running, "POST", path, "\r\nContent-Type: application/json", body.to_string().as_bytes())
}

fn status(answer: &Answer) -> &str {
    &answer.head[9..12]
}

fn log_in(running: &Running, password: &str) -> Answer {
    post(running, "/api/auth/login/", &json!({"username": "ann", "password": password}))
}

fn figure(running: &Running, name: &str) -> f64 {
    let text = send(running, "GET", "/metrics", "", b"").body;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")).map(str::to_owned));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

#[test]
fn mails_wait_for_a_server_that_is_gone_and_are_sent_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let running = start_with(dir.path(), &smtp_settings(nobody, "none", ""));
    register(&running, "ann");
    assert_eq!(status(&post(&running, "/api/auth/password-reset/", &json!({"email": "ann"}))), "202");
    let health = wait(|| {
        Some(running.json("/health")).filter(|health| health["dependencies"]["mail"]["status"] == "degraded")
    });
    assert!(health["dependencies"]["mail"]["detail"].as_str().unwrap().contains("2 wait"), "{health}");
    assert!(figure(&running, "antler_mails_failed_total") >= 1.0);
    drop(running);

    let mails = Mails::new(dir.path());
    let running = start_with(dir.path(), &mails.settings());
    let token = mails.token("ann@example.org", "verify-email");
    let verified = post(&running, "/api/auth/verify-email/", &json!({"token": token}));
    assert_eq!(status(&verified), "200", "{}", verified.body);
    let token = mails.token("ann@example.org", "reset-password");
    let body = json!({"token": token, "new_password": NEW, "new_password_confirm": NEW});
    let reset = post(&running, "/api/auth/password-reset/confirm/", &body);
    assert_eq!(status(&reset), "200", "{}", reset.body);
    assert_eq!(status(&log_in(&running, PASSWORD)), "401");
    assert_eq!(status(&log_in(&running, NEW)), "200");
    wait(|| (figure(&running, "antler_mails_sent_total") == 2.0).then_some(()));
    drop(running);

    // What was sent is not sent again, and a link that was used stays used.
    let other = tempfile::tempdir().unwrap();
    let later = Mails::new(other.path());
    let running = start_with(dir.path(), &later.settings());
    assert_eq!(status(&post(&running, "/api/auth/password-reset/confirm/", &body)), "422");
    let again = json!({"username": "ann", "email": "x"});
    assert_eq!(status(&post(&running, "/api/auth/password-reset/", &again)), "202");
    assert_eq!(later.texts("ann@example.org").len(), 0);
}

#[test]
fn a_server_without_mail_says_so_and_its_invitations_have_a_host_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), "[server]\nbase_path = \"/logs\"\n");
    let (ann, _) = register_below(&running);
    let refused = post(&running, "/logs/api/auth/password-reset/", &json!({"email": "ann@example.org"}));
    assert_eq!(status(&refused), "409", "to come again later would not help");
    assert!(refused.body.contains("sends no mail"), "{}", refused.body);
    let body = json!({"email": "bob@example.org", "role": "viewer"});
    let invited = post_json(&running, "/logs/api/tenant/invitations/", Some(&ann), &body);
    let link = format!("http://{}/logs/accept-invitation#token=", running.http);
    assert!(invited["link"].as_str().unwrap().starts_with(&link), "{invited}");
    assert_eq!(invited["mailed"], false);
}

fn register_below(running: &Running) -> (String, Value) {
    let body = json!({
        "username": "ann", "email": "ann@example.org", "password": PASSWORD, "password_confirm": PASSWORD,
    });
    let ann = post_json(running, "/logs/api/auth/register/", None, &body);
    (ann["token"].as_str().unwrap().to_owned(), ann)
}

fn smtp_settings(port: u16, security: &str, more: &str) -> String {
    format!(
        "[server]\npublic_url = \"https://logs.example.org\"\n[mail]\nkind = \"smtp\"\nhost = \"localhost\"\nport = {port}\n\
         from = \"antler@example.org\"\nsecurity = \"{security}\"\n{more}"
    )
}

/// A real mail server, gone when it is dropped.
struct MailServer {
    process: Child,
    port: u16,
    folder: PathBuf,
}

impl MailServer {
    fn start(dir: &Path, arguments: &[&str]) -> Self {
        let folder = dir.join("kept");
        std::fs::create_dir_all(&folder).unwrap();
        let mut process = Command::new(services::python("requirements.txt").join("python"))
            .arg(services::file("smtp.py"))
            .arg(&folder)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, port: line.trim().parse().unwrap(), folder }
    }

    /// Waits for a mail in which this stands.
    fn mail(&self, what: &str) -> String {
        wait(|| {
            let files = std::fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap().path());
            let whole = files.filter(|path| path.extension().is_some_and(|end| end == "eml"));
            whole.filter_map(|path| std::fs::read_to_string(path).ok()).find(|mail| mail.contains(what))
        })
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
#[ignore = "needs aiosmtpd of PyPI: cargo ci installs it and runs this"]
fn a_real_mail_server_takes_mails_in_each_security_and_refuses_some() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path_text(&path).to_owned()
    };
    let certificate = put("a.pem", include_str!("certificates/one.crt"));
    let key = put("a.key", include_str!("certificates/one.key"));
    let other = put("b.pem", include_str!("certificates/other.crt"));
    for security in ["none", "starttls", "tls"] {
        let data = dir.path().join(security);
        std::fs::create_dir_all(&data).unwrap();
        let login = ["--user", "antler", "--password", "three blue otters"];
        let pair = ["--security", security, "--certificate", &certificate, "--key", &key];
        let server = MailServer::start(&data, &[&pair[..], &login].concat());
        let more = |authorities: &str, password: &str| {
            format!("user = \"antler\"\npassword = \"{password}\"\nauthorities = \"{authorities}\"\n")
        };
        let settings = |more: String| smtp_settings(server.port, security, &more);
        let is_down = |running: &Running| {
            wait(|| (running.json("/health")["dependencies"]["mail"]["status"] == "degraded").then_some(()));
        };
        let running = start_with(&data, &settings(more(&certificate, "wrong")));
        register(&running, "ann");
        is_down(&running);
        drop(running);
        if security != "none" {
            is_down(&start_with(&data, &settings(more(&other, "three blue otters"))));
        }
        let running = start_with(&data, &settings(more(&certificate, "three blue otters")));
        let mail = server.mail("To: ann@example.org");
        let token = token_of(&body_of(&mail), "verify-email").unwrap();
        let verified = post(&running, "/api/auth/verify-email/", &json!({"token": token}));
        assert_eq!(status(&verified), "200", "{}", verified.body);
        register(&running, "nobody");
        wait(|| (figure(&running, "antler_mails_given_up_total") == 1.0).then_some(()));
        register(&running, "later");
        wait(|| (figure(&running, "antler_mails_failed_total") >= 1.0).then_some(()));
        assert_eq!(figure(&running, "antler_mails_waiting"), 1.0);
        assert_eq!(running.json("/health")["dependencies"]["mail"]["status"], "ok");
    }
}
