//! What a server needs on this machine: its program, a JDK, a user who is not root.
//!
//! Invariant: without root nothing outside the cache changes; who cannot go on says in a sentence what would help.
//! It starts no server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use super::cache::{Cache, Recipe};
use super::kind::{Kind, Wishes};
use super::user::User;

const JDK_OLDEST: u32 = 21;
const GO_WAY_OUT: &str = "install Go 1.24 or newer (https://go.dev/dl/)";
const MAVEN_WAY_OUT: &str = "run: apt-get install -y maven";
const REDIS_WAY_OUT: &str = "run: sudo apt-get install -y redis-server";

/// A program that can be started.
#[derive(Debug, Clone)]
pub(super) struct Program {
    /// The folder that it lies in, or the program itself.
    pub(super) home: PathBuf,
    pub(super) version: String,
    /// For programs in Java.
    pub(super) java: Option<PathBuf>,
    /// As whom it runs, if not as who starts it.
    pub(super) user: Option<User>,
}

/// Finds the program of a server, or installs it.
pub(super) fn program(
    kind: Kind,
    wishes: &Wishes,
    cache: &Cache,
    say: &dyn Fn(String),
) -> anyhow::Result<Program> {
    let plain = |home, version: &str| Program { home, version: version.to_owned(), java: None, user: None };
    match kind {
        Kind::Nats => Ok(plain(cache.provide(&nats(), say)?, "2.12.1")),
        Kind::Mongo => Ok(plain(cache.provide(&mongo(), say)?, "FerretDB 1.24.2")),
        Kind::Redis => redis(cache, say).map(|(home, version)| plain(home, &version)),
        Kind::Elasticsearch => {
            search(&elasticsearch(&wishes.elasticsearch_version)?, &wishes.elasticsearch_version, cache, say)
        }
        Kind::OpenSearch => search(&opensearch(), OPENSEARCH, cache, say),
    }
}

/// The address of a text of the repository that goes into this program, so that it works wherever it lies.
macro_rules! deployed {
    ($name:literal) => {
        include_str!(concat!("../../../deploy/services/", $name))
    };
}
pub(super) use deployed;

fn nats() -> Recipe {
    let files = &[("go.mod", deployed!("nats/go.mod")), ("go.sum", deployed!("nats/go.sum"))];
    go("nats-2.12.1", files, "github.com/nats-io/nats-server/v2")
}

fn mongo() -> Recipe {
    let files = &[
        ("go.mod", deployed!("mongo/go.mod")),
        ("go.sum", deployed!("mongo/go.sum")),
        ("main.go", deployed!("mongo/main.go")),
    ];
    go("ferretdb-1.24.2", files, ".")
}

/// A program that is called `server`.
pub(super) fn go(name: &str, files: &'static [(&str, &str)], package: &str) -> Recipe {
    let arguments =
        ["build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-o", "{into}/server", package];
    Recipe {
        name: name.to_owned(),
        files,
        program: "go",
        arguments: arguments.map(String::from).into(),
        way_out: GO_WAY_OUT,
        finish: |_| Ok(()),
    }
}

const OPENSEARCH: &str = "3.4.0";

fn elasticsearch(version: &str) -> anyhow::Result<Recipe> {
    let is_version = version.split('.').all(|part| part.parse::<u32>().is_ok());
    ensure!(is_version, "{version:?} is no version of Elasticsearch; tried are 9.1.0 and 8.19.3");
    let files = &[("pom.xml", deployed!("elasticsearch/pom.xml"))];
    Ok(maven(&format!("elasticsearch-{version}"), version, files, unwrap_folder))
}

fn opensearch() -> Recipe {
    let files = &[("pom.xml", deployed!("opensearch/pom.xml"))];
    maven("opensearch-3.4.0", OPENSEARCH, files, |into| {
        let module = into.join("modules/reindex");
        let jars = into.join("reindex");
        unwrap_folder(into)?;
        fs::rename(jars, &module).context("there are no jars of the module reindex")?;
        let descriptor = deployed!("opensearch/plugin-descriptor.properties");
        Ok(fs::write(module.join("plugin-descriptor.properties"), descriptor)?)
    })
}

/// A repository of its own: two runs of Maven spoil a repository that they share.
fn maven(
    name: &str,
    version: &str,
    files: &'static [(&str, &str)],
    finish: fn(&Path) -> anyhow::Result<()>,
) -> Recipe {
    let arguments = ["-B", "-q", "-Dmaven.repo.local={into}/maven/repository", "-Dinto={into}"];
    let mut arguments: Vec<String> = arguments.map(String::from).into();
    arguments.extend([format!("-Dversion={version}"), String::from("generate-resources")]);
    Recipe { name: name.to_owned(), files, program: "mvn", arguments, way_out: MAVEN_WAY_OUT, finish }
}

/// What was unpacked lies in a folder with the version in its name; Maven's own files are no longer needed.
fn unwrap_folder(into: &Path) -> anyhow::Result<()> {
    fs::remove_dir_all(into.join("maven"))?;
    let entries = fs::read_dir(into)?.collect::<Result<Vec<_>, _>>()?;
    let unpacked = entries.iter().map(fs::DirEntry::path).find(|path| path.join("bin").is_dir());
    let unpacked = unpacked.context("the archive holds no server")?;
    for entry in fs::read_dir(&unpacked)? {
        let entry = entry?;
        fs::rename(entry.path(), into.join(entry.file_name()))?;
    }
    Ok(fs::remove_dir(unpacked)?)
}

fn search(recipe: &Recipe, version: &str, cache: &Cache, say: &dyn Fn(String)) -> anyhow::Result<Program> {
    let java = Some(jdk(Path::new("/usr/lib/jvm"))?);
    let home = cache.provide(recipe, say)?;
    let user = User::for_servers(cache)?;
    if let Some(user) = &user {
        user.may_enter(&home)?;
    }
    Ok(Program { home, version: version.to_owned(), java, user })
}

/// `ES_JAVA_HOME`, or the oldest JDK of the machine that is new enough: that is the one its makers have tried most.
fn jdk(installed: &Path) -> anyhow::Result<PathBuf> {
    if let Some(chosen) = std::env::var_os("ES_JAVA_HOME").filter(|value| !value.is_empty()) {
        let chosen = PathBuf::from(chosen);
        let version = java_version(&chosen);
        let is_new = version.is_some_and(|version| version >= JDK_OLDEST);
        ensure!(is_new, "ES_JAVA_HOME is {}: no JDK of {JDK_OLDEST} or newer", chosen.display());
        return Ok(chosen);
    }
    let homes = fs::read_dir(installed).into_iter().flatten().flatten().map(|entry| entry.path());
    let dated = homes.filter_map(|home| Some((java_version(&home)?, home)));
    match dated.filter(|(version, _)| *version >= JDK_OLDEST).min() {
        Some((_, home)) => Ok(home),
        None => bail!(
            "there is no JDK of {JDK_OLDEST} or newer in {}; install one (https://adoptium.net) or name it in ES_JAVA_HOME",
            installed.display()
        ),
    }
}

/// The file `release` of a JDK holds a line like `JAVA_VERSION="25.0.1"`.
fn java_version(home: &Path) -> Option<u32> {
    let text = fs::read_to_string(home.join("release")).ok()?;
    let version = text.lines().find_map(|line| line.strip_prefix("JAVA_VERSION=\""))?;
    version.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

fn redis(cache: &Cache, say: &dyn Fn(String)) -> anyhow::Result<(PathBuf, String)> {
    // Two processes cannot install at the same time.
    let _guard = cache.lock("redis")?;
    if let Some(version) = redis_version() {
        return Ok((PathBuf::from("redis-server"), version));
    }
    ensure!(rustix::process::geteuid().is_root(), "redis-server is not there; {REDIS_WAY_OUT}");
    say(String::from("redis-server is not there yet: installing"));
    let script =
        "apt-get install -y -q redis-server || { apt-get update -q && apt-get install -y -q redis-server; }";
    let output = Command::new("sh").args(["-c", script]).env("DEBIAN_FRONTEND", "noninteractive").output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    match redis_version() {
        Some(version) => Ok((PathBuf::from("redis-server"), version)),
        None => bail!("apt-get could not install redis-server: {}", said.trim()),
    }
}

/// Out of a line like `Redis server v=7.0.15 sha=…`.
fn redis_version() -> Option<String> {
    let output = Command::new("redis-server").arg("--version").output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    said.split(' ').find_map(|word| word.strip_prefix("v=")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_jdk_that_is_new_enough_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        for (name, version) in [("a", "17.0.15"), ("b", "25.0.1"), ("c", "21"), ("d", "1.8.0_392")] {
            let home = folder.path().join(name);
            fs::create_dir(&home).unwrap();
            fs::write(home.join("release"), format!("X=\"1\"\nJAVA_VERSION=\"{version}\"\n")).unwrap();
        }
        assert_eq!(jdk(folder.path()).unwrap(), folder.path().join("c"));
        fs::remove_dir_all(folder.path().join("c")).unwrap();
        assert_eq!(jdk(folder.path()).unwrap(), folder.path().join("b"));
        fs::remove_dir_all(folder.path().join("b")).unwrap();
        let error = jdk(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("there is no JDK of 21 or newer in "), "{error}");
        assert!(jdk(&folder.path().join("lost")).is_err());
    }

    #[test]
    fn a_version_that_is_none_is_refused() {
        let error = elasticsearch("latest").unwrap_err().to_string();
        assert_eq!(error, "\"latest\" is no version of Elasticsearch; tried are 9.1.0 and 8.19.3");
        assert!(elasticsearch("../8").is_err() && elasticsearch("").is_err());
    }

    #[test]
    fn the_pinned_versions_stand_in_the_recipes() {
        assert!(deployed!("nats/go.mod").contains("nats-server/v2 v2.12.1"));
        assert!(deployed!("mongo/go.mod").contains("FerretDB v1.24.2"));
        assert!(deployed!("opensearch/plugin-descriptor.properties").contains("\nversion=3.4.0\n"));
    }

    #[test]
    fn what_was_unpacked_moves_up() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("server-1/bin")).unwrap();
        fs::create_dir_all(folder.path().join("maven/repository")).unwrap();
        unwrap_folder(folder.path()).unwrap();
        assert!(folder.path().join("bin").is_dir() && !folder.path().join("maven").exists());
        assert!(!folder.path().join("server-1").exists());
    }
}
