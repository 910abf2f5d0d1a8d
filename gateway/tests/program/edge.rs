//! What stands between browsers and the server: proxies, pages of other sites, cookies, a path of a larger site.

use serde_json::{Value, json};

use super::client::{PASSWORD, cookie_login, cookies, register, send, start_with};
use super::running::{Answer, Running, get, request};
use super::socket_client::Socket;

/// Logs in with more headers; answers the address of the newest login.
fn address_of_a_login(running: &Running, token: &str, headers: &str) -> Value {
    let body = json!({"username": "ann", "password": PASSWORD}).to_string();
    let before: Vec<Value> = logins(running, token);
    let answer = send(running, "POST", "/api/auth/login/", headers, body.as_bytes());
    assert!(answer.head.starts_with("HTTP/1.1 200"), "{} {}", answer.head, answer.body);
    let after = logins(running, token);
    let new = after.iter().find(|login| before.iter().all(|known| known["id"] != login["id"]));
    new.unwrap()["address"].clone()
}

fn logins(running: &Running, token: &str) -> Vec<Value> {
    let headers = format!("\r\nAuthorization: Bearer {token}");
    send(running, "GET", "/api/auth/sessions/", &headers, b"").json()["results"].as_array().unwrap().clone()
}

const FORWARDED: &str = "\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https";

#[test]
fn only_a_trusted_proxy_says_where_a_request_comes_from() {
    let dir = tempfile::tempdir().unwrap();
    let plain = start_with(dir.path(), "");
    let (token, _) = register(&plain, "ann");
    assert_eq!(address_of_a_login(&plain, &token, FORWARDED), "127.0.0.1");
    let spoofed = send(&plain, "GET", "/live", FORWARDED, b"");
    assert!(!spoofed.head.contains("strict-transport-security"), "{}", spoofed.head);
    let dir = tempfile::tempdir().unwrap();
    let behind = start_with(dir.path(), "[server]\ntrusted_proxies = [\"127.0.0.0/8\"]\n");
    let (token, _) = register(&behind, "ann");
    assert_eq!(address_of_a_login(&behind, &token, FORWARDED), "192.0.2.7");
    assert_eq!(address_of_a_login(&behind, &token, "\r\nX-Real-IP: 192.0.2.7"), "127.0.0.1");
    let by_https = send(&behind, "GET", "/live", FORWARDED, b"");
    assert!(by_https.head.contains("strict-transport-security"), "{}", by_https.head);
}

#[test]
fn guesses_behind_a_proxy_are_counted_for_who_makes_them() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), "[server]\ntrusted_proxies = \"127.0.0.1\"\n");
    register(&running, "ann");
    let guess = |from: &str, password: &str| {
        let body = json!({"username": "ann", "password": password}).to_string();
        let headers = format!("\r\nX-Forwarded-For: 6.6.6.6, {from}");
        send(&running, "POST", "/api/auth/login/", &headers, body.as_bytes()).head[9..12].to_owned()
    };
    assert_eq!(guess("192.0.2.7", PASSWORD), "200");
    while guess("203.0.113.9", "wrong horse") == "401" {}
    assert_eq!(guess("203.0.113.9", PASSWORD), "429");
    assert_eq!(guess("192.0.2.7", PASSWORD), "200");
}

const PAGE: &str = "https://status.example.org";

/// The value of a header of an answer.
fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.head.lines().find_map(|line| line.split_once(": ").filter(|(known, _)| *known == name)?.1.into())
}

#[test]
fn pages_of_sites_that_are_named_may_ask_and_others_may_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), &format!("[server]\ncors_origins = [\"{PAGE}\"]\n"));
    let (token, _) = register(&running, "ann");
    let ask = |method: &str, origin: &str, more: &str| {
        let headers = format!("\r\nOrigin: {origin}{more}");
        send(&running, method, "/api/logs/search/?q=x", &headers, b"")
    };
    let before = "\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization";
    let permitted = ask("OPTIONS", PAGE, before);
    assert!(permitted.head.starts_with("HTTP/1.1 204"), "{}", permitted.head);
    assert_eq!(header(&permitted, "access-control-allow-origin"), Some(PAGE));
    assert_eq!(header(&permitted, "access-control-allow-credentials"), Some("true"));
    assert!(header(&permitted, "access-control-allow-headers").unwrap().contains("authorization"));
    assert!(header(&permitted, "access-control-allow-methods").unwrap().contains("DELETE"));
    let answered = ask("GET", PAGE, &format!("\r\nAuthorization: Bearer {token}"));
    assert!(answered.head.starts_with("HTTP/1.1 200"), "{}", answered.head);
    // A page also gets to read why it is refused, and under which id.
    for answer in [&answered, &ask("GET", PAGE, "")] {
        assert_eq!(header(answer, "access-control-allow-origin"), Some(PAGE), "{}", answer.head);
        assert!(header(answer, "access-control-expose-headers").unwrap().contains("x-request-id"));
        assert!(answer.head.contains("vary: origin"), "{}", answer.head);
    }
    for answer in [ask("OPTIONS", "https://evil.example", before), ask("GET", "https://evil.example", "")] {
        assert_eq!(header(&answer, "access-control-allow-origin"), None, "{}", answer.head);
        assert!(answer.head.starts_with("HTTP/1.1 4"), "{}", answer.head);
    }
}

#[test]
fn where_any_page_may_ask_none_may_use_cookies() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), "[server]\ncors_origins = \"*\"\n");
    let (token, _) = register(&running, "ann");
    let headers = format!("\r\nOrigin: {PAGE}\r\nAuthorization: Bearer {token}");
    let answer = send(&running, "GET", "/api/auth/user/", &headers, b"");
    assert_eq!(header(&answer, "access-control-allow-origin"), Some("*"));
    assert_eq!(header(&answer, "access-control-allow-credentials"), None);
    let kept = cookie_login(&running, "ann", PASSWORD);
    let pair = kept.lines().find_map(|line| line.strip_prefix("Cookie: ")).unwrap();
    let mut socket =
        Socket::with_headers(&running, "/ws/metrics/", &[("origin", PAGE), ("cookie", pair)]).unwrap();
    socket.say(&json!({"type": "ping"}));
    assert_eq!(
        socket.end().0,
        4001,
        "the cookie does not count, so the first message has to be a credential"
    );
    let body = json!({"username": "ann", "password": PASSWORD}).to_string();
    let login = send(
        &running,
        "POST",
        "/api/auth/login/?cookie=true",
        &format!("\r\nOrigin: {PAGE}"),
        body.as_bytes(),
    );
    assert!(login.head.starts_with("HTTP/1.1 403") && !login.head.contains("set-cookie"), "{}", login.head);
}

#[test]
fn a_cookie_changes_nothing_without_the_code_of_its_session() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), "");
    let (token, _) = register(&running, "ann");
    let (kept, other) = (cookie_login(&running, "ann", PASSWORD), cookie_login(&running, "ann", PASSWORD));
    let (cookie, code) = kept.split_once("\r\nX-CSRF-Token").unwrap();
    let code_of_other = other.split_once("\r\nX-CSRF-Token").unwrap().1;
    let status = |method: &str, path: &str, headers: &str, body: &str| {
        let answer = send(&running, method, path, headers, body.as_bytes());
        (answer.head[9..12].to_owned(), answer.body)
    };
    assert_eq!(status("GET", "/api/auth/user/", cookie, "").0, "200");
    let key = r#"{"name":"k","scopes":["read"]}"#;
    let (refused, why) = status("POST", "/api/users/profile/api-keys/", cookie, key);
    assert!(refused == "403" && why.contains("needs the header X-CSRF-Token"), "{refused} {why}");
    let foreign = format!("{cookie}\r\nX-CSRF-Token{code_of_other}");
    assert_eq!(status("POST", "/api/users/profile/api-keys/", &foreign, key).0, "403");
    assert_eq!(status("POST", "/api/users/profile/api-keys/", &kept, key).0, "201");
    assert!(!code.is_empty());
    // A credential in the head wins, also a wrong one.
    let both = format!("{cookie}\r\nAuthorization: Bearer {token}");
    assert_eq!(status("POST", "/api/users/profile/api-keys/", &both, key).0, "201");
    assert_eq!(
        status("GET", "/api/auth/user/", &format!("{cookie}\r\nAuthorization: Bearer x"), "").0,
        "401"
    );
    // Lines may be read over a socket of an own page with the cookie alone.
    let pair = cookie.trim_start_matches("\r\nCookie: ");
    let own = format!("http://{}", running.http);
    let page = [("origin", own.as_str()), ("cookie", pair)];
    assert_eq!(Socket::with_headers(&running, "/ws/metrics/", &page).unwrap().hear()["type"], "connection");
}

#[test]
fn a_browser_renews_its_cookies_and_gives_them_back() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), "");
    register(&running, "ann");
    let kept = cookie_login(&running, "ann", PASSWORD);
    let without_code = kept.split_once("\r\nX-CSRF-Token").unwrap().0;
    let refresh = |headers: &str| send(&running, "POST", "/api/auth/refresh/", headers, b"");
    assert!(refresh(without_code).head.starts_with("HTTP/1.1 403"));
    let renewed = refresh(&kept);
    assert!(renewed.head.starts_with("HTTP/1.1 200"), "{} {}", renewed.head, renewed.body);
    let kept = cookies(&renewed);
    let body = json!({"old_password": PASSWORD, "new_password": "four green herons", "new_password_confirm": "four green herons"});
    let changed = send(&running, "POST", "/api/auth/change-password/", &kept, body.to_string().as_bytes());
    assert!(changed.head.starts_with("HTTP/1.1 200"), "{} {}", changed.head, changed.body);
    let kept = cookies(&changed);
    let left = send(&running, "POST", "/api/auth/logout/", &kept, b"");
    assert!(left.head.starts_with("HTTP/1.1 200"), "{}", left.head);
    assert_eq!(left.head.matches("Max-Age=0").count(), 3, "{}", left.head);
    assert!(send(&running, "GET", "/api/auth/user/", &kept, b"").head.starts_with("HTTP/1.1 401"));
}

#[test]
fn all_addresses_may_begin_with_a_path() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), "[server]\nbase_path = \"/logs/\"\n");
    assert!(get(running.http, "/logs/live").head.starts_with("HTTP/1.1 200"));
    for outside in ["/live", "/logslive", "/api/docs/", "/"] {
        let answer = get(running.http, outside);
        assert!(
            answer.head.starts_with("HTTP/1.1 404") && answer.head.contains("x-request-id"),
            "{}",
            answer.head
        );
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.ends_with("all addresses of this server begin with /logs"), "{message}");
    }
    let missing = get(running.http, "/logs/nope").json();
    assert_eq!(missing["error"]["details"]["path"], "/logs/nope");
    let page = get(running.http, "/logs/api/docs/").body;
    let named: Vec<&str> =
        page.split('"').filter(|part| part.contains("/api/") && part.contains('.')).collect();
    assert!(named.len() >= 3, "{page}");
    for file in named {
        let head = request(running.http, &format!("HEAD {file} HTTP/1.1")).head;
        assert!(head.starts_with("HTTP/1.1 200"), "{file}: {head}");
    }
    assert!(get(running.http, "/logs/api/docs/begin.js").body.contains("\"/logs/api/schema/\""));
    assert_eq!(get(running.http, "/logs/api/schema/").json()["servers"][0]["url"], "/logs");
    let body = json!({
        "username": "ann", "email": "ann@example.org", "password": PASSWORD, "password_confirm": PASSWORD,
    });
    let token =
        send(&running, "POST", "/logs/api/auth/register/", "", body.to_string().as_bytes()).json()["token"]
            .clone();
    let headers = format!("\r\nAuthorization: Bearer {}", token.as_str().unwrap());
    let login = json!({"username": "ann", "password": PASSWORD}).to_string();
    let kept = send(&running, "POST", "/logs/api/auth/login/?cookie=1", "", login.as_bytes());
    assert!(
        kept.head.contains("Path=/logs/;") && kept.head.contains("Path=/logs/api/auth/refresh;"),
        "{}",
        kept.head
    );
    let list = send(&running, "GET", "/logs/api/auth/sessions/?size=1", &headers, b"").json();
    let next = list["next"].as_str().unwrap();
    assert_eq!(next, "/logs/api/auth/sessions/?page=2&size=1");
    assert!(send(&running, "GET", next, &headers, b"").head.starts_with("HTTP/1.1 200"));
    let search = br#"{"name":"full disks","query":"disk"}"#;
    let saved = send(&running, "POST", "/logs/api/logs/saved-searches/", &headers, search).json();
    assert!(saved["permalink"].as_str().unwrap().starts_with("/logs/dashboard/"), "{saved}");
    let path = format!("/logs/ws/metrics/?token={}", token.as_str().unwrap());
    assert_eq!(Socket::open(&running, &path).hear()["type"], "connection");
}
