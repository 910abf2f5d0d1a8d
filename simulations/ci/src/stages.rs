//! The table of stages.
//!
//! Invariant: each stage is a command that a person can run by hand, and builds no profile that
//! another stage has not built already, where that can be had.
//! It does not run them.

/// One check: a command that ends with 0 when all is well.
#[derive(Debug, Clone)]
pub struct Stage {
    pub name: &'static str,
    pub program: &'static str,
    pub arguments: Vec<&'static str>,
    /// What must be installed beyond cargo itself.
    pub tool: Option<Tool>,
    /// Its output holds the summaries of test runs.
    pub counts_tests: bool,
    /// It brings a foreign server or tool, for which it may need root or the network.
    pub needs_more: bool,
}

/// Something that may be missing on a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tool {
    /// Ends with 0 when the tool is there.
    pub probe: &'static [&'static str],
    pub install: Install,
}

/// What installs a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Install {
    /// A component of the toolchain, for which nobody has to be root.
    Component(&'static str),
    /// A package of the system.
    Package(&'static str),
}

const RUSTFMT: Tool = Tool { probe: &["cargo", "fmt", "--version"], install: Install::Component("rustfmt") };
const CLIPPY: Tool = Tool { probe: &["cargo", "clippy", "--version"], install: Install::Component("clippy") };
const PYTHON: Tool =
    Tool { probe: &["python3", "-c", "import ensurepip, venv"], install: Install::Package("python3-venv") };
const PROMTOOL: Tool =
    Tool { probe: &["sh", "deploy/services/promtool.sh", "find"], install: Install::Package("prometheus") };

/// It builds the dashboard, so that every other stage needs it, too.
const NODE: Tool = Tool { probe: &["npm", "--version"], install: Install::Package("npm") };
const RSYSLOG: Tool = Tool { probe: &["/usr/sbin/rsyslogd", "-v"], install: Install::Package("rsyslog") };
const CHROMIUM: Tool = Tool { probe: &["chromium", "--version"], install: Install::Package("chromium") };

impl Stage {
    /// The command as one would type it.
    pub fn shown(&self) -> String {
        [&[self.program], self.arguments.as_slice()].concat().join(" ")
    }

    fn cargo(name: &'static str, arguments: &'static str) -> Self {
        let arguments = arguments.split(' ').collect();
        Self { name, program: "cargo", arguments, tool: None, counts_tests: false, needs_more: false }
    }

    /// A binary of the simulations, in the profile that is built already.
    fn tool(name: &'static str, arguments: &'static str) -> Self {
        let mut stage = Self::cargo(name, "run -q --locked --profile tools -p antler-simulations --bin");
        stage.arguments.extend(arguments.split(' '));
        stage
    }

    /// A script of the dashboard.
    fn npm(name: &'static str, script: &'static str) -> Self {
        let arguments = vec!["--prefix", "gateway/dashboard", "run", script];
        Self { program: "npm", arguments, ..Self::cargo(name, "") }
    }

    fn needs(self, tool: Tool) -> Self {
        Self { tool: Some(tool), ..self }
    }

    fn counting_tests(self) -> Self {
        Self { counts_tests: true, ..self }
    }

    fn needing_more(self) -> Self {
        Self { needs_more: true, ..self }
    }
}

/// All stages, in order: what fails most often and is quickest comes first.
pub fn stages() -> Vec<Stage> {
    vec![
        Stage::cargo("format", "fmt --all --check").needs(RUSTFMT),
        Stage::cargo("lints", "clippy --locked --workspace --all-targets --all-features -- -D warnings")
            .needs(CLIPPY),
        Stage::cargo("tests", "test --locked --workspace --no-fail-fast").counting_tests(),
        Stage::cargo("mails", "test --locked --workspace --test program -- --ignored a_real_mail_server")
            .needs(PYTHON)
            .counting_tests()
            .needing_more(),
        Stage::cargo(
            "schemathesis",
            "test --locked --workspace --test program -- --ignored --nocapture a_foreign_tool",
        )
        .needs(PYTHON)
        .counting_tests()
        .needing_more(),
        Stage {
            program: "sh",
            arguments: vec!["deploy/services/promtool.sh"],
            ..Stage::cargo("alerts", "").needs(PROMTOOL).needing_more()
        },
        Stage::npm("dashboard", "check").needs(NODE).counting_tests(),
        // Apart from the tools, whose dependencies switch on what is there for tests only.
        Stage::cargo("release server", "build --locked --release"),
        Stage::npm("dashboard in a browser", "browser").needs(CHROMIUM).counting_tests().needing_more(),
        // Python and Node are there for other stages; Go is said to be missing by the stage itself: Debian's is too old.
        Stage::cargo("shippers", "test --locked --workspace --test shippers -- --ignored --nocapture")
            .needs(RSYSLOG)
            .counting_tests()
            .needing_more(),
        Stage::cargo(
            "log in NATS",
            "test --locked --workspace --test jetstream -- --ignored --nocapture --test-threads 2",
        )
        .counting_tests()
        .needing_more(),
        Stage::cargo("tools", "build --locked --profile tools -p antler-simulations"),
        Stage::tool("simulation of the log", "simulate -- --scenario log --seeds 10000"),
        Stage::tool("simulation of the store", "simulate -- --scenario store --seeds 2000"),
        Stage::tool("simulation of the actors", "simulate -- --scenario actors --seeds 2000"),
        Stage::tool("simulation of upkeep", "simulate -- --scenario upkeep --seeds 500"),
        Stage::tool("kills", "kill -- --kills 100"),
        Stage::tool("damage", "damage"),
        Stage::tool("fuzz of lines", "fuzz -- lines --runs 100000"),
        Stage::tool("fuzz of queries", "fuzz -- queries --runs 100000"),
        Stage::tool("fuzz of pipelines", "fuzz -- pipelines --runs 10000"),
        Stage::tool("fuzz of groups", "fuzz -- groups --runs 10000"),
        Stage::tool("fuzz of regexes", "fuzz -- regexes --runs 10000"),
        // Its figures are for the reader; on a shared machine they prove nothing.
        Stage::tool("bench", "bench -- log parse --bytes 8000000"),
        Stage::tool("bench of the store", "bench -- store query --bytes 8000000"),
    ]
}

/// The stages that a machine without network and root can run, and that need nothing but this folder.
pub fn fast() -> Vec<Stage> {
    stages().into_iter().filter(|stage| !stage.needs_more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_leaves_out_what_brings_a_foreign_server_or_tool_and_nothing_else() {
        let fast: Vec<&str> = fast().iter().map(|stage| stage.name).collect();
        let all: Vec<&str> = stages().iter().map(|stage| stage.name).collect();
        let left_out: Vec<&&str> = all.iter().filter(|name| !fast.contains(name)).collect();
        assert_eq!(
            left_out,
            [&"mails", &"schemathesis", &"alerts", &"dashboard in a browser", &"shippers", &"log in NATS"]
        );
        assert_eq!(fast.len() + left_out.len(), all.len());
    }

    #[test]
    fn a_stage_is_shown_as_one_types_it() {
        assert_eq!(stages()[0].shown(), "cargo fmt --all --check");
    }

    #[test]
    fn stages_have_names_of_their_own() {
        let mut names: Vec<&str> = stages().iter().map(|stage| stage.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
