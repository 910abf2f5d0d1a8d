//! What a running server says about itself: its health, and to the operator the state of its actors.
//!
//! Invariant: a server that does not answer is no problem of this machine, and is told as a note. It changes nothing.

use std::collections::BTreeMap;

use antler_config::{Config, Secret};
use serde::Deserialize;

use super::super::line_text::plain;
use super::super::remote::client::{Client, Question};
use super::super::remote::server::Server;
use super::super::remote::{self, RemoteError};
use super::super::{CommandError, with_causes};

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gravity {
    Ok,
    Note,
    Problem,
}

/// A sentence about a part of the server.
pub(super) type Finding = (Gravity, String, String);

#[derive(Debug, Deserialize)]
struct Health {
    version: String,
    uptime_s: u64,
    dependencies: BTreeMap<String, Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    status: String,
    detail: String,
}

#[derive(Debug, Deserialize)]
struct Tree {
    platform: Platform,
    tenants: Vec<Tenant>,
    projectors: Vec<Projector>,
}

#[derive(Debug, Deserialize)]
struct Platform {
    tenants_running: u64,
    tenants_parked: u64,
    bytes_held: u64,
    bytes_held_max: u64,
    batches_waiting: u64,
}

#[derive(Debug, Deserialize)]
struct Tenant {
    id: String,
    status: String,
    reason: Option<String>,
    bytes_held: u64,
    shards: Vec<Shard>,
}

#[derive(Debug, Deserialize)]
struct Shard {
    partition: u16,
    status: String,
    failures: u32,
}

#[derive(Debug, Deserialize)]
struct Projector {
    projection: String,
    partition: u16,
    status: String,
    failures: u32,
    set_aside: u64,
    lag: Lag,
}

#[derive(Debug, Deserialize)]
struct Lag {
    events: u64,
    bytes: u64,
    seconds: f64,
}

/// Asks the server of the settings.
pub(super) fn ask(config: &Config) -> Vec<Finding> {
    let token = config.listeners.operator_token.clone();
    let asked = remote::run(async {
        let server = Server::of_settings(config);
        Ok::<_, CommandError>(questions(server, token).await?)
    });
    asked.unwrap_or_else(|error| {
        let advice = "name its address with --listen to see its state";
        vec![(Gravity::Note, "server".to_owned(), format!("{}; {advice}", with_causes(&error)))]
    })
}

async fn questions(server: Server, token: Secret) -> Result<Vec<Finding>, RemoteError> {
    let is_operator = token.is_set();
    let mut client = Client::new(server, token);
    let answer = client.ask(&Question::get("/health", &[])).await?;
    let strange = |error: serde_json::Error| RemoteError::Strange {
        server: client.server().to_string(),
        reason: error.to_string(),
    };
    // An unhealthy server says so with another status and the same body.
    let health: Health = serde_json::from_slice(&answer.body).map_err(strange)?;
    let mut findings = of_health(&health);
    if is_operator {
        findings.extend(of_tree(&client.read(&Question::get("/api/admin/actors/", &[])).await?));
    } else {
        let text = "set listeners.operator_token to see the state of its actors here";
        findings.push((Gravity::Note, "actors".to_owned(), text.to_owned()));
    }
    Ok(findings)
}

fn of_health(health: &Health) -> Vec<Finding> {
    let runs = format!("version {} runs since {} s", plain(&health.version), health.uptime_s);
    let dependency = |(name, of): (&String, &Dependency)| {
        let gravity = match of.status.as_str() {
            "ok" | "skipped" => Gravity::Ok,
            "degraded" => Gravity::Note,
            _ => Gravity::Problem,
        };
        (gravity, format!("server, {}", plain(name)), plain(&of.detail).into_owned())
    };
    let first = (Gravity::Ok, "server".to_owned(), runs);
    std::iter::once(first).chain(health.dependencies.iter().map(dependency)).collect()
}

fn of_tree(tree: &Tree) -> Vec<Finding> {
    let Platform { tenants_running, tenants_parked, bytes_held, bytes_held_max, batches_waiting } =
        tree.platform;
    let platform = format!(
        "{tenants_running} tenants run, {tenants_parked} are set aside; {bytes_held} of {bytes_held_max} bytes are under way, \
         {batches_waiting} batches wait"
    );
    let first = (Gravity::Ok, "platform".to_owned(), platform);
    std::iter::once(first)
        .chain(tree.tenants.iter().map(of_tenant))
        .chain(tree.projectors.iter().map(of_projector))
        .collect()
}

fn of_tenant(of: &Tenant) -> Finding {
    let name = format!("tenant {}", plain(&of.id));
    if let Some(reason) = &of.reason {
        let text = format!(
            "is {}: {}; POST /api/admin/tenants/{}/revive/ lets it run again",
            of.status,
            plain(reason),
            of.id
        );
        return (Gravity::Problem, name, text);
    }
    let shards: Vec<String> = of
        .shards
        .iter()
        .map(|shard| format!("shard {} {}, {} failures", shard.partition, shard.status, shard.failures))
        .collect();
    (Gravity::Ok, name, format!("{} bytes are under way; {}", of.bytes_held, shards.join("; ")))
}

fn of_projector(of: &Projector) -> Finding {
    let Projector { projection, partition, status, failures, set_aside, lag } = of;
    let gravity = if status == "running" && *set_aside == 0 { Gravity::Ok } else { Gravity::Note };
    let text = format!(
        "{status}, {} events, {} bytes and {:.1} s behind; {failures} failures, {set_aside} events set aside",
        lag.events, lag.bytes, lag.seconds
    );
    (gravity, format!("projector {projection} {partition}"), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_that_is_set_aside_is_a_problem_with_a_way_out() {
        let parked = r#"{"id":"t1","status":"parked","reason":"it\u001bpanics","bytes_held":0,"shards":[]}"#;
        let (gravity, name, text) = of_tenant(&serde_json::from_str(parked).unwrap());
        assert_eq!((gravity, name.as_str()), (Gravity::Problem, "tenant t1"));
        assert_eq!(text, "is parked: it\\x1bpanics; POST /api/admin/tenants/t1/revive/ lets it run again");
    }

    #[test]
    fn health_is_told_by_its_gravity() {
        let health = r#"{"version":"1","uptime_s":5,"dependencies":{"a":{"status":"ok","detail":"x"},"b":{"status":"degraded","detail":"y"},"c":{"status":"unhealthy","detail":"z"}}}"#;
        let findings = of_health(&serde_json::from_str(health).unwrap());
        let gravities: Vec<Gravity> = findings.iter().map(|(gravity, ..)| *gravity).collect();
        assert_eq!(gravities, [Gravity::Ok, Gravity::Ok, Gravity::Note, Gravity::Problem]);
    }
}
