//! Who gets what from whom: every operation of the document, asked by every kind of credential.
//!
//! Invariant: what is expected comes from what the document says of an operation, never from what the server did before; no
//! answer to anybody of another tenant, or to nobody, has a word that stands only in the first tenant's data.

use antler_events::clock::{Clock, SystemClock, Timestamp};
use antler_events::randomness::SystemRandomness;
use antler_gateway::credentials::access_token::{AccessTokens, Bearer};
use antler_gateway::credentials::token_key::TokenKey;
use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::{Value, json};

use super::client::{
    Mails, PASSWORD, cookie_login, make_key, post_json, register, send, ship, start_with, wait_for,
};
use super::documented::{Operation, bodies, operations};
use super::running::{Answer, Running};
use super::socket_client::{Socket, stream};

pub(crate) const OPERATOR: &str = "an operator's own token";
/// It stands in everything that the first tenant has, and nowhere else.
pub(crate) const MARK: &str = "quinquereme";
/// What an admin may.
const ALL: &[&str] = &["ingest", "read", "write", "admin"];
/// These end logins, so they come last, in this order.
const ENDINGS: [&str; 2] = ["endOtherSessions", "logOut"];

/// What these do depends on more than the route: whose a search is, and what an own key could do.
const REFUSING: [&str; 5] = ["createKey", "replaceSaved", "replaceSavedToo", "changeSaved", "changeSavedToo"];

/// What a credential may, as far as an operation asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum May {
    /// It counts for nobody.
    Nothing,
    /// Somebody who logged in, with these scopes.
    Person(&'static [&'static str]),
    /// Logged in by cookie, without the code of the page.
    Cookie(&'static [&'static str]),
    Key(&'static [&'static str]),
    Operator,
}

pub(crate) struct Credential {
    pub(crate) name: &'static str,
    pub(crate) headers: String,
    pub(crate) may: May,
    /// Of the tenant whose data it asks for.
    pub(crate) is_own: bool,
}

/// How a request has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    Unauthorized,
    Forbidden,
    /// The credential will do; what else is wrong with the request is told.
    Admitted,
}

/// What the document asks of a credential.
pub(crate) fn expected(operation: &Operation<'_>, may: May) -> Expected {
    let schemes = operation.said["security"].as_array().unwrap();
    let takes = |name: &str| schemes.iter().any(|any| any.get(name).is_some());
    let is_open = schemes.is_empty() || schemes.iter().any(|any| any.as_object().unwrap().is_empty());
    let scope = operation.said["x-antler-scope"].as_str();
    // Who administers reads the audit, too.
    let is_in =
        |scopes: &[&str], scope| scopes.contains(&scope) || scope == "audit" && scopes.contains(&"admin");
    let has = |scopes: &[&str]| scope.is_none_or(|scope| is_in(scopes, scope));
    let allowed = |is: bool| if is { Expected::Admitted } else { Expected::Forbidden };
    let is_safe = operation.method == "GET";
    match may {
        _ if is_open => Expected::Admitted,
        May::Nothing => Expected::Unauthorized,
        May::Operator if takes("operatorToken") => Expected::Admitted,
        May::Operator => Expected::Unauthorized,
        May::Person(scopes) => allowed(takes("accessToken") && has(scopes)),
        May::Cookie(scopes) => allowed(takes("sessionCookie") && has(scopes) && is_safe),
        May::Key(scopes) => allowed(takes("apiKey") && has(scopes)),
    }
}

pub(crate) fn bearer(token: &str) -> String {
    format!("\r\nAuthorization: Bearer {token}")
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Both tenants, and what the first has.
pub(crate) struct Tenants<'a> {
    pub(crate) running: &'a Running,
    pub(crate) admin: String,
    pub(crate) user: String,
    pub(crate) other: String,
    pub(crate) credentials: Vec<Credential>,
    /// Ids of the first tenant's things, by the beginning of the paths that lead to them.
    ids: Vec<(&'static str, String)>,
}

impl<'a> Tenants<'a> {
    pub(crate) fn found(running: &'a Running, data: &std::path::Path) -> Self {
        let (admin, key) = register(running, "ann");
        let (other, _) = register(running, "eve");
        let other_key = make_key(running, &other, ALL);
        let join = |name: &str, role: &str| {
            let invited = json!({"email": format!("{name}-{MARK}@example.org"), "role": role});
            let invited = post_json(running, "/api/tenant/invitations/", Some(&admin), &invited);
            let body = json!({
                "token": invited["token"], "username": format!("{name}-{MARK}"),
                "password": PASSWORD, "password_confirm": PASSWORD,
            });
            post_json(running, "/api/auth/accept-invitation/", None, &body)
        };
        let roles: [(&str, &str, &'static [&'static str]); 4] = [
            ("viewer", "viewer", &["read"]),
            ("analyst", "analyst", &["read", "write"]),
            ("security", "security-admin", &["read", "write", "audit"]),
            ("developer", "developer", &["ingest", "read", "write"]),
        ];
        let mut credentials = vec![
            Credential::new("the admin of another tenant", &bearer(&other), May::Person(ALL), false),
            Credential::new("a key of another tenant", &bearer(&other_key), May::Key(ALL), false),
            Credential::new("nobody", "", May::Nothing, false),
            Credential::new("no token", &bearer("a.b.c"), May::Nothing, false),
            Credential::new("no header", "\r\nAuthorization: Digest x", May::Nothing, false),
            Credential::new("an ended login", &bearer(&ended(running)), May::Nothing, false),
            Credential::new("an old token", &bearer(&expired(data, &admin)), May::Nothing, false),
            Credential::new("a revoked key", &bearer(&revoked(running, &admin)), May::Nothing, false),
            Credential::new("the operator", &bearer(OPERATOR), May::Operator, false),
        ];
        for scope in [&["ingest"][..], &["read"], &["write"], &["admin"], &["audit"]] {
            let key = make_key(running, &admin, scope);
            credentials.push(Credential::new(scope[0], &bearer(&key), May::Key(scope), true));
        }
        for (name, role, scopes) in roles {
            let token = text(&join(name, role)["token"]);
            credentials.push(Credential::new(role, &bearer(&token), May::Person(scopes), true));
        }
        join("keeper", "admin");
        let cookie = cookie_login(running, &format!("keeper-{MARK}"), PASSWORD);
        let cookie = cookie.split("\r\nX-CSRF-Token").next().unwrap();
        credentials.push(Credential::new("a cookie alone", cookie, May::Cookie(ALL), true));
        credentials.push(Credential::new("admin", &bearer(&admin), May::Person(ALL), true));
        let ids = planted(running, &admin, &key, &text(&join("spare", "viewer")["user"]["id"]));
        let user = text(&send(running, "GET", "/api/auth/user/", &bearer(&admin), b"").json()["id"]);
        Self { running, admin, user, other, credentials, ids }
    }

    /// Sends the operation as the document describes it, to what the first tenant has.
    fn ask(&self, operation: &Operation<'_>, credential: &Credential) -> Answer {
        let path = operation.parameters("path").fold(operation.path.to_owned(), |path, one| {
            let name = one["name"].as_str().unwrap();
            let own = self.ids.iter().find(|(of, _)| operation.path.starts_with(of) && is_id(name));
            let example = one["schema"]["examples"][0].as_str().unwrap();
            path.replace(&format!("{{{name}}}"), own.map_or(example, |(_, id)| id))
        });
        let (media, body) = bodies(operation).first().cloned().unwrap_or_default();
        let form = if media.is_empty() { String::new() } else { format!("\r\nContent-Type: {media}") };
        let headers = format!("{}{form}", credential.headers);
        send(self.running, &operation.method, &path, &headers, body.as_bytes())
    }
}

impl Credential {
    pub(crate) fn new(name: &'static str, headers: &str, may: May, is_own: bool) -> Self {
        Self { name, headers: headers.to_owned(), may, is_own }
    }
}

/// A token whose login has ended.
fn ended(running: &Running) -> String {
    let login = json!({"username": "eve", "password": PASSWORD}).to_string();
    let token = text(&send(running, "POST", "/api/auth/login/", "", login.as_bytes()).json()["token"]);
    send(running, "POST", "/api/auth/logout/", &bearer(&token), b"");
    token
}

/// What was issued to the same login an hour ago.
fn expired(data: &std::path::Path, token: &str) -> String {
    let claims = Base64UrlUnpadded::decode_vec(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let bearer = Bearer {
        tenant: text(&claims["tid"]).parse().unwrap(),
        user: text(&claims["sub"]).parse().unwrap(),
        session: text(&claims["sid"]).parse().unwrap(),
        epoch: serde_json::from_value(claims["epoch"].clone()).unwrap(),
    };
    let key = TokenKey::open_or_create(&data.join("credentials"), &SystemRandomness).unwrap();
    let hour_ago = Timestamp::from_nanos(SystemClock::new().now().nanos() - 3_600_000_000_000);
    AccessTokens::new(&key).issue(&bearer, hour_ago)
}

fn revoked(running: &Running, token: &str) -> String {
    let body = json!({"name": format!("{MARK} gone"), "scopes": ["ingest", "read", "write", "admin"]});
    let key = post_json(running, "/api/users/profile/api-keys/", Some(token), &body);
    let path = format!("/api/users/profile/api-keys/{}", key["id"].as_str().unwrap());
    assert!(send(running, "DELETE", &path, &bearer(token), b"").head.starts_with("HTTP/1.1 204"));
    text(&key["key"])
}

/// Puts the mark into everything that a tenant can have; answers the ids of those things.
fn planted(running: &Running, admin: &str, key: &str, spare_member: &str) -> Vec<(&'static str, String)> {
    let lines = format!(
        "{{\"message\":\"a {MARK} under way\",\"service\":\"{MARK}\",\"level\":\"error\",\"{MARK}\":1}}\n\
         {{\"message\": \"{MARK}\n"
    );
    assert_eq!(ship(running, key, "application/x-ndjson", lines.as_bytes()).0, 207);
    let page = wait_for(running, admin, MARK, 1);
    let post = |path: &str, body: &Value| post_json(running, path, Some(admin), body);
    let question = json!({"name": MARK, "query": MARK, "description": MARK});
    let saved = post("/api/logs/saved-searches/", &question);
    let past = post("/api/logs/search-history/", &json!({"query": MARK}));
    let invited = json!({"email": format!("open-{MARK}@example.org"), "role": "viewer"});
    let invited = post("/api/tenant/invitations/", &invited);
    let spare_key = post("/api/users/profile/api-keys/", &json!({"name": MARK, "scopes": ["read"]}));
    let machine = post("/api/tenant/service-accounts/", &json!({"name": MARK, "role": "developer"}));
    let list = |path: &str| send(running, "GET", path, &bearer(admin), b"").json()["results"].clone();
    let letter = list("/api/logs/dead-letters/")[0]["id"].clone();
    // What the operator does to a tenant is done to a third one.
    let (third, _) = register(running, "zoe");
    let tenant = send(running, "GET", "/api/tenant/", &bearer(&third), b"").json()["id"].clone();
    let login = json!({"username": "ann", "password": PASSWORD}).to_string();
    let spare = send(running, "POST", "/api/auth/login/", "", login.as_bytes());
    assert_eq!(status(&spare), 200, "{}", spare.body);
    let logins = list("/api/auth/sessions/");
    let upload = uploaded(running, admin);
    let export = send(running, "POST", "/api/tenant/export/", &bearer(admin), b"").json()["id"].clone();
    let archive = super::documented::archive();
    let tar = format!("{}\r\nContent-Type: application/x-tar", bearer(admin));
    let import = send(running, "POST", "/api/tenant/import/", &tar, archive.as_bytes()).json()["id"].clone();
    let upload_of_old = upload.clone();
    let entry = list("/api/audit/")[0]["id"].clone();
    wait_for(running, admin, MARK, 2);
    vec![
        ("/api/logs/saved-searches/", text(&saved["id"])),
        ("/api/search/saved/", text(&saved["id"])),
        ("/api/logs/search-history/", text(&past["id"])),
        ("/api/search/history/", text(&past["id"])),
        ("/api/logs/dead-letters/", text(&letter)),
        ("/api/logs/metadata/", upload.clone()),
        ("/api/jobs/", upload.clone()),
        ("/api/logs/upload/", upload),
        ("/api/logs/{id}/download", upload_of_old.clone()),
        ("/api/logs/{id}/content", upload_of_old),
        ("/api/logs/{id}", text(&page["results"][0]["id"])),
        ("/api/tenant/invitations/", text(&invited["id"])),
        ("/api/tenant/export/", text(&export)),
        ("/api/tenant/import/", text(&import)),
        ("/api/tenant/users/", spare_member.to_owned()),
        ("/api/admin/profile/", spare_member.to_owned()),
        ("/api/tenant/service-accounts/", text(&machine["id"])),
        ("/api/users/profile/api-keys/", text(&spare_key["id"])),
        ("/api/auth/sessions/", text(&logins[0]["id"])),
        ("/api/admin/tenants/", text(&tenant)),
        ("/api/audit/", text(&entry)),
    ]
}

/// Is it the name of a part of a path that leads to a thing of a tenant?
fn is_id(name: &str) -> bool {
    ["id", "task"].contains(&name)
}

/// Uploads a file; answers its id.
fn uploaded(running: &Running, token: &str) -> String {
    let headers = format!("{}\r\nContent-Type: multipart/form-data; boundary=b", bearer(token));
    let file = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{MARK}.log\"");
    let body = format!("--b\r\n{file}\r\n\r\na {MARK} in a file\n\r\n--b--\r\n");
    let answer = send(running, "POST", "/api/logs/upload/", &headers, body.as_bytes());
    assert_eq!(status(&answer), 202, "{}", answer.body);
    text(&answer.json()["task_id"])
}

fn status(answer: &Answer) -> u16 {
    answer.head[9..12].parse().unwrap()
}

/// What is wrong with an answer.
fn fault(operation: &Operation<'_>, credential: &Credential, answer: &Answer) -> Option<String> {
    let status = status(answer);
    let expected = expected(operation, credential.may);
    let schemes = operation.said["security"].as_array().unwrap();
    let is_open = schemes.is_empty() || schemes.iter().any(|any| any.as_object().unwrap().is_empty());
    let refuses = REFUSING.contains(&operation.id())
        && ["only its owner or an admin", "your role may not"].iter().any(|why| answer.body.contains(why));
    let is_admitted = match is_open || refuses {
        // A login may be refused for what stands in it.
        true => status < 500,
        false => status < 500 && ![401, 403].contains(&status),
    };
    let is_as_expected = match expected {
        Expected::Unauthorized => status == 401,
        Expected::Forbidden => status == 403,
        Expected::Admitted => is_admitted,
    };
    let of_other = matches!(credential.may, May::Person(_) | May::Key(_)) && !credential.is_own;
    let names_a_thing = operation.parameters("path").any(|one| is_id(one["name"].as_str().unwrap()));
    let what = format!("{} {} asked by {}: {status}", operation.method, operation.path, credential.name);
    if !is_as_expected {
        return Some(format!("{what} is not {expected:?}: {}", answer.body));
    }
    if of_other && names_a_thing && expected == Expected::Admitted && status != 404 {
        return Some(format!("{what}, and what belongs to another tenant is not there: {}", answer.body));
    }
    let shows_the_mark = answer.body.contains(MARK) || answer.head.contains(MARK);
    (shows_the_mark && !credential.is_own)
        .then(|| format!("{what} shows what is another tenant's: {}", answer.body))
}

#[test]
fn every_operation_answers_every_credential_as_the_document_says() {
    let dir = tempfile::tempdir().unwrap();
    let settings =
        format!("[listeners]\noperator_token = \"{OPERATOR}\"\n{}", Mails::new(dir.path()).settings());
    let running = start_with(dir.path(), &settings);
    let document = running.json("/api/schema/");
    let tenants = Tenants::found(&running, &dir.path().join("data"));
    let mut all = operations(&document);
    all.retain(|of| of.said["x-antler-socket"].is_null());
    all.sort_by_key(|of| ENDINGS.iter().position(|id| *id == of.id()).map_or(0, |at| at + 1));
    let mut faults = Vec::new();
    let mut seen = 0;
    for operation in &all {
        for credential in &tenants.credentials {
            let answer = tenants.ask(operation, credential);
            seen += usize::from(credential.is_own && answer.body.contains(MARK));
            faults.extend(fault(operation, credential, &answer));
        }
    }
    let size = (all.len(), tenants.credentials.len());
    println!("{} operations x {} credentials = {} requests", size.0, size.1, size.0 * size.1);
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(size.0 > 80 && size.1 >= 19, "{size:?}");
    assert!(seen > 50, "the mark is seen by its own tenant {seen} times: the plants are gone");
}

#[test]
fn sockets_say_nothing_of_another_tenant() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), "");
    let tenants = Tenants::found(&running, &dir.path().join("data"));
    let mut own = stream(&running, &tenants.admin, "");
    let foreign = format!("/ws/notifications/{}?token={}", tenants.user, tenants.other);
    assert_eq!(Socket::open(&running, &foreign).end().0, 4003);
    let open = |path: &str| Socket::open(&running, &format!("{path}token={}", tenants.other));
    let mut others = [
        open("/ws/logs/stream/?"),
        open("/ws/logs/stream/?from=now-1h&"),
        open("/ws/metrics/?"),
        open("/ws/notifications/?"),
    ];
    for socket in &mut others {
        assert_eq!(socket.hear()["type"], "connection");
    }
    let line = format!("{{\"message\":\"another {MARK}\",\"level\":\"critical\",\"source\":\"{MARK}\"}}\n");
    assert_eq!(
        ship(
            &running,
            &make_key(&running, &tenants.admin, &["ingest"]),
            "application/x-ndjson",
            line.as_bytes()
        )
        .0,
        200
    );
    assert_eq!(own.lines(1).0, [format!("another {MARK}")]);
    let silence = std::time::Duration::from_millis(300);
    for socket in &mut others {
        // Figures come every second, also to a tenant with nothing in it.
        for _ in 0..3 {
            let Some(heard) = socket.hear_within(silence) else { break };
            assert!(!heard.to_string().contains(MARK), "{heard}");
        }
    }
}
