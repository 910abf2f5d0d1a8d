//! HTTP: a request over a connection of its own.
//!
//! Invariant: an answer is read whole, and its connection closed. It follows no redirects and speaks no TLS.

use std::io::{BufReader, Read as _, Write as _};
use std::net::SocketAddr;

use anyhow::{Context as _, bail, ensure};
use base64ct::{Base64, Encoding as _};
use serde_json::Value;

use super::{ANSWER_BYTES_MAX, connect};
use crate::servers::kind::Login;
use crate::servers::seat::Seat;

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body).context("the answer is no JSON")
    }
}

/// Sends JSON, or lines of it, and reads the answer.
pub fn send(
    address: SocketAddr,
    login: Option<&Login>,
    method: &str,
    path: &str,
    body: &str,
) -> anyhow::Result<Answer> {
    let shown = login.map(|login| format!("Basic {}", basic(login)));
    send_as(address, shown.as_deref(), method, path, body)
}

/// The same with any credential: `Bearer TOKEN`.
pub fn send_as(
    address: SocketAddr,
    credential: Option<&str>,
    method: &str,
    path: &str,
    body: &str,
) -> anyhow::Result<Answer> {
    let mut stream = BufReader::new(connect(address)?);
    let shown = credential.map_or_else(String::new, |shown| format!("Authorization: {shown}\r\n"));
    let kind = if path.contains("_bulk") { "application/x-ndjson" } else { "application/json" };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\n{shown}Connection: close\r\n\
         Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.get_mut().write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
    answer(&mut stream.take(ANSWER_BYTES_MAX as u64))
}

/// Whether a search server has its cluster together.
pub(super) fn ask_health(seat: &Seat) -> anyhow::Result<()> {
    let path = "/_cluster/health?timeout=1s";
    let answer = send(seat.address, seat.login.as_ref(), "GET", path, "")?;
    ensure!(answer.status == 200, "its health has the status {}", answer.status);
    let health = answer.json()?;
    match health["status"].as_str() {
        Some("green" | "yellow") => Ok(()),
        status => bail!("its health is {}", status.unwrap_or("not told")),
    }
}

fn answer(stream: &mut impl std::io::BufRead) -> anyhow::Result<Answer> {
    let status_line = line(stream)?;
    let status = status_line.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.with_context(|| format!("no status in {status_line:?}"))?;
    let mut is_chunked = false;
    loop {
        let line = line(stream)?.to_ascii_lowercase();
        let Some((name, value)) = line.split_once(':') else { break };
        is_chunked |= name == "transfer-encoding" && value.trim() == "chunked";
    }
    let mut body = Vec::new();
    while is_chunked && chunk(stream, &mut body)? {}
    if !is_chunked {
        stream.read_to_end(&mut body)?;
    }
    Ok(Answer { status, body })
}

/// Whether there was one more.
fn chunk(stream: &mut impl std::io::BufRead, body: &mut Vec<u8>) -> anyhow::Result<bool> {
    let length = usize::from_str_radix(&line(stream)?, 16)?;
    let read = stream.take(length as u64).read_to_end(body)?;
    ensure!(read == length, "the answer ends early");
    line(stream)?;
    Ok(length > 0)
}

fn line(stream: &mut impl std::io::BufRead) -> anyhow::Result<String> {
    let mut line = String::new();
    ensure!(stream.read_line(&mut line)? > 0, "the server has closed the connection");
    Ok(line.trim_end().to_owned())
}

/// Name and password in Base64.
fn basic(login: &Login) -> String {
    Base64::encode_string(format!("{}:{}", login.name, login.password).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_whole_or_refused() {
        let check = |text: &str| answer(&mut text.as_bytes()).map(|answer| (answer.status, answer.body));
        let whole = check("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").unwrap();
        assert_eq!(whole, (200, b"hi".to_vec()));
        let chunks = "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n";
        assert_eq!(check(chunks).unwrap(), (404, b"hi!".to_vec()));
        for broken in ["", "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\n", &chunks[..chunks.len() - 12]] {
            assert!(check(broken).is_err(), "{broken:?}");
        }
    }
}
