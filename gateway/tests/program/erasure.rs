//! The end of a tenant, as its people, its operator, an intruder with a power switch and `antler verify` see it.
//!
//! Invariant: what is gone is looked for by a word that stands in everything that the tenant had.

use std::path::Path;

use antler_events::files::RealFiles;
use antler_projections::index::port::InlineWorkers;
use antler_projections::views::port::{PAGE_DOCUMENTS_MAX, Page, ViewName, ViewStore};
use antler_projections::views::redb::RedbViews;
use antler_projections::views::usage::USAGE;
use antler_projections::views::{arrivals, rebuild};
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::client::{PASSWORD, path_text, post_json, register, send, ship, start_with, wait_for};
use super::running::{Running, wait};

const OPERATOR: &str = "an operator's own token";
const MARK: &str = "quinquereme";

fn bearer(token: &str) -> String {
    format!("\r\nAuthorization: Bearer {token}")
}

fn status(running: &Running, method: &str, path: &str, token: &str, body: &Value) -> u16 {
    let headers = format!("{}\r\nContent-Type: application/json", bearer(token));
    let answer = send(running, method, path, &headers, body.to_string().as_bytes());
    answer.head[9..12].parse().unwrap()
}

fn get(running: &Running, path: &str, token: &str) -> Value {
    send(running, "GET", path, &bearer(token), b"").json()
}

fn start(dir: &Path) -> Running {
    start_with(dir, &format!("[listeners]\noperator_token = \"{OPERATOR}\"\n"))
}

/// A tenant that has some of everything: its token, key and id.
fn filled(running: &Running, name: &str) -> (String, String, String) {
    let (token, key) = register(running, name);
    let lines =
        format!("{{\"message\":\"{MARK} one\"}}\n{{\"message\":\"{MARK} two\"}}\n{{\"message\": {MARK}\n");
    assert_eq!(ship(running, &key, "application/x-ndjson", lines.as_bytes()).0, 207);
    post_json(running, "/api/logs/search-history/", Some(&token), &json!({"query": MARK}));
    let headers = format!("{}\r\nContent-Type: multipart/form-data; boundary=b", bearer(&token));
    let part = "Content-Disposition: form-data; name=\"file\"; filename=\"a.log\"";
    let body = format!("--b\r\n{part}\r\n\r\n{MARK} in a file\n\r\n--b--\r\n");
    assert!(send(running, "POST", "/api/logs/upload/", &headers, body.as_bytes()).head.contains("202"));
    wait_for(running, &token, MARK, 3);
    let id = get(running, "/api/tenant/", &token)["id"].as_str().unwrap().to_owned();
    (token, key, id)
}

/// Waits for the receipt of a tenant.
fn receipt(running: &Running, tenant: &str) -> Value {
    wait(|| {
        let all = get(running, "/api/admin/erasures/", OPERATOR);
        let of_tenant =
            all["results"].as_array().unwrap().iter().find(|one| one["tenant"] == tenant).cloned();
        of_tenant.filter(|one| one["status"] == "erased")
    })
}

/// All that is in the files of a folder.
fn holds(dir: &Path, word: &str) -> bool {
    std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).any(|path| match path.is_dir() {
        true => holds(&path, word),
        false => std::fs::read(&path).unwrap().windows(word.len()).any(|window| window == word.as_bytes()),
    })
}

#[test]
fn an_erased_tenant_is_refused_at_once_and_its_receipt_is_proved() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let running = start(dir.path());
    let (token, key, id) = filled(&running, "ann");
    let (other, _) = register(&running, "bob");
    let address = format!("/api/admin/tenants/{id}/");
    assert_eq!(status(&running, "DELETE", &address, OPERATOR, &json!({"name": "another"})), 422);
    assert_eq!(status(&running, "DELETE", &address, &other, &json!({"name": "ann"})), 403);
    assert_eq!(status(&running, "GET", "/api/tenant/", &token, &json!({})), 200);
    assert_eq!(status(&running, "DELETE", &address, OPERATOR, &json!({"name": "ann"})), 202);
    assert_eq!(status(&running, "GET", "/api/logs/search/", &token, &json!({})), 401);
    assert_eq!(ship(&running, &key, "application/x-ndjson", b"{\"message\":\"late\"}\n").0, 401);
    let receipt = receipt(&running, &id);
    let said: Value = serde_json::from_str(receipt["receipt"].as_str().unwrap()).unwrap();
    let counts =
        json!({"lines": 3, "bytes": said["counts"]["bytes"], "files": 1, "members": 1, "dead_letters": 1});
    assert_eq!((&said["tenant"], &said["counts"]), (&json!(id), &counts));
    assert!(!holds(&data.join("uploads"), MARK) && !holds(&data.join("index"), MARK));
    // The names are free at once, and the operator still reads what was done.
    register(&running, "ann");
    let audit = get(&running, &format!("{address}audit/?action=tenant_erased"), OPERATOR);
    assert_eq!(audit["results"][0]["after"]["receipt"], receipt["receipt"]);
    assert_eq!(running.stop("TERM").0, Some(0));
    let proved = format!("erased      tenant {id} at");
    super::check(&["verify", "--data", path_text(&data)], 0, &proved);
    let running = start(dir.path());
    assert_eq!(get(&running, "/api/admin/erasures/", OPERATOR)["results"][0], receipt);
}

/// Every document of every view that stands on the disk.
fn documents(data: &Path) -> Vec<(String, Vec<u8>)> {
    let workers = std::sync::Arc::new(InlineWorkers);
    let store = RedbViews::open(&RealFiles, &data.join("views/views.redb"), workers).unwrap();
    let all = rebuild::VIEWS.into_iter().chain(arrivals::VIEWS).chain([USAGE]);
    let of_view = |view: ViewName| {
        let page = Page { prefix: b"", after: None, limit: PAGE_DOCUMENTS_MAX };
        let found = store.scan(view, page).now_or_never().unwrap().unwrap();
        found.into_iter().map(move |found| (view.to_string(), [found.key, found.document].concat()))
    };
    all.flat_map(of_view).collect()
}

#[test]
fn an_erased_tenant_leaves_none_of_its_words_in_any_view() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let running = start(dir.path());
    let (token, key, id) = filled(&running, "anemometer");
    register(&running, "bob");
    let search = json!({"name": "galleons", "query": MARK, "description": "of three masts"});
    post_json(&running, "/api/logs/saved-searches/", Some(&token), &search);
    post_json(
        &running,
        "/api/tenant/invitations/",
        Some(&token),
        &json!({"email": "carvel@example.org", "role": "viewer"}),
    );
    post_json(
        &running,
        "/api/tenant/service-accounts/",
        Some(&token),
        &json!({"name": "brigantine", "role": "viewer"}),
    );
    let words = [MARK, "anemometer", "galleons", "three masts", "carvel", "brigantine", "a.log"];
    assert_eq!(running.stop("TERM").0, Some(0));
    let has = |words: &[&str]| -> Vec<String> {
        let documents = documents(&data);
        let stands = |word: &str, bytes: &[u8]| bytes.windows(word.len()).any(|part| part == word.as_bytes());
        let found = |word: &&str| {
            documents
                .iter()
                .find(|(_, bytes)| stands(word, bytes))
                .map(|(view, _)| format!("{word} in {view}"))
        };
        words.iter().filter_map(found).collect()
    };
    assert_eq!(has(&words).len(), words.len(), "what is not there before proves nothing");
    let running = start(dir.path());
    let address = format!("/api/admin/tenants/{id}/");
    assert_eq!(status(&running, "DELETE", &address, OPERATOR, &json!({"name": "anemometer"})), 202);
    let receipt = receipt(&running, &id);
    assert_eq!(status(&running, "GET", "/api/logs/search/", &key, &json!({})), 401);
    let of_tenant = get(&running, &address, OPERATOR);
    assert!(!of_tenant.to_string().contains("anemometer"), "{of_tenant}");
    let audit = get(&running, &format!("{address}audit/"), OPERATOR);
    assert_eq!(audit["results"].as_array().unwrap().len(), 1, "{audit}");
    let said: Value = serde_json::from_str(receipt["receipt"].as_str().unwrap()).unwrap();
    assert!(said["kept"][0].as_str().unwrap().contains("texts of saved searches"), "{said}");
    assert_eq!(running.stop("TERM").0, Some(0));
    assert_eq!(has(&words), Vec::<String>::new());
    let of_it = |document: &(String, Vec<u8>)| document.1.windows(id.len()).any(|part| part == id.as_bytes());
    let left: Vec<String> = documents(&data)
        .into_iter()
        .filter(of_it)
        .map(|(view, _)| view.split('.').next().unwrap().to_owned())
        .collect();
    let mut known = left.clone();
    known.retain(|view| ["tenants", "audit"].contains(&view.as_str()));
    assert_eq!(left, known, "only the receipt is left, and where it stands");
    for view in ["tenants", "members", "keys", "names", "sessions", "searches", "uploads", "mails", "audit"] {
        super::check(&["rebuild", view, "--data", path_text(&data)], 0, view);
    }
    super::check(&["verify", "--data", path_text(&data)], 0, "its receipt is proved");
}

#[test]
fn an_admin_erases_its_own_tenant_with_its_password_again() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    let (token, _, id) = filled(&running, "ann");
    let erase = |body: Value| status(&running, "POST", "/api/tenant/erase/", &token, &body);
    assert_eq!(erase(json!({"name": "ann", "password": "wrong horse battery staple"})), 422);
    assert_eq!(erase(json!({"name": "bob", "password": PASSWORD})), 422);
    assert_eq!(erase(json!({"name": "ann", "password": PASSWORD})), 202);
    receipt(&running, &id);
    let login = json!({"username": "ann", "password": PASSWORD}).to_string();
    assert!(send(&running, "POST", "/api/auth/login/", "", login.as_bytes()).head.contains("401"));
}

#[test]
fn a_tenant_of_a_stopped_folder_is_erased_from_the_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let running = start(dir.path());
    let (_, _, id) = filled(&running, "ann");
    let data = path_text(&data);
    let erase = |name: &'static str| ["tenant", "erase", &id, "--name", name, "--data", data];
    super::check(&erase("ann"), 1, "in use by another antler");
    assert_eq!(running.stop("TERM").0, Some(0));
    super::check(&erase("bob"), 2, "is not called \"bob\"");
    super::check(&erase("ann"), 0, "\"counts\":{\"lines\":3,");
    super::check(&["verify", "--data", data], 0, "its receipt is proved");
    let running = start(dir.path());
    register(&running, "ann");
    let said = receipt(&running, &id);
    assert_eq!(running.stop("TERM").0, Some(0));
    super::check(&erase("ann"), 0, said["receipt"].as_str().unwrap());
}

#[test]
fn an_erasure_that_is_killed_goes_on_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut running = start(dir.path());
    let mut ids = Vec::new();
    for number in 0..5 {
        let name = format!("ann{number}");
        let (_, _, id) = filled(&running, &name);
        let address = format!("/api/admin/tenants/{id}/");
        assert_eq!(status(&running, "DELETE", &address, OPERATOR, &json!({"name": name})), 202);
        // Wherever the job is by now.
        running.stop("KILL");
        ids.push(id);
        running = start(dir.path());
    }
    for id in &ids {
        receipt(&running, id);
    }
    let all = get(&running, "/api/admin/erasures/", OPERATOR);
    assert_eq!(all["results"].as_array().unwrap().len(), 5);
    assert!(!holds(&data.join("uploads"), MARK));
    for number in 0..5 {
        register(&running, &format!("ann{number}"));
    }
    assert_eq!(running.stop("TERM").0, Some(0));
    super::check(&["verify", "--data", path_text(&data)], 0, "its receipt is proved");
}
