//! `antler user list|add`: people of a stopped data folder, or of a running server.
//!
//! Invariant: a password comes from standard input and stands in no list of processes. A running server is asked as anybody
//! may: an admin of a tenant lists its people, and who is added there registers. It decides nothing that the server decides.

use std::io::{self, BufRead as _, Write};

use antler_actors::accounts::{Invitee, Joining, Registration};
use antler_config::limits::AccountLimits;
use antler_events::access::Role;
use antler_events::clock::Timestamp;
use antler_events::event::Cause;
use antler_events::event::member::Profile;
use antler_events::identity::{DisplayName, Email, Username};
use antler_events::ids::TenantId;
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::line_text::plain;
use super::offline::{OfflineError, with_program};
use super::remote::client::Question;
use super::remote::{self, RemoteFlags};
use super::{CommandError, Outcome, SettingFlags, tenant};
use crate::compose::Program;
use crate::credentials::password_rules::{Owner, faults};
use crate::credentials::secret::DrawnSecret;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Lists people: all of a stopped data folder, or those of the token's tenant of a running server
    List(ListFlags),
    /// Adds somebody, whose password is the first line of standard input
    Add(AddFlags),
}

#[derive(Debug, Args)]
pub(super) struct ListFlags {
    /// Of this tenant only
    #[arg(long, value_name = "ID")]
    tenant: Option<TenantId>,
    #[command(flatten)]
    remote: RemoteFlags,
}

#[derive(Debug, Args)]
pub(super) struct AddFlags {
    /// What the person logs in with
    #[arg(long, value_name = "NAME")]
    username: String,
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// What the tenant is called that the person founds [default: the name]
    #[arg(long, value_name = "NAME", conflicts_with = "tenant")]
    organization: Option<String>,
    /// The tenant that the person joins; of a stopped data folder
    #[arg(long, value_name = "ID")]
    tenant: Option<TenantId>,
    /// In that tenant
    #[arg(long, value_name = "ROLE", default_value = "viewer", requires = "tenant")]
    role: Role,
    #[command(flatten)]
    remote: RemoteFlags,
}

#[derive(Debug, Deserialize)]
struct List {
    results: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    #[serde(default)]
    tenant: String,
    username: String,
    email: String,
    role: String,
}

pub(super) fn run(
    settings: &SettingFlags,
    command: &UserCommand,
    out: &mut dyn Write,
) -> Result<Outcome, CommandError> {
    match command {
        UserCommand::List(flags) => list(settings, flags, out),
        UserCommand::Add(flags) => add(settings, flags, out),
    }
}

/// One line each, with tabs between: id, tenant, name, address, role.
fn list(settings: &SettingFlags, flags: &ListFlags, out: &mut dyn Write) -> Result<Outcome, CommandError> {
    let config = settings.load()?.config;
    let offline = match flags.remote.names_a_server() {
        true => None,
        false => with_program(&config, async |program| of_folder(program, flags.tenant).await)?,
    };
    let rows = match offline {
        Some(rows) => rows,
        None => {
            let mut client = flags.remote.client(settings)?;
            let question = Question::get("/api/tenant/users/", &[("size", "1000")]);
            remote::run(async { Ok(client.read::<List>(&question).await?.results) })?
        }
    };
    for Row { id, tenant, username, email, role } in rows {
        let cells = [id, tenant, username, email, role].map(|cell| plain(&cell).into_owned());
        writeln!(out, "{}", cells.join("\t"))?;
    }
    Ok(Outcome::Done)
}

async fn of_folder(program: &Program, of: Option<TenantId>) -> Result<Vec<Row>, OfflineError> {
    let mut rows = Vec::new();
    for (tenant, state) in tenant::all(program).await? {
        if of.is_some_and(|of| of != tenant) {
            continue;
        }
        for (user, member) in state.members.iter().filter(|(_, member)| member.has_joined()) {
            let account = program.gate.accounts.views.account(tenant, *user).await?;
            let username = account.and_then(|kept| kept.state).map(|account| account.username);
            rows.push(Row {
                id: user.to_string(),
                tenant: tenant.to_string(),
                username: username.map(|name| name.as_str().to_owned()).unwrap_or_default(),
                email: member.email.as_str().to_owned(),
                role: member.role.to_string(),
            });
        }
    }
    Ok(rows)
}

fn add(settings: &SettingFlags, flags: &AddFlags, out: &mut dyn Write) -> Result<Outcome, CommandError> {
    let config = settings.load()?.config;
    let mut password = String::new();
    io::stdin().lock().read_line(&mut password)?;
    let password = password.trim_end_matches(['\r', '\n']);
    let offline = match flags.remote.names_a_server() {
        true => None,
        false => with_program(&config, async |program| added(program, flags, password).await)?,
    };
    let (user, tenant) = match (offline, flags.tenant) {
        (Some(added), _) => added,
        (None, None) => registered(settings, flags, password)?,
        (None, Some(_)) => {
            let way_out = "a server runs there; its admins invite people to their tenant, or stop it first";
            return Err(CommandError::Usage(format!("--tenant is of a stopped data folder: {way_out}")));
        }
    };
    writeln!(out, "added {} to tenant {}", plain(&user), plain(&tenant))?;
    Ok(Outcome::Done)
}

/// The ids of the person and of the tenant.
async fn added(
    program: &Program,
    flags: &AddFlags,
    password: &str,
) -> Result<(String, String), OfflineError> {
    let (gate, limits) = (&program.gate, AccountLimits::default());
    let username = Username::parse(&flags.username, &limits)?;
    let email = Email::parse(&flags.email, &limits)?;
    let organization = flags.organization.as_deref().unwrap_or(&flags.username);
    let owner = Owner { username: username.as_str(), email: email.as_str(), organization };
    let faults = faults(password, owner);
    if !faults.is_empty() {
        return Err(OfflineError::WeakPassword { reason: faults.join("; ") });
    }
    let password = gate.passwords.hash(password.to_owned()).await?;
    let Some(tenant) = flags.tenant else {
        let organization = DisplayName::parse(organization, &limits)?;
        let profile = Profile::default();
        let registration = Registration { username, email, password, organization, profile };
        let registered = gate.accounts.register(registration, &Cause::SYSTEM).await?;
        return Ok((registered.user.to_string(), registered.tenant.to_string()));
    };
    // Joining is by invitation, so there is one for a moment.
    let secret = DrawnSecret::draw(&*gate.randomness)?.hash();
    let expires_at = Timestamp::from_nanos(i64::MAX);
    let invitee = Invitee { email, role: flags.role, secret, expires_at };
    let user = gate.accounts.invite(tenant, invitee, &Cause::SYSTEM).await?;
    let joining = Joining { user, secret, username, password, profile: Profile::default() };
    let joined = gate.accounts.join(tenant, joining, &Cause::SYSTEM).await;
    if let Err(error) = joined {
        gate.accounts.withdraw_invitation(tenant, user, &Cause::SYSTEM).await?;
        return Err(error.into());
    }
    Ok((user.to_string(), tenant.to_string()))
}

fn registered(
    settings: &SettingFlags,
    flags: &AddFlags,
    password: &str,
) -> Result<(String, String), CommandError> {
    let body = json!({
        "username": flags.username, "email": flags.email, "organization": flags.organization,
        "password": password, "password_confirm": password,
    });
    let question = Question {
        method: Method::POST,
        path: "/api/auth/register/".to_owned(),
        headers: vec![(CONTENT_TYPE, "application/json".to_owned())],
        body: body.to_string().into(),
    };
    let mut client = flags.remote.nobodys_client(settings)?;
    let answer: Value = remote::run(async { Ok(client.read(&question).await?) })?;
    let id = |of: &str| answer[of]["id"].as_str().unwrap_or_default().to_owned();
    Ok((id("user"), id("tenant")))
}
