//! Real clients that send lines, as their makers publish them: Filebeat, and the libraries for Python and Node.
//!
//! Invariant: each has exactly the version that its list in `deploy/services` says, and needs no network once it lies in
//! the cache. It runs none of them, and leaves alone what a package of the system brings, such as rsyslog.

use std::path::{Path, PathBuf};

use super::cache::{Cache, Recipe};
use super::install::{deployed, go};

const PYTHON_WAY_OUT: &str = "run: apt-get install -y python3-venv";
const NODE_WAY_OUT: &str = "run: apt-get install -y npm";

/// Clients that are installed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// One program.
    Filebeat,
    /// An interpreter, and a folder of libraries for each list.
    Python,
    /// A folder `node_modules`.
    Node,
}

impl Client {
    pub const ALL: [Self; 3] = [Self::Filebeat, Self::Python, Self::Node];

    /// Where it lies; it is installed if it is not there.
    pub fn provide(self, cache: &Cache, say: &dyn Fn(String)) -> anyhow::Result<PathBuf> {
        let home = cache.provide(&self.recipe(), say)?;
        Ok(match self {
            Self::Filebeat => home.join("server"),
            Self::Python | Self::Node => home,
        })
    }

    fn recipe(self) -> Recipe {
        match self {
            Self::Filebeat => filebeat(),
            Self::Python => python(),
            Self::Node => node(),
        }
    }
}

fn filebeat() -> Recipe {
    let files = &[
        ("go.mod", deployed!("filebeat/go.mod")),
        ("go.sum", deployed!("filebeat/go.sum")),
        ("main.go", deployed!("filebeat/main.go")),
    ];
    go("filebeat-7.17.29", files, ".")
}

/// Beside one interpreter, because two versions of a library do not go into one folder.
fn python() -> Recipe {
    let files = &[
        ("elasticsearch8.txt", deployed!("shippers/elasticsearch8.txt")),
        ("elasticsearch9.txt", deployed!("shippers/elasticsearch9.txt")),
        ("opensearch.txt", deployed!("shippers/opensearch.txt")),
        ("opentelemetry.txt", deployed!("shippers/opentelemetry.txt")),
    ];
    let script = "set -e; python3 -m venv {into}/python; for list in *.txt; do {into}/python/bin/python -m pip \
                  install -q --disable-pip-version-check --target {into}/${list%.txt} -r $list; done";
    shell("python-clients", files, script, PYTHON_WAY_OUT)
}

fn node() -> Recipe {
    let files = &[
        ("package.json", deployed!("shippers/package.json")),
        ("package-lock.json", deployed!("shippers/package-lock.json")),
    ];
    let script = "cp package.json package-lock.json {into} && cd {into} && npm ci --no-audit --no-fund --ignore-scripts";
    shell("node-clients", files, script, NODE_WAY_OUT)
}

fn shell(
    name: &str,
    files: &'static [(&'static str, &'static str)],
    script: &str,
    way_out: &'static str,
) -> Recipe {
    let arguments = vec![String::from("-c"), script.to_owned()];
    Recipe { name: name.to_owned(), files, program: "sh", arguments, way_out, finish: |_: &Path| Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_versions_stand_in_the_lists() {
        let check = |client: Client, expected: &str| {
            let recipe = client.recipe();
            assert!(recipe.files.iter().any(|(_, text)| text.contains(expected)), "{expected}");
        };
        check(Client::Filebeat, "github.com/elastic/beats/v7 v7.17.29");
        check(Client::Python, "elasticsearch==9.5.1\n");
        check(Client::Python, "elasticsearch==8.19.3\n");
        check(Client::Python, "opensearch-py==3.2.0\n");
        check(Client::Python, "opentelemetry-sdk==1.45.2\n");
        check(Client::Node, "\"winston-elasticsearch\": \"0.19.0\"");
    }
}
