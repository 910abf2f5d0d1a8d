//! `antler verify`: proves the data folder, or names its damage.
//!
//! Invariant: it changes no event; a folder that a server uses is refused, because it moves under the proof.
//! It does not repair.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use antler_events::event::tenant::TenantEvent;
use antler_events::event::{self, ControlEvent, Event};
use antler_events::files::{FileSystem, RealFiles};
use antler_events::ids::TenantId;
use antler_events::log::Recorded;
use antler_events::log::receipts::ReceiptProof;
use antler_events::log::segment::{Finding, Planted, Verification, VerifyError, verify};
use antler_events::wire::ChainHash;
use antler_projections::index::columns::store::{self, StoreError, StoreVerification};
use antler_projections::index::port::InlineWorkers;
use antler_projections::views::audit::{AuditProof, AuditVerification};
use antler_projections::views::port::{ViewError, ViewStore};
use antler_projections::views::redb::{RedbViews, ViewOpenError};
use tokio::runtime::Runtime;

use clap::Args;

use super::{CommandError, Outcome, SettingFlags, with_causes};
use crate::data_folder::{DataFolder, DataFolderError};
use crate::erasure_receipt::{ErasureReceipt, ReceiptFault, proved};

/// Why a folder was not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyCommandError {
    #[error(transparent)]
    Folder(#[from] DataFolderError),
    #[error(
        "the event log of this folder lies elsewhere ({log}); a log is proved here only if it lies in files"
    )]
    Elsewhere { log: String },
    #[error("the event log cannot be verified")]
    Log(#[from] VerifyError),
    #[error("the search index cannot be verified")]
    Index(#[from] StoreError),
    #[error(transparent)]
    Open(#[from] ViewOpenError),
    #[error("the audit cannot be verified")]
    Views(#[from] ViewError),
    #[error("the system refused what every program needs")]
    System(#[from] std::io::Error),
}

impl VerifyCommandError {
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Folder(DataFolderError::NotAFolder { .. }) => Outcome::WrongUsage,
            _ => Outcome::FoundProblem,
        }
    }
}

/// Flags of `verify`.
#[derive(Debug, Default, Args)]
pub(super) struct VerifyFlags {
    /// A receipt as the server gave it, to be held against the log; may be given many times
    #[arg(long, value_name = "JSON")]
    receipt: Vec<String>,
    /// A group of the search index that was set aside as damaged and whose lines are given up: it is still
    /// listed, and is no problem any more; may be given many times
    #[arg(long, value_name = "GROUP")]
    accept: Vec<u64>,
}

impl VerifyFlags {
    fn proofs(&self) -> Result<Vec<ReceiptProof>, CommandError> {
        let parse = |text: &String| {
            let receipt = serde_json::from_str(text);
            receipt
                .map(ReceiptProof::new)
                .map_err(|error| CommandError::Usage(format!("--receipt {text}: {error}")))
        };
        self.receipt.iter().map(parse).collect()
    }
}

/// What the walk over the log gathers beside its findings.
struct Gathered {
    lines: u64,
    proofs: Vec<ReceiptProof>,
    /// Hashes of the control events of tenants that are being erased, and what their receipts are worth.
    erasing: BTreeMap<TenantId, BTreeSet<ChainHash>>,
    receipts: Vec<(TenantId, Result<ErasureReceipt, ReceiptFault>)>,
    /// None if the folder has no views yet.
    audit: Option<AuditProof>,
    runtime: Runtime,
}

/// What was proved.
struct Proved {
    log: Verification,
    index: Option<StoreVerification>,
    audit: Result<Option<AuditVerification>, VerifyCommandError>,
}

pub(super) fn run(
    settings: &SettingFlags,
    flags: &VerifyFlags,
    out: &mut dyn Write,
) -> Result<Outcome, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(VerifyCommandError::from)?;
    let (proofs, erasing, receipts) = (flags.proofs()?, BTreeMap::new(), Vec::new());
    let mut gathered = Gathered { lines: 0, proofs, erasing, receipts, audit: None, runtime };
    let config = settings.load()?.config;
    let Proved { log, index, audit } = prove(&config.storage.data, &mut gathered)?;
    let accepted = flags.accept.iter().copied().collect();
    print(&log, &gathered, out)?;
    print_erasures(&gathered, out)?;
    if let Some(index) = &index {
        print_index(index, &accepted, out)?;
    }
    let audit = audit?;
    if let Some(audit) = &audit {
        print_audit(audit, out)?;
    }
    let proved = gathered.proofs.iter().all(|proof| proof.verdict().is_ok())
        && gathered.receipts.iter().all(|(_, receipt)| receipt.is_ok());
    let is_whole = log.is_whole()
        && index.is_none_or(|index| index.damage_but(&accepted) == 0)
        && audit.is_none_or(|audit| audit.fault_count == 0);
    Ok(if is_whole && proved { Outcome::Done } else { Outcome::FoundProblem })
}

fn prove(data: &Path, gathered: &mut Gathered) -> Result<Proved, VerifyCommandError> {
    let folder = DataFolder::open(&RealFiles, data)?;
    if let Some(log) = folder.log_elsewhere(&RealFiles)? {
        return Err(VerifyCommandError::Elsewhere { log });
    }
    let opened = open_audit(&folder, gathered);
    let check = &mut |recorded: &Recorded| gathered.take(recorded);
    let log = verify(&RealFiles, &folder.log_dir(), Planted::None, check)?;
    let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
    let index = store::verify(&files, &folder.index_dir())?;
    let proof = gathered.audit.take();
    let verdict = proof.map(|proof| gathered.runtime.block_on(proof.verdict())).transpose();
    Ok(Proved { log, index, audit: opened.and(verdict.map_err(Into::into)) })
}

/// What is wrong with the file of views does not keep the log from being proved.
fn open_audit(folder: &DataFolder, gathered: &mut Gathered) -> Result<(), VerifyCommandError> {
    if folder.views_file().exists() {
        let views = RedbViews::open(&RealFiles, &folder.views_file(), Arc::new(InlineWorkers))?;
        gathered.audit = Some(AuditProof::new(Arc::new(views) as Arc<dyn ViewStore>));
    }
    Ok(())
}

impl Gathered {
    /// Every event must mean something to this version.
    fn take(&mut self, recorded: &Recorded) -> Result<(), String> {
        let event = event::decode(&recorded.envelope, &recorded.body).map_err(|error| with_causes(&error))?;
        let lines = match event {
            Event::Lines(lines) => lines.len() as u64,
            Event::Note(_) => 0,
            Event::Control { event, .. } => {
                self.take_erasure(recorded, &event);
                0
            }
        };
        self.lines += lines;
        self.proofs.iter_mut().for_each(|proof| proof.see(recorded, lines));
        if let Some(audit) = &mut self.audit {
            self.runtime.block_on(audit.see(recorded)).map_err(|error| with_causes(&error))?;
        }
        Ok(())
    }
}

impl Gathered {
    /// Follows the end of a tenant, and proves its receipt.
    fn take_erasure(&mut self, recorded: &Recorded, event: &ControlEvent) {
        let tenant = recorded.envelope.subject.tenant;
        match event {
            ControlEvent::Tenant(TenantEvent::ErasureBegun(_)) => {
                self.erasing.entry(tenant).or_default().insert(recorded.hash);
            }
            ControlEvent::Tenant(TenantEvent::Erased(erased)) => {
                let chain = self.erasing.remove(&tenant).unwrap_or_default();
                self.receipts.push((tenant, proved(tenant, erased, |head| chain.contains(head))));
            }
            _ => {
                if let Some(chain) = self.erasing.get_mut(&tenant) {
                    chain.insert(recorded.hash);
                }
            }
        }
    }
}

fn print_erasures(gathered: &Gathered, out: &mut dyn Write) -> std::io::Result<()> {
    for (tenant, proved) in &gathered.receipts {
        match proved {
            Ok(ErasureReceipt { finished, .. }) => {
                writeln!(out, "erased      tenant {tenant} at {finished}: its receipt is proved")?;
            }
            Err(fault) => writeln!(out, "damage      the receipt of erased tenant {tenant}: {fault}")?,
        }
    }
    Ok(())
}

fn print(verification: &Verification, gathered: &Gathered, out: &mut dyn Write) -> std::io::Result<()> {
    let Verification {
        partitions,
        segments,
        events,
        control_events,
        chains,
        raw_bytes,
        stored_bytes,
        findings,
    } = verification;
    writeln!(out, "partitions  {partitions}")?;
    writeln!(out, "segments    {segments}")?;
    writeln!(out, "events      {events} ({control_events} control)")?;
    writeln!(out, "lines       {}", gathered.lines)?;
    writeln!(out, "chains      {chains}")?;
    writeln!(out, "bytes       {raw_bytes} ({stored_bytes} as stored)")?;
    for proof in &gathered.proofs {
        let receipt = proof.receipt();
        let (partition, first, last) = (receipt.partition, receipt.first, receipt.last);
        match proof.verdict() {
            Ok(()) => writeln!(out, "receipt     events {first} to {last} of partition {partition}: proved")?,
            Err(fault) => {
                writeln!(
                    out,
                    "receipt     events {first} to {last} of partition {partition}: not proved: {fault}"
                )?;
            }
        }
    }
    for finding in findings {
        let kind = match finding {
            Finding::TornTail { .. } => "cut off   ",
            Finding::Damaged(_) => "damage    ",
        };
        writeln!(out, "{kind}  {finding}")?;
    }
    let damaged = findings.iter().filter(|finding| matches!(finding, Finding::Damaged(_))).count();
    match damaged {
        0 => writeln!(out, "everything that was acknowledged is there"),
        _ => writeln!(out, "places of damage: {damaged}"),
    }
}

fn print_index(
    verification: &StoreVerification,
    accepted: &BTreeSet<u64>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let StoreVerification { groups, rows, raw_bytes, stored_bytes, findings, .. } = verification;
    writeln!(out, "index       {groups} groups with {rows} lines")?;
    writeln!(out, "            {raw_bytes} bytes ({stored_bytes} as stored)")?;
    for finding in findings {
        writeln!(out, "{:10}  {finding}", kind_of(verification, finding, accepted))?;
    }
    match verification.damage_but(accepted) {
        0 if verification.is_whole() => writeln!(out, "every line that the index counts is there"),
        0 => writeln!(out, "every line of the index is there but those whose loss is accepted"),
        damaged => writeln!(out, "places of damage in the index: {damaged}"),
    }
}

fn print_audit(verification: &AuditVerification, out: &mut dyn Write) -> std::io::Result<()> {
    let AuditVerification { tenants, entries, faults, fault_count } = verification;
    writeln!(out, "audit       {entries} entries of {tenants} tenants")?;
    for fault in faults {
        writeln!(out, "damage      {fault}")?;
    }
    match fault_count {
        0 => writeln!(out, "every entry of the audit is what the log says"),
        _ => writeln!(out, "faults of the audit: {fault_count}; fold it again with: antler rebuild audit"),
    }
}

fn kind_of(
    verification: &StoreVerification,
    finding: &store::Finding,
    accepted: &BTreeSet<u64>,
) -> &'static str {
    match finding {
        store::Finding::Group { group, .. } if verification.is_set_aside(*group) => {
            if accepted.contains(group) { "accepted" } else { "set aside" }
        }
        finding if finding.is_damage() => "damage",
        _ => "left over",
    }
}
