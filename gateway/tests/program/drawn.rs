//! Requests drawn from the document: as it says, nearly so, and nothing like it.
//!
//! Invariant: whatever is sent, there is an answer; it is no failure of the server, and it has the form that the document
//! gives it. The same seed draws the same requests; what a failure prints is enough to send one again.

#[expect(dead_code, reason = "nothing is waited for here")]
#[path = "../hardship/random.rs"]
mod random;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use self::random::Random;
use super::client::{register, ship};
use super::documented::{Operation, bodies, operations};
use super::running::Running;
use super::schemas::Schemas;

const PATIENCE: Duration = Duration::from_secs(60);
/// These cost a hash of a password or end the login, so few are drawn.
const SELDOM: [&str; 7] =
    ["register", "acceptInvitation", "logIn", "changePassword", "logOut", "endSession", "endOtherSessions"];
/// Not said of each operation: a path or a head that nobody could mean.
const ANYWHERE: [u16; 3] = [404, 405, 431];

const HOSTILE: [&str; 24] = [
    "",
    " ",
    "0",
    "-1",
    "18446744073709551616",
    "1e999",
    "NaN",
    "null",
    "true",
    "..",
    "../../etc/passwd",
    "%00",
    "\u{0}",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "*",
    "level:(",
    "a AND OR",
    "| stats",
    "now-999999999y",
    "\u{202e}\u{feff}ı",
    "9999-12-31T23:59:60Z",
    "[[[[[[[[[[",
];

struct Draws<'a> {
    random: Random,
    token: String,
    operations: Vec<Operation<'a>>,
}

struct Drawn<'a> {
    operation: usize,
    document: &'a Value,
    head: String,
    body: Vec<u8>,
}

impl<'a> Draws<'a> {
    fn next(&mut self, document: &'a Value) -> Drawn<'a> {
        let operation = loop {
            let at = self.random.below(self.operations.len() as u64) as usize;
            if !SELDOM.contains(&self.operations[at].id()) || self.random.chance(40) {
                break at;
            }
        };
        let address = self.address(operation);
        let (media, body) = self.body(operation);
        let credential = match self.random.below(20) {
            0 => String::new(),
            1 => format!("\r\nAuthorization: {}", self.printable()),
            _ => format!("\r\nAuthorization: Bearer {}", self.token),
        };
        let mut headers = format!("{credential}\r\nContent-Length: {}", body.len());
        if !media.is_empty() {
            headers += &format!("\r\nContent-Type: {media}");
        }
        if self.random.chance(20) {
            let encoding = ["gzip", "deflate", "zstd", "br", "x"][self.random.below(5) as usize];
            headers += &format!("\r\nContent-Encoding: {encoding}");
        }
        if self.random.chance(10) {
            headers += &format!("\r\nIdempotency-Key: {}", self.printable());
        }
        let method = match self.random.chance(40) {
            true => ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"][self.random.below(6) as usize],
            false => &self.operations[operation].method,
        };
        let head = format!("{method} {address} HTTP/1.1{headers}");
        Drawn { operation, document, head, body }
    }

    fn address(&mut self, at: usize) -> String {
        let mut path = self.operations[at].path.to_owned();
        let named = |place| -> Vec<(String, Value)> {
            let said = self.operations[at].parameters(place);
            said.map(|one| (one["name"].as_str().unwrap().to_owned(), one["schema"].clone())).collect()
        };
        let (parts, parameters) = (named("path"), named("query"));
        for (name, schema) in parts {
            // Without a name it would be the path of another operation.
            let value = Some(self.value(&schema)).filter(|value| !value.is_empty()).unwrap_or("-".to_owned());
            path = path.replace(&format!("{{{name}}}"), &percent(&value));
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, schema) in parameters {
            if self.random.chance(4) {
                query.append_pair(&name, &self.value(&schema));
            }
        }
        if self.random.chance(20) {
            query.append_pair(self.hostile(), self.hostile());
        }
        format!("{path}?{}", query.finish())
    }

    /// An example, or a text of another kind.
    fn value(&mut self, schema: &Value) -> String {
        match (&schema["examples"][0], self.random.below(3)) {
            (_, 0) => self.hostile().to_owned(),
            (Value::String(text), 1) => {
                let cut = text.char_indices().map(|(at, _)| at).nth(self.random.below(8) as usize);
                format!("{}{}", &text[..cut.unwrap_or(0)], self.hostile())
            }
            (Value::String(text), _) => text.clone(),
            (Value::Array(items), _) => items.first().and_then(Value::as_str).unwrap_or_default().to_owned(),
            (other, _) => other.to_string(),
        }
    }

    fn body(&mut self, at: usize) -> (String, Vec<u8>) {
        let examples = bodies(&self.operations[at]);
        let Some((media, body)) = examples.get(self.random.below(examples.len().max(1) as u64) as usize)
        else {
            let unasked = self.random.chance(10);
            return (String::new(), if unasked { b"{\"nobody\":\"asked\"}".to_vec() } else { Vec::new() });
        };
        let body = match serde_json::from_str::<Value>(body) {
            Ok(mut value) if self.random.below(3) > 0 => {
                self.change(&mut value);
                value.to_string().into_bytes()
            }
            _ => self.damage(body.clone().into_bytes()),
        };
        let media = match self.random.chance(15) {
            true => ["", "text/html", "application/json; charset=utf-16", "multipart/form-data", "x"]
                [self.random.below(5) as usize],
            false => media,
        };
        (media.to_owned(), body)
    }

    /// Puts something else in the place of a part.
    fn change(&mut self, value: &mut Value) {
        let inner = match value {
            Value::Object(fields) if !fields.is_empty() => {
                let at = self.random.below(fields.len() as u64) as usize;
                fields.values_mut().nth(at)
            }
            Value::Array(items) if !items.is_empty() => {
                let at = self.random.below(items.len() as u64) as usize;
                items.get_mut(at)
            }
            _ => None,
        };
        match inner {
            Some(inner) if !self.random.chance(6) => self.change(inner),
            _ => *value = self.strange(),
        }
    }

    fn strange(&mut self) -> Value {
        match self.random.below(9) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(-1),
            3 => json!(u64::MAX),
            4 => json!(1e300),
            5 => json!([]),
            6 => json!({"": {"": [null]}}),
            7 => json!("x".repeat(1 << self.random.below(17))),
            _ => json!(self.hostile()),
        }
    }

    fn damage(&mut self, mut body: Vec<u8>) -> Vec<u8> {
        match self.random.below(6) {
            0 => body.truncate(self.random.below(body.len() as u64 + 1) as usize),
            1 if !body.is_empty() => {
                let at = self.random.below(body.len() as u64) as usize;
                body[at] = self.random.below(256) as u8;
            }
            2 => body = vec![b'['; 1 << self.random.below(15)],
            3 => body = (0..self.random.below(200)).map(|_| self.random.below(256) as u8).collect(),
            _ => {}
        }
        body
    }

    fn hostile(&mut self) -> &'static str {
        HOSTILE[self.random.below(HOSTILE.len() as u64) as usize]
    }

    /// What may stand in a header.
    fn printable(&mut self) -> String {
        let text = self.hostile().to_owned() + self.hostile();
        text.chars().filter(|letter| !letter.is_control() && letter.is_ascii()).collect()
    }
}

fn percent(text: &str) -> String {
    let shown = |byte: u8| match byte {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(shown).collect()
}

/// Head and body of the answer; none if the connection ended without one.
fn answered(running: &Running, head: &str, body: &[u8]) -> Option<(String, Vec<u8>)> {
    let mut stream = TcpStream::connect(running.http).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "{head}\r\nHost: antler\r\nConnection: close\r\n\r\n").ok()?;
    // A server that refuses a body may answer before it has read it.
    let _read_to_its_end = stream.write_all(body);
    let mut bytes = Vec::new();
    let _ended = stream.read_to_end(&mut bytes);
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((String::from_utf8(bytes[..at].to_vec()).ok()?, bytes[at + 4..].to_vec()))
}

/// What is wrong with an answer.
fn fault(drawn: &Drawn<'_>, operation: &Operation<'_>, head: &str, body: &[u8]) -> Option<String> {
    let status: u16 = head.get(9..12)?.parse().ok()?;
    let said = &operation.said["responses"][status.to_string()];
    let schemas = Schemas { document: drawn.document };
    if status >= 500 && status != 503 {
        return Some("a failure of the server".to_owned());
    }
    if said.is_null() && !(ANYWHERE.contains(&status) || drawn.is_of_another_method(operation)) {
        return Some(format!("the document does not know {status} of this operation"));
    }
    let is_json = head.contains("content-type: application/json");
    if !is_json || drawn.is_of_another_method(operation) {
        return None;
    }
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => return Some(format!("the body is no JSON: {error}")),
    };
    let schema = match status {
        ..400 => said["content"]["application/json"]["schema"].clone(),
        503 if value["error"].is_null() => said["content"]["application/json"]["schema"].clone(),
        _ => json!({"$ref": "#/components/schemas/Error"}),
    };
    let faults = schemas.faults(&schema, &value);
    (!faults.is_empty()).then(|| format!("{faults:?}"))
}

impl Drawn<'_> {
    fn is_of_another_method(&self, operation: &Operation<'_>) -> bool {
        !self.head.starts_with(&format!("{} ", operation.method))
    }
}

/// Sends requests; answers what was wrong.
fn tried(seed: u64, count: u32) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let document = running.json("/api/schema/");
    let (token, key) = register(&running, "ann");
    assert_eq!(ship(&running, &key, "text/plain", b"disk 91 % full\nerror: no space\n").0, 200);
    let mut draws = Draws { random: Random(seed), token, operations: operations(&document) };
    let mut faults = Vec::new();
    for _ in 0..count {
        let drawn = draws.next(&document);
        let told = match answered(&running, &drawn.head, &drawn.body) {
            None => Some(("no answer".to_owned(), String::new())),
            Some((head, body)) => {
                fault(&drawn, &draws.operations[drawn.operation], &head, &body).map(|fault| {
                    (fault, format!("{head}\n{}", String::from_utf8_lossy(&body[..body.len().min(500)])))
                })
            }
        };
        if let Some((fault, answer)) = told {
            let body = String::from_utf8_lossy(&drawn.body[..drawn.body.len().min(300)]);
            faults.push(format!("seed {seed}: {fault}\n{}\n{body}\n-> {answer}", drawn.head));
        }
    }
    let (code, said) = running.stop("TERM");
    assert!(code == Some(0) && !said.contains("panicked"), "{code:?} {said}");
    faults
}

fn check(seed: u64, count: u32) {
    let faults = tried(seed, count);
    let shown = faults.iter().take(20).cloned().collect::<Vec<_>>().join("\n\n");
    assert!(faults.is_empty(), "{} of {count} requests:\n{shown}", faults.len());
}

#[test]
fn requests_drawn_from_the_document_are_answered_as_it_says() {
    check(1, 3_000);
}

/// By hand: `cargo test -p antler-gateway --test program many_requests -- --ignored`.
#[test]
#[ignore = "takes some minutes; 3,000 of another seed run always"]
fn many_requests_drawn_from_the_document_are_answered_as_it_says() {
    (2..12).for_each(|seed| check(seed, 5_000));
}
