//! What the dashboard offers to paste is pasted: only the path of the logs is put in place, and its line is found.
//! Docker, Kubernetes and systemd are left out: they do not run here.

use std::fs;
use std::path::Path;
use std::process::Command;

use antler_simulations::servers::{Running, scratch};
use serde_json::Value;

use super::site::{PATIENCE, Site, Tenant, answer_of, python, script, text, top};
use super::{filebeat, syslog};

/// What needs a daemon that a machine for tests does not have.
const LEFT_OUT: [&str; 3] = ["docker", "kubernetes", "journal"];

#[test]
#[ignore = "needs a release build, Node and all clients"]
fn what_the_dashboard_offers_to_paste_works_as_it_stands() {
    let folder = scratch().unwrap();
    let site = Site::start(folder.path());
    let ann = site.register("ann");
    let ways = ways(&site, &ann);
    let offered: Vec<&str> = ways.iter().map(|way| text(way, "id")).collect();
    println!("offered: {offered:?}");
    std::thread::scope(|scope| {
        for way in ways.iter().filter(|way| !LEFT_OUT.contains(&text(way, "id"))) {
            let (folder, site, ann) = (folder.path().join(text(way, "id")), &site, &ann);
            scope.spawn(move || {
                fs::create_dir(&folder).unwrap();
                paste(text(way, "id"), text(way, "snippet"), &folder, site, ann);
            });
        }
    });
}

fn ways(site: &Site, tenant: &Tenant) -> Vec<Value> {
    let tool = top().join("gateway/dashboard/tools/snippets.mjs");
    let (tcp, syslog) = (site.port("tcp").to_string(), site.port("syslog").to_string());
    let answer = answer_of(Command::new("node").arg(tool).args([&site.url(), &tenant.key, &tcp, &syslog]));
    let Value::Array(ways) = answer else { panic!("{answer}") };
    ways
}

fn paste(id: &str, snippet: &str, folder: &Path, site: &Site, tenant: &Tenant) {
    let log = folder.join("app.log");
    let words = format!("pasted for {id}");
    match id {
        "curl" => check(tenant, "hello from curl", "shop", &run("bash", &["-c", snippet], folder)),
        "file" => {
            fs::write(&log, format!("{words}\n")).unwrap();
            check(tenant, &words, "shop", &run("bash", &["-c", snippet], folder));
        }
        "python" => {
            fs::write(folder.join("antler_logs.py"), snippet).unwrap();
            check(tenant, "hello from Python", "shop", &run("python3", &["antler_logs.py"], folder));
        }
        "node" => {
            fs::write(folder.join("antler.mjs"), snippet).unwrap();
            check(tenant, "hello from Node", "shop", &run("node", &["antler.mjs"], folder));
        }
        "follow" => follow(snippet, folder, tenant),
        "filebeat" => {
            let snippet = snippet.replace("/var/log/shop/*.log", &log.display().to_string());
            fs::write(&log, format!("{words}\n")).unwrap();
            let filebeat = filebeat::start(folder, &snippet);
            let found = tenant.wait_for_line(&format!("\"{words}\""), &|| filebeat.said());
            assert_eq!(text(&found, "message"), words);
        }
        "rsyslog" => rsyslog(snippet, folder, tenant),
        "opentelemetry" => {
            let list = python("opentelemetry", "otel.py");
            let path = list.get_envs().find_map(|(name, value)| value.filter(|_| name == "PYTHONPATH"));
            let shell = format!("{snippet}\nexec \"$@\"");
            let interpreter = list.get_program();
            let mut command = Command::new("bash");
            command.args(["-c", &shell, "-"]).arg(interpreter).arg("-B").arg(script("otel.py")).arg(id);
            let answer = answer_of(command.env("PYTHONPATH", path.unwrap()));
            check(tenant, &format!("number=7 of {id}"), "shop", &answer.to_string());
        }
        _ => panic!("nobody has tried the way {id} of {}", site.url()),
    }
}

fn check(tenant: &Tenant, message: &str, sender: &str, said: &str) {
    let line = tenant.wait_for_line(&format!("\"{message}\""), &|| said.to_owned());
    assert_eq!((text(&line, "message"), text(&line, "service")), (message, sender), "{line:#}");
}

/// Answers what it said.
fn run(program: &str, arguments: &[&str], folder: &Path) -> String {
    let mut command = Command::new(program);
    let mut running =
        Running::start(command.args(arguments).current_dir(folder), &folder.join("said")).unwrap();
    running.finish(PATIENCE).unwrap();
    running.said()
}

/// It sends what is written from now on: lines are written until one has come.
fn follow(snippet: &str, folder: &Path, tenant: &Tenant) {
    let log = folder.join("app.log");
    fs::write(&log, "").unwrap();
    let mut command = Command::new("bash");
    let running =
        Running::start(command.args(["-c", snippet]).current_dir(folder), &folder.join("said")).unwrap();
    let mut lines = String::new();
    let seen = antler_simulations::servers::wait_for(PATIENCE, || {
        lines += "pasted for follow\n";
        fs::write(&log, &lines).unwrap();
        (!tenant.search("\"pasted for follow\"").is_empty()).then_some(())
    });
    assert!(seen.is_some(), "{}", running.said());
}

/// The daemon of the machine has inputs of its own; here a file stands for them.
fn rsyslog(snippet: &str, folder: &Path, tenant: &Tenant) {
    let log = folder.join("app.log");
    fs::write(&log, "").unwrap();
    let input = format!(
        "module(load=\"imfile\")\ninput(type=\"imfile\" File=\"{}\" Tag=\"shop:\" Severity=\"error\")\n",
        log.display()
    );
    let rsyslog = syslog::start_rsyslog(folder, &(input + snippet + "\n"));
    fs::write(&log, "pasted for rsyslog\n").unwrap();
    let line = tenant.wait_for_line("\"pasted for rsyslog\"", &|| rsyslog.said());
    assert_eq!(text(&line, "message"), "pasted for rsyslog", "{line:#}");
    assert_eq!((text(&line, "service"), text(&line, "level")), ("shop", "error"), "{line:#}");
    assert!(!line.to_string().contains(&tenant.key), "{line:#}");
}
