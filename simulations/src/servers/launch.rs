//! How a server is started: its folder is filled, and its command made.
//!
//! Invariant: a seat and a program give the same command each time, so that a server can be started again.
//! It does not wait for the server, and does not look whether one runs there already.

use std::fs::{self, File, OpenOptions};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};

use super::install::Program;
use super::kind::{Kind, Login};
use super::seat::Seat;
use super::settings;

/// All that stands in a server's folder, and what is run there.
#[derive(Debug, Clone)]
pub(super) struct Launch {
    program: Program,
    /// Of the other servers of its cluster and its own.
    routes: Vec<SocketAddr>,
    heap_mib: u32,
}

impl Launch {
    pub(super) fn new(program: Program, routes: Vec<SocketAddr>, is_small: bool) -> Self {
        Self { program, routes, heap_mib: if is_small { 512 } else { 1024 } }
    }

    /// Fills the folder of the server.
    pub(super) fn prepare(&self, seat: &Seat) -> anyhow::Result<()> {
        let cannot = || format!("cannot write to {}", seat.folder().display());
        fs::create_dir_all(&seat.data).with_context(cannot)?;
        let config = seat.folder().join("config");
        fs::create_dir_all(&config).with_context(cannot)?;
        fs::write(config.join(settings_name(seat.kind)), settings::of(seat, &self.routes)?)?;
        if seat.kind.is_search() {
            self.prepare_search(seat, &config)?;
        }
        Ok(())
    }

    fn prepare_search(&self, seat: &Seat, config: &Path) -> anyhow::Result<()> {
        for folder in ["logs", "temp"] {
            fs::create_dir_all(seat.folder().join(folder))?;
        }
        let given = fs::read_to_string(self.program.home.join("config/jvm.options"))?;
        fs::write(config.join("jvm.options"), java_options(&given, self.heap_mib))?;
        fs::write(config.join("log4j2.properties"), LOG_TO_CONSOLE)?;
        if let Some(login) = &seat.login {
            fs::write(config.join("roles.yml"), settings::ROLES)?;
            self.add_user(seat, login, config)?;
        }
        if let Some(user) = self.program.user {
            user.take_over(seat.folder())?;
            user.may_enter(&fs::canonicalize(seat.folder())?)?;
        }
        Ok(())
    }

    /// Into the files of users beside the settings.
    fn add_user(&self, seat: &Seat, login: &Login, config: &Path) -> anyhow::Result<()> {
        for name in ["users", "users_roles"] {
            fs::write(config.join(name), "")?;
        }
        let mut command = Command::new(self.program.home.join("bin/elasticsearch-users"));
        command.args(["useradd", &login.name, "-p", &login.password, "-r", "antler_writer,antler_keeper"]);
        let output = command.envs(self.environment(seat)).stdin(Stdio::null()).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "elasticsearch-users could not add a user: {}", said.trim());
        Ok(())
    }

    /// Starts the process, as the leader of a group of its own: a Ctrl-C for us is none for it.
    pub(super) fn spawn(&self, seat: &Seat) -> anyhow::Result<Child> {
        let log = self.open_log(seat).with_context(|| format!("cannot write to {}", seat.log.display()))?;
        let (program, arguments) = self.command(seat);
        let mut command = Command::new(&program);
        command.args(arguments).envs(self.environment(seat)).current_dir(seat.folder());
        command.stdin(Stdio::null()).stderr(log.try_clone()?).stdout(log).process_group(0);
        if let Some(user) = self.program.user {
            command.uid(user.id).gid(user.group);
        }
        command.spawn().with_context(|| format!("cannot start {}", program.display()))
    }

    fn open_log(&self, seat: &Seat) -> std::io::Result<File> {
        OpenOptions::new().create(true).append(true).open(&seat.log)
    }

    fn command(&self, seat: &Seat) -> (PathBuf, Vec<String>) {
        let home = &self.program.home;
        let settings = seat.folder().join("config").join(settings_name(seat.kind)).display().to_string();
        match seat.kind {
            Kind::Nats => (home.join("server"), vec![String::from("-c"), settings]),
            Kind::Mongo => {
                let data = seat.data.display().to_string();
                let words = [String::from("-listen"), seat.address.to_string(), String::from("-data"), data];
                (home.join("server"), words.into())
            }
            Kind::Redis => (home.clone(), vec![settings]),
            Kind::Elasticsearch | Kind::OpenSearch => (home.join("bin").join(seat.kind.name()), Vec::new()),
        }
    }

    fn environment(&self, seat: &Seat) -> Vec<(String, String)> {
        let prefix = match seat.kind {
            Kind::Elasticsearch => "ES",
            Kind::OpenSearch => "OPENSEARCH",
            _ => return Vec::new(),
        };
        let java = self.program.java.clone().unwrap_or_default();
        let of_folder = |name| seat.folder().join(name).display().to_string();
        vec![
            (format!("{prefix}_JAVA_HOME"), java.display().to_string()),
            (format!("{prefix}_PATH_CONF"), of_folder("config")),
            (format!("{prefix}_TMPDIR"), of_folder("temp")),
            // What somebody has set for another server of theirs.
            (format!("{prefix}_JAVA_OPTS"), String::new()),
        ]
    }
}

const fn settings_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Nats => "nats-server.conf",
        Kind::Elasticsearch => "elasticsearch.yml",
        Kind::OpenSearch => "opensearch.yml",
        Kind::Mongo => "none",
        Kind::Redis => "redis.conf",
    }
}

const LOG_TO_CONSOLE: &str = "status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
";

/// The options that come with the server, without files in its own folder and with another heap.
fn java_options(given: &str, heap_mib: u32) -> String {
    let is_left_out = |line: &&str| {
        let marks = ["-Xms", "-Xmx", "-Xlog", "-XX:ErrorFile", "-XX:+HeapDump", "-XX:HeapDumpPath", "gc.log"];
        line.trim().is_empty() || line.starts_with('#') || marks.iter().any(|mark| line.contains(mark))
    };
    let kept: Vec<&str> = given.lines().filter(|line| !is_left_out(line)).collect();
    format!("-Xms{heap_mib}m\n-Xmx{heap_mib}m\n{}\n", kept.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::kind::Wishes;

    fn launch(kind: Kind) -> (Launch, Seat) {
        let java = kind.is_search().then(|| PathBuf::from("jdk"));
        let program = Program { home: PathBuf::from("home"), version: String::from("1"), java, user: None };
        let mut seat = Seat::draw("a", kind, Path::new("d"), &Wishes::default()).unwrap();
        seat.address = "127.0.0.1:7".parse().unwrap();
        (Launch::new(program, Vec::new(), false), seat)
    }

    #[test]
    fn each_kind_has_its_command() {
        let check = |kind, expected: &str| {
            let (launch, seat) = launch(kind);
            let (program, arguments) = launch.command(&seat);
            let words = [vec![program.display().to_string()], arguments].concat();
            assert_eq!(words.join(" "), expected);
        };
        check(Kind::Nats, "home/server -c d/a/config/nats-server.conf");
        check(Kind::Mongo, "home/server -listen 127.0.0.1:7 -data d/a/data");
        check(Kind::Redis, "home d/a/config/redis.conf");
        check(Kind::Elasticsearch, "home/bin/elasticsearch");
        check(Kind::OpenSearch, "home/bin/opensearch");
    }

    #[test]
    fn a_search_server_finds_its_java_and_folders_by_environment() {
        let (launch, seat) = launch(Kind::OpenSearch);
        let environment = launch.environment(&seat);
        let expected = (String::from("OPENSEARCH_PATH_CONF"), String::from("d/a/config"));
        assert!(environment.contains(&expected), "{environment:?}");
        assert_eq!(environment[0], (String::from("OPENSEARCH_JAVA_HOME"), String::from("jdk")));
    }

    #[test]
    fn java_gets_our_heap_and_keeps_what_the_server_needs() {
        let given = "# heap\n-Xms1g\n-Xmx1g\n\n-XX:+UseG1GC\n9-:-Xlog:gc*:file=logs/gc.log\n-XX:HeapDumpPath=data\n\
                     21-:-javaagent:agent/a.jar\n8:-Xloggc:logs/gc.log\n";
        let expected = "-Xms512m\n-Xmx512m\n-XX:+UseG1GC\n21-:-javaagent:agent/a.jar\n";
        assert_eq!(java_options(given, 512), expected);
    }
}
