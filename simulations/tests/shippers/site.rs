//! The program as it runs for one test, and those who have registered there.
//!
//! Invariant: it listens on ports that were free and keeps its data in the folder of its test, also after a restart. It
//! does not know who sends lines, nor how.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use antler_simulations::servers::wire::http;
use antler_simulations::servers::{Cache, Client, Running, wait_for};
use serde_json::{Value, json};

/// Above all that was seen on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A running program.
pub(super) struct Site {
    program: Running,
    folder: PathBuf,
    settings: Vec<(String, String)>,
    ports: BTreeMap<String, SocketAddr>,
}

/// Somebody with an account, and a key that may send.
pub(super) struct Tenant {
    pub(super) id: String,
    pub(super) key: String,
    token: String,
    address: SocketAddr,
}

impl Site {
    pub(super) fn start(folder: &Path) -> Self {
        Self::start_with(folder, Vec::new())
    }

    /// With settings by their names in the environment.
    pub(super) fn start_with(folder: &Path, settings: Vec<(String, String)>) -> Self {
        fs::create_dir_all(folder).unwrap();
        let ports_file = folder.join("ports.json");
        let mut command = serve(folder);
        command.arg("--ephemeral-ports").arg("--ports-file").arg(&ports_file);
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        let mut program = Running::start(&mut command, &folder.join("antler.log")).unwrap();
        let ports = wait_for_ports(&ports_file, &mut program);
        Self { program, folder: folder.to_owned(), settings, ports }
    }

    /// A setting by its name in the environment, from the next start on.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    pub(super) fn kill9(&mut self) {
        self.program.kill9();
    }

    /// Where it was, on the same data.
    pub(super) fn restart(&mut self) {
        self.program.stop();
        let ports_file = self.folder.join("ports.json");
        fs::remove_file(&ports_file).unwrap();
        let mut command = serve(&self.folder);
        command.arg("--ports-file").arg(&ports_file).args(["--listen", &self.http().to_string()]);
        for (name, address) in self.ports.iter().filter(|(name, _)| *name != "http") {
            command.env(format!("ANTLER__LISTENERS__{}", name.to_uppercase()), address.to_string());
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        self.program = Running::start(&mut command, &self.folder.join("antler.log")).unwrap();
        assert_eq!(wait_for_ports(&ports_file, &mut self.program), self.ports);
    }

    pub(super) fn http(&self) -> SocketAddr {
        self.port("http")
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.http())
    }

    /// The address of a listener.
    pub(super) fn port(&self, name: &str) -> SocketAddr {
        *self.ports.get(name).unwrap_or_else(|| panic!("there is no listener {name}: {:?}", self.ports))
    }

    pub(super) fn register(&self, name: &str) -> Tenant {
        let account = json!({
            "username": name, "email": format!("{name}@example.org"),
            "password": "three blue otters", "password_confirm": "three blue otters",
        });
        let account = self.post("/api/auth/register/", None, &account);
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned();
        let (id, token) = (text(&account["tenant"]["id"]), text(&account["token"]));
        let wanted = json!({"name": "shipper", "scopes": ["ingest"]});
        let key = self.post("/api/users/profile/api-keys/", Some(&token), &wanted);
        Tenant { id, key: text(&key["key"]), token, address: self.http() }
    }

    /// Somebody who has registered, maybe at another program that shares the log; none if this one knows nobody.
    pub(super) fn log_in(&self, known: &Tenant, name: &str) -> Option<Tenant> {
        let login = json!({"username": name, "password": "three blue otters"}).to_string();
        let answer = http::send_as(self.http(), None, "POST", "/api/auth/login/", &login).unwrap();
        let token = answer.json().ok()?["token"].as_str()?.to_owned();
        Some(Tenant { id: known.id.clone(), key: known.key.clone(), token, address: self.http() })
    }

    /// Sends one line; answers the status, or nothing if no answer came in time.
    pub(super) fn send(&self, key: &str, line: &Value) -> Option<u16> {
        let credential = format!("Bearer {key}");
        let body = line.to_string();
        let answer = http::send_as(self.http(), Some(&credential), "POST", "/api/logs/bulk/", &body);
        answer.ok().map(|answer| answer.status)
    }

    fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Value {
        let credential = token.map(|token| format!("Bearer {token}"));
        let answer = http::send_as(self.http(), credential.as_deref(), "POST", path, &body.to_string());
        let answer = answer.unwrap();
        assert!(matches!(answer.status, 200 | 201), "{path}: {}", String::from_utf8_lossy(&answer.body));
        answer.json().unwrap()
    }
}

fn serve(folder: &Path) -> Command {
    let program = std::env::var_os("ANTLER_PROGRAM").filter(|value| !value.is_empty()).map(PathBuf::from);
    let program = program.unwrap_or_else(|| top().join("target/release/antler"));
    let mut command = Command::new(&program);
    command.args(["serve", "--data"]).arg(folder.join("data"));
    command
}

fn wait_for_ports(file: &Path, program: &mut Running) -> BTreeMap<String, SocketAddr> {
    let ports = wait_for(PATIENCE, || match program.status() {
        Some(_) => Some(None),
        None => serde_json::from_slice(&fs::read(file).ok()?).ok().map(Some),
    });
    ports.flatten().unwrap_or_else(|| panic!("the server did not start:\n{}", program.said()))
}

impl Tenant {
    /// All lines that a query finds.
    pub(super) fn search(&self, query: &str) -> Vec<Value> {
        let mut lines = Vec::new();
        for page in 1_u32.. {
            let asked = form_urlencoded::Serializer::new(String::new())
                .append_pair("q", query)
                .append_pair("size", "1000")
                .append_pair("page", &page.to_string())
                .finish();
            let path = format!("/api/logs/search/?{asked}");
            let answer =
                http::send_as(self.address, Some(&format!("Bearer {}", self.token)), "GET", &path, "");
            let answer = answer.unwrap();
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
            let mut answer = answer.json().unwrap();
            let Value::Array(found) = answer["results"].take() else { panic!("{answer}") };
            let is_last = found.len() < 1000;
            lines.extend(found);
            if is_last {
                break;
            }
        }
        lines
    }

    /// Waits until a query finds so many lines; what was sent is told if it does not.
    pub(super) fn wait_for_lines(&self, query: &str, count: usize, said: &dyn Fn() -> String) -> Vec<Value> {
        let mut found = Vec::new();
        let enough = wait_for(PATIENCE, || {
            found = self.search(query);
            (found.len() >= count).then_some(())
        });
        let all = || self.search("*").len();
        assert!(
            enough.is_some(),
            "{query} finds {} of {count} lines, there are {}; the client said:\n{}",
            found.len(),
            all(),
            said()
        );
        found
    }

    /// Exactly one line, once it has come.
    pub(super) fn wait_for_line(&self, query: &str, said: &dyn Fn() -> String) -> Value {
        let mut found = self.wait_for_lines(query, 1, said);
        assert_eq!(found.len(), 1, "{query} finds {found:#?}");
        found.remove(0)
    }
}

/// Of the repository.
pub(super) fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A script of ours that runs a client.
pub(super) fn script(name: &str) -> PathBuf {
    top().join("deploy/services/shippers").join(name)
}

pub(super) fn client(client: Client) -> PathBuf {
    client.provide(&Cache::of_environment(), &|_| ()).unwrap()
}

/// A script with the libraries of one list.
pub(super) fn python(list: &str, name: &str) -> Command {
    let home = client(Client::Python);
    let mut command = Command::new(home.join("python/bin/python"));
    command.arg("-B").arg(script(name)).env("PYTHONPATH", home.join(list));
    command
}

/// A script that lies beside the libraries, where Node looks for them.
pub(super) fn node(folder: &Path, name: &str) -> Command {
    let modules = client(Client::Node).join("node_modules");
    let link = folder.join("node_modules");
    if !link.exists() {
        std::os::unix::fs::symlink(modules, &link).unwrap();
    }
    fs::copy(script(name), folder.join(name)).unwrap();
    let mut command = Command::new("node");
    command.arg(folder.join(name));
    command
}

/// Runs a client to its end and reads the JSON that it prints in its last line.
pub(super) fn answer_of(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = said.trim_end().lines().last().unwrap_or_default();
    let answer = serde_json::from_str(last).ok().filter(|_| output.status.success());
    answer.unwrap_or_else(|| panic!("it ended with {}; it said:\n{said}{complaint}", output.status))
}

pub(super) fn text<'a>(line: &'a Value, field: &str) -> &'a str {
    line[field].as_str().unwrap_or_else(|| panic!("{field} is no text in {line:#}"))
}

/// What stands behind `number=` in the messages, in order.
pub(super) fn numbers(lines: &[Value]) -> Vec<u32> {
    let number = |line: &Value| {
        let message = text(line, "message");
        let (_, rest) = message.split_once("number=").unwrap_or_else(|| panic!("no number in {line:#}"));
        rest.split(' ').next().unwrap().parse().unwrap()
    };
    let mut numbers: Vec<u32> = lines.iter().map(number).collect();
    numbers.sort_unstable();
    numbers
}
