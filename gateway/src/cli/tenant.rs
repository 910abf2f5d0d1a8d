//! `antler tenant list`: all tenants, of a stopped data folder or of a running server.
//!
//! Invariant: one line each, with tabs between: id, standing, members, days that lines are kept, name. It changes nothing.

use std::io::Write;

use antler_events::event::tenant::{Standing, Tenant};
use antler_events::ids::TenantId;
use clap::Subcommand;
use serde::Deserialize;

use super::line_text::plain;
use super::offline::{OfflineError, with_program};
use super::remote::client::Question;
use super::remote::{self, RemoteFlags};
use super::tenant_archive::{self, ExportFlags, ImportFlags};
use super::tenant_erase::{self, EraseFlags};
use super::{CommandError, Outcome, SettingFlags};
use crate::compose::Program;

/// Tenants that are asked for together.
const PAGE: usize = 1_000;

#[derive(Debug, Subcommand)]
pub(super) enum TenantCommand {
    /// Lists all tenants; of a running server with the operator's token
    List(RemoteFlags),
    /// Erases a tenant of a stopped data folder for good, and prints a signed receipt
    Erase(EraseFlags),
    /// Takes all that the token's tenant has as one file
    Export(ExportFlags),
    /// Takes an exported file into the token's tenant
    Import(ImportFlags),
}

#[derive(Debug, Deserialize)]
struct List {
    results: Vec<Row>,
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    status: String,
    members: usize,
    retention: Retention,
    name: String,
}

#[derive(Debug, Deserialize)]
struct Retention {
    days: u32,
}

pub(super) fn run(
    settings: &SettingFlags,
    command: &TenantCommand,
    out: &mut dyn Write,
) -> Result<Outcome, CommandError> {
    match command {
        TenantCommand::List(flags) => list(settings, flags, out),
        TenantCommand::Erase(flags) => tenant_erase::run(settings, flags, out),
        TenantCommand::Export(flags) => tenant_archive::export(settings, flags, out),
        TenantCommand::Import(flags) => tenant_archive::import(settings, flags, out),
    }
}

fn list(settings: &SettingFlags, flags: &RemoteFlags, out: &mut dyn Write) -> Result<Outcome, CommandError> {
    let config = settings.load()?.config;
    let offline = match flags.names_a_server() {
        true => None,
        false => with_program(&config, async |program| of_folder(program).await)?,
    };
    let rows = match offline {
        Some(rows) => rows,
        None => of_server(settings, flags)?,
    };
    for Row { id, status, members, retention, name } in rows {
        writeln!(out, "{}\t{}\t{members}\t{}\t{}", plain(&id), plain(&status), retention.days, plain(&name))?;
    }
    Ok(Outcome::Done)
}

async fn of_folder(program: &Program) -> Result<Vec<Row>, OfflineError> {
    Ok(all(program).await?.iter().map(|(id, tenant)| Row::of(*id, tenant)).collect())
}

/// Every tenant of the folder.
pub(super) async fn all(program: &Program) -> Result<Vec<(TenantId, Tenant)>, OfflineError> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = program.gate.accounts.views.tenants(after, PAGE).await?;
        let is_last = page.len() < PAGE;
        after = page.last().map(|(id, _)| *id);
        all.extend(page.into_iter().filter_map(|(id, kept)| Some((id, kept.state?))));
        if is_last {
            return Ok(all);
        }
    }
}

fn of_server(settings: &SettingFlags, flags: &RemoteFlags) -> Result<Vec<Row>, CommandError> {
    let mut client = flags.operators_client(settings)?;
    remote::run(async {
        let (mut rows, mut path) = (Vec::new(), Some(format!("/api/admin/tenants/?size={PAGE}")));
        while let Some(at) = path.take() {
            let (at, query) = at.split_once('?').unwrap_or((&at, ""));
            let parameters: Vec<(String, String)> =
                form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let parameters: Vec<(&str, &str)> =
                parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let page: List = client.read(&Question::get(at, &parameters)).await?;
            rows.extend(page.results);
            path = page.next;
        }
        Ok(rows)
    })
}

impl Row {
    fn of(id: TenantId, tenant: &Tenant) -> Self {
        let status = match tenant.standing {
            Standing::Active => "active",
            Standing::Suspended { .. } => "suspended",
            Standing::Closed => "closed",
        };
        Self {
            id: id.to_string(),
            status: status.to_owned(),
            members: tenant.members.values().filter(|member| member.has_joined()).count(),
            retention: Retention { days: tenant.days_kept() },
            name: tenant.name.as_str().to_owned(),
        }
    }
}
