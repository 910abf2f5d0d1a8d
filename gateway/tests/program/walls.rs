//! The walls between tenants where no request of HTTP is: each socket with each message, TCP and UDP, asked by every kind of
//! credential; and how soon an end of a credential counts.
//!
//! Invariant: what is expected comes from the document of the API, as for requests. A socket that is refused has said nothing
//! but why; no socket of somebody else has shown the word that stands in the first tenant's data only.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream, UdpSocket};

use serde_json::{Value, json};
use tungstenite::Message;
use tungstenite::protocol::frame::coding::CloseCode;

use super::client::{PASSWORD, post_json, register, send, start_with, wait_for};
use super::documented::{Operation, operations};
use super::isolation::{Credential, Expected, MARK, May, OPERATOR, Tenants, bearer, expected, text};
use super::running::{Running, wait};
use super::socket_client::Socket;

/// A socket of one kind at one address.
struct Door<'a> {
    operation: &'a Operation<'a>,
    address: String,
    /// Only the first tenant's admin, and keys of that one, are let in.
    is_of_admin: bool,
}

fn doors<'a>(all: &'a [Operation<'a>], tenants: &Tenants<'_>, seq: u64) -> Vec<Door<'a>> {
    let of = |path: &str| all.iter().find(|of| of.path.trim_end_matches('/') == path).unwrap();
    let door = |path: &str, address: String, is_of_admin| Door { operation: of(path), address, is_of_admin };
    let stream = |more: String| door("/ws/logs/stream", format!("/ws/logs/stream/{more}"), false);
    vec![
        stream(String::new()),
        stream("?from=now-1h".to_owned()),
        stream(format!("?resume={seq}")),
        stream(format!("?from=now-1h&query={MARK}")),
        door("/ws/metrics", "/ws/metrics/".to_owned(), false),
        door("/ws/notifications", "/ws/notifications/".to_owned(), false),
        door("/ws/notifications/{user}", format!("/ws/notifications/{}", tenants.user), true),
    ]
}

fn is_admins(credential: &Credential) -> bool {
    credential.is_own && (credential.name == "admin" || matches!(credential.may, May::Key(_)))
}

/// The code of the end that is to be expected; none if the socket is to open.
fn end_expected(door: &Door<'_>, credential: &Credential) -> Option<u16> {
    match expected(door.operation, credential.may) {
        Expected::Unauthorized => Some(4001),
        Expected::Forbidden => Some(4003),
        Expected::Admitted if door.is_of_admin && !is_admins(credential) => Some(4003),
        // It knows no streams, and would show what is of others.
        Expected::Admitted if credential.name == KEPT && !door.address.contains("stream") => Some(4003),
        Expected::Admitted => None,
    }
}

/// The name of a key that is kept to streams without lines.
const KEPT: &str = "a key kept to other streams";

fn open(running: &Running, door: &Door<'_>, credential: &Credential) -> Socket {
    let token = credential.headers.strip_prefix("\r\nAuthorization: ");
    let headers: Vec<(&'static str, &str)> =
        token.map(|token| ("authorization", token)).into_iter().collect();
    Socket::with_headers(running, &door.address, &headers).unwrap()
}

/// Everything until the end, or until a message of this type.
fn heard(socket: &mut Socket, until: &str) -> (String, Option<u16>) {
    let mut said = String::new();
    loop {
        match socket.0.read() {
            Ok(Message::Text(text)) => {
                said.push_str(&text);
                if serde_json::from_str::<Value>(&text).unwrap()["type"] == until {
                    return (said, None);
                }
            }
            Ok(Message::Close(frame)) => return (said, frame.map(|frame| CloseCode::into(frame.code))),
            Ok(_) => {}
            Err(error) => panic!("neither {until} nor an end: {error}: {said}"),
        }
    }
}

/// What is wrong with what one credential gets at one door, whatever it says there.
fn faults(running: &Running, door: &Door<'_>, credential: &Credential, messages: &[Value]) -> Vec<String> {
    let what = format!("{} opened by {}", door.address, credential.name);
    let mut faults = Vec::new();
    let Some(expected) = end_expected(door, credential) else {
        let mut socket = open(running, door, credential);
        let (mut said, mut end) = heard(&mut socket, "connection");
        for message in messages {
            if end.is_some() {
                break;
            }
            socket.say(&message["message"]);
            let (more, ended) = heard(&mut socket, message["answered_by"].as_str().unwrap());
            (said, end) = (said + &more, ended);
        }
        faults.extend(end.map(|code| format!("{what} ends with {code}")));
        let shows = said.contains(MARK) && !credential.is_own;
        faults.extend(shows.then(|| format!("{what} shows what is another tenant's: {said}")));
        return faults;
    };
    for message in messages {
        let mut socket = open(running, door, credential);
        // It may be closed by now, which is right.
        let _closed = socket.0.send(Message::text(message["message"].to_string()));
        let (said, end) = heard(&mut socket, "nothing");
        if end != Some(expected) || !said.is_empty() {
            faults
                .push(format!("{what} and told {message} ends with {end:?} after {said:?}, not {expected}"));
        }
    }
    faults
}

/// All credentials, and one that the requests have no use for.
fn credentials(tenants: &mut Tenants<'_>) {
    let key = json!({"name": KEPT, "scopes": ["ingest", "read"], "streams": ["logs-elsewhere-*"]});
    let key = post_json(tenants.running, "/api/users/profile/api-keys/", Some(&tenants.admin), &key);
    let may = May::Key(&["ingest", "read"]);
    tenants.credentials.push(Credential::new(KEPT, &bearer(&text(&key["key"])), may, false));
    // Cookies are for browsers: see the tests of the edge.
    tenants.credentials.retain(|credential| !matches!(credential.may, May::Cookie(_)));
}

#[test]
fn every_socket_answers_every_message_of_every_credential_as_the_document_says() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), &format!("[listeners]\noperator_token = \"{OPERATOR}\"\n"));
    let document = running.json("/api/schema/");
    let all = operations(&document);
    let mut tenants = Tenants::found(&running, &dir.path().join("data"));
    credentials(&mut tenants);
    let mut first = Socket::open(&running, &format!("/ws/logs/stream/?from=now-1h&token={}", tenants.admin));
    let lines = wait(|| Some(first.hear()).filter(|heard| heard["data"].to_string().contains(MARK)));
    let seq = lines["seq"].as_u64().or(lines["first"].as_u64()).unwrap();
    let (mut count, mut wrong) = (0, Vec::new());
    for door in doors(&all, &tenants, seq) {
        let messages = door.operation.said["x-antler-socket"]["client"].as_array().unwrap();
        for credential in &tenants.credentials {
            count += messages.len();
            wrong.extend(faults(&running, &door, credential, messages));
        }
    }
    println!("7 doors of 3 sockets x their messages x {} credentials = {count}", tenants.credentials.len());
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 400, "{count}");
}

/// Sends a line over TCP; answers the code of the refusal, or none if it was taken.
fn over_tcp(running: &Running, token: Option<&str>, line: &str) -> Option<String> {
    let mut stream = TcpStream::connect(running.port("tcp")).unwrap();
    let greeting = token.map(|token| format!("{}\n", json!({"token": token, "ack": true})));
    stream.write_all(format!("{}{line}\n", greeting.unwrap_or_default()).as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let answer: Value = serde_json::from_str(answer.lines().last().unwrap()).unwrap();
    answer["error"]["code"].as_str().map(str::to_owned)
}

/// The messages that a tenant finds of those that this test sends.
fn kept(running: &Running, token: &str, count: usize) -> BTreeSet<String> {
    let page = wait_for(running, token, "service%3Awalls", count as u64);
    page["results"].as_array().unwrap().iter().map(|line| text(&line["message"])).collect()
}

#[test]
fn lines_over_tcp_and_udp_belong_to_the_tenant_of_their_credential_or_to_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), &format!("[listeners]\noperator_token = \"{OPERATOR}\"\n"));
    let document = running.json("/api/schema/");
    let all = operations(&document);
    let bulk = all.iter().find(|of| of.method == "POST" && of.path.trim_end_matches('/') == "/api/logs/bulk");
    let mut tenants = Tenants::found(&running, &dir.path().join("data"));
    credentials(&mut tenants);
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (mut own, mut others, mut refused) = (BTreeSet::new(), BTreeSet::new(), 0);
    for credential in &tenants.credentials {
        let token = credential.headers.strip_prefix("\r\nAuthorization: Bearer ");
        // A line that names another stream is not of those that this key may send.
        let is_kept = credential.name == KEPT;
        let expected = match expected(bulk.unwrap(), credential.may) {
            Expected::Admitted => None,
            Expected::Unauthorized => Some("unauthorized".to_owned()),
            Expected::Forbidden => Some("forbidden".to_owned()),
        };
        let line = |protocol: &str| {
            json!({"message": format!("{protocol} of {}", credential.name), "service": "walls"}).to_string()
        };
        let is_taken = expected.is_none() && !is_kept;
        if !is_kept {
            let answered = over_tcp(&running, token, &line("tcp"));
            assert_eq!(answered, expected, "TCP with {}", credential.name);
        }
        let greeting = token.map(|token| format!("{}\n", json!({"token": token}))).unwrap_or_default();
        udp.send_to(format!("{greeting}{}", line("udp")).as_bytes(), running.port("udp")).unwrap();
        refused += u64::from(!is_taken);
        if is_taken {
            let of = if credential.is_own { &mut own } else { &mut others };
            of.extend(["tcp", "udp"].map(|protocol| format!("{protocol} of {}", credential.name)));
        }
    }
    let figure = format!("antler_ingest_udp_dropped_total{{protocol=\"udp\"}} {refused}");
    wait(|| send(&running, "GET", "/metrics", "", b"").body.lines().any(|line| line == figure).then_some(()));
    println!("2 protocols x {} credentials, {refused} refused", tenants.credentials.len());
    assert!(own.len() >= 6 && others.len() == 4 && refused >= 8, "{own:?} {others:?} {refused}");
    assert_eq!(kept(&running, &tenants.admin, own.len()), own);
    assert_eq!(kept(&running, &tenants.other, others.len()), others);
}

/// What ends a credential, and the codes that sockets end with.
const ENDS: [&str; 5] = ["revoked key", "logout", "new password", "removed member", "erased tenant"];

#[test]
fn whatever_ends_a_credential_ends_requests_at_once_and_sockets_with_their_next_look() {
    // How long a look may be off by the settings that nobody changed; the test makes it short.
    assert!(antler_config::Config::default().limits.live.credential_check_every.as_secs() <= 60);
    let dir = tempfile::tempdir().unwrap();
    let settings = format!(
        "[listeners]\noperator_token = \"{OPERATOR}\"\n[limits.live]\ncredential_check_every = \"100 ms\"\n"
    );
    let running = start_with(dir.path(), &settings);
    for end in ENDS {
        let founder = format!("ann-{}", end.replace(' ', "-"));
        let (admin, _) = register(&running, &founder);
        let (credential, finish) = prepared(&running, &admin, &founder, end);
        let mut sockets = ["logs/stream", "metrics", "notifications"]
            .map(|kind| Socket::open(&running, &format!("/ws/{kind}/?token={credential}")));
        for socket in &mut sockets {
            assert_eq!(socket.hear()["type"], "connection", "{end}");
        }
        let asked =
            || send(&running, "GET", "/api/logs/search/", &bearer(&credential), b"").head[9..12].to_owned();
        assert_eq!(asked(), "200", "{end}");
        finish(&running);
        // The answer that says that it has ended is not sooner than its end.
        assert!(["401", "403"].contains(&asked().as_str()), "{end} leaves requests as they were");
        for socket in &mut sockets {
            let code = socket.end().0;
            assert!([4001, 4003].contains(&code), "{end} ends a socket with {code}");
        }
    }
    println!("{} ends x 3 sockets and requests", ENDS.len());
}

type Finish = Box<dyn Fn(&Running)>;

/// A credential that counts, and what ends it.
fn prepared(running: &Running, admin: &str, founder: &str, end: &str) -> (String, Finish) {
    let admin = admin.to_owned();
    let by_admin = |method: &'static str, path: String, body: Value| -> Finish {
        let headers = format!("{}\r\nContent-Type: application/json", bearer(&admin));
        Box::new(move |running| done(running, method, &path, &headers, &body))
    };
    match end {
        "revoked key" => {
            let key = json!({"name": "reader", "scopes": ["read"]});
            let key = post_json(running, "/api/users/profile/api-keys/", Some(&admin), &key);
            let path = format!("/api/users/profile/api-keys/{}/", text(&key["id"]));
            (text(&key["key"]), by_admin("DELETE", path, Value::Null))
        }
        "logout" => {
            let refresh = json!({});
            (admin.clone(), by_admin("POST", "/api/auth/logout/".to_owned(), refresh))
        }
        "new password" => {
            let login = json!({"username": founder, "password": PASSWORD}).to_string();
            let other = send(running, "POST", "/api/auth/login/", "", login.as_bytes()).json();
            let new = "four green herons";
            let body = json!({"old_password": PASSWORD, "new_password": new, "new_password_confirm": new});
            (text(&other["token"]), by_admin("POST", "/api/auth/change-password/".to_owned(), body))
        }
        "removed member" => {
            let invited = json!({"email": "bob-of-walls@example.org", "role": "viewer"});
            let invited = post_json(running, "/api/tenant/invitations/", Some(&admin), &invited);
            let body = json!({"token": invited["token"], "username": "bob-of-walls", "password": PASSWORD,
                              "password_confirm": PASSWORD});
            let bob = post_json(running, "/api/auth/accept-invitation/", None, &body);
            let path = format!("/api/tenant/users/{}/", text(&bob["user"]["id"]));
            (text(&bob["token"]), by_admin("DELETE", path, Value::Null))
        }
        _ => {
            let tenant = send(running, "GET", "/api/tenant/", &bearer(&admin), b"").json();
            let path = format!("/api/admin/tenants/{}/", text(&tenant["id"]));
            let headers = format!("{}\r\nContent-Type: application/json", bearer(OPERATOR));
            let body = json!({"name": tenant["name"]});
            (admin.clone(), Box::new(move |running| done(running, "DELETE", &path, &headers, &body)))
        }
    }
}

fn done(running: &Running, method: &str, path: &str, headers: &str, body: &Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = send(running, method, path, headers, body.as_bytes());
    assert!(answer.head.starts_with("HTTP/1.1 2"), "{method} {path}: {} {}", answer.head, answer.body);
}
