//! The API held against its document by a tool that somebody else wrote.
//!
//! Invariant: the tool knows the document and a credential, and nothing else of the server; a run without cases is a failure.
//! What it draws is the same in each run. It does not end logins: it would end its own.

use std::process::Command;

use super::client::{Mails, register, start_with};
use super::running::Running;
use super::services;

const OPERATOR: &str = "operator-of-the-test";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// Answers how many cases the tool has tried.
fn tried(running: &Running, token: &str, extent: [&str; 2]) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(services::python("schemathesis.txt").join("schemathesis"))
        .arg("run")
        .arg(format!("http://{}/api/schema/", running.http))
        .args(["-H", &format!("Authorization: Bearer {token}"), "--no-color", "--warnings", "off"])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--no-shrink"])
        .args(["--generation-deterministic", "--suppress-health-check", "all", "--continue-on-failure"])
        .args(["--checks", CHECKS])
        .args(extent)
        .env("SCHEMATHESIS_HOOKS", services::file("schemathesis_hooks.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let count = said.lines().find_map(|line| line.trim().split_once(" generated, ")?.0.parse().ok());
    count.unwrap_or_else(|| panic!("no count of cases in {said}"))
}

#[test]
#[ignore = "needs schemathesis of PyPI: cargo ci installs it and runs this"]
fn a_foreign_tool_gets_no_answer_that_the_document_does_not_describe() {
    let dir = tempfile::tempdir().unwrap();
    let settings =
        format!("[listeners]\noperator_token = \"{OPERATOR}\"\n{}", Mails::new(dir.path()).settings());
    let running = start_with(dir.path(), &settings);
    let (admin, _) = register(&running, "ann");
    let of_tenant = tried(&running, &admin, ["--exclude-path-regex", "logout|sessions"]);
    let of_operator = tried(&running, OPERATOR, ["--include-path-regex", "^/api/admin/"]);
    println!("schemathesis: {of_tenant} cases as an admin, {of_operator} as the operator, no failure");
    assert!(of_tenant > 5_000 && of_operator > 200, "{of_tenant}, {of_operator}");
}
