//! `antler job list|run|cancel`: work in the background of a running server.
//!
//! Invariant: one line each, with tabs between. It asks as the one whose token it has: a tenant its jobs, the operator those
//! of upkeep. It does no work.

use std::io::Write;

use axum::http::Method;
use bytes::Bytes;
use clap::{Args, Subcommand};
use serde::Deserialize;

use super::line_text::plain;
use super::remote::client::{Client, Question};
use super::remote::{self, RemoteFlags};
use super::{CommandError, Outcome, SettingFlags};

#[derive(Debug, Subcommand)]
pub(super) enum JobCommand {
    /// Lists the newest jobs of the token's tenant, or those of upkeep
    List(ListFlags),
    /// Has a job of upkeep done now, such as retention; with the operator's token
    Run(NamedFlags),
    /// Stops a job of the token's tenant
    Cancel(NamedFlags),
}

#[derive(Debug, Args)]
pub(super) struct ListFlags {
    /// What the server does again and again; with the operator's token
    #[arg(long)]
    upkeep: bool,
    #[command(flatten)]
    remote: RemoteFlags,
}

#[derive(Debug, Args)]
pub(super) struct NamedFlags {
    /// As the list has it
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    remote: RemoteFlags,
}

#[derive(Debug, Deserialize)]
struct List<T> {
    results: Vec<T>,
}

#[derive(Debug, Deserialize)]
struct Job {
    id: String,
    state: String,
    progress: u64,
    created_at: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct Upkeep {
    id: String,
    state: String,
    last: Option<Last>,
    next_at: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Last {
    began_at: String,
    succeeded: bool,
    result: String,
}

pub(super) fn run(
    settings: &SettingFlags,
    command: &JobCommand,
    out: &mut dyn Write,
) -> Result<Outcome, CommandError> {
    match command {
        JobCommand::List(ListFlags { upkeep: true, remote }) => {
            let mut client = remote.operators_client(settings)?;
            let list: List<Upkeep> = ask(&mut client, &Question::get("/api/admin/jobs/", &[]))?;
            list.results.iter().try_for_each(|job| writeln!(out, "{}", job.line()))?;
        }
        JobCommand::List(ListFlags { upkeep: false, remote }) => {
            let mut client = remote.client(settings)?;
            let list: List<Job> = ask(&mut client, &Question::get("/api/jobs/", &[("size", "100")]))?;
            list.results.iter().try_for_each(|job| writeln!(out, "{}", job.line()))?;
        }
        JobCommand::Run(NamedFlags { id, remote }) => {
            let mut client = remote.operators_client(settings)?;
            let job: Upkeep = ask(&mut client, &post(&format!("/api/admin/jobs/{}/run/", encoded(id))))?;
            writeln!(out, "{}", job.line())?;
        }
        JobCommand::Cancel(NamedFlags { id, remote }) => {
            let mut client = remote.client(settings)?;
            let job: Job = ask(&mut client, &post(&format!("/api/jobs/{}/cancel/", encoded(id))))?;
            writeln!(out, "{}", job.line())?;
        }
    }
    Ok(Outcome::Done)
}

fn ask<T: serde::de::DeserializeOwned>(client: &mut Client, question: &Question) -> Result<T, CommandError> {
    remote::run(async { Ok(client.read(question).await?) })
}

fn post(path: &str) -> Question {
    Question { method: Method::POST, path: path.to_owned(), headers: Vec::new(), body: Bytes::new() }
}

/// An id as a part of a path.
fn encoded(id: &str) -> String {
    form_urlencoded::byte_serialize(id.as_bytes()).collect()
}

impl Job {
    fn line(&self) -> String {
        let Self { id, state, progress, created_at, name } = self;
        format!("{}\t{}\t{progress} %\t{}\t{}", plain(id), plain(state), plain(created_at), plain(name))
    }
}

impl Upkeep {
    fn line(&self) -> String {
        let last = self.last.as_ref().map(|last| {
            let failed = if last.succeeded { "" } else { "failed: " };
            format!("{} {failed}{}", last.began_at, last.result)
        });
        let next = self.next_at.as_deref().unwrap_or("when there is something to do");
        let last = last.as_deref().unwrap_or("never yet");
        format!("{}\t{}\tlast {}\tnext {}", plain(&self.id), plain(&self.state), plain(last), plain(next))
    }
}
