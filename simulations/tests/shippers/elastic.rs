//! The libraries that speak to Elasticsearch or OpenSearch write in bulk and one by one, and hear what became of each item.

use std::path::Path;
use std::process::Command;

use antler_simulations::servers::scratch;
use serde_json::{Value, json};

use super::site::{Site, Tenant, answer_of, node, numbers, python, text};

#[test]
#[ignore = "needs a release build, Python, Node and, for the first time, the network"]
fn libraries_for_elasticsearch_hear_what_became_of_each_document() {
    let folder = scratch().unwrap();
    let site = Site::start(folder.path());
    let (ann, bob) = (site.register("ann"), site.register("bob"));
    let python = |list: &str, library: &str, tag: &str| {
        let mut command = python(list, "elastic.py");
        command.args([library, &site.url(), &ann.key, tag]);
        command
    };
    std::thread::scope(|scope| {
        for (tag, mut command) in [
            ("es9", python("elasticsearch9", "elasticsearch", "es9")),
            ("es8", python("elasticsearch8", "elasticsearch", "es8")),
            ("os3", python("opensearch", "opensearchpy", "os3")),
            ("js8", javascript(folder.path(), "elastic.mjs", &site, &ann, "js8")),
        ] {
            let ann = &ann;
            scope.spawn(move || check(tag, &answer_of(&mut command), ann));
        }
        let mut winston = javascript(folder.path(), "winston.mjs", &site, &ann, "winston");
        let ann = &ann;
        scope.spawn(move || check_winston(&answer_of(&mut winston), ann));
    });
    assert_eq!(bob.search("*"), Vec::<Value>::new());
}

fn javascript(folder: &Path, script: &str, site: &Site, tenant: &Tenant, tag: &str) -> Command {
    let mut command = node(folder, script);
    command.args([&site.url(), &tenant.key, tag]);
    command
}

/// Of the documents 1 to 101 the second is not an object.
fn check(tag: &str, answer: &Value, tenant: &Tenant) {
    assert_eq!(answer["errors"], true, "{tag}: {answer}");
    assert_eq!(answer["items"], json!([201, 400, 201]), "{tag}: {answer}");
    assert!(
        answer["reason"]["type"].is_string() && answer["reason"]["reason"].is_string(),
        "{tag}: {answer}"
    );
    let all_taken = [json!([97, []]), json!([97, 0])];
    assert!(all_taken.contains(&answer["bulk"]), "{tag}: {answer}");
    assert_eq!(answer["index"], "created", "{tag}: {answer}");
    assert!(answer["index_id"].is_string(), "{tag}: {answer}");
    let said = || answer.to_string();
    let lines = tenant.wait_for_lines(&format!("service:{tag}"), 100, &said);
    let expected: Vec<u32> = (1..=101).filter(|number| *number != 2).collect();
    assert_eq!(numbers(&lines), expected, "{tag}");
    let line = tenant.wait_for_line(&format!("\"number=7 of {tag}\""), &said);
    assert_eq!((text(&line, "level"), text(&line, "message")), ("error", &*format!("number=7 of {tag}")));
    assert!(line.to_string().contains("nginx"), "{line:#}");
    let line = tenant.wait_for_line(&format!("\"number=101 of {tag}\""), &said);
    assert_eq!((text(&line, "level"), text(&line, "timestamp")), ("warning", text(answer, "timestamp")));
    assert!(line.to_string().contains("filebeat"), "{line:#}");
}

fn check_winston(answer: &Value, tenant: &Tenant) {
    let said = || answer.to_string();
    assert_eq!(answer["warnings"], json!([]));
    let lines = tenant.wait_for_lines("\"of winston\"", 50, &said);
    assert_eq!(numbers(&lines), (1..=50).collect::<Vec<u32>>());
    assert!(lines.iter().all(|line| line["level"] == "error"), "{:#}", lines[0]);
    assert!(lines[0].to_string().contains("basket"), "{:#}", lines[0]);
}
