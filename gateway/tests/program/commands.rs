//! The commands of an operator: on a folder that no server uses, and on a running one.
//!
//! Invariant: what a command did is looked for with another one, or over HTTP. Formats of their lines are for people and
//! scripts: cells with tabs between.

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::json;

use super::client::{path_text, register, send, settings, start_with};
use super::running::{Running, wait};
use super::{antler, text};

const OPERATOR: &str = "an operator's own token";

fn run(dir: &Path, arguments: &[&str], token: &str, input: &str) -> Output {
    let (data, config) = (dir.join("data"), dir.join("antler.toml"));
    let mut command = antler(arguments);
    command.args(["--data", path_text(&data), "--config", path_text(&config)]);
    if !token.is_empty() {
        command.env("ANTLER_TOKEN", token);
    }
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that takes no input may be gone by now.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn lines(output: &Output) -> Vec<Vec<String>> {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let out = text(&output.stdout);
    out.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn start(dir: &Path) -> Running {
    start_with(dir, &format!("[listeners]\noperator_token = \"{OPERATOR}\"\n"))
}

fn server(running: &Running) -> String {
    format!("http://{}", running.http)
}

#[test]
fn people_are_added_to_a_stopped_folder_and_log_in_when_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    register(&running, "ann");
    running.stop("TERM");
    let add = |name: &str, more: &[&str], password: &str| {
        let email = format!("{name}@example.org");
        let arguments = [&["user", "add", "--username", name, "--email", &email], more].concat();
        run(dir.path(), &arguments, "", &format!("{password}\n"))
    };
    let tenants = lines(&run(dir.path(), &["tenant", "list"], "", ""));
    assert_eq!((tenants.len(), tenants[0][1..].join(" ")), (1, "active 1 90 ann".to_owned()));
    let of_ann = tenants[0][0].clone();
    assert_eq!(add("bob", &[], "two green herons").status.code(), Some(0));
    let joined = add("eve", &["--tenant", &of_ann, "--role", "analyst"], "four blue otters");
    assert_eq!(joined.status.code(), Some(0), "{}", text(&joined.stderr));
    let weak = add("joe", &[], "12345678");
    assert!(
        weak.status.code() == Some(2) && text(&weak.stderr).contains("digits only"),
        "{}",
        text(&weak.stderr)
    );
    let taken = add("eve", &["--tenant", &of_ann], "four blue otters");
    assert_eq!(taken.status.code(), Some(1), "{}", text(&taken.stderr));
    let people = lines(&run(dir.path(), &["user", "list"], "", ""));
    let mut names: Vec<String> = people.iter().map(|row| format!("{} {}", row[2], row[4])).collect();
    names.sort_unstable();
    assert_eq!(names, ["ann admin", "bob admin", "eve analyst"]);
    let of_tenant = lines(&run(dir.path(), &["user", "list", "--tenant", &of_ann], "", ""));
    assert_eq!(of_tenant.len(), 2);
    let running = start(dir.path());
    for (name, password) in [("bob", "two green herons"), ("eve", "four blue otters")] {
        let login = json!({"username": name, "password": password}).to_string();
        let answer = send(&running, "POST", "/api/auth/login/", "", login.as_bytes());
        assert!(answer.head.starts_with("HTTP/1.1 200"), "{name}: {}", answer.body);
    }
}

#[test]
fn a_running_server_is_asked_over_http() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    let (ann, _) = register(&running, "ann");
    let at = server(&running);
    let ask = |arguments: &[&str], token: &str| {
        run(dir.path(), &[arguments, &["--server", &at]].concat(), token, "three red cranes\n")
    };
    assert_eq!(lines(&ask(&["tenant", "list"], ""))[0][4], "ann", "the operator's token is in the settings");
    let people = lines(&ask(&["user", "list"], &ann));
    assert_eq!((people.len(), &people[0][2]), (1, &"ann".to_owned()));
    let added = ask(&["user", "add", "--username", "bob", "--email", "bob@example.org"], "");
    assert_eq!(added.status.code(), Some(0), "{}", text(&added.stderr));
    assert_eq!(lines(&ask(&["tenant", "list"], "")).len(), 2);
    let upkeep = || lines(&ask(&["job", "list", "--upkeep"], ""));
    wait(|| {
        upkeep()
            .iter()
            .any(|row| row[0] == "retention" && row[2].contains("no line was too old"))
            .then_some(())
    });
    assert_eq!(lines(&ask(&["job", "run", "retention"], ""))[0][0], "retention");
    let unknown = ask(&["job", "run", "laundry"], "");
    assert!(
        unknown.status.code() == Some(1) && text(&unknown.stderr).contains("no job of upkeep"),
        "{}",
        text(&unknown.stderr)
    );
    assert_eq!(lines(&ask(&["job", "list"], &ann)), Vec::<Vec<String>>::new());
    let nobodys = ask(&["job", "cancel", "nothing"], &ann);
    assert!(text(&nobodys.stderr).contains("no job"), "{}", text(&nobodys.stderr));
    settings(dir.path(), "");
    let nobody = ask(&["tenant", "list"], "");
    assert!(
        nobody.status.code() == Some(2) && text(&nobody.stderr).contains("ANTLER_TOKEN"),
        "{}",
        text(&nobody.stderr)
    );
}
