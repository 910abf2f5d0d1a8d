//! `verify`: proves a log that nobody is writing, or names its damage.
//!
//! Every frame, every hash chain from its first event, every body, every index. Invariant: it changes nothing, and a log that it calls good gives back everything that was acknowledged and not truncated.
//! It does not know what bodies mean: the caller passes the check.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::catalogue::{self, Catalogue, Listed, WATERMARK_NAME};
use super::frame::{Frame, FrameFault, Gap, Step, Walk, WalkFrom};
use super::header::FRAMES_AT;
use super::index::Index;
use super::planted::Planted;
use super::watermark::{self, Watermark};
use super::{Finding, OpenError, recorded_partitions, tail};
use crate::files::{Access, FileSystem};
use crate::ids::{Offset, PartitionId};
use crate::log::body::Restorer;
use crate::log::heads::Chains;
use crate::log::{Damage, Recorded};
use crate::wire::chain::ChainId;
use crate::wire::{ChainHash, Envelope};

/// The place of damage that loses no event that is known.
const NOTHING: (u64, Offset, Offset) = (0, Offset::FIRST, Offset::ZERO);

/// What was proved, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    pub partitions: u64,
    pub segments: u64,
    pub events: u64,
    pub control_events: u64,
    /// Chains whose every event names the one before it.
    pub chains: u64,
    pub raw_bytes: u64,
    pub stored_bytes: u64,
    pub findings: Vec<Finding>,
}

impl Verification {
    /// A torn tail is what a crash leaves, and no damage.
    pub fn is_whole(&self) -> bool {
        self.findings.iter().all(|finding| matches!(finding, Finding::TornTail { .. }))
    }
}

/// Why a log could not be verified at all.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("there is no log in {}", dir.display())]
    NoLog { dir: PathBuf },
    #[error(transparent)]
    Layout(OpenError),
    #[error("{} cannot be read", path.display())]
    Storage { path: PathBuf, source: io::Error },
}

/// A check of what a body says; the error is what an operator reads.
pub type BodyCheck<'a> = &'a mut dyn FnMut(&Recorded) -> Result<(), String>;

pub fn verify(
    files: &dyn FileSystem,
    dir: &Path,
    planted: Planted,
    check: BodyCheck<'_>,
) -> Result<Verification, VerifyError> {
    let partitions = recorded_partitions(files, dir).map_err(VerifyError::Layout)?;
    let partitions = partitions.ok_or_else(|| VerifyError::NoLog { dir: dir.to_owned() })?;
    let mut verification = Verification { partitions: u64::from(partitions), ..Verification::default() };
    for number in 0..partitions {
        let dir = dir.join(format!("p{number:03}"));
        let mut proof = Proof {
            files,
            partition: PartitionId::new(number),
            dir: dir.clone(),
            planted,
            check: &mut *check,
            next: Offset::FIRST,
            chains: Chains::new(),
            doubt: false,
            restorer: Restorer::new(),
            verification: &mut verification,
        };
        proof.run().map_err(|source| VerifyError::Storage { path: dir, source })?;
    }
    Ok(verification)
}

struct Proof<'a> {
    files: &'a dyn FileSystem,
    partition: PartitionId,
    dir: PathBuf,
    planted: Planted,
    check: BodyCheck<'a>,
    /// Behind everything that was seen.
    next: Offset,
    chains: Chains,
    /// Behind damage a chain may begin anew.
    doubt: bool,
    restorer: Restorer,
    verification: &'a mut Verification,
}

impl Proof<'_> {
    fn run(&mut self) -> io::Result<()> {
        let catalogue = match catalogue::list(self.files, &self.dir, self.partition) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.report_event(
                    &self.dir.clone(),
                    NOTHING,
                    "the folder of the partition is missing".to_owned(),
                );
                return Ok(());
            }
            listed => listed?,
        };
        let watermark = self.watermark(&catalogue)?;
        let mut segments = catalogue.segments;
        if let Some(last) = segments.last()
            && tail::was_never_used(last, self.partition, &watermark)?
        {
            segments.pop();
        }
        let behind: Vec<_> = segments.iter().skip(1).map(|next| next.base).collect();
        for (at, segment) in segments.iter().enumerate() {
            match behind.get(at) {
                Some(behind) => self.prove(segment, segment.frames_end(), *behind)?,
                None => self.prove_last(segment, &watermark)?,
            }
        }
        if self.next < watermark.next {
            let fault = FrameFault::SegmentMissing;
            let gap = Gap { position: 0, first: self.next, last: watermark.next.before(), fault };
            self.report(&self.dir.clone(), &gap);
        }
        self.verification.chains += self.chains.len() as u64;
        Ok(())
    }

    fn watermark(&mut self, catalogue: &Catalogue) -> io::Result<Watermark> {
        let path = self.dir.join(WATERMARK_NAME);
        let damage = watermark::damage(self.files, &path, self.partition)?;
        self.verification.findings.extend(damage.map(Finding::Damaged));
        if !catalogue.has_watermark {
            return Ok(Watermark::default());
        }
        let file = self.files.open(&path, Access::Read)?;
        Ok(Watermark::load(&*file)?.unwrap_or_default())
    }

    fn prove_last(&mut self, segment: &Listed, watermark: &Watermark) -> io::Result<()> {
        let proven = watermark.proves(segment.base);
        let behind = if proven > 0 { watermark.next } else { Offset::ZERO };
        if segment.covered().is_some() {
            return self.prove(segment, segment.frames_end(), behind);
        }
        let tail = tail::find(self.walk_from(segment, segment.size, Offset::ZERO), proven)?;
        let keep = tail.map_or(segment.size, |tail| tail.keep);
        self.prove(segment, keep, behind)?;
        if keep < segment.size {
            self.verification.findings.push(Finding::TornTail {
                partition: self.partition,
                file: segment.path.display().to_string(),
                position: keep,
                bytes: segment.size - keep,
            });
        }
        Ok(())
    }

    fn prove(&mut self, segment: &Listed, end: u64, behind: Offset) -> io::Result<()> {
        self.verification.segments += 1;
        if segment.base > self.next {
            let fault = FrameFault::SegmentMissing;
            let gap = Gap { position: 0, first: self.next, last: segment.base.before(), fault };
            self.report(&segment.path, &gap);
        }
        if let Err(fault) = &segment.header {
            self.report_event(&segment.path, (0, segment.base, segment.base.before()), fault.to_string());
        }
        self.next = self.next.max(segment.base);
        let mut walk = Walk::new(self.walk_from(segment, end, behind));
        loop {
            match walk.next()? {
                Step::Event(frame) => self.prove_event(&segment.path, &frame),
                Step::Gap(gap) => self.report(&segment.path, &gap),
                Step::End => break,
            }
        }
        self.next = self.next.max(behind).max(segment.covered().unwrap_or_default());
        if Index::is_damaged(self.files, &segment.index_path())? {
            let nothing = (0, segment.base, segment.base.before());
            let reason = "the index is damaged; the next start makes it again".to_owned();
            self.report_event(&segment.index_path(), nothing, reason);
        }
        self.take_carry(segment)
    }

    /// Chains go on from the hashes that a compacted segment carries for the events that are gone.
    fn take_carry(&mut self, segment: &Listed) -> io::Result<()> {
        let Ok(header) = &segment.header else { return Ok(()) };
        let nothing = (segment.frames_end(), segment.base, segment.base.before());
        match header.carry(&*segment.file)? {
            None => self.report_event(&segment.path, nothing, "the carried hashes are damaged".to_owned()),
            Some(carried) => {
                let broken = carried
                    .iter()
                    .find(|(id, hash)| id.control && self.chains.get(id).is_some_and(|known| known != *hash));
                if let Some((id, _)) = broken {
                    let reason =
                        format!("the carried hash of tenant {} is not that of its last event", id.tenant);
                    self.report_event(&segment.path, nothing, reason);
                }
                self.chains.extend(carried);
            }
        }
        Ok(())
    }

    fn prove_event(&mut self, path: &Path, frame: &Frame<'_>) {
        let Frame { envelope, position, .. } = *frame;
        let place = (position, envelope.offset, envelope.offset);
        let hash = frame.hash();
        self.next = envelope.offset.plus(1);
        self.verification.events += 1;
        self.verification.control_events += u64::from(envelope.subject.kind.is_control());
        self.verification.raw_bytes += u64::from(envelope.body_raw);
        self.verification.stored_bytes += u64::from(envelope.body_stored);
        if !self.follows(&envelope, hash) {
            let tenant = envelope.subject.tenant;
            self.report_event(path, place, format!("the hash chain of tenant {tenant} is broken"));
        }
        let checked = match self.restorer.restore(&envelope, frame.stored) {
            Ok(body) => (self.check)(&Recorded { envelope, hash, body }),
            Err(fault) => Err(fault.to_string()),
        };
        if let Err(reason) = checked {
            self.report_event(path, place, reason);
        }
    }

    /// Whether the event names the one before it in its chain.
    fn follows(&mut self, envelope: &Envelope, hash: ChainHash) -> bool {
        match self.chains.insert(ChainId::from(envelope.subject), hash) {
            _ if self.planted.is(Planted::ChainNotChecked) => true,
            Some(before) => before == envelope.previous,
            None => self.doubt || envelope.previous == ChainHash::START,
        }
    }

    fn report(&mut self, path: &Path, gap: &Gap) {
        if gap.first <= gap.last {
            self.doubt = true;
            self.chains.clear();
        }
        self.verification.findings.push(Finding::Damaged(gap.damage(self.partition, path)));
    }

    fn report_event(&mut self, path: &Path, place: (u64, Offset, Offset), reason: String) {
        let (position, first, last) = place;
        let file = path.display().to_string();
        let damage = Damage { partition: self.partition, file, position, first, last, reason };
        self.verification.findings.push(Finding::Damaged(damage));
    }

    fn walk_from(&self, segment: &Listed, end: u64, until: Offset) -> WalkFrom {
        WalkFrom {
            partition: self.partition,
            file: Arc::clone(&segment.file),
            position: FRAMES_AT,
            end,
            expected: segment.base,
            until,
            covered: segment.covered(),
            planted: self.planted,
        }
    }
}
