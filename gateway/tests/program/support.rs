//! The support bundle of a server that has secrets of every kind.
//!
//! Invariant: what is looked for is what the server really holds: credentials, keys, hashes, links. It opens all of the
//! bundle, also the one within it.

use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use super::client::{PASSWORD, make_key, path_text, register, send, settings, start_with};
use super::running::wait;

const OPERATOR: &str = "seven-red-herons-fly-south-5517";
const METRICS: &str = "eight-blue-herons-stay-here-9023";

/// What is in an archive.
fn opened(packed: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut tar).unwrap();
    tar
}

/// The content of a file of an archive.
fn file<'a>(tar: &'a [u8], name: &str) -> &'a [u8] {
    let name = format!("antler-support/{name}\0");
    let at = tar.chunks(512).position(|block| block.starts_with(name.as_bytes()));
    let at = at.unwrap_or_else(|| panic!("there is no {name}")) * 512;
    let bytes = std::str::from_utf8(&tar[at + 124..at + 135]).unwrap();
    let bytes = usize::from_str_radix(bytes, 8).unwrap();
    &tar[at + 512..at + 512 + bytes]
}

fn bundle(dir: &Path, arguments: &[&str]) -> Vec<u8> {
    let out = dir.join(format!("bundle-{}.tar.gz", arguments.len()));
    let ran = Command::new(env!("CARGO_BIN_EXE_antler"))
        .args(["support-bundle", "--data", path_text(&dir.join("data")), "--out", path_text(&out)])
        .args(["--config", path_text(&dir.join("antler.toml"))])
        .args(arguments)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    std::fs::read(out).unwrap()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_bundle_tells_of_the_server_and_holds_none_of_its_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let content = format!("[listeners]\noperator_token = \"{OPERATOR}\"\nmetrics_token = \"{METRICS}\"\n");
    let running = start_with(dir.path(), &content);
    let (token, key) = register(&running, "ann");
    let read_key = make_key(&running, &token, &["read"]);
    let login = format!("{{\"username\":\"ann\",\"password\":\"{PASSWORD}\"}}");
    let logged_in = send(&running, "POST", "/api/auth/login/", "", login.as_bytes()).json();
    let address = running.http.to_string();
    let outer = opened(&bundle(dir.path(), &["--listen", &address]));
    let inner = opened(file(&outer, "server.tar.gz"));
    let text = |tar: &[u8], name: &str| String::from_utf8(file(tar, name).to_vec()).unwrap();
    assert!(text(&inner, "metrics.txt").contains("antler_build_info"));
    assert!(text(&inner, "health.json").contains("\"status\": \"ok\""));
    assert!(
        text(&inner, "actors.json").contains("projectors")
            && text(&inner, "upkeep.json").contains("retention")
    );
    assert!(text(&outer, "doctor.txt").contains("data folder"));
    assert!(text(&outer, "folder-sizes.json").contains("log/p000"));
    let said = text(&inner, "own-log.txt");
    assert!(said.contains("ready") && said.contains("setup_token=***"), "{said}");
    let (_, said) = running.stop("TERM");
    let setup = said.split("setup_token=").nth(1).unwrap().split(['"', ' ', '\n']).next().unwrap().to_owned();
    let refresh = logged_in["refresh"].as_str().unwrap();
    let signing = std::fs::read(dir.path().join("data/credentials/token.key")).unwrap();
    let secrets: [&[u8]; 10] = [
        OPERATOR.as_bytes(),
        METRICS.as_bytes(),
        PASSWORD.as_bytes(),
        token.as_bytes(),
        key.as_bytes(),
        read_key.as_bytes(),
        setup.as_bytes(),
        refresh.as_bytes(),
        signing.trim_ascii(),
        b"$argon2",
    ];
    for tar in [&outer, &inner] {
        for secret in secrets {
            assert!(secret.len() >= 7, "too short to be told from chance");
            assert!(!holds(tar, secret), "{} is in the bundle", String::from_utf8_lossy(secret));
        }
    }
}

#[test]
fn a_bundle_is_made_of_a_stopped_server_too_and_writes_over_nothing() {
    let dir = tempfile::tempdir().unwrap();
    settings(dir.path(), "");
    let running = start_with(dir.path(), "");
    wait(|| running.json("/health")["status"].as_str().map(|_| ()));
    running.stop("TERM");
    let outer = opened(&bundle(dir.path(), &[]));
    assert!(holds(file(&outer, "server.txt"), b"set listeners.operator_token"));
    assert!(holds(file(&outer, "doctor.txt"), b"not in use"));
    let again = Command::new(env!("CARGO_BIN_EXE_antler"))
        .args(["support-bundle", "--data", path_text(&dir.path().join("data"))])
        .args(["--out", path_text(&dir.path().join("bundle-0.tar.gz"))])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(again.status.code() == Some(1) && said.contains("name another file with --out"), "{said}");
}
