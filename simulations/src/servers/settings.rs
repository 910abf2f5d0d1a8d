//! The settings of the servers that run here: those of `deploy/`, with the lines changed that name places and users.
//!
//! Invariant: a line that is to be changed is in the file of `deploy/`; a setting that is safe there is safe here.
//! It knows no more of the files' languages than lines, keys and braces.

use std::net::SocketAddr;

use anyhow::ensure;

use super::kind::{Kind, Login};
use super::seat::Seat;

const NATS: &str = include_str!("../../../deploy/nats/nats-server.conf");
const ELASTICSEARCH: &str = include_str!("../../../deploy/elasticsearch/elasticsearch.yml");
pub(super) const ROLES: &str = include_str!("../../../deploy/elasticsearch/roles.yml");
const OPENSEARCH: &str = include_str!("../../../deploy/opensearch/opensearch.yml");
const REDIS: &str = include_str!("../../../deploy/redis/redis.conf");

/// A key, in blocks with their names before it, and its new value; without one it is left out.
type Change<'a> = (&'a str, Option<String>);

/// The file of settings of the server at this seat, in a cluster with these routes.
pub(super) fn of(seat: &Seat, routes: &[SocketAddr]) -> anyhow::Result<String> {
    match seat.kind {
        Kind::Nats => nats(seat, routes),
        Kind::Elasticsearch => elasticsearch(seat),
        Kind::OpenSearch => opensearch(seat),
        Kind::Redis => redis(seat),
        Kind::Mongo => Ok(String::new()),
    }
}

fn nats(seat: &Seat, routes: &[SocketAddr]) -> anyhow::Result<String> {
    let mut changes = vec![
        ("server_name", Some(seat.name.clone())),
        ("listen", Some(seat.address.to_string())),
        ("http", Some(seat.monitor.to_string())),
        ("jetstream.store_dir", Some(quoted(&seat.data.display().to_string()))),
    ];
    match &seat.login {
        Some(Login { name, password }) => {
            changes.push(("authorization.user", Some(name.clone())));
            changes.push(("authorization.password", Some(quoted(password))));
        }
        None => changes.push(("authorization", None)),
    }
    if routes.is_empty() {
        changes.push(("cluster", None));
    } else {
        let routes: Vec<String> = routes.iter().map(|route| quoted(&format!("nats://{route}"))).collect();
        changes.push(("cluster.listen", Some(seat.inner.to_string())));
        changes.push(("cluster.routes", Some(format!("[{}]", routes.join(", ")))));
    }
    changed("deploy/nats/nats-server.conf", NATS, ": ", &changes)
}

fn elasticsearch(seat: &Seat) -> anyhow::Result<String> {
    let mut changes = search_changes(seat);
    let is_secure = seat.login.is_some();
    changes.extend([
        ("cluster.initial_master_nodes", None),
        ("xpack.security.enabled", Some(is_secure.to_string())),
        // Within one machine nobody listens in.
        ("xpack.security.http.ssl.enabled", Some(String::from("false"))),
        ("xpack.security.http.ssl.keystore.path", None),
        ("xpack.security.transport.ssl.enabled", Some(String::from("false"))),
        ("xpack.security.transport.ssl.verification_mode", None),
        ("xpack.security.transport.ssl.keystore.path", None),
        ("xpack.security.transport.ssl.truststore.path", None),
    ]);
    let settings = changed("deploy/elasticsearch/elasticsearch.yml", ELASTICSEARCH, ": ", &changes)?;
    Ok(settings + ALONE)
}

fn opensearch(seat: &Seat) -> anyhow::Result<String> {
    let mut changes = search_changes(seat);
    changes.extend([
        ("cluster.initial_cluster_manager_nodes", None),
        ("plugins.security.ssl.transport.pemcert_filepath", None),
        ("plugins.security.ssl.transport.pemkey_filepath", None),
        ("plugins.security.ssl.transport.pemtrustedcas_filepath", None),
        ("plugins.security.ssl.http.enabled", None),
        ("plugins.security.ssl.http.pemcert_filepath", None),
        ("plugins.security.ssl.http.pemkey_filepath", None),
        ("plugins.security.ssl.http.pemtrustedcas_filepath", None),
    ]);
    Ok(changed("deploy/opensearch/opensearch.yml", OPENSEARCH, ": ", &changes)? + ALONE)
}

/// For a search server that is alone on a machine for tests.
const ALONE: &str = "discovery.type: single-node
# Disks of test machines are full; a real node must stop taking data before its disk is.
cluster.routing.allocation.disk.threshold_enabled: false
";

fn search_changes(seat: &Seat) -> Vec<Change<'static>> {
    let place = |path: &std::path::Path| Some(quoted(&path.display().to_string()));
    vec![
        ("node.name", Some(seat.name.clone())),
        ("path.data", place(&seat.data)),
        ("path.logs", place(&seat.folder().join("logs"))),
        ("network.host", Some(seat.address.ip().to_string())),
        ("http.port", Some(seat.address.port().to_string())),
        ("transport.port", Some(seat.inner.port().to_string())),
        ("discovery.seed_hosts", None),
        ("bootstrap.memory_lock", None),
    ]
}

fn redis(seat: &Seat) -> anyhow::Result<String> {
    let changes = [
        ("bind", Some(seat.address.ip().to_string())),
        ("port", Some(seat.address.port().to_string())),
        ("requirepass", seat.login.as_ref().map(|login| login.password.clone())),
        ("dir", Some(quoted(&seat.data.display().to_string()))),
        // Nothing says how much the machine has.
        ("maxmemory", Some(String::from("256mb"))),
        // A test may say nothing for longer.
        ("timeout", Some(String::from("0"))),
    ];
    changed("deploy/redis/redis.conf", REDIS, " ", &changes)
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// The lines of a file without its comments, some of them changed. A key stands before `between`; a line that ends with
/// a brace opens a block.
fn changed(source: &str, text: &str, between: &str, changes: &[Change<'_>]) -> anyhow::Result<String> {
    let mut settings = format!("# Written by `services up`; the reasons stand in {source}.\n");
    let (mut blocks, mut met) = (Vec::new(), 0);
    // How many blocks were open where one began that is left out.
    let mut left_out: Option<usize> = None;
    for line in text.lines() {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let is_open = content.ends_with('{');
        let key = if is_open { content.trim_end_matches(['{', ' ']) } else { before(content, between) };
        let path = [blocks.join("."), key.to_owned()].join(".");
        let change = changes.iter().find(|(name, _)| *name == path.trim_start_matches('.'));
        met += usize::from(change.is_some());
        if is_open {
            if change.is_some() && left_out.is_none() {
                left_out = Some(blocks.len());
            }
            blocks.push(key);
        } else if content == "}" {
            blocks.pop();
        }
        match change {
            _ if left_out.is_some() => {}
            None => settings += &format!("{line}\n"),
            Some((_, Some(value))) => settings += &format!("{indent}{key}{between}{value}\n"),
            Some((_, None)) => {}
        }
        if left_out == Some(blocks.len()) {
            left_out = None;
        }
    }
    ensure!(met == changes.len(), "{source} lacks a line that is to be changed");
    Ok(settings)
}

fn before<'a>(line: &'a str, between: &str) -> &'a str {
    line.split_once(between).map_or(line, |(key, _)| key)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn seat(kind: Kind, is_secure: bool) -> Seat {
        let login = Login { name: String::from("antler"), password: String::from("secret") };
        Seat {
            name: String::from("a"),
            kind,
            version: String::new(),
            address: "127.0.0.1:1001".parse().unwrap(),
            inner: "127.0.0.1:1002".parse().unwrap(),
            monitor: "127.0.0.1:1003".parse().unwrap(),
            data: PathBuf::from("d/a/data"),
            log: PathBuf::from("d/a/server.log"),
            login: is_secure.then_some(login),
        }
    }

    #[test]
    fn a_nats_server_alone_keeps_its_safe_settings() {
        let expected = "# Written by `services up`; the reasons stand in deploy/nats/nats-server.conf.\n\
            server_name: a\nlisten: 127.0.0.1:1001\nhttp: 127.0.0.1:1003\nmax_payload: 2MB\n\
            write_deadline: \"10s\"\nmax_connections: 1024\njetstream {\n  store_dir: \"d/a/data\"\n  \
            sync_interval: always\n  max_memory_store: 256MB\n  max_file_store: 100GB\n}\n";
        assert_eq!(of(&seat(Kind::Nats, false), &[]).unwrap(), expected);
    }

    #[test]
    fn a_nats_server_in_a_cluster_has_routes_and_its_own_port_for_them() {
        let routes = ["127.0.0.1:1002".parse().unwrap(), "127.0.0.1:1004".parse().unwrap()];
        let settings = of(&seat(Kind::Nats, true), &routes).unwrap();
        let routes = "routes: [\"nats://127.0.0.1:1002\", \"nats://127.0.0.1:1004\"]";
        let expected = format!("cluster {{\n  name: antler\n  listen: 127.0.0.1:1002\n  {routes}\n}}\n");
        assert!(settings.ends_with(&expected), "{settings}");
        assert!(
            settings.contains("authorization {\n  user: antler\n  password: \"secret\"\n}\n"),
            "{settings}"
        );
    }

    #[test]
    fn a_search_server_here_is_alone_and_says_so_where_it_is_less_safe() {
        for kind in [Kind::Elasticsearch, Kind::OpenSearch] {
            let settings = of(&seat(kind, false), &[]).unwrap();
            for line in ["http.port: 1001", "transport.port: 1002", "action.destructive_requires_name: true"]
            {
                assert!(settings.lines().any(|it| it == line), "{line} in {settings}");
            }
            assert!(settings.ends_with(ALONE));
            assert!(!settings.contains("certs/") && !settings.contains("seed_hosts"), "{settings}");
        }
    }

    #[test]
    fn security_is_on_where_there_is_a_user() {
        let secure = of(&seat(Kind::Elasticsearch, true), &[]).unwrap();
        assert!(secure.contains("\nxpack.security.enabled: true\n"), "{secure}");
        let open = of(&seat(Kind::Elasticsearch, false), &[]).unwrap();
        assert!(open.contains("\nxpack.security.enabled: false\n"), "{open}");
        assert!(of(&seat(Kind::Redis, true), &[]).unwrap().contains("\nrequirepass secret\n"));
        assert!(!of(&seat(Kind::Redis, false), &[]).unwrap().contains("requirepass"));
    }

    #[test]
    fn a_change_without_its_line_is_a_mistake() {
        let error = changed("a.conf", "port 1\n", " ", &[("bind", None)]).unwrap_err().to_string();
        assert_eq!(error, "a.conf lacks a line that is to be changed");
    }
}
