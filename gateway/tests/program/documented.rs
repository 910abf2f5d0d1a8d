//! The document of the API held against the server that serves it: every operation is sent as it is described, by every
//! credential that it names, with every parameter and every example, and the answers have the fields that they should.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use antler_gateway::archive::form::{END, End, KIND, MANIFEST, Manifest, Member, Origin, VERSION, json_line};
use antler_gateway::archive::tar::{BLOCK, header, padding};
use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::client::{Mails, cookie_login, send, start_with, wait_for};
use super::isolation::text;
use super::running::{Answer, Running, wait};
use super::schemas::Schemas;
use super::socket_client::Socket;

const OPERATOR: &str = "an operator's own token";
/// These change who may do what, so they have their own order.
const SESSIONS: [&str; 11] = [
    "register",
    "acceptInvitation",
    "verifyToken",
    "logIn",
    "refresh",
    "changePassword",
    "logOut",
    "resendVerification",
    "verifyEmail",
    "askReset",
    "resetPassword",
];
/// After these there is less, or the same cannot be done again, so they come behind the others, each once.
const ENDINGS: [&str; 21] = [
    "removeExport",
    "endSession",
    "endOtherSessions",
    "withdrawInvitation",
    "removeMember",
    "removeMemberToo",
    "addMachine",
    "removeMachine",
    "revokeKey",
    "forgetSearch",
    "forgetSearchToo",
    "clearHistory",
    "clearHistoryToo",
    "deleteSaved",
    "deleteSavedToo",
    "replayLetter",
    "dropLetter",
    "dropLetters",
    "deleteUpload",
    "deleteUploadToo",
    "suspendTenant",
];

/// These end the tenant, in this order.
const LAST: [&str; 2] = ["eraseOwnTenant", "eraseTenant"];
/// What these ask for is so already when they are tried.
const NOTHING_TO_CHANGE: [&str; 13] = [
    "cancelUpload",
    "retryUpload",
    "cancelJob",
    "retryJob",
    "resumeTenant",
    "stopDemo",
    "reviveTenant",
    "replaceProfile",
    "createProfile",
    "renameTenant",
    "changeRole",
    "changeKey",
    "changeUpload",
];

/// These know stored files by their older addresses.
const OLDER: [&str; 4] = ["changeUploadToo", "deleteUploadToo", "downloadUploadToo", "uploadedLinesToo"];

pub(crate) struct Operation<'a> {
    pub(crate) method: String,
    pub(crate) path: &'a str,
    pub(crate) said: &'a Value,
}

impl Operation<'_> {
    pub(crate) fn id(&self) -> &str {
        self.said["operationId"].as_str().unwrap()
    }

    pub(crate) fn parameters(&self, place: &'static str) -> impl Iterator<Item = &Value> {
        self.said["parameters"].as_array().into_iter().flatten().filter(move |one| one["in"] == place)
    }
}

pub(crate) fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().unwrap().iter();
    let of_path = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, said)| Operation { method: method.to_uppercase(), path, said })
    });
    of_path.collect()
}

/// What a client knows by now.
struct Client<'a> {
    running: &'a Running,
    document: &'a Value,
    token: String,
    key: String,
    /// The header of a browser that keeps a login, and what its pages add.
    cookie: String,
    /// In place of the examples of the document, by path, or the operation's own id, and name.
    own: BTreeMap<(&'static str, &'static str), String>,
    /// Which operation each request was of.
    asked: RefCell<Vec<(String, String)>>,
}

impl<'a> Client<'a> {
    fn new(running: &'a Running, document: &'a Value) -> Self {
        let (token, key, cookie) = (String::new(), String::new(), String::new());
        Self { running, document, token, key, cookie, own: BTreeMap::new(), asked: RefCell::default() }
    }
}

impl Client<'_> {
    /// The path with its parts, which are examples unless the client knows better.
    fn address(&self, operation: &Operation<'_>) -> String {
        operation.parameters("path").fold(operation.path.to_owned(), |path, one| {
            let name = one["name"].as_str().unwrap();
            path.replace(&format!("{{{name}}}"), &self.value(operation, one))
        })
    }

    fn value(&self, operation: &Operation<'_>, parameter: &Value) -> String {
        let name = parameter["name"].as_str().unwrap();
        let own = self.own.iter().rev().find(|((place, of), _)| {
            (operation.path.starts_with(place) || operation.id() == *place) && *of == name
        });
        match (example(parameter), own) {
            // A place in a text is no cursor of pages.
            (Value::String(_), Some((_, own))) => own.clone(),
            (Value::String(text), None) => text.clone(),
            (other, _) => other.to_string(),
        }
    }

    fn query(&self, operation: &Operation<'_>, parameter: &Value) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let name = parameter["name"].as_str().unwrap();
        match example(parameter) {
            Value::Array(values) => values.iter().for_each(|value| {
                query.append_pair(name, value.as_str().unwrap());
            }),
            _ => {
                query.append_pair(name, &self.value(operation, parameter));
            }
        }
        query.finish()
    }

    fn credential(&self, scheme: &str) -> String {
        match scheme {
            "sessionCookie" => self.cookie.clone(),
            "accessToken" => format!("\r\nAuthorization: Bearer {}", self.token),
            "apiKey" => format!("\r\nX-API-Key: {}", self.key),
            "basic" => {
                format!(
                    "\r\nAuthorization: Basic {}",
                    Base64::encode_string(format!("x:{}", self.key).as_bytes())
                )
            }
            "operatorToken" => format!("\r\nAuthorization: Bearer {OPERATOR}"),
            other => panic!("there is no scheme {other}"),
        }
    }

    /// The first credential that will do.
    fn usual(&self, operation: &Operation<'_>) -> String {
        let first = operation.said["security"].as_array().unwrap().first();
        let scheme = first.and_then(|any| any.as_object().unwrap().keys().next());
        scheme.map(|scheme| self.credential(scheme)).unwrap_or_default()
    }

    /// Every request that the document describes.
    fn try_out(&self, operation: &Operation<'_>) {
        let address = self.address(operation);
        let needed: Vec<String> = operation
            .parameters("query")
            .filter(|one| one["required"] == true)
            .map(|one| self.query(operation, one))
            .collect();
        let base = format!("{address}?{}", needed.join("&"));
        self.refused_without_a_credential(operation, &base);
        let bodies = bodies(operation);
        let first = bodies.first().cloned().unwrap_or_default();
        for scheme in operation.said["security"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|any| any.as_object().unwrap().keys())
        {
            self.ask(operation, &base, &self.credential(scheme), &first);
        }
        for body in &bodies {
            self.ask(operation, &base, &self.usual(operation), body);
        }
        for parameter in operation.parameters("query") {
            let address = format!("{base}&{}", self.query(operation, parameter));
            self.ask(operation, &address, &self.usual(operation), &first);
        }
        for header in operation.parameters("header") {
            let (name, value) = (header["name"].as_str().unwrap(), example(header).as_str().unwrap());
            let value = if name == "Idempotency-Key" {
                format!("{value}-{}", operation.id())
            } else {
                value.to_owned()
            };
            let headers = format!("{}\r\n{name}: {value}", self.usual(operation));
            self.ask(operation, &base, &headers, &first);
        }
        if bodies.is_empty() && operation.said["security"].as_array().unwrap().is_empty() {
            self.ask(operation, &base, "", &first);
        }
    }

    fn refused_without_a_credential(&self, operation: &Operation<'_>, address: &str) {
        let schemes = operation.said["security"].as_array().unwrap();
        let is_open = |any: &Value| any.as_object().unwrap().is_empty();
        if schemes.is_empty() || schemes.iter().any(is_open) {
            return;
        }
        let answer = send(self.running, &operation.method, address, "", b"");
        assert_eq!(status(&answer), "401", "{}", operation.id());
        assert!(!operation.said["responses"]["401"].is_null(), "{}", operation.id());
        let schema =
            &self.document["components"]["responses"]["401"]["content"]["application/json"]["schema"];
        self.fits(schema, &answer.json(), operation.id());
    }

    /// Sends a request, whose answer has to be one of those that are no failure.
    fn ask(
        &self,
        operation: &Operation<'_>,
        address: &str,
        headers: &str,
        (media, body): &(String, String),
    ) -> Answer {
        let content_type =
            if media.is_empty() { String::new() } else { format!("\r\nContent-Type: {media}") };
        let headers = format!("{headers}{content_type}");
        let answer = send(self.running, &operation.method, address, &headers, body.as_bytes());
        let what = format!("{} {address} {body}: {} {}", operation.method, answer.head, answer.body);
        let id = answer.head.lines().find_map(|line| line.strip_prefix("x-request-id: "));
        self.asked.borrow_mut().push((operation.id().to_owned(), id.unwrap().to_owned()));
        let status = status(&answer);
        let said = &operation.said["responses"][status];
        assert!(status.starts_with('2') && said.is_object(), "{what}");
        let contents = said["content"].as_object();
        let kind = answer.head.lines().find_map(|line| line.strip_prefix("content-type: "));
        let kind = kind.map(|kind| kind.split(';').next().unwrap().trim());
        match (contents, kind) {
            (None, None) => assert!(answer.body.is_empty(), "{what}"),
            (Some(contents), Some(kind)) => {
                let content = contents.get(kind).unwrap_or_else(|| panic!("{kind} is not described: {what}"));
                if kind == "application/json" {
                    let body = answer.json();
                    self.fits(&content["schema"], &body, &what);
                    let warnings = body["warnings"].as_array();
                    assert!(warnings.is_none_or(Vec::is_empty), "{what}");
                }
            }
            _ => panic!("{what}"),
        }
        answer
    }

    /// Every operation has left in the audit what the document says of it, and nothing else.
    fn left_what_was_said(&self, all: &[Operation<'_>]) {
        let headers = self.credential("apiKey");
        let export = send(self.running, "GET", "/api/audit/export/?format=csv", &headers, b"").body;
        let noted: BTreeSet<&str> = export.lines().filter_map(|row| row.split(',').nth(5)).collect();
        assert!(noted.len() > 50, "{export}");
        let (asked, mut wrong) = (self.asked.borrow(), Vec::new());
        for operation in all.iter().filter(|of| ![&NOTHING_TO_CHANGE[..], &LAST].concat().contains(&of.id()))
        {
            let requests = || asked.iter().filter(|(id, _)| id == operation.id()).map(|(_, request)| request);
            let is_noted = requests().any(|request| noted.contains(request.as_str()));
            let is_changing = operation.said["x-antler-audit"] == "changes";
            let is_socket = !operation.said["x-antler-socket"].is_null();
            assert!(is_socket || requests().next().is_some(), "{} was not asked", operation.id());
            if is_noted != is_changing {
                wrong.push((operation.id(), is_noted));
            }
        }
        assert!(wrong.is_empty(), "these left, or not, an entry in the audit: {wrong:?}");
    }

    fn fits(&self, schema: &Value, value: &Value, what: &str) {
        let faults = Schemas { document: self.document }.faults(schema, value);
        assert!(faults.is_empty(), "{faults:#?} {what}");
    }

    /// Sends one request of an operation that leaves nothing behind to answer with.
    fn once(&self, id: &str) {
        let all = operations(self.document);
        let operation = all.iter().find(|one| one.id() == id).unwrap();
        let body = bodies(operation).first().cloned().unwrap_or_default();
        self.ask(operation, &self.address(operation), &self.usual(operation), &body);
    }

    /// Sends one body of an operation of accounts.
    fn step(&self, id: &str, changes: &[(&str, &str)]) -> Value {
        let all = operations(self.document);
        let operation = all.iter().find(|one| one.id() == id).unwrap();
        let (media, body) = bodies(operation).first().cloned().unwrap_or_default();
        let mut fields: Value = serde_json::from_str(&body).unwrap_or_default();
        for (name, value) in changes {
            fields[*name] = json!(value);
        }
        let body = if fields.is_null() { body } else { fields.to_string() };
        self.ask(operation, operation.path, &self.usual(operation), &(media, body)).json()
    }
}

fn example(parameter: &Value) -> &Value {
    &parameter["schema"]["examples"][0]
}

fn status(answer: &Answer) -> &str {
    &answer.head[9..12]
}

/// The examples of bodies with their content types.
pub(crate) fn bodies(operation: &Operation<'_>) -> Vec<(String, String)> {
    let contents = operation.said["requestBody"]["content"].as_object();
    let written = contents.into_iter().flatten().map(|(media, content)| {
        let body = match (&content["example"], media.as_str()) {
            (_, "application/x-tar") => archive(),
            (Value::String(text), _) => text.clone(),
            (Value::Object(fields), "application/x-www-form-urlencoded") => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                for (name, value) in fields {
                    match value {
                        Value::String(text) => form.append_pair(name, text),
                        Value::Array(items) => {
                            form.extend_pairs(items.iter().map(|one| (name, one.as_str().unwrap())))
                        }
                        other => form.append_pair(name, &other.to_string()),
                    };
                }
                form.finish()
            }
            (Value::Object(fields), "multipart/form-data") => {
                let value = |value: &Value| value.as_str().unwrap().to_owned();
                let is_file = |name: &str| if name == "file" { "; filename=\"disks.ndjson\"" } else { "" };
                let part = |(name, text): (&String, &Value)| {
                    let place = format!("Content-Disposition: form-data; name=\"{name}\"{}", is_file(name));
                    format!("--x\r\n{place}\r\n\r\n{}\r\n", value(text))
                };
                let parts: String = fields.iter().map(part).collect();
                return (format!("{media}; boundary=x"), format!("{parts}--x--\r\n"));
            }
            (other, _) => other.to_string(),
        };
        (media.clone(), body)
    });
    written.collect()
}

/// The smallest archive of a tenant that there is.
pub(crate) fn archive() -> String {
    let manifest = Manifest {
        kind: KIND.to_owned(),
        version: VERSION,
        tenant: Origin { id: "acme".to_owned(), name: "Acme".to_owned() },
        made_at: "2026-03-01T08:00:00.000Z".to_owned(),
        from: None,
        to: "2026-03-01T08:00:00.000Z".to_owned(),
        streams: Vec::new(),
        include: Vec::new(),
    };
    let manifest = String::from_utf8(json_line(&manifest)).unwrap();
    let sha256 = Sha256::digest(manifest.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let members = vec![Member { name: MANIFEST.to_owned(), bytes: manifest.len() as u64, sha256 }];
    let end = End { members, lines: 0, files: 0, searches: 0, warnings: Vec::new(), sha256: String::new() };
    let end = String::from_utf8(json_line(&end.sealed())).unwrap();
    let packed = [(MANIFEST, &manifest), (END, &end)].map(|(name, text)| {
        let head = String::from_utf8(header(name, text.len() as u64, 0).to_vec()).unwrap();
        head + text + &"\0".repeat(padding(text.len() as u64) as usize)
    });
    packed.concat() + &"\0".repeat(2 * BLOCK)
}

/// Two lines, and three that are none.
const LINES: &[u8] =
    b"{\"message\":\"disk 91 % full\",\"service\":\"shop\"}\n{\"message\": broken\n{\"message\": too\n\
    {\"message\": thrice\n{\"msg\":\"disk 92 %\"}\n";

/// An export that is there to be fetched, and an import.
fn archives(running: &Running, client: &Client<'_>) -> (String, String) {
    let export = text(&client.step("askExport", &[])["id"]);
    let import = text(&client.step("askImport", &[])["id"]);
    let path = format!("/api/tenant/export/{export}/");
    wait(|| {
        let now = send(running, "GET", &path, &client.credential("accessToken"), b"").json();
        Some(()).filter(|()| now["state"] == "succeeded")
    });
    (export, import)
}

/// Somebody who registered as the document says, sent what it says, and has what the examples only stand for.
fn prepared<'a>(running: &'a Running, document: &'a Value) -> (Client<'a>, String) {
    let mut client = Client::new(running, document);
    let ada = client.step("register", &[]);
    client.token = text(&ada["token"]);
    let all_scopes = json!({"name": "all", "scopes": ["ingest", "read", "write", "admin"]}).to_string();
    let headers = format!("{}\r\nContent-Type: application/json", client.credential("accessToken"));
    let keys = "/api/users/profile/api-keys/";
    let key = |body: &[u8]| send(running, "POST", keys, &headers, body).json();
    client.key = text(&key(all_scopes.as_bytes())["key"]);
    let to_revoke = key(br#"{"name":"gone","scopes":["read"]}"#);
    let headers = format!("{}\r\nContent-Type: application/x-ndjson", client.credential("accessToken"));
    let answer = send(running, "POST", "/api/logs/bulk/?source=disks", &headers, LINES);
    assert_eq!(status(&answer), "207", "{}", answer.body);
    client.fits(&json!({"$ref": "#/components/schemas/BulkAnswer"}), &answer.json(), "bulk");
    let page = wait_for(running, &client.token, "disk&size=1", 2);
    let letters =
        send(running, "GET", "/api/logs/dead-letters/", &client.credential("accessToken"), b"").json();
    let everything = send(running, "GET", "/api/logs/?size=1", &client.credential("accessToken"), b"").json();
    let entry = send(running, "GET", "/api/audit/", &client.credential("accessToken"), b"").json();
    let invited = |email: &str| client.step("invite", &[("email", email)]);
    let join = |name: &str| {
        let token = text(&invited(&format!("{name}@example.org"))["token"]);
        client.step("acceptInvitation", &[("token", &token), ("username", name)])
    };
    let (joined, joined_too) = (join("member"), join("other"));
    let open = invited("newcomer@example.org");
    let own_login = client.step("logIn", &[]);
    let logins = send(running, "GET", "/api/auth/sessions/", &client.credential("accessToken"), b"").json();
    let logins = logins["results"].as_array().unwrap();
    let other = logins.iter().find(|login| login["current"] == false).unwrap();
    assert_ne!(own_login["token"], client.token.as_str());
    client.cookie = cookie_login(running, "ada", "three blue otters");
    let kept = |id: &str| text(&client.step(id, &[("query", id)])["id"]);
    let [past, past_too, saved, saved_too] =
        ["saveHistory", "saveHistoryToo", "saveSearch", "saveSearchToo"].map(kept);
    let [upload, upload_too] = ["one", "other"].map(|_| text(&client.step("uploadFile", &[])["upload_id"]));
    let (export, import) = archives(running, &client);
    let machine = text(&client.step("addMachine", &[("name", "first")])["id"]);
    client.own = OLDER.map(|id| ((id, "id"), upload_too.clone())).into();
    client.own.extend([
        (("/api/logs/metadata/", "id"), upload.clone()),
        (("/api/logs/upload/", "id"), upload.clone()),
        (("/api/jobs/", "id"), upload.clone()),
        (("/api/logs/upload/status/", "task"), upload),
        (("/api/tenant/invitations/", "id"), text(&open["id"])),
        (("/api/tenant/export/", "id"), export),
        (("/api/tenant/import/", "id"), import),
        (("/api/tenant/users/", "id"), text(&joined["user"]["id"])),
        (("/api/auth/sessions/", "id"), text(&other["id"])),
        (("/api/logs/search-history/", "id"), past),
        (("/api/search/history/", "id"), past_too),
        (("/api/logs/saved-searches/", "id"), saved),
        (("/api/search/saved/", "id"), saved_too),
        (("/api/tenant/service-accounts/", "id"), machine),
        (("/api/users/profile/api-keys/", "id"), text(&to_revoke["id"])),
        (("/api/logs/dead-letters/", "id"), text(&letters["results"][0]["id"])),
        (("/api/logs/dead-letters/{id}/replay", "id"), text(&letters["results"][1]["id"])),
        (("/api/audit/", "id"), text(&entry["results"][0]["id"])),
        (("/api/logs/{id}", "id"), text(&page["results"][0]["id"])),
        (("/api/logs", "cursor"), text(&everything["next_cursor"])),
        (("/api/search", "cursor"), text(&everything["next_cursor"])),
        (("/api/admin/jobs/", "id"), "retention".to_owned()),
        (("/api/admin/", "id"), text(&ada["tenant"]["id"])),
        (("/api/admin/profile/", "id"), text(&joined_too["user"]["id"])),
        (("/api/admin/", "user"), text(&ada["user"]["id"])),
        (("/ws/", "user"), text(&ada["user"]["id"])),
        (("/ws/", "token"), client.token.clone()),
    ]);
    (client, text(&ada["refresh"]))
}

#[test]
fn every_operation_answers_as_it_is_described() {
    let dir = tempfile::tempdir().unwrap();
    let mails = Mails::new(dir.path());
    let settings = format!(
        "[listeners]\noperator_token = \"{OPERATOR}\"\n[limits.archives]\nexports_per_tenant_max = 100\n{}",
        mails.settings()
    );
    let running = start_with(dir.path(), &settings);
    let document = running.json("/api/schema/");
    let (mut client, refresh) = prepared(&running, &document);
    let all = operations(&document);
    assert!(document["paths"].as_object().unwrap().len() > 40);
    let has_an_order = |of: &Operation<'_>| [&SESSIONS[..], &ENDINGS, &LAST].concat().contains(&of.id());
    for operation in all.iter().filter(|of| of.said["x-antler-socket"].is_null() && !has_an_order(of)) {
        client.try_out(operation);
    }
    ENDINGS.iter().for_each(|id| client.once(id));
    client.step("verifyToken", &[("token", &client.token)]);
    client.step("logIn", &[]);
    let renewed = client.step("refresh", &[("refresh", &refresh)]);
    client.token = renewed["token"].as_str().unwrap().to_owned();
    let changed = client.step("changePassword", &[]);
    client.token = changed["token"].as_str().unwrap().to_owned();
    client.step("resendVerification", &[]);
    client.step("verifyEmail", &[("token", &mails.token("ada@example.org", "verify-email"))]);
    client.step("logOut", &[]);
    client.step("askReset", &[]);
    client.step("resetPassword", &[("token", &mails.token("ada@example.org", "reset-password"))]);
    client.left_what_was_said(&all);
    client.token =
        client.step("logIn", &[("password", "four green herons")])["token"].as_str().unwrap().to_owned();
    client.step(LAST[0], &[("password", "four green herons")]);
    client.once(LAST[1]);
}

#[test]
fn every_socket_takes_its_parameters_and_answers_its_messages() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let document = running.json("/api/schema/");
    let (client, _) = prepared(&running, &document);
    let mut count = 0;
    for operation in operations(&document).iter().filter(|of| !of.said["x-antler-socket"].is_null()) {
        let address = format!("{}?token={}", client.address(operation), client.token);
        for parameter in operation.parameters("query").filter(|one| one["name"] != "token") {
            let address = format!("{address}&{}", client.query(operation, parameter));
            let hello = Socket::open(&running, &address).hear();
            assert_eq!(
                (&hello["type"], &hello["warnings"]),
                (&json!("connection"), &Value::Null),
                "{address}: {hello}"
            );
        }
        let mut socket = Socket::open(&running, &address);
        for said in operation.said["x-antler-socket"]["client"].as_array().unwrap() {
            socket.say(&said["message"]);
            socket.expect(said["answered_by"].as_str().unwrap());
            count += 1;
        }
    }
    assert!(count > 8, "{count} messages");
}

#[test]
fn examples_fit_their_schemas() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let document = running.json("/api/schema/");
    let fits = |schema: &Value, example: &Value, what: &str| {
        let faults = Schemas { document: &document }.faults(schema, example);
        assert!(faults.is_empty(), "{what}: {faults:#?}");
    };
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        fits(schema, &schema["examples"][0], name);
    }
    for operation in operations(&document) {
        for parameter in operation.said["parameters"].as_array().into_iter().flatten() {
            fits(
                &parameter["schema"],
                example(parameter),
                &format!("{} {}", operation.id(), parameter["name"]),
            );
        }
        for (media, content) in operation.said["requestBody"]["content"].as_object().into_iter().flatten() {
            let is_form = media == "application/x-www-form-urlencoded";
            if !is_form {
                fits(&content["schema"], &content["example"], operation.id());
            }
        }
    }
}
