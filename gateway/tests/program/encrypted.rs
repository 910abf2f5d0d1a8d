//! HTTP and lines over TCP through TLS, and certificates that change while the server runs.
//!
//! The certificates are self-signed ones of no other use. A client here trusts one of them and nothing else.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::json;

use super::client::{PASSWORD, start_with};
use super::running::{Running, wait};
use super::{check, path_text, settings};

const ONE: [&str; 2] = [include_str!("certificates/one.crt"), include_str!("certificates/one.key")];
const OTHER: [&str; 2] = [include_str!("certificates/other.crt"), include_str!("certificates/other.key")];

fn put(dir: &Path, [certificate, key]: [&str; 2]) {
    std::fs::write(dir.join("server.key"), key).unwrap();
    std::fs::write(dir.join("server.pem"), certificate).unwrap();
}

fn settings_text(dir: &Path, more: &str) -> String {
    let dir = dir.display();
    format!("[tls]\ncertificate = \"{dir}/server.pem\"\nkey = \"{dir}/server.key\"\n{more}")
}

fn start(dir: &Path, pair: [&str; 2], more: &str) -> Running {
    put(dir, pair);
    start_with(dir, &settings_text(dir, more))
}

type Encrypted = StreamOwned<ClientConnection, TcpStream>;

/// A connection that holds only if the server shows this certificate.
fn connect(address: SocketAddr, trusted: &str, protocol: Option<&str>) -> Encrypted {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = versions.unwrap().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocol.into_iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream)
}

/// Asks on a connection that stays open; answers head and body.
fn ask(stream: &mut Encrypted, head: &str, body: &str) -> io::Result<String> {
    write!(stream, "{head} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
    let mut text = Vec::new();
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        text.push(byte[0]);
        if text.ends_with(b"\r\n\r\n") {
            break;
        }
    }
    let head = String::from_utf8(text).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body)?;
    Ok(head + &String::from_utf8(body).unwrap())
}

/// What comes back to somebody who does not encrypt.
fn in_the_open(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    let _closed_or_reset = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn health(running: &Running, trusted: &str) -> io::Result<String> {
    ask(&mut connect(running.http, trusted, None), "GET /health", "")
}

#[test]
fn http_is_encrypted_and_browsers_are_asked_to_stay_with_that() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path(), ONE, "");
    let mut stream = connect(running.http, ONE[0], Some("http/1.1"));
    let answer = ask(&mut stream, "GET /health", "").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("strict-transport-security"), "{answer}");
    assert!(
        answer.contains("\"certificate\":{\"status\":\"ok\"") && answer.contains("days, on 2126"),
        "{answer}"
    );
    assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    let ada = json!({
        "username": "ada", "email": "ada@example.org", "password": PASSWORD, "password_confirm": PASSWORD,
    });
    assert!(
        ask(&mut stream, "POST /api/auth/register/", &ada.to_string()).unwrap().starts_with("HTTP/1.1 201")
    );
    let login = json!({"username": "ada", "password": PASSWORD, "cookie": true}).to_string();
    let kept = ask(&mut stream, "POST /api/auth/login/", &login).unwrap();
    assert_eq!(kept.matches("; Secure").count(), 3, "{kept}");
    let metrics = ask(&mut stream, "GET /metrics", "").unwrap();
    assert!(metrics.contains("antler_tls_certificate_end_seconds 49"), "{metrics}");
    // Who trusts another certificate does not talk to this server, nor does who does not encrypt.
    assert!(health(&running, OTHER[0]).unwrap_err().to_string().contains("certificate"));
    assert!(!in_the_open(running.http, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").contains("HTTP"));
}

#[test]
fn a_new_certificate_comes_into_force_without_an_end_of_connections() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path(), ONE, "");
    let mut old = connect(running.http, ONE[0], None);
    assert!(ask(&mut old, "GET /live", "").unwrap().starts_with("HTTP/1.1 200"));
    put(dir.path(), [ONE[0], OTHER[1]]);
    running.signal("HUP");
    wait(|| health(&running, ONE[0]).unwrap().contains("cannot be used together").then_some(()));
    put(dir.path(), OTHER);
    running.signal("HUP");
    let new = wait(|| health(&running, OTHER[0]).ok());
    assert!(new.contains("\"certificate\":{\"status\":\"ok\""), "{new}");
    assert!(ask(&mut old, "GET /live", "").unwrap().starts_with("HTTP/1.1 200"));
    drop(old);
    let (code, said) = running.stop("TERM");
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("the old one stays in force") && said.contains("a new certificate is in force"),
        "{said}"
    );
}

#[test]
fn lines_over_tcp_are_encrypted_if_that_is_set() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path(), ONE, "tcp = true\n");
    let mut http = connect(running.http, ONE[0], None);
    let ada = json!({
        "username": "ada", "email": "ada@example.org", "password": PASSWORD, "password_confirm": PASSWORD,
    });
    let answer = ask(&mut http, "POST /api/auth/register/", &ada.to_string()).unwrap();
    let token = answer.split("\"token\":\"").nth(1).unwrap().split('"').next().unwrap();
    let mut lines = connect(running.port("tcp"), ONE[0], None);
    write!(lines, "{{\"token\":\"{token}\",\"ack\":true}}\nthe first\nthe second\n").unwrap();
    let mut told = String::new();
    while !told.contains('\n') {
        let mut byte = [0];
        lines.read_exact(&mut byte).unwrap();
        told.push(char::from(byte[0]));
    }
    assert!(told.contains("\"receipt\":{"), "{told}");
    let answer = in_the_open(running.port("tcp"), b"{\"token\":\"x\"}\na line in the open\n");
    assert!(!answer.contains("token"), "{answer:?}");
}

#[test]
fn a_pair_that_does_not_fit_is_told_before_anything_is_served() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), [ONE[0], OTHER[1]]);
    let config = settings(dir.path(), settings_text(dir.path(), ""));
    let data = dir.path().join("data");
    let (config, data) = (path_text(&config), path_text(&data));
    let flags = ["--config", config, "--data", data];
    check(&[&["serve", "--ephemeral-ports"], &flags[..]].concat(), 1, "cannot be used together");
    check(&[&["doctor"], &flags[..]].concat(), 1, "problem  certificate: the certificate");
}

#[test]
fn commands_speak_to_a_server_that_they_have_reason_to_trust() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path(), ONE, "");
    let mut http = connect(running.http, ONE[0], None);
    let ada = json!({
        "username": "ada", "email": "ada@example.org", "password": PASSWORD, "password_confirm": PASSWORD,
    });
    let answer = ask(&mut http, "POST /api/auth/register/", &ada.to_string()).unwrap();
    let token = answer.split("\"token\":\"").nth(1).unwrap().split('"').next().unwrap();
    let (certificate, other) = (dir.path().join("server.pem"), dir.path().join("other.pem"));
    std::fs::write(&other, OTHER[0]).unwrap();
    let server = format!("https://localhost:{}", running.http.port());
    let lines = dir.path().join("lines.txt");
    std::fs::write(&lines, "a giraffe\nanother giraffe\n").unwrap();
    let remote = |ca| ["--server", &server, "--token", token, "--ca", ca];
    let (trusted, not_trusted) = (remote(path_text(&certificate)), remote(path_text(&other)));
    check(&[&["send", path_text(&lines)], &trusted[..]].concat(), 0, "");
    wait(|| {
        let found = super::antler(&[&["query", "giraffe"], &trusted[..]].concat()).output().unwrap();
        (String::from_utf8_lossy(&found.stdout).matches("giraffe").count() == 2).then_some(())
    });
    check(&[&["query", "x"], &not_trusted[..]].concat(), 1, "cannot be trusted");
    check(&[&["query", "x"], &trusted[..4]].concat(), 1, "with --ca FILE");
    let none = path_text(&lines);
    check(&[&["job", "list"], &trusted[..4], &["--ca", none]].concat(), 1, "of --ca cannot be used");
    let mut tail = super::antler(&[&["tail", "giraffe", "--since", "1h"], &trusted[..]].concat());
    let mut tail = tail.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    io::BufRead::read_line(&mut io::BufReader::new(tail.stdout.take().unwrap()), &mut first).unwrap();
    tail.kill().unwrap();
    tail.wait().unwrap();
    assert!(first.contains("giraffe"), "{first}");
}
